"""What the public may read of closed months: release rows of the closings in force, and nothing else.

A reopened month keeps its release until the next version takes its place: figures are replaced, never missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from teladan.evaluation.models import Closing, CommentRelease, Release

CITY, UNIT = "city", "unit"
CITY_KEY = "kota"


def _current() -> QuerySet[Release]:
    return Release.objects.filter(closing__is_current=True)


def released_months() -> list[date]:
    """Months with a release, oldest first."""
    return list(Closing.objects.filter(is_current=True).order_by("month").values_list("month", flat=True))


def release(kind: str, key: str, month: date) -> dict[str, Any] | None:
    """The payload of one release; None when there is none."""
    return _current().filter(kind=kind, key=key, closing__month=month).values_list("payload", flat=True).first()


def of_kind(kind: str, month: date) -> list[Release]:
    """Every release of a kind in a month, by key, with its closing."""
    rows = _current().filter(kind=kind, closing__month=month).order_by("key")
    return list(rows.select_related("closing"))


def history(kind: str, key: str) -> list[tuple[date, dict[str, Any]]]:
    """(month, payload) of one key over all released months, oldest first."""
    rows = _current().filter(kind=kind, key=key).order_by("closing__month")
    return list(rows.values_list("closing__month", "payload"))


def comments_of(unit_code: str) -> list[dict[str, Any]]:
    """The released comments of a unit, a payload for those that came out together, latest first."""
    rows = CommentRelease.objects.filter(unit_code=unit_code).order_by("-batch", "-version").distinct("batch")
    return list(rows.values_list("payload", flat=True))
