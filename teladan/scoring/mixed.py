"""Linear mixed models with crossed grouping factors, fitted by REML or ML from cells, exactly and in milliseconds.

    y = X beta + sum_k Z_k b_k + e,    b_k ~ N(0, sigma2_k I),    e ~ N(0, sigma2 I)

The deviance is profiled over theta_k, theta_k^2 = gamma_k = sigma2_k / sigma2, as in Bates et al. (2015), JSS 67(1),
section 3; a safeguarded Newton search on the equations (`equations.py`) finds its minimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .cells import Cells, FloatArray, IntArray
from .equations import EXACT, Point, System

THETA_MAX = 1e3  # a larger ratio of spreads means: no residual that these ratings could show
STARTS = (1.0, 0.2)  # two starts where they are cheap, because a crossed design may have two minima
FEW = 500  # eliminated levels up to which both starts are tried


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model. Effects are in units of y, variances in its square.

    Attributes
    ----------
    n, df_residual : int
        Ratings; ratings less estimated fixed effects.
    criterion : float
        -2 log likelihood, restricted if `reml`; NaN where the ratings leave no residual.
    sigma2, variances : float, mapping
        Residual variance and one component per group factor.
    intercept, intercept_se, effects, effect_se : float, mapping of (levels,)
        Fixed effects by factor, treatment coded: the first level and every aliased one at 0.
    aliased : tuple of str
        Columns dropped because they say nothing new, as `factor[level]`.
    labels : mapping of tuple
        Names of the levels, by factor.
    modes, mode_variances : mapping of (levels,)
        Conditional modes b_k and their prediction error variances, uncertainty of beta included.
    boundary : tuple of str
        Components estimated at zero.
    unidentified : tuple of str
        Components the data cannot tell from something else, held at zero; "residual" when nothing is left to see it.
    converged : bool
        The gradient was checked at the end, at a boundary its sign.
    evaluations : int
        How often the equations were solved.
    """

    n: int
    df_residual: int
    reml: bool
    criterion: float
    sigma2: float
    variances: Mapping[str, float]
    intercept: float
    intercept_se: float
    effects: Mapping[str, FloatArray]
    effect_se: Mapping[str, FloatArray]
    aliased: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    modes: Mapping[str, FloatArray]
    mode_variances: Mapping[str, FloatArray]
    _system: System
    _point: Point
    boundary: tuple[str, ...] = ()
    unidentified: tuple[str, ...] = ()
    converged: bool = True
    evaluations: int = 1

    @property
    def reliabilities(self) -> dict[str, FloatArray]:
        """By group factor: 1 - var(b_k | data) / sigma2_k per level, in [0, 1]; 0 where the component is zero."""
        return {
            k: np.clip(1 - v / self.variances[k], 0, 1) if self.variances[k] > 0 else np.zeros(len(v))
            for k, v in self.mode_variances.items()
        }

    def at(self, variances: Mapping[str, float]) -> Fit:
        """Return the same model at other variance components, which are taken as given; `fit` says which are refused."""
        gamma = _given(variances, self._system.groups)
        return _collect(self._system, self._system.at(gamma, slopes=False), variances["residual"])

    def criterion_at(self, variances: Mapping[str, float]) -> float:
        """Return the criterion of the same model at other variance components."""
        point = self._system.at(_given(variances, self._system.groups), slopes=False)
        return self._system.criterion(point, variances["residual"])

    def fitted(self, cells: Cells, *, without: str | None = None) -> FloatArray:
        """Return the fitted mean of each cell (cells,) of the fit's own cells, leaving out the effects of `without`.

        Raises ValueError, naming the factor, when its levels are not those of the fit.
        """
        out, values = np.full(cells.n.shape, self.intercept), {**self.effects, **self.modes}
        for name, factor in (*cells.fixed.items(), *cells.groups.items()):
            if factor.labels != self.labels[name]:
                raise ValueError(f"{name}: these cells have other levels than the fit")
            if name != without:
                out += values[name][factor.codes]
        return out

    def covariance(self, weights: Mapping[str, FloatArray], *, intercept: FloatArray | None = None) -> FloatArray:
        """Return the (m, m) prediction error covariance of m linear combinations of intercept, effects and modes.

        `weights[name]` is (m, levels of name), `intercept` is (m,); what is not named has weight zero.
        """
        rows, first = self._combination(weights, intercept)
        return np.asarray(self.sigma2 * (rows @ self._point.q @ rows.T + (first * self._point.c) @ first.T))

    def level_covariance(self, name: str, levels: IntArray) -> FloatArray:
        """Return the (m, m) prediction error covariance of some levels of the group factor `name`."""
        system, point = self._system, self._point
        if name != system.eliminated:
            block = np.arange(system.width)[system.blocks[name]][levels]
            return np.asarray(self.sigma2 * point.q[np.ix_(block, block)])
        rows, touched = system.coupling.some(levels)
        rows = rows * point.c[levels, None]
        return np.asarray(self.sigma2 * (rows @ point.q[np.ix_(touched, touched)] @ rows.T + np.diag(point.c[levels])))

    def against(self, weights: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return, by level of the eliminated factor, how a common point errs: the intercept plus `weights[factor]` (levels,).

        The prediction error variance of point plus level effect; that of the point less the mean of the rest of the model
        over the level's own ratings; 1 + gamma n, the variance of the level's mean in units of sigma2 / n.
        """
        system, point, s2 = self._system, self._point, self.sigma2
        rows = self._combination({k: w[None, :] for k, w in weights.items()}, np.ones(1))[0][0]
        q_row = point.q @ rows
        met, common = system.coupling.times(q_row), float(rows @ q_row)
        level = np.maximum(s2 * (common - 2 * point.c * met) + self.mode_variances[system.eliminated], 0.0)
        mix = s2 * (common - 2 * met / system.d + point.forms / system.d**2)
        return level, mix, 1 + point.gamma[system.eliminated] * system.d

    def _combination(
        self, weights: Mapping[str, FloatArray], intercept: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        """Linear combinations over the kept dense columns, the eliminated factor's part put in, and that part."""
        system, point = self._system, self._point
        m = len(intercept) if intercept is not None else len(next(iter(weights.values())))
        rows = np.zeros((m, system.width))
        rows[:, system.random] = 0.0 if intercept is None else intercept
        for name, block in system.blocks.items():
            if name in weights:
                rows[:, block] = weights[name]
        first = weights.get(system.eliminated, np.zeros((m, len(system.d))))
        return rows[:, system.kept] - system.coupling.left(first * point.c), first


def fit(
    cells: Cells, *, reml: bool = True, variances: Mapping[str, float] | None = None, eliminate: str | None = None
) -> Fit:
    """Fit an intercept, treatment-coded fixed factors and one random intercept per group factor.

    Parameters
    ----------
    cells : Cells
        Ratings counted by everything that predicts them, from `cells_from_rows`, `cells_from_columns` or
        `cells_from_counts`. Cost depends on cells and levels, never on the number of ratings.
    reml : bool
        Restricted likelihood (default), or maximum likelihood.
    variances : mapping, optional
        Components taken as given, one per group factor and "residual" (> 0), in units of y squared.
    eliminate : str, optional
        The group factor whose block is eliminated; the largest by default. The answer is the same.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        When there are no ratings, a given variance is missing or impossible, or the factors beside the eliminated one
        have more than 20,000 levels together. Everything else has a defined answer: one officer, one rating, all
        ratings equal, aliased columns, a component at zero.

    Notes
    -----
    Bates et al. (2015), doi:10.18637/jss.v067.i01; docs/rules/fair-score.md.

    Examples
    --------
    >>> from teladan.scoring.cells import cells_from_rows
    >>> rows = [{"y": y, "o": o} for o, ys in {"a": (4, 4, 3, 4), "b": (2, 1, 2, 3)}.items() for y in ys]
    >>> est = fit(cells_from_rows(rows, fixed=[], groups=["o"]))
    >>> [round(float(m), 3) for m in est.modes["o"]], round(est.intercept, 3)  # means 3.75 and 2.00, drawn together
    ([0.81, -0.81], 2.875)
    """
    cells = cells.where(cells.n > 0)
    if cells.total == 0:
        raise ValueError("cells: no ratings")
    system = System(cells, reml, eliminate)
    if variances is not None:
        point = system.at(_given(variances, tuple(cells.groups)), slopes=False)
        return _collect(system, point, variances["residual"])
    held = system.unidentified()
    point, converged, evaluations = _estimate(system, held)
    sigma2 = system.residual(point)
    boundary = tuple(k for k in cells.groups if point.gamma[k] == 0 and k not in held)
    unidentified = held if sigma2 > 0 else (*held, "residual")
    found = _collect(system, point, sigma2)
    return replace(found, boundary=boundary, unidentified=unidentified, converged=converged, evaluations=evaluations)


def _given(variances: Mapping[str, float], groups: Sequence[str]) -> dict[str, float]:
    for name in (*groups, "residual"):
        if name not in variances or not 0 <= variances[name] < math.inf:
            raise ValueError(f"variances: {name} needs a variance that is not negative")
    if variances["residual"] == 0:
        raise ValueError("variances: residual must be above zero")
    return {k: variances[k] / variances["residual"] for k in groups}


def _estimate(system: System, held: Sequence[str]) -> tuple[Point, bool, int]:
    """Minimise the criterion over theta; components in `held` stay at zero."""
    free = [i for i, k in enumerate(system.groups) if k not in held]
    nothing = np.zeros(len(system.groups))
    start = system.at(dict.fromkeys(system.groups, 0.0), slopes=False)
    if not free or system.residual(start) == 0:
        return start, True, 1
    found = []
    for level in STARTS if len(system.kept) <= EXACT and len(system.d) <= FEW else STARTS[1:]:
        theta = nothing.copy()
        theta[free] = level
        found.append(_descend(system, free, theta))
    point, converged, _ = min(found, key=lambda one: one[0].value)
    return system.at(point.gamma, slopes=False), converged, 2 + sum(one[2] for one in found)


def _descend(system: System, free: Sequence[int], theta: FloatArray) -> tuple[Point, bool, int]:
    """Newton steps in theta: a component at zero is an ordinary minimum there, since the criterion is even in theta."""

    def at(theta: FloatArray) -> tuple[Point, FloatArray, FloatArray, FloatArray]:
        point = system.at({k: float(t) ** 2 for k, t in zip(system.groups, theta, strict=True)})
        slope = (2 * theta * point.gradient)[free]
        bend = (4 * np.outer(theta, theta) * point.hessian + 2 * np.diag(point.gradient))[np.ix_(free, free)]
        values, vectors = np.linalg.eigh(bend)
        values = np.maximum(np.abs(values), 1e-9 * np.abs(values).max() + 1e-300)
        return point, slope, bend, -vectors @ ((vectors.T @ slope) / values)

    evaluations = 1
    point, slope, bend, step = at(theta)
    for _ in range(100):
        reach = np.minimum(1.0, np.maximum(0.5, np.abs(theta[free])) / np.maximum(np.abs(step), 1e-300)).min()
        if np.all(np.abs(step) <= 1e-11 * np.abs(theta[free])):
            break
        for halving in range(12):
            trial = theta.copy()
            trial[free] = np.clip(theta[free] + reach * 0.5**halving * step, -THETA_MAX, THETA_MAX)
            trial[np.abs(trial) < 1e-7] = 0.0
            after = at(trial)
            evaluations += 1
            noise = 1e-12 * system.total
            if after[0].value < point.value - noise or (
                after[0].value < point.value + noise and np.abs(after[1]).max() < 0.9 * np.abs(slope).max()
            ):
                break
        else:
            break
        theta, (point, slope, bend, step) = trial, after
    is_inside = np.abs(theta[free]) < THETA_MAX
    is_low = float(-(slope * step)[is_inside].sum()) < 1e-6 * max(1.0, 1e-3 * len(free)) and np.all(
        np.diag(bend) > -1e-6 * system.total
    )
    return point, bool(is_low), evaluations


def _collect(system: System, point: Point, sigma2: float) -> Fit:
    """Put solution and variances back under the names of the factors."""
    rest, rest_variance = np.zeros(system.width), np.zeros(system.width)
    rest[system.kept] = point.rest
    rest_variance[system.kept] = sigma2 * np.diag(point.q)
    modes = {k: rest[system.blocks[k]] for k in system.groups[1:]}
    mode_variances = {k: rest_variance[system.blocks[k]] for k in system.groups[1:]}
    if system.groups:
        modes[system.eliminated] = point.first
        mode_variances[system.eliminated] = sigma2 * (point.c + point.c**2 * point.forms)
    return Fit(
        n=system.total,
        df_residual=system.total - (len(system.kept) - system.random),
        reml=system.reml,
        criterion=system.criterion(point, sigma2),
        sigma2=sigma2,
        variances={k: sigma2 * point.gamma[k] for k in system.groups},
        intercept=float(rest[system.random]) + system.centre,
        intercept_se=math.sqrt(max(0.0, rest_variance[system.random])),
        effects={k: rest[system.blocks[k]] for k in system.fixed},
        effect_se={k: np.sqrt(rest_variance[system.blocks[k]]) for k in system.fixed},
        aliased=system.aliased,
        labels=system.labels,
        modes=modes,
        mode_variances=mode_variances,
        _system=system,
        _point=point,
    )
