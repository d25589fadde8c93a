"""Change over time: the window before that shares no month with this one, and what is more than chance.

Months are `datetime.date`s of their first day. Pure Python; only `annual` needs numpy, which loads on first use.
Source of how windows move: docs/rules/closing.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cells import Cells
    from .comparison import Mix, Pooling
    from .fair import Components, FairScores


class Moved(StrEnum):
    """What two windows say about an officer or a unit; only the first two mean "really changed"."""

    ROSE = "rose"
    FELL = "fell"
    CHANCE = "chance"  # the interval holds zero
    UNKNOWN = "unknown"  # a figure or its standard error is missing
    NO_EARLIER = "no_earlier"  # no earlier window without a common month


@dataclass(frozen=True)
class Window:
    """One window's figure. `first` and `last`: its first and last month; `score` and `se` None when not shown."""

    first: date
    last: date
    score: float | None
    se: float | None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"window: ends in {self.last:%Y-%m}, before it begins in {self.first:%Y-%m}")
        if self.se is not None and not self.se >= 0:
            raise ValueError(f"window of {self.last:%Y-%m}: standard error {self.se} is negative")


@dataclass(frozen=True)
class Change:
    """`after` minus `before` with its interval, in the units of the scores; None where the verdict knows none."""

    before: Window | None
    after: Window
    difference: float | None
    se: float | None
    low: float | None
    high: float | None
    verdict: Moved

    @property
    def is_real(self) -> bool:
        """Whether to say "really changed"."""
        return self.verdict in (Moved.ROSE, Moved.FELL)


def change(windows: Sequence[Window], *, confidence: float = 0.95) -> Change:
    """Return how the latest window differs from the latest earlier one that shares no month with it.

    Parameters
    ----------
    windows : sequence of Window
        The windows that were shown, in any order; what was never shown is compared with nothing.
    confidence : float in (0, 1)
        Of the interval.

    Returns
    -------
    Change
        `verdict` is ROSE or FELL only when the interval leaves out zero.

    Raises
    ------
    ValueError
        No window, or a confidence that is none.

    Notes
    -----
    Windows without a common month share no rating, so the errors of the two figures are taken as **independent given the
    variance components**: se^2 = se_before^2 + se_after^2. For unshrunk figures (adjusted mean, index) that is the
    usual interval of a difference. For the fair score it is the posterior of the difference when both windows have
    their own effect from N(0, s2a); for somebody who did not change, both scores are drawn to the same mean, and
    "really changed" is said in less than 1 - confidence of the cases (in a balanced design in 2 Phi(-1.96/sqrt(R)): 2.8 %
    at reliability 0.8). What moves the whole group (mu) counts as change of each of its officers.

    >>> jan, apr = Window(date(2026, 1, 1), date(2026, 3, 1), 3.2, 0.08), Window(date(2026, 4, 1), date(2026, 6, 1), 3.6, 0.06)
    >>> found = change([jan, apr])
    >>> found.verdict, round(found.difference, 2), round(found.low, 3), round(found.high, 3)
    (<Moved.ROSE: 'rose'>, 0.4, 0.204, 0.596)
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} is not strictly between 0 and 1")
    apart = non_overlapping(windows)
    if not apart:
        raise ValueError("windows: need at least one")
    if len(apart) < 2:
        return Change(None, apart[-1], None, None, None, None, Moved.NO_EARLIER)
    before, after = apart[-2], apart[-1]
    if before.score is None or after.score is None or before.se is None or after.se is None:
        return Change(before, after, None, None, None, None, Moved.UNKNOWN)
    difference, se = after.score - before.score, math.hypot(before.se, after.se)
    margin = NormalDist().inv_cdf((1 + confidence) / 2) * se
    low, high = difference - margin, difference + margin
    verdict = Moved.ROSE if low > 0 else Moved.FELL if high < 0 else Moved.CHANCE
    return Change(before, after, difference, se, low, high, verdict)


def non_overlapping(windows: Sequence[Window]) -> list[Window]:
    """Return the latest window and before it each next one that shares no month with it; oldest first."""
    picked: list[Window] = []
    for one in sorted(windows, key=lambda window: (window.last, window.first), reverse=True):
        if not picked or one.last < picked[-1].first:
            picked.append(one)
    return picked[::-1]


def apart(windows: Collection[Sequence[str]], *, within: Collection[str]) -> list[tuple[str, ...]]:
    """Return, latest first, the windows (months in order) of known months that share none with a later one.

    >>> apart([("03", "04"), ("01", "02"), ("02", "03")], within={"01", "02", "03", "04"})
    [('03', '04'), ('01', '02')]
    """
    picked: list[tuple[str, ...]] = []
    for one in sorted({tuple(w) for w in windows if w}, key=lambda w: (w[-1], w[0]), reverse=True):
        if (not picked or one[-1] < picked[-1][0]) and (not picked or not set(one).isdisjoint(within)):
            picked.append(one)
    return picked


def may_move(entering: int, leaving: int, *, k: int) -> bool:
    """Return whether a window may give way to another: k ratings or none enter, and k or none leave.

    Fewer than k between two shown windows could be told apart by subtraction.
    """
    return all(n == 0 or n >= k for n in (entering, leaving))


def between(counts: Mapping[str, int], old: Collection[str], new: Collection[str]) -> tuple[int, int]:
    """Return the ratings that enter and that leave when the window `old` gives way to `new`; `counts` per month."""
    entering = sum(n for month, n in counts.items() if month in new and month not in old)
    leaving = sum(n for month, n in counts.items() if month in old and month not in new)
    return entering, leaving


def fewest_apart(counts: Mapping[str, int], windows: Collection[Collection[str]], *, below: int) -> int | None:
    """Return the fewest ratings that sums and differences of the windows' figures single out; None where no set is that small.

    Parameters
    ----------
    counts : mapping of str to int
        Ratings by month (`2026-10`), of the months that any window holds.
    windows : collection of collections of str
        The months of each window, without gaps.
    below : int
        Larger sets are not looked for.

    Notes
    -----
    A window is the difference of two running totals, so windows are edges between the ends of months. A set of months lies
    in their span exactly when, in every connected part, as many of its runs begin as end. Runs are walked month by month
    with the balance of each part; of equal balances the smaller set is kept. So the search is complete.

    >>> fewest_apart({"01": 12, "02": 8, "03": 11}, [["01"], ["01", "02", "03"], ["03"]], below=10)
    8
    """
    months = sorted(month for month, n in counts.items() if n)
    place = {month: i for i, month in enumerate(months)}
    spans = [sorted(place[month] for month in one if month in place) for one in windows]
    part = list(range(len(months) + 1))  # by end of month; all with one number are connected
    for span in spans:
        if span:
            old, new = part[span[-1] + 1], part[span[0]]
            part = [new if one == old else one for one in part]
    last = {one: i for i, one in enumerate(part)}
    found: dict[tuple[bool, tuple[tuple[int, int], ...]], int] = {(False, ()): 0}  # is a run open, open balances
    fewest: int | None = None
    for end, own in enumerate(part):
        n = counts[months[end]] if end < len(months) else 0
        further: dict[tuple[bool, tuple[tuple[int, int], ...]], int] = {}
        for (was_open, balances), size in found.items():
            for is_open in (False, True) if end < len(months) else (False,):
                left = dict(balances)
                left[own] = left.get(own, 0) + is_open - was_open
                total = size + n * is_open
                if total >= below or (left[own] and last[own] == end):
                    continue
                state = is_open, tuple(sorted((key, value) for key, value in left.items() if value))
                if state == (False, ()) and total:
                    fewest = total if fewest is None else min(fewest, total)
                elif state not in further or total < further[state]:
                    further[state] = total
        found = further
    return fewest


@dataclass(frozen=True, eq=False)
class Annual:
    """A year's scores from the ratings themselves, with the months that had any and those that had none."""

    scores: FairScores
    months: tuple[str, ...]
    missing: tuple[str, ...]


def annual(
    cells: Cells,
    months: Collection[str],
    *,
    month: str = "month",
    population_mix: Mix | None = None,
    pooling: Pooling | None = None,
    variances: Components | None = None,
    prior_scale: float | None = 0.3,
    covariates: Collection[str] | None = None,
) -> Annual:
    """Return the fair scores of a year, fitted to all its cells at once.

    Parameters
    ----------
    cells : Cells
        Ratings of one comparison group, of the year or longer, with `month` as a fixed factor.
    months : collection of str
        The months of the year as the cells name them (`2026-01` ... `2026-12`).
    month : str
        The name of that factor.
    population_mix : mapping, optional
        As in `fair_scores`: all service events of the year.
    pooling : Pooling, optional
        As in `fair_scores`; None is its default.
    variances, prior_scale : optional
        As in `fair_scores`; without variances they are estimated from the year itself.
    covariates : collection of str, optional
        The fixed factors that stay in the model; None keeps all.

    Returns
    -------
    Annual
        A month without ratings is missing and is filled with nothing.

    Raises
    ------
    ValueError
        `month` is no fixed factor, or there is no rating in these months.

    Notes
    -----
    Never a mean of monthly or quarterly scores: those are shrunk by how little each window knew, so their mean stays drawn
    to the middle by the single window's reliability, and a thin month would weigh as much as a full one.
    """
    import numpy as np

    from .comparison import DEFAULT_POOLING
    from .fair import fair_scores

    if month not in cells.fixed:
        raise ValueError(f"{month}: not a fixed factor of the cells")
    factor = cells.fixed[month]
    inside = np.array([label in months for label in factor.labels], dtype=np.bool_)
    keep = inside[factor.codes] & (cells.n > 0)
    if not keep.any():
        raise ValueError(f"{month}: no ratings in {', '.join(sorted(months))}")
    year = cells.where(keep)
    present = year.fixed[month].labels
    if covariates is not None:
        year = replace(year, fixed={name: f for name, f in year.fixed.items() if name in covariates})
    scores = fair_scores(
        year,
        population_mix=population_mix,
        pooling=DEFAULT_POOLING if pooling is None else pooling,
        variances=variances,
        prior_scale=prior_scale,
    )
    return Annual(scores, present, tuple(sorted(set(months) - set(present))))
