"""Putting leaves into the queue, and the round that sequences them and signs."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from teladan.core import audit, clock
from teladan.ledger import keys, memory, queries
from teladan.ledger.models import Checkpoint, PublicKey, QueuedLeaf, Round, Tile
from teladan.ledger.rules import batches, notes, tiles, tree
from teladan.ledger.rules.batches import Waiting
from teladan.ledger.rules.notes import Head, NoteRefused, Signer

logger = logging.getLogger(__name__)
_QUEUE = """
INSERT INTO ledger_queuedleaf (leaf_hash, data, after_size)
SELECT leaf_hash, data, %s::bigint FROM unnest(%s::bytea[], %s::bytea[]) AS given (leaf_hash, data)
ON CONFLICT DO NOTHING
"""
_TAKE = """
DELETE FROM ledger_queuedleaf q WHERE id = ANY(%s)
RETURNING leaf_hash, EXISTS (SELECT 1 FROM ledger_leaf l WHERE l.leaf_hash = q.leaf_hash)
"""
_LOCK = 0x6C6F67  # one round at a time
_random = secrets.SystemRandom()


class LogBroken(Exception):
    """What is stored does not continue what was signed; nothing is signed. The message (Indonesian) says what differs."""


def append(*leaves: bytes, after_size: int | None = 0, keep_data: bool = True) -> list[bytes]:
    """Queue leaves in the caller's transaction, with one INSERT; gives their hashes. A leaf that waits already waits once.

    `after_size` 0: in the next batch. None: not before a checkpoint covers all that was queued before this leaf, and then in a
    batch drawn by lot. A size: likewise, after a checkpoint of that size. `keep_data=False` keeps the hash alone. Within other
    SQL the same is an INSERT into `ledger_queuedleaf` (docs/rules/ledger.md).
    """
    hashes = [tree.leaf_hash(data) for data in leaves]
    if leaves:
        with connection.cursor() as cursor:
            cursor.execute(_QUEUE, [after_size, hashes, [data if keep_data else None for data in leaves]])
    return hashes


def ensure_started() -> None:
    """What a new installation needs: a first look at the clock, and the promise key where everybody can find it."""
    Round.objects.get_or_create(id=1, defaults={"at": clock.now()})
    with transaction.atomic():
        _lock()
        _record_keys([keys.promise_signer()], PublicKey.Use.PROMISE)


@dataclass(frozen=True)
class _Queued:
    """A row of the queue."""

    id: Any
    leaf_hash: bytes
    data: bytes | None
    waiting: Waiting


def sequence(*, share: float = batches.SHARE) -> Checkpoint | None:
    """One round: a batch of the queue enters the log in random order, and a checkpoint over it is signed.

    One transaction under one lock: killed anywhere, nothing has happened. `share` of those who wait for their draw are taken
    (1: all who may). None where there was nothing to sign. LogBroken, and nothing signed, if the log does not continue the last
    checkpoint, or the last one that this worker remembers.
    """
    signers = keys.log_signers()
    with transaction.atomic(durable=True):
        _lock()
        now = clock.now().replace(microsecond=0)
        last = queries.latest_checkpoint()
        head = _trusted(last)
        batch, left = _take_batch(head.size, now, share)
        signed = None
        if last is None or batch or _wants_renewal(last, signers, now):
            signed = _sign(_grow(head, batch), head, last, signers, now)
            transaction.on_commit(partial(memory.keep, signed.note))
        _note_waiting(left, head.size + len(batch), now)
    return signed


def keep_promises() -> None:
    """What the worker does every hour: a round, another one if something waits too long, and a loud word if it still does."""
    sequence()
    if queries.overdue():
        sequence()
    warn_overdue()


def warn_overdue() -> None:
    """Say in the log of errors that leaves wait too long."""
    if late := queries.overdue():
        logger.error("%d daun menunggu masuk log, mungkin sejak %s; janji 24 jam terancam.", late.count, late.since)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _trusted(last: Checkpoint | None) -> Head:
    """The last signed head, found true: signed, equal to its row and to the stored tree, and no older than remembered."""
    head = Head(settings.LEDGER_ORIGIN, 0, tree.EMPTY_ROOT)
    if last:
        try:
            head = notes.open_checkpoint(last.note, queries.log_keys())
        except NoteRefused as refused:
            raise LogBroken(f"Titik periksa terakhir tidak dapat dipercaya. {refused}") from refused
        _check_origin(head.origin)
        if head != queries.head_of(last):
            raise LogBroken("Baris titik periksa terakhir tidak sama dengan catatan yang ditandatangani.")
    if (size := queries.tree_size()) != head.size:
        raise LogBroken(f"Log memuat {size} daun, titik periksa terakhir {head.size}.")
    _check_root(head, "titik periksa terakhir")
    _check_memory(head.size)
    return head


def _check_origin(origin: str) -> None:
    if origin != settings.LEDGER_ORIGIN:
        raise LogBroken(
            f"Nama log berubah dari {origin} menjadi {settings.LEDGER_ORIGIN}; nama log tidak boleh berubah. "
            f"Isi TELADAN_LEDGER_ORIGIN dengan {origin}."
        )


def _check_root(head: Head, name: str) -> None:
    try:
        found = queries.root_at(head.size)
    except queries.Missing as missing:
        raise LogBroken(str(missing)) from missing
    if found != head.root:
        raise LogBroken(f"Log tersimpan tidak sampai ke akar {name} (ukuran {head.size}).")


def _check_memory(size: int) -> None:
    """A worker that signed a larger or another tree before refuses to go on from this one. One that remembers nothing says so."""
    if (note := memory.recall()) is None:
        if size:
            logger.error(
                "Log memuat %d daun, tetapi pekerja tidak ingat titik periksa mana pun (%s hilang). Bandingkan dengan titik "
                "periksa yang disimpan di tempat lain: teladan verify --against BERKAS.",
                size,
                memory.path(),
            )
        return
    head = Head.parse(notes.split_note(note)[0])
    _check_origin(head.origin)
    if head.size > size:
        raise LogBroken(
            f"Basis data memuat {size} daun, padahal titik periksa atas {head.size} daun sudah ditandatangani. "
            "Basis data ini lebih tua (cadangan?). Pulihkan sampai saat terakhir, atau mulai log baru dengan nama lain."
        )
    _check_root(head, "titik periksa yang diingat pekerja")


def is_older() -> bool:
    """Whether this database holds fewer leaves than were signed from here: a backup. False where the memory is not ours to read."""
    try:
        note = memory.recall()
    except PermissionError:
        return False
    return note is not None and Head.parse(notes.split_note(note)[0]).size > queries.tree_size()


def _take_batch(size: int, now: datetime, share: float) -> tuple[list[_Queued], list[_Queued]]:
    """Take the leaves of this round out of the queue, in random order; and those left. One statement sees one instant."""
    rows = QueuedLeaf.objects.values_list("id", "leaf_hash", "data", "after_size", "since")
    taken: list[_Queued] = []
    left: list[_Queued] = []
    for id, leaf, data, after, since in rows:
        one = _Queued(id, bytes(leaf), None if data is None else bytes(data), Waiting(after, since))
        enters = batches.may_enter(one.waiting, size=size, now=now, drawn=_random.random() < share)
        (taken if enters else left).append(one)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [[one.id for one in taken]])
        known = {bytes(leaf) for leaf, stands in cursor.fetchall() if stands}
    batch = [one for one in taken if one.leaf_hash not in known]
    _random.shuffle(batch)
    return batch, left


def _grow(head: Head, batch: list[_Queued]) -> Head:
    """Store the batch behind the tree of `head`, with the tiles it fills; the new head."""
    growth = tiles.Growth(head.size, queries.edge_hashes(head.size))
    growth.add([one.leaf_hash for one in batch])
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy("COPY ledger_leaf (index, leaf_hash, data) FROM STDIN") as copy,
    ):
        for index, one in enumerate(batch, head.size):
            copy.write_row((index, one.leaf_hash, one.data))
    Tile.objects.bulk_create(
        [Tile(level=one.level, number=one.number, root=one.root, hashes=one.hashes) for one in growth.full],
        batch_size=500,
    )
    return Head(head.origin, growth.size, growth.root())


def _sign(new: Head, old: Head, last: Checkpoint | None, signers: list[Signer], now: datetime) -> Checkpoint:
    """Sign the new head, once the stored rows prove that it begins with the old one."""
    proof = queries.span_hashes(tree.consistency_spans(old.size, new.size))
    if not tree.verify_consistency(old.size, old.root, new.size, new.root, proof):
        raise LogBroken("Log baru tidak melanjutkan titik periksa terakhir; tidak ditandatangani.")
    _check_root(new, "yang akan ditandatangani")
    _record_keys(signers, PublicKey.Use.LOG)
    at = max(now, last.at) if last else now  # a clock that went back must not make time run backwards
    note = notes.sign_checkpoint(new, signers, int(at.timestamp()))
    return Checkpoint.objects.create(
        number=last.number + 1 if last else 0, size=new.size, root=new.root, note=note, at=at
    )


def _wants_renewal(last: Checkpoint, signers: list[Signer], now: datetime) -> bool:
    """Whether everybody should get a fresh checkpoint although nothing came in: the last is old, or keys have changed."""
    signed = {(one.name, one.key_id) for one in notes.split_note(last.note)[1]}
    return now - last.at >= batches.RENEW or any((one.name, one.key.key_id) not in signed for one in signers)


def _record_keys(signers: list[Signer], use: PublicKey.Use) -> None:
    """Keep the public half of keys used for the first time. Runs under the lock."""
    known = set(PublicKey.objects.values_list("text", flat=True))
    for text in [one.key.as_text() for one in signers]:
        if text not in known:
            PublicKey.objects.create(number=PublicKey.objects.count(), use=use, text=text, added_at=clock.now())
            audit.record(
                event=audit.Event.LEDGER_KEY_ADDED, actor="system", subject=f"ledger:{use}", after={"key": text}
            )


def _note_waiting(left: list[_Queued], size: int, now: datetime) -> None:
    """Tell those who were seen and not taken which tree they wait for, and from when on; write down this round."""
    before = Round.objects.values_list("at", flat=True).first() or now
    seen = [one.id for one in left if one.waiting.since is None or one.waiting.after_size is None]
    QueuedLeaf.objects.filter(id__in=seen).update(
        since=Coalesce("since", Value(before)), after_size=Coalesce("after_size", Value(size))
    )
    Round.objects.update_or_create(id=1, defaults={"at": now})
