"""From the queue into the log: who waits, who is drawn, in which order; killed or doubled, nothing is half."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.ledger import actions, memory, monitor, queries, tasks
from teladan.ledger.actions import LogBroken
from teladan.ledger.models import Checkpoint, Leaf, PublicKey, QueuedLeaf, Round, Tile
from teladan.ledger.rules import batches, tree
from teladan.ledger.rules.batches import Waiting
from tests.forks import child
from tests.house.rooms import ROOT
from tests.ledger import outsider
from tests.ledger.conftest import HOUR, OTHER_SEED, SEED, START, grow, log_key, rounds, superuser


def in_log() -> list[bytes]:
    return [bytes(data) for data in Leaf.objects.order_by("index").values_list("data", flat=True)]


def tell(leaf: bytes) -> int | None:
    found: int | None = QueuedLeaf.objects.values_list("after_size", flat=True).get(leaf_hash=tree.leaf_hash(leaf))
    return found


# --- handing over ---


@pytest.mark.django_db
def test_append_is_one_insert_and_goes_with_its_transaction(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with transaction.atomic():
        actions.append(b"lost")
        transaction.set_rollback(True)
    with django_assert_num_queries(1):
        assert actions.append(b"kept", b"too") == [tree.leaf_hash(b"kept"), tree.leaf_hash(b"too")]
    assert QueuedLeaf.objects.count() == 2


@pytest.mark.django_db
def test_append_twice_waits_once_and_stands_once() -> None:
    actions.append(b"one", b"one")
    actions.append(b"one")
    rounds(1)
    actions.append(b"one", b"two")
    rounds(1, START + HOUR)
    assert in_log() == [b"one", b"two"]
    assert not QueuedLeaf.objects.exists()


@pytest.mark.django_db
def test_leaf_can_be_kept_as_hash_alone() -> None:
    actions.append(b"secret", keep_data=False)
    rounds(1)
    leaf = Leaf.objects.get()
    assert (leaf.data, bytes(leaf.leaf_hash)) == (None, tree.leaf_hash(b"secret"))


@pytest.mark.django_db
def test_leaf_is_handed_over_within_other_sql() -> None:
    """The text that docs/rules/ledger.md shows, as part of a statement that does something else too."""
    page = (ROOT / "docs" / "rules" / "ledger.md").read_text(encoding="utf-8")
    insert = page.split("```sql\n")[1].split("```")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH spent AS (SELECT 1), leaf AS ({insert}) SELECT count(*) FROM spent", {"leaf": b"from a statement"}
        )
        cursor.execute(f"WITH spent AS (SELECT 1 WHERE false), leaf AS ({insert}) SELECT 1", {"leaf": b"not spent"})
    queued = QueuedLeaf.objects.get()
    assert bytes(queued.leaf_hash) == tree.leaf_hash(b"from a statement")
    assert queued.after_size is None


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["ledger_queuedleaf", "ledger_leaf"])
def test_database_refuses_a_hash_that_is_not_of_its_bytes(table: str) -> None:
    extra = ("index, ", "0, ") if table == "ledger_leaf" else ("", "")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="leaf_hash"), transaction.atomic():
        cursor.execute(f"INSERT INTO {table} ({extra[0]}leaf_hash, data) VALUES ({extra[1]}sha256('a'), 'a')")


@pytest.mark.django_db
def test_queue_says_nothing_of_time_or_order_before_a_round() -> None:
    with clock.at(START):
        actions.append(b"a", after_size=None)
    row = QueuedLeaf.objects.values().get()
    assert (row["after_size"], row["since"]) == (None, None)
    assert row["id"].version == 4
    assert set(row) == {"id", "leaf_hash", "data", "after_size", "since"}


# --- a round ---


@pytest.mark.django_db
def test_first_round_signs_the_empty_tree() -> None:
    (first,) = rounds(1)
    assert first is not None
    assert outsider.opened(first.note, log_key())[1:] == ["0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]


@pytest.mark.django_db
def test_round_without_leaves_signs_nothing_until_the_checkpoint_is_old() -> None:
    found = rounds(25)
    assert [index for index, one in enumerate(found) if one] == [0, 23]
    assert {one.size for one in found if one} == {0}


@pytest.mark.django_db
def test_order_in_a_batch_is_not_the_order_of_the_queue() -> None:
    handed = grow(60, 60)
    assert sorted(in_log()[:60]) == sorted(handed[:60])
    assert in_log()[:60] != handed[:60]
    moved = [in_log()[60:].index(leaf) - i for i, leaf in enumerate(handed[60:])]
    assert len(set(moved)) > 20


@pytest.mark.django_db
def test_every_leaf_and_every_pair_of_checkpoints_satisfies_the_outsider() -> None:
    handed = grow(1, 2, 254, 300, 0, 5)
    key = log_key()
    assert Tile.objects.count() == 2
    for leaf in [*handed[:5], *handed[255:262], *handed[-8:]]:
        proof = queries.prove_inclusion(tree.leaf_hash(leaf))
        assert proof is not None
        outsider.check_inclusion(proof.as_text(), tree.leaf_hash(leaf), key)
    heads = list(Checkpoint.objects.order_by("number"))
    assert [one.size for one in heads] == [1, 3, 257, 557, 562]
    for i, old in enumerate(heads):
        for new in heads[i:]:
            link = queries.prove_consistency(old.size, new.size)
            assert link is not None
            outsider.check_consistency(old.note, link.as_text(), key)
    assert outsider.root(in_log()) == bytes(heads[-1].root)


@pytest.mark.django_db
def test_proofs_read_few_rows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    leaf = grow(300, 300)[17]
    with django_assert_num_queries(5):  # checkpoint, index, full tiles, edge of the leaves, edge of the first tiles
        queries.prove_inclusion(tree.leaf_hash(leaf))
    with django_assert_num_queries(4):
        queries.prove_consistency(300, 600)


@pytest.mark.django_db
def test_what_is_not_in_the_log_is_not_proved() -> None:
    assert queries.prove_inclusion(bytes(32)) is None
    assert queries.prove_consistency(0, 0) is None
    grow(3)
    actions.append(b"still waiting")
    assert queries.prove_inclusion(tree.leaf_hash(b"still waiting")) is None
    assert queries.prove_consistency(1, 2) is None
    assert queries.prove_consistency(4, 3) is None


# --- who waits ---


@pytest.mark.django_db
def test_leaf_that_follows_waits_for_a_checkpoint_over_all_before_it() -> None:
    grow(5)
    actions.append(b"ticket")
    actions.append(b"rating", after_size=None)
    rounds(1, START + HOUR, share=1)
    assert in_log()[5:] == [b"ticket"]
    assert tell(b"rating") == 6
    rounds(1, START + 2 * HOUR, share=1)
    assert in_log()[5:] == [b"ticket", b"rating"]


@pytest.mark.django_db
def test_leaf_with_a_size_waits_for_a_checkpoint_of_that_size() -> None:
    grow(5)
    actions.append(b"later", after_size=7)
    actions.append(b"six")
    rounds(2, START + HOUR, share=1)
    assert (in_log()[5:], tell(b"later")) == ([b"six"], 7)
    actions.append(b"seven")
    rounds(2, START + 3 * HOUR, share=1)
    assert in_log()[5:] == [b"six", b"seven", b"later"]


@pytest.mark.django_db
def test_waiting_leaves_are_drawn_and_none_is_forgotten() -> None:
    leaves = [b"%d" % i for i in range(60)]
    actions.append(*leaves, after_size=None)
    sizes = []
    for hour in range(14):
        rounds(1, START + hour * HOUR)
        sizes.append(queries.tree_size())
    assert sizes[0] == 0
    assert 10 <= sizes[1] <= 50  # outside of that once in more than ten million runs
    assert sizes[-1] == 60
    assert sorted(in_log()) == sorted(leaves)


@pytest.mark.django_db
def test_nobody_waits_longer_than_promised_even_if_never_drawn() -> None:
    actions.append(b"unlucky", after_size=None)
    found = rounds(20, START + timedelta(minutes=59), share=0)
    assert [index for index, one in enumerate(found) if one and one.size == 1] == [12]


@pytest.mark.parametrize("after", [None, 0, 3, 9])
@pytest.mark.parametrize("hours", [None, -1, 0, 11, 12, 50])
def test_rule_of_entering(after: int | None, hours: int | None) -> None:
    since = None if hours is None else START - hours * HOUR
    for size, drawn in product(range(10), (False, True)):
        enters = batches.may_enter(Waiting(after, since), size=size, now=START, drawn=drawn)
        if after is None or after > size:
            assert not enters
        elif drawn or (after == 0 and hours is None):
            assert enters
        else:
            assert enters == (hours is not None and not 0 <= hours < 12)


# --- who waits too long ---


@pytest.mark.django_db
def test_alarm_when_the_worker_stands_still(caplog: pytest.LogCaptureFixture) -> None:
    rounds(1)
    with clock.at(START + 20 * HOUR):
        assert queries.overdue() is None  # nothing waits
        actions.append(b"a", b"b")
        late = queries.overdue()
        assert late is not None
        assert (late.count, late.since) == (2, START)
        with caplog.at_level(logging.ERROR):
            actions.warn_overdue()
        assert "2 daun" in caplog.text
        assert monitor.verify().findings == ["2 daun menunggu masuk log, mungkin sejak 2026-10-01."]
    with clock.at(START + 19 * HOUR):
        assert queries.overdue() is None


@pytest.mark.django_db
def test_alarm_for_the_leaf_that_rounds_pass_by() -> None:
    with clock.at(START):
        actions.append(b"never", after_size=99)
    rounds(19, START + HOUR)
    with clock.at(START + 19 * HOUR):
        assert queries.overdue() is None
    rounds(1, START + 20 * HOUR)
    with clock.at(START + 20 * HOUR):
        late = queries.overdue()
    assert late is not None
    assert (late.count, late.since) == (1, START)


@pytest.mark.django_db
@pytest.mark.parametrize("jump", [-48, -3, 30])
def test_promise_is_kept_though_the_clock_jumps(jump: int) -> None:
    """LOG-06: whatever the clock says, so few rounds of the worker are enough."""
    with clock.at(START):
        actions.append(b"ticket")
        actions.append(b"rating", after_size=None)
        actions.sequence(share=0)
    rounds(2, START + jump * HOUR, share=0)
    assert in_log() == [b"ticket", b"rating"]
    times = list(Checkpoint.objects.order_by("number").values_list("at", flat=True))
    assert times == sorted(times)
    assert monitor.verify().ok


@pytest.mark.django_db
def test_worker_that_comes_back_late_catches_up_at_once() -> None:
    with clock.at(START):
        actions.append(b"ticket")
        actions.append(b"rating", after_size=None)
    with clock.at(START + 22 * HOUR):
        tasks.keep_promises(timestamp=0)
        assert queries.overdue() is None
    assert in_log() == [b"ticket", b"rating"]


# --- two at once, and killed ---


def apart(work: Callable[[], Any]) -> Any:
    try:
        return work()
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_two_sequencers_at_once_make_one_log() -> None:
    for number in range(3):
        actions.append(*(b"%d-%d" % (number, i) for i in range(200)))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(apart, [actions.sequence] * 2))
    assert len(set(in_log())) == len(in_log()) == 600
    numbers = Checkpoint.objects.order_by("number").values_list("number", "size")
    assert list(numbers) == [(0, 200), (1, 400), (2, 600)]
    assert monitor.verify().ok


@pytest.mark.django_db(transaction=True)
def test_leaf_queued_during_a_round_is_not_said_to_be_covered() -> None:
    """A ticket and its rating that come in while a round is at work: the round covers neither."""
    actions.append(b"early")

    def meanwhile(*args: Any) -> Any:
        def hand_over() -> None:
            actions.append(b"ticket")
            actions.append(b"rating", after_size=None)

        with ThreadPoolExecutor(1) as pool:
            pool.submit(apart, hand_over).result()
        return grow_tree(*args)

    grow_tree = actions._grow
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(actions, "_grow", meanwhile)
        actions.sequence(share=1)
    assert tell(b"rating") is None
    actions.sequence(share=1)
    assert in_log() == [b"early", b"ticket"]
    actions.sequence(share=1)
    assert in_log() == [b"early", b"ticket", b"rating"]


def killed_in(step: str, owner: Any = actions, *, before: bool = False) -> None:
    """Run a round in a process of its own that is killed with -9 right after `step`, or right before."""
    original = getattr(owner, step)

    def die(*args: Any, **kw: Any) -> Any:
        if not before:
            original(*args, **kw)
        os.kill(os.getpid(), signal.SIGKILL)

    def round_that_dies() -> None:
        setattr(owner, step, die)
        actions.sequence()

    _, status = os.waitpid(child(round_that_dies), 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.django_db(transaction=True)
def test_killed_between_steps_nothing_has_happened() -> None:
    actions.append(*(b"%d" % i for i in range(300)))
    actions.append(b"waits", after_size=None)
    with clock.at(START):
        for step in ("_take_batch", "_grow", "_record_keys", "_sign", "_note_waiting"):
            killed_in(step)
            assert not any(model.objects.exists() for model in (Leaf, Tile, Checkpoint)), step
            assert not PublicKey.objects.filter(use="log").exists()
            assert QueuedLeaf.objects.filter(since=None, after_size=None).count() == 1
            assert QueuedLeaf.objects.count() == 301
        actions.sequence()
        assert queries.tree_size() == 300
        assert monitor.verify().findings == []


@pytest.mark.django_db(transaction=True)
def test_killed_after_the_commit_the_worker_goes_on() -> None:
    actions.append(b"a")
    actions.sequence()
    actions.append(b"b")
    before = memory.recall()
    killed_in("keep", memory, before=True)
    assert [one.size for one in Checkpoint.objects.order_by("number")] == [1, 2]
    assert memory.recall() == before
    actions.append(b"c")
    actions.sequence()
    assert monitor.verify().ok


# --- what is never signed ---


@pytest.mark.django_db(transaction=True)
def test_database_older_than_what_was_signed_is_refused() -> None:
    """A backup of yesterday: the worker remembers more than the database, and signs nothing."""
    grow(3, 2)
    with superuser() as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE index >= 3")
        cursor.execute("DELETE FROM ledger_checkpoint WHERE number = 1")
    actions.append(b"other")
    with pytest.raises(LogBroken, match="lebih tua"):
        actions.sequence()
    assert Checkpoint.objects.count() == 1
    assert "daun hilang dari ujung log" in " ".join(monitor.verify().findings)


@pytest.mark.django_db(transaction=True)
def test_log_emptied_and_begun_anew_is_refused() -> None:
    grow(3)
    with superuser() as cursor:
        cursor.execute("TRUNCATE ledger_leaf, ledger_tile, ledger_checkpoint, ledger_publickey")
    with pytest.raises(LogBroken, match="lebih tua"):
        actions.sequence()
    assert not monitor.verify().ok


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE ledger_leaf SET leaf_hash = sha256('x'), data = NULL WHERE index = 299", "akar"),
        ("UPDATE ledger_tile SET root = sha256('x')", "akar"),
        ("DELETE FROM ledger_leaf WHERE index = 299", "299 daun"),
        ("DELETE FROM ledger_leaf WHERE index = 280", "hilang"),
        ("DELETE FROM ledger_tile", "hilang"),
        ("UPDATE ledger_checkpoint SET size = 299", "tidak sama"),
        ("UPDATE ledger_checkpoint SET note = replace(note, '300', '301')", "tidak cocok"),
        ("DELETE FROM ledger_publickey WHERE use = 'log'", "dikenal"),
        ("INSERT INTO ledger_leaf (index, leaf_hash) VALUES (300, sha256('x'))", "301 daun"),
    ],
)
def test_worker_signs_nothing_over_a_changed_log(change: str, why: str) -> None:
    grow(300)
    with superuser() as cursor:
        cursor.execute(change)
    actions.append(b"next")
    with pytest.raises(LogBroken, match=why):
        actions.sequence()
    assert Checkpoint.objects.count() == 1
    assert QueuedLeaf.objects.count() == 1


@pytest.mark.django_db
def test_name_of_the_log_cannot_change(settings: Settings) -> None:
    grow(3)
    settings.LEDGER_ORIGIN = "lain.test/ledger"
    with pytest.raises(LogBroken, match="TELADAN_LEDGER_ORIGIN"):
        actions.sequence()


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Leaf, Tile, Checkpoint, PublicKey])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_append_only_tables_refuse_change(model: Any, change: str) -> None:
    grow(256)
    column = {"Leaf": "data", "Tile": "root", "Checkpoint": "note", "PublicKey": "text"}[model.__name__]
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        model.objects.update(**{column: model.objects.values_list(column, flat=True).first()}) if (
            change == "update"
        ) else model.objects.all()._raw_delete("default")


# --- keys ---


@pytest.mark.django_db
def test_new_key_signs_beside_the_old_one_then_alone(settings: Settings) -> None:
    grow(3)
    old = log_key()
    settings.LEDGER_KEY = lambda: f"{SEED}, {OTHER_SEED}"
    (both,) = rounds(1, START + 2 * HOUR)
    assert both is not None  # signed anew for the new key's sake
    new = queries.log_keys()[2].as_text()
    for key in (old, new):
        assert outsider.opened(both.note, key)[1] == "3"
    settings.LEDGER_KEY = lambda: OTHER_SEED
    actions.append(b"after")
    (alone,) = rounds(1, START + 3 * HOUR)
    assert alone is not None
    assert outsider.opened(alone.note, new)[1] == "4"
    with pytest.raises(outsider.REFUSED):
        outsider.opened(alone.note, old)
    assert monitor.verify().ok
    assert AuditEvent.objects.filter(event="ledger.key_added", subject="ledger:log").count() == 2


@pytest.mark.django_db
def test_first_round_is_written_down() -> None:
    rounds(1)
    assert Round.objects.get().at == START
