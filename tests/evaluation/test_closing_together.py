"""Two workers at once, and workers killed at every step: one result or none, on a real PostgreSQL."""

from __future__ import annotations

import contextvars
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.db import connection

from teladan.core import clock
from teladan.evaluation.actions.closing import ClosingSummary, close_month
from teladan.evaluation.models import Closing, OfficerResult, Release, UnitResult
from teladan.evaluation.queries import closing as queries
from teladan.feedback.models import CollectionMonth, SealedRating, StagedRating, Ticket
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

pytestmark = pytest.mark.django_db(transaction=True)

# A worker that dies by SIGKILL, as the machine's memory or its power would do it, after so many steps.
WORKER = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "teladan.config.settings"
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
from teladan.core import clock
from teladan.evaluation.actions.closing import close_month
dies_at = int(sys.argv[1])
def report(done, message):
    if done == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)
with clock.at(clock.local(clock.parse_month("2026-11").replace(day=9), 9)):
    print(close_month(month=clock.parse_month("2026-10"), by="pekerja", on_progress=report).results_digest)
"""


def worker(dies_at: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "TEST_DATABASE": str(connection.settings_dict["NAME"])}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WORKER, str(dies_at)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(one: subprocess.Popen[str]) -> tuple[int, str]:
    """How a worker ended, and what it printed."""
    out, _ = one.communicate(timeout=120)
    return one.returncode, out.strip()


@pytest.fixture
def city() -> City:
    with clock.at(closing_time()):
        city = make_city(officers=3, services=2)
        city.serve(OCTOBER, everyone(city, 12))
    return city


def rows() -> tuple[int, ...]:
    """Everything that a closing writes."""
    models: tuple[Any, ...] = (Closing, UnitResult, OfficerResult, Release, SealedRating)
    return tuple(model.objects.count() for model in models)


def close() -> ClosingSummary:
    with clock.at(closing_time()):
        return close_month(month=OCTOBER, by="uji")


def test_a_worker_killed_at_any_step_leaves_nothing_or_everything(city: City) -> None:
    workers = [worker(step) for step in (1, 3, 4)]  # at once: each holds the months while it lives
    assert {end(one) for one in workers} == {(-9, "")}
    assert rows() == (0, 0, 0, 0, 0)
    assert StagedRating.objects.count() == 36
    assert Ticket.objects.filter(spent_on__isnull=False).count() == 36
    assert CollectionMonth.objects.get(month=OCTOBER).state == "open"

    assert end(worker(5)) == (-9, "")  # after the commit, before the tickets are forgotten
    assert Closing.objects.count() == 1
    assert SealedRating.objects.count() == 36
    assert queries.months_not_forgotten() == [OCTOBER]

    whole = rows()
    assert close().already
    assert rows() == whole
    assert queries.months_not_forgotten() == []
    assert not Ticket.objects.filter(spent_on__isnull=False).exists()


def test_two_processes_at_once_give_one_result(city: City) -> None:
    both = [worker(-1), worker(-1)]
    ends = {end(one) for one in both}
    assert ends == {(0, Closing.objects.get().results_digest)}
    assert OfficerResult.objects.count() == 3


def test_many_threads_at_once_give_one_result(city: City) -> None:
    found: list[ClosingSummary] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        found.append(close())
        connection.close()

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(run,)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.already for one in found) == [False, True, True, True]
    assert len({(one.closing_id, one.inputs_digest, one.results_digest) for one in found}) == 1
    assert Closing.objects.count() == 1


def test_no_transaction_ties_tickets_to_ratings(city: City) -> None:
    """After the seal no row of a ticket was written by the transaction that wrote a sealed rating."""
    close()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM feedback_ticket t JOIN feedback_sealedrating r ON t.xmin::text = r.xmin::text"
        )
        assert cursor.fetchone() == (0,)
