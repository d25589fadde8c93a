"""Linear mixed models with crossed grouping factors, fitted by REML from cells, exactly and in milliseconds.

    y = X beta + sum_k Z_k b_k + e,    b_k ~ N(0, sigma2_k I),    e ~ N(0, sigma2 I)

The deviance is profiled over gamma_k = sigma2_k / sigma2 as in Bates et al. (2015), JSS 67(1), section 3. The block
of the largest factor is diagonal and is eliminated (Schur complement); what is left is dense and small. The gradient
is analytic: d/d gamma_k = tr(Z_k'P Z_k) - df/pwrss |Z_k'P y|^2, sound at gamma_k = 0 too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from .cells import Cells, Factor, FloatArray, IntArray

GAMMA_MAX = 1e6  # a larger variance ratio means: no residual that these ratings could show
STARTS = (1.0, 0.05)  # two starts, because a crossed design may have two minima


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model. Effects are in units of y, variances in its square.

    `criterion` is -2 log likelihood (restricted if `reml`), NaN where undefined or when variances were given. `effects` holds the fixed effects by
    factor and level, the first level and every aliased one at 0; `aliased` names the dropped columns. `modes` are the
    conditional modes b_k, `mode_variances` their prediction error variances, uncertainty of beta included.
    `boundary` names components estimated at zero, `unidentified` those the data cannot tell from something else
    (held at zero; "residual" when nothing is left to estimate it from).
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
    boundary: tuple[str, ...]
    unidentified: tuple[str, ...]
    converged: bool
    evaluations: int
    _system: _System
    _point: _Point

    def fitted(self, cells: Cells, *, without: str | None = None) -> FloatArray:
        """Return the fitted mean of each cell (cells,) of the fit's own cells, leaving out the effects of `without`.

        Raises ValueError, naming the factor, when its levels are not those of the fit.
        """
        out = np.full(cells.n.shape, self.intercept)
        parts = [(name, f, self.effects[name]) for name, f in cells.fixed.items()]
        parts += [(name, f, self.modes[name]) for name, f in cells.groups.items()]
        for name, factor, values in parts:
            if factor.labels != self.labels[name]:
                raise ValueError(f"{name}: these cells have other levels than the fit")
            if name != without:
                out += values[factor.codes]
        return out

    def covariance(self, weights: Mapping[str, FloatArray], *, intercept: FloatArray | None = None) -> FloatArray:
        """Return the (m, m) prediction error covariance of m linear combinations of intercept, effects and modes.

        `weights[name]` is (m, levels of name), `intercept` is (m,); what is not named has weight zero.
        """
        system, point = self._system, self._point
        m = len(intercept) if intercept is not None else len(next(iter(weights.values())))
        dense = np.zeros((m, system.width))
        dense[:, system.intercept] = 0.0 if intercept is None else intercept
        for name, block in system.blocks.items():
            if name in weights:
                dense[:, block] = weights[name]
        dense = dense[:, system.kept] * point.scale
        if system.eliminated in weights:
            first = weights[system.eliminated] * math.sqrt(point.gamma[system.eliminated])
            dense = dense - (first / point.d) @ point.b
            own = (first / point.d) @ first.T
        else:
            own = np.zeros((m, m))
        half = dense @ point.l_inverse.T
        return np.asarray(self.sigma2 * (own + half @ half.T))


def fit(cells: Cells, *, reml: bool = True, variances: Mapping[str, float] | None = None) -> Fit:
    """Fit the model of `cells`: an intercept, treatment-coded fixed factors, one random intercept per group factor.

    With `variances` (one per group factor and "residual" > 0) the components are taken as given, not estimated.
    Cost depends on cells and levels, never on the number of ratings.

    Raises ValueError when there are no ratings or a given variance is missing or impossible. Everything else has a
    defined answer: one officer, one rating, all ratings equal, aliased columns, a component at zero.
    Source: Bates et al. (2015), doi:10.18637/jss.v067.i01; docs/rules/fair-score.md.

    >>> from teladan.scoring.cells import cells_from_rows
    >>> rows = [{"y": y, "o": o} for o, ys in {"a": (4, 4, 3, 4), "b": (2, 1, 2, 3)}.items() for y in ys]
    >>> est = fit(cells_from_rows(rows, fixed=[], groups=["o"]))
    >>> [round(float(m), 3) for m in est.modes["o"]], round(est.intercept, 3)  # means 3.75 and 2.00, drawn together
    ([0.81, -0.81], 2.875)
    """
    cells = cells.where(cells.n > 0)
    if cells.total == 0:
        raise ValueError("cells: no ratings")
    system = _System.of(cells, reml)
    if variances is not None:
        point = system.at(_given(variances, cells))
        return _collect(cells, system, point, variances["residual"], math.nan, (), (), True, 1)
    held = system.unidentified()
    gamma, converged, evaluations = _estimate(system, held)
    point = system.at(gamma)
    sigma2 = system.residual(point)
    criterion = point.value if sigma2 > 0 else math.nan
    boundary = tuple(k for k in gamma if gamma[k] == 0 and k not in held)
    unidentified = held if sigma2 > 0 else (*held, "residual")
    return _collect(cells, system, point, sigma2, criterion, boundary, unidentified, converged, evaluations)


@dataclass(frozen=True, eq=False)
class _Point:
    """The mixed-model equations solved at one gamma, in spherical coordinates u = b / sqrt(gamma)."""

    gamma: Mapping[str, float]
    value: float
    gradient: Mapping[str, float]
    pwrss: float
    d: FloatArray  # diagonal of the eliminated block
    b: FloatArray  # its coupling with the kept dense columns
    scale: FloatArray  # sqrt(gamma) of each kept dense column, 1 for fixed effects
    l_inverse: FloatArray  # inverse Cholesky factor of the Schur complement
    first: FloatArray  # conditional modes of the eliminated factor
    rest: FloatArray  # conditional modes and fixed effects of the kept dense columns


@dataclass(frozen=True, eq=False)
class _System:
    """Cross-products of the eliminated factor ("first") and the dense columns: other groups, intercept, fixed levels.

    y is centred at `centre` before squaring, which keeps the digits of a criterion in the hundred thousands.
    """

    reml: bool
    total: int
    centre: float
    yy: float
    size: float  # mean square of raw y: the unit in which "zero" is judged
    eliminated: str
    d: FloatArray
    y1: FloatArray
    width: int
    blocks: Mapping[str, slice]  # of the dense columns before aliased ones are dropped
    groups: tuple[str, ...]  # all group factors, the eliminated one first
    intercept: int
    kept: IntArray
    aliased: tuple[str, ...]
    random: int  # how many kept columns, at the front, are random
    g1: FloatArray
    g: FloatArray
    y: FloatArray

    @classmethod
    def of(cls, cells: Cells, reml: bool) -> _System:
        n, total = cells.n, float(cells.n.sum())
        centre = float(cells.sum.sum()) / total
        sums = cells.sum - n * centre
        within = cells.sumsq - cells.sum**2 / n
        within[within < 1e-12 * cells.sumsq] = 0.0
        groups = sorted(cells.groups, key=lambda k: -len(cells.groups[k].labels))
        one = Factor(("",), np.zeros(n.size, dtype=np.int64))
        eliminated = groups[0] if groups else ""
        first = cells.groups[eliminated] if groups else one
        dense: dict[str, Factor] = {k: cells.groups[k] for k in groups[1:]}
        random = sum(len(f.labels) for f in dense.values())
        dense |= {"": one} | dict(cells.fixed)
        edges = np.cumsum([0, *(len(f.labels) for f in dense.values())])
        blocks = {k: slice(int(a), int(b)) for k, a, b in zip(dense, edges, edges[1:], strict=False)}
        g = np.block([[_crossed(a, b, n) for b in dense.values()] for a in dense.values()])
        kept, dropped = _independent(g, random, [blocks[k].start for k in cells.fixed])
        names = [f"{k}[{label}]" for k, f in dense.items() for label in f.labels]
        return cls(
            reml=reml,
            total=int(total),
            centre=centre,
            yy=float(within.sum() + (sums**2 / n).sum()),
            size=float(cells.sumsq.sum()) / total,
            eliminated=eliminated,
            d=first.totals(n) if groups else np.zeros(0),
            y1=first.totals(sums) if groups else np.zeros(0),
            width=int(edges[-1]),
            blocks=blocks,
            groups=tuple(groups),
            intercept=random,
            kept=kept,
            aliased=tuple(names[i] for i in dropped),
            random=random,
            g1=np.hstack([_crossed(first, f, n) for f in dense.values()])[:, kept][: None if groups else 0],
            g=g[np.ix_(kept, kept)],
            y=np.concatenate([f.totals(sums) for f in dense.values()])[kept],
        )

    @property
    def fixed_count(self) -> int:
        return len(self.kept) - self.random

    @property
    def df(self) -> int:
        return self.total - (self.fixed_count if self.reml else 0)

    def residual(self, point: _Point) -> float:
        """The residual variance; zero when nothing is left of y beyond rounding, or no degrees of freedom."""
        return point.pwrss / self.df if self.df > 0 and point.pwrss > 1e-11 * self.size * self.total else 0.0

    def unidentified(self) -> tuple[str, ...]:
        """Group factors lying inside the fixed effects, or with one rating per level, or splitting as another does."""
        found: list[str] = []
        chol = cholesky(self.g[self.random :, self.random :], lower=True)
        sizes: dict[str, tuple[FloatArray, FloatArray]] = {}
        if self.groups:
            sizes[self.eliminated] = (self.d, self.g1[:, self.random :])
        for k in self.groups[1:]:
            sizes[k] = (np.diag(self.g)[self.blocks[k]], self.g[self.blocks[k], self.random :])
        for k, (own, with_fixed) in sizes.items():
            left = own - (solve_triangular(chol, with_fixed.T, lower=True) ** 2).sum(axis=0)
            if np.all(left <= 1e-9 * own) or np.all(own <= 1) or any(self._same(k, j) for j in sizes if j not in found):
                found.append(k)
        return tuple(found)

    def _same(self, k: str, j: str) -> bool:
        """Whether k splits the ratings exactly as j, which comes before it: then only their sum can be known."""
        order = self.groups
        if order.index(k) <= order.index(j):
            return False
        crossed = self.g1[:, self.blocks[k]] if j == self.eliminated else self.g[self.blocks[j], self.blocks[k]]
        return bool(crossed.shape[0] == crossed.shape[1] and np.all((crossed > 0).sum(axis=0) == 1))

    def at(self, gamma: Mapping[str, float]) -> _Point:
        """Solve at `gamma`: criterion, its gradient, modes."""
        scale = np.ones(len(self.kept))
        for k in self.groups[1:]:
            scale[self.blocks[k]] = math.sqrt(gamma[k])
        g1 = gamma.get(self.eliminated, 0.0)
        d = 1 + g1 * self.d  # (q1,)
        shrunk = self.g1 * (g1 / d)[:, None]
        h = self.g - self.g1.T @ shrunk  # (r, r) dense part once the first factor is eliminated
        hy = self.y - shrunk.T @ self.y1  # (r,)
        s = scale[:, None] * h * scale
        s[np.arange(self.random), np.arange(self.random)] += 1
        low = cholesky(s, lower=True)
        inverse = solve_triangular(low, np.eye(len(low)), lower=True)
        c = inverse @ (scale * hy)
        solution = scale * (inverse.T @ c)  # in the units of y
        pwrss = self.yy - float((g1 * self.y1**2 / d).sum()) - float(c @ c)
        pwrss = max(pwrss, 1e-14 * self.size * self.total)  # rounding must not reach the logarithm
        first_score = (self.y1 - self.g1 @ solution) / d  # Z_1'P y
        score = hy - h @ solution
        top = inverse[: len(low) if self.reml else self.random]  # ML integrates over u alone
        traces = {
            k: float(np.trace(h[self.blocks[k], self.blocks[k]]))
            - float(((top @ (scale[:, None] * h[:, self.blocks[k]])) ** 2).sum())
            for k in self.groups[1:]
        }
        squares = {k: float((score[self.blocks[k]] ** 2).sum()) for k in self.groups[1:]}
        if self.groups:
            half = (self.g1 / d[:, None] * scale) @ top.T
            traces[self.eliminated] = float((self.d / d).sum() - (half**2).sum())
            squares[self.eliminated] = float((first_score**2).sum())
        logdet = float(np.log(d).sum() + 2 * np.log(np.diag(low)[: top.shape[0]]).sum())
        value = logdet + self.df * (1 + math.log(2 * math.pi * pwrss / self.df)) if self.df > 0 else math.nan
        return _Point(
            gamma=dict(gamma),
            value=value,
            gradient={k: traces[k] - self.df / pwrss * squares[k] for k in self.groups},
            pwrss=pwrss,
            d=d,
            b=self.g1 * scale * math.sqrt(g1),
            scale=scale,
            l_inverse=inverse,
            first=g1 * first_score,
            rest=solution,
        )


def _crossed(a: Factor, b: Factor, n: FloatArray) -> FloatArray:
    """Ratings per pair of levels, shape (levels of a, levels of b)."""
    width = len(b.labels)
    flat = np.bincount(a.codes * width + b.codes, weights=n, minlength=len(a.labels) * width)
    return flat.reshape(len(a.labels), width).astype(np.float64)


def _independent(g: FloatArray, random: int, baselines: Sequence[int]) -> tuple[IntArray, list[int]]:
    """Keep the random columns and each fixed column that adds something to those before it; baselines never."""
    kept = [random]  # the intercept
    dropped: list[int] = []
    for j in (j for j in range(random + 1, len(g)) if j not in baselines):
        cross = g[np.ix_(kept, [j])][:, 0]
        left = g[j, j] - cross @ np.linalg.solve(g[np.ix_(kept, kept)], cross)
        (kept if left > 1e-9 * g[j, j] else dropped).append(j)
    return np.array([*range(random), *kept], dtype=np.int64), dropped


def _given(variances: Mapping[str, float], cells: Cells) -> dict[str, float]:
    for name in (*cells.groups, "residual"):
        if name not in variances or not 0 <= variances[name] < math.inf:
            raise ValueError(f"variances: {name} needs a variance that is not negative")
    if variances["residual"] == 0:
        raise ValueError("variances: residual must be above zero")
    return {k: variances[k] / variances["residual"] for k in cells.groups}


def _estimate(system: _System, held: Sequence[str]) -> tuple[dict[str, float], bool, int]:
    """Minimise the criterion over gamma >= 0; components in `held` stay at zero."""
    zero = dict.fromkeys(system.groups, 0.0)
    free = [k for k in system.groups if k not in held]
    if not free or system.residual(system.at(zero)) == 0:
        return zero, True, 1
    evaluations = 0

    def evaluate(x: FloatArray) -> tuple[float, FloatArray]:
        nonlocal evaluations
        evaluations += 1
        point = system.at(zero | dict(zip(free, map(float, x), strict=True)))
        return point.value, np.array([point.gradient[k] for k in free])

    def scaled(x: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = evaluate(x)
        return value / system.df, gradient / system.df

    bounds = [(0.0, GAMMA_MAX)] * len(free)
    found = [
        minimize(scaled, np.full(len(free), s), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13})
        for s in STARTS
    ]
    x, converged = _polish(evaluate, np.array(min(found, key=lambda r: float(r.fun)).x, dtype=np.float64))
    return zero | dict(zip(free, map(float, x), strict=True)), converged, evaluations


def _polish(evaluate: Callable[[FloatArray], tuple[float, FloatArray]], x: FloatArray) -> tuple[FloatArray, bool]:
    """Newton steps on the gradient over the interior components, so that equal data give equal digits."""
    x[x < 1e-9] = 0.0
    inside = np.flatnonzero((x > 0) & (x < GAMMA_MAX))
    _, gradient = evaluate(x)
    for _ in range(8 if inside.size else 0):
        hessian = np.empty((inside.size, inside.size))
        for column, i in enumerate(inside):
            ahead = x.copy()
            ahead[i] *= 1 + 1e-5
            hessian[:, column] = (evaluate(ahead)[1] - gradient)[inside] / (ahead[i] - x[i])
        step = np.linalg.lstsq(hessian, -gradient[inside], rcond=None)[0]
        trial = x.copy()
        trial[inside] += step
        if np.any(trial[inside] <= 0):
            break
        after = evaluate(trial)[1]
        if np.abs(after[inside] * trial[inside]).max() >= np.abs(gradient[inside] * x[inside]).max():
            break
        x, gradient = trial, after
        if np.abs(step / x[inside]).max() < 1e-11:
            break
    flat = np.abs(gradient[inside] * x[inside]).max(initial=0.0) < 1e-4
    return x, bool(flat and np.all(gradient[x == 0] > -1e-6 * (1 + np.abs(gradient[x == 0]))))


def _collect(
    cells: Cells,
    system: _System,
    point: _Point,
    sigma2: float,
    criterion: float,
    boundary: tuple[str, ...],
    unidentified: tuple[str, ...],
    converged: bool,
    evaluations: int,
) -> Fit:
    """Put solution and variances back under the names of the factors."""
    rest, rest_variance = np.zeros(system.width), np.zeros(system.width)
    rest[system.kept] = point.rest
    rest_variance[system.kept] = sigma2 * point.scale**2 * (point.l_inverse**2).sum(axis=0)
    modes = {k: rest[system.blocks[k]] for k in system.groups[1:]}
    mode_variances = {k: rest_variance[system.blocks[k]] for k in system.groups[1:]}
    if system.groups:
        half = (point.b / point.d[:, None]) @ point.l_inverse.T
        modes[system.eliminated] = point.first
        gamma = point.gamma[system.eliminated]
        mode_variances[system.eliminated] = sigma2 * gamma * (1 / point.d + (half**2).sum(axis=1))
    return Fit(
        n=system.total,
        df_residual=system.total - system.fixed_count,
        reml=system.reml,
        criterion=criterion,
        sigma2=sigma2,
        variances={k: sigma2 * point.gamma[k] for k in cells.groups},
        intercept=float(rest[system.intercept]) + system.centre,
        intercept_se=math.sqrt(rest_variance[system.intercept]),
        effects={k: rest[system.blocks[k]] for k in cells.fixed},
        effect_se={k: np.sqrt(rest_variance[system.blocks[k]]) for k in cells.fixed},
        aliased=system.aliased,
        labels={k: f.labels for k, f in (*cells.fixed.items(), *cells.groups.items())},
        modes=modes,
        mode_variances=mode_variances,
        boundary=boundary,
        unidentified=unidentified,
        converged=converged,
        evaluations=evaluations,
        _system=system,
        _point=point,
    )
