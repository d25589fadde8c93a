"""Whatever citizens, the integrity desk, the worker and crashes do: the leaves add up, and no checkpoint contradicts another."""

from __future__ import annotations

import itertools
import os
import random
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from teladan.core import clock
from teladan.feedback import leaves, queries, tokens
from teladan.feedback.actions.casting import DifferentAnswers, EditClosed, amend_rating, cast_again, cast_rating
from teladan.feedback.actions.receipts import Receipt, finish_rating, settle_unfinished
from teladan.feedback.actions.sealing import MonthSealed, SealRefused, forget_tickets, seal_month, warn_changed
from teladan.feedback.leaves import Kind
from teladan.feedback.models import RatingLeaf, RatingStatus, SealedRating, SealSalt, StagedRating
from teladan.ledger import actions as ledger
from teladan.ledger import monitor
from teladan.ledger import queries as log
from teladan.ledger.models import Leaf, QueuedLeaf, Round
from teladan.ledger.rules import tree
from tests.feedback.conftest import DAY, OCTOBER, Office, judge, make_office
from tests.forks import child
from tests.ledger.conftest import superuser

START = clock.local(DAY, 9)
SEAL_DAY = clock.local(date(2026, 11, 8), 9)
Travel = Callable[[date], Any]


@pytest.fixture(autouse=True)
def _own_log(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.OPENINGS_DIR = tmp_path / "openings"
    settings.LEDGER_TRUSTED_KEYS = []


class Cut(Exception):
    """The power went."""


def rating_lines(kind: Kind) -> Counter[str]:
    rows = [*QueuedLeaf.objects.values_list("data", flat=True), *Leaf.objects.values_list("data", flat=True)]
    parts = [bytes(row).decode().split(" ") for row in rows]
    return Counter(one[3] for one in parts if one[1] == kind and one[2] == "2026-10")


class Month(RuleBasedStateMachine):
    """October, lived at random. The model knows of each receipt what must become of it."""

    tickets: Bundle[bytes] = Bundle("tickets")
    keys: Bundle[tuple[str, str]] = Bundle("keys")
    receipts: Bundle[Receipt] = Bundle("receipts")
    minute = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block._from_testcase = True  # type: ignore[attr-defined]
        self.block.__enter__()
        self.clock = clock.at(START)
        self.clock.__enter__()
        Round.objects.all().delete()
        ledger.ensure_started()
        self.office = make_office()
        self.fates: dict[str, str] = {}  # of finished ratings, by number
        self.spent: set[bytes] = set()
        self.issued = 0
        self.open = True
        self.heads: list[tuple[int, bytes]] = []

    def teardown(self) -> None:
        try:
            self.close_and_count()
        finally:
            self.clock.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @rule(target=tickets)
    def issue(self) -> bytes:
        if not self.open:
            with pytest.raises(MonthSealed):
                self.office.token(START)
            return bytes(16)
        self.issued += 1
        return self.office.token(START)

    @rule(target=keys, token=tickets, score=st.integers(1, 4), nonce=st.binary(min_size=1, max_size=1))
    def cast(self, token: bytes, score: int, nonce: bytes) -> tuple[str, str]:
        good = self.open and token not in self.spent and token != bytes(16)
        try:
            cast = cast_rating(token_hash=tokens.token_hash(token), answers={"overall": score}, nonce=nonce)
        except DifferentAnswers as earlier:
            cast, good = earlier.cast, False
        if good:
            self.spent.add(token)
        return cast.edit_key, "counted" if good else "either"

    @rule(key=keys, score=st.integers(1, 4))
    def amend(self, key: tuple[str, str], score: int) -> None:
        with suppress(EditClosed):
            amend_rating(edit_key=key[0], answers={"waktu": score})

    @rule(target=receipts, key=consumes(keys))
    def finish(self, key: tuple[str, str]) -> Any:
        return self._finished(key[0])

    def _finished(self, key: str) -> Any:
        from hypothesis.stateful import multiple

        try:
            receipt = finish_rating(edit_key=key)
        except EditClosed:
            assert not self.open
            return multiple()
        again = finish_rating(edit_key=key)
        assert again == receipt
        if receipt.c.hex() not in self.fates:
            refused = RatingLeaf.objects.filter(leaf=receipt.c).exists()
            status = "refused" if refused else StagedRating.objects.get(leaf=receipt.c).status
            self.fates[receipt.c.hex()] = status
        return receipt

    @rule(target=keys, receipt=receipts, score=st.integers(1, 4), nonce=st.binary(min_size=1, max_size=1))
    def rate_again(self, receipt: Receipt, score: int, nonce: bytes) -> tuple[str, str]:
        before = self.fates[receipt.c.hex()]
        known = StagedRating.objects.count()
        try:
            key = cast_again(leaf=receipt.c, month=OCTOBER, answers={"overall": score}, nonce=nonce).edit_key
        except DifferentAnswers as earlier:
            return earlier.cast.edit_key, "either"
        replaced = StagedRating.objects.count() > known
        if self.open and replaced:
            assert before in ("counted", "held")
            self.fates[receipt.c.hex()] = "superseded"
        return key, before

    @rule(receipt=receipts, status=st.sampled_from(["held", "voided", "counted"]))
    def judge(self, receipt: Receipt, status: str) -> None:
        """The integrity desk; its own rules are tried elsewhere."""
        if self.open and self.fates[receipt.c.hex()] in ("counted", "held"):
            judge(StagedRating.objects.filter(leaf=receipt.c), status)
            self.fates[receipt.c.hex()] = status

    @rule(hours=st.integers(0, 30), share=st.sampled_from([0.5, 1.0]))
    def round(self, hours: int, share: float) -> None:
        with clock.at(clock.now() + timedelta(hours=hours)):
            settle_unfinished()
            self._signed(ledger.sequence(share=share))

    def _signed(self, checkpoint: Any) -> None:
        if checkpoint is not None:
            self.heads.append((checkpoint.size, bytes(checkpoint.root)))

    @rule(step=st.sampled_from(["salt_line", "settle_cases", "_destroy_keys"]))
    def crash_in_the_seal(self, step: str) -> None:
        if not self.open:
            return
        before = self._picture()
        with pytest.MonkeyPatch.context() as patch, clock.at(SEAL_DAY):
            patch.setattr(f"teladan.feedback.actions.sealing.{step}", _cut)
            with pytest.raises(Cut):
                seal_month(month=OCTOBER, by="test")
        assert self._picture() == before

    @rule()
    def crash_in_the_round(self) -> None:
        before = self._picture()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ledger, "_note_waiting", _cut)
            with pytest.raises(Cut):
                ledger.sequence(share=1)
        assert self._picture() == before

    def _picture(self) -> tuple[Any, ...]:
        return (
            sorted(StagedRating.objects.values_list("id", "leaf", "status")),
            SealedRating.objects.count(),
            SealSalt.objects.count(),
            Leaf.objects.count(),
            set(QueuedLeaf.objects.values_list("leaf_hash", flat=True)),
        )

    @rule()
    def seal(self) -> None:
        self.clock.__exit__(None, None, None)
        self.clock = clock.at(SEAL_DAY)
        self.clock.__enter__()
        seal_month(month=OCTOBER, by="test")
        self.open = False

    @rule()
    def seal_too_early(self) -> None:
        if self.open:
            with pytest.raises(SealRefused):
                seal_month(month=OCTOBER, by="test")

    @invariant()
    def every_promise_is_on_its_way(self) -> None:
        rating, refused = rating_lines(Kind.RATING), rating_lines(Kind.REFUSED)
        assert set((rating + refused).values()) <= {1}
        for c, fate in self.fates.items():
            assert (refused if fate == "refused" else rating)[c] == 1 or self._of_another_month(c), fate

    def _of_another_month(self, c: str) -> bool:
        """A refusal after the seal goes under the running month."""
        return RatingLeaf.objects.filter(leaf=bytes.fromhex(c)).exclude(month=OCTOBER).exists()

    def close_and_count(self) -> None:
        """Step 10, from the log's side and from the list's."""
        if self.open:
            self.seal()
        for _ in range(2):
            self._signed(ledger.sequence(share=1))
        status = {bytes(leaf).hex(): name for leaf, name in RatingLeaf.objects.values_list("leaf", "status")}
        for c, fate in self.fates.items():
            assert status[c] == fate, (status[c], fate)
        (line,) = [one for one in queries.leaf_counts() if one.month == OCTOBER]
        assert line.leaves == sum(rating_lines(Kind.RATING).values())
        assert line.by_status["refused"] == sum(rating_lines(Kind.REFUSED).values())
        assert line.by_status["counted"] == SealedRating.objects.count() <= self.issued
        assert sum(rating_lines(Kind.TICKET).values()) == line.tickets == self.issued
        assert QueuedLeaf.objects.count() == 0
        report = monitor.verify()
        assert report.ok, report.findings
        for (old, old_root), (new, new_root) in itertools.pairwise(self.heads):
            proof = log.span_hashes(tree.consistency_spans(old, new))
            assert tree.verify_consistency(old, old_root, new, new_root, proof)
        assert warn_changed() == []


def _cut(*_: Any, **__: Any) -> Any:
    raise Cut


@pytest.mark.django_db
def test_a_month_at_random_adds_up() -> None:
    """LOG-04."""
    run_state_machine_as_test(
        Month,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking a month takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- LOG-05, without an outside witness ------------------------------------------------------------------------------

TAMPERED = {
    "a sealed answer": "UPDATE feedback_sealedrating SET overall = 5 - overall WHERE id IN (SELECT id FROM feedback_sealedrating LIMIT 1)",
    "a sealed rating taken out": "DELETE FROM feedback_sealedrating WHERE id IN (SELECT id FROM feedback_sealedrating LIMIT 1)",
    "a sealed rating put in": "INSERT INTO feedback_sealedrating (id, month, unit_id, service_id, officer_id, channel, overall)"
    " SELECT gen_random_uuid(), month, unit_id, service_id, officer_id, channel, 4 FROM feedback_sealedrating LIMIT 1",
    "the salt": "UPDATE feedback_sealsalt SET salt = sha256(salt)",
    "the salt taken out": "DELETE FROM feedback_sealsalt",
    "a status": "UPDATE feedback_ratingleaf SET status = 'voided' WHERE leaf IN (SELECT leaf FROM feedback_ratingleaf LIMIT 1)",
    "a status taken out": "DELETE FROM feedback_ratingleaf WHERE leaf IN (SELECT leaf FROM feedback_ratingleaf LIMIT 1)",
    "a leaf in the log": "UPDATE ledger_leaf SET data = NULL, leaf_hash = sha256('x') WHERE index = 1",
    "two leaves in another order": "UPDATE ledger_leaf l SET data = o.data, leaf_hash = sha256('\\x01' || o.leaf_hash)"
    " FROM ledger_leaf o WHERE l.index = 0 AND o.index = 1",
    "the last leaf": "DELETE FROM ledger_leaf WHERE index = (SELECT max(index) FROM ledger_leaf)",
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", TAMPERED)
def test_what_a_superuser_changes_is_told_within_a_day(
    october: datetime, office: Office, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    Round.objects.all().delete()
    ledger.ensure_started()
    for score, token in enumerate(office.tokens(4), 1):
        finish_rating(edit_key=cast_rating(token_hash=tokens.token_hash(token), answers={"overall": score}).edit_key)
    with clock.at(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        ledger.sequence()
        ledger.sequence(share=1)
    caplog.clear()  # within a test's transaction nothing commits, so the worker remembers nothing and says so
    assert warn_changed() == []
    monitor.warn_broken()
    assert caplog.text == ""
    with superuser() as cursor:
        cursor.execute("ALTER TABLE ledger_leaf DROP CONSTRAINT IF EXISTS leaf_hash_of_data")
        cursor.execute(TAMPERED[what])
    warn_changed()
    monitor.warn_broken()
    assert "tidak lagi seperti saat disegel" in caplog.text or "Log tidak utuh" in caplog.text


# --- LOG-08: the new tables ------------------------------------------------------------------------------------------


def _rated_in_order(count: int) -> list[str]:
    office = make_office()
    fresh = office.tokens(count, START)
    found = []
    for token in fresh:
        key = cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 4}).edit_key
        found.append(finish_rating(edit_key=key).c.hex())
    return found


def _nothing_leads_from_leaf_to_rating(count: int) -> None:
    from tests.feedback.test_sealing import spearman

    with clock.at(START):
        ledger.ensure_started()
        order = {c: place for place, c in enumerate(_rated_in_order(count))}
    with clock.at(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        forget_tickets(month=OCTOBER)
        ledger.sequence()
        ledger.sequence(share=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, encode(leaf, 'hex') FROM feedback_ratingleaf ORDER BY ctid")
        listed = cursor.fetchall()
        cursor.execute("SELECT xmin::text, convert_from(data, 'UTF8') FROM ledger_leaf ORDER BY index")
        logged = [(xmin, text.split(" ")[3]) for xmin, text in cursor.fetchall() if " rating " in text]
        cursor.execute(
            "SELECT DISTINCT xmin::text FROM feedback_ticket UNION ALL SELECT DISTINCT xmin::text FROM feedback_sealedrating"
        )
        others = [row[0] for row in cursor.fetchall()]
    assert len({xmin for xmin, _ in listed}) == 1
    assert len(others) == len(set(others)) == 2
    assert not {xmin for xmin, _ in logged} & set(others)
    for rows in (listed, logged):
        assert len(rows) == count
        found = [order[c] for _, c in rows]
        assert abs(spearman(list(range(count)), found)) < 0.05 + 4 / count**0.5 * (count < 10_000)


@pytest.mark.django_db(transaction=True)
def test_no_order_and_no_transaction_leads_from_leaf_to_rating() -> None:
    """LOG-08; with so few only the coarsest trace would show, the crash run takes ten thousand."""
    _nothing_leads_from_leaf_to_rating(150)


@pytest.mark.crash
@pytest.mark.django_db(transaction=True)
def test_no_order_and_no_transaction_leads_from_leaf_to_rating_over_ten_thousand() -> None:
    _nothing_leads_from_leaf_to_rating(10_000)


# --- REL: killed in the middle ---------------------------------------------------------------------------------------


def _citizens(office_tokens: list[bytes], pipe: int) -> None:
    """What a web process does, until it is killed: cast, add, finish, hand out the promise."""
    with clock.at(START):
        for token in office_tokens:
            key = cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 1}, nonce=token).edit_key
            with suppress(EditClosed):
                amend_rating(edit_key=key, answers={"waktu": 2}, comment="lama")
            os.write(pipe, finish_rating(edit_key=key).c + token)


def _kill_in_the_middle(times: int) -> None:
    with clock.at(START):
        ledger.ensure_started()
        office = make_office()
        draw = random.Random(times)
        promised: dict[bytes, bytes] = {}
        for i in range(times):
            fresh = office.tokens(60, START)
            promised |= _killed(fresh, draw.uniform(0.0, 0.06), begun=bool(i % 2))
            _nothing_is_half_done()
    leaves_of = {bytes(c) for c in StagedRating.objects.exclude(leaf=None).values_list("leaf", flat=True)}
    assert set(promised) <= leaves_of
    assert promised, "killed before anything was promised"
    with clock.at(START):
        for c, token in promised.items():  # the citizen sends the form again and gets the same
            key = cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 1}, nonce=token).edit_key
            assert finish_rating(edit_key=key).c == c


def _killed(fresh: list[bytes], after: float, *, begun: bool) -> dict[bytes, bytes]:
    """Kill it so long after its start, or after its first promise; what it promised."""
    connection.close()
    read, write = os.pipe()
    pid = child(lambda: _citizens(fresh, write))
    os.close(write)
    if begun:
        select.select([read], [], [], 30)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    assert os.waitpid(pid, 0)[1] in (0, signal.SIGKILL), "it stopped by itself"
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    whole = [told[start : start + 48] for start in range(0, len(told) - 47, 48)]
    return {one[:32]: one[32:] for one in whole}


def _nothing_is_half_done() -> None:
    """A leaf is queued if and only if its rating says so; a spent ticket has its rating."""
    lines = {
        leaves.line(Kind.RATING, OCTOBER, bytes(c))
        for c in StagedRating.objects.exclude(leaf=None).values_list("leaf", flat=True)
    }
    queued = {bytes(data) for data in QueuedLeaf.objects.values_list("data", flat=True) if b" rating " in bytes(data)}
    assert queued == lines
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM feedback_ticket WHERE spent_on IS NOT NULL")
        assert cursor.fetchone()[0] == StagedRating.objects.count()
    assert set(StagedRating.objects.values_list("status", flat=True)) <= {RatingStatus.COUNTED.value}


@pytest.mark.django_db(transaction=True)
def test_promise_is_given_only_for_what_is_kept_though_killed_ten_times() -> None:
    _kill_in_the_middle(10)


@pytest.mark.crash
@pytest.mark.django_db(transaction=True)
def test_promise_is_given_only_for_what_is_kept_though_killed_two_hundred_times() -> None:
    _kill_in_the_middle(200)
