"""Exact tails and intervals of counts, in pure Python: the pages that show them need no numpy.

Clopper and Pearson (1934) for shares, the beta-binomial for shares of people who differ, Holm (1979) for many at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUNDS = 300
_TINY = 1e-300


def betainc(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) for a, b > 0 and x in [0, 1] (continued fraction).

    >>> round(betainc(2, 3, 0.4), 4)
    0.5248
    """
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"a={a}, b={b}, x={x}: need a, b > 0 and x in [0, 1]")
    if x in (0.0, 1.0):
        return float(x)
    if x > (a + 1) / (a + b + 2):
        return 1 - betainc(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, 1 / _far(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _ROUNDS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / _far(1 + term * d), _far(1 + term / c)
            found *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return min(1.0, front * found)


def _far(value: float) -> float:
    """Away from zero, so that the fraction goes on (Lentz)."""
    return value if abs(value) > _TINY else _TINY


def binomial_tail(events: int, n: int, share: float) -> float:
    """Return P(X >= events) of a binomial."""
    if events <= 0:
        return 1.0
    return betainc(events, n - events + 1, share) if events <= n else 0.0


def share_interval(events: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share; (0, 1) when nothing was counted.

    >>> tuple(round(x, 4) for x in share_interval(0, 59))
    (0.0, 0.0606)
    """
    if n < 0 or not 0 <= events <= n:
        raise ValueError(f"{events} of {n} is no share")
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else _solve(events, n - events + 1, tail)
    high = 1.0 if events == n else _solve(events + 1, n - events, 1 - tail)
    return low, high


def _solve(a: float, b: float, p: float) -> float:
    """The x of I_x(a, b) = p."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if betainc(a, b, middle) < p else (low, middle)
    return (low + high) / 2


def beta_binomial_tail(events: int, n: int, mean: float, rho: float) -> float:
    """Return P(X >= events) when shares scatter around `mean` with intra-class correlation `rho` >= 0; binomial at 0.

    Source: Skellam (1948). Each person's share is drawn from a beta of that mean, with a + b = 1/rho - 1.
    """
    if events <= 0:
        return 1.0
    if events > n or mean <= 0:
        return 0.0
    if mean >= 1:
        return 1.0
    if rho <= 1e-9:
        return binomial_tail(events, n, mean)
    size = 1 / min(rho, 0.999) - 1
    a, b = mean * size, (1 - mean) * size
    base = math.lgamma(n + 1) - math.lgamma(n + a + b) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return min(
        1.0,
        math.fsum(
            math.exp(base - math.lgamma(k + 1) - math.lgamma(n - k + 1) + math.lgamma(k + a) + math.lgamma(n - k + b))
            for k in range(events, n + 1)
        ),
    )


def holm(tails: Sequence[float]) -> list[float]:
    """Return the tail probabilities adjusted for how many they are, in the order given.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    found, least = [0.0] * len(tails), 0.0
    for rank, place in enumerate(sorted(range(len(tails)), key=lambda i: tails[i])):
        least = max(least, min(1.0, (len(tails) - rank) * tails[place]))
        found[place] = least
    return found
