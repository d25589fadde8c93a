"""Progress is seen by others before the work commits, and outlives its rollback."""

from __future__ import annotations

import pytest
from django.db import connection, connections, transaction

from teladan.core import progress
from teladan.core.models import Progress

pytestmark = pytest.mark.django_db(transaction=True)


def seen_by_others(key: str) -> tuple[str, int, str] | None:
    other = connections.create_connection(connection.alias)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT state, done, message FROM core_progress WHERE key = %s", [key])
            found: tuple[str, int, str] | None = cursor.fetchone()
            return found
    finally:
        other.close()


def test_progress_of_unknown_work_is_none() -> None:
    assert progress.of("nothing") is None


def test_progress_step_is_seen_inside_an_open_transaction() -> None:
    with transaction.atomic():
        progress.start("close", total=4, message="mulai")
        progress.step("close", 1, "menghitung")
        assert seen_by_others("close") == ("running", 1, "menghitung")


def test_progress_survives_rollback_of_the_work() -> None:
    with transaction.atomic():
        progress.start("close", total=4)
        progress.fail("close", "Bulan 2026-09 belum ditutup.")
        transaction.set_rollback(True)
    assert seen_by_others("close") == ("failed", 0, "Bulan 2026-09 belum ditutup.")


def test_progress_started_again_begins_at_zero() -> None:
    progress.start("close", total=4)
    progress.finish("close", "selesai")
    row = progress.of("close")
    assert row is not None
    assert (row.state, row.done) == (Progress.State.DONE, 4)
    progress.start("close", total=5, waiting=True)
    row = progress.of("close")
    assert row is not None
    assert (row.state, row.done, row.total) == (Progress.State.WAITING, 0, 5)


def test_progress_cuts_a_message_that_is_too_long() -> None:
    progress.start("close")
    progress.fail("close", "x" * 1000)
    row = progress.of("close")
    assert row is not None
    assert len(row.message) == 300
