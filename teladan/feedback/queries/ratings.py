"""Sealed ratings as counts: cells for the model, patterns of answers for the index. Never a single citizen's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from teladan.core import clock
from teladan.feedback import rules
from teladan.feedback.models import ELEMENTS, STAFF_ELEMENTS, CollectionMonth, SealedRating
from teladan.feedback.queries.months import thresholds, thresholds_of
from teladan.feedback.questionnaire import plan_of
from teladan.feedback.sql import statement
from teladan.scoring import Pattern

_COUNTABLE = (*STAFF_ELEMENTS, "waktu")


@dataclass(frozen=True)
class CellRow:
    """Ratings that agree in all that predicts them. `sum` and `sumsq` are of y, on 1-4."""

    unit_id: int
    officer_id: UUID
    service_id: int
    channel: str
    month: date
    pattern: str
    n: int
    sum: float
    sumsq: float


@dataclass(frozen=True)
class UnitAnswers:
    """All answers given to a unit in a month, or to one of its services; `rows` go to `scoring.ikm` as they are."""

    unit_id: int
    service_id: int | None
    rows: tuple[Mapping[str, int | None], ...]
    ratings: int
    overall_n: int
    overall_sum: int

    @property
    def overall_mean(self) -> float | None:
        return self.overall_sum / self.overall_n if self.overall_n else None


@dataclass(frozen=True)
class MonthAnswers:
    """All answers given to one service of a unit in one sealed month: how many citizens gave which nine answers.

    `supplied`: on how many of them the answer to cost was put by the rule for free services.
    """

    month: date
    service_id: int
    patterns: Mapping[Pattern, int]
    supplied: int = 0


@dataclass(frozen=True)
class RatingCount:
    """Sealed ratings of one officer and service in a month."""

    month: date
    unit_id: int
    service_id: int
    officer_id: UUID | None
    n: int


def cells(
    *, unit_ids: Iterable[int] | None = None, months: Iterable[date], elements: Iterable[str] = STAFF_ELEMENTS
) -> list[CellRow]:
    """Cells of the sealed months; `elements` are those that count for a person (policy `score.elements`)."""
    counted = set(elements)
    if wrong := counted - set(_COUNTABLE) or not counted:
        raise ValueError(f"elements must be some of {', '.join(_COUNTABLE)}, not {wrong}")
    values: dict[str, Any] = {name: name in counted for name in _COUNTABLE}
    values |= {"months": list(months), "all_units": unit_ids is None, "unit_ids": list(unit_ids or ())}
    rows = _rows("cells", values)
    return [
        CellRow(unit, officer, service, channel, month, pattern, int(n), float(total), float(squares))
        for unit, officer, service, channel, month, pattern, n, total, squares in rows
    ]


def unit_moments(month: date) -> list[UnitAnswers]:
    """Answers per unit (service None) and per unit and service of a sealed month, the rule for free services applied."""
    units: dict[int, list[tuple[Any, ...]]] = {}
    for unit, *rest in _rows("unit_answers", {"month": month, "next_month": clock.add_months(month, 1)}):
        units.setdefault(unit, []).append(tuple(rest))
    share = plan_of(thresholds(month), month).share
    single: dict[tuple[int, int | None], list[tuple[Any, ...]]] = {}
    for unit, rows in units.items():
        for service, *rest in rows if share == 1 else _drawn_cost(rows, share):
            single.setdefault((unit, None), []).append(tuple(rest))
            single.setdefault((unit, service), []).append(tuple(rest))
    return [_answers(unit, service, rows) for (unit, service), rows in sorted(single.items(), key=_none_first)]


_COST, _COUNT, _UNASKED = 1 + ELEMENTS.index("biaya"), 10, 13  # columns of unit_answers after the unit


def _drawn_cost(rows: list[tuple[Any, ...]], share: Fraction) -> list[tuple[Any, ...]]:
    """Where each element is asked of a share only, unasked cost counts for the same share: else free services would weigh
    more in this element than paid ones, whose citizens are asked by draw."""
    found = [row for row in rows if not row[_UNASKED]]
    free = [row for row in rows if row[_UNASKED]]
    for row, counted in zip(free, rules.spread([row[_COUNT] for row in free], share=share), strict=True):
        left_out = (*row[:_COST], None, *row[_COST + 1 : _COUNT], row[_COUNT] - counted, *row[_COUNT + 1 :])
        found.append(left_out)  # carries the answers to the overall question of all of them
        found.append((*row[:_COUNT], counted, 0, 0, row[_UNASKED]))
    return [row for row in found if row[_COUNT] or row[_COUNT + 1]]


def period_answers(unit_id: int, months: Iterable[date]) -> list[MonthAnswers]:
    """Answers of one unit per sealed month and service, the rule for free services applied as in `unit_moments`."""
    by_month: dict[date, list[tuple[Any, ...]]] = {}
    for month, *rest in _rows("period_answers", {"unit": unit_id, "months": list(months)}):
        by_month.setdefault(month, []).append(tuple(rest))
    frozen = thresholds_of(list(by_month))
    found: dict[tuple[date, int], dict[Pattern, int]] = {}
    supplied: dict[tuple[date, int], int] = {}
    for month, rows in by_month.items():
        share = plan_of(frozen[month], month).share
        for service, *rest in rows if share == 1 else _drawn_cost(rows, share):
            key, pattern = (month, service), tuple(rest[:9])
            patterns = found.setdefault(key, {})
            patterns[pattern] = patterns.get(pattern, 0) + rest[9]
            if rest[12] and rest[ELEMENTS.index("biaya")] is not None:
                supplied[key] = supplied.get(key, 0) + rest[9]
    return [MonthAnswers(*key, patterns, supplied.get(key, 0)) for key, patterns in found.items()]


def _none_first(item: tuple[tuple[int, int | None], Any]) -> tuple[int, int]:
    return item[0][0], item[0][1] or 0


def _answers(unit: int, service: int | None, rows: list[tuple[Any, ...]]) -> UnitAnswers:
    patterns: dict[tuple[tuple[int | None, ...], int], int] = {}
    for row in rows:
        pattern = row[:9], int(row[12])
        patterns[pattern] = patterns.get(pattern, 0) + row[9]
    return UnitAnswers(
        unit,
        service,
        tuple(
            {**dict(zip(ELEMENTS, pattern, strict=True)), "count": count, "unasked": unasked}
            for (pattern, unasked), count in patterns.items()
        ),
        ratings=sum(row[9] for row in rows),
        overall_n=sum(row[10] for row in rows),
        overall_sum=sum(int(row[11]) for row in rows),
    )


def _rows(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def officers_rated(unit_id: int, months: Iterable[date]) -> dict[date, dict[UUID | None, int]]:
    """How many sealed ratings each officer of a unit has in each month; None counts those whose officer was forgotten."""
    rows = SealedRating.objects.filter(unit=unit_id, month__in=list(months)).values_list("month", "officer")
    found: dict[date, dict[UUID | None, int]] = {}
    for month, officer, n in rows.annotate(n=Count("pk")):
        found.setdefault(month, {})[officer] = n
    return found


def rating_counts(months: Iterable[date]) -> list[RatingCount]:
    """How many ratings each officer and service has in the months that are sealed; open months stay silent."""
    sealed = CollectionMonth.objects.filter(month__in=list(months), state=CollectionMonth.State.SEALED)
    keys = ("month", "unit_id", "service_id", "officer_id")
    rows = SealedRating.objects.filter(month__in=sealed.values("month")).values(*keys).annotate(n=Count("pk"))
    return [RatingCount(**row) for row in rows.order_by(*keys)]
