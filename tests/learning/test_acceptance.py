"""Acknowledging the rules, the anonymous pulse, and what the personnel agency sees."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from teladan.core.models import AuditEvent, PolicyRow
from teladan.learning import actions, queries
from teladan.learning.content import lessons
from teladan.learning.models import Acknowledgement, PulseCount, PulseTurn
from teladan.people.models import Unit, User
from tests.make import make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db
ANSWERS = {"useful": 4, "easy": 3, "burdensome": 2}


@pytest.fixture
def office() -> Unit:
    city = make_unit("KOTA", kind="kota")
    return make_unit("DINAS", "Dinas Contoh", parent=city)


def make_officer(unit: Unit, role: str = "officer") -> User:
    return make_user(make_staff(unit), role=role)


def test_pulse_twice_is_refused(office: Unit) -> None:
    user = make_officer(office)
    actions.answer_pulse(answers=ANSWERS, by=user)
    with pytest.raises(actions.AlreadyAnswered):
        actions.answer_pulse(answers=ANSWERS, by=user)
    assert sum(PulseCount.objects.values_list("count", flat=True)) == 3


def test_pulse_of_an_account_without_office_is_refused() -> None:
    with pytest.raises(actions.NoOffice):
        actions.answer_pulse(answers=ANSWERS, by=make_user(role="mayor"))


def test_pulse_answer_belongs_to_nobody(office: Unit) -> None:
    user = make_officer(office)
    actions.answer_pulse(answers=ANSWERS, by=user)
    assert PulseTurn.objects.filter(user=user).exists()
    assert not AuditEvent.objects.filter(event__startswith="learning").exists()
    assert {field.name for field in PulseCount._meta.fields} == {
        "id", "quarter", "unit", "question", "answer", "count",
    }  # fmt: skip


def test_pulse_counts_for_the_office_above_the_section(office: Unit) -> None:
    section = make_unit("SEKSI", parent=make_unit("BIDANG", parent=office, kind="bidang"), kind="seksi")
    actions.answer_pulse(answers=ANSWERS, by=make_officer(section))
    assert set(PulseCount.objects.values_list("unit__code", flat=True)) == {"DINAS"}


def test_pulse_below_five_is_hidden(office: Unit) -> None:
    for _ in range(4):
        actions.answer_pulse(answers=ANSWERS, by=make_officer(office))
    quarter = PulseCount.objects.values_list("quarter", flat=True)[0]
    assert queries.pulse_by_office(quarter)[0].means is None
    actions.answer_pulse(answers=ANSWERS | {"useful": 5}, by=make_officer(office))
    means = queries.pulse_by_office(quarter)[0].means
    assert means == {"useful": 4.2, "easy": 3.0, "burdensome": 2.0}


def test_rules_changed_ask_to_be_read_again(client: Client, office: Unit) -> None:
    user = make_officer(office)
    client.force_login(user)
    client.post(reverse("learning-rules"))
    client.post(reverse("learning-rules"))
    assert Acknowledgement.objects.filter(user=user).count() == 1
    assert queries.has_acknowledged(user)
    PolicyRow.objects.create(key="score.extra", value=1, valid_from=date(2025, 1, 1), legal_basis="uji")
    assert not queries.has_acknowledged(user)


def test_rules_page_shows_every_rule_with_its_basis(client: Client, office: Unit) -> None:
    client.force_login(make_officer(office))
    text = client.get(reverse("learning-rules")).content.decode()
    assert "PermenPANRB 14/2017" in text
    assert "Kompetensi pelaksana, Perilaku pelaksana" in text
    assert "14 hari" in text
    assert reverse("policy-detail", args=["collection.ticket_days"]) not in text  # to read, not to change


def test_monitor_hides_small_offices_and_counts_the_rest(client: Client, office: Unit) -> None:
    people = [make_officer(office) for _ in range(5)]
    small = make_unit("KECIL", "Kantor Kecil", parent=Unit.objects.get(code="KOTA"))
    make_officer(small)
    for lesson in lessons().values():
        answers: list[int | None] = [question.right for question in lesson.questions]
        actions.take_check(lesson=lesson, answers=answers, by=people[0])
    rows = {row.name: row for row in queries.by_office()}
    assert (rows["Dinas Contoh"].done, rows["Dinas Contoh"].understanding) == (1, 1.0)
    assert rows["Kantor Kecil"].done is None
    client.force_login(make_user(role="bkpsdm"))
    assert "Kelompok terlalu kecil" in client.get(reverse("learning-monitor")).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_monitor_query_count(office: Unit, count: int, django_assert_num_queries: object) -> None:
    for number in range(count):
        make_officer(make_unit(f"D{number}", parent=Unit.objects.get(code="KOTA")))
    with django_assert_num_queries(9):  # type: ignore[operator]
        queries.by_office()
