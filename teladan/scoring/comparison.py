"""Whom a fair score is compared with, and at which cases: rare services pooled, the common mix, who is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .cells import Cells, FloatArray, pool_rare

Mix = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Pooling:
    """Services below either minimum are merged under `label` before the fit."""

    min_n: int = 30
    min_officers: int = 3
    label: str = "lainnya"


DEFAULT_POOLING = Pooling()


def pool_services(cells: Cells, officer: str, service: str, pooling: Pooling | None) -> tuple[Cells, frozenset[str]]:
    """The cells with rare services merged, and which these are."""
    if pooling is None or service not in cells.groups:
        return cells, frozenset()
    return pool_rare(
        cells, factor=service, by=officer, min_n=pooling.min_n, min_levels=pooling.min_officers, label=pooling.label
    )


def average_mix(
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


def comparable(cells: Cells, officer: str, service: str, min_officers: int) -> set[str]:
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
