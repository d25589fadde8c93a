"""The quadrant that turns two ratings into a predicate, and the guideline for how predicates spread over a team.

Values are the stored ones of `evaluation.models`. Shares are exact fractions: 7 of 10 is not above 70 %.
Source: PermenPANRB 6/2022 annex IV.B.2-3; numbers of the guideline: SE MenPANRB 3/2023, given as a policy value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

BELOW, MEETS, ABOVE = "below", "meets", "above"
RATINGS = (BELOW, MEETS, ABOVE)
PREDICATES = ("sangat_baik", "baik", "butuh_perbaikan", "kurang", "sangat_kurang")
ACHIEVEMENTS = ("istimewa", "baik", "butuh_perbaikan", "kurang", "sangat_kurang")

QUADRANT: dict[tuple[str, str], str] = {
    # (hasil kerja, perilaku kerja)
    (ABOVE, BELOW): "kurang",
    (ABOVE, MEETS): "baik",
    (ABOVE, ABOVE): "sangat_baik",
    (MEETS, BELOW): "kurang",
    (MEETS, MEETS): "baik",
    (MEETS, ABOVE): "baik",
    (BELOW, BELOW): "sangat_kurang",
    (BELOW, MEETS): "butuh_perbaikan",
    (BELOW, ABOVE): "butuh_perbaikan",
}

LARGEST_CHECKED_TEAM = 9
"""Teams above this size can follow every guideline; below it the question is settled by counting."""


def predicate_for(work: str, behaviour: str) -> str:
    """The predicate of a pair of ratings; empty while one is missing."""
    for rating in (work, behaviour):
        if rating and rating not in RATINGS:
            raise ValueError(f"Penilaian {rating!r} tidak dikenal.")
    return QUADRANT[work, behaviour] if work and behaviour else ""


def departs(behaviour: str, suggestion: str | None) -> bool:
    """Whether a chosen behaviour rating leaves what the citizens' score suggests; then a reason is due."""
    return bool(behaviour and suggestion and behaviour != suggestion)


@dataclass(frozen=True)
class Departure:
    """One way in which a team's predicates leave the guideline.

    `kind`: "most" (these should be the largest group), "at_most", "at_least" (share against `limit`), "some" (at least
    one person should be here).
    """

    kind: Literal["most", "at_most", "at_least", "some"]
    predicates: tuple[str, ...]
    share: Fraction
    limit: Fraction | None = None


def departures(counts: Mapping[str, int], guideline: Mapping[str, Any]) -> tuple[Departure, ...]:
    """Where the counts leave the guideline, in a fixed order; nothing for an empty team."""
    total = sum(counts.get(name, 0) for name in PREDICATES)
    if not total:
        return ()
    return tuple(_departures(counts, guideline, total))


def _departures(counts: Mapping[str, int], guideline: Mapping[str, Any], total: int) -> Iterator[Departure]:
    def share(names: tuple[str, ...]) -> Fraction:
        return Fraction(sum(counts.get(name, 0) for name in names), total)

    most = guideline.get("most")
    if most and any(counts.get(name, 0) >= counts.get(most, 0) for name in PREDICATES if name != most):
        yield Departure("most", (most,), share((most,)))
    for key, text in guideline.get("at_most", {}).items():
        names, limit = tuple(key.split("+")), Fraction(text)
        if share(names) > limit:
            yield Departure("at_most", names, share(names), limit)
    for key, text in guideline.get("at_least", {}).items():
        names, limit = tuple(key.split("+")), Fraction(text)
        if share(names) < limit:
            yield Departure("at_least", names, share(names), limit)
    some = tuple(guideline.get("some", ()))
    if some and not share(some):
        yield Departure("some", some, Fraction(0))


def limit_of(predicate: str, guideline: Mapping[str, Any]) -> tuple[Fraction | None, str]:
    """The limit drawn beside one predicate and its kind ("at_most", "at_least"); (None, "") where there is none."""
    for kind in ("at_most", "at_least"):
        text = guideline.get(kind, {}).get(predicate)
        if text is not None:
            return Fraction(text), kind
    return None, ""


def can_follow(size: int, guideline: Mapping[str, Any]) -> bool:
    """Whether any spread of `size` people follows the guideline: one person cannot be at most 70 % of a team."""
    if size > LARGEST_CHECKED_TEAM:
        return True
    return any(
        not departures(dict(zip(PREDICATES, spread, strict=True)), guideline)
        for spread in _spreads(size, len(PREDICATES))
    )


def _spreads(total: int, groups: int) -> Iterator[tuple[int, ...]]:
    if groups == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _spreads(total - first, groups - 1):
            yield (first, *rest)


@dataclass(frozen=True)
class Marks:
    """Where a score and its interval lie on a strip of `width` units from 1 to 4."""

    low: float
    high: float
    score: float


def interval_marks(score: float, low: float, high: float, *, width: float = 152, margin: float = 6) -> Marks:
    """Positions inside the strip; an interval that leaves the scale is cut at its ends."""

    def place(value: float) -> float:
        inside = min(max(value, 1.0), 4.0)
        return round(margin + (inside - 1) / 3 * (width - 2 * margin), 2)

    return Marks(low=place(low), high=place(high), score=place(score))
