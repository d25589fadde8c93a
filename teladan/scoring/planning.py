"""How many ratings a trustworthy mean needs: Spearman-Brown, and the same from an actual fit.

Shares are in [0, 1]. Only `plans` needs numpy, which loads on first use.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cells import Cells, Factor, FloatArray, IntArray
    from .fair import FairScores
    from .mixed import Fit

MOST = 100_000  # more ratings than this are promised to nobody


def reliability(n: float, icc: float) -> float:
    """Return the reliability of a mean of `n` ratings.

    Parameters
    ----------
    n : float >= 0
        Ratings.
    icc : float in [0, 1]
        The share of one rating's variance that belongs to the officer: s2a / (s2a + s2e).

    Returns
    -------
    float in [0, 1]
        n icc / (1 + (n - 1) icc).

    Raises
    ------
    ValueError
        n is negative or icc no share.

    Notes
    -----
    Spearman (1910), Brown (1910). It is the reliability in a balanced design with known means of everything else; `plans`
    does without that.

    Examples
    --------
    >>> reliability(1, 0.05), round(reliability(45, 0.0493), 2), reliability(10, 0.0)
    (0.05, 0.7, 0.0)
    """
    _check_share("icc", icc)
    if n < 0:
        raise ValueError(f"n={n} is negative")
    return 0.0 if n == 0 or icc == 0 else n * icc / (1 + (n - 1) * icc)


def needed_n(target: float, icc: float) -> float:
    """Return how many ratings reach the reliability `target` in (0, 1); `icc` in (0, 1]. Not rounded.

    >>> round(needed_n(0.9, 0.061), 1), round(needed_n(0.9, 0.034), 1)
    (138.5, 255.7)
    """
    _check_open("target", target)
    _check_share("icc", icc)
    if icc == 0:
        raise ValueError("icc=0: no number of ratings tells people apart who do not differ")
    return target * (1 - icc) / (icc * (1 - target))


def icc_for(n: float, target: float) -> float:
    """Return the smallest ICC at which `n` ratings reach the reliability `target`, the inverse of `needed_n`."""
    _check_open("target", target)
    if n <= 0:
        raise ValueError(f"n={n} is not positive")
    return target / (n - (n - 1) * target)


def needed_in_all(n: int, reached: float, target: float) -> int | None:
    """Return how many ratings in all reach the reliability `target`, from the reliability `reached` with n of them.

    By Spearman-Brown, for whoever has only the result; `plans` is nearer to the fit. None when unknowable: `reached`
    or `target` outside (0, 1), or no rating.

    >>> needed_in_all(20, 0.5, 0.7)
    47
    """
    if n < 1 or not 0 < reached < 1 or not 0 < target < 1:
        return None
    return math.ceil(n * target * (1 - reached) / (reached * (1 - target)) - 1e-9)


@dataclass(frozen=True)
class Plan:
    """What more ratings of one officer would do. Reliabilities in [0, 1].

    `more`: how many more reach `target` ("with 40 more ratings"), 0 when it is reached, None when no number of this
    officer's own ratings does. `then`: the reliability with `more` (None: now). `ceiling`: with ever more of them, below 1
    because the level of the group and the cases stay uncertain.
    """

    officer: str
    n: int
    now: float
    target: float
    more: int | None
    then: float
    ceiling: float


def plans(
    known: Fit | FairScores,
    cells: Cells,
    *,
    target: float,
    officer: str = "officer",
    among: Collection[str] | None = None,
) -> tuple[Plan, ...]:
    """Return how many more ratings each officer needs for the reliability `target`.

    Parameters
    ----------
    known : Fit or FairScores
        The fitted model, whose variance components are taken as they are; or scores, whose grid over the officers' spread is
        averaged over, as their reliability is.
    cells : Cells
        The cells of that fit (of scores: after pooling, if any).
    target : float in (0, 1)
        E.g. 0.70 for use in evaluation, 0.80 for an award.
    officer : str
        The group factor of the people rated.
    among : collection of str, optional
        For whom; None plans for all.

    Returns
    -------
    tuple of Plan
        In the order of the officers' labels; empty when the officers do not differ (variance 0) or nothing varies.

    Raises
    ------
    ValueError
        `target` is not in (0, 1), or the cells are not those of the fit.

    Notes
    -----
    Reliability is 1 - var(a_j | data)/s2a with the mode variance of the fit. More ratings are assumed to come in the
    officer's own mix of cells, m w_c in cell c. With C the joint prediction error covariance of a_j and of the cells'
    expected ratings x_c, conditioning gives exactly

        var(a_j | data and m more) = C_jj - C_jx (C_xx + s2e diag(1/(m w_c)))^-1 C_xj,

    so that unequal cases and what is not known about services and the group count too, unlike in the balanced formula.
    The number is found by bisection, since the variance falls in m. Each officer alone gets more ratings, the others
    none; if all get more, fewer are needed.
    """
    import numpy as np

    from .mixed import Fit

    _check_open("target", target)
    points = [(1.0, known)] if isinstance(known, Fit) else known._points
    factors = {**cells.fixed, **cells.groups}
    labels = points[0][1].labels
    if any(factors[name].labels != labels.get(name) for name in factors) or factors.keys() != labels.keys():
        raise ValueError("cells: not those of the fit")
    if officer not in cells.groups:
        raise ValueError(f"{officer}: not a group factor of the cells")
    points = [(w, est) for w, est in points if est.variances[officer] > 0 and est.sigma2 > 0]
    if not points:
        return ()
    who = cells.groups[officer]
    found = []
    for j, name in enumerate(who.labels):
        own = np.flatnonzero((who.codes == j) & (cells.n > 0))
        if among is None or name in among:
            gains = [(w, _Gain.of(est, factors, officer, j, own, cells.n[own])) for w, est in points]
            found.append(_plan(name, int(cells.n[own].sum()), gains, target))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Gain:
    """The reliability of one officer as a function of more ratings, in the eigenbasis where each try costs one sum."""

    now: float
    along: FloatArray  # squared covariances with the officer's effect, in shares of the spread
    values: FloatArray
    noise: float

    @classmethod
    def of(cls, est: Fit, factors: Mapping[str, Factor], officer: str, j: int, own: IntArray, n: FloatArray) -> _Gain:
        import numpy as np

        rows = len(own) + 1
        weights = {name: np.zeros((rows, len(f.labels))) for name, f in factors.items()}
        weights[officer][0, j] = 1.0
        for name, factor in factors.items():
            weights[name][np.arange(1, rows), factor.codes[own]] = 1.0
        c = est.covariance(weights, intercept=np.concatenate([[0.0], np.ones(rows - 1)]))
        w = np.sqrt(n / n.sum())  # C_xx + s2e diag(1/(m w^2)) = w^-1 (w C_xx w + s2e/m) w^-1
        values, vectors = np.linalg.eigh(w[:, None] * c[1:, 1:] * w)
        spread = est.variances[officer]
        along = (vectors.T @ (w * c[1:, 0])) ** 2 / spread
        return cls(float(1 - c[0, 0] / spread), along, np.maximum(values, 0.0), est.sigma2)

    def reached(self, more: float) -> float:
        gain = float((self.along / (self.values + self.noise / more)).sum()) if more > 0 else 0.0
        return min(1.0, max(0.0, self.now + gain))


def _plan(name: str, n: int, gains: Sequence[tuple[float, _Gain]], target: float) -> Plan:
    """Bisect on the number of ratings that come on top. Points of the grid without any spread know no reliability: 0."""

    def reached(more: float) -> float:
        return math.fsum(weight * gain.reached(more) for weight, gain in gains)

    now, ceiling = reached(0), reached(1e12)
    if now >= target:
        return Plan(name, n, now, target, 0, now, ceiling)
    if reached(MOST) < target:
        return Plan(name, n, now, target, None, now, ceiling)
    below, enough = 0, MOST
    while enough - below > 1:
        middle = (below + enough) // 2
        below, enough = (below, middle) if reached(middle) >= target else (middle, enough)
    return Plan(name, n, now, target, enough, reached(enough), ceiling)


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name}={value} is not in [0, 1]")


def _check_open(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name}={value} is not strictly between 0 and 1")
