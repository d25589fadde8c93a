"""Casting: what spends nothing, what spends once, and what a stored rating does not say."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import tokens
from teladan.feedback.actions.casting import (
    EditClosed,
    Submission,
    amend_rating,
    cast_many,
    cast_rating,
    read_edit_key,
    staged_id,
)
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.models import (
    ELEMENTS,
    CollectionMonth,
    IssueDay,
    LatencyBucket,
    RefusedRating,
    SealedRating,
    StagedComment,
    StagedRating,
    Ticket,
    WaitingProfile,
)
from teladan.feedback.models.ratings import GivenAnswers
from teladan.feedback.queries import ticket_page
from tests.feedback.conftest import DAY, OCTOBER, Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]


def cast(token: bytes, nonce: bytes = b"n" * 16, **answers: int) -> str:
    return cast_rating(token_hash=tokens.token_hash(token), answers=answers or {"overall": 4}, nonce=nonce).edit_key


# --- refusals: by the tables, should the code above ever fail ----------------------------------------------------------


@pytest.mark.parametrize("kind", [StagedRating, RefusedRating, SealedRating])
@pytest.mark.parametrize(
    ("name", "answer"), [("overall", 0), ("overall", 5), ("persyaratan", -1), ("sarana", 5), ("perilaku", 32767)]
)
def test_no_table_takes_an_answer_off_the_scale(
    office: Office, kind: type[GivenAnswers], name: str, answer: int
) -> None:
    place = {} if kind is RefusedRating else {"unit": office.unit, "service": office.service, "channel": "loket"}
    for given in ({}, {"overall": 1, "sarana": 4}, dict.fromkeys(ELEMENTS, 2)):
        kind.objects.create(month=OCTOBER, **place, **given)
    with pytest.raises(IntegrityError, match="_scale"):
        kind.objects.create(month=OCTOBER, **place, **{**dict.fromkeys(ELEMENTS, 2), name: answer})


# --- refusals, all of them silent ------------------------------------------------------------------------------------


def test_cast_of_unknown_ticket_stores_nothing() -> None:
    assert cast(bytes(16))
    assert StagedRating.objects.count() == 0


def test_cast_of_used_ticket_stores_nothing_more(office: Office) -> None:
    token = office.token()
    cast(token, overall=1)
    cast(token, nonce=b"m" * 16, overall=4)
    assert StagedRating.objects.get().overall == 1
    assert LatencyBucket.objects.get().count == 1


def test_cast_after_the_last_day_stores_nothing(office: Office) -> None:
    token = office.token()
    ticket = Ticket.objects.get()
    assert ticket.expires_on == date(2026, 10, 26)
    with clock.at(clock.local(date(2026, 10, 27))):
        cast(token)
    assert StagedRating.objects.count() == 0
    with clock.at(clock.local(date(2026, 10, 26), 23, 59)):
        cast(token, nonce=b"m" * 16)  # the same form stays refused
    assert StagedRating.objects.count() == 1


def test_cast_into_sealed_month_stores_nothing(office: Office) -> None:
    token = office.token()
    with clock.at(clock.local(date(2026, 11, 8), 9)):
        seal_month(month=OCTOBER, by="test")
    Ticket.objects.update(expires_on=date(2027, 1, 1))
    cast(token)
    assert StagedRating.objects.count() == 0
    assert Ticket.objects.get().spent_on is None


@pytest.mark.parametrize("value", [0, 5, -1, 100])
def test_cast_refuses_values_outside_the_scale(office: Office, value: int) -> None:
    token = office.token()
    with pytest.raises(ValueError, match="perilaku"):
        cast(token, overall=4, perilaku=value)
    assert Ticket.objects.get().spent_on is None


@pytest.mark.parametrize("key", ["", "x", "a.b.c", "0" * 32 + ".9999999999.0:forged"])
def test_amend_refuses_foreign_keys(key: str) -> None:
    with pytest.raises(EditClosed):
        amend_rating(edit_key=key, answers={})


def test_amend_refuses_after_half_an_hour_alike_for_used_and_fresh(office: Office) -> None:
    token = office.token()
    fresh, used = cast(token), cast(token, nonce=b"m" * 16)
    with clock.at(clock.now() + timedelta(minutes=30)):
        amend_rating(edit_key=fresh, answers={"waktu": 3})
    with clock.at(clock.now() + timedelta(minutes=30, seconds=1)):
        for key in (fresh, used):
            with pytest.raises(EditClosed):
                amend_rating(edit_key=key, answers={"waktu": 1})
    assert StagedRating.objects.get().waktu == 3


def test_later_pages_of_an_unknown_ticket_go_on_where_nobody_has_opened_the_month() -> None:
    key = cast(bytes(16))
    assert not CollectionMonth.objects.exists()
    amend_rating(edit_key=key, answers={"waktu": 3})
    assert RefusedRating.objects.get().waktu == 3


def test_a_form_that_was_refused_stays_refused(office: Office) -> None:
    """It may have its receipt already: what that says must stay true, though the ticket could be used by now."""
    token = office.token()
    Ticket.objects.update(expires_on=DAY - timedelta(days=1))
    first = cast(token)
    Ticket.objects.update(expires_on=DAY)
    assert read_edit_key(cast(token)).rating == read_edit_key(first).rating == RefusedRating.objects.get().pk
    assert not StagedRating.objects.exists()
    assert Ticket.objects.get().spent_on is None


def test_amend_with_the_key_of_a_used_ticket_changes_nothing(office: Office) -> None:
    token = office.token()
    cast(token, overall=2)
    stranger = cast(token, nonce=b"m" * 16, overall=4)
    amend_rating(edit_key=stranger, answers={"waktu": 1}, comment="bukan saya")
    rating = StagedRating.objects.get()
    assert rating.waktu is None
    assert StagedComment.objects.count() == 0


def test_amend_after_the_seal_changes_nothing(office: Office) -> None:
    token = office.token(clock.local(date(2026, 10, 31), 9))
    with clock.at(clock.local(date(2026, 11, 7), 23, 50)):
        keys = [cast(token), cast(token, b"m" * 16)]
    with clock.at(clock.local(date(2026, 11, 8), 0, 5)):
        seal_month(month=OCTOBER, by="test")
        for key in keys:
            with pytest.raises(EditClosed):
                amend_rating(edit_key=key, answers={"waktu": 1}, comment="terlambat")
    assert StagedRating.objects.count() == 0
    assert StagedComment.objects.count() == 0


# --- what it stores --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [1, 2, 3, 4])
def test_every_score_is_counted(office: Office, score: int) -> None:
    """LOG-00: a bad rating is taken exactly like a good one."""
    cast(office.token(), overall=score, kompetensi=score, perilaku=score)
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.kompetensi, rating.perilaku) == (score, score, score)


@pytest.mark.parametrize("channel", ["loket", "keliling", "daring"])
def test_one_star_is_counted_on_each_channel(office: Office, channel: str) -> None:
    cast(office.token(channel=channel), overall=1)
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.channel) == (1, channel)


def test_rating_belongs_to_ticket_and_not_to_day_of_casting(office: Office) -> None:
    token = office.token(clock.local(date(2026, 10, 31), 9))
    with clock.at(clock.local(date(2026, 11, 3), 9)):
        cast(token)
    rating = StagedRating.objects.get()
    assert rating.month == OCTOBER
    assert (rating.unit_id, rating.service_id, rating.officer_id) == (
        office.unit.pk,
        office.service.pk,
        office.officer.pk,
    )


def test_rating_holds_no_time_no_ticket_and_no_person() -> None:
    fields = {field.name for field in StagedRating._meta.get_fields()}
    answers = {"id", "month", "unit", "service", "officer", "channel", "overall", *ELEMENTS, "comment"}
    assert fields == answers | {"leaf", "device_group", "status", "reason", "seen"}


def test_spent_ticket_forgets_the_time_of_issue(office: Office) -> None:
    cast(office.token())
    ticket = Ticket.objects.get()
    assert ticket.spent_on == DAY
    assert ticket.issued_at is None


def test_cast_writes_no_audit_event(office: Office) -> None:
    token = office.token()
    before = AuditEvent.objects.count()
    amend_rating(edit_key=cast(token), answers={"waktu": 2}, comment="lama")
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(("first", "last", "asks"), [(-9, 0, False), (-9, 1, True), (0, None, True), (1, None, False)])
def test_cost_is_asked_on_the_days_of_the_standard(office: Office, first: int, last: int | None, asks: bool) -> None:
    """From its first day on, up to the day before the one it ends with."""
    until = None if last is None else DAY + timedelta(days=last)
    office.paid.standards.update(valid_from=DAY + timedelta(days=first), valid_until=until)
    token = office.token(service=office.paid)
    assert ticket_page(tokens.token_hash(token))[1] is asks
    assert read_edit_key(cast(token)).asks_cost is asks
    assert read_edit_key(cast(token, b"m" * 16)).asks_cost is asks


def test_day_of_issue_is_kept_once_per_officer(office: Office) -> None:
    for token in [*office.tokens(3), *office.tokens(2, clock.local(date(2026, 10, 13), 6))]:  # still the 12th in UTC
        with clock.at(clock.local(date(2026, 10, 14), 9)):
            cast(token)
    days = IssueDay.objects.values_list("officer_id", "day").order_by("day")
    assert list(days) == [(office.officer.pk, DAY), (office.officer.pk, date(2026, 10, 13))]


@pytest.mark.parametrize(
    ("minutes", "bucket"), [(0, 2), (2, 2), (2.1, 5), (15, 15), (59, 60), (1440, 1440), (1441, 32767)]
)
def test_latency_is_counted_in_coarse_steps(office: Office, minutes: float, bucket: int) -> None:
    token = office.token()
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        cast(token)
    row = LatencyBucket.objects.get()
    assert (row.officer_id, row.bucket, row.count) == (office.officer.pk, bucket, 1)


def test_amend_adds_and_keeps_what_is_left_blank(office: Office) -> None:
    key = cast(office.token(service=office.paid), overall=3, kompetensi=4)
    amend_rating(edit_key=key, answers={"waktu": 1, "biaya": 2}, comment="  Antre dua jam.  ")
    amend_rating(edit_key=key, answers={"sarana": 2}, comment="")
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.kompetensi, rating.waktu, rating.biaya, rating.sarana) == (3, 4, 1, 2, 2)
    assert StagedComment.objects.get().text == "Antre dua jam."


def test_cost_is_asked_only_where_something_is_paid_used_or_not(office: Office) -> None:
    free, paid = office.token(), office.token(service=office.paid)
    for nonce in (b"1", b"2"):
        assert not cast_rating(token_hash=tokens.token_hash(free), answers={"overall": 4}, nonce=nonce).asks_cost
        assert cast_rating(token_hash=tokens.token_hash(paid), answers={"overall": 4}, nonce=nonce).asks_cost
    assert not cast_rating(token_hash=b"?" * 32, answers={"overall": 4}).asks_cost


def test_cost_of_free_service_is_not_stored(office: Office) -> None:
    amend_rating(edit_key=cast(office.token()), answers={"biaya": 1})
    assert StagedRating.objects.get().biaya is None


def test_retry_of_the_same_form_leads_to_the_same_rating(office: Office) -> None:
    token = office.token()
    first, again = cast(token), cast(token)
    assert read_edit_key(first).rating == read_edit_key(again).rating == StagedRating.objects.get().pk
    amend_rating(edit_key=again, answers={"produk": 4})
    assert StagedRating.objects.get().produk == 4


def test_staged_id_is_random_without_the_nonce() -> None:
    hashed = tokens.token_hash(bytes(16))
    assert staged_id(hashed, b"a") != staged_id(hashed, b"b")
    assert isinstance(staged_id(hashed, b"a"), UUID)


def test_many_casts_agree_with_single_ones(office: Office) -> None:
    fresh = office.tokens(4)
    at = clock.now() + timedelta(minutes=10)
    cast_many(
        [
            Submission(tokens.token_hash(fresh[0]), {"overall": 4, "waktu": 1}, at, "cepat", {"sex": "P"}),
            Submission(tokens.token_hash(fresh[0]), {"overall": 1}, at, profile={"sex": "L"}),
            Submission(tokens.token_hash(fresh[1]), {"overall": 1}, at),
            Submission(b"?" * 32, {"overall": 2}, at),
        ]
    )
    assert sorted(StagedRating.objects.values_list("overall", "waktu")) == [(1, None), (4, 1)]
    assert StagedComment.objects.get().text == "cepat"
    assert WaitingProfile.objects.get().sex == "P"
    assert Ticket.objects.filter(spent_on__isnull=False).count() == 2
