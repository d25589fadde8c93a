"""Casting: what spends nothing, what spends once, and what a stored rating does not say."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import tokens
from teladan.feedback.actions import casting
from teladan.feedback.actions.casting import (
    EditClosed,
    Submission,
    amend_rating,
    cast_many,
    cast_rating,
    read_edit_key,
    staged_id,
)
from teladan.feedback.actions.receipts import finish_rating, receipt_for
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
from teladan.feedback.sql import one_row
from tests.feedback.conftest import DAY, OCTOBER, Office, make_office

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


# --- races -----------------------------------------------------------------------------------------------------------


def in_threads(count: int, work: object) -> None:
    """Run `work(i)` in that many threads that start together, each with a connection of its own."""
    start = threading.Barrier(count)

    def run(i: int) -> None:
        try:
            connection.ensure_connection()  # else they come one after another, as fast as the server lets them in
            start.wait()
            work(i)  # type: ignore[operator]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_cast_of_a_ticket_that_cannot_be_used_waits_for_the_disk_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like one that can: the statement that finds nothing to spend writes nothing, not even a lock. Else a used ticket
    would be answered later than a fresh or an unknown one by one flush of the disk."""
    office = make_office()
    used, old, fresh = office.token(), office.token(clock.now() - timedelta(days=20)), office.token()
    cast(used)
    written: list[bool] = []

    def watched(name: str, values: dict[str, object]) -> object:
        with transaction.atomic(), connection.cursor() as cursor:
            found = one_row(name, values)
            cursor.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            written.append(cursor.fetchone()[0])
        return found

    monkeypatch.setattr(casting, "one_row", watched)
    for token in (used, old, bytes(16), fresh):
        written.clear()
        cast(token, b"other" * 3)
        assert sum(written) == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_submits_at_once_make_one_rating() -> None:
    now: datetime = clock.now()
    token = make_office().token()
    keys: list[str] = []

    def submit(i: int) -> None:
        with clock.at(now + timedelta(seconds=i)):
            keys.append(cast(token, nonce=bytes([i]), overall=i % 4 + 1))

    in_threads(50, submit)
    assert len(keys) == 50
    rating = StagedRating.objects.get()
    assert sum(read_edit_key(key).rating == rating.pk for key in keys) == 1
    assert LatencyBucket.objects.get().count == 1
    assert Ticket.objects.get().spent_on == DAY


@pytest.mark.django_db(transaction=True)
def test_two_casts_that_both_found_the_ticket_fresh_make_one_rating() -> None:
    """The second waits at the ticket's row, and looks again once the first has spent it."""
    token, now = make_office().token(), clock.now()

    def second(i: int) -> None:
        with clock.at(now):
            cast(token, b"m" * 16, overall=1)

    with transaction.atomic():
        cast(token, overall=4)
        thread = threading.Thread(target=in_threads, args=(1, second))
        thread.start()
        wait_until_one_waits()
    thread.join()
    assert StagedRating.objects.get().overall == 4
    assert RefusedRating.objects.get().overall == 1
    assert LatencyBucket.objects.get().count == 1


def end_connection() -> int:
    """Let the server end this thread's connection, as a restart of it would; its process."""
    connection.ensure_connection()
    process: int = connection.connection.info.backend_pid

    def end_it(_: int) -> None:
        with connection.cursor() as cursor:  # this thread's own connection
            cursor.execute("SELECT pg_terminate_backend(%s)", [process])

    in_threads(1, end_it)
    return process


@pytest.mark.django_db(transaction=True)
def test_cast_goes_through_though_the_connection_died_since_the_last() -> None:
    first, second = make_office().tokens(2)
    cast(first)
    process = end_connection()
    cast(second)
    assert StagedRating.objects.count() == 2
    assert connection.connection.info.backend_pid != process


@pytest.mark.django_db(transaction=True)
def test_later_pages_go_through_though_the_connection_died() -> None:
    key = cast(make_office().token())
    end_connection()
    amend_rating(edit_key=key, answers={"waktu": 2})
    end_connection()
    receipt = finish_rating(edit_key=key)
    end_connection()
    assert receipt_for(edit_key=key) == receipt
    assert receipt.answers() == {"overall": 4, "waktu": 2}


@pytest.mark.django_db(transaction=True)
def test_casts_at_once_lose_no_count() -> None:
    now = clock.now()
    fresh = make_office().tokens(40)

    def submit(i: int) -> None:
        with clock.at(now + timedelta(hours=1)):
            cast(fresh[i], overall=i % 4 + 1)

    in_threads(40, submit)
    assert Counter(StagedRating.objects.values_list("overall", flat=True)) == {1: 10, 2: 10, 3: 10, 4: 10}
    assert sum(LatencyBucket.objects.values_list("count", flat=True)) == 40


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("counts", [True, False], ids=["counted", "refused"])
def test_what_comes_while_the_rating_is_finished_is_not_said_to_be_kept(counts: bool) -> None:
    """From another page of the same browser: it waits for the finish, and then finds the answers given away."""
    token = make_office().token()
    key = cast(token)
    if not counts:
        key = cast(token, b"m" * 16)
    refused: list[bool] = []
    now = clock.now()

    def late(i: int) -> None:
        with clock.at(now):
            try:
                amend_rating(edit_key=key, answers={"waktu": 1}, comment="terlambat")
            except EditClosed:
                refused.append(True)

    with transaction.atomic():
        finish_rating(edit_key=key)
        thread = threading.Thread(target=in_threads, args=(1, late))
        thread.start()
        wait_until_one_waits()
    thread.join()
    assert refused == [True]
    assert not StagedRating.objects.filter(waktu=1).exists()
    assert not RefusedRating.objects.filter(waktu=1).exists()
    assert not StagedComment.objects.exists()


def wait_until_one_waits() -> None:
    """Until another connection stands before a lock."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("counts", [True, False], ids=["counted", "refused"])
def test_later_pages_during_the_seal_are_told_so_and_do_not_wait(counts: bool) -> None:
    """Neither adding nor finishing."""
    token = make_office().token(clock.local(date(2026, 10, 31), 9))
    refused: list[bool] = []
    with clock.at(clock.local(date(2026, 11, 7), 23, 59)):
        key = cast(token)
        if not counts:
            key = cast(token, b"m" * 16)

    def late(i: int) -> None:
        with clock.at(clock.local(date(2026, 11, 8))), connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 1000")
            try:
                if i:
                    finish_rating(edit_key=key)
                else:
                    amend_rating(edit_key=key, answers={"waktu": 1}, comment="terlambat")
            except EditClosed:
                refused.append(True)

    with transaction.atomic():
        with clock.at(clock.local(date(2026, 11, 8))):
            seal_month(month=OCTOBER, by="test")
        in_threads(2, late)
    assert refused == [True, True]


@pytest.mark.django_db(transaction=True)
def test_cast_during_the_seal_is_refused_and_does_not_wait() -> None:
    """A cast that left at midnight and arrives while the month is being sealed finds it shut at once."""
    token = make_office().token(clock.local(date(2026, 10, 31), 9))
    with transaction.atomic():
        with clock.at(clock.local(date(2026, 11, 8))):
            seal_month(month=OCTOBER, by="test")

        def late(i: int) -> None:
            with clock.at(clock.local(date(2026, 11, 7), 23, 59)), connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 2000")
                cast(token)

        in_threads(1, late)
    assert StagedRating.objects.count() == 0
    assert Ticket.objects.get().spent_on is None
