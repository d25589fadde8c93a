"""The log at one million leaves: the whole of it recomputed, beside the bare hashing; what a round and a proof cost there."""

from __future__ import annotations

from statistics import median
from time import perf_counter, process_time

from bench import stack

LEAVES = 1_000_000
BATCH = 1_000
PROOFS = 200

FILL = """
INSERT INTO ledger_leaf (index, leaf_hash, data)
SELECT i, sha256('\\x00'::bytea || d), d
FROM (SELECT i, sha256(i::text::bytea) AS d FROM generate_series(0, %s) i) leaves
"""


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        _measure(rounds)


def _measure(rounds: int) -> None:
    from teladan.ledger import actions, monitor, queries

    hashes = fill()
    actions.append(*(b"%d" % number for number in range(BATCH)))
    begin = perf_counter()
    actions.sequence()
    growth = perf_counter() - begin
    whole, work, bare = [], [], []
    for _ in range(rounds):
        begin, worked = perf_counter(), process_time()
        report = monitor.verify()
        whole.append(perf_counter() - begin)
        work.append(process_time() - worked)
        bare.append(_bare())
        assert report.ok, report.findings
        assert report.leaves == LEAVES + BATCH
    proof = []
    for leaf in hashes[:: LEAVES // PROOFS]:
        begin = perf_counter()
        queries.prove_inclusion(leaf)
        proof.append(perf_counter() - begin)
    print(f"{report.leaves:,} daun, {report.tiles:,} petak, {report.checkpoints} titik periksa; detik")
    print(f"periksa seluruhnya      {median(whole):8.2f}  (sasaran < 10; waktu prosesor {median(work):.2f})")
    print(f"hitung sidiknya saja    {median(bare):8.2f}  (waktu prosesor)")
    print(f"satu ronde {BATCH:,} daun   {growth:8.3f}")
    print(f"bukti satu daun         {median(proof):8.4f}")


def fill() -> list[bytes]:
    """A log as rounds would have left it, without a thousand rounds."""
    from django.conf import settings
    from django.db import connection

    from teladan.core import clock
    from teladan.ledger import actions, keys
    from teladan.ledger.models import Checkpoint, Leaf, PublicKey, Tile
    from teladan.ledger.rules import notes, tiles

    with connection.cursor() as cursor:
        cursor.execute(FILL, [LEAVES - 1])
    hashes = [bytes(one) for one in Leaf.objects.order_by("index").values_list("leaf_hash", flat=True).iterator()]
    growth = tiles.Growth()
    growth.add(hashes)
    Tile.objects.bulk_create(
        [Tile(level=one.level, number=one.number, root=one.root, hashes=one.hashes) for one in growth.full],
        batch_size=500,
    )
    head, now = notes.Head(settings.LEDGER_ORIGIN, growth.size, growth.root()), clock.now().replace(microsecond=0)
    signers = keys.log_signers()
    actions._record_keys(signers, PublicKey.Use.LOG)
    note = notes.sign_checkpoint(head, signers, int(now.timestamp()))
    Checkpoint.objects.create(number=0, size=head.size, root=head.root, note=note, at=now)
    return hashes


def _bare() -> float:
    """The two million hashes without which no one can recompute the tree."""
    from teladan.ledger.rules import tree

    begin = process_time()
    tree.root_of([tree.leaf_hash(bytes(32)) for _ in range(LEAVES)])
    return process_time() - begin
