"""The fair score: an officer's expected rating at the average mix of all services, shrunk by how much is known.

Knows one comparison group at a time (a unit). The score integrates over how much officers truly differ; beside it stands
the adjusted mean, unshrunk. Each score can be redone from its `Recompute` record, which holds no citizen's answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.special import stdtrit

from .cells import Cells, FloatArray, pool_rare
from .ikm import Z95
from .mixed import Fit, fit

PRIOR_SCALE = 0.3  # half-Cauchy scale on 1-4: half of all groups are expected to have a spread below it
GRID_POINTS = 12
LOSS = 16.0  # rise of the criterion at the ends of the grid: e^-8 of the highest likelihood
U_MAX = 0.98  # a spread of 32 prior scales
T_DF = 7  # the interval takes t with (officers - 1) degrees of freedom, at least these: simulated, docs/rules/fair-score.md
OWN_DF = 10.0  # ratings that the group's variance is worth beside the officer's own, in the adjusted mean

Mix = Mapping[str, Mapping[str, float]]


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
    """All an officer needs to redo the score: sum over the grid of weight * (mu + lam * (raw_mean - offset)).

    The squared standard error is the sum of weight * (variance + (the point's score - score)^2); the interval lies
    `quantile` standard errors on either side.
    """

    n: int
    raw_mean: float
    grid: tuple[GridPoint, ...]
    quantile: float = Z95

    def score(self) -> float:
        """Redo the score."""
        return math.fsum(g.weight * (g.mu + g.lam * (self.raw_mean - g.offset)) for g in self.grid)


@dataclass(frozen=True)
class FairScore:
    """One officer. Numbers are in units of y (1-4).

    Attributes
    ----------
    n, raw_mean : int, float
        Ratings and their plain mean.
    case_mix_shift, shrinkage_shift, score : float
        `score = raw_mean + case_mix_shift + shrinkage_shift` to the last digit.
    se, low, high : float or None
        Standard error and 95 % interval, not cut at the ends of the scale; None when the ratings leave no variance to
        judge by.
    adjusted, adjusted_low, adjusted_high : float
        raw_mean + case_mix_shift with its own 95 % interval, which owes nothing to the spread of the others.
    reliability : float
        1 - var(a | data) / sigma2_a in [0, 1], averaged over the grid.
    comparable : bool
        False for officers who share no service, directly or over others, with the largest group.
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
    adjusted: float
    adjusted_low: float | None
    adjusted_high: float | None
    reliability: float
    comparable: bool
    recompute: Recompute


@dataclass(frozen=True, eq=False)
class FairScores:
    """The scores of a group, by officer's label. Behaves as a sequence of `FairScore`.

    `fit` is the model at the estimated components; `pooled` names the services merged before the fit.
    """

    scores: tuple[FairScore, ...]
    fit: Fit
    pooled: frozenset[str]
    _officer: str
    _points: tuple[tuple[float, Fit], ...]

    def __iter__(self) -> Iterator[FairScore]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, i: int) -> FairScore:
        return self.scores[i]

    @cached_property
    def by_officer(self) -> dict[str, FairScore]:
        return {s.officer: s for s in self.scores}

    @cached_property
    def covariance(self) -> FloatArray:
        """Joint covariance (J, J) of the officers' effects given the data, integrated over their spread."""
        return self.covariance_of(range(len(self)))

    def covariance_of(self, chosen: Sequence[int]) -> FloatArray:
        """Return the joint covariance (m, m) of the effects of some officers, by their places in `scores`."""
        levels = np.asarray(chosen, dtype=np.int64)
        weights = np.array([w for w, _ in self._points])
        modes = np.array([one.modes[self._officer][levels] for _, one in self._points])
        left = modes - weights @ modes
        within = sum(w * one.level_covariance(self._officer, levels) for w, one in self._points)
        return np.asarray(within + (left.T * weights) @ left)


@dataclass(frozen=True)
class Pooling:
    """Services below either minimum are merged under `label` before the fit."""

    min_n: int = 30
    min_officers: int = 3
    label: str = "lainnya"


DEFAULT_POOLING = Pooling()


@dataclass(frozen=True)
class Components:
    """Variance components of a group, with the weight of each value that the officers' spread may have.

    Attributes
    ----------
    grid : tuple of (weight, variances)
        Weights sum to 1; `variances` names a component per group factor and "residual". Officers' variance differs from
        point to point, the other components are the estimated ones.
    estimate : mapping
        The REML estimate.
    prior_scale : float or None
        Scale of the half-Cauchy prior on the officers' spread, in units of y; None: nothing was integrated.
    quantile : float
        Standard errors on either side of a score that make its 95 % interval.
    """

    grid: tuple[tuple[float, Mapping[str, float]], ...]
    estimate: Mapping[str, float]
    prior_scale: float | None
    quantile: float = Z95

    @classmethod
    def known(cls, variances: Mapping[str, float]) -> Components:
        """Take the components as given."""
        return cls(((1.0, dict(variances)),), dict(variances), None)


def fair_scores(
    cells: Cells,
    *,
    officer: str = "officer",
    service: str = "service",
    population_mix: Mix | None = None,
    variances: Components | Mapping[str, float] | None = None,
    prior_scale: float | None = PRIOR_SCALE,
    pooling: Pooling | None = DEFAULT_POOLING,
    min_officers: int = 3,
    scale: tuple[float, float] = (1.0, 4.0),
) -> FairScores:
    """Return the fair score of every officer with a rating.

    Parameters
    ----------
    cells : Cells
        One comparison group and window; y on 1-4.
    officer, service : str
        Which group factor is the person; which one connects persons.
    population_mix : mapping of mapping, optional
        `population_mix[factor][level]` weighs (any scale) the levels of a factor among *all service events*, answered
        or not; a factor it leaves out takes the mix of the ratings, and levels without ratings share out their weight.
    variances : Components or mapping, optional
        The components of a longer window, from `variance_components`; a plain mapping is taken as known without doubt.
        None estimates them from `cells`, with `prior_scale`.
    prior_scale : float, optional
        Scale of the half-Cauchy prior on the officers' spread, in units of y; None plugs in the REML estimate.
    pooling : Pooling, optional
        Which services are merged before the fit; None: none.
    min_officers : int
        Officers whom shared services connect with fewer than this many are compared with nobody.
    scale : (float, float)
        Lowest and highest answer; the interval of the adjusted mean narrows towards both.

    Returns
    -------
    FairScores

    Raises
    ------
    ValueError
        When there are no ratings, `officer` is not a group factor, or a mix names an unknown factor or has no usable
        weight. An officer without a rating has no score: missing is missing.

    Notes
    -----
    docs/rules/fair-score.md derives every number and works a small case by hand.
    """
    if officer not in cells.groups:
        raise ValueError(f"{officer}: not a group factor of the cells")
    cells = cells.where(cells.n > 0)
    if cells.total == 0:
        raise ValueError("cells: no ratings")
    connected = _comparable(cells, officer, service, min_officers)
    pooled_cells, pooled = _pool(cells, officer, service, pooling)
    mix = _average_mix(pooled_cells, population_mix or {}, officer, _pooled_name(service, pooled, pooling))
    if variances is None:
        est = fit(pooled_cells, eliminate=officer)
        variances = _components(est, officer, prior_scale)
    else:
        if not isinstance(variances, Components):
            variances = Components.known(variances)
        est = fit(pooled_cells, variances=variances.estimate, eliminate=officer)
    points = tuple((w, est.at(v)) for w, v in variances.grid) if variances else ((1.0, est),)
    quantile = variances.quantile if variances else Z95
    found = _Officers.of(pooled_cells, officer, points, mix).scores(connected, quantile, scale)
    return FairScores(found, est, pooled, officer, points)


def variance_components(
    cells: Cells,
    *,
    officer: str = "officer",
    service: str = "service",
    prior_scale: float | None = PRIOR_SCALE,
    pooling: Pooling | None = DEFAULT_POOLING,
) -> Components | None:
    """Return the components of e.g. twelve months of the group, for `fair_scores`; its parameters mean the same.

    None when nothing varies beside the fixed effects: then the window may speak for itself. No ratings: ValueError.
    """
    pooled = _pool(cells.where(cells.n > 0), officer, service, pooling)[0]
    return _components(fit(pooled, eliminate=officer), officer, prior_scale)


def _components(est: Fit, officer: str, prior_scale: float | None) -> Components | None:
    """Weigh the officers' spread s by likelihood times prior, over u = 2/pi arctan(s / scale), where the prior is flat."""
    if est.sigma2 <= 0:
        return None
    estimate = {k: float(f"{v:.9g}") for k, v in (*est.variances.items(), ("residual", est.sigma2))}
    if prior_scale is None or officer in est.unidentified:
        return replace(Components.known(estimate), prior_scale=prior_scale)
    best = est.criterion

    def variances(u: float) -> dict[str, float]:
        return {**estimate, officer: (prior_scale * math.tan(math.pi / 2 * u)) ** 2}

    def loss(u: float) -> float:
        return est.criterion_at(variances(u)) - best

    mode = 2 / math.pi * math.atan(math.sqrt(estimate[officer]) / prior_scale)
    mode = min(mode, U_MAX)
    low, high = (round(_reach(loss, mode, end), 6) for end in (0.0, U_MAX))
    nodes, heights = np.polynomial.legendre.leggauss(GRID_POINTS)
    at = [low + (high - low) * (1 + float(x)) / 2 for x in nodes]
    weights = heights * np.exp(-np.array([loss(u) for u in at]) / 2)
    shares = np.round(weights / weights.sum(), 8)  # beyond lies the noise of differences of a large criterion
    shares[shares.argmax()] += 1 - shares.sum()
    grid = tuple((float(w), variances(u)) for w, u in zip(shares, at, strict=True))
    df = max(T_DF, len(est.labels[officer]) - 1)
    return Components(grid, estimate, prior_scale, float(stdtrit(df, 0.975)))


def _reach(loss: Callable[[float], float], mode: float, end: float) -> float:
    """Where, from the mode towards `end`, the criterion has risen by about LOSS: beyond it hardly any weight is left."""
    if mode == end or loss(end) < LOSS:
        return end
    near, far = mode, end
    at = mode + 0.3 * (end - mode)
    for _ in range(30):
        found = loss(at)
        if LOSS <= found <= 1.6 * LOSS:
            return at
        near, far = (at, far) if found < LOSS else (near, at)
        guess = mode + (at - mode) * math.sqrt(1.25 * LOSS / found) if found > 0.1 else (near + far) / 2
        at = guess if min(near, far) < guess < max(near, far) else (near + far) / 2
    return far


def recompute_score(record: Mapping[str, object]) -> float:
    """Redo a score from a `Recompute` record as read back from JSON."""
    grid, raw = record["grid"], record["raw_mean"]
    if not isinstance(grid, list | tuple) or not isinstance(raw, int | float):
        raise ValueError("record: needs raw_mean and a grid")
    return math.fsum(g["weight"] * (g["mu"] + g["lam"] * (raw - g["offset"])) for g in grid)


@dataclass(frozen=True, eq=False)
class _Officers:
    """The officers of a group over the grid. Shapes: weight (K,), offset and the like (K, J), n and the like (J,)."""

    labels: tuple[str, ...]
    n: FloatArray
    raw: FloatArray
    squares: FloatArray  # of the officer's answers around what the model expects of this officer's cases
    weight: FloatArray
    mu: FloatArray
    sigma2_a: FloatArray
    sigma2_e: FloatArray
    offset: FloatArray
    lam: FloatArray
    variance: FloatArray
    mix_variance: FloatArray  # of mu - offset
    reliability: FloatArray

    @classmethod
    def of(
        cls, cells: Cells, officer: str, points: Sequence[tuple[float, Fit]], mix: Mapping[str, FloatArray]
    ) -> _Officers:
        factor = cells.groups[officer]
        n = factor.totals(cells.n)
        raw = factor.totals(cells.sum) / n
        weight = np.array([w for w, _ in points])
        mu, offset, against = [], [], []
        expected = np.zeros(cells.n.shape)
        for w, one in points:
            fitted = one.fitted(cells, without=officer)
            expected += w * fitted
            offset.append(factor.totals(cells.n * fitted) / n)
            mu.append(one.intercept + sum(float(share @ _effects(one, name)) for name, share in mix.items()))
            against.append(one.against(mix))
        expected += (raw - weight @ np.array(offset))[factor.codes]
        s2a = np.array([one.variances[officer] for _, one in points])
        s2e = np.array([one.sigma2 for _, one in points])
        spread = np.array([a.spread for a in against])
        return cls(
            labels=factor.labels,
            n=n,
            raw=raw,
            squares=np.maximum(factor.totals(cells.sumsq - 2 * expected * cells.sum + cells.n * expected**2), 0.0),
            weight=weight,
            mu=np.array(mu),
            sigma2_a=s2a,
            sigma2_e=s2e,
            offset=np.array(offset),
            lam=1 - 1 / spread,
            variance=np.array(
                [
                    np.maximum(a.point + 2 * a.with_level + one.mode_variances[officer], 0.0)
                    for a, (_, one) in zip(against, points, strict=True)
                ]
            ),
            mix_variance=np.array([a.point - 2 * a.with_own + a.own for a in against]),
            reliability=weight @ np.array([one.reliabilities[officer] for _, one in points]),
        )

    def scores(self, connected: set[str], quantile: float, scale: tuple[float, float]) -> tuple[FairScore, ...]:
        at = self.mu[:, None] + self.lam * (self.raw - self.offset)
        score = self.weight @ at
        shift = self.weight @ (self.mu[:, None] - self.offset)
        has_variance = bool(np.all(self.sigma2_e > 0))
        se = np.sqrt(self.weight @ (self.variance + (at - score) ** 2))
        low, high = self.adjusted_interval(shift, scale) if has_variance else (score, score)
        return tuple(
            FairScore(
                officer=label,
                n=int(self.n[j]),
                raw_mean=(raw := float(self.raw[j])),
                case_mix_shift=(moved := float(shift[j])),
                shrinkage_shift=(drawn := float(score[j]) - raw - moved),
                score=raw + moved + drawn,
                se=float(se[j]) if has_variance else None,
                low=float(score[j] - quantile * se[j]) if has_variance else None,
                high=float(score[j] + quantile * se[j]) if has_variance else None,
                adjusted=raw + moved,
                adjusted_low=float(low[j]) if has_variance else None,
                adjusted_high=float(high[j]) if has_variance else None,
                reliability=float(self.reliability[j]),
                comparable=label in connected,
                recompute=Recompute(int(self.n[j]), raw, self._grid(j), quantile),
            )
            for j, label in enumerate(self.labels)
        )

    def _grid(self, j: int) -> tuple[GridPoint, ...]:
        columns = (self.weight, self.mu, self.sigma2_a, self.sigma2_e, self.offset[:, j], self.lam[:, j])
        return tuple(GridPoint(*map(float, row)) for row in zip(*columns, self.variance[:, j], strict=True))

    def adjusted_interval(self, shift: FloatArray, scale: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
        """A score-type interval (Wilson 1927) around the adjusted mean m: all x with (m - x)^2 <= t^2 v(x).

        v(x) = f (x - bottom)(top - x) / n + w: answers spread less near the ends of the scale. f is the officer's own
        ratio, drawn to the group's by OWN_DF ratings; w is the variance of the case-mix shift; what it shares
        with the officer's own answers would lower it, and is left in: simulated coverage is nearer to 95 % so.
        """
        bottom, top = scale
        room = np.maximum((self.raw - bottom) * (top - self.raw), 0.0125 * (top - bottom) ** 2)
        group = float(self.weight @ self.sigma2_e) * self.n.sum() / (self.n @ room)
        df = self.n - 1 + OWN_DF
        own = (self.squares / room + OWN_DF * group) / df
        centre = self.raw + shift
        moved = self.weight @ (self.mix_variance + (self.mu[:, None] - self.offset - shift) ** 2)
        t2 = stdtrit(np.maximum(self.n - 1, OWN_DF), 0.975) ** 2  # the ratings drawn from the group are no evidence
        f, w = t2 * own / self.n, t2 * moved
        middle = (centre + f * (bottom + top) / 2) / (1 + f)
        reach = np.sqrt(np.maximum(middle**2 - (centre**2 + f * bottom * top - w) / (1 + f), 0.0))
        return middle - reach, middle + reach


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
    people, what = len(who.labels), cells.groups[service]
    size = people + len(what.labels)
    met = sparse.coo_array((np.ones(len(cells.n)), (who.codes, people + what.codes)), shape=(size, size))
    part = connected_components(met, directed=False)[1][:people]
    members, ratings = np.bincount(part), np.bincount(part, weights=who.totals(cells.n))
    found, first = np.unique(part, return_index=True)
    best = max(zip(found, first, strict=True), key=lambda one: (members[one[0]], ratings[one[0]], -one[1]))[0]
    return {who.labels[a] for a in np.flatnonzero(part == best)} if members[best] >= min_officers else set()
