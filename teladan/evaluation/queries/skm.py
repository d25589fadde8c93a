"""Reports of the satisfaction survey: which periods a unit has and where each stands, plans, publications, older indices.

What the public reads is `published` and `publication`: frozen rows, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db.models import Prefetch, QuerySet

from teladan.core import clock
from teladan.evaluation.models import Closing, PastIndex, SkmFollowUp, SkmPublication, SkmReport, UnitResult
from teladan.evaluation.rules import skm as rules
from teladan.evaluation.rules.skm import Period
from teladan.people.models import Unit, UnitPeriod

Json = dict[str, Any]


class State(StrEnum):
    """Where a period stands."""

    OPEN = "open"  # a month of it is not closed yet
    REOPENED = "reopened"  # a month of it is being closed anew
    READY = "ready"
    PUBLISHED = "published"
    OUTDATED = "outdated"  # published, and a month of it was closed anew since


@dataclass(frozen=True)
class PeriodLine:
    """One period of a unit on the list."""

    period: Period
    state: State
    publication: SkmPublication | None

    @property
    def may_publish(self) -> bool:
        return self.state in (State.READY, State.PUBLISHED, State.OUTDATED)


def units_with_results(units: QuerySet[Unit]) -> list[Unit]:
    """Those of these units that have a closed month; one query."""
    measured = UnitResult.objects.filter(service__isnull=True, closing__is_current=True).values("unit_id")
    return list(units.filter(pk__in=measured).order_by("code"))


def period_lines(unit: Unit, span: int) -> list[PeriodLine]:
    """Every period of that span since the unit's first closed month, latest first; three queries."""
    closings = list(Closing.objects.filter(is_current=True).order_by("month"))
    first = UnitResult.objects.filter(unit=unit, service__isnull=True).order_by("closing__month")
    start = first.values_list("closing__month", flat=True).first()
    if start is None or not closings:
        return []
    rows = SkmPublication.objects.filter(report__unit=unit, report__span=span, is_current=True)
    published = {
        row.report.first: row for row in rows.select_related("report", "published_by__person").defer("document")
    }
    lines = []
    period = rules.period_of(start, span)
    while period.first <= clock.month_of(clock.today()):
        found = published.get(period.first)
        lines.append(PeriodLine(period, _state(period, closings, found), found))
        period = rules.period_of(clock.add_months(period.first, span), span)
    return lines[::-1]


def period_line(unit: Unit, period: Period) -> PeriodLine | None:
    """One period as it stands; nothing where the unit has no figures in it."""
    return next((line for line in period_lines(unit, period.span) if line.period == period), None)


def _state(period: Period, closings: list[Closing], published: SkmPublication | None) -> State:
    inside = [row for row in closings if period.first <= row.month <= period.last]
    if closings[-1].month < period.last:
        return State.OPEN
    if any(row.reopened_at for row in inside):
        return State.REOPENED
    if published is None:
        return State.READY
    now = {f"{row.month:%Y-%m}": row.version for row in inside}
    then = {row["month"]: row["version"] for row in published.payload["closings"]}
    return State.OUTDATED if any(now.get(month) != version for month, version in then.items()) else State.PUBLISHED


# --- plans and publications ------------------------------------------------------------------------------------------


def report_of(unit: Unit, period: Period) -> SkmReport | None:
    """What people wrote and published about a period, with its plan and its publications, latest first."""
    plan = Prefetch("follow_up", SkmFollowUp.objects.order_by("due_on", "pk").select_related("written_by__person"))
    versions = SkmPublication.objects.order_by("-version").defer("document").select_related("published_by__person")
    rows = SkmReport.objects.filter(unit=unit, first=period.first, span=period.span).select_related("unit")
    return rows.prefetch_related(plan, Prefetch("publications", versions)).first()


def plan_of(unit: Unit, period: Period) -> list[SkmFollowUp]:
    """The follow-up plan of a period by due day; one query."""
    rows = SkmFollowUp.objects.filter(report__unit=unit, report__first=period.first, report__span=period.span)
    return list(rows.order_by("due_on", "pk"))


def follow_up_with_id(unit: Unit, period: Period, row_id: int) -> SkmFollowUp | None:
    """One line of that period's plan."""
    rows = SkmFollowUp.objects.filter(report__unit=unit, report__first=period.first, report__span=period.span)
    return rows.select_related("report__unit").filter(pk=row_id).first()


def _published(code: str) -> QuerySet[SkmPublication]:
    rows = SkmPublication.objects.filter(report__unit__code=code, is_current=True)
    return rows.select_related("report").order_by("-report__first", "-report__span")


def published(code: str) -> list[SkmPublication]:
    """Published reports of a unit, latest period first and the longer one first; without the documents."""
    rows = _published(code).defer("document")
    return sorted(rows, key=_reach, reverse=True)


def latest_published(units: Iterable[int]) -> dict[int, SkmPublication]:
    """Per unit the publication that reaches furthest, the longer one first; one query."""
    rows = SkmPublication.objects.filter(report__unit_id__in=list(units), is_current=True)
    found: dict[int, SkmPublication] = {}
    for row in sorted(rows.select_related("report").defer("document"), key=_reach):
        found[row.report.unit_id] = row
    return found


def _reach(row: SkmPublication) -> tuple[date, int]:
    return clock.add_months(row.report.first, row.report.span), row.report.span


def publication(code: str, period: Period) -> SkmPublication | None:
    """The publication in force of one period."""
    return _published(code).filter(report__first=period.first, report__span=period.span).first()


def version_of(unit: Unit, period: Period, version: int) -> SkmPublication | None:
    """One version of a publication, superseded or not."""
    rows = SkmPublication.objects.filter(report__unit=unit, report__first=period.first, report__span=period.span)
    return rows.filter(version=version).first()


# --- the trend -------------------------------------------------------------------------------------------------------


def past_indices(unit: Unit, until: Period) -> list[PastIndex]:
    """Imported indices of a unit that began no later than this period, oldest first."""
    return list(PastIndex.objects.filter(unit=unit, first__lte=until.first).order_by("first", "-span"))


def earlier_publications(unit: Unit, period: Period) -> list[Json]:
    """Frozen figures of the unit's earlier published periods of the same length, oldest first."""
    rows = SkmPublication.objects.filter(
        report__unit=unit, report__span=period.span, report__first__lt=period.first, is_current=True
    )
    return list(rows.order_by("report__first").values_list("payload", flat=True))


def past_by_key(units: Iterable[int]) -> Mapping[tuple[int, date, int], PastIndex]:
    """Imported indices of these units by unit, first month and span; one query."""
    rows = PastIndex.objects.filter(unit_id__in=list(units)).select_related("unit")
    return {(row.unit_id, row.first, row.span): row for row in rows}


def past_list(limit: int = 200) -> list[PastIndex]:
    """Imported indices of all units, latest period first."""
    return list(PastIndex.objects.select_related("unit").order_by("-first", "unit__code")[:limit])


# --- for the importer ------------------------------------------------------------------------------------------------


def units_by_name() -> dict[str, list[tuple[int, str]]]:
    """Every unit by its code and by every name it ever had, in small letters; one query."""
    found: dict[str, dict[int, str]] = {}
    rows = UnitPeriod.objects.order_by("valid_from").values_list("unit_id", "unit__code", "name")
    for unit, code, name in rows:
        found.setdefault(code.casefold(), {})[unit] = name
        found.setdefault(name.casefold(), {})[unit] = name
    return {key: list(units.items()) for key, units in found.items()}


def measured_months(units: Iterable[int]) -> dict[int, set[date]]:
    """Months of each unit with a result of our own; one query."""
    found: dict[int, set[date]] = {}
    rows = UnitResult.objects.filter(unit_id__in=list(units), service__isnull=True, closing__is_current=True)
    for unit, month in rows.values_list("unit_id", "closing__month"):
        found.setdefault(unit, set()).add(month)
    return found
