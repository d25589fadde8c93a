"""Reading the log: heads, hashes of subtrees, proofs, and what waits too long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Max, Q

from teladan.core import clock
from teladan.ledger import keys
from teladan.ledger.models import Checkpoint, Leaf, PublicKey, QueuedLeaf, Round, Tile
from teladan.ledger.rules import batches, notes, tiles, tree
from teladan.ledger.rules.notes import ConsistencyFile, Head, NoteRefused, ProofFile, VerifierKey

_PAGE = 10_000
_FULL = """
SELECT level, number, hashes FROM ledger_tile
JOIN unnest(%s::smallint[], %s::bigint[]) AS wanted (level, number) USING (level, number)
"""


def latest_checkpoint() -> Checkpoint | None:
    """The last signed head; none before the first round."""
    return Checkpoint.objects.order_by("-number").first()


def first_checkpoint_since(instant: datetime) -> Checkpoint | None:
    """The first head signed at or after an instant; none when that is still to come."""
    return Checkpoint.objects.filter(at__gte=instant).order_by("number").first()


def head_of(checkpoint: Checkpoint) -> Head:
    """What the columns of a checkpoint state."""
    return Head(settings.LEDGER_ORIGIN, checkpoint.size, bytes(checkpoint.root))


def tree_size() -> int:
    """How many leaves stand in the log."""
    last: int | None = Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def recorded_keys(use: str) -> list[VerifierKey]:
    """Public keys that ever signed, the oldest first. A row that is no key vouches for nothing; the monitor tells of it."""
    found = []
    for text in PublicKey.objects.filter(use=use).order_by("number").values_list("text", flat=True):
        with suppress(NoteRefused):
            found.append(VerifierKey.parse(text))
    return found


def log_keys() -> list[VerifierKey]:
    """The log's public keys by which this installation trusts checkpoints: those set, else those recorded; both kinds."""
    given = [VerifierKey.parse(text) for text in settings.LEDGER_TRUSTED_KEYS]
    return both_kinds(given or recorded_keys(PublicKey.Use.LOG))


def both_kinds(given: Iterable[VerifierKey]) -> list[VerifierKey]:
    """A log signs each head twice: plainly, and with the time."""
    return [key.with_kind(kind) for key in given for kind in (notes.ED25519, notes.COSIGNATURE)]


def promise_keys() -> list[VerifierKey]:
    """Public keys of promises: the present one and those before it."""
    present = keys.promise_signer().key
    return [present, *(key for key in recorded_keys(PublicKey.Use.PROMISE) if key != present)]


def verify_promise(text: str) -> bytes:
    """The leaf hash that a promise of this installation names, also under an earlier key; NoteRefused if it is none."""
    return notes.open_promise(text, promise_keys(), origin=settings.LEDGER_ORIGIN)


def prove_inclusion(leaf_hash: bytes) -> ProofFile | None:
    """The proof that a leaf stands under the last checkpoint; none while it waits, or was never handed over."""
    last = latest_checkpoint()
    index = Leaf.objects.filter(leaf_hash=leaf_hash).values_list("index", flat=True).first()
    if last is None or index is None or index >= last.size:
        return None
    return ProofFile(index, tuple(span_hashes(tree.inclusion_spans(index, last.size))), last.note)


def prove_consistency(old: int, new: int) -> ConsistencyFile | None:
    """The proof that the last checkpoint of `new` leaves begins with the tree of `old`; none without such a checkpoint."""
    checkpoint = Checkpoint.objects.filter(size=new).order_by("-number").first()
    if checkpoint is None or not 0 <= old <= new:
        return None
    return ConsistencyFile(old, tuple(span_hashes(tree.consistency_spans(old, new))), checkpoint.note)


def root_at(size: int) -> bytes:
    """The root over the first leaves, from the stored tiles."""
    return span_hashes([(0, size)])[0]


def span_hashes(spans: Sequence[tree.Span]) -> list[bytes]:
    """The hash of each span of leaves, from full tiles and the edges of the tree: at most one query a level and one more."""
    nodes = [list(tree.parts(span)) for span in spans]
    widths: dict[tuple[int, int], int] = {}
    for place in (tiles.place_of(node) for row in nodes for node in row):
        tile = (place.level, place.number)
        widths[tile] = max(place.width, widths.get(tile, 0))
    read = _read_tiles(widths)

    def of(node: tree.Node) -> bytes:
        place = tiles.place_of(node)
        return tree.root_of(read[place.level, place.number][place.first : place.width])

    return [tree.fold([of(node) for node in row]) for row in nodes]


def edge_hashes(size: int) -> list[list[bytes]]:
    """The hashes of the tiles that a tree has begun and not filled, by level."""
    edges = tiles.edges(size)
    read = _read_tiles({(level, number): width for level, number, width in edges if width})
    return [read.get((level, number), []) for level, number, _ in edges]


class Missing(Exception):
    """Rows of the tree are not there; the message (Indonesian) says which."""


def _read_tiles(widths: dict[tuple[int, int], int]) -> dict[tuple[int, int], list[bytes]]:
    """The first `width` hashes of each tile."""
    found: dict[tuple[int, int], list[bytes]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FULL, [[level for level, _ in widths], [number for _, number in widths]])
        for level, number, hashes in cursor.fetchall():
            found[level, number] = tiles.cut(bytes(hashes))
    for (level, number), width in widths.items():
        row = found.setdefault((level, number), []) or _read_edge(level, number, width)
        if len(row) < width:
            raise Missing(f"Baris log hilang: petak {level}/{number} hanya memuat {len(row)} dari {width} sidik.")
        found[level, number] = row
    return found


def _read_edge(level: int, number: int, width: int) -> list[bytes]:
    first = number * tiles.WIDTH
    if level == 0:
        leaves = Leaf.objects.filter(index__gte=first, index__lt=first + width).order_by("index")
        return [bytes(one) for one in leaves.values_list("leaf_hash", flat=True)]
    below = Tile.objects.filter(level=level - 1, number__gte=first, number__lt=first + width).order_by("number")
    return [bytes(one) for one in below.values_list("root", flat=True)]


def tile_bytes(level: int, number: int, width: int) -> bytes | None:
    """A tile as witnesses and monitors fetch it, full or the first `width` hashes of it; none beyond the last checkpoint."""
    last = latest_checkpoint()
    count = last.size >> (tiles.HEIGHT * level) if last and level < 8 else 0
    if not 0 < width <= tiles.WIDTH or number * tiles.WIDTH + width > count:
        return None
    return b"".join(_read_tiles({(level, number): width})[level, number][:width])


@dataclass(frozen=True)
class Overdue:
    """Leaves that wait longer than they should: how many, and from when on, at the most, the oldest waits."""

    count: int
    since: datetime


def overdue(now: datetime | None = None) -> Overdue | None:
    """Leaves that may wait 20 hours or more; none if all is well.

    A leaf that a round has seen waits since the round before it, at the most. One that no round has seen yet waits since the last
    round, at the most: so a worker that stands still is noticed too.
    """
    now = now or clock.now()
    last = Round.objects.values_list("at", flat=True).first()
    waiting = QueuedLeaf.objects.filter(Q(since__lte=now - batches.ALARM) | Q(since__gt=now))
    if last is None or batches.is_over(last, batches.ALARM, now=now):
        waiting = QueuedLeaf.objects.all()
    count = waiting.count()
    if not count:
        return None
    oldest = waiting.exclude(since=None).order_by("since").values_list("since", flat=True).first()
    return Overdue(count, min(one for one in (oldest, last, now) if one is not None))


def holds(leaf_hash: bytes) -> bool:
    """Whether a leaf stands in the log or waits for it."""
    return Leaf.objects.filter(leaf_hash=leaf_hash).exists() or QueuedLeaf.objects.filter(leaf_hash=leaf_hash).exists()


def leaves_in_order(size: int) -> Iterator[tuple[bytes, bytes | None]]:
    """The first leaves of the log, hash and bytes, without holding all of them at once."""
    for start in range(0, size, _PAGE):
        rows = Leaf.objects.filter(index__gte=start, index__lt=min(start + _PAGE, size)).order_by("index")
        for hashed, data in rows.values_list("leaf_hash", "data"):
            yield bytes(hashed), None if data is None else bytes(data)
