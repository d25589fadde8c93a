"""Complaints that no handler may take: raised in the city's order, never to somebody tied, seen with their clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from teladan.complaints import queries, rules
from teladan.complaints.actions import handling
from teladan.complaints.actions.raising import raise_stranded
from teladan.complaints.models import Complaint, Entry
from teladan.complaints.queries import worklist
from teladan.complaints.rules import Level, level_for
from teladan.core.models import AuditEvent, PolicyRow
from teladan.people.models import Grant, User
from tests.complaints.conftest import DAY, Town, at, on
from tests.make import make_person, make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db
OVERDUE = reverse("complaint-overdue")


def alone(town: Town) -> Complaint:
    """A case whose only handler sits in the office complained of."""
    User.objects.filter(pk__in=[town.handler.pk, town.second.pk]).update(is_active=False)
    return town.file().complaint


def raised(case: Complaint) -> str:
    case.refresh_from_db()
    return case.raised_to


def bkpsdm() -> User:
    return make_user(make_staff(make_unit("BKPSDM", "BKPSDM")), "kepegawaian", "bkpsdm")


def kinds(case: Complaint) -> list[str]:
    return list(case.entries.order_by("id").values_list("kind", flat=True))


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_case_that_a_handler_may_take_is_not_raised(town: Town) -> None:
    case = town.file().complaint
    assert raise_stranded() == 0
    assert (raised(case), kinds(case)) == ("", ["received"])


def test_a_level_may_not_take_what_was_not_raised_to_it(town: Town) -> None:
    second, case = bkpsdm(), alone(town)
    assert at(town.inspector).post(reverse("complaint-take", args=[case.pk])).status_code == 404
    raise_stranded()
    assert raised(case) == "inspector"
    assert at(second).post(reverse("complaint-take", args=[case.pk])).status_code == 404
    assert at(second).get(reverse("complaint-list")).status_code == 403
    with pytest.raises(handling.NotYours):
        handling.take_case(complaint=case, by=second)


def test_a_case_never_falls_to_somebody_tied(town: Town) -> None:
    """The Inspektorat's own case goes past the inspector, and past whoever works there besides."""
    inspectorate = town.inspector.person.placements.get().post.unit  # type: ignore[union-attr]
    make_user(make_staff(inspectorate), "kepegawaian", "bkpsdm")
    User.objects.filter(pk=town.handler.pk).update(is_active=False)
    User.objects.filter(pk=town.own_office.pk).update(is_active=False)
    case = town.file(unit=inspectorate, service=None).complaint
    raise_stranded()
    assert raised(case) == "nobody"
    for user in User.objects.filter(is_active=True):
        assert at(user).post(reverse("complaint-take", args=[case.pk])).status_code == 404, user
    assert raise_stranded() == 0


def test_an_account_without_a_place_is_no_way_out(town: Town) -> None:
    """Nobody knows where it belongs, so nobody knows that it is not tied."""
    User.objects.filter(pk=town.inspector.pk).update(is_active=False)
    make_user(username="tanpa-tempat", role="inspector")
    make_user(make_person(), "tanpa-jabatan", "pyb")
    case = alone(town)
    raise_stranded()
    assert raised(case) == "nobody"


def test_a_grant_for_another_unit_is_no_way_out(town: Town) -> None:
    case = alone(town)
    Grant.objects.filter(user=town.inspector).update(unit=town.secretariat)
    second = bkpsdm()
    Grant.objects.filter(user=second).update(unit=town.office)
    raise_stranded()
    assert raised(case) == "bkpsdm"
    assert not queries.stands_in(town.inspector, case)


# --- the way up and back ---------------------------------------------------------------------------------------------


def test_a_stranded_case_is_raised_with_its_clock(town: Town) -> None:
    case = alone(town)
    due_on = case.due_on
    assert raise_stranded() == 1
    assert raise_stranded() == 0
    assert (raised(case), case.due_on, kinds(case)) == ("inspector", due_on, ["received", "raised"])
    event = AuditEvent.objects.filter(subject=f"complaint:{case.pk}").latest("id")
    assert (event.actor, event.before, event.after) == ("clock", {"raised_to": ""}, {"raised_to": "inspector"})


def test_the_order_is_the_citys(town: Town) -> None:
    second, case = bkpsdm(), alone(town)
    PolicyRow.objects.filter(key="complaints.first_stand_in").update(value="bkpsdm")
    raise_stranded()
    assert raised(case) == "bkpsdm"
    assert queries.levels_of(second) == {"bkpsdm"}


def test_whoever_steps_in_decides_like_a_handler(town: Town) -> None:
    case = alone(town)
    raise_stranded()
    page = at(town.inspector).get(reverse("complaint-list")).content.decode()
    assert case.shown_number in page
    assert "Anda diminta turun tangan" in page
    at(town.inspector).post(reverse("complaint-take", args=[case.pk]))
    case = handling.declare_complete(complaint=case, by=town.inspector)
    assert raise_stranded() == 0
    done = handling.decide(complaint=case, outcome="upheld", reasons="Terbukti.", by=town.inspector)
    assert done.decided_by == town.inspector
    assert at(town.inspector).get(reverse("complaint-case", args=[case.pk])).status_code == 200


def test_a_hearing_that_ties_every_handler_raises_the_case(town: Town) -> None:
    """Both handlers are asked as the complained-of: none may go on, and the case is freed from the one who holds it."""
    case = town.examined()
    for judge in (town.second, town.handler):
        assert judge.person
        case.hearings.create(
            side="complained", person=judge.person, question="Apa yang terjadi?", asked_at=case.received_at,
            asked_by=town.second, due_on=DAY + timedelta(days=7),
        )  # fmt: skip
    assert raise_stranded() == 1
    assert (raised(case), case.handler, case.state) == ("inspector", None, "examined")
    assert kinds(case)[-2:] == ["released", "raised"]
    assert case.entries.filter(kind=Entry.Kind.RELEASED).get().by is None


def test_a_case_of_a_tied_handler_goes_back_to_the_free_ones(town: Town) -> None:
    case = town.taken()
    User.objects.filter(pk=town.handler.pk).update(is_active=False)
    assert raise_stranded() == 1
    assert (raised(case), case.handler) == ("", None)
    assert handling.take_case(complaint=case, by=town.second).handler == town.second


def test_a_new_handler_brings_the_case_back(town: Town) -> None:
    case = alone(town)
    raise_stranded()
    User.objects.filter(pk=town.second.pk).update(is_active=True)
    assert raise_stranded() == 1
    assert (raised(case), kinds(case)[-1]) == ("", "lowered")
    assert at(town.inspector).post(reverse("complaint-take", args=[case.pk])).status_code == 404


def test_ended_cases_are_left_alone(town: Town) -> None:
    case = town.decided()
    handling.deliver(complaint=case, text="Lewat telepon.", by=town.handler)
    User.objects.filter(pk__in=[town.handler.pk, town.second.pk]).update(is_active=False)
    assert raise_stranded() == 0


# --- seen ------------------------------------------------------------------------------------------------------------


def test_the_desk_says_without_handler_and_until_when(town: Town) -> None:
    second, case = bkpsdm(), alone(town)
    assert worklist.worklist(town.inspector) == []
    raise_stranded()
    found = {todo.what: todo for todo in worklist.worklist(town.inspector)}
    assert set(found) == {"Satu pengaduan tanpa penangan menunggu Anda", "Satu pengaduan tanpa penangan"}
    assert all("23 November" in todo.note and not todo.is_late for todo in found.values())
    assert worklist.worklist(second) == []
    with on(date(2026, 11, 24)):
        assert all(todo.is_late for todo in worklist.worklist(town.inspector))
    page = at(town.inspector).get(OVERDUE).content.decode()
    assert "Tanpa penangan" in page
    assert case.shown_number in page


def test_a_case_for_which_nobody_is_free_names_who_can_fix_it(town: Town) -> None:
    alone(town)
    Grant.objects.filter(user=town.inspector).update(unit=town.secretariat)
    watcher = make_user(make_staff(town.office), "pengawas", "inspector")
    raise_stranded()
    page = at(watcher).get(OVERDUE).content.decode()
    assert "tidak ada yang bebas" in page
    assert "BKPSDM memberi peran penangan" in page


def test_the_complainant_reads_that_somebody_else_examines(town: Town) -> None:
    case = alone(town)
    raise_stranded()
    line = queries.status_of(case).lines[-1]
    assert (line.kind, line.text) == ("raised", "")


@pytest.mark.parametrize("size", [1, 3])
def test_the_work_does_not_ask_for_each_case_again(town: Town, size: int, django_assert_num_queries: Any) -> None:
    """What is known of an account on a day is asked once; a case itself costs some queries of its own."""
    for number in range(size):
        town.file(key=f"{number:032x}")
    with django_assert_num_queries(19 + 6 * size):
        raise_stranded()


# --- the rule --------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(rules.LEVELS), max_size=4), st.sets(st.sampled_from(rules.LEVELS)))
def test_the_first_free_level_of_the_order_steps_in(order: list[Level], free: set[Level]) -> None:
    found = level_for(order, lambda level: level in free)
    if found is Level.NOBODY:
        assert not free & set(order)
    else:
        assert found in free
        assert not free & set(order[: order.index(found)])
