"""The monthly look at the number itself: is a group of officers treated otherwise, is anybody working on the number?

For the Inspektorat alone. Sex and age band come out of the NIP here and go nowhere else; ratings carry no outcome, so that
cases cannot be told apart, and the outcome is not audited. Docs: docs/rules/integrity.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from teladan import scoring
from teladan.evaluation.rules.closing import rounded
from teladan.evaluation.rules.officers import FIXED, GROUPS, Row
from teladan.evaluation.rules.units import Answers
from teladan.people.rules import NipError, parse_nip

TRAITS = ("sex", "age", "unit")
AGES = ((35, "<35"), (45, "35-44"), (200, "45+"))
MIX = ("channel", "pattern", "service")
UNKNOWN = "?"
TOP = 4


@dataclass(frozen=True)
class Past:
    """What was frozen of a unit's earlier month; `se` is that of the index."""

    month: str
    n: int
    ikm: float
    se: float


@dataclass(frozen=True)
class Watched:
    """One unit's month: its answers, its cells of the past year, tickets (issued, spent), events, and earlier indices."""

    code: str
    answers: Answers
    rows: Sequence[Row]
    tickets: tuple[int, int]
    events: int
    past: Sequence[Past]


@dataclass(frozen=True)
class Officers:
    """All officers of the month with their traces, in one order: unit codes and counts; names of traces are NIPs."""

    units: Sequence[str]
    traces: Sequence[scoring.Traces]
    coverage: float = 0.95
    minimum: int = 10


NOBODY = Officers((), ())


def report(
    month: str,
    window: Sequence[str],
    units: Sequence[Watched],
    officers: Officers = NOBODY,
    held: Mapping[str, Mapping[str, int]] | None = None,
) -> dict[str, Any]:
    """The report of a month as it is frozen: findings per unit, signs per officer, what was held, differences per trait."""
    return {
        "month": month,
        "window": list(window),
        "units": [_unit(month, one) for one in units],
        "officers": _officers(officers),
        "held": {unit: dict(counts) for unit, counts in sorted((held or {}).items())},
        "audits": [_audit(trait, window, units) for trait in TRAITS],
    }


# --- officers ----------------------------------------------------------------------------------------------------------


def _officers(officers: Officers) -> list[dict[str, Any]]:
    """Officers with a sign, each with the figures that raised it; where too few stand behind a figure, none."""
    found = scoring.officer_signs(officers.traces, coverage=officers.coverage)
    return [
        {
            "unit": unit,
            "officer": one.name,
            "signs": [str(sign) for sign in one.signs],
            "coverage": {
                "tickets": one.coverage.tickets,
                "events": one.coverage.events,
                "low": rounded(one.coverage.low),
                "high": rounded(one.coverage.high),
                "is_certain": one.coverage.is_certain,
            },
            "quick": _standing(one.quick, officers.minimum),
            "straight": _standing(one.straight, officers.minimum),
        }
        for unit, one in zip(officers.units, found, strict=True)
        if one.signs
    ]


def _standing(one: scoring.ShareStanding, minimum: int) -> dict[str, Any] | None:
    if one.n < minimum:
        return None
    return {
        "events": one.events,
        "n": one.n,
        "low": rounded(one.low),
        "high": rounded(one.high),
        "usual": rounded(one.usual),
    }


# --- pressure ----------------------------------------------------------------------------------------------------------


def _unit(month: str, unit: Watched) -> dict[str, Any]:
    latest = _latest(month, unit)
    months = [*(_earlier(past, unit.rows) for past in unit.past), latest]
    return {
        "unit": unit.code,
        "n": latest.n,
        "coverage": rounded(unit.tickets[0] / unit.events) if unit.events else None,
        "response": rounded(unit.tickets[1] / unit.tickets[0]) if unit.tickets[0] else None,
        "findings": [_finding(one) for one in scoring.pressure(months)],
    }


def _latest(month: str, unit: Watched) -> scoring.Month:
    index = scoring.ikm(unit.answers.rows)
    issued, spent = unit.tickets
    return scoring.Month(
        month=month,
        n=index.n,
        mean=float(index.exact) if index.exact is not None else None,
        se=index.se,
        top=sum(int(row.get("count") or 1) for row in unit.answers.rows if _is_top(row)),
        events=unit.events,
        tickets=min(issued, unit.events),
        closed=issued,
        spent=spent,
        mix=_mix(month, unit.rows),
    )


def _is_top(row: Mapping[str, int | None]) -> bool:
    given = [row[name] for name in scoring.ELEMENTS if row.get(name) is not None]
    return bool(given) and all(answer == TOP for answer in given)


def _earlier(past: Past, rows: Sequence[Row]) -> scoring.Month:
    return scoring.Month(past.month, past.n, past.ikm, past.se, 0, 0, 0, 0, 0, _mix(past.month, rows))


def _mix(month: str, rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {factor: {} for factor in MIX}
    for row in rows:
        if row["month"] == month:
            for factor in MIX:
                found[factor][row[factor]] = found[factor].get(row[factor], 0) + int(row["n"])
    return found


def _finding(one: scoring.Finding) -> dict[str, Any]:
    values = asdict(one)
    return {name: rounded(value) if isinstance(value, float) else value for name, value in values.items()}


# --- bias --------------------------------------------------------------------------------------------------------------


def _audit(trait: str, window: Sequence[str], units: Sequence[Watched]) -> dict[str, Any]:
    """Differences by one trait over all units; within units for what officers bring along, between them for units."""
    rows = list(_traited(trait, window, units))
    blank: dict[str, Any] = {"trait": trait, "n": 0, "bound": None, "differences": []}
    if not rows:
        return blank
    fixed = [*FIXED, trait] if trait == "unit" else [*FIXED, "unit", trait]
    cells = scoring.cells_from_counts(rows, fixed=fixed, groups=GROUPS)
    lone = [name for name, factor in cells.fixed.items() if len(factor.labels) < 2 and name != trait]
    cells = replace(cells, fixed={name: factor for name, factor in cells.fixed.items() if name not in lone})
    found = scoring.audit(cells, trait)
    return {
        "trait": trait,
        "n": found.n,
        "bound": rounded(found.sd * found.bound_sd),
        "differences": [_difference(one) for one in found.differences],
    }


def _traited(trait: str, window: Sequence[str], units: Sequence[Watched]) -> Iterator[dict[str, Any]]:
    for unit in units:
        for row in unit.rows:
            if row["month"] not in window:
                continue
            level = unit.code if trait == "unit" else _of_nip(trait, row["officer"], window[-1])
            if level != UNKNOWN:
                yield {**row, "unit": unit.code, "officer": f"{unit.code}|{row['officer']}", trait: level}


def _of_nip(trait: str, nip: str, month: str) -> str:
    day = date.fromisoformat(f"{month}-01")
    try:
        known = parse_nip(nip, on=day)
    except NipError:
        return UNKNOWN
    if trait == "sex":
        return known.sex
    age = day.year - known.born_on.year - ((day.month, day.day) < (known.born_on.month, known.born_on.day))
    return next(label for limit, label in AGES if age < limit)


def _difference(one: scoring.Difference) -> dict[str, Any]:
    return {
        "level": one.level,
        "n": one.n if one.why is None else None,
        "officers": one.officers if one.why is None else None,
        "estimate": rounded(one.estimate),
        "low": rounded(one.low),
        "high": rounded(one.high),
        "verdict": str(one.verdict),
        "why": str(one.why) if one.why else None,
    }
