"""Hearing both sides apart, and whose case it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from teladan.complaints import access, queries
from teladan.complaints.actions import handling
from teladan.complaints.actions.handling import NotYours
from teladan.complaints.actions.steps import ComplaintRefused
from teladan.complaints.models import Complaint, Hearing
from teladan.complaints.rules import State, Tie
from teladan.core import clock
from tests.complaints.acting import ANSWERS, IN_STATE, text_of, url
from tests.complaints.conftest import CONTACT, DAY, NAME, STORY, Town, at, on
from tests.make import make_head, make_user

pytestmark = pytest.mark.django_db


# --- hearings --------------------------------------------------------------------------------------------------------


def test_the_complained_of_reads_the_question_and_nothing_else(town: Town) -> None:
    hearing = town.asked(officer_words="yang berkumis")
    page = text_of(at(town.officer_user).get(reverse("complaint-statement", args=[hearing.pk])))
    assert hearing.question in page
    assert "Senin, 16 November 2026" in page  # five working days
    for hidden in (NAME, CONTACT, STORY, "berkumis", hearing.complaint.shown_number, town.handler.get_full_name()):
        assert hidden not in page, hidden
    for address in (url("case", hearing.complaint), url("act", hearing.complaint, "putus")):
        assert at(town.officer_user).get(address).status_code == 404


def test_a_statement_is_given_once(town: Town) -> None:
    hearing, client = town.asked(), at(town.officer_user)
    address = reverse("complaint-statement", args=[hearing.pk])
    assert client.post(address, {"statement": " "}).status_code == 422
    assert client.post(address, {"statement": "Saya di loket 2."}).status_code == 302
    assert "Saya di loket 2." in text_of(client.get(address))
    assert client.post(address, {"statement": "Lain."}).status_code == 422
    hearing.refresh_from_db()
    assert hearing.statement == "Saya di loket 2."
    assert not hearing.is_recorded
    with pytest.raises(DatabaseError), transaction.atomic():
        Hearing.objects.filter(pk=hearing.pk).update(statement="Lain.")


def test_only_the_one_asked_answers(town: Town) -> None:
    hearing = town.asked()
    for user in (make_user(town.head, role="unit_head"), town.handler, make_user(role="admin")):
        with pytest.raises(NotYours):
            handling.give_statement(hearing=hearing, statement="x", by=user)
        assert at(user).get(reverse("complaint-statement", args=[hearing.pk])).status_code == 404


def test_the_handler_writes_down_what_was_said(town: Town) -> None:
    hearing, client = town.asked(), at(town.handler)
    address = url("record", hearing.complaint, hearing.pk)
    assert hearing.question in text_of(client.get(address))
    assert client.post(address, {"statement": ""}).status_code == 422
    client.post(address, {"statement": "Katanya ia cuti."})
    hearing.refresh_from_db()
    assert hearing.is_recorded
    assert "dicatat penangan" in text_of(client.get(url("case", hearing.complaint)))
    assert client.get(address).status_code == 404  # answered


def test_a_subordinate_does_not_examine_a_superior(town: Town) -> None:
    case = town.examined()
    with pytest.raises(NotYours, match="bawahan"):
        handling.question_complained_of(complaint=case, person=town.chief, question="?", by=town.handler)
    assert town.handler.person
    with pytest.raises(NotYours, match="diri sendiri"):
        handling.question_complained_of(complaint=case, person=town.handler.person, question="?", by=town.handler)
    assert not Hearing.objects.exists()


def test_the_complained_of_and_their_subordinates_cannot_take_the_case(town: Town) -> None:
    """A superior of the second handler was asked; so that handler may not judge, and the first one may."""
    boss = make_head(town.city, kind="definitif", post_kind="jpt")
    Hearing.objects.create(
        complaint=town.file().complaint,
        side="complained",
        person=boss,
        question="?",
        asked_at=clock.now(),
        asked_by=town.handler,
    )
    case = Complaint.objects.get()
    assert access.tie_of(town.second, case) is Tie.SUBORDINATE
    assert queries.board_of(town.second).free == []


def test_deciding_waits_for_the_answer_or_its_day(town: Town) -> None:
    hearing = town.asked()
    case = hearing.complaint
    with on(date(2026, 11, 16)), pytest.raises(ComplaintRefused, match="masih punya waktu"):
        handling.decide(complaint=case, outcome="upheld", reasons="x", by=town.handler)
    with on(date(2026, 11, 17)):
        handling.decide(complaint=case, outcome="upheld", reasons="x", by=town.handler)
    with pytest.raises(ComplaintRefused, match="sebelum putusan"):
        handling.give_statement(hearing=hearing, statement="Terlambat.", by=town.officer_user)
    page = text_of(at(town.officer_user).get(reverse("complaint-statement", args=[hearing.pk])))
    assert "Pemeriksaan sudah selesai" in page


def test_the_statement_clock_passes_over_holidays(town: Town) -> None:
    case = town.examined()
    with on(date(2026, 12, 23)):
        hearing = handling.question_complained_of(complaint=case, person=town.officer, question="?", by=town.handler)
    assert hearing.due_on == date(2027, 1, 4)  # 24, 25 December and 1 January are free


def test_those_to_question_worked_there_on_that_day(town: Town) -> None:
    case = town.examined()
    found = {key for key, _label in queries.people_to_question(case)}
    assert str(town.officer.pk) in found
    assert str(town.chief.pk) not in found
    data = {**ANSWERS["tanya"], "person": str(town.chief.pk)}
    assert at(town.handler).post(url("act", case, "tanya"), data).status_code == 422
    data = {**ANSWERS["tanya"], "person": str(town.officer.pk)}
    assert at(town.handler).post(url("act", case, "tanya"), data).status_code == 302
    assert Hearing.objects.get().person == town.officer


# --- whose case ------------------------------------------------------------------------------------------------------


def test_a_case_is_released_with_a_reason_and_taken_by_another(town: Town) -> None:
    case, client = town.taken(), at(town.handler)
    assert client.post(url("release", case), {"reason": ""}).status_code == 422
    assert client.post(url("release", case), {"reason": "Saya kenal pengadu."}).status_code == 302
    assert client.get(url("case", case)).status_code == 404
    handling.take_case(complaint=case, by=town.second)
    assert "Saya kenal pengadu." in text_of(at(town.second).get(url("case", case)))
    with pytest.raises(ComplaintRefused, match="rekan"):
        handling.take_case(complaint=case, by=town.handler)


def test_those_who_monitor_free_a_stuck_case_without_reading_it(town: Town) -> None:
    case = town.taken()
    assert at(town.inspector).get(url("case", case)).status_code == 404
    at(town.inspector).post(url("release", case), {"reason": "Penangan sakit."})
    case.refresh_from_db()
    assert case.handler is None
    assert case.due_on == DAY + timedelta(days=14)


def test_escalated_to_the_inspektorat_it_may_read_and_only_read(town: Town) -> None:
    case = handling.escalate(complaint=town.taken(), body="inspectorate", text="Uang.", by=town.handler)
    client = at(town.inspector)
    assert STORY in text_of(client.get(url("case", case)))
    assert client.post(url("act", case, "putus"), ANSWERS["putus"]).status_code == 403
    assert case.shown_number in text_of(client.get(reverse("complaint-overdue")))


def test_escalated_to_the_ombudsman_it_stays_closed(town: Town) -> None:
    case = IN_STATE[State.ESCALATED](town)
    assert at(town.inspector).get(url("case", case)).status_code == 404


def test_the_tracking_number_is_kept(town: Town) -> None:
    case = town.taken()
    at(town.handler).post(url("act", case, "lapor"), ANSWERS["lapor"])
    case.refresh_from_db()
    assert (case.state, case.tracking_number) == (State.FORWARDED, "LAPOR-778899")
