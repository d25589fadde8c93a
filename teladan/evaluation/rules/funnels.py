"""Funnels of units and services as a page draws them: the points of `scoring.funnel` and a curve of limits for the eye.

Each point is judged by its own standard error. The curve takes the average spread of one rating, so a point can stand
just outside its own limits and just inside the line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from teladan import scoring
from teladan.scoring import Position
from teladan.scoring.funnel import Limits
from teladan.scoring.quantiles import Z95

MINIMUM = 3  # below three there is no group to differ from
STEPS = 40
_BEYOND = {Position.WITHIN: 0, Position.LOW: 1, Position.HIGH: 1, Position.ALARM_LOW: 2, Position.ALARM_HIGH: 2}


@dataclass(frozen=True)
class Figure:
    """One unit's or service's index with its number of ratings and its standard error."""

    n: int
    value: float
    se: float


@dataclass(frozen=True)
class Funnel:
    """The centre, per figure how far outside it stands (0 inside 95 %, 1 outside, 2 outside 99.8 % too), the curve."""

    centre: float
    beyond: tuple[int, ...]
    curve: tuple[tuple[float, Limits], ...]


def standard_error(low: float, high: float, value: float) -> float:
    """From a 95 % interval, by its wider side: the other may have been cut at the end of the scale."""
    return max(high - value, value - low) / Z95


def funnel(figures: Sequence[Figure]) -> Funnel | None:
    """Where figures lie against chance, widened by what separates them beyond it; None below three with some spread."""
    if len(figures) < MINIMUM or any(one.se <= 0 for one in figures):
        return None
    found = scoring.funnel([scoring.Mean(str(place), one.value, one.se) for place, one in enumerate(figures)])
    spread = math.sqrt(sum(one.n**2 * one.se**2 for one in figures) / sum(one.n for one in figures))
    least, most = min(one.n for one in figures), max(one.n for one in figures) * 1.5
    ns = [least * (most / least) ** (step / STEPS) for step in range(STEPS + 1)]
    return Funnel(
        found.target,
        tuple(_BEYOND[point.position] for point in found.points),
        tuple((n, scoring.mean_limits(spread / math.sqrt(n), found.target, tau2=found.tau2)) for n in ns),
    )
