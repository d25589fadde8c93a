"""The frozen reports on bias and pressure, of closings in force."""

from __future__ import annotations

from datetime import date

from teladan.evaluation.models import IntegrityReport


def reports() -> list[IntegrityReport]:
    """Every month's report, latest first."""
    rows = IntegrityReport.objects.filter(closing__is_current=True).select_related("closing")
    return list(rows.order_by("-closing__month"))


def report_of(month: date) -> IntegrityReport | None:
    """The report of one month."""
    rows = IntegrityReport.objects.filter(closing__is_current=True, closing__month=month)
    return rows.select_related("closing").first()
