"""REL: the database is killed with -9 while the sequencer writes a batch. No leaf is lost or doubled, nothing signed is undone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from teladan.config.database import settings_from_url
from teladan.core import clock
from teladan.core.postgres import Server
from teladan.ledger import actions, memory, monitor, queries
from teladan.ledger.models import Checkpoint, Leaf, QueuedLeaf
from teladan.ledger.rules import notes
from tests.forks import child
from tests.ledger.conftest import HOUR, START
from tests.own_server import back_again, kill_hard, kill_one_of_its_children, led_to, let_go, own_server

pytestmark = pytest.mark.django_db(transaction=True)

GONE = (OperationalError, InterfaceError)
PATIENCE = 60.0
STEPS = ("_take_batch", "_grow", "_sign", "_note_waiting")
AFTER = "commit"
HANDED = 40  # leaves that come in at once
HASH = 32
T = TypeVar("T")


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as running, led_to(settings_from_url(running.url)):
        yield running


def patiently(work: Callable[[], T]) -> T:
    """Again and again until the server lets somebody in."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except GONE:
            connection.close()
            assert time.monotonic() < deadline, "the server does not come back"
            time.sleep(0.01)


class Worker:
    """A process that does one thing over and over and says through a pipe how far it is."""

    def __init__(self, server: Server, work: Callable[[Callable[[bytes], object]], None]) -> None:
        read, write = os.pipe()

        def run() -> None:
            let_go(server)
            work(lambda said: os.write(write, said))

        self.pid = child(run)
        os.close(write)
        os.set_blocking(read, False)
        self.pipe, self.said = read, b""

    def read(self) -> bytes:
        with suppress(BlockingIOError):
            while more := os.read(self.pipe, 1 << 16):
                self.said += more
        return self.said

    def wait_for(self, word: bytes) -> None:
        """It says this from now on."""
        start, deadline = len(self.read()), time.monotonic() + PATIENCE
        while word not in self.read()[start:]:
            assert time.monotonic() < deadline, f"nobody comes to {word!r} any more"
            time.sleep(0.0005)

    def ends_well(self) -> None:
        assert os.waitpid(self.pid, 0)[1] == 0
        self.read()
        os.close(self.pipe)


def hand_over(say: Callable[[bytes], object], evening: Path) -> None:
    """Leaves come in, two thirds of them to be drawn by lot; what is said has been committed."""
    for number in count():
        if evening.exists():
            return
        fresh = [b"leaf %d of hand %d" % (i, number) for i in range(HANDED)]
        after = None if number % 3 else 0
        say(b"".join(patiently(partial(actions.append, *fresh, after_size=after))))
        time.sleep(0.05)


def sequence(say: Callable[[bytes], object], evening: Path) -> None:
    """Round after round, as the worker does; the beginning of every step is told."""
    for name in STEPS:
        _tell(name, say)
    for number in count(1):
        if evening.exists():
            return
        with clock.at(START + number * HOUR):
            patiently(actions.sequence)
        say(AFTER[:1].encode())
        time.sleep(0.02)


def _tell(name: str, say: Callable[[bytes], object]) -> None:
    step = getattr(actions, name)

    def told(*args: Any, **kw: Any) -> Any:
        say(name[1:2].encode())
        time.sleep(0.01)  # long enough to be killed here
        return step(*args, **kw)

    setattr(actions, name, told)


def look(handed: set[bytes], seen: dict[int, str]) -> None:
    """All of it at one instant: every leaf that was handed over stands once, in the queue or in the log; and what was signed stands."""
    remembered = memory.recall()  # written after the commit: what is read before cannot be newer than what is read now
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        log = [bytes(one) for one in Leaf.objects.order_by("index").values_list("leaf_hash", flat=True)]
        places = list(Leaf.objects.order_by("index").values_list("index", flat=True))
        queue = [bytes(one) for one in QueuedLeaf.objects.values_list("leaf_hash", flat=True)]
        signed = list(Checkpoint.objects.order_by("number").values_list("number", "size", "note"))
    assert places == list(range(len(log)))
    assert len({*log, *queue}) == len(log) + len(queue)
    assert handed <= {*log, *queue}
    assert [number for number, _, _ in signed] == list(range(len(signed)))
    assert (signed[-1][1] if signed else 0) == len(log)
    assert seen.items() <= {number: note for number, _, note in signed}.items()
    assert remembered is None or remembered in {note for _, _, note in signed}
    seen.update((number, note) for number, _, note in signed)


def hashes_of(said: bytes) -> set[bytes]:
    return {said[start : start + HASH] for start in range(0, len(said) // HASH * HASH, HASH)}


def _it_dies_while_a_batch_is_written(server: Server, evening: Path, *, kills: int) -> None:
    draw = Random(kills)
    connection.close()
    feeder = Worker(server, lambda say: hand_over(say, evening))
    sequencer = Worker(server, lambda say: sequence(say, evening))
    seen: dict[int, str] = {}
    for number in range(kills):
        if number % 2:  # whoever is always cut off proves little: every other time the log must have grown before
            sequencer.wait_for(AFTER[:1].encode())
        step = ("_grow", "_note_waiting")[number] if number < 2 else draw.choice((*STEPS, AFTER))
        sequencer.wait_for((step[1:2] if step in STEPS else step[:1]).encode())
        time.sleep(draw.choice((0, 0.003, 0.01, 0.02)) * draw.random() if number > 1 else 0)
        if number % 3 == 2:
            kill_one_of_its_children(server, draw)
        else:
            kill_hard(server)
            back_again(server)
        handed = hashes_of(feeder.read())
        patiently(partial(look, handed, seen))
    sequencer.wait_for(AFTER[:1].encode())
    evening.touch()
    feeder.ends_well()
    sequencer.ends_well()
    handed = hashes_of(feeder.said)
    with clock.at(START + 10_000 * HOUR):
        while QueuedLeaf.objects.exists():
            actions.sequence(share=1)
    look(handed, seen)
    assert QueuedLeaf.objects.count() == 0
    assert len(handed) <= queries.tree_size()
    assert len(seen) > kills // 3
    _everything_signed_continues(list(seen.values()))


def _everything_signed_continues(signed: list[str]) -> None:
    """The monitor recomputes the tree at every head that was ever seen signed; each key and each number is there."""
    report = monitor.verify(against=signed)
    assert report.ok, report.findings
    heads = [notes.open_checkpoint(note, queries.log_keys()) for note in signed]
    sizes = [head.size for head in heads]
    assert sizes == sorted(sizes)


def test_no_leaf_is_lost_though_the_database_is_killed_while_a_batch_is_written(server: Server, tmp_path: Path) -> None:
    _it_dies_while_a_batch_is_written(server, tmp_path / "evening", kills=2)


@pytest.mark.crash
def test_no_leaf_is_lost_though_the_database_is_killed_a_hundred_times(server: Server, tmp_path: Path) -> None:
    _it_dies_while_a_batch_is_written(server, tmp_path / "evening", kills=100)
