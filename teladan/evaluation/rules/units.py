"""The index of a unit and of its services for one month, with everything withheld that fewer than k answers stand behind.

An element that too few answered is withheld, and the index with it: the other eight would give it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from teladan import scoring
from teladan.evaluation.rules.closing import disclosed, is_enough, rounded

COST = "biaya"


@dataclass(frozen=True)
class Answers:
    """Patterns of the nine elements with their counts, and the overall question beside.

    `unasked` in a pattern: its cost was not answered but counted by the rule for free services.
    """

    rows: Sequence[Mapping[str, int | None]]
    overall_n: int = 0
    overall_sum: int = 0


@dataclass(frozen=True)
class UnitFigures:
    """What may be shown of a unit or service; everything empty when it is not published."""

    is_published: bool
    n: int | None = None
    ikm: str | None = None
    low: float | None = None
    high: float | None = None
    grade: str = ""
    elements: dict[str, dict[str, Any]] = field(default_factory=dict)
    overall: float | None = None
    overall_n: int | None = None


HIDDEN = UnitFigures(False)


def unit_figures(
    services: Mapping[str, Answers], *, whole: Answers, k: int, regime: str
) -> tuple[UnitFigures, dict[str, UnitFigures]]:
    """Figures of the unit and of each service. Each element is judged apart: parts of a whole must not betray the rest."""
    all_of_it = scoring.ikm(whole.rows, regime=regime)
    parts = {code: scoring.ikm(one.rows, regime=regime) for code, one in services.items()}
    if all_of_it.n < k:
        return HIDDEN, dict.fromkeys(services, HIDDEN)
    shown = disclosed({code: part.n for code, part in parts.items()}, k)
    by_element = [
        disclosed(
            {code: part.elements[i].n for code, part in parts.items()},
            k,
            shown,
            asked={code: answered(one.rows, name) for code, one in services.items()},
        )
        for i, name in enumerate(scoring.ELEMENTS)
    ]
    overall = disclosed({code: one.overall_n for code, one in services.items()}, k, shown)
    visible = [e.n > 0 and is_enough(e.n, answered(whole.rows, e.element), k) for e in all_of_it.elements]
    unit = _figures(all_of_it, whole, visible, whole.overall_n >= k)
    return unit, {
        code: _figures(part, services[code], [code in one for one in by_element], code in overall)
        if code in shown
        else HIDDEN
        for code, part in parts.items()
    }


def answered(rows: Sequence[Mapping[str, int | None]], element: str) -> int:
    """How many gave an answer to this element; a cost counted without being asked is known to everybody."""
    return sum(
        int(row.get("count") or 0)
        for row in rows
        if row.get(element) is not None and not (element == COST and row.get("unasked"))
    )


def pooled(parts: Sequence[Answers], regime: str) -> scoring.Ikm:
    """The index over several units' answers together."""
    return scoring.ikm([row for part in parts for row in part.rows], regime=regime)


def _figures(index: scoring.Ikm, answers: Answers, elements: Sequence[bool], overall: bool) -> UnitFigures:
    whole = all(elements) and index.value is not None
    return UnitFigures(
        is_published=True,
        n=index.n,
        ikm=str(index.value) if whole else None,
        low=rounded(index.low) if whole else None,
        high=rounded(index.high) if whole else None,
        grade=(index.grade or "") if whole else "",
        elements={
            one.element: {"n": one.n, "sum": int(one.mean * one.n), "mean": rounded(float(one.mean))}
            for one, visible in zip(index.elements, elements, strict=True)
            if visible and one.mean is not None
        },
        overall=rounded(answers.overall_sum / answers.overall_n) if overall and answers.overall_n else None,
        overall_n=answers.overall_n if overall else None,
    )


def weakest(elements: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The element with the lowest mean; in the order of the law where two are equal."""
    known = [name for name in scoring.ELEMENTS if name in elements]
    return min(known, key=lambda name: float(elements[name]["mean"]), default=None)
