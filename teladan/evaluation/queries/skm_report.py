"""The content of a satisfaction survey's report for one unit and period, as one JSON value.

Figures come from the raw answers of the sealed months, cut to what the months' frozen releases let a longer period show
(`rules.skm.months_used`). Page, PDF, workbook, publication card and public page are all made from this value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.models import PastIndex, SkmFollowUp, UnitResult
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries.document import office_of
from teladan.evaluation.queries.skm_profile import profile_of
from teladan.evaluation.rules import skm as rules
from teladan.evaluation.rules.closing import DIGITS, digest, month_key
from teladan.evaluation.rules.skm import Cell, Period, Valued
from teladan.evaluation.rules.units import COST
from teladan.feedback import queries as feedback
from teladan.feedback.questionnaire import questionnaire_on
from teladan.people import queries as people
from teladan.people.models import Unit
from teladan.scoring import Pattern
from teladan.scoring.ikm import DEFAULT_REGIME

Json = dict[str, Any]
Patterns = Mapping[Pattern, int]
TREND_MONTHS = 12
FIGURES = ("unit", "period", "regime", "n", "ikm", "elements", "services", "events", "tickets", "spent", "plan")
"""What a reader would call the content; the trend and the previous plan change when other reports do."""


@dataclass(frozen=True)
class Measured:
    """One whole or part over a period: its masked answers, its respondents, the months that each figure rests on."""

    index: scoring.Ikm
    n: int
    months: frozenset[date]
    by_element: Mapping[str, frozenset[date]]


@dataclass(frozen=True)
class Report:
    """What a report says, and the answers it rests on: by month, in the disjoint sets of months that its figures add up."""

    payload: Json
    answers: Mapping[date, Patterns]
    sets: tuple[frozenset[date], ...]


def report_payload(unit: Unit, period: Period) -> Json:
    """Everything the report says."""
    return report(unit, period).payload


def report(unit: Unit, period: Period) -> Report:
    """The report. The number of queries does not depend on months, services or answers."""
    results = _results(unit, period)
    whole = {row.closing.month: row for row in results if row.service_id is None}
    months = sorted(whole)
    policy = feedback.thresholds_of(period.months)
    k = max((int(values["disclosure.k"]) for values in policy.values()), default=10)
    regime = str(policy[max(policy)]["ikm.regime"]) if policy else DEFAULT_REGIME
    answers = feedback.period_answers(unit.pk, months)
    by_month = _by_month(answers)
    measured = _measure(by_month, _supplied(answers), whole, regime, lambda cells: rules.months_used(period, cells, k))
    elements = [_element(measured, name, months, regime) for name in scoring.ELEMENTS]
    valued = [Valued(one["element"], Decimal(one["value"]), one["grade"]) for one in elements if one["grade"]]
    ikm = measured.index.value if all(one["grade"] for one in elements) else None
    tree = people.tree(clock.month_end(period.last))
    payload = {
        "unit": unit.code,
        "unit_name": tree.names.get(unit.pk, unit.code),
        "office": office_of(unit.pk, tree),
        "period": period.key,
        "k": k,
        "regime": regime,
        "legal_basis": scoring.regime_named(regime).legal_basis,
        **_index(measured, ikm),
        **_sample(unit, measured, whole),
        "elements": elements,
        "services": _services(results, answers, period, regime),
        "strengths": list(rules.strengths(valued, ikm)),
        "weaknesses": list(rules.weaknesses(valued, ikm)),
        "plan": _plan(queries.plan_of(unit, period)),
        "previous_plan": _plan(queries.plan_of(unit, period.previous)),
        "trend": {"months": _monthly(unit, period), "periods": _periods(unit, period)},
        "profile": profile_of(unit, months),
        "questions": _questions(period),
        "closings": [_closing(whole[month]) for month in months],
    }
    return Report(payload, by_month, rules.sets_used(period, _cells(by_month, whole), k))


def content_digest(payload: Json) -> str:
    """Names the figures and the plan, without what other reports bring in."""
    return digest({name: payload[name] for name in FIGURES})


def _results(unit: Unit, period: Period) -> list[UnitResult]:
    rows = UnitResult.objects.filter(
        unit=unit, closing__is_current=True, closing__month__gte=period.first, closing__month__lte=period.last
    )
    return list(rows.select_related("closing", "service").order_by("closing__month", "service__code"))


# --- measuring -------------------------------------------------------------------------------------------------------


def _by_month(answers: Iterable[feedback.MonthAnswers], service: int | None = None) -> dict[date, Patterns]:
    found: dict[date, dict[Pattern, int]] = {}
    for one in answers:
        if service is None or one.service_id == service:
            _add(one.patterns, to=found.setdefault(one.month, {}))
    return dict(found)


def _supplied(answers: Iterable[feedback.MonthAnswers], service: int | None = None) -> Counter[date]:
    """Answers to cost that the rule for free services has put, by month."""
    found: Counter[date] = Counter()
    for one in answers:
        if service is None or one.service_id == service:
            found[one.month] += one.supplied
    return found


def _add(patterns: Patterns, *, to: dict[Pattern, int]) -> None:
    for pattern, times in patterns.items():
        to[pattern] = to.get(pattern, 0) + times


def _cells(answers: Mapping[date, Patterns], results: Mapping[date, UnitResult]) -> dict[date, Cell]:
    """Respondents per month: those who answered any element."""
    return {
        month: Cell(
            sum((found := answers.get(month, {})).values()) - found.get(scoring.UNANSWERED, 0), result.is_published
        )
        for month, result in results.items()
    }


def _measure(
    answers: Mapping[date, Patterns],
    supplied: Mapping[date, int],
    results: Mapping[date, UnitResult],
    regime: str,
    used: Callable[[Mapping[date, Cell]], frozenset[date]],
) -> Measured:
    """Mask every answer of a month on which its element's figure may not rest, then compute as for one month."""

    tallies = {month: scoring.tally(found) for month, found in answers.items()}

    def cell(place: int, name: str, month: date, result: UnitResult) -> Cell:
        n = sum(tallies[month][place][1:]) if month in tallies else 0
        given = n - supplied.get(month, 0) if name == COST else n
        return Cell(n, result.is_published and name in result.elements, given)

    by_element = {
        name: used({month: cell(place, name, month, result) for month, result in results.items()})
        for place, name in enumerate(scoring.ELEMENTS)
    }
    respondents = _cells(answers, results)
    months = used(respondents)
    masked: dict[Pattern, int] = {}
    for month, found in answers.items():
        _add(_masked(found, [month in by_element[name] for name in scoring.ELEMENTS]), to=masked)
    index = scoring.ikm_of_patterns(masked, regime=regime)
    return Measured(index, sum(respondents[month].n for month in months), months, by_element)


def _masked(patterns: Patterns, kept: Sequence[bool]) -> Patterns:
    if all(kept):
        return patterns
    found: dict[Pattern, int] = {}
    for pattern, times in patterns.items():
        rest = tuple(answer if stays else None for answer, stays in zip(pattern, kept, strict=True))
        found[rest] = found.get(rest, 0) + times
    return found


def _index(measured: Measured, ikm: Decimal | None) -> Json:
    index = measured.index
    shown = ikm is not None
    return {
        "n": measured.n or None,
        "ikm": str(ikm) if shown else None,
        "low": _two(index.low) if shown else None,
        "high": _two(index.high) if shown else None,
        "grade": (index.grade or "") if shown else "",
        "sum_nrr": round(float(sum(one.mean for one in index.elements if one.mean is not None)), DIGITS)
        if shown
        else None,
    }


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _element(measured: Measured, name: str, months: Sequence[date], regime: str) -> Json:
    found = next(one for one in measured.index.elements if one.element == name)
    if found.mean is None:
        return {"element": name, "n": None, "nrr": None, "value": None, "grade": "", "left_out": []}
    left_out = [month_key(month) for month in months if month not in measured.by_element[name]]
    return {
        "element": name,
        "n": found.n,
        "nrr": round(float(found.mean), DIGITS),  # rounded where it is shown, once
        "value": str(found.value),
        "grade": scoring.band_of(found.value or 0, regime).grade,
        "left_out": left_out,
    }


def _sample(unit: Unit, measured: Measured, whole: Mapping[date, UnitResult]) -> Json:
    """Events and tickets are public in every month; how many were used, only where the answers are shown."""
    tickets = feedback.unit_tickets(unit.pk, measured.months)
    issued, spent = (sum(part[i] for part in tickets.values()) for i in (0, 1))
    events = sum(row.events for row in whole.values())
    return {
        "events": events,
        "sample_needed": scoring.sample_size(events),
        "tickets": issued if measured.n else None,
        "spent": spent if measured.n else None,
        "response_rate": round(spent / issued, 4) if issued and measured.n else None,
        "with_standard": sum(row.with_standard for row in whole.values()),
        "on_time": sum(row.on_time for row in whole.values()),
        "months_left_out": [month_key(month) for month in sorted(whole) if month not in measured.months],
    }


def _services(
    results: Iterable[UnitResult], answers: Sequence[feedback.MonthAnswers], period: Period, regime: str
) -> list[Json]:
    """Each service over the months in which it was shown itself."""
    grouped: dict[int, dict[date, UnitResult]] = {}
    for row in results:
        if row.service_id is not None:
            grouped.setdefault(row.service_id, {})[row.closing.month] = row
    found = []
    for service, rows in grouped.items():
        one = _measure(
            _by_month(answers, service),
            _supplied(answers, service),
            rows,
            regime,
            lambda cells: rules.months_of_part(period, cells),
        )
        latest = rows[max(rows)].service
        months = sorted(rows)
        elements = {name: _element(one, name, months, regime) for name in scoring.ELEMENTS}
        ikm = one.index.value if all(part["grade"] for part in elements.values()) else None
        found.append(
            {
                "code": latest.code if latest else "",
                "name": latest.name if latest else "",
                **_index(one, ikm),
                "months_left_out": [month_key(month) for month in months if month not in one.months],
                "elements": {name: part["nrr"] for name, part in elements.items()},
                "events": sum(row.events for row in rows.values()),
            }
        )
    return sorted(found, key=lambda one: (one["n"] is None, -one["events"], one["code"]))


# --- around the figures ----------------------------------------------------------------------------------------------


def _plan(rows: Iterable[SkmFollowUp]) -> list[Json]:
    return [
        {
            "element": row.element,
            "action": row.action,
            "responsible": row.responsible,
            "due_on": row.due_on.isoformat(),
            "state": row.state,
        }
        for row in rows
        if row.state != SkmFollowUp.State.DROPPED
    ]


def _monthly(unit: Unit, period: Period) -> list[Json]:
    """The last months' indices as they were released."""
    rows = UnitResult.objects.filter(
        unit=unit, service__isnull=True, closing__is_current=True, closing__month__lte=period.last
    )
    latest = list(rows.select_related("closing").order_by("-closing__month")[:TREND_MONTHS])[::-1]
    return [
        {
            "month": month_key(row.closing.month),
            "ikm": str(row.ikm) if row.ikm is not None else None,
            "low": _two(row.low),
            "high": _two(row.high),
            "n": row.n,
            "grade": row.grade,
        }
        for row in latest
    ]


def _periods(unit: Unit, period: Period) -> list[Json]:
    """Published periods of the same length and imported indices, each with its regime; never recomputed, never mixed."""
    own = [
        {"period": one["period"], "ikm": one["ikm"], "n": one["n"], "grade": one["grade"], "regime": one["regime"],
         "imported": False, "note": ""}
        for one in queries.earlier_publications(unit, period)
    ]  # fmt: skip
    found = [*(_past(row) for row in queries.past_indices(unit, period)), *own]
    for one in found:
        one["grade_now"] = scoring.band_of(Decimal(one["ikm"])).grade
    return sorted(found, key=lambda one: (rules.parse_period(one["period"]).first, one["imported"]))


def _past(row: PastIndex) -> Json:
    return {
        "period": Period(row.first, row.span).key,
        "ikm": str(row.ikm),
        "n": row.n,
        "grade": scoring.band_of(row.ikm, row.regime).grade,
        "regime": row.regime,
        "imported": True,
        "note": row.note,
    }


def _questions(period: Period) -> list[Json]:
    asked = questionnaire_on(clock.month_end(period.last))
    found = {name: asked.question(name, "id") for name in scoring.ELEMENTS if name in asked.questions}
    return [{"element": name, "text": one.text, "labels": list(one.labels)} for name, one in found.items()]


def _closing(row: UnitResult) -> Json:
    closing = row.closing
    return {"month": month_key(closing.month), "version": closing.version, "results_digest": closing.results_digest}
