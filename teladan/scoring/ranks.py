"""How sure an order of people is: ranks over joint draws of the officers' effects, with their covariance.

Seeded; the Monte-Carlo error is stated. Ranks are for the committee; no ordinal rank appears anywhere public.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from .cells import FloatArray, IntArray
from .fair import FairScores
from .shortlist import top_k


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
    """Ranks of a group in the order of its labels. `mc_error`: the largest standard error of any `p_top`."""

    ranks: tuple[Rank, ...]
    k: int
    draws: int
    seed: int
    mc_error: float

    @property
    def p_top(self) -> dict[str, float]:
        """P(in the top k) by officer, as `shortlist` takes it."""
        return {r.officer: r.p_top for r in self.ranks}


def rank_officers(
    scores: FairScores,
    *,
    among: Collection[str] | None = None,
    k: int | None = None,
    draws: int = 20_000,
    seed: int = 1,
) -> Ranks:
    """Return the rank uncertainty of the officers in `among` (None: all comparable ones) within their group.

    k defaults to a quarter of them, at least three. Cost: draws x officers.
    Raises ValueError for an unknown officer.
    """
    known = [s.officer for s in scores]
    wanted = {s.officer for s in scores if s.comparable} if among is None else set(among)
    if strangers := wanted - set(known):
        raise ValueError(f"among: no score of {', '.join(sorted(strangers))}")
    chosen = [i for i, name in enumerate(known) if name in wanted]
    means = np.array([scores[i].score for i in chosen])
    covariance = scores.covariance[np.ix_(chosen, chosen)]
    return rank_draws([known[i] for i in chosen], means, covariance, k=k, draws=draws, seed=seed)


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

    Effects equal in a draw (no spread at all) share their places by lot. Draws are made in the order of the means,
    so that names and input order do not matter.

    >>> clear = rank_draws(["a", "b", "c", "d"], np.array([1.0, 2.0, 3.0, 4.0]), 1e-6 * np.eye(4), k=1)
    >>> clear.p_top["d"], clear.ranks[0].low
    (1.0, 4)
    """
    size = len(labels)
    if means.shape != (size,) or covariance.shape != (size, size):
        raise ValueError(f"means, covariance: need shapes ({size},) and ({size}, {size})")
    k = top_k(size) if k is None else k
    if k < 1 or draws < 1:
        raise ValueError(f"k={k}, draws={draws}: need at least 1")
    if not size:
        return Ranks((), k, draws, seed, 0.0)
    order = np.lexsort((np.diag(covariance), means))
    places = np.empty((draws, size), dtype=np.int64)
    places[:, order] = _places(means[order], covariance[np.ix_(order, order)], draws, seed)
    p = (places <= k).mean(axis=0)
    low, high = np.quantile(places, (0.025, 0.975), axis=0, method="inverted_cdf")
    found = zip(labels, places.mean(axis=0), low, high, p, strict=True)
    return Ranks(
        tuple(Rank(name, float(e), int(a), int(b), float(top)) for name, e, a, b, top in found),
        k,
        draws,
        seed,
        math.sqrt(float((p * (1 - p)).max()) / draws),
    )


def _places(means: FloatArray, covariance: FloatArray, draws: int, seed: int) -> IntArray:
    """Places (draws, J), 1 is the highest."""
    random = np.random.Generator(np.random.PCG64(seed))
    size, top = len(means), float(np.diag(covariance).max())
    root = np.linalg.cholesky(covariance / top + 1e-10 * np.eye(size)) * math.sqrt(top) if top > 0 else 0 * covariance
    effects = random.standard_normal((draws, size)) @ root.T + np.round(means, 12)
    lot = random.random((draws, size))  # decides only between effects that are exactly equal
    places = np.empty((draws, size), dtype=np.int64)
    np.put_along_axis(places, np.lexsort((lot, -effects), axis=1), np.arange(1, size + 1)[None, :], axis=1)
    return places
