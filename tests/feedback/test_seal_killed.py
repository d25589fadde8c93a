"""REL: whoever seals a month, or the database under it, is killed with -9 between any two statements. Then the month is sealed once, and alike."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from teladan.config.database import settings_from_url
from teladan.core import clock, sealedfile
from teladan.core.models import AuditEvent
from teladan.core.postgres import Server
from teladan.feedback import queries, tokens
from teladan.feedback.actions import sealing
from teladan.feedback.actions.casting import amend_rating, cast_again, cast_rating
from teladan.feedback.actions.openings import OpeningsFile, openings_path
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.sealing import seal_month, warn_changed
from teladan.feedback.models import (
    ELEMENTS,
    CollectionMonth,
    MonthKey,
    RatingLeaf,
    SealedComment,
    SealedRating,
    SealSalt,
    StagedComment,
    StagedRating,
    Ticket,
    TicketCount,
)
from teladan.ledger import actions as ledger
from teladan.ledger import monitor
from teladan.ledger.models import Leaf, QueuedLeaf
from tests.feedback.conftest import OCTOBER, make_office
from tests.feedback.test_step_ten import SEAL_DAY, START
from tests.forks import child
from tests.own_server import back_again, kill_hard, led_to, let_go, own_server

pytestmark = pytest.mark.django_db(transaction=True)

AUDITOR = sealedfile.new_private_key()
DIED, REFUSED, DONE = "died", "refused", "done"


@pytest.fixture(autouse=True)
def _own_log(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.OPENINGS_DIR = tmp_path / "openings"
    settings.LEDGER_TRUSTED_KEYS = []
    settings.AUDITOR_KEYS = [sealedfile.public_key(AUDITOR)]


def _rated_month() -> None:
    """Of everything something: finished, unfinished, rated again, commented, and from one device thrice."""
    with clock.at(START):
        ledger.ensure_started()
        office = make_office()
        device = uuid.uuid4()
        fresh = office.tokens(12, START)
        for number, token in enumerate(fresh[:10]):
            group = device if number >= 6 else None
            key = cast_rating(
                token_hash=tokens.token_hash(token), answers={"overall": 1 + number % 4}, nonce=token, device=group
            ).edit_key
            if number % 2:
                amend_rating(edit_key=key, answers={"waktu": 2}, comment=f"komentar {number}")
            if number < 8:
                receipt = finish_rating(edit_key=key)
            if number == 2:
                cast_again(leaf=receipt.c, month=OCTOBER, answers={"overall": 4})
    with clock.at(SEAL_DAY):
        sealing.hold_same_device()  # what the worker finds every ten minutes
    assert _statuses() == {"counted": 6, "held": 4, "superseded": 1}


def _statuses() -> Counter[str]:
    return Counter(StagedRating.objects.values_list("status", flat=True))


def _picture() -> tuple[Any, ...]:
    """Everything that a seal writes or takes away."""
    return (
        sorted(StagedRating.objects.values_list("id", "status")),
        [
            model.objects.count()
            for model in (SealedRating, SealSalt, StagedComment, SealedComment, RatingLeaf, TicketCount, Leaf)
        ],
        sorted(bytes(one) for one in QueuedLeaf.objects.values_list("leaf_hash", flat=True)),
        list(CollectionMonth.objects.values_list("month", "state", "seal_digest", "openings_digest")),
        [bytes(one) for one in MonthKey.objects.values_list("key", flat=True)],
        Ticket.objects.filter(spent_on__isnull=False).count(),
    )


def _seal() -> sealing.SealSummary:
    with clock.at(SEAL_DAY):
        return seal_month(month=OCTOBER, by="test")


def _seal_until(statement: int, die: Callable[[], None], server: Server | None = None) -> str:
    """Seal in a process of its own in which `die` happens before that statement (from 0), and how the process ended."""

    def work() -> None:
        if server:
            let_go(server)
        count = 0

        def counting(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal count
            if count == statement:
                die()
            count += 1
            return execute(sql, params, many, context)

        try:
            with transaction.atomic(), connection.execute_wrapper(counting):
                _seal()
                if count <= statement:
                    die()
        except (OperationalError, InterfaceError):
            os._exit(3)

    connection.close()
    status = os.waitpid(child(work), 0)[1]
    if os.WIFSIGNALED(status):
        return DIED
    return {0: DONE, 3: REFUSED}[os.waitstatus_to_exitcode(status)]


def _statements() -> int:
    """How many statements a seal sends; nothing of it stays."""
    count = 0

    def counting(execute: Any, *args: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*args)

    with transaction.atomic():
        with connection.execute_wrapper(counting):
            _seal()
        transaction.set_rollback(True)
    openings_path(OCTOBER).unlink()
    return count


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _lines_that_count() -> bytes:
    """What the seal's digest is made of beside the salt, by the words of the documentation, from what is staged."""
    counted = StagedRating.objects.filter(status="counted").select_related("unit", "service")
    lines = [
        "|".join(
            [
                "2026-10",
                one.unit.code,
                one.service.code,
                str(one.officer_id),
                one.channel,
                *(str(getattr(one, name) or "-") for name in ("overall", *ELEMENTS)),
            ]
        )
        + "\n"
        for one in counted
    ]
    return "".join(sorted(lines)).encode()


def _sealed_once_and_alike(wanted: bytes, statuses: Counter[str]) -> None:
    """The one seal, whenever it went through, is that of what was staged."""
    first = _seal()
    salt = bytes(SealSalt.objects.values_list("salt", flat=True).get())
    assert first.digest == hashlib.sha256(b"teladan-seal-v2" + salt + wanted).hexdigest()
    assert first.ratings == statuses["counted"]
    assert _seal() == first
    assert _seal_until(0, _die) == DIED
    assert _seal() == first
    with clock.at(SEAL_DAY):
        sealing.forget_tickets(month=OCTOBER)
        for _ in range(2):
            ledger.sequence(share=1)
    seals = [bytes(data) for data in Leaf.objects.values_list("data", flat=True) if b" seal " in bytes(data)]
    assert len(seals) == 1
    assert AuditEvent.objects.filter(event="feedback.month_sealed").count() == 1
    assert warn_changed() == []
    assert monitor.verify().findings == []
    _openings_are_there_once(statuses, salt)


def _openings_are_there_once(statuses: Counter[str], salt: bytes) -> None:
    """One file, the one whose digest was written down; it opens, and leads to each leaf of the list once."""
    path = openings_path(OCTOBER)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == CollectionMonth.objects.get().openings_digest
    with path.open("rb") as file:
        lines = b"".join(sealedfile.unseal(file, private=AUDITOR)).decode().splitlines()
    head, *opened = map(json.loads, lines)
    assert head == {"month": "2026-10", "salt": salt.hex()}
    listed = {bytes(leaf).hex(): status for leaf, status in RatingLeaf.objects.values_list("leaf", "status")}
    assert Counter(one["status"] for one in opened) == statuses
    assert {one["c"]: one["status"] for one in opened} == listed
    for one in opened:
        data = b"teladan-rating-v1" + bytes.fromhex(one["r"]) + one["payload"].encode()
        assert hashlib.sha256(data).hexdigest() == one["c"]
    (line,) = [one for one in queries.leaf_counts() if one.month == OCTOBER]
    assert line.leaves == len(opened)


MIDDLES: list[tuple[Any, str, int]] = [  # between two parts; where the file is whole, and not yet or just in its place
    (OpeningsFile, "write", 3),
    (sealing, "_list_leaves", 2),
    (sealedfile.Sealer, "close", 1),
    (Path, "replace", 1),
    (sealing, "_destroy_keys", 1),
]


def _dying(work: Callable[..., Any], time: int) -> Callable[..., Any]:
    """`work`, but the process dies the n-th time, counted from 1, before it."""
    count = itertools.count(1)

    def at_last(*args: Any) -> Any:
        if next(count) == time:
            _die()
        return work(*args)

    return at_last


def _killed_at(numbers: list[int]) -> None:
    before, wanted, statuses = _picture(), _lines_that_count(), _statuses()
    for number in numbers:
        assert _seal_until(number, _die) == DIED, number
        assert _picture() == before, number
    for owner, name, time in MIDDLES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("teladan.feedback.actions.openings._AT_ONCE", 4)
            patch.setattr(owner, name, _dying(getattr(owner, name), time))
            assert _seal_until(10_000, _die) == DIED, name
        assert _picture() == before, name
    _sealed_once_and_alike(wanted, statuses)


def test_month_is_sealed_once_though_whoever_seals_is_killed() -> None:
    _rated_month()
    last = _statements()
    _killed_at([0, 5, last // 2, last - 4, last])


@pytest.mark.crash
def test_month_is_sealed_once_though_whoever_seals_is_killed_before_every_statement() -> None:
    _rated_month()
    _killed_at(list(range(_statements() + 1)))


# --- the database ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as running, led_to(settings_from_url(running.url)):
        yield running


@pytest.mark.crash
def test_month_is_sealed_once_though_the_database_is_killed_before_every_statement(server: Server) -> None:
    _rated_month()
    last = _statements()
    before, wanted, statuses = _picture(), _lines_that_count(), _statuses()
    for number in range(last + 1):
        ended = _seal_until(number, lambda: kill_hard(server), server)
        back_again(server)
        assert ended == REFUSED or (ended == DONE and CollectionMonth.objects.get().state == "sealed"), number
        if ended == DONE:  # it was through before its connection noticed
            break
        assert _picture() == before, number
    _sealed_once_and_alike(wanted, statuses)
