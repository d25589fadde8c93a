"""Closing a month, once and for all or again after a reopening; and the job behind the button.

A closing is one transaction: seal, compute, freeze, release. A second one drops what tied tickets to ratings
(`forget_tickets`); when it was cut off, the next run does it. One advisory lock holds all months, because windows reach
from one month into the next and months close in order.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import procrastinate.exceptions
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

import teladan
from teladan.core import audit, clock, progress
from teladan.core.audit import Event
from teladan.core.jobs import app
from teladan.core.policy import MissingPolicy
from teladan.evaluation.actions.freezing import Frozen, freeze
from teladan.evaluation.models import Closing
from teladan.evaluation.queries import closing as queries
from teladan.evaluation.queries import inputs
from teladan.evaluation.queries.closing import Item
from teladan.feedback.actions import sealing
from teladan.people.models import User

log = logging.getLogger(__name__)

# Before numpy loads: its threads only wait for each other on matrices this small, and one thread adds in one order.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

LOCK = 7_301_946  # any number that no other room uses
STEPS = 6
JOB = "evaluation.close_month"
_ARITHMETIC = ("scoring", "evaluation/rules", "feedback/sql", "services/sql")

Report = Callable[[int, str], None]


class CloseRefused(Exception):
    """The month cannot be closed now; `items` say why, and who can fix it."""

    def __init__(self, month: date, items: Sequence[Item]) -> None:
        super().__init__(" ".join(f"{item.what} {item.todo}" for item in items))
        self.month = month
        self.items = list(items)


class ReopenRefused(Exception):
    """The month cannot be reopened; the message says why."""


@dataclass(frozen=True)
class ClosingSummary:
    """What a closing did. `already`: the month was closed before, and nothing changed."""

    closing_id: int
    month: date
    version: int
    inputs_digest: str
    results_digest: str
    counts: dict[str, Any]
    seconds: float
    already: bool


# --- closing ---------------------------------------------------------------------------------------------------------


def close_month(*, month: date, by: object, on_progress: Report | None = None) -> ClosingSummary:
    """Seal a month and freeze its results; CloseRefused names what is in the way.

    Run twice, or by two workers at once, it gives one result. Must not be called inside another transaction.
    """
    started = perf_counter()
    report = on_progress or _silently
    with transaction.atomic():
        _lock()
        known = queries.current_closing(month)
        closing = known or _close(month, by, report)
    report(STEPS - 1, _("Melupakan tiket mana yang dipakai"))
    _forget()
    return _summary(closing, perf_counter() - started, already=known is not None)


def _silently(done: int, message: str) -> None:
    """Nobody is watching."""


def _lock() -> None:
    """Wait for any other closing; held until the transaction ends, however it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _close(month: date, by: object, report: Report) -> Closing:
    if stopped := queries.obstacles(month):
        raise CloseRefused(month, stopped)
    report(0, _("Menyegel penilaian"))
    sealed = _seal(month, by)
    report(1, _("Menghitung jumlah"))
    found = inputs.read(month)
    report(2, _("Menghitung indeks unit dan nilai petugas"))
    frozen = freeze(found)
    report(3, _("Menyimpan hasil"))
    closing = _write(month, found, frozen, by, sealed)
    report(4, _("Hasil tersimpan"))
    return closing


def _seal(month: date, by: object) -> sealing.SealSummary:
    try:
        return sealing.seal_month(month=month, by=by)
    except sealing.SealRefused as refusal:
        raise CloseRefused(month, [Item(str(refusal), queries.BKPSDM, "", True)]) from refusal


def _write(month: date, found: inputs.Inputs, frozen: Frozen, by: object, sealed: sealing.SealSummary) -> Closing:
    version = (Closing.objects.filter(month=month).aggregate(last=Max("version"))["last"] or 0) + 1
    Closing.objects.filter(month=month, is_current=True).update(is_current=False)
    closing = Closing.objects.create(
        month=month,
        version=version,
        inputs_digest=found.digest(),
        results_digest=frozen.digest,
        policy_version=found.policy_version,
        code_version=code_version(),
        counts={**frozen.counts, "ratings": sealed.ratings},
        closed_at=clock.now(),
        closed_by=_name(by),
    )
    frozen.write(closing)
    audit.record(
        event=Event.MONTH_CLOSED,
        actor=by,
        subject=f"month:{month:%Y-%m}",
        after={
            "version": version,
            "inputs_digest": closing.inputs_digest,
            "results_digest": closing.results_digest,
            "policy_version": closing.policy_version,
            "code_version": closing.code_version,
        },
    )
    return closing


def _forget() -> None:
    """This month's tickets, and those of a month whose closing was cut off right after it."""
    for month in queries.months_not_forgotten():
        sealing.forget_tickets(month=month)


def _name(by: object) -> str:
    """Who did it, as the pages say it; the audit keeps the account."""
    return str(by)[:80]


def _summary(closing: Closing, seconds: float, *, already: bool) -> ClosingSummary:
    return ClosingSummary(
        closing_id=closing.pk,
        month=closing.month,
        version=closing.version,
        inputs_digest=closing.inputs_digest,
        results_digest=closing.results_digest,
        counts=closing.counts,
        seconds=seconds,
        already=already,
    )


@cache
def code_version() -> str:
    """The release and a short digest of every file that turns counts into figures."""
    root = Path(teladan.__file__).parent
    found = hashlib.sha256()
    for folder in _ARITHMETIC:
        for path in sorted((root / folder).glob("*.*")):
            if path.suffix in (".py", ".sql"):
                found.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{teladan.__version__}+{found.hexdigest()[:12]}"


# --- reopening -------------------------------------------------------------------------------------------------------


@transaction.atomic
def reopen_month(*, month: date, by: object, reason: str) -> list[date]:
    """Open a closed month for another version, and every later closed month with it; return them in order of closing.

    Windows and the year of history reach forward, so later months are closed again too. No rating is accepted: the
    seal stays. The old versions stay, and stay in force, until new ones take their place.
    """
    _lock()
    reason = reason.strip()
    if not reason:
        raise ReopenRefused(_("Tulis alasan membuka kembali bulan ini."))
    rows = queries.reopened_after(month)
    if not rows or rows[0].month != month:
        raise ReopenRefused(_("Bulan ini tidak sedang tertutup, jadi tidak dapat dibuka kembali."))
    for closing in rows:
        why = reason if closing.month == month else f"Mengikuti {month:%Y-%m}: {reason}"
        _reopen(closing, by, why[:500])
    return [closing.month for closing in rows]


def _reopen(closing: Closing, by: object, reason: str) -> None:
    closing.reopened_at, closing.reopened_by, closing.reopen_reason = clock.now(), _name(by), reason
    closing.save(update_fields=["reopened_at", "reopened_by", "reopen_reason"])
    audit.record(
        event=Event.MONTH_REOPENED,
        actor=by,
        subject=f"month:{closing.month:%Y-%m}",
        before={"version": closing.version, "results_digest": closing.results_digest},
        reason=reason,
    )


# --- the button ------------------------------------------------------------------------------------------------------


def request_closing(*, month: date, by: User) -> None:
    """Queue the closing for the worker; asking twice queues it once. CloseRefused as in `close_month`."""
    if queries.current_closing(month):
        return
    if stopped := queries.obstacles(month):
        raise CloseRefused(month, stopped)
    key = f"{month:%Y-%m}"
    job = app.configure_task(JOB, queueing_lock=f"{JOB}:{key}", lock=JOB)
    try:
        with transaction.atomic():
            job.defer(month=key, by=by.pk)
    except procrastinate.exceptions.AlreadyEnqueued:
        return
    progress.start(queries.progress_key(month), STEPS, _("Menunggu giliran"), waiting=True)


def run_requested(*, month: date, user_id: int) -> None:
    """What the worker does: close, and tell the waiting page how far it is and how it ended."""
    by = User.objects.select_related("person").get(pk=user_id)
    key = queries.progress_key(month)
    progress.start(key, STEPS, _("Mulai menutup"))
    try:
        summary = close_month(month=month, by=by, on_progress=progress.reporter(key))
    except (CloseRefused, MissingPolicy) as refusal:
        progress.fail(key, str(refusal))
    except Exception:
        log.exception("closing of %s failed", month)
        progress.fail(
            key, _("Penutupan gagal, tidak ada yang berubah. Coba lagi; bila berulang, hubungi administrator.")
        )
        raise
    else:
        progress.finish(key, _("Selesai dalam %(seconds).1f detik.") % {"seconds": summary.seconds})
