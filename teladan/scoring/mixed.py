"""Linear mixed models with crossed grouping factors, fitted by REML or ML from cells, exactly and in milliseconds.

    y = X beta + sum_k Z_k b_k + e,    b_k ~ N(0, sigma2_k I),    e ~ N(0, sigma2 I)

The deviance is profiled over theta_k, theta_k^2 = gamma_k = sigma2_k / sigma2, as in Bates et al. (2015), JSS 67(1),
section 3. The block of the largest factor is diagonal and is eliminated (Schur complement), sparse where that pays; what
is left is dense. Gradient d/d gamma_k = tr(Z_k'P Z_k) - df/pwrss |Z_k'P y|^2 and Hessian are analytic, sound at
gamma_k = 0 too, and drive a safeguarded Newton search. In large systems the traces of the Hessian are replaced by their
estimate from the data (average information: Gilmour, Thompson, Cullis 1995, Biometrics 51:1440).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular
from scipy.linalg.lapack import dpotri

from .cells import Cells, Factor, FloatArray, IntArray

THETA_MAX = 1e3  # a larger ratio of spreads means: no residual that these ratings could show
STARTS = (1.0, 0.2)  # two starts where they are cheap, because a crossed design may have two minima
FEW = 500  # eliminated levels up to which both starts are tried
EXACT = 300  # dense columns up to which the Hessian is exact
DENSE_MAX = 20_000  # dense columns beyond which the system needs more than 10 GB


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
    boundary: tuple[str, ...]
    unidentified: tuple[str, ...]
    converged: bool
    evaluations: int
    _system: _System
    _point: _Point

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

    def against(self, weights: Mapping[str, FloatArray]) -> Against:
        """Return how a common point, the intercept plus `weights[factor]` (levels,), errs together with the levels of the
        eliminated factor and with the mean of the rest of the model over each level's own ratings."""
        system, point, s2 = self._system, self._point, self.sigma2
        rows, _ = self._combination({k: w[None, :] for k, w in weights.items()}, np.ones(1))
        q_row = point.q @ rows[0]
        met = system.coupling.times(q_row)
        return Against(
            point=s2 * float(rows[0] @ q_row),
            with_level=-s2 * point.c * met,
            with_own=s2 * met / system.d,
            own=s2 * point.forms / system.d**2,
            spread=1 + point.gamma[system.eliminated] * system.d,
        )

    def _combination(
        self, weights: Mapping[str, FloatArray], intercept: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        """Linear combinations over the kept dense columns, the eliminated factor's part put in, and that part."""
        system, point = self._system, self._point
        m = len(intercept) if intercept is not None else len(next(iter(weights.values())))
        rows = np.zeros((m, system.width))
        rows[:, system.intercept] = 0.0 if intercept is None else intercept
        for name, block in system.blocks.items():
            if name in weights:
                rows[:, block] = weights[name]
        first = weights.get(system.eliminated, np.zeros((m, len(system.d))))
        return rows[:, system.kept] - system.coupling.left(first * point.c), first


@dataclass(frozen=True)
class Against:
    """Prediction error (co)variances of a common point ("point"), each level's effect and each level's own mix."""

    point: float
    with_level: FloatArray
    with_own: FloatArray
    own: FloatArray
    spread: FloatArray  # 1 + gamma n: the variance of a level's mean in units of sigma2 / n


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
    system = _System.of(cells, reml, eliminate)
    if variances is not None:
        point = system.at(_given(variances, tuple(cells.groups)), slopes=False)
        return _collect(system, point, variances["residual"])
    held = system.unidentified()
    point, converged, evaluations = _estimate(system, held)
    sigma2 = system.residual(point)
    boundary = tuple(k for k in cells.groups if point.gamma[k] == 0 and k not in held)
    unidentified = held if sigma2 > 0 else (*held, "residual")
    return _collect(system, point, sigma2, boundary, unidentified, converged, evaluations)


@dataclass(frozen=True, eq=False)
class _Point:
    """The mixed-model equations solved at one gamma."""

    gamma: Mapping[str, float]
    logdet: float
    pwrss: float
    value: float  # of the profiled criterion; NaN without degrees of freedom
    gradient: FloatArray  # by gamma, in the order of the system's groups
    hessian: FloatArray
    q: FloatArray  # inverse of the dense equations: prediction error (co)variances over sigma2
    c: FloatArray  # gamma / (1 + gamma n) of the eliminated levels
    first: FloatArray  # conditional modes of the eliminated factor
    rest: FloatArray  # conditional modes and fixed effects of the kept dense columns
    coupling: _Coupling

    @cached_property
    def forms(self) -> FloatArray:
        """g_j' q g_j of each eliminated level."""
        return self.coupling.forms(self.q)


class _Coupling:
    """Ratings per level of the eliminated factor and dense column: (levels, columns), sparse where that pays."""

    def __init__(self, counts: sparse.csr_array) -> None:
        size = counts.shape[0] * counts.shape[1]
        self.is_sparse = size > 200_000 and counts.nnz < 0.1 * size
        self.dense = np.zeros((0, 0)) if self.is_sparse else counts.toarray()
        self.rows, self.columns = counts, counts.T.tocsr()
        self.per_row = np.diff(counts.indptr)

    def times(self, x: FloatArray) -> FloatArray:
        return np.asarray(self.rows @ x if self.is_sparse else self.dense @ x)

    def left(self, x: FloatArray) -> FloatArray:
        return np.asarray((self.columns @ x.T).T if self.is_sparse else x @ self.dense)

    def weighted(self, w: FloatArray) -> FloatArray:
        """Cross-product of the columns with the levels weighted, dense (columns, columns)."""
        if not self.is_sparse:
            return np.asarray((self.dense.T * w) @ self.dense)
        heavy = self.rows.copy()
        heavy.data = heavy.data * np.repeat(w, self.per_row)
        return np.asarray((self.columns @ heavy).toarray())

    def forms(self, q: FloatArray) -> FloatArray:
        """g_j' q g_j for each level j; levels that meet equally many columns go together."""
        if not self.is_sparse:
            return np.asarray(((self.dense @ q) * self.dense).sum(axis=1))
        out = np.zeros(len(self.per_row))
        for width in np.unique(self.per_row[self.per_row > 0]):
            members = np.flatnonzero(self.per_row == width)
            for some in np.array_split(members, 1 + members.size * width**2 // 2_000_000):
                at = self.rows.indptr[some][:, None] + np.arange(width)
                index, value = self.rows.indices[at], self.rows.data[at]
                out[some] = np.einsum("mi,mij,mj->m", value, q[index[:, :, None], index[:, None, :]], value)
        return out

    def some(self, levels: IntArray) -> tuple[Any, IntArray]:
        """The rows of some levels over the columns that they touch, and these columns."""
        rows = self.rows[levels]
        touched = np.unique(rows.indices).astype(np.int64)
        return rows[:, touched].toarray(), touched


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
    labels: Mapping[str, tuple[str, ...]]
    fixed: tuple[str, ...]
    groups: tuple[str, ...]  # all group factors, the eliminated one first
    eliminated: str
    d: FloatArray
    y1: FloatArray
    width: int
    blocks: Mapping[str, slice]  # of the dense columns before aliased ones are dropped
    intercept: int
    kept: IntArray
    aliased: tuple[str, ...]
    random: int  # how many kept columns, at the front, are random
    coupling: _Coupling
    g: FloatArray
    y: FloatArray

    @classmethod
    def of(cls, cells: Cells, reml: bool, eliminate: str | None) -> _System:
        n, total = cells.n, float(cells.n.sum())
        centre = float(cells.sum.sum()) / total
        sums = cells.sum - n * centre
        within = cells.sumsq - cells.sum**2 / n
        within[within < 1e-12 * cells.sumsq] = 0.0
        groups = sorted(cells.groups, key=lambda k: (k != eliminate, -len(cells.groups[k].labels)))
        one = Factor(("",), np.zeros(n.size, dtype=np.int64))
        first = cells.groups[groups[0]] if groups else one
        dense: dict[str, Factor] = {k: cells.groups[k] for k in groups[1:]}
        random = sum(len(f.labels) for f in dense.values())
        dense |= {"": one} | dict(cells.fixed)
        edges = np.cumsum([0, *(len(f.labels) for f in dense.values())])
        width = int(edges[-1])
        if width > DENSE_MAX:
            raise ValueError(
                f"{', '.join(k for k in dense if k)}: {width} levels, more than {DENSE_MAX} beside {groups[0]}"
            )
        blocks = {k: slice(int(a), int(b)) for k, a, b in zip(dense, edges, edges[1:], strict=False)}
        g = np.empty((width, width))
        for i, (k, a) in enumerate(dense.items()):
            for j, b in list(dense.items())[i:]:
                g[blocks[k], blocks[j]] = crossed = _crossed(a, b, n)
                g[blocks[j], blocks[k]] = crossed.T
        kept, dropped = _independent(g, random, [blocks[k].start for k in cells.fixed])
        names = [f"{k}[{label}]" for k, f in dense.items() for label in f.labels]
        places = np.concatenate([blocks[k].start + f.codes for k, f in dense.items()])
        counts = sparse.coo_array(
            (np.tile(n, len(dense)), (np.tile(first.codes, len(dense)), places)), shape=(len(first.labels), width)
        ).tocsr()[:, kept]
        return cls(
            reml=reml,
            total=int(total),
            centre=centre,
            yy=float(within.sum() + (sums**2 / n).sum()),
            size=float(cells.sumsq.sum()) / total,
            labels={k: f.labels for k, f in (*cells.fixed.items(), *cells.groups.items())},
            fixed=tuple(cells.fixed),
            groups=tuple(groups),
            eliminated=groups[0] if groups else "",
            d=first.totals(n) if groups else np.zeros(0),
            y1=first.totals(sums) if groups else np.zeros(0),
            width=width,
            blocks=blocks,
            intercept=random,
            kept=kept,
            aliased=tuple(names[i] for i in dropped),
            random=random,
            coupling=_Coupling(counts if groups else counts[:0]),
            g=np.ascontiguousarray(g[np.ix_(kept, kept)]),
            y=np.concatenate([f.totals(sums) for f in dense.values()])[kept],
        )

    @property
    def df(self) -> int:
        return self.total - (len(self.kept) - self.random if self.reml else 0)

    def residual(self, point: _Point) -> float:
        """The residual variance; zero when nothing is left of y beyond rounding, or no degrees of freedom."""
        return point.pwrss / self.df if self.df > 0 and point.pwrss > 1e-11 * self.size * self.total else 0.0

    def unidentified(self) -> tuple[str, ...]:
        """Group factors lying inside the fixed effects, or with one rating per level, or splitting as another does."""
        found: list[str] = []
        chol = cholesky(self.g[self.random :, self.random :], lower=True)
        for i, k in enumerate(self.groups):
            own = self.d if i == 0 else np.diag(self.g)[self.blocks[k]]
            fixed = self.coupling.rows[:, self.random :].toarray() if i == 0 else self.g[self.blocks[k], self.random :]
            left = own - (solve_triangular(chol, fixed.T, lower=True) ** 2).sum(axis=0)
            is_same = any(self._same(k, j) for j in self.groups[:i] if j not in found)
            if np.all(left <= 1e-9 * own) or np.all(own <= 1) or is_same:
                found.append(k)
        return tuple(found)

    def _same(self, k: str, j: str) -> bool:
        """Whether k splits the ratings exactly as j, which comes before it: then only their sum can be known."""
        if len(self.labels[k]) != len(self.labels[j]):
            return False
        if j == self.eliminated:
            met = np.diff(self.coupling.columns[self.blocks[k]].indptr)
        else:
            met = (self.g[self.blocks[j], self.blocks[k]] > 0).sum(axis=0)
        return bool(np.all(met == 1))

    def at(self, gamma: Mapping[str, float], *, slopes: bool = True) -> _Point:
        """Solve at `gamma`: criterion, conditional modes, and if asked for its gradient and Hessian."""
        scale, r = np.ones(len(self.kept)), self.random
        for k in self.groups[1:]:
            scale[self.blocks[k]] = math.sqrt(gamma[k])
        g1 = gamma.get(self.eliminated, 0.0)
        d = 1 + g1 * self.d
        c = g1 / d
        h = self.g - self.coupling.weighted(c)  # dense equations once the first factor is eliminated
        hy = self.y - self.coupling.left(c * self.y1)
        s = scale[:, None] * h * scale
        s[np.arange(r), np.arange(r)] += 1
        low = cholesky(s, lower=True, check_finite=False)
        inverse, _ = dpotri(low, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        q = scale[:, None] * inverse * scale
        rest = q @ hy
        pwrss = self.yy - float((c * self.y1**2).sum()) - float(hy @ rest)
        pwrss = max(pwrss, 1e-14 * self.size * self.total)  # rounding must not reach the logarithm
        logdet = float(np.log(d).sum() + 2 * np.log(np.diag(low)[: None if self.reml else r]).sum())
        value = logdet + self.df * (1 + math.log(2 * math.pi * pwrss / self.df)) if self.df > 0 else math.nan
        score = (self.y1 - self.coupling.times(rest)) / d  # Z_1'P y
        gradient = hessian = np.zeros(0)
        if slopes:
            gradient, hessian = self._slopes(gamma, d, h, q, inverse, pwrss, score, hy - h @ rest)
        return _Point(dict(gamma), logdet, pwrss, value, gradient, hessian, q, c, g1 * score, rest, self.coupling)

    def criterion(self, point: _Point, sigma2: float) -> float:
        """-2 log likelihood at a residual variance; NaN without one."""
        if sigma2 <= 0 or self.df <= 0:
            return math.nan
        return point.logdet + self.df * math.log(2 * math.pi * sigma2) + point.pwrss / sigma2

    def _slopes(
        self,
        gamma: Mapping[str, float],
        d: FloatArray,
        h: FloatArray,
        q: FloatArray,
        inverse: FloatArray,
        pwrss: float,
        first: FloatArray,
        rest: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient and Hessian of the profiled criterion by gamma; `first`, `rest` are Z'P y of the two parts."""
        r, size = self.random, len(self.groups)
        if not self.reml:  # ML integrates over the random effects alone
            fixed = np.linalg.solve(q[r:, r:], q[r:, :])
            q_trace, inverse = (
                q - q[:, r:] @ fixed,
                inverse - inverse[:, r:] @ np.linalg.solve(inverse[r:, r:], inverse[r:]),
            )
        else:
            q_trace = q
        k1 = self.coupling.weighted(1 / d**2)
        traces, squares, average = np.empty(size), np.empty(size), np.empty((size, size))
        sides: list[tuple[FloatArray, FloatArray]] = []  # V_k P y over the first levels and over the dense columns
        for i, k in enumerate(self.groups):
            if i == 0:
                traces[i] = float((self.d / d).sum() - (q_trace * k1).sum())
                squares[i] = float((first**2).sum())
                sides.append((self.d * first / d, self.coupling.left(first / d)))
                continue
            block = self.blocks[k]
            if len(q) > EXACT and gamma[k] > 1e-6:
                traces[i] = float((1 - np.diag(inverse)[block]).sum()) / gamma[k]
            else:
                traces[i] = float(np.trace(h[block, block]) - (h[:, block] * (q_trace @ h[:, block])).sum())
            squares[i] = float((rest[block] ** 2).sum())
            u = np.zeros(len(q))
            u[block] = rest[block]
            sides.append((self.coupling.times(u) / d, h @ u))
        for i in range(size):
            for j in range(i, size):
                (_, a2), (b1, b2) = sides[i], sides[j]
                if i == 0:
                    own = float(b1 @ first)
                else:
                    own = float(rest[self.blocks[self.groups[i]]] @ b2[self.blocks[self.groups[i]]])
                average[i, j] = average[j, i] = own - float(a2 @ q @ b2)
        curvature = average * self.df / pwrss if len(q) > EXACT else self._traces(d, h, q_trace, k1)
        hessian = self.df * (2 * average / pwrss - np.outer(squares, squares) / pwrss**2) - curvature
        return traces - self.df / pwrss * squares, hessian

    def _traces(self, d: FloatArray, h: FloatArray, q: FloatArray, k1: FloatArray) -> FloatArray:
        """tr(P V_k P V_l) for all pairs of group factors."""
        size = len(self.groups)
        out = np.empty((size, size))
        if size:
            qk = q @ k1
            out[0, 0] = (
                ((self.d / d) ** 2).sum() - 2 * (q * self.coupling.weighted(self.d / d**3)).sum() + (qk * qk.T).sum()
            )
        t, left = h - h @ q @ h, np.eye(len(h)) - q @ h
        for i, k in enumerate(self.groups[1:], start=1):
            of_k = left[:, self.blocks[k]]
            out[0, i] = out[i, 0] = (of_k * (k1 @ of_k)).sum()
            for j, other in enumerate(self.groups[1:], start=1):
                out[i, j] = (t[self.blocks[k], self.blocks[other]] ** 2).sum()
        return out


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


def _given(variances: Mapping[str, float], groups: Sequence[str]) -> dict[str, float]:
    for name in (*groups, "residual"):
        if name not in variances or not 0 <= variances[name] < math.inf:
            raise ValueError(f"variances: {name} needs a variance that is not negative")
    if variances["residual"] == 0:
        raise ValueError("variances: residual must be above zero")
    return {k: variances[k] / variances["residual"] for k in groups}


def _estimate(system: _System, held: Sequence[str]) -> tuple[_Point, bool, int]:
    """Minimise the criterion over theta; components in `held` stay at zero."""
    free = [i for i, k in enumerate(system.groups) if k not in held]
    nothing = np.zeros(len(system.groups))
    start = system.at(dict.fromkeys(system.groups, 0.0))
    if not free or system.residual(start) == 0:
        return system.at(start.gamma, slopes=False), True, 1
    found = []
    for level in STARTS if len(system.kept) <= EXACT and len(system.d) <= FEW else STARTS[1:]:
        theta = nothing.copy()
        theta[free] = level
        found.append(_descend(system, free, theta))
    point, converged, _ = min(found, key=lambda one: one[0].value)
    return system.at(point.gamma, slopes=False), converged, 2 + sum(one[2] for one in found)


def _descend(system: _System, free: Sequence[int], theta: FloatArray) -> tuple[_Point, bool, int]:
    """Newton steps in theta: a component at zero is an ordinary minimum there, since the criterion is even in theta."""

    def at(theta: FloatArray) -> tuple[_Point, FloatArray, FloatArray, FloatArray]:
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


def _collect(
    system: _System,
    point: _Point,
    sigma2: float,
    boundary: tuple[str, ...] = (),
    unidentified: tuple[str, ...] = (),
    converged: bool = True,
    evaluations: int = 1,
) -> Fit:
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
        intercept=float(rest[system.intercept]) + system.centre,
        intercept_se=math.sqrt(max(0.0, rest_variance[system.intercept])),
        effects={k: rest[system.blocks[k]] for k in system.fixed},
        effect_se={k: np.sqrt(rest_variance[system.blocks[k]]) for k in system.fixed},
        aliased=system.aliased,
        labels=system.labels,
        modes=modes,
        mode_variances=mode_variances,
        boundary=boundary,
        unidentified=unidentified,
        converged=converged,
        evaluations=evaluations,
        _system=system,
        _point=point,
    )
