"""REL: the database is killed with -9 while citizens rate and while a month is sealed. What was promised stands, nothing is half done."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Sum

from teladan.config.database import settings_from_url
from teladan.core import clock
from teladan.core.postgres import Server
from teladan.feedback import leaves, tokens
from teladan.feedback.actions.casting import EditClosed, amend_rating, cast_rating
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.sealing import seal_month, warn_changed
from teladan.feedback.leaves import Kind
from teladan.feedback.models import LatencyBucket, RatingLeaf, RefusedRating, SealedRating, StagedRating, Ticket
from teladan.ledger import actions as ledger
from teladan.ledger import monitor
from teladan.ledger import queries as log
from teladan.ledger.models import QueuedLeaf
from tests.feedback.conftest import OCTOBER, make_office
from tests.feedback.test_step_ten import SEAL_DAY, START
from tests.forks import child
from tests.own_server import back_again, kill_hard, kill_one_of_its_children, led_to, let_go, own_server

pytestmark = pytest.mark.django_db(transaction=True)

GONE = (OperationalError, InterfaceError)
PATIENCE = 60.0
RECORD = 48  # a leaf's number and the token it was promised for
CLIENTS = 3


@pytest.fixture(autouse=True)
def _own_log(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.OPENINGS_DIR = tmp_path / "openings"
    settings.LEDGER_TRUSTED_KEYS = []


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as running, led_to(settings_from_url(running.url)):
        yield running


# --- what a citizen's browser does -----------------------------------------------------------------------------------


def _rate(token: bytes) -> bytes:
    """One citizen, from the form to the promise. An error page is answered by sending the same form again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            key = cast_rating(
                token_hash=tokens.token_hash(token), answers={"overall": 1 + token[-1] % 4}, nonce=token
            ).edit_key
            with suppress(EditClosed):  # finished by a form whose answer never came back
                amend_rating(edit_key=key, answers={"waktu": 2}, comment="lama")
            return finish_rating(edit_key=key).c
        except GONE:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _citizens(mine: list[bytes], pipe: int, evening: Path) -> None:
    """One after another, until the office shuts."""
    with clock.at(START):
        for token in mine:
            if evening.exists():
                return
            os.write(pipe, _rate(token) + token)


class Promises:
    """What the citizens were promised so far, read from their pipes."""

    def __init__(self, evening: Path) -> None:
        self.evening = evening
        self.known: dict[bytes, bytes] = {}  # leaf by token
        self._pipes: list[int] = []
        self._pids: list[int] = []
        self._rest: dict[int, bytes] = {}

    def start(self, server: Server, mine: list[bytes]) -> None:
        def work() -> None:
            let_go(server)
            _citizens(mine, write, self.evening)

        read, write = os.pipe()
        self._pids.append(child(work))
        os.close(write)
        os.set_blocking(read, False)
        self._pipes.append(read)

    def read(self) -> None:
        for pipe in self._pipes:
            with suppress(BlockingIOError):
                while more := os.read(pipe, 1 << 16):
                    self._rest[pipe] = self._rest.get(pipe, b"") + more
            told = self._rest.get(pipe, b"")
            whole = len(told) // RECORD * RECORD
            for start in range(0, whole, RECORD):
                self.known[told[start + 32 : start + RECORD]] = told[start : start + 32]
            self._rest[pipe] = told[whole:]

    def wait_for_more(self) -> None:
        """Somebody is promised something that nobody was promised before."""
        before, deadline = len(self.known), time.monotonic() + PATIENCE
        while len(self.known) == before:
            assert time.monotonic() < deadline, "nobody is promised anything any more"
            time.sleep(0.005)
            self.read()

    def close(self) -> None:
        """Whoever is at the counter is served to the end."""
        self.evening.touch()
        for pid in self._pids:
            assert os.waitpid(pid, 0)[1] == 0, "a citizen gave up"
        self.read()


def _look(promised: dict[bytes, bytes]) -> None:
    """All of it at one instant, while citizens go on: nothing half done, and every promise stands."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        finished = {bytes(c) for c in StagedRating.objects.exclude(leaf=None).values_list("leaf", flat=True)}
        queued = {
            bytes(data) for data in QueuedLeaf.objects.values_list("data", flat=True) if b" rating " in bytes(data)
        }
        ratings, spent = StagedRating.objects.count(), Ticket.objects.filter(spent_on__isnull=False).count()
        counted = LatencyBucket.objects.aggregate(all=Sum("count"))["all"] or 0
        refused = RefusedRating.objects.count()
    assert queued == {leaves.line(Kind.RATING, OCTOBER, c) for c in finished}
    assert ratings == spent == counted
    assert refused == 0
    assert set(promised.values()) <= finished


def _citizens_rate_while_it_dies(server: Server, evening: Path, *, kills: int, tickets: int) -> None:
    draw = Random(kills)
    with clock.at(START):
        ledger.ensure_started()
        fresh = make_office().tokens(tickets, START)
    connection.close()
    promises = Promises(evening)
    for number in range(CLIENTS):
        promises.start(server, fresh[number::CLIENTS])
    for number in range(kills):
        promises.wait_for_more()
        time.sleep(draw.uniform(0, 0.1))
        if number % 3 == 2:
            kill_one_of_its_children(server, draw)
        else:
            kill_hard(server)
            back_again(server)
        promises.read()
        _patiently(promises)
    promises.wait_for_more()
    promises.close()
    assert len(promises.known) == StagedRating.objects.count() < len(fresh)
    with clock.at(START):
        for token, c in draw.sample(sorted(promises.known.items()), min(60, len(promises.known))):
            assert _rate(token) == c
    _look(promises.known)
    _into_the_log(promises.known)


def _patiently(promises: Promises) -> None:
    """Look as soon as the server lets somebody in again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _look(dict(promises.known))
        except GONE:
            connection.close()
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _into_the_log(promised: dict[bytes, bytes]) -> None:
    with clock.at(START):
        ledger.sequence(share=1)
        ledger.sequence(share=1)
    with clock.at(SEAL_DAY):
        assert seal_month(month=OCTOBER, by="test").ratings == len(promised)
        for _ in range(2):
            ledger.sequence(share=1)
        assert warn_changed() == []
    for c in promised.values():
        assert log.holds(leaves.leaf_hash(leaves.line(Kind.RATING, OCTOBER, c)))
    assert {bytes(c) for c in RatingLeaf.objects.filter(status="counted").values_list("leaf", flat=True)} == set(
        promised.values()
    )
    assert SealedRating.objects.count() == len(promised)
    report = monitor.verify()
    assert report.ok, report.findings


def test_promises_stand_though_the_database_is_killed_twice(server: Server, tmp_path: Path) -> None:
    _citizens_rate_while_it_dies(server, tmp_path / "evening", kills=2, tickets=600)


@pytest.mark.crash
def test_promises_stand_though_the_database_is_killed_two_hundred_times(server: Server, tmp_path: Path) -> None:
    _citizens_rate_while_it_dies(server, tmp_path / "evening", kills=200, tickets=30_000)
