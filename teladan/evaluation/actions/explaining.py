"""Noting that somebody took the file from which a score can be redone."""

from __future__ import annotations

from teladan.core import audit
from teladan.evaluation.models import OfficerResult


def note_download(*, result: OfficerResult, by: object) -> None:
    """One audit event per download of a recompute file."""
    audit.record(
        event=audit.Event.RECOMPUTE_DOWNLOADED,
        actor=by,
        subject=f"officer_result:{result.pk}",
        after={"month": f"{result.closing.month:%Y-%m}", "version": result.closing.version},
    )
