"""The mixed-model equations of cells: cross-products once, then criterion, modes, gradient and Hessian at any gamma.

The block of the largest factor is diagonal and is eliminated (Schur complement), sparse where that pays; what is left is
dense. Gradient d/d gamma_k = tr(Z_k'P Z_k) - df/pwrss |Z_k'P y|^2 and Hessian are analytic, sound at gamma_k = 0 too.
In large systems the traces of the Hessian are replaced by their estimate from the data (average information: Gilmour,
Thompson, Cullis 1995, Biometrics 51:1440).
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

SPARSE_FROM, SPARSE_SHARE = 200_000, 0.1  # the coupling is sparse where it is large and few pairs meet
EXACT = 300  # dense columns up to which the Hessian is exact
DENSE_MAX = 20_000  # dense columns beyond which the system needs more than 10 GB


@dataclass(frozen=True, eq=False)
class Point:
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
    coupling: Coupling

    @cached_property
    def forms(self) -> FloatArray:
        """g_j' q g_j of each eliminated level."""
        return self.coupling.forms(self.q)


class Coupling:
    """Ratings per level of the eliminated factor and dense column: (levels, columns), sparse where that pays."""

    def __init__(self, counts: sparse.csr_array) -> None:
        size = counts.shape[0] * counts.shape[1]
        self.is_sparse = size > SPARSE_FROM and counts.nnz < SPARSE_SHARE * size
        self.rows: Any = counts if self.is_sparse else counts.toarray()
        self.columns: Any = counts.T.tocsr() if self.is_sparse else self.rows.T

    def times(self, x: FloatArray) -> FloatArray:
        return np.asarray(self.rows @ x)

    def left(self, x: FloatArray) -> FloatArray:
        return np.asarray((self.columns @ x.T).T)

    def weighted(self, w: FloatArray) -> FloatArray:
        """Cross-product of the columns with the levels weighted, dense (columns, columns)."""
        if self.is_sparse:
            return np.asarray((self.columns @ self.rows.multiply(w[:, None]).tocsr()).toarray())
        return np.asarray((self.columns * w) @ self.rows)

    def forms(self, q: FloatArray) -> FloatArray:
        """g_j' q g_j for each level j; levels that meet equally many columns go together."""
        if not self.is_sparse:
            return np.asarray(((self.rows @ q) * self.rows).sum(axis=1))
        per_row = np.diff(self.rows.indptr)
        out = np.zeros(len(per_row))
        for width in np.unique(per_row[per_row > 0]):
            members = np.flatnonzero(per_row == width)
            for some in np.array_split(members, 1 + members.size * width**2 // 2_000_000):
                at = self.rows.indptr[some][:, None] + np.arange(width)
                index, value = self.rows.indices[at], self.rows.data[at]
                out[some] = np.einsum("mi,mij,mj->m", value, q[index[:, :, None], index[:, None, :]], value)
        return out

    def some(self, levels: IntArray) -> tuple[FloatArray, IntArray]:
        """The rows of some levels over the columns that they touch, and these columns."""
        rows = self.rows[levels]
        touched = np.unique(rows.nonzero()[1]).astype(np.int64)
        return rows[:, touched].toarray() if self.is_sparse else rows[:, touched], touched


class System:
    """Cross-products of the eliminated factor ("first") and the dense columns: other groups, intercept, fixed levels.

    y is centred at `centre` before squaring, which keeps the digits of a criterion in the hundred thousands.
    """

    def __init__(self, cells: Cells, reml: bool, eliminate: str | None) -> None:
        n = cells.n
        self.reml, self.total = reml, cells.total
        self.centre = float(cells.sum.sum()) / self.total
        self.size = float(cells.sumsq.sum()) / self.total  # mean square of raw y: the unit in which "zero" is judged
        sums = cells.sum - n * self.centre
        within = cells.sumsq - cells.sum**2 / n
        within[within < 1e-12 * cells.sumsq] = 0.0
        self.yy = float(within.sum() + (sums**2 / n).sum())
        self.labels = {k: f.labels for k, f in (*cells.fixed.items(), *cells.groups.items())}
        self.fixed = tuple(cells.fixed)
        self.groups = tuple(sorted(cells.groups, key=lambda k: (k != eliminate, -len(cells.groups[k].labels))))
        self.eliminated = self.groups[0] if self.groups else ""
        one = Factor(("",), np.zeros(n.size, dtype=np.int64))
        first = cells.groups[self.eliminated] if self.groups else one
        self.d = first.totals(n) if self.groups else np.zeros(0)
        self.y1 = first.totals(sums) if self.groups else np.zeros(0)
        dense = {k: cells.groups[k] for k in self.groups[1:]} | {"": one} | dict(cells.fixed)
        edges = np.cumsum([0, *(len(f.labels) for f in dense.values())]).tolist()
        self.width = edges[-1]
        if self.width > DENSE_MAX:
            names = ", ".join(k for k in dense if k)
            raise ValueError(f"{names}: {self.width} levels, more than {DENSE_MAX} beside {self.eliminated}")
        # of the dense columns before aliased ones are dropped; the random ones are in front, then the intercept
        self.blocks = {k: slice(a, b) for k, a, b in zip(dense, edges, edges[1:], strict=False)}
        self.random = self.blocks[""].start
        g = np.empty((self.width, self.width))
        for i, (k, a) in enumerate(dense.items()):
            for j, b in list(dense.items())[i:]:
                g[self.blocks[k], self.blocks[j]] = crossed = _crossed(a, b, n)
                g[self.blocks[j], self.blocks[k]] = crossed.T
        self.kept, dropped = _independent(g, self.random, [self.blocks[k].start for k in cells.fixed])
        names_of = [f"{k}[{label}]" for k, f in dense.items() for label in f.labels]
        self.aliased = tuple(names_of[i] for i in dropped)
        self.g = np.ascontiguousarray(g[np.ix_(self.kept, self.kept)])
        self.y = np.concatenate([f.totals(sums) for f in dense.values()])[self.kept]
        places = np.concatenate([self.blocks[k].start + f.codes for k, f in dense.items()])
        ratings = (np.tile(n, len(dense)), (np.tile(first.codes, len(dense)), places))
        counts = sparse.coo_array(ratings, shape=(len(first.labels), self.width)).tocsr()[:, self.kept]
        self.coupling = Coupling(counts if self.groups else counts[:0])

    @property
    def df(self) -> int:
        return self.total - (len(self.kept) - self.random if self.reml else 0)

    def residual(self, point: Point) -> float:
        """The residual variance; zero when nothing is left of y beyond rounding, or no degrees of freedom."""
        return point.pwrss / self.df if self.df > 0 and point.pwrss > 1e-11 * self.size * self.total else 0.0

    def unidentified(self) -> tuple[str, ...]:
        """Group factors lying inside the fixed effects, or with one rating per level, or splitting as another does."""
        found: list[str] = []
        chol = cholesky(self.g[self.random :, self.random :], lower=True)
        for i, k in enumerate(self.groups):
            own = self.d if i == 0 else np.diag(self.g)[self.blocks[k]]
            rows: Any = self.g[self.blocks[k]] if i else self.coupling.rows
            fixed: Any = rows[:, self.random :]
            fixed = fixed if i or not self.coupling.is_sparse else fixed.toarray()
            left = own - (solve_triangular(chol, fixed.T, lower=True) ** 2).sum(axis=0)
            is_same = any(self._same(k, j) for j in self.groups[:i] if j not in found)
            if np.all(left <= 1e-9 * own) or np.all(own <= 1) or is_same:
                found.append(k)
        return tuple(found)

    def _same(self, k: str, j: str) -> bool:
        """Whether k splits the ratings exactly as j, which comes before it: then only their sum can be known."""
        if len(self.labels[k]) != len(self.labels[j]):
            return False
        crossed = (
            self.coupling.rows[:, self.blocks[k]] if j == self.eliminated else self.g[self.blocks[j], self.blocks[k]]
        )
        return bool(np.all((crossed > 0).sum(axis=0) == 1))

    def at(self, gamma: Mapping[str, float], *, slopes: bool = True) -> Point:
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
            gradient, hessian = self._slopes(gamma, d, h, q, pwrss, score, hy - h @ rest)
        return Point(dict(gamma), logdet, pwrss, value, gradient, hessian, q, c, g1 * score, rest, self.coupling)

    def criterion(self, point: Point, sigma2: float) -> float:
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
        pwrss: float,
        first: FloatArray,
        rest: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient and Hessian of the profiled criterion by gamma; `first`, `rest` are Z'P y of the two parts."""
        q_trace = q if self.reml else _integrated(q, self.random)
        is_large = len(q) > EXACT
        k1 = self.coupling.weighted(1 / d**2)
        traces = np.empty(len(self.groups))
        traces[0] = (self.d / d).sum() - (q_trace * k1).sum()
        z = np.zeros((len(q), len(self.groups)))  # Z'P y of each factor by itself; the eliminated one has its own rows
        for i, k in enumerate(self.groups[1:], start=1):
            block = self.blocks[k]
            z[block, i] = rest[block]
            if is_large and gamma[k] > 1e-6:
                traces[i] = (1 - np.diag(q_trace)[block] / gamma[k]).sum() / gamma[k]
            else:
                traces[i] = np.trace(h[block, block]) - (h[:, block] * (q_trace @ h[:, block])).sum()
        squares = (z**2).sum(axis=0)
        squares[0] = (first**2).sum()
        along, across = self.coupling.times(z) / d[:, None], h @ z  # V_k P y over the two parts
        along[:, 0], across[:, 0] = self.d * first / d, self.coupling.left(first / d)
        average = z.T @ across
        average[0] = first @ along
        average -= across.T @ q @ across
        curvature = average * self.df / pwrss if is_large else self._traces(d, h, q_trace, k1)
        hessian = self.df * (2 * average / pwrss - np.outer(squares, squares) / pwrss**2) - curvature
        return traces - self.df / pwrss * squares, hessian

    def _traces(self, d: FloatArray, h: FloatArray, q: FloatArray, k1: FloatArray) -> FloatArray:
        """tr(P V_k P V_l) for all pairs of group factors."""
        size = len(self.groups)
        out, qk = np.empty((size, size)), q @ k1
        twice = (q * self.coupling.weighted(self.d / d**3)).sum()
        out[0, 0] = ((self.d / d) ** 2).sum() - 2 * twice + (qk * qk.T).sum()
        t, left = h - h @ q @ h, np.eye(len(h)) - q @ h
        for i, k in enumerate(self.groups[1:], start=1):
            of_k = left[:, self.blocks[k]]
            out[0, i] = out[i, 0] = (of_k * (k1 @ of_k)).sum()
            for j, other in enumerate(self.groups[1:], start=1):
                out[i, j] = (t[self.blocks[k], self.blocks[other]] ** 2).sum()
        return out


def _integrated(q: FloatArray, random: int) -> FloatArray:
    """The inverse equations without the fixed effects: ML integrates over the random effects alone."""
    return np.asarray(q - q[:, random:] @ np.linalg.solve(q[random:, random:], q[random:]))


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
