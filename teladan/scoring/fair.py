"""The fair score: an officer's expected rating at the average mix of all services, shrunk by how much is known.

Knows one comparison group at a time (a unit). Each score can be redone from its `Recompute` record, which holds no
citizen's answer. One grid point now; the record is a weighted list, ready for integration over the officers' spread.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from .cells import Cells, FloatArray, pool_rare
from .ikm import Z95
from .mixed import Fit, fit


@dataclass(frozen=True)
class GridPoint:
    """One value of the variance components and what follows from it; `weight`s of a record sum to 1."""

    weight: float
    mu: float  # expected rating at the average mix
    sigma2_a: float  # variance between officers
    sigma2_e: float  # variance within
    offset: float  # what the officer's own mix of cases would give an average officer
    lam: float  # share of the officer's own difference that is kept: n s2a / (n s2a + s2e)
    variance: float  # of the score


@dataclass(frozen=True)
class Recompute:
    """All an officer needs to redo the score: sum over the grid of weight * (mu + lam * (raw_mean - offset))."""

    n: int
    raw_mean: float
    grid: tuple[GridPoint, ...]

    def score(self) -> float:
        """Redo the score."""
        return recompute_score(asdict(self))


@dataclass(frozen=True)
class FairScore:
    """One officer. Numbers are in units of y (1-4); reliability is in [0, 1].

    `score = raw_mean + case_mix_shift + shrinkage_shift` to the last digit. `low`, `high`: 95 % interval, not cut at
    the ends of the scale; they and `se` are None when the ratings leave no variance to judge by.
    `comparable` is False for officers who share no service, directly or over others, with the largest group.
    """

    officer: str
    n: int
    raw_mean: float
    case_mix_shift: float
    shrinkage_shift: float
    score: float
    se: float | None
    low: float | None
    high: float | None
    reliability: float
    comparable: bool
    recompute: Recompute


@dataclass(frozen=True, eq=False)
class FairScores:
    """The scores of a group, by officer's label, with the fit and the joint covariance (J, J) of the officers' effects.

    Behaves as a sequence of `FairScore`. `pooled` names the services merged before the fit.
    """

    scores: tuple[FairScore, ...]
    fit: Fit
    covariance: FloatArray
    pooled: frozenset[str]

    def __iter__(self) -> Iterator[FairScore]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, i: int) -> FairScore:
        return self.scores[i]

    @property
    def by_officer(self) -> dict[str, FairScore]:
        return {s.officer: s for s in self.scores}


Mix = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Pooling:
    """Services below either minimum are merged under `label` before the fit."""

    min_n: int = 30
    min_officers: int = 3
    label: str = "lainnya"


DEFAULT_POOLING = Pooling()


def fair_scores(
    cells: Cells,
    *,
    officer: str = "officer",
    service: str = "service",
    population_mix: Mix | None = None,
    variances: Mapping[str, float] | None = None,
    pooling: Pooling | None = DEFAULT_POOLING,
    min_officers: int = 3,
) -> FairScores:
    """Return the fair score of every officer with a rating in `cells`, the cells of one comparison group and window.

    `population_mix[factor][level]` weighs (any scale) the levels of a factor among *all service events*, answered or
    not; a factor it leaves out takes the mix of the ratings, and levels without ratings share out their weight.
    `variances` are the components of a longer window, from `variance_components`; None estimates them from `cells`.
    A component that is fewer than `min_officers` officers large is compared with nobody.

    Raises ValueError when there are no ratings, `officer` is not a group factor, or a mix names an unknown factor or
    has no usable weight. An officer without a rating has no score: missing is missing.
    Source: docs/rules/fair-score.md.
    """
    if officer not in cells.groups:
        raise ValueError(f"{officer}: not a group factor of the cells")
    cells = cells.where(cells.n > 0)
    connected = _comparable(cells, officer, service, min_officers)
    pooled_cells, pooled = _pool(cells, officer, service, pooling)
    est = fit(pooled_cells, variances=variances)
    mix = _average_mix(pooled_cells, population_mix or {}, officer, _pooled_name(service, pooled, pooling))
    return _scores(pooled_cells, est, officer, mix, connected, pooled)


def variance_components(
    cells: Cells, *, officer: str = "officer", service: str = "service", pooling: Pooling | None = DEFAULT_POOLING
) -> Mapping[str, float] | None:
    """Return the components (per group factor and "residual") of e.g. twelve months of the group, for `fair_scores`.

    None when nothing varies beside the fixed effects: then the window may speak for itself. No ratings: ValueError.
    """
    est = fit(_pool(cells.where(cells.n > 0), officer, service, pooling)[0])
    return {**est.variances, "residual": est.sigma2} if est.sigma2 > 0 else None


def recompute_score(record: Mapping[str, object]) -> float:
    """Redo a score from a `Recompute` record as read back from JSON."""
    grid, raw = record["grid"], record["raw_mean"]
    if not isinstance(grid, list | tuple) or not isinstance(raw, int | float):
        raise ValueError("record: needs raw_mean and a grid")
    return math.fsum(g["weight"] * (g["mu"] + g["lam"] * (raw - g["offset"])) for g in grid)


def _scores(
    cells: Cells, est: Fit, officer: str, mix: dict[str, FloatArray], connected: set[str], pooled: frozenset[str]
) -> FairScores:
    factor = cells.groups[officer]
    n = factor.totals(cells.n)
    raw = factor.totals(cells.sum) / n
    offset = factor.totals(cells.n * est.fitted(cells, without=officer)) / n
    mu = est.intercept + sum(float(w @ _effects(est, name)) for name, w in mix.items())
    s2a, s2e = est.variances[officer], est.sigma2
    lam = n * s2a / (n * s2a + s2e) if s2a > 0 else np.zeros(len(n))
    everyone = {name: np.tile(w, (len(n), 1)) for name, w in mix.items()}
    own = np.eye(len(n))
    variance = np.diag(est.covariance({**everyone, officer: own}, intercept=np.ones(len(n))))
    joint = est.covariance({officer: own})
    reliability = np.clip(1 - np.diag(joint) / s2a, 0, 1) if s2a > 0 else np.zeros(len(n))
    return FairScores(
        tuple(
            _score(
                label,
                Recompute(
                    int(n[j]),
                    float(raw[j]),
                    (GridPoint(1.0, mu, s2a, s2e, float(offset[j]), float(lam[j]), float(variance[j])),),
                ),
                float(reliability[j]),
                label in connected,
            )
            for j, label in enumerate(factor.labels)
        ),
        est,
        joint,
        pooled,
    )


def _score(label: str, record: Recompute, reliability: float, comparable: bool) -> FairScore:
    """Take the record apart into raw -> case mix -> shrinkage -> score."""
    score = record.score()
    adjusted = math.fsum(g.weight * (g.mu + record.raw_mean - g.offset) for g in record.grid)
    shift = adjusted - record.raw_mean
    shrinkage = score - adjusted
    se = None
    if all(g.sigma2_e > 0 for g in record.grid):
        spread = math.fsum(
            g.weight * (g.variance + (g.mu + g.lam * (record.raw_mean - g.offset) - score) ** 2) for g in record.grid
        )
        se = math.sqrt(spread)
    return FairScore(
        officer=label,
        n=record.n,
        raw_mean=record.raw_mean,
        case_mix_shift=shift,
        shrinkage_shift=shrinkage,
        score=record.raw_mean + shift + shrinkage,
        se=se,
        low=None if se is None else score - Z95 * se,
        high=None if se is None else score + Z95 * se,
        reliability=reliability,
        comparable=comparable,
        recompute=record,
    )


def _effects(est: Fit, name: str) -> FloatArray:
    return est.effects[name] if name in est.effects else est.modes[name]


def _pool(cells: Cells, officer: str, service: str, pooling: Pooling | None) -> tuple[Cells, frozenset[str]]:
    if pooling is None or service not in cells.groups:
        return cells, frozenset()
    return pool_rare(
        cells, factor=service, by=officer, min_n=pooling.min_n, min_levels=pooling.min_officers, label=pooling.label
    )


def _pooled_name(service: str, pooled: frozenset[str], pooling: Pooling | None) -> Mapping[str, Mapping[str, str]]:
    return {service: dict.fromkeys(pooled, pooling.label)} if pooling else {}


def _average_mix(
    cells: Cells, given: Mix, officer: str, renamed: Mapping[str, Mapping[str, str]]
) -> dict[str, FloatArray]:
    """Shares of the levels of every factor but the officer, each summing to 1 over the levels that have ratings."""
    factors = {k: f for k, f in (*cells.fixed.items(), *cells.groups.items()) if k != officer}
    if unknown := given.keys() - factors.keys():
        raise ValueError(f"population_mix: {', '.join(sorted(unknown))} is no factor of the cells")
    mix = {}
    for name, factor in factors.items():
        weights = factor.totals(cells.n)
        if name in given:
            weights = np.zeros(len(factor.labels))
            for level, weight in given[name].items():
                known = renamed.get(name, {}).get(level, level)
                if known in factor.labels:
                    weights[factor.labels.index(known)] += weight
        if not np.all(weights >= 0) or weights.sum() <= 0:
            raise ValueError(f"population_mix[{name!r}]: no positive weight on any level with ratings")
        mix[name] = weights / weights.sum()
    return mix


def _comparable(cells: Cells, officer: str, service: str, min_officers: int) -> set[str]:
    """Officers of the largest set that shared services connect (ties: more ratings, then the first label)."""
    who = cells.groups[officer]
    if service not in cells.groups:
        return set(who.labels) if len(who.labels) >= min_officers else set()
    what = cells.groups[service]
    served: dict[int, set[int]] = {}
    for a, s in zip(who.codes.tolist(), what.codes.tolist(), strict=True):
        served.setdefault(a, set()).add(s)
    ratings = who.totals(cells.n)
    best: list[int] = []
    left = set(served)
    while left:
        component, services = {min(left)}, set(served[min(left)])
        while more := {a for a in left - component if served[a] & services}:
            component |= more
            services |= set().union(*(served[a] for a in more))
        left -= component
        best = max(best, sorted(component), key=lambda c: (len(c), sum(ratings[a] for a in c)))
    return {who.labels[a] for a in best} if len(best) >= min_officers else set()
