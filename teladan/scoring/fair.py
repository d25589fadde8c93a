"""The fair score: an officer's expected rating at the average mix of all services, shrunk by how much is known.

Knows one comparison group at a time (a unit). The score integrates over how much officers truly differ; beside it stands
the adjusted mean, unshrunk. Each score can be redone from its `Recompute` record, which holds no citizen's answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from .cells import Cells, FloatArray
from .comparison import DEFAULT_POOLING, Mix, Pooling, average_mix, comparable, pool_services
from .mixed import Fit, fit
from .quantiles import Z95

PRIOR_SCALE = 0.3  # half-Cauchy scale on 1-4: half of all groups are expected to have a spread below it
GRID_POINTS = 12
LOSS = 16.0  # rise of the criterion at the ends of the grid: e^-8 of the highest likelihood
U_MAX = 0.98  # a spread of 32 prior scales
T_DF = 7  # the interval takes t with (officers - 1) degrees of freedom, at least these: simulated, docs/rules/fair-score.md
OWN_DF = 10.0  # ratings that the group's variance is worth beside the officer's own, in the adjusted mean


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
        return recompute_score(asdict(self))


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

    `fit` is the model at the estimated components; `pooled` names the services merged before the fit, `cells` are
    those after the merge.
    """

    scores: tuple[FairScore, ...]
    fit: Fit
    pooled: frozenset[str]
    cells: Cells
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

    Examples
    --------
    >>> from teladan.scoring.cells import cells_from_rows
    >>> ratings = {"ani": (4, 4, 3, 3), "budi": (3, 3, 2, 2), "citra": (4, 3, 3, 2)}
    >>> rows = [{"y": y, "officer": who} for who, ys in ratings.items() for y in ys]
    >>> ani, budi, citra = fair_scores(cells_from_rows(rows, fixed=[], groups=["officer"]))
    >>> round(ani.score, 3), round(ani.adjusted, 3), round(ani.reliability, 2)
    (3.203, 3.5, 0.27)
    """
    if officer not in cells.groups:
        raise ValueError(f"{officer}: not a group factor of the cells")
    cells = cells.where(cells.n > 0)
    if cells.total == 0:
        raise ValueError("cells: no ratings")
    connected = comparable(cells, officer, service, min_officers)
    pooled_cells, pooled = pool_services(cells, officer, service, pooling)
    renamed = {service: dict.fromkeys(pooled, pooling.label)} if pooling else {}
    mix = average_mix(pooled_cells, population_mix or {}, officer, renamed)
    if variances is None:
        est = fit(pooled_cells, eliminate=officer)
        variances = _components(est, officer, prior_scale)
    else:
        if not isinstance(variances, Components):
            variances = Components.known(variances)
        est = fit(pooled_cells, variances=variances.estimate, eliminate=officer)
    points = tuple((w, est.at(v)) for w, v in variances.grid) if variances else ((1.0, est),)
    quantile = variances.quantile if variances else Z95
    found = _scores(pooled_cells, officer, points, mix, connected, quantile, scale)
    return FairScores(tuple(found), est, pooled, pooled_cells, officer, points)


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
    pooled = pool_services(cells.where(cells.n > 0), officer, service, pooling)[0]
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


def _scores(
    cells: Cells,
    officer: str,
    points: Sequence[tuple[float, Fit]],
    mix: Mapping[str, FloatArray],
    connected: set[str],
    quantile: float,
    scale: tuple[float, float],
) -> Iterator[FairScore]:
    """The officers of a group over the grid of K points. Shapes: weight, mu (K,), offset and the like (K, J), n (J,)."""
    factor = cells.groups[officer]
    n = factor.totals(cells.n)
    raw = factor.totals(cells.sum) / n
    weight = np.array([w for w, _ in points])
    s2a = np.array([one.variances[officer] for _, one in points])
    s2e = np.array([one.sigma2 for _, one in points])
    mu, offset, expected = [], [], np.zeros(cells.n.shape)
    for w, one in points:
        fitted = one.fitted(cells, without=officer)
        expected += w * fitted
        offset.append(factor.totals(cells.n * fitted) / n)
        values = {**one.effects, **one.modes}
        mu.append(one.intercept + sum(float(share @ values[name]) for name, share in mix.items()))
    variance, mix_variance, spread = np.stack([one.against(mix) for _, one in points], axis=1)
    case = np.array(mu)[:, None] - offset
    shift, lam = weight @ case, 1 - 1 / spread
    at = np.array(mu)[:, None] + lam * (raw - offset)
    drawn = weight @ at - raw - shift
    score = raw + shift + drawn
    reliability = weight @ np.array([one.reliabilities[officer] for _, one in points])
    bounds: list[list[float] | list[None]] = [[None] * len(n) for _ in range(5)]
    if np.all(s2e > 0):
        se = np.sqrt(weight @ (variance + (at - weight @ at) ** 2))
        expected += (raw - weight @ offset)[factor.codes]
        squares = np.maximum(factor.totals(cells.sumsq - 2 * expected * cells.sum + cells.n * expected**2), 0.0)
        moved = weight @ (mix_variance + (case - shift) ** 2)
        adjusted = _adjusted_interval(n, raw, raw + shift, squares, float(weight @ s2e), moved, scale)
        bounds = [x.tolist() for x in (se, score - quantile * se, score + quantile * se, *adjusted)]
    grid = np.stack(
        np.broadcast_arrays(weight[:, None], *(x[:, None] for x in (np.array(mu), s2a, s2e)), offset, lam, variance),
        axis=2,
    )
    rows = zip(factor.labels, *(x.tolist() for x in (n, raw, shift, drawn, score, reliability)), *bounds, strict=True)
    for j, (label, many, mean, by_mix, by_draw, own, known, error, low, high, low_2, high_2) in enumerate(rows):
        record = Recompute(int(many), mean, tuple(GridPoint(*g) for g in grid[:, j].tolist()), quantile)
        yield FairScore(
            label, int(many), mean, by_mix, by_draw, own, error, low, high, mean + by_mix, low_2, high_2, known,
            label in connected, record,
        )  # fmt: skip


def _adjusted_interval(
    n: FloatArray,
    raw: FloatArray,
    centre: FloatArray,
    squares: FloatArray,
    group_variance: float,
    moved: FloatArray,
    scale: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """A score-type interval (Wilson 1927) around the adjusted mean m: all x with (m - x)^2 <= t^2 v(x).

    v(x) = f (x - bottom)(top - x) / n + w: answers spread less near the ends of the scale. f is the ratio of the officer's
    own `squares`, around what the model expects of these cases, drawn to the group's by OWN_DF ratings; w (`moved`) is the
    variance of the case-mix shift; what it shares with the officer's own answers would lower it, and is left in:
    simulated coverage is nearer to 95 % so.
    """
    bottom, top = scale
    room = np.maximum((raw - bottom) * (top - raw), 0.0125 * (top - bottom) ** 2)
    group = group_variance * n.sum() / (n @ room)
    own = (squares / room + OWN_DF * group) / (n - 1 + OWN_DF)
    t2 = stdtrit(np.maximum(n - 1, OWN_DF), 0.975) ** 2  # the ratings drawn from the group are no evidence
    f, w = t2 * own / n, t2 * moved
    middle = (centre + f * (bottom + top) / 2) / (1 + f)
    reach = np.sqrt(np.maximum(middle**2 - (centre**2 + f * bottom * top - w) / (1 + f), 0.0))
    return middle - reach, middle + reach
