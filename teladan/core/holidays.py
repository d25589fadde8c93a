"""The free days of the office: national holidays and collective leave, as data with their source, loaded from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from teladan.core import audit
from teladan.core.models import Holiday
from teladan.core.workdays import add_working_days

MARGIN = timedelta(days=60)
"""More than the longest run of free days that a period of working days can meet."""


def free_days(first: date, last: date) -> frozenset[date]:
    """All free days from `first` to `last`, both included."""
    return frozenset(Holiday.objects.filter(date__range=(first, last)).values_list("date", flat=True))


def working_day_after(start: date, count: int) -> date:
    """The `count`-th working day after `start`, by the calendar in the database."""
    return add_working_days(start, count, free_days(start, start + timedelta(days=2 * count) + MARGIN))


@dataclass(frozen=True)
class Loaded:
    """What a load did: rows added or corrected, and days of the same years that the rows do not name."""

    changed: int
    removed: tuple[Holiday, ...]
    beside: tuple[Holiday, ...]


@transaction.atomic
def load(rows: Iterable[Mapping[str, Any]], *, by: object, whole_years: bool = False) -> Loaded:
    """Add the days that are not there and correct those that changed.

    `whole_years`: the rows are all free days of the years they name, and other days of these years are taken away.
    """
    known = {row.date: row for row in Holiday.objects.select_for_update()}
    named, changed = set(), 0
    for row in rows:
        day = date.fromisoformat(row["date"])
        named.add(day)
        values = {"name": row["name"], "kind": Holiday.Kind(row["kind"]), "legal_basis": row["legal_basis"]}
        found = known.get(day) or Holiday(date=day)
        if found.pk and all(getattr(found, name) == value for name, value in values.items()):
            continue
        for name, value in values.items():
            setattr(found, name, value)
        found.save()
        changed += 1
    years = {day.year for day in named}
    others = tuple(row for day, row in sorted(known.items()) if day.year in years and day not in named)
    removed, beside = (others, ()) if whole_years else ((), others)
    Holiday.objects.filter(date__in=[row.date for row in removed]).delete()
    if changed or removed:
        after = {"rows": changed, "removed": [row.date.isoformat() for row in removed]}
        audit.record(event=audit.Event.HOLIDAYS_LOADED, actor=by, subject="holidays", after=after)
    return Loaded(changed, removed, beside)
