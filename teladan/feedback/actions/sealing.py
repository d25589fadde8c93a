"""The life of a collection month: it opens with its rules frozen, is sealed once, and then forgets its tickets."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from teladan.core import audit, clock, policy
from teladan.feedback import leaves
from teladan.feedback.actions.holding import hold_same_device, settle_cases
from teladan.feedback.actions.openings import OpeningsFile, Staged, month_key, opening_line, salt_line, staged_month
from teladan.feedback.actions.profiles import forget_profiles
from teladan.feedback.leaves import Kind, Seal
from teladan.feedback.models import (
    REFUSED,
    CollectionMonth,
    MonthKey,
    RatingLeaf,
    RatingStatus,
    RefusedRating,
    SealedComment,
    SealedRating,
    SealSalt,
    Ticket,
)
from teladan.feedback.queries import policy_on, seal_opens_on
from teladan.feedback.questionnaire import plan_of
from teladan.feedback.sql import statement
from teladan.ledger import actions as ledger
from teladan.ledger import queries as ledger_queries

logger = logging.getLogger(__name__)
_LIST = "COPY feedback_ratingleaf (leaf, month, status, reason) FROM STDIN"
_EMPTIED = (
    "feedback_stagedrating", "feedback_stagedcomment", "feedback_waitingprofile", "feedback_issueday", "feedback_ticket",
    "feedback_refusedrating", "feedback_monthkey", "feedback_sealsalt", "ledger_queuedleaf",
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
    """A sealed month: salted digest over its sorted ratings, and how many ratings and comments it holds."""

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
    nowhere else, and a leaf of the seal goes to the log. It hides the rows behind a salt of the month.

    Runs in the caller's transaction. A sealed month is only summed up again. SealRefused before the last ticket has
    expired, and while an earlier month is open.
    """
    open_month(month)
    collection = CollectionMonth.objects.select_for_update(no_key=True).get(pk=month)
    if collection.state == CollectionMonth.State.SEALED:
        return _summary(month, collection.seal_digest)
    _check_ready(month)
    hold_same_device()
    salt = secrets.token_bytes(32)
    collection.openings_digest = _close_leaves(month, salt)
    for name in ("seal_comments", "seal_ratings", "seal_profiles", "count_tickets", "count_days"):
        _run(name, {"month": month})
    settle_cases(month)
    SealSalt.objects.create(month=month, salt=salt, blind=leaves.figures_blind(salt))
    seal = _seal_of(month, salt)
    ledger.append(seal.line(), after_size=None)
    _destroy_keys(month)
    summary = _summary(month, seal.rows)
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


def _close_leaves(month: date, salt: bytes) -> str:
    """Finish what nobody finished, write the auditors' file, list what became of each leaf; the file's digest. And forget
    the profiles of those whose ratings do not count.

    One pass over the month in an order drawn by the database; memory holds some of it at a time, however long it is.
    """
    changed = 0
    with OpeningsFile(month) as file:
        file.write(salt_line(month, salt))
        for found in staged_month(month):
            ledger.append(*(_rating_line(one) for one, _ in found if one.leaf is None), after_size=None)
            changed += sum(one.leaf not in (None, one.opening.c) for one, _ in found)
            file.write("".join(opening_line(one, row) for one, row in found))
            _list_leaves(month, found)
            forget_profiles(one.id for one, row in found if row["status"] in (RatingStatus.HELD, RatingStatus.VOIDED))
    if changed:
        logger.error("%d penilaian %s tidak lagi sama dengan daunnya di log.", changed, f"{month:%Y-%m}")
    return file.digest


def _rating_line(one: Staged) -> bytes:
    return leaves.line(Kind.RATING, one.month, one.opening.c)


def _list_leaves(month: date, found: Iterable[tuple[Staged, dict[str, Any]]]) -> None:
    with connection.cursor() as cursor, cursor.cursor.copy(_LIST) as copy:
        for one, row in found:
            copy.write_row((one.leaf or one.opening.c, month, row["status"], row["reason"]))


def _destroy_keys(month: date) -> None:
    """What could make a leaf's number again, or add to a refused cast."""
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
    forgotten = {
        *SealedRating.objects.filter(officer=None).values_list("month", flat=True).distinct(),
        *SealSalt.objects.filter(salt=None).values_list("month", flat=True),
    }
    return [month for month in rows.order_by("month").values_list("month", flat=True) if month not in forgotten]


def _is_as_sealed(month: date) -> bool:
    salt = SealSalt.objects.filter(month=month).values_list("salt", flat=True).first()
    seal = _seal_of(month, None if salt is None else bytes(salt))
    return ledger_queries.holds(leaves.leaf_hash(seal.line()))


def _summary(month: date, digest: str) -> SealSummary:
    return SealSummary(
        digest,
        SealedRating.objects.filter(month=month).count(),
        SealedComment.objects.filter(month=month).count(),
    )


def _seal_of(month: date, salt: bytes | None) -> Seal:
    """The seal of the month as it is stored now; the same rows in any order give the same one. Without salt, as before v2."""
    rows = _hashed("sealed_lines", month, leaves.rows_hash(salt))
    statuses = _hashed("leaf_lines", month, hashlib.sha256())
    found = RatingLeaf.objects.filter(month=month).exclude(status=REFUSED).values_list("status")
    return Seal(month, rows, statuses, dict(found.annotate(n=Count("leaf")).order_by()), salted=salt is not None)


def _hashed(name: str, month: date, found: hashlib._Hash) -> str:
    """SHA-256 over the lines of a statement, as they come."""
    with connection.cursor() as cursor, cursor.cursor.copy(statement(name), {"month": month}) as copy:
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
    """Tickets go after their months; then the officer's name goes from sealed ratings, and the salt that could prove a guess.

    (Retention policy.)
    """
    Ticket.objects.filter(month__lt=clock.add_months(month, -int(rules["retention.ticket_months"]))).delete()
    oldest = clock.add_months(month, -int(rules["retention.officer_months"]))
    SealedRating.objects.filter(month__lt=oldest, officer__isnull=False).update(officer=None)
    SealedComment.objects.filter(month__lt=oldest, officer__isnull=False).update(officer=None)
    SealSalt.objects.filter(month__lt=oldest, salt__isnull=False).update(salt=None)


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
