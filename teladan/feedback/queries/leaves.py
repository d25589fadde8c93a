"""What became of a leaf, and what the log holds of each month. Nothing is said of a leaf before it stands in the log."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import connection
from django.db.models import Count, Sum

from teladan.feedback import leaves
from teladan.feedback.leaves import Kind
from teladan.feedback.models import REFUSED, CollectionMonth, RatingLeaf, RatingStatus, TicketCount
from teladan.feedback.sql import statement
from teladan.ledger import queries as ledger
from teladan.ledger.rules.notes import ProofFile

_OURS = tuple(f"{one} " for one in leaves.FORMATS)


class AmbiguousCode(Exception):
    """Two leaves begin alike; the whole receipt tells them apart."""


@dataclass(frozen=True)
class Checked:
    """A leaf that was given away. Status, reason and proof only once it stands in the log."""

    c: bytes = field(repr=False)
    month: date
    is_open: bool
    status: str = ""
    reason: str = ""
    proof: ProofFile | None = None
    leaf_hash: str = ""

    @property
    def code(self) -> str:
        return leaves.code_of(self.c)


def look_up(beginning: bytes) -> Checked | None:
    """The leaf that begins so, or none. AmbiguousCode where two do."""
    low, high = beginning.ljust(leaves.HASH_BYTES, b"\x00"), beginning.ljust(leaves.HASH_BYTES, b"\xff")
    with connection.cursor() as cursor:
        cursor.execute(statement("find_leaf"), {"low": low, "high": high})
        rows = [(bytes(c), *rest) for c, *rest in cursor.fetchall()]
    rows = [row for row in rows if hmac.compare_digest(row[0][: len(beginning)], beginning)]
    if len({row[0] for row in rows}) > 1:
        raise AmbiguousCode
    return _checked(*rows[0]) if rows else None


def _checked(c: bytes, month: date, status: str, reason: str, is_open: bool) -> Checked:
    kind = Kind.REFUSED if status == REFUSED else Kind.RATING
    hashed = leaves.leaf_hash(leaves.line(kind, month, c))
    proof = ledger.prove_inclusion(hashed)
    if proof is None:
        return Checked(c, month, is_open)
    return Checked(c, month, is_open, status, reason, proof, hashed.hex())


@dataclass(frozen=True)
class LeafCounts:
    """The leaves of a sealed month by what became of them. `in_ledger`: the whole month was lived with the log."""

    month: date
    in_ledger: bool
    tickets: int
    by_status: Mapping[str, int]
    seal_digest: str
    openings_digest: str

    @property
    def leaves(self) -> int:
        """Leaves of ratings; refusals are not among them."""
        return sum(self.by_status[status] for status in RatingStatus.values)


def leaf_counts() -> list[LeafCounts]:
    """Every sealed month, latest first. Nobody counts before."""
    sealed = CollectionMonth.objects.filter(state=CollectionMonth.State.SEALED).order_by("-month")
    rows = RatingLeaf.objects.filter(month__in=sealed.values("month")).values_list("month", "status")
    counts = {(month, status): n for month, status, n in rows.annotate(n=Count("leaf")).order_by()}
    issued = TicketCount.objects.values_list("month").annotate(n=Sum("issued")).order_by()
    tickets = dict(issued)
    return [
        LeafCounts(
            one.month,
            one.in_ledger,
            tickets.get(one.month, 0),
            {status: counts.get((one.month, status), 0) for status in (*RatingStatus.values, REFUSED)},
            one.seal_digest,
            one.openings_digest,
        )
        for one in sealed
    ]


def status_list(month: date) -> list[tuple[str, str]] | None:
    """The leaves of a sealed month and what became of each, in order of their numbers; none before the seal."""
    if not CollectionMonth.objects.filter(month=month, state=CollectionMonth.State.SEALED).exists():
        return None
    rows = RatingLeaf.objects.filter(month=month).order_by("leaf").values_list("leaf", "status")
    return [(bytes(leaf).hex(), status) for leaf, status in rows]


def published_log() -> Iterator[str]:
    """The last checkpoint and all its leaves in their order: the line where its month is sealed, else the hash alone."""
    last = ledger.latest_checkpoint()
    if last is None:
        return
    sealed = {
        f"{month:%Y-%m}"
        for month in CollectionMonth.objects.filter(state=CollectionMonth.State.SEALED).values_list("month", flat=True)
    }
    yield f"{last.note}\n"
    for hashed, data in ledger.leaves_in_order(last.size):
        text = "" if data is None else data.decode()
        shown = text.startswith(_OURS) and text.split(" ")[2] in sealed
        yield f"{text}\n" if shown else f"#{hashed.hex()}\n"
