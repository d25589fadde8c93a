"""Casting at the same time as another cast, as finishing, as the seal, and over a connection that died."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, transaction

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.actions import casting
from teladan.feedback.actions.casting import EditClosed, amend_rating, cast_rating, read_edit_key
from teladan.feedback.actions.receipts import finish_rating, receipt_for
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.models import LatencyBucket, RefusedRating, StagedComment, StagedRating, Ticket
from teladan.feedback.sql import one_row
from tests.feedback.conftest import DAY, OCTOBER, make_office

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("october")]


def cast(token: bytes, nonce: bytes = b"n" * 16, **answers: int) -> str:
    return cast_rating(token_hash=tokens.token_hash(token), answers=answers or {"overall": 4}, nonce=nonce).edit_key


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


def test_cast_goes_through_though_the_connection_died_since_the_last() -> None:
    first, second = make_office().tokens(2)
    cast(first)
    process = end_connection()
    cast(second)
    assert StagedRating.objects.count() == 2
    assert connection.connection.info.backend_pid != process


def test_later_pages_go_through_though_the_connection_died() -> None:
    key = cast(make_office().token())
    end_connection()
    amend_rating(edit_key=key, answers={"waktu": 2})
    end_connection()
    receipt = finish_rating(edit_key=key)
    end_connection()
    assert receipt_for(edit_key=key) == receipt
    assert receipt.answers() == {"overall": 4, "waktu": 2}


def test_casts_at_once_lose_no_count() -> None:
    now = clock.now()
    fresh = make_office().tokens(40)

    def submit(i: int) -> None:
        with clock.at(now + timedelta(hours=1)):
            cast(fresh[i], overall=i % 4 + 1)

    in_threads(40, submit)
    assert Counter(StagedRating.objects.values_list("overall", flat=True)) == {1: 10, 2: 10, 3: 10, 4: 10}
    assert sum(LatencyBucket.objects.values_list("count", flat=True)) == 40


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
