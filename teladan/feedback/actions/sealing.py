"""The life of a collection month: it opens with its rules frozen, is sealed once, and then forgets its tickets."""

from __future__ import annotations

import hashlib
import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from teladan.core import audit, clock, policy
from teladan.feedback import leaves
from teladan.feedback.actions.holding import hold_same_device, settle_cases
from teladan.feedback.actions.openings import Staged, month_key, opening_line, staged_month, write_openings
from teladan.feedback.leaves import Kind
from teladan.feedback.models import (
    REFUSED,
    CollectionMonth,
    MonthKey,
    RatingLeaf,
    RefusedRating,
    SealedComment,
    SealedRating,
    Ticket,
)
from teladan.feedback.queries import policy_on, seal_opens_on
from teladan.feedback.questionnaire import plan_of
from teladan.feedback.sql import statement
from teladan.ledger import actions as ledger
from teladan.ledger import queries as ledger_queries

logger = logging.getLogger(__name__)
_random = random.SystemRandom()
_LIST = "COPY feedback_ratingleaf (leaf, month, status, reason) FROM STDIN"
_EMPTIED = (
    "feedback_stagedrating", "feedback_stagedcomment", "feedback_waitingprofile", "feedback_issueday", "feedback_ticket",
    "feedback_refusedrating", "feedback_monthkey", "ledger_queuedleaf",
    "feedback_caserating", "feedback_heldcase",
)  # fmt: skip


class MonthSealed(Exception):
    """The month is sealed: no ticket and no rating enters it any more."""

    def __init__(self, month: date) -> None:
        super().__init__(f"Bulan {month:%Y-%m} sudah disegel; tiket dan penilaian baru tidak dapat masuk.")
        self.month = month


class SealRefused(Exception):
    """The month cannot be sealed now; the message says why and from when on."""


@dataclass(frozen=True)
class SealSummary:
    """A sealed month: digest over its sorted ratings, and how many ratings and comments it holds."""

    digest: str
    ratings: int
    comments: int


def open_month(month: date) -> CollectionMonth:
    """The collection month, opened with the rules of its first day when nobody opened it before."""
    found = CollectionMonth.objects.filter(pk=month).first()
    return found or _open(month)


@transaction.atomic
def _open(month: date) -> CollectionMonth:
    """Rules, questionnaire among them, freeze here. UnknownPlan when they name one that does not exist."""
    rules = policy_on(month)
    plan_of(rules, month)
    defaults = {
        "policy": rules,
        "policy_version": policy.version(month),
        "opened_at": clock.now(),
        "in_ledger": True,
    }
    opened, is_new = CollectionMonth.objects.get_or_create(month=month, defaults=defaults)
    if is_new:
        month_key(month)
        audit.record(
            event=audit.Event.MONTH_OPENED,
            actor="system",
            subject=f"month:{month:%Y-%m}",
            after={"policy_version": opened.policy_version},
        )
    return opened


def collecting_month(month: date) -> CollectionMonth:
    """The open collection month; MonthSealed when it no longer collects."""
    opened = open_month(month)
    if opened.state == CollectionMonth.State.SEALED:
        raise MonthSealed(month)
    return opened


@transaction.atomic
def seal_month(*, month: date, by: object) -> SealSummary:
    """Move the month's ratings and comments to sealed storage, apart and in random order; count profiles and tickets.

    Only ratings that count are moved. What became of each leaf stays as a list, what opens it goes to the auditors' file and
    nowhere else, and a leaf of the seal goes to the log.

    Runs in the caller's transaction. A sealed month is only summed up again. SealRefused before the last ticket has
    expired, and while an earlier month is open.
    """
    open_month(month)
    collection = CollectionMonth.objects.select_for_update(no_key=True).get(pk=month)
    if collection.state == CollectionMonth.State.SEALED:
        return _summary(month, collection.seal_digest)
    _check_ready(month)
    hold_same_device()
    collection.openings_digest, statuses = _close_leaves(month)
    for name in ("seal_comments", "seal_ratings", "seal_profiles", "count_tickets", "count_days"):
        _run(name, {"month": month})
    settle_cases(month)
    summary = _summary(month, _digest(month))
    _seal_leaves(month, bytes.fromhex(summary.digest), statuses)
    collection.state = CollectionMonth.State.SEALED
    collection.sealed_at, collection.sealed_by = clock.now(), _name(by)
    collection.seal_digest = summary.digest
    collection.save(update_fields=["state", "sealed_at", "sealed_by", "seal_digest", "openings_digest"])
    audit.record(
        event=audit.Event.MONTH_SEALED,
        actor=by,
        subject=f"month:{month:%Y-%m}",
        after={
            "digest": summary.digest,
            "ratings": summary.ratings,
            "comments": summary.comments,
            "openings": collection.openings_digest,
        },
    )
    return summary


def _close_leaves(month: date) -> tuple[str, list[tuple[bytes, str, str]]]:
    """Finish what nobody finished, write the auditors' file; its digest, and what became of each leaf, in random order."""
    found = staged_month(month)
    ledger.append(*(_rating_line(one) for one, _ in found if one.leaf is None), after_size=None)
    if changed := sum(one.leaf not in (None, one.opening.c) for one, _ in found):
        logger.error("%d penilaian %s tidak lagi sama dengan daunnya di log.", changed, f"{month:%Y-%m}")
    digest = write_openings(month, sorted(opening_line(one, row) for one, row in found))
    statuses = [(one.leaf or one.opening.c, row["status"], row["reason"]) for one, row in found]
    _random.shuffle(statuses)
    return digest, statuses


def _rating_line(one: Staged) -> bytes:
    return leaves.line(Kind.RATING, one.month, one.opening.c)


def _seal_leaves(month: date, rows: bytes, statuses: Sequence[tuple[bytes, str, str]]) -> None:
    """Keep the list of leaves, put the seal into the log, and destroy what could make a leaf's number again."""
    with connection.cursor() as cursor, cursor.cursor.copy(_LIST) as copy:
        for leaf, status, reason in statuses:
            copy.write_row((leaf, month, status, reason))
    counts = Counter(status for _, status, _ in statuses)
    listed = leaves.status_digest((leaf, status) for leaf, status, _ in statuses)
    ledger.append(leaves.seal(month, rows, listed, counts), after_size=None)
    RefusedRating.objects.filter(month=month).delete()
    MonthKey.objects.filter(month=month).delete()


def _check_ready(month: date) -> None:
    if ledger.is_older():  # sealed here, the auditors' file of the true seal would be written over
        raise SealRefused(
            "Basis data ini lebih tua daripada log yang sudah ditandatangani (cadangan?). "
            "Pulihkan sampai saat terakhir, lalu periksa: teladan verify."
        )
    opens = seal_opens_on(month)
    if clock.today() < opens:
        raise SealRefused(f"Bulan {month:%Y-%m} masih menerima penilaian; dapat disegel mulai {opens:%d-%m-%Y}.")
    earlier = (
        CollectionMonth.objects.filter(month__lt=month, state=CollectionMonth.State.OPEN).order_by("month").first()
    )
    if earlier is not None:
        raise SealRefused(f"Segel dahulu bulan {earlier}; bulan disegel berurutan.")


def _run(name: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)


def warn_changed() -> list[date]:
    """Say in the log of errors which sealed months are no longer what their leaf in the log says; once a day, by the worker.

    Months whose officers were forgotten are older than anything that could still be compared.
    """
    changed = changed_months()
    for month in changed:
        logger.error("Penilaian atau daftar daun %s tidak lagi seperti saat disegel.", f"{month:%Y-%m}")
    return changed


def changed_months() -> list[date]:
    """Sealed months that are no longer what their leaf in the log says."""
    return [month for month in _comparable_months() if not _is_as_sealed(month)]


def _comparable_months() -> list[date]:
    rows = CollectionMonth.objects.filter(state=CollectionMonth.State.SEALED, in_ledger=True)
    forgotten = set(SealedRating.objects.filter(officer=None).values_list("month", flat=True).distinct())
    return [month for month in rows.order_by("month").values_list("month", flat=True) if month not in forgotten]


def _is_as_sealed(month: date) -> bool:
    rows = RatingLeaf.objects.filter(month=month).exclude(status=REFUSED).values_list("leaf", "status")
    statuses = [(bytes(leaf), status) for leaf, status in rows]
    counts = Counter(status for _, status in statuses)
    data = leaves.seal(month, bytes.fromhex(_digest(month)), leaves.status_digest(statuses), counts)
    return ledger_queries.holds(leaves.leaf_hash(data))


def _summary(month: date, digest: str) -> SealSummary:
    return SealSummary(
        digest,
        SealedRating.objects.filter(month=month).count(),
        SealedComment.objects.filter(month=month).count(),
    )


def _digest(month: date) -> str:
    """SHA-256 over the sorted lines of the sealed ratings; the same rows in any order give the same digest."""
    found = hashlib.sha256()
    with connection.cursor() as cursor, cursor.cursor.copy(statement("sealed_lines"), {"month": month}) as copy:
        for block in copy:
            found.update(block)
    return found.hexdigest()


def _name(by: object) -> str:
    key = getattr(by, "pk", None)
    return f"user:{key}" if key else str(by)


def forget_tickets(*, month: date) -> None:
    """Drop what still said which tickets of a sealed month were used, and what has outlived its time.

    A transaction of its own, after the seal: the tickets' rows then share no transaction with any sealed rating.
    """
    with transaction.atomic(durable=True):
        collection = CollectionMonth.objects.select_for_update(no_key=True).get(pk=month)
        if collection.state != CollectionMonth.State.SEALED:
            raise SealRefused(f"Bulan {month:%Y-%m} belum disegel; tiketnya masih diperlukan.")
        if collection.forgotten_at is not None:
            return
        _run("forget_tickets", {"month": month, "expires_on": seal_opens_on(month) - timedelta(days=1)})
        _forget_outlived(month, collection.policy)
        collection.forgotten_at = clock.now()
        collection.save(update_fields=["forgotten_at"])
    _vacuum()


def _forget_outlived(month: date, rules: dict[str, Any]) -> None:
    """Tickets go after their months; then the officer's name goes from sealed ratings (retention policy)."""
    Ticket.objects.filter(month__lt=clock.add_months(month, -int(rules["retention.ticket_months"]))).delete()
    oldest = clock.add_months(month, -int(rules["retention.officer_months"]))
    SealedRating.objects.filter(month__lt=oldest, officer__isnull=False).update(officer=None)
    SealedComment.objects.filter(month__lt=oldest, officer__isnull=False).update(officer=None)


def _vacuum() -> None:
    """Clear the dead rows of what was forgotten from the tables' files; not possible inside a transaction.

    The sealed ratings never change again: reports read them at once as the database has come to know them.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for table in _EMPTIED:
            cursor.execute(f"VACUUM {table}")
        cursor.execute("VACUUM (ANALYZE) feedback_sealedrating")
