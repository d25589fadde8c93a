"""The office: who may judge, every act in its state, separate hearings, clocks, two handlers at once, readings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from teladan.complaints import access, queries
from teladan.complaints.actions import filing, handling
from teladan.complaints.actions.handling import NotYours
from teladan.complaints.actions.steps import ComplaintRefused
from teladan.complaints.models import Attachment, Complaint, Entry, Hearing, Reading
from teladan.complaints.queries import worklist
from teladan.complaints.rules import State, Tie
from teladan.complaints.views.cases import ACTS
from teladan.core import clock, policy
from teladan.core.models import AuditEvent
from teladan.people.models import Grant, Placement, User
from tests.complaints.acting import ANSWERS, IN_STATE, text_of, url
from tests.complaints.conftest import CONTACT, DAY, NAME, STORY, Town, at, make_town, on, picture, png
from tests.make import make_person, make_staff, make_unit, make_user, place

pytestmark = pytest.mark.django_db


# --- refusals: roles x addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["list", "overdue", "readings"])
def test_office_pages_need_login(client: Any, name: str) -> None:
    response = client.get(reverse(f"complaint-{name}"))
    assert response.status_code == 302
    assert response["Location"].startswith("/akun/")


def test_case_pages_need_login(client: Any, town: Town) -> None:
    hearing = town.asked(files=[picture()])
    case, found = hearing.complaint, Attachment.objects.get()
    pages = [url("case", case), url("release", case), url("attachment", case, found.pk), url("act", case, "putus")]
    for page in [*pages, url("record", case, hearing.pk), reverse("complaint-statement", args=[hearing.pk])]:
        assert client.get(page)["Location"].startswith("/akun/"), page
    assert client.post(url("take", case))["Location"].startswith("/akun/")


ROLES = ["officer", "employee", "appraiser", "unit_head", "superior", "operator", "bkpsdm", "pyb", "committee", "mayor",
         "inspector", "moderator", "complaint_handler", "privacy_officer", "admin"]  # fmt: skip


def test_a_file_is_hidden_from_every_role_but_its_handler(town: Town) -> None:
    """Also from other handlers: the file opens to whoever took it."""
    hearing = town.asked(files=[picture()])
    for role in ROLES:
        _refused(make_user(make_staff(town.secretariat), role=role), role, hearing)
    hearing.complaint.refresh_from_db()
    assert (hearing.complaint.state, hearing.complaint.handler) == (State.EXAMINED, town.handler)
    assert not Reading.objects.exists()


def _refused(user: User, role: str, hearing: Hearing) -> None:
    case, found, client = hearing.complaint, Attachment.objects.get(), at(user)
    for page in (url("case", case), url("attachment", case, found.pk), url("record", case, hearing.pk)):
        assert client.get(page).status_code == 404, page
    for act in ACTS:
        assert client.post(url("act", case, act), ANSWERS[act]).status_code == 404, act
    assert client.get(url("release", case)).status_code == (200 if role == "inspector" else 404)
    assert client.post(url("take", case)).status_code == (302 if role == "complaint_handler" else 404)
    assert client.get(reverse("complaint-statement", args=[hearing.pk])).status_code == 404
    lists = {name: client.get(reverse(f"complaint-{name}")).status_code for name in ("list", "overdue", "readings")}
    assert lists == {
        "list": 200 if role == "complaint_handler" else 403,
        "overdue": 200 if role == "inspector" else 403,
        "readings": 200 if role == "privacy_officer" else 403,
    }, role


def test_nobody_judges_their_own_office(town: Town) -> None:
    case = town.file().complaint
    assert access.tie_of(town.own_office, case) is Tie.OFFICE
    assert at(town.own_office).post(url("take", case)).status_code == 404
    with pytest.raises(NotYours):
        handling.take_case(complaint=case, by=town.own_office)
    assert queries.board_of(town.own_office).free == []
    assert case.shown_number not in text_of(at(town.own_office).get(reverse("complaint-list")))


@pytest.mark.parametrize("kind", ["plt", "tambahan"])
def test_acting_in_the_office_is_being_of_it(town: Town, kind: str) -> None:
    assert town.second.person
    place(town.second.person, Placement.objects.get(person=town.officer).post, kind)
    assert access.tie_of(town.second, town.file().complaint) is Tie.OFFICE


def test_having_been_of_the_office_on_the_day_of_the_service_counts(town: Town) -> None:
    mover = make_person()
    there, here = Placement.objects.get(person=town.officer).post, Placement.objects.get(person=town.chief).post
    place(mover, there, valid_until=date(2026, 11, 5))
    place(mover, here, valid_from=date(2026, 11, 5))
    user = make_user(mover, role="complaint_handler")
    assert access.tie_of(user, town.file().complaint) is Tie.OFFICE
    assert access.tie_of(user, town.file(key="b" * 32, served_on=date(2026, 11, 6)).complaint) is None


def test_a_handler_without_a_place_or_for_other_units_takes_nothing(town: Town) -> None:
    case = town.file().complaint
    elsewhere = make_unit("LAIN", parent=town.city)
    for user in (make_user(role="complaint_handler"), make_user(make_staff(elsewhere), role="complaint_handler", unit=elsewhere)):  # fmt: skip
        with pytest.raises(NotYours):
            handling.take_case(complaint=case, by=user)
        assert queries.board_of(user).free == []


def test_the_file_closes_with_the_role(town: Town) -> None:
    case = town.taken()
    assert at(town.handler).get(url("case", case)).status_code == 200
    Grant.objects.filter(user=town.handler).update(valid_until=DAY)
    fresh = User.objects.get(pk=town.handler.pk)
    assert at(fresh).get(url("case", case)).status_code == 404
    with pytest.raises(NotYours):
        handling.declare_complete(complaint=case, by=fresh)


def test_the_file_closes_when_the_handler_moves_into_the_office(town: Town) -> None:
    case = town.taken()
    assert town.handler.person
    place(town.handler.person, Placement.objects.get(person=town.officer).post, "plt")
    client = at(town.handler)
    assert client.get(url("case", case)).status_code == 404
    assert "Anda tidak boleh lagi menanganinya" in text_of(client.get(reverse("complaint-list")))
    client.post(url("release", case), {"reason": "Saya menjadi Plt. di kantor itu."})
    case.refresh_from_db()
    assert case.handler is None


def test_unknown_cases_acts_and_files_are_not_found(town: Town) -> None:
    case, client = town.taken(), at(town.handler)
    assert client.get(reverse("complaint-case", args=[uuid4()])).status_code == 404
    assert client.post(reverse("complaint-take", args=[uuid4()])).status_code == 404
    assert client.get(url("act", case, "hapus")).status_code == 404
    assert client.get(url("attachment", case, uuid4())).status_code == 404
    assert client.get(url("record", case, 987654)).status_code == 404
    assert client.get(reverse("complaint-statement", args=[987654])).status_code == 404
    assert client.get(url("take", case)).status_code == 405


# --- every act in its state ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_acts_are_possible_only_in_their_states(town: Town, state: State) -> None:
    """Buttons, pages and actions agree; what a button does not offer, a POST does not do either."""
    case, client = IN_STATE[state](town), at(town.handler)
    assert case.state == state
    page = text_of(client.get(url("case", case)))
    for name, act in ACTS.items():
        offered = f'href="{url("act", case, name)}"' in page
        assert offered == (state in act.states), name
        if not offered and state in {State.EXAMINED, State.DELIVERED}:  # the rest is TRANSITIONS, proved by itself
            person = {"person": str(town.officer.pk)} if name == "tanya" else {}
            assert client.post(url("act", case, name), {**ANSWERS[name], **person}).status_code == 302
    case.refresh_from_db()
    assert case.state == state


@pytest.mark.parametrize("name", [name for name in ACTS if name != "lengkap"])
def test_acts_need_their_words(town: Town, name: str) -> None:
    state = sorted(ACTS[name].states, key=list(State).index)[0]
    case = IN_STATE[state](town)
    response = at(town.handler).post(url("act", case, name), {})
    assert response.status_code == 422
    assert "perlu diperbaiki" in text_of(response)
    case.refresh_from_db()
    assert case.state == state


def test_actions_refuse_blank_words(town: Town) -> None:
    case, by = town.examined(), town.handler
    for act in (
        lambda: handling.escalate(complaint=case, body="ombudsman", text=" ", by=by),
        lambda: handling.forward(complaint=case, tracking_number=" ", text="x", by=by),
        lambda: handling.decide(complaint=case, outcome="upheld", reasons=" ", by=by),
        lambda: handling.hear_complainant(complaint=case, question="x", statement=" ", by=by),
        lambda: handling.release_case(complaint=case, reason="", by=by),
    ):
        with pytest.raises(ComplaintRefused):
            act()
    case.refresh_from_db()
    assert case.state == State.EXAMINED


def test_a_file_is_asked_for_once(town: Town) -> None:
    case = IN_STATE[State.INCOMPLETE](town)
    filing.add_to_case(complaint=case, text="Ini.")
    with pytest.raises(ComplaintRefused, match="satu kali"):
        handling.ask_missing(complaint=case, text="Satu lagi.", by=town.handler)
    assert url("act", case, "kurang") not in text_of(at(town.handler).get(url("case", case)))


def test_from_take_to_delivery_with_every_clock(town: Town) -> None:
    client = at(town.handler)
    case = town.file().complaint
    with on(date(2026, 11, 23)):  # the last day of the check
        assert client.post(url("take", case))["Location"] == url("case", case)
        client.post(url("act", case, "lengkap"))
    case.refresh_from_db()
    assert (case.state, case.due_on) == (State.EXAMINED, date(2027, 1, 22))
    with on(date(2027, 1, 22)):
        client.post(url("act", case, "dengar"), ANSWERS["dengar"])
        client.post(url("act", case, "putus"), ANSWERS["putus"])
    case.refresh_from_db()
    assert (case.state, case.due_on, case.outcome) == (State.DECIDED, date(2027, 2, 5), "upheld")
    with on(date(2027, 2, 5)):
        client.post(url("act", case, "sampaikan"), ANSWERS["sampaikan"])
    case.refresh_from_db()
    assert (case.state, case.due_on) == (State.DELIVERED, None)
    kinds = list(case.entries.order_by("id").values_list("kind", flat=True))
    assert kinds == ["received", "taken", "complete", "heard", "decided", "delivered"]
    states = [event.after["state"] for event in AuditEvent.objects.filter(event="complaints.changed") if "state" in (event.after or {})]  # fmt: skip
    assert states == ["examined", "decided", "delivered"]


def test_a_changed_day_count_leaves_running_clocks_alone(town: Town) -> None:
    case = town.file().complaint
    assert case.due_on == DAY + timedelta(days=14)
    policy.load_pack(
        [{"key": "complaints.check_days", "value": 7, "valid_from": "2026-11-10", "legal_basis": "Uji"}], by="uji"
    )
    with on(date(2026, 11, 10)):
        later = town.file(key="c" * 32).complaint
    case.refresh_from_db()
    assert (case.due_on, later.due_on) == (DAY + timedelta(days=14), date(2026, 11, 17))


# --- who is late, who read -------------------------------------------------------------------------------------------


def test_overdue_cases_come_first_and_name_who_is_late(town: Town) -> None:
    town.taken()
    fresh = handling.take_case(complaint=town.file(key="d" * 32).complaint, by=town.handler)
    handling.declare_complete(complaint=fresh, by=town.handler)
    waiting = town.file(key="e" * 32).complaint
    with on(date(2026, 11, 26)):
        board = queries.board_of(town.handler)
        assert [one.days_late for one in board.own] == [3, 0]
        late = queries.overdue(town.inspector)
        assert {(one.handler_name, one.days_late) for one in late} == {("Penangan Satu", 3), ("", 3)}
        page = text_of(at(town.inspector).get(reverse("complaint-overdue")))
        chief = make_user(town.chief, role="appraiser")
        assert [one.handler_name for one in queries.overdue(chief)] == ["Penangan Satu"]
        assert at(chief).get(reverse("complaint-overdue")).status_code == 200
        assert at(make_user(town.head, role="appraiser")).get(reverse("complaint-overdue")).status_code == 403
    assert "terlambat 3 hari" in page
    assert waiting.shown_number in page
    for hidden in (NAME, CONTACT, STORY):
        assert hidden not in page


def test_every_reading_is_written_down_and_shown_to_the_privacy_officer(town: Town, kept: Path) -> None:
    case, client = town.taken(files=[picture()]), at(town.handler)
    client.get(url("case", case))
    client.get(url("act", case, "kurang"))
    response = client.get(url("attachment", case, Attachment.objects.get().pk))
    assert b"".join(response.streaming_content) == png()  # type: ignore[attr-defined]
    assert [*Reading.objects.order_by("id").values_list("what", flat=True)] == ["file", "file", "attachment"]
    page = text_of(at(town.privacy).get(reverse("complaint-readings")))
    assert page.count("Penangan Satu") == 3
    assert case.shown_number in page
    assert NAME not in page
    with pytest.raises(DatabaseError), transaction.atomic():
        Reading.objects.all().delete()


def test_attachments_are_downloads_that_nothing_runs(town: Town) -> None:
    case = town.taken(files=[picture("foto<x>.png")])
    response = at(town.handler).get(url("attachment", case, Attachment.objects.get().pk))
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


def test_pages_cost_the_same_for_one_and_for_three(town: Town, django_assert_num_queries: Any) -> None:
    client = at(town.handler)

    def filed(count: int) -> None:
        for index in range(count):
            key = f"{index:016x}{count:016x}"
            handling.take_case(complaint=town.file(key=key).complaint, by=town.handler)
            town.file(key=key[::-1])

    filed(1)
    with django_assert_num_queries(21):
        client.get(reverse("complaint-list"))
    filed(2)
    with django_assert_num_queries(21):
        client.get(reverse("complaint-list"))
    watcher = at(town.inspector)
    with on(date(2026, 12, 20)), django_assert_num_queries(10):
        watcher.get(reverse("complaint-overdue"))


# --- the desk and the public -----------------------------------------------------------------------------------------


def test_the_desk_brings_questions_cases_and_what_is_late(town: Town) -> None:
    hearing = town.asked()
    town.file(key="f" * 32)
    (asked,) = worklist.worklist(town.officer_user)
    assert asked.url == reverse("complaint-statement", args=[hearing.pk])
    assert not asked.is_late
    own, free = worklist.worklist(town.handler)
    assert hearing.complaint.shown_number in own.what
    assert free.what == "Satu pengaduan belum ditangani"
    assert worklist.worklist(town.own_office) == []
    assert worklist.worklist(town.inspector) == []
    with on(date(2027, 2, 1)):
        assert worklist.worklist(town.officer_user)[0].is_late
        (late,) = worklist.worklist(town.inspector)
        assert late.what == "2 pengaduan lewat batas"


def test_public_counts_of_a_month_begin_at_ten(town: Town) -> None:
    for index in range(10):
        case = handling.take_case(complaint=town.file(key=f"{index:032x}").complaint, by=town.handler)
        handling.declare_complete(complaint=case, by=town.handler)
        if index == 9:
            assert queries.public_counts(date(2026, 11, 1)).decided is None
        with on(DAY + timedelta(days=index)):
            handling.decide(complaint=case, outcome="upheld", reasons="x", by=town.handler)
    counts = queries.public_counts(date(2026, 11, 1))
    assert (counts.received, counts.decided, counts.upheld, counts.median_days) == (10, 10, 10, 4.5)
    assert queries.public_counts(date(2026, 10, 1)) == queries.public_counts(date(2026, 12, 1))
    assert queries.public_counts(date(2026, 12, 1)).received is None


# --- the database knows ----------------------------------------------------------------------------------------------


def test_the_log_and_the_complainants_words_are_never_changed(town: Town) -> None:
    case = town.taken(files=[picture()])
    for change in (
        lambda: Entry.objects.all().update(text="x"),
        lambda: Entry.objects.all().delete(),
        lambda: Attachment.objects.all().update(name="x"),
        lambda: Complaint.objects.filter(pk=case.pk).update(story="x"),
        lambda: Complaint.objects.filter(pk=case.pk).update(name="x"),
        lambda: Complaint.objects.filter(pk=case.pk).delete(),
        lambda: Complaint.objects.filter(pk=case.pk).update(state="delivered"),
        lambda: Complaint.objects.filter(pk=case.pk).update(outcome="upheld"),
        lambda: Complaint.objects.filter(pk=case.pk).update(due_on=None),
        lambda: Complaint.objects.filter(pk=case.pk).update(taken_at=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    filing.withdraw(complaint=case)
    with pytest.raises(DatabaseError), transaction.atomic():
        Complaint.objects.filter(pk=case.pk).update(handler=None, taken_at=None)


@pytest.mark.django_db(transaction=True)
def test_of_two_handlers_at_once_one_is_told() -> None:
    town = make_town()
    case = town.file().complaint

    def take(user: User) -> str:
        try:
            with clock.at(clock.local(DAY, 11)):
                handling.take_case(complaint=case, by=user)
                return "taken"
        except ComplaintRefused as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(take, [town.handler, town.second]))
    assert found == ["Pengaduan ini baru saja diambil rekan Anda.", "taken"]
    assert Entry.objects.filter(kind="taken").count() == 1


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_deciding_at_once_end_in_one_of_both() -> None:
    town = make_town()
    case = town.examined()

    def act(index: int) -> bool:
        try:
            with clock.at(clock.local(DAY, 11)):
                if index:
                    filing.withdraw(complaint=case)
                else:
                    handling.decide(complaint=case, outcome="upheld", reasons="x", by=town.handler)
                return True
        except ComplaintRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(act, range(2)))
    case.refresh_from_db()
    assert sum(done) == 1
    assert case.state == (State.DECIDED if done[0] else State.WITHDRAWN)
