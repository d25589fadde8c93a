"""Jobs follow their transaction; a killed worker's job is given back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, transaction

from teladan.core import jobs

pytestmark = pytest.mark.django_db(transaction=True)

ran: list[str] = []
T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """Run in a thread of its own, as a worker does: a browser test before may have left an event loop in this one."""

    def finished() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(finished).result()


@jobs.app.task(name="tests.note")
def note(word: str) -> None:
    ran.append(word)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    ran.clear()


def test_job_of_a_rolled_back_transaction_never_runs() -> None:
    with transaction.atomic():
        note.defer(word="lost")
        transaction.set_rollback(True)
    apart(jobs.run_waiting)
    assert ran == []


def test_job_of_a_committed_transaction_runs_once() -> None:
    with transaction.atomic():
        note.defer(word="kept")
        assert ran == []
    apart(jobs.run_waiting)
    apart(jobs.run_waiting)
    assert ran == ["kept"]


def test_job_of_a_killed_worker_is_given_back_and_of_a_living_one_is_not() -> None:
    for word, seconds in (("killed", 3600), ("living", 0)):
        note.defer(word=word)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s)) RETURNING id",
                [seconds],
            )
            (worker,) = cursor.fetchone()
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE status = 'todo'", [worker]
            )
    assert apart(async_to_sync(jobs.requeue_stalled)) == 1
    apart(jobs.run_waiting)
    assert ran == ["killed"]
