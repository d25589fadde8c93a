"""How sure an order of people is: ranks over joint draws of the officers' effects, with their covariance.

Seeded; the Monte-Carlo error is stated. Ranks are for the committee; no ordinal rank appears anywhere public.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cells import Cells, FloatArray, IntArray
from .fair import FairScores
from .shortlist import Stability, shortlist, top_k

BLOCK = 2**19  # values in memory at once: draws x officers are taken in blocks of about 4 MB
PAIRWISE = 100  # up to so many officers comparing all pairs beats sorting
SAME = 9  # decimals to which two officers are the same; beyond lies the noise of adding floats in another order
Places = NDArray[np.int16]


@dataclass(frozen=True)
class Rank:
    """One officer: expected rank (1 is best), 95 % rank interval, P(in the top k)."""

    officer: str
    expected: float
    low: int
    high: int
    p_top: float


@dataclass(frozen=True)
class Ranks:
    """Ranks of a group in the order of its labels.

    `mc_error`: the largest Monte-Carlo standard error of any `p_top`; `mc_error_rank`: of any expected rank, in places.
    """

    ranks: tuple[Rank, ...]
    k: int
    draws: int
    seed: int
    mc_error: float
    mc_error_rank: float = 0.0

    @property
    def p_top(self) -> dict[str, float]:
        """P(in the top k) by officer, as `shortlist` takes it."""
        return {r.officer: r.p_top for r in self.ranks}


@dataclass(frozen=True, eq=False)
class Joint:
    """What is known about the effects of a group together: a mixture of normal distributions.

    `means` (points, J) and `covariances` (points, J, J) in units and squared units of y, `weights` (points,) >= 0;
    one point when the variance components are plugged in, several when they are integrated over.
    Raises ValueError, naming the input, when shapes differ, a number is not finite or no weight is positive.
    """

    labels: tuple[str, ...]
    means: FloatArray
    covariances: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        points, size = self.weights.size, len(self.labels)
        if self.means.shape != (points, size) or self.covariances.shape != (points, size, size):
            raise ValueError(f"means, covariances: need shapes ({points}, {size}) and ({points}, {size}, {size})")
        for name in ("means", "covariances", "weights"):
            if not np.all(np.isfinite(getattr(self, name))):
                raise ValueError(f"{name}: need finite numbers")
        if np.any(self.weights < 0) or self.weights.sum() <= 0:
            raise ValueError("weights: need at least one positive, none negative")

    @classmethod
    def of(cls, labels: Sequence[str], means: FloatArray, covariance: FloatArray) -> Joint:
        """Return one normal distribution with `means` (J,) and `covariance` (J, J)."""
        size = len(labels)
        if means.shape != (size,) or covariance.shape != (size, size):
            raise ValueError(f"means, covariance: need shapes ({size},) and ({size}, {size})")
        return cls(tuple(labels), means[None], covariance[None], np.ones(1))

    def among(self, chosen: Sequence[int]) -> Joint:
        """Return the same for the officers at these positions only."""
        at = np.array(chosen, dtype=np.int64)
        covariances = self.covariances[:, at[:, None], at[None, :]]
        return Joint(tuple(self.labels[i] for i in chosen), self.means[:, at], covariances, self.weights)


def rank(
    scores: FairScores,
    *,
    among: Collection[str] | None = None,
    k: int | None = None,
    draws: int = 20_000,
    seed: int = 1,
) -> Ranks:
    """Return the rank uncertainty of officers within their comparison group.

    Parameters
    ----------
    scores : FairScores
        The group, from `fair_scores`; its joint covariance (J, J) is in squared units of y.
    among : collection of str, optional
        Labels of the officers ranked; None ranks all comparable ones. Who is left out takes no place.
    k : int >= 1, optional
        How many count as the top; None takes a quarter of those ranked, at least three.
    draws : int >= 1
        Joint draws. The Monte-Carlo error falls with their square root: at most 0.0035 at 20,000.
    seed : int
        Same scores, seed and version give the same bytes.

    Returns
    -------
    Ranks
        Per officer the expected rank and the 95 % interval (both in places, 1 is the highest score) and P(top k) in
        [0, 1], with the Monte-Carlo errors.

    Raises
    ------
    ValueError
        An officer in `among` has no score; k or draws below 1.

    Notes
    -----
    Effects are drawn from their joint conditional distribution at each point of the grid over the officers' spread,
    covariance included: what all officers share (the level of the group) blurs no order. Source: Goldstein and Spiegelhalter (1996), JRSS A 159(3), section 4.

    Examples
    --------
    >>> from teladan.scoring.cells import cells_from_rows
    >>> from teladan.scoring.fair import fair_scores
    >>> rows = [{"y": y, "officer": f"o{i}"} for i in range(4) for y in (1 + i / 2, 1.1 + i / 2) * 20]
    >>> found = rank(fair_scores(cells_from_rows(rows, fixed=[], groups=["officer"])), k=1)
    >>> found.p_top["o3"], found.ranks[0].low
    (1.0, 4)
    """
    return rank_joint(_chosen(scores, among), k=k, draws=draws, seed=seed)


def rank_draws(
    labels: Sequence[str],
    means: FloatArray,
    covariance: FloatArray,
    *,
    k: int | None = None,
    draws: int = 20_000,
    seed: int = 1,
) -> Ranks:
    """Return ranks of J effects with `means` (J,) and joint `covariance` (J, J), highest first.

    >>> clear = rank_draws(["a", "b", "c", "d"], np.array([1.0, 2.0, 3.0, 4.0]), 1e-6 * np.eye(4), k=1)
    >>> clear.p_top["d"], clear.ranks[0].low
    (1.0, 4)
    """
    return rank_joint(Joint.of(labels, means, covariance), k=k, draws=draws, seed=seed)


def rank_joint(joint: Joint, *, k: int | None = None, draws: int = 20_000, seed: int = 1) -> Ranks:
    """Return ranks of the effects in `joint`, highest first.

    Parameters
    ----------
    joint : Joint
        Means and covariances of J effects.
    k, draws, seed
        As in `rank`.

    Returns
    -------
    Ranks
        In the order of `joint.labels`.

    Raises
    ------
    ValueError
        k or draws below 1.

    Notes
    -----
    Effects equal in a draw (no spread at all) share their places by lot. Draws are made in the order of the means, and
    officers about whom exactly the same is known get the same answer, so names and input order do not matter. The points of a mixture get draws in proportion to their weights
    (largest remainder), which is never less exact than drawing the points too. Memory does not grow with `draws`.
    """
    size = len(joint.labels)
    k = top_k(size) if k is None else k
    if k < 1 or draws < 1:
        raise ValueError(f"k={k}, draws={draws}: need at least 1")
    if not size:
        return Ranks((), k, draws, seed, 0.0)
    weights = joint.weights / joint.weights.sum()
    order = np.lexsort((weights @ joint.covariances.diagonal(axis1=1, axis2=2), weights @ joint.means))
    counts = np.empty((size, size))
    counts[order] = _tally(joint.among(order.tolist()), draws, seed)
    for alike in _exchangeable(joint):
        counts[alike] = counts[alike].mean(axis=0)
    place = np.arange(1, size + 1)
    share = counts.cumsum(axis=1)
    p = share[:, min(k, size) - 1] / draws
    expected = counts @ place / draws
    spread = np.maximum(counts @ place**2 / draws - expected**2, 0.0)
    low, high = (1 + (share < q * draws).sum(axis=1) for q in (0.025, 0.975))
    found = zip(joint.labels, expected, low, high, p, strict=True)
    return Ranks(
        tuple(Rank(name, float(e), int(a), int(b), float(top)) for name, e, a, b, top in found),
        k,
        draws,
        seed,
        math.sqrt(float((p * (1 - p)).max()) / draws),
        math.sqrt(float(spread.max()) / draws),
    )


def rank_groups(
    groups: Iterable[Joint], *, k: int | None = None, draws: int = 20_000, seed: int = 1
) -> Iterator[Ranks]:
    """Yield the ranks of each group in turn, holding one group's block of draws in memory.

    Every group gets the same `seed`, so its ranks depend on nothing but itself: not on the other groups, nor on their
    order. 10,000 officers at 20,000 draws take seconds (docs/benchmarks.md).
    """
    return (rank_joint(group, k=k, draws=draws, seed=seed) for group in groups)


def stability(
    cells: Cells,
    score: Callable[[Cells], FairScores],
    *,
    among: Collection[str],
    leave_out: Sequence[tuple[str, Collection[str]]] | None = None,
    q: float = 0.2,
    min_group: int = 8,
    draws: int = 4_000,
    seed: int = 1,
) -> Stability:
    """Return how often each officer stays on the shortlist when a channel or a service is left out.

    Parameters
    ----------
    cells : Cells
        The window of one comparison group.
    score : function of Cells
        Fits what is left; the caller binds mix, pooling and the variances of the longer window in it.
    among : collection of str
        The officers ranked. Who has no rating left in a refit takes no place in it, and is not listed by it.
    leave_out : sequence of (factor, levels), optional
        One refit each; None leaves out each channel and each service apart. Levels of one entry go together.
    q, min_group
        The rule of `shortlist`.
    draws, seed
        Of each refit, as in `rank`.

    Returns
    -------
    Stability
        The shares in [0, 1] of `among`; empty when nothing could be left out.

    Raises
    ------
    ValueError
        An entry of `leave_out` names a factor the cells do not have.
    """
    apart = _each_level(cells) if leave_out is None else leave_out
    listed = [_refit(left, score, among, q, min_group, draws, seed) for left in _without(cells, apart)]
    shares = {name: sum(name in members for members in listed) / len(listed) for name in among} if listed else {}
    return Stability(len(listed), shares)


def _chosen(scores: FairScores, among: Collection[str] | None) -> Joint:
    """The joint distribution of the effects of some officers: one normal per point of the grid of their spread."""
    known = [s.officer for s in scores]
    wanted = {s.officer for s in scores if s.comparable} if among is None else set(among)
    if strangers := wanted - set(known):
        raise ValueError(f"among: no score of {', '.join(sorted(strangers))}")
    at = np.array([i for i, name in enumerate(known) if name in wanted], dtype=np.int64)
    return Joint(
        tuple(known[i] for i in at),
        np.array([est.modes[scores._officer][at] for _, est in scores._points]),
        np.array([est.level_covariance(scores._officer, at) for _, est in scores._points]),
        np.array([weight for weight, _ in scores._points]),
    )


# --- drawing -----------------------------------------------------------------------------------------------------------


def _exchangeable(joint: Joint) -> Iterator[list[int]]:
    """Positions of effects with equal means and covariances: they share the mean of their tallies, not a lot by name."""
    variances = joint.covariances.diagonal(axis1=1, axis2=2)
    rough = np.round(np.concatenate([joint.means, variances]), SAME).T + 0.0
    groups: dict[bytes, list[int]] = {}
    for i, row in enumerate(rough):
        groups.setdefault(row.tobytes(), []).append(i)
    for alike in groups.values():
        finer: dict[bytes, list[int]] = {}
        for i in alike if len(alike) > 1 else ():
            shared = np.round(np.sort(joint.covariances[:, i, :], axis=1), SAME) + 0.0
            finer.setdefault(shared.tobytes(), []).append(i)
        yield from (found for found in finer.values() if len(found) > 1)


def _tally(joint: Joint, draws: int, seed: int) -> IntArray:
    """How often each effect (rows) took each place (columns), places counted from zero."""
    size = len(joint.labels)
    random = np.random.Generator(np.random.PCG64(seed))
    counts = np.zeros(size * size, dtype=np.int64)
    rows = np.arange(size, dtype=np.int64)[:, None] * size
    block = max(1, BLOCK // size)
    points = zip(joint.means, joint.covariances, _allotted(joint.weights, draws), strict=True)
    for means, covariance, share in points:
        draw = _drawer(np.round(means, 12), covariance, random)
        for start in range(0, share, block):
            places = _places(draw(min(block, share - start)))
            counts += np.bincount((places + rows).ravel(), minlength=size * size)
    return counts.reshape(size, size)


def _allotted(weights: FloatArray, draws: int) -> list[int]:
    """Draws per point, in proportion to the weights; the largest remainders get what is left."""
    exact = weights / weights.sum() * draws
    whole = np.floor(exact + 1e-9).astype(np.int64)
    most = np.argsort(-(exact - whole), kind="stable")[: draws - int(whole.sum())]
    whole[most] += 1
    return [int(n) for n in whole]


def _drawer(means: FloatArray, covariance: FloatArray, random: np.random.Generator) -> Callable[[int], FloatArray]:
    """A function that draws m times, shape (J, m). Without any spread only the order of the means is left, and the lot."""
    size, top = len(means), float(np.diag(covariance).max())
    if top <= 0:
        steps = np.unique(means, return_inverse=True)[1].reshape(size, 1).astype(np.float64)
        return lambda m: steps + 0.5 * random.random((size, m))
    root = np.linalg.cholesky(covariance / top + 1e-10 * np.eye(size)) * math.sqrt(top)
    return lambda m: root @ random.standard_normal((size, m)) + means[:, None]


def _places(effects: FloatArray) -> Places:
    """Places (J, m) of effects (J, m) in each column, 0 is the highest."""
    size = len(effects)
    if size <= PAIRWISE:
        places = np.zeros(effects.shape, dtype=np.int16)
        for j in range(size - 1):
            above = effects[j + 1 :] > effects[j]
            places[j] += np.add.reduce(above, axis=0, dtype=np.int16)
            places[j + 1 :] += ~above
        return places
    rows = np.ascontiguousarray(-effects.T)
    sorted_rows = np.empty(rows.shape, dtype=np.int16)
    np.put_along_axis(sorted_rows, np.argsort(rows, axis=1), np.arange(size, dtype=np.int16)[None, :], axis=1)
    return sorted_rows.T


# --- leaving a part out --------------------------------------------------------------------------------------------------


def _each_level(cells: Cells) -> list[tuple[str, Collection[str]]]:
    factors = {**cells.fixed, **cells.groups}
    return [(name, {level}) for name in ("channel", "service") if name in factors for level in factors[name].labels]


def _without(cells: Cells, apart: Sequence[tuple[str, Collection[str]]]) -> Iterator[Cells]:
    """The cells left by each entry, where any are."""
    factors = {**cells.fixed, **cells.groups}
    for name, levels in apart:
        if name not in factors:
            raise ValueError(f"leave_out: {name} is no factor of the cells")
        factor = factors[name]
        gone = np.array([label in levels for label in factor.labels], dtype=np.bool_)
        keep = ~gone[factor.codes] & (cells.n > 0)
        if keep.any():
            yield cells.where(keep)


def _refit(
    left: Cells,
    score: Callable[[Cells], FairScores],
    among: Collection[str],
    q: float,
    min_group: int,
    draws: int,
    seed: int,
) -> frozenset[str]:
    again = score(left)
    found = rank(again, among=set(among) & set(again.by_officer), draws=draws, seed=seed)
    return frozenset(shortlist(found.p_top, q=q, min_group=min_group).selected)
