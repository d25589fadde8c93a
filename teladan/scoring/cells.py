"""Cells: ratings counted by everything that predicts them. Count, sum and sum of squares lose nothing here.

All predictors are constant inside a cell, so for a Gaussian model the cells carry the same information as the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Column = Sequence[str] | NDArray[Any]


@dataclass(frozen=True, eq=False)
class Factor:
    """A column of labels, coded: `labels[codes[i]]` is the level of cell i. Shapes: labels (L,), codes (cells,)."""

    labels: tuple[str, ...]
    codes: IntArray

    @classmethod
    def of(cls, values: Column | Factor) -> Factor:
        """Code `values` with their labels sorted, so that the order of the input does not matter."""
        if isinstance(values, Factor):
            return values
        if isinstance(values, np.ndarray):
            found, codes = np.unique(values, return_inverse=True)
            return cls(tuple(found.astype(str).tolist()), codes.astype(np.int64)).relabel(str)
        labels = tuple(sorted(set(values)))
        position = {label: i for i, label in enumerate(labels)}
        return cls(labels, np.array([position[v] for v in values], dtype=np.int64))

    def totals(self, weights: FloatArray) -> FloatArray:
        """Return the sum of `weights` (cells,) per level, shape (L,)."""
        return np.bincount(self.codes, weights=weights, minlength=len(self.labels)).astype(np.float64)

    def relabel(self, name_of: Callable[[str], str]) -> Factor:
        """Return the factor with levels renamed; levels given one name become one."""
        names = tuple(sorted({name_of(label) for label in self.labels}))
        position = {name: i for i, name in enumerate(names)}
        return Factor(names, np.array([position[name_of(label)] for label in self.labels], dtype=np.int64)[self.codes])


@dataclass(frozen=True, eq=False)
class Cells:
    """Ratings per cell: n, sum and sumsq of y, each of shape (cells,); fixed and group factors by name.

    `fixed` factors enter as fixed effects, `groups` as random ones. Raises ValueError, naming the input, when shapes
    differ, n is negative, numbers are not finite, or a sum of squares is impossible for its n and sum.
    """

    n: FloatArray
    sum: FloatArray
    sumsq: FloatArray
    fixed: Mapping[str, Factor]
    groups: Mapping[str, Factor]

    def __post_init__(self) -> None:
        shape = (self.n.size,)
        if both := self.fixed.keys() & self.groups.keys():
            raise ValueError(f"{', '.join(sorted(both))}: both a fixed and a group factor")
        for name, array in (("n", self.n), ("sum", self.sum), ("sumsq", self.sumsq)):
            if array.shape != shape or not np.all(np.isfinite(array)):
                raise ValueError(f"{name}: need {shape[0]} finite numbers, one per cell")
        if np.any(self.n < 0) or np.any(self.n != np.floor(self.n)):
            raise ValueError("n: counts must be whole and not negative")
        for name, factor in (*self.fixed.items(), *self.groups.items()):
            codes = factor.codes
            if codes.shape != shape or (codes.size and not 0 <= codes.min() <= codes.max() < len(factor.labels)):
                raise ValueError(f"{name}: need one code per cell, within its labels")
        if np.any(self.n * self.sumsq < self.sum**2 * (1 - 1e-9) - 1e-9):
            raise ValueError("sumsq: smaller than sum^2 / n in some cell")

    @property
    def total(self) -> int:
        """The number of ratings."""
        return int(self.n.sum())

    def where(self, keep: NDArray[np.bool_]) -> Cells:
        """Return the cells where `keep` (cells,) holds; labels without cells disappear."""
        return replace(
            self,
            n=self.n[keep],
            sum=self.sum[keep],
            sumsq=self.sumsq[keep],
            fixed={k: _subset(f, keep) for k, f in self.fixed.items()},
            groups={k: _subset(f, keep) for k, f in self.groups.items()},
        )


def cells_from_counts(
    rows: Iterable[Mapping[str, object]],
    *,
    fixed: Sequence[str],
    groups: Sequence[str],
    n: str = "n",
    total: str = "sum",
    squares: str = "sumsq",
) -> Cells:
    """Return the cells of a `GROUP BY`: each row has count, sum and sum of squares of y, and a text per factor.

    Raises ValueError naming the column that is missing or empty.
    """
    table = [(_numbers(row, (n, total, squares)), _levels(row, fixed), _levels(row, groups)) for row in rows]
    table.sort(key=lambda t: (t[1], t[2], t[0]))  # adding floats in another order would change the last digits
    numbers = np.array([t[0] for t in table], dtype=np.float64).reshape(-1, 3)
    return Cells(
        numbers[:, 0].copy(),
        numbers[:, 1].copy(),
        numbers[:, 2].copy(),
        {name: Factor.of([t[1][i] for t in table]) for i, name in enumerate(fixed)},
        {name: Factor.of([t[2][i] for t in table]) for i, name in enumerate(groups)},
    )


def cells_from_rows(
    rows: Iterable[Mapping[str, object]], *, fixed: Sequence[str], groups: Sequence[str], y: str = "y"
) -> Cells:
    """Return the cells of single ratings: each row has a number `y` and a text per factor; y None is no rating.

    >>> cells = cells_from_rows([{"y": 4, "o": "a"}, {"y": 2, "o": "a"}, {"y": 3, "o": "b"}], fixed=[], groups=["o"])
    >>> cells.n.tolist(), cells.sum.tolist(), cells.sumsq.tolist()
    ([2.0, 1.0], [6.0, 3.0], [20.0, 9.0])
    """
    names = (*fixed, *groups)
    cells: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        if row.get(y) is None:
            continue
        (value,) = _numbers(row, (y,))
        cell = cells.setdefault(_levels(row, names), [0.0, 0.0, 0.0])
        cell[0] += 1
        cell[1] += value
        cell[2] += value * value
    counted = (
        {**dict(zip(names, key, strict=True)), "n": n, "sum": s, "sumsq": ss}
        for key, (n, s, ss) in sorted(cells.items())
    )
    return cells_from_counts(counted, fixed=fixed, groups=groups)


def cells_from_columns(
    y: FloatArray, *, fixed: Mapping[str, Column | Factor], groups: Mapping[str, Column | Factor]
) -> Cells:
    """Return the cells of single ratings given as columns: `y` (rows,) and one column of labels (or a coded `Factor`) per factor.

    The fast way from arrays; `cells_from_rows` gives the same cells.

    >>> cells = cells_from_columns(np.array([4.0, 2.0, 3.0]), fixed={}, groups={"o": ["a", "a", "b"]})
    >>> cells.n.tolist(), cells.sum.tolist()
    ([2.0, 1.0], [6.0, 3.0])
    """
    factors = {name: Factor.of(column) for name, column in (*fixed.items(), *groups.items())}
    place = np.zeros(len(y), dtype=np.int64)
    for name, factor in factors.items():
        if factor.codes.shape != y.shape:
            raise ValueError(f"{name}: need one label per rating")
        place = _renumbered(place * len(factor.labels) + factor.codes)
    count = int(place.max()) + 1 if len(y) else 0
    first = np.zeros(count, dtype=np.int64)
    first[place[::-1]] = np.arange(len(y))[::-1]
    cut = {name: Factor(factor.labels, factor.codes[first]) for name, factor in factors.items()}
    return Cells(
        np.bincount(place, minlength=count).astype(np.float64),
        np.bincount(place, weights=y, minlength=count).astype(np.float64),
        np.bincount(place, weights=y * y, minlength=count).astype(np.float64),
        {name: cut[name] for name in fixed},
        {name: cut[name] for name in groups},
    )


def pool_rare(
    cells: Cells, *, factor: str, by: str, min_n: int = 30, min_levels: int = 3, label: str = "lainnya"
) -> tuple[Cells, frozenset[str]]:
    """Merge levels of group `factor` with under `min_n` ratings or under `min_levels` levels of `by` into `label`.

    Returns the new cells and the names of the levels that were merged.
    """
    pooled, other = cells.groups[factor], cells.groups[by]
    met = np.zeros((len(pooled.labels), len(other.labels)), dtype=bool)
    met[pooled.codes[cells.n > 0], other.codes[cells.n > 0]] = True
    rare = (pooled.totals(cells.n) < min_n) | (met.sum(axis=1) < min_levels)
    merged = frozenset(name for name, is_rare in zip(pooled.labels, rare, strict=True) if is_rare)
    if not merged:
        return cells, merged
    renamed = pooled.relabel(lambda name: label if name in merged else name)
    return replace(cells, groups={**cells.groups, factor: renamed}), merged


def _renumbered(place: IntArray) -> IntArray:
    """The same partition with numbers from 0 on, in order; by counting where that is cheaper than sorting."""
    if place.size and place.max() < 20 * place.size + 100_000:
        return np.asarray((np.cumsum(np.bincount(place) > 0) - 1)[place])
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def _subset(factor: Factor, keep: NDArray[np.bool_]) -> Factor:
    codes = factor.codes[keep]
    used = np.bincount(codes, minlength=len(factor.labels)) > 0
    labels = tuple(label for label, is_used in zip(factor.labels, used, strict=True) if is_used)
    return Factor(labels, (np.cumsum(used) - 1)[codes])


def _numbers(row: Mapping[str, object], names: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(float(row[name]) for name in names)  # type: ignore[arg-type]  # a refusal follows
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{' / '.join(names)}: missing or not a number in {dict(row)}") from error


def _levels(row: Mapping[str, object], names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if row.get(name) is None:
            raise ValueError(f"{name}: every rating needs a level, found none")
    return tuple(str(row[name]) for name in names)
