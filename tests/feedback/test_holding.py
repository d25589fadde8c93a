"""Held ratings: when they are held, who may decide about them, and that only two people void them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from teladan.core import clock
from teladan.core.audit import Event
from teladan.core.models import AuditEvent
from teladan.feedback import tokens
from teladan.feedback.actions import holding
from teladan.feedback.actions.casting import cast_again, cast_rating, read_edit_key
from teladan.feedback.actions.holding import JudgeRefused, hold_same_device
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.models import ELEMENTS, CaseRating, HeldCase, RatingLeaf, RatingStatus, SealedRating, StagedRating
from teladan.feedback.queries import integrity
from teladan.people.models import User
from tests import make
from tests.feedback.conftest import OCTOBER, Office

pytestmark = pytest.mark.django_db
State = HeldCase.State


def cast(token: bytes, device: uuid.UUID | None = None, **answers: int) -> StagedRating:
    done = cast_rating(
        token_hash=tokens.token_hash(token), answers={"overall": 4, **answers}, nonce=b"n", device=device
    )
    return StagedRating.objects.get(pk=read_edit_key(done.edit_key).rating)


def statuses(*ratings: StagedRating) -> list[str]:
    return [StagedRating.objects.get(pk=one.pk).status for one in ratings]


@pytest.fixture
def inspectorate(db: None) -> Any:
    return make.make_unit("INSPEKTORAT", "Inspektorat")


@pytest.fixture
def inspector(inspectorate: Any) -> User:
    return make.make_user(make.make_staff(inspectorate), role="inspector", password=make.PASSWORD)


@pytest.fixture
def colleague(inspectorate: Any) -> User:
    return make.make_user(make.make_staff(inspectorate), role="inspector", password=make.PASSWORD)


@pytest.fixture
def insider(office: Office) -> User:
    """Has the role, but works in the rated office."""
    return make.make_user(make.make_staff(office.unit), role="inspector", password=make.PASSWORD)


@pytest.fixture
def held(office: Office, october: datetime) -> HeldCase:
    device = uuid.uuid4()
    for token in office.tokens(3):
        cast(token, device)
    assert hold_same_device() == 3
    return HeldCase.objects.get()


# --- what is held ----------------------------------------------------------------------------------------------------


def test_three_tickets_of_one_officer_from_one_device_are_held(office: Office, october: datetime) -> None:
    device, other = uuid.uuid4(), uuid.uuid4()
    first = [cast(token, device) for token in office.tokens(2)]
    apart = cast(office.token(), other)
    colleague = make.make_staff(office.unit)
    elsewhere = cast(office.token(officer=colleague), device)
    assert hold_same_device() == 0
    third = cast(office.token(), device)
    assert hold_same_device() == 3
    assert statuses(*first, third) == ["held"] * 3
    assert statuses(apart, elsewhere) == ["counted"] * 2
    case = HeldCase.objects.get()
    assert (case.size, case.reason, case.officer, case.found_on) == (
        3,
        "same_device",
        office.officer,
        date(2026, 10, 12),
    )
    assert hold_same_device() == 0, "nothing new"
    fourth = cast(office.token(), device)
    assert hold_same_device() == 1
    assert statuses(fourth) == ["held"]
    assert HeldCase.objects.get().size == 4
    assert AuditEvent.objects.filter(event="feedback.ratings_held").count() == 2


def test_ratings_without_a_device_are_never_held(office: Office, october: datetime) -> None:
    """Kiosks cast without one, as do browsers without cookies."""
    for token in office.tokens(6):
        cast(token)
    assert hold_same_device() == 0


def test_superseded_ratings_do_not_make_a_group_larger(office: Office, october: datetime) -> None:
    device = uuid.uuid4()
    first, *_ = [cast(token, device) for token in office.tokens(3)]
    StagedRating.objects.filter(pk=first.pk).update(status=RatingStatus.SUPERSEDED)
    assert hold_same_device() == 0


def test_the_browser_gets_a_number_for_the_day_and_another_tomorrow(
    office: Office, october: datetime, client: Client
) -> None:
    def rate(token: bytes) -> str:
        client.get(f"/n/{tokens.encode(token)}")
        client.get("/n")
        assert client.post("/n", {"overall": "4"}).status_code == 303
        return client.cookies["perangkat"].value

    first, second = rate(office.token()), rate(office.token())
    assert first == second
    morning = client.cookies["perangkat"]
    assert morning["httponly"]
    assert morning["max-age"] == 15 * 60 * 60, "until midnight"
    groups = set(StagedRating.objects.values_list("device_group", flat=True))
    assert len(groups) == 1
    assert groups != {None}
    with clock.at(october + timedelta(days=1)):
        assert rate(office.token()) != first
    assert StagedRating.objects.values("device_group").distinct().count() == 2


def test_a_device_number_that_is_not_ours_is_ignored(office: Office, october: datetime, client: Client) -> None:
    client.get(f"/n/{tokens.encode(office.token())}")
    client.cookies["perangkat"] = f"2026-10-12.{uuid.uuid4().hex}"
    client.post("/n", {"overall": "4"})
    assert StagedRating.objects.get().device_group is None


# --- staff browsers --------------------------------------------------------------------------------------------------


def answered(client: Client, token: bytes) -> list[tuple[int, str, bytes]]:
    """What a browser sees of a whole rating."""
    seen = []
    for method, path, data in (
        ("get", f"/n/{tokens.encode(token)}", {}),
        ("get", "/n", {}),
        ("post", "/n", {"overall": "4", "kompetensi": "4"}),
        ("get", "/n/lanjut", {}),
    ):
        response = getattr(client, method)(path, data)
        seen.append((response.status_code, response.headers.get("Location", ""), response.content))
    return seen


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_staff_of_the_rated_office_see_the_same_pages_and_are_held(office: Office, october: datetime) -> None:
    section = make.make_unit("DUKCAPIL-SUB", parent=office.unit)
    staff = make.make_user(make.make_staff(section), role="officer")
    office.unit.periods.update(parent=make.make_unit("KOTA"))
    citizen = answered(Client(), office.token())
    assert answered(signed_in(staff), office.token()) == citizen
    assert sorted(StagedRating.objects.values_list("status", flat=True)) == ["counted", "held"]
    case = HeldCase.objects.get()
    assert (case.reason, case.size, case.device_group) == ("own_unit", 1, None)
    assert str(staff.pk) not in str(
        list(AuditEvent.objects.filter(event="feedback.ratings_held").values("actor", "after"))
    )


def test_staff_of_other_offices_and_signed_out_staff_rate_like_citizens(office: Office, october: datetime) -> None:
    other = make.make_user(make.make_staff(make.make_unit("LAIN")), role="officer")
    left = signed_in(make.make_user(make.make_staff(office.unit), role="officer"))
    left.logout()
    for client in (signed_in(other), signed_in(make.make_user()), left):
        answered(client, office.token())
    assert set(StagedRating.objects.values_list("status", flat=True)) == {"counted"}


def test_a_used_ticket_in_a_staff_browser_holds_nothing(office: Office, october: datetime) -> None:
    token = office.token()
    rating = cast(token)
    answered(signed_in(make.make_user(make.make_staff(office.unit), role="officer")), token)
    assert statuses(rating) == ["counted"]
    assert not HeldCase.objects.exists()


# --- two people ------------------------------------------------------------------------------------------------------


def test_judging_refuses_people_of_the_rated_office(held: HeldCase, insider: User, inspector: User) -> None:
    for act in (holding.release_case, holding.propose_voiding):
        with pytest.raises(JudgeRefused):
            act(case=held, reason="x", by=insider)
    holding.propose_voiding(case=held, reason="satu tablet", by=inspector)
    for act in (holding.void_case, holding.decline_voiding):
        with pytest.raises(JudgeRefused):
            act(case=held, reason="x", by=insider)
    with pytest.raises(JudgeRefused):
        holding.void_case(case=held, reason="x", by=make.make_user(role="inspector"))  # works nowhere known


def test_voiding_refuses_one_person_alone(held: HeldCase, inspector: User) -> None:
    with pytest.raises(JudgeRefused):
        holding.void_case(case=held, reason="x", by=inspector)
    holding.propose_voiding(case=held, reason="satu tablet", by=inspector)
    with pytest.raises(JudgeRefused, match="dua orang"):
        holding.void_case(case=held, reason="x", by=inspector)
    assert set(StagedRating.objects.values_list("status", flat=True)) == {"held"}


def test_voiding_refuses_a_proposer_who_moved_into_the_office(
    held: HeldCase, office: Office, inspector: User, colleague: User
) -> None:
    holding.propose_voiding(case=held, reason="satu tablet", by=inspector)
    assert inspector.person is not None
    make.make_head(office.unit, inspector.person, kind="plt")
    with pytest.raises(JudgeRefused, match="Pengusul"):
        holding.void_case(case=held, reason="x", by=colleague)


def test_judging_refuses_without_a_reason(held: HeldCase, inspector: User) -> None:
    for act in (holding.release_case, holding.propose_voiding):
        with pytest.raises(JudgeRefused, match="alasan"):
            act(case=held, reason="  ", by=inspector)


def test_the_database_refuses_a_voiding_by_one(held: HeldCase, inspector: User) -> None:
    one = {"proposed_by": inspector, "proposed_at": clock.now(), "proposal": "x"}
    both = {**one, "decided_by": inspector, "decided_at": clock.now(), "decision": "x", "state": "voided"}
    with pytest.raises(IntegrityError, match="case_voided_by_two"), transaction.atomic():
        HeldCase.objects.update(**both)
    with pytest.raises(DatabaseError, match="dibatalkan dua orang"), transaction.atomic():
        StagedRating.objects.update(status="voided")


def test_two_people_void_and_each_step_is_recorded(held: HeldCase, inspector: User, colleague: User) -> None:
    holding.propose_voiding(case=held, reason="tablet petugas", by=inspector)
    assert set(StagedRating.objects.values_list("status", flat=True)) == {"held"}
    holding.void_case(case=held, reason="dibenarkan kepala bidang", by=colleague)
    assert set(StagedRating.objects.values_list("status", "reason")) == {("voided", "dibenarkan kepala bidang")}
    case = HeldCase.objects.get()
    assert (case.state, case.proposed_by, case.decided_by) == (State.VOIDED, inspector, colleague)
    events = AuditEvent.objects.filter(subject=f"case:{case.pk}").order_by("id").values_list("event", "actor", "reason")
    assert list(events)[1:] == [
        ("feedback.void_proposed", f"user:{inspector.pk}", "tablet petugas"),
        ("feedback.ratings_voided", f"user:{colleague.pk}", "dibenarkan kepala bidang"),
    ]
    for act in (holding.release_case, holding.propose_voiding, holding.void_case, holding.decline_voiding):
        with pytest.raises(JudgeRefused):
            act(case=held, reason="x", by=colleague)


def test_a_declined_proposal_leaves_the_ratings_held(held: HeldCase, inspector: User, colleague: User) -> None:
    holding.propose_voiding(case=held, reason="ragu", by=inspector)
    with pytest.raises(JudgeRefused):
        holding.release_case(case=held, reason="x", by=colleague)
    holding.decline_voiding(case=held, reason="belum jelas", by=colleague)
    case = HeldCase.objects.get()
    assert (case.state, case.proposed_by, case.proposal) == (State.HELD, None, "")
    assert set(StagedRating.objects.values_list("status", flat=True)) == {"held"}


def test_released_ratings_count_and_are_not_held_again(
    held: HeldCase, inspector: User, office: Office, october: datetime
) -> None:
    device = held.device_group
    holding.release_case(case=held, reason="keluarga dengan satu telepon", by=inspector)
    assert set(StagedRating.objects.values_list("status", "reason")) == {("counted", "")}
    late = cast(office.token(), device)
    assert hold_same_device() == 0
    assert statuses(late) == ["counted"]


def test_what_comes_after_a_proposal_is_not_voided_with_it(
    held: HeldCase, inspector: User, colleague: User, office: Office
) -> None:
    """Whoever proposed has not seen it: one person alone would void it."""
    device = held.device_group
    holding.propose_voiding(case=held, reason="x", by=inspector)
    late = cast(office.token(), device)
    assert hold_same_device() == 1
    with pytest.raises(JudgeRefused, match="sudah berubah"):
        holding.void_case(case=held, reason="y", by=colleague)
    assert statuses(late) == ["held"]
    assert list(HeldCase.objects.values_list("state", "size", "proposed_by")) == [("held", 4, None)]
    assert AuditEvent.objects.filter(event=Event.VOID_DECLINED, actor="system").count() == 1
    holding.propose_voiding(case=held, reason="x", by=inspector)
    holding.void_case(case=held, reason="y", by=colleague)
    assert statuses(late) == ["voided"]


def test_what_comes_after_a_voiding_is_a_case_of_its_own(
    held: HeldCase, inspector: User, colleague: User, office: Office
) -> None:
    device = held.device_group
    holding.propose_voiding(case=held, reason="x", by=inspector)
    holding.void_case(case=held, reason="y", by=colleague)
    late = cast(office.token(), device)
    assert hold_same_device() == 1
    assert statuses(late) == ["held"]
    assert sorted(HeldCase.objects.values_list("state", "size")) == [("held", 1), ("voided", 3)]


def test_voiding_leaves_what_its_citizen_replaced(held: HeldCase, inspector: User, colleague: User) -> None:
    replaced = StagedRating.objects.first()
    assert replaced is not None
    StagedRating.objects.filter(pk=replaced.pk).update(status=RatingStatus.SUPERSEDED)
    holding.propose_voiding(case=held, reason="x", by=inspector)
    holding.void_case(case=held, reason="y", by=colleague)
    assert sorted(StagedRating.objects.values_list("status", flat=True)) == ["superseded", "voided", "voided"]


# --- the seal --------------------------------------------------------------------------------------------------------


def test_the_seal_leaves_what_nobody_decided_held_and_forgets_devices(
    held: HeldCase, inspector: User, travel: Callable[[date], Any]
) -> None:
    with travel(date(2026, 11, 9)):
        seal_month(month=OCTOBER, by="uji")
        case = HeldCase.objects.get()
        assert (case.state, case.device_group, case.size) == (State.UNRESOLVED, None, 3)
        assert not CaseRating.objects.exists()
        for act in (holding.release_case, holding.propose_voiding):
            with pytest.raises(JudgeRefused, match="disegel"):
                act(case=held, reason="x", by=inspector)


def test_the_seal_holds_groups_that_no_round_has_seen(
    office: Office, october: datetime, travel: Callable[[date], Any]
) -> None:
    device = uuid.uuid4()
    for token in office.tokens(3):
        cast(token, device)
    with travel(date(2026, 11, 9)):
        seal_month(month=OCTOBER, by="uji")
    assert HeldCase.objects.get().state == State.UNRESOLVED
    assert list(RatingLeaf.objects.values_list("status", flat=True)) == ["held"] * 3
    assert not SealedRating.objects.exists()


def test_rating_again_does_not_wash_a_hold_away(
    held: HeldCase, office: Office, inspector: User, colleague: User
) -> None:
    token = office.token()
    done = cast_rating(
        token_hash=tokens.token_hash(token), answers={"overall": 1}, nonce=b"n", device=held.device_group
    )
    leaf = finish_rating(edit_key=done.edit_key)
    assert hold_same_device() == 1
    again = cast_again(leaf=leaf.c, month=OCTOBER, answers={"overall": 4}, nonce=b"m")
    fresh = StagedRating.objects.get(pk=read_edit_key(again.edit_key).rating)
    assert (fresh.status, fresh.device_group) == ("held", held.device_group)
    assert hold_same_device() == 0
    holding.propose_voiding(case=held, reason="x", by=inspector)
    holding.void_case(case=held, reason="y", by=colleague)
    assert sorted(StagedRating.objects.values_list("status", flat=True)) == ["superseded", *["voided"] * 4]


# --- equal answers ---------------------------------------------------------------------------------------------------


def test_equal_answers_are_counted_from_four_on_and_of_held_ratings_too(office: Office, october: datetime) -> None:
    """Three equal answers say nothing; what was replaced is not looked at."""
    given = ((3, 3, "counted"), (4, 4, "counted"), (4, 3, "counted"), (5, 5, "held"), (5, 5, "superseded"))
    for token, (answered, equal, status) in zip(office.tokens(len(given)), given, strict=True):
        scores = [4] * equal + [1] * (answered - equal)
        rating = cast(token)
        StagedRating.objects.filter(pk=rating.pk).update(status=status, **dict(zip(ELEMENTS, scores, strict=False)))
    assert integrity._patterns(OCTOBER) == {office.officer.pk: (3, 2)}
