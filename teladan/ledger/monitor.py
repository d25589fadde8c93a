"""Everything recomputed from the rows, believing nothing that is stored: what is wrong is said in words.

Leaf hashes from their bytes, the tree from the leaf hashes, every tile, every checkpoint: its number, signatures, time, size and
root. Heads that are all roots over the first leaves of one list extend each other, so no proof between them is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

from teladan.core import clock
from teladan.ledger import keys, memory, queries
from teladan.ledger.models import Checkpoint, PublicKey, Tile
from teladan.ledger.rules import notes, tiles, tree
from teladan.ledger.rules.notes import Head, NoteRefused, VerifierKey

logger = logging.getLogger(__name__)
MOST = 20  # sentences of one kind; a log broken from its first leaf on need not be told leaf by leaf
CHUNK = 20_000
_UNKNOWN = bytes(tree.HASH_BYTES)
_COUNTS = """
SELECT (SELECT count(*) FROM ledger_leaf), (SELECT count(*) FROM ledger_tile),
       coalesce((SELECT size FROM ledger_checkpoint ORDER BY number DESC LIMIT 1), 0)
"""


@dataclass
class Report:
    """What was looked at, and what is wrong with it. `keys_from`: whose word the public keys rest on. `memory`: whether we
    may read what the worker remembers having signed."""

    origin: str
    leaves: int = 0
    tiles: int = 0
    checkpoints: int = 0
    root: str = ""
    keys_from: str = "basis data"
    memory: bool = True
    findings: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


class _Findings:
    """Sentences, at most MOST of a kind."""

    def __init__(self, report: Report) -> None:
        self._report, self._told = report, dict[str, int]()

    def tell(self, kind: str, sentence: str) -> None:
        self._told[kind] = self._told.get(kind, 0) + 1
        if self._told[kind] <= MOST:
            self._report.findings.append(sentence)
        else:
            self._report.more += 1


def verify(*, trusted: Sequence[VerifierKey] = (), against: Sequence[str] = ()) -> Report:
    """Recompute the whole log. `trusted`: public keys from outside, in place of those set or recorded here. `against`:
    checkpoints kept elsewhere, which this log must extend."""
    report = Report(settings.LEDGER_ORIGIN)
    findings = _Findings(report)
    log_keys = queries.both_kinds(trusted) or queries.log_keys()
    if trusted or settings.LEDGER_TRUSTED_KEYS:
        report.keys_from = "luar basis data"
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)  # before the rows are read: what comes in meanwhile is looked at the next time
        report.leaves, report.tiles, signed = cursor.fetchone()
    heads = _signed_heads(list(Checkpoint.objects.filter(size__lte=signed).order_by("number")), log_keys, findings)
    report.checkpoints = len(heads)
    kept = [*_kept_heads(against, log_keys, findings, "Titik periksa dari luar")]
    if note := _remembered(report):
        kept += _kept_heads([note], log_keys, findings, "Titik periksa yang diingat pekerja")
    there = min(signed, queries.tree_size())
    roots = _replay(there, {head.size for _, head in [*heads, *kept]}, findings)
    report.root = roots[there].hex()
    for name, head in [*heads, *kept]:
        if head.size > there:
            findings.tell("short", f"{name} mencakup {head.size} daun, log hanya {there}: daun hilang dari ujung log.")
        elif roots[head.size] != head.root:
            findings.tell("root", f"{name} (ukuran {head.size}): akarnya bukan akar daun-daun yang tersimpan.")
    _check_counts(report, signed, findings)
    _check_keys(findings)
    if late := queries.overdue():
        findings.tell("late", f"{late.count} daun menunggu masuk log, mungkin sejak {clock.day_of(late.since)}.")
    return report


def warn_broken() -> None:
    """Recompute the whole log and say in the log of errors what is wrong."""
    report = verify()
    for finding in report.findings:
        logger.error("Log tidak utuh: %s", finding)


def _remembered(report: Report) -> str | None:
    try:
        return memory.recall()
    except PermissionError:  # another user's than the worker's
        report.memory = False
        return None


def _signed_heads(found: list[Checkpoint], log_keys: list[VerifierKey], findings: _Findings) -> list[tuple[str, Head]]:
    """The heads as signed, each with its name; whatever is wrong with signature, row or order is told."""
    heads: list[tuple[str, Head]] = []
    number, size, at = 0, 0, None
    for one in found:
        name = f"Titik periksa {one.number}"
        if one.number != number:
            findings.tell("gap", f"Titik periksa {number} hilang; yang berikut bernomor {one.number}.")
        try:
            head = notes.open_checkpoint(one.note, log_keys, origin=settings.LEDGER_ORIGIN)
            if (stated := _time_of(one.note, log_keys)) != int(one.at.timestamp()):
                findings.tell("time", f"{name}: waktunya bukan waktu yang ditandatangani ({stated}).")
        except NoteRefused as refused:
            findings.tell("signature", f"{name}: {refused}")
            head = queries.head_of(one)
        if head != queries.head_of(one):
            findings.tell("row", f"{name}: ukuran atau akar pada baris berbeda dari yang ditandatangani.")
        if head.size < size or (at and one.at < at):
            findings.tell("order", f"{name} lebih kecil atau lebih tua daripada yang sebelumnya.")
        heads.append((name, head))
        number, size, at = one.number + 1, head.size, one.at
    return heads


def _time_of(note: str, log_keys: list[VerifierKey]) -> int:
    _, good = notes.open_note(note, log_keys)
    times = [one.time for one in good if one.key.kind == notes.COSIGNATURE]
    if not times:
        raise NoteRefused("Waktunya tidak ditandatangani.")
    return max(times)


def _kept_heads(
    texts: Sequence[str], log_keys: list[VerifierKey], findings: _Findings, name: str
) -> Iterator[tuple[str, Head]]:
    for text in texts:
        try:
            yield name, notes.open_checkpoint(text, log_keys, origin=settings.LEDGER_ORIGIN)
        except NoteRefused as refused:
            findings.tell("kept", f"{name}: {refused}")


def _replay(size: int, stops: set[int], findings: _Findings) -> dict[int, bytes]:
    """Grow the tree anew from the leaves' rows, comparing tiles on the way; the roots at the sizes asked for."""
    growth = tiles.Growth()
    roots = {0: tree.EMPTY_ROOT}
    ends = sorted({stop for stop in stops if 0 < stop <= size} | {size})
    waiting: list[bytes] = []
    for hashes in _leaf_hashes(size, findings):
        waiting += hashes
        while ends and len(waiting) >= ends[0] - growth.size:
            count = ends[0] - growth.size
            growth.add(waiting[:count])
            waiting = waiting[count:]
            roots[ends.pop(0)] = growth.root()
        growth.add(waiting)
        waiting = []
        _compare_tiles(growth.full, findings)
        growth.full.clear()
    return roots


def _leaf_hashes(size: int, findings: _Findings) -> Iterator[list[bytes]]:
    """Leaf hashes in their order, in lists; a leaf that is not there counts as 32 zero bytes."""
    for start in range(0, size, CHUNK):
        stop = min(start + CHUNK, size)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT index, leaf_hash, data FROM ledger_leaf WHERE index >= %s AND index < %s ORDER BY index",
                [start, stop],
            )
            rows = cursor.fetchall()
        if len(rows) != stop - start:
            there = {row[0] for row in rows}
            for index in range(start, stop):
                if index not in there:
                    findings.tell("missing", f"Daun {index} hilang.")
                    rows.append((index, _UNKNOWN, None))
            rows.sort(key=lambda row: row[0])
        for index, found, data in rows:
            if data is not None and tree.leaf_hash(data) != found:
                findings.tell("leaf", f"Daun {index}: sidiknya bukan sidik isinya.")
        yield [bytes(row[1]) for row in rows]


def _compare_tiles(wanted: list[tiles.FullTile], findings: _Findings) -> None:
    for level in {one.level for one in wanted}:
        there = {one.number: one for one in wanted if one.level == level}
        stored = Tile.objects.filter(level=level, number__gte=min(there), number__lte=max(there))
        for number, root, hashes in stored.values_list("number", "root", "hashes").iterator():
            one = there.pop(number)
            if bytes(hashes) != one.hashes:
                findings.tell(
                    "tile", f"Petak {level}/{number} tidak sama dengan daunnya: {_different(one, bytes(hashes))}."
                )
            if bytes(root) != one.root:
                findings.tell("tile", f"Petak {level}/{number}: akarnya salah.")
        for number in there:
            findings.tell("tile", f"Petak {level}/{number} hilang.")


def _different(one: tiles.FullTile, stored: bytes) -> str:
    """Where a tile and what lies below it disagree."""
    word = "daun" if one.level == 0 else f"petak {one.level - 1}/"
    pairs = zip(tiles.cut(one.hashes), tiles.cut(stored), strict=False)
    at = [one.number * tiles.WIDTH + i for i, (left, right) in enumerate(pairs) if left != right]
    return ", ".join(f"{word} {index}" for index in at[:5]) + (" …" if len(at) > 5 else "")


def _check_counts(report: Report, signed: int, findings: _Findings) -> None:
    if report.leaves > signed:
        findings.tell("count", f"{report.leaves - signed} daun berada di log tanpa titik periksa di atasnya.")
    full = sum(signed >> (tiles.HEIGHT * level) for level in range(1, 8))
    if report.tiles != full:
        findings.tell("count", f"Tersimpan {report.tiles} petak, seharusnya {full}.")


def _check_keys(findings: _Findings) -> None:
    """Recorded public keys: readable, none taken out, the present promise key among them."""
    found = list(PublicKey.objects.order_by("number"))
    if [one.number for one in found] != list(range(len(found))):
        findings.tell("keys", "Nomor kunci publik tidak berurutan; ada yang hilang.")
    for one in found:
        try:
            VerifierKey.parse(one.text)
        except NoteRefused as refused:
            findings.tell("keys", f"Kunci publik {one.number}: {refused}")
    if keys.promise_signer().key.as_text() not in {one.text for one in found if one.use == PublicKey.Use.PROMISE}:
        findings.tell("keys", "Kunci janji yang berlaku belum tercatat; jalankan `teladan setup`.")
