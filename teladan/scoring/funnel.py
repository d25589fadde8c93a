"""Funnel plots for units and services: which figures lie beyond what chance does, without making a league table.

Source: Spiegelhalter (2005), Funnel plots for comparing institutional performance, Statistics in Medicine 24(8),
1185-1202, doi:10.1002/sim.1970. Pure Python: the page that draws a funnel needs no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from .quantiles import Z95, Z998

WARN, ALARM = 0.025, 0.001  # probability beyond each limit: 95 % and 99.8 % within
Z_WARN, Z_ALARM = Z95, Z998
WINSORISED = 0.10


class Position(StrEnum):
    """Where a figure lies: within 95 %, between 95 % and 99.8 %, beyond 99.8 %."""

    WITHIN = "within"
    LOW = "low"
    HIGH = "high"
    ALARM_LOW = "alarm_low"
    ALARM_HIGH = "alarm_high"


@dataclass(frozen=True)
class Share:
    """`events` out of `n`, e.g. satisfied answers of a service."""

    name: str
    events: int
    n: int


@dataclass(frozen=True)
class Mean:
    """A figure with the standard error that its model gives it, e.g. an index on 25-100."""

    name: str
    value: float
    se: float


@dataclass(frozen=True)
class Limits:
    """Limits around the target at one precision, in the units of the figure: 99.8 % outside, 95 % inside."""

    alarm_low: float
    low: float
    high: float
    alarm_high: float


@dataclass(frozen=True)
class Point:
    """One unit or service. `se` at the target, without over-dispersion; `z` is what over-dispersion is judged by."""

    name: str
    value: float
    se: float
    z: float
    limits: Limits
    position: Position


@dataclass(frozen=True)
class Funnel:
    """All points with the target and the over-dispersion found.

    `phi`: mean square of the winsorised z, about 1 (after winsorising 0.68) when only chance separates the points;
    `tau2`: additional variance between points, in squared units of the figure, 0 when chance is enough.
    """

    target: float
    phi: float
    tau2: float
    points: tuple[Point, ...]


def funnel(
    figures: Sequence[Share] | Sequence[Mean],
    *,
    target: float | None = None,
    overdispersed: bool = True,
) -> Funnel:
    """Return where each figure lies against what chance would do around one target.

    Parameters
    ----------
    figures : sequence of Share, or of Mean
        One per unit or service, all of one kind. Shares in [0, 1] with n > 0; means in any unit with se > 0.
    target : float, optional
        The figure expected of everybody. None takes the overall share, or the mean weighted by 1/se^2.
    overdispersed : bool
        Whether to widen the limits by what separates the points beyond chance (from three points on).

    Returns
    -------
    Funnel
        Points in the order given, each with its 95 % and 99.8 % limits and its position.

    Raises
    ------
    ValueError
        Kinds are mixed; a count, a share or a standard error is impossible; the target of shares is not in [0, 1].
        The figure is named.

    Notes
    -----
    Shares have interpolated exact binomial limits (`share_limits`), and their position comes from the exact tail
    probabilities, because a count just beyond an interpolated limit can be likelier than the limit says; a point can
    therefore touch a drawn line without being flagged. Means have normal limits from their standard errors.
    Over-dispersion: z are winsorised at 10 % of each side, phi = mean(z^2), and when I phi > I - 1,
    tau^2 = (I phi - (I - 1)) / (sum w - sum w^2 / sum w) with w = 1/se^2 (DerSimonian and Laird on winsorised z). The
    limits then stand sqrt(1 + tau^2/se^2) times as far from the target, which keeps the lean of exact ones. Source:
    Spiegelhalter (2005), Statistics in Medicine 24(8), 1185-1202.

    Examples
    --------
    >>> found = funnel([Share("a", 79, 100), Share("b", 90, 100)], target=0.9, overdispersed=False)
    >>> [point.position.value for point in found.points]
    ['alarm_low', 'within']
    """
    shares = [f for f in figures if isinstance(f, Share)]
    means = [f for f in figures if isinstance(f, Mean)]
    if shares and means:
        raise ValueError("figures: shares and means do not belong in one funnel")
    return _of_shares(shares, target, overdispersed) if shares else _of_means(means, target, overdispersed)


def share_limits(n: int, target: float, *, tau2: float = 0.0) -> Limits:
    """Return the funnel limits of a share at `n` > 0 and `target` in [0, 1]; interpolated exact binomial, within [0, 1].

    With r the smallest count of F(r) >= p, the limit is (r - a)/n where a = (F(r) - p)/(F(r) - F(r - 1)).

    >>> limits = share_limits(100, 0.9)
    >>> [round(x, 4) for x in (limits.alarm_low, limits.low, limits.high, limits.alarm_high)]
    [0.7916, 0.8323, 0.9496, 0.9758]
    """
    if n <= 0 or not 0 <= target <= 1 or tau2 < 0:
        raise ValueError(f"n={n}, target={target}, tau2={tau2}: need n > 0, a target in [0, 1], tau2 >= 0")
    return _share_limits(_cumulative(n, target)[0], n, target, tau2)


def mean_limits(se: float, target: float, *, tau2: float = 0.0) -> Limits:
    """Return the funnel limits of a mean with standard error `se` > 0: target -/+ z sqrt(se^2 + tau2)."""
    if not se > 0 or tau2 < 0:
        raise ValueError(f"se={se}, tau2={tau2}: need se > 0, tau2 >= 0")
    spread = math.sqrt(se * se + tau2)
    return Limits(*(target + z * spread for z in (-Z_ALARM, -Z_WARN, Z_WARN, Z_ALARM)))


def overdispersion(z: Sequence[float], se: Sequence[float]) -> tuple[float, float]:
    """Return (phi, tau2) of standardised differences `z` and their standard errors `se` > 0, equally long.

    z are winsorised at 10 % of each side. tau2 is 0 below three points and where I phi <= I - 1.
    Source: Spiegelhalter (2005), appendix A.3; DerSimonian and Laird (1986).
    """
    count = len(z)
    if not count:
        return 1.0, 0.0
    phi = fmean(v * v for v in winsorised(z))
    w = [1 / (s * s) for s in se]
    scale = sum(w) - sum(v * v for v in w) / sum(w)
    excess = count * phi - (count - 1)
    return phi, excess / scale if count > 2 and excess > 0 else 0.0


def winsorised(z: Sequence[float], share: float = WINSORISED) -> list[float]:
    """Return z with the outer floor(share x count) values of each side drawn in to the next inner one.

    >>> winsorised([-9, 0, 1, 2, 3, 4, 5, 6, 7, 99])
    [0, 0, 1, 2, 3, 4, 5, 6, 7, 7]
    """
    cut = math.floor(share * len(z) + 1e-9)
    inner = sorted(z)[cut : len(z) - cut]
    return [min(max(v, inner[0]), inner[-1]) for v in z]


# --- shares --------------------------------------------------------------------------------------------------------------


def _of_shares(figures: Sequence[Share], target: float | None, overdispersed: bool) -> Funnel:
    for f in figures:
        if f.n <= 0 or not 0 <= f.events <= f.n:
            raise ValueError(f"{f.name}: {f.events} of {f.n} is no share")
    if target is None:
        target = sum(f.events for f in figures) / sum(f.n for f in figures)
    if not 0 <= target <= 1:
        raise ValueError(f"target={target} is not in [0, 1]")
    spread = target * (1 - target)
    ses = [math.sqrt(spread / f.n) for f in figures]
    zs = [(f.events / f.n - target) / se if se > 0 else 0.0 for f, se in zip(figures, ses, strict=True)]
    phi, tau2 = overdispersion(zs, ses) if overdispersed and spread > 0 else (1.0, 0.0)
    points = (_share_point(f, target, tau2, se, z) for f, se, z in zip(figures, ses, zs, strict=True))
    return Funnel(target, phi, tau2, tuple(points))


def _share_limits(below: Sequence[float], n: int, target: float, tau2: float) -> Limits:
    if target in (0, 1):
        return Limits(target, target, target, target)
    widen = math.sqrt(1 + tau2 * n / (target * (1 - target)))
    ends = (target + widen * (_quantile(below, p) / n - target) for p in (ALARM, WARN, 1 - WARN, 1 - ALARM))
    return Limits(*(min(1.0, max(0.0, end)) for end in ends))


def _share_point(figure: Share, target: float, tau2: float, se: float, z: float) -> Point:
    value, (below, above) = figure.events / figure.n, _cumulative(figure.n, target)
    limits = _share_limits(below, figure.n, target, tau2)
    if tau2 > 0:
        return Point(figure.name, value, se, z, limits, _position(value, limits))
    low, high = below[figure.events], above[figure.events]
    found = (
        (Position.ALARM_LOW, low <= ALARM),
        (Position.ALARM_HIGH, high <= ALARM),
        (Position.LOW, low <= WARN),
        (Position.HIGH, high <= WARN),
        (Position.WITHIN, True),
    )
    return Point(figure.name, value, se, z, limits, next(where for where, holds in found if holds))


def _cumulative(n: int, p: float) -> tuple[list[float], list[float]]:
    """P(X <= r) and P(X >= r) of a binomial for r = 0..n, each summed from its own end so that small tails are exact."""
    mode = min(n, math.floor((n + 1) * p))
    terms = [0.0] * (n + 1)
    terms[mode] = 1.0
    if 0 < p < 1:
        odds = p / (1 - p)
        for r in range(mode, n):
            terms[r + 1] = terms[r] * odds * (n - r) / (r + 1)
        for r in range(mode, 0, -1):
            terms[r - 1] = terms[r] / odds * r / (n - r + 1)
    total = math.fsum(terms)
    terms = [term / total for term in terms]
    return _running(terms), _running(terms[::-1])[::-1]


def _running(terms: Sequence[float]) -> list[float]:
    total, sums = 0.0, []
    for term in terms:
        total += term
        sums.append(total)
    return sums


def _quantile(below: Sequence[float], p: float) -> float:
    """The interpolated count at cumulative probability p; negative by less than 1 when even zero is likelier than p."""
    r = next((i for i, f in enumerate(below) if f >= p), len(below) - 1)
    before = below[r - 1] if r else 0.0
    return r - (below[r] - p) / (below[r] - before)


# --- means ---------------------------------------------------------------------------------------------------------------


def _of_means(figures: Sequence[Mean], target: float | None, overdispersed: bool) -> Funnel:
    for f in figures:
        if not (f.se > 0 and math.isfinite(f.se) and math.isfinite(f.value)):
            raise ValueError(f"{f.name}: value {f.value} with standard error {f.se}")
    weights = [1 / f.se**2 for f in figures]
    if target is None:
        target = sum(w * f.value for w, f in zip(weights, figures, strict=True)) / sum(weights) if figures else 0.0
    zs = [(f.value - target) / f.se for f in figures]
    phi, tau2 = overdispersion(zs, [f.se for f in figures]) if overdispersed else (1.0, 0.0)
    points = []
    for f, z in zip(figures, zs, strict=True):
        limits = mean_limits(f.se, target, tau2=tau2)
        points.append(Point(f.name, f.value, f.se, z, limits, _position(f.value, limits)))
    return Funnel(target, phi, tau2, tuple(points))


def _position(value: float, limits: Limits) -> Position:
    if value < limits.alarm_low:
        return Position.ALARM_LOW
    if value > limits.alarm_high:
        return Position.ALARM_HIGH
    if value < limits.low:
        return Position.LOW
    return Position.HIGH if value > limits.high else Position.WITHIN
