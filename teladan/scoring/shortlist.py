"""Who comes before the award committee: the largest set whose expected share of mistakes stays within q.

Bayesian false discovery rate over P(in the top k). Pure; it never decides an award, a committee does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Empty(StrEnum):
    """Why a shortlist is empty. All three are good answers."""

    SMALL_GROUP = "small_group"
    NO_CLEAR_DIFFERENCE = "no_clear_difference"
    NONE_ELIGIBLE = "none_eligible"


@dataclass(frozen=True)
class Shortlist:
    """`members` best first; `selected` is the set before eligibility; `expected_error` its mean of 1 - p."""

    group_size: int
    k: int
    q: float
    selected: tuple[str, ...]
    members: tuple[str, ...]
    expected_error: float | None
    reason: Empty | None


def top_k(group_size: int) -> int:
    """Return how many count as the top of a group: a quarter, rounded up, at least three."""
    return max(3, -(-group_size // 4))


def shortlist(
    p_top: Mapping[str, float],
    *,
    eligible: Collection[str] | None = None,
    q: float = 0.2,
    min_group: int = 8,
) -> Shortlist:
    """Return the shortlist of a comparison group from each officer's P(in the top k), k = `top_k(len(p_top))`.

    `p_top` holds all officers shown, eligible or not: ranks are over all of them and `eligible` filters afterwards
    (None: all are). People of equal p are taken or left together, so no name order decides.

    >>> shortlist({f"p{i}": 0.3 for i in range(10)}).reason
    <Empty.NO_CLEAR_DIFFERENCE: 'no_clear_difference'>
    """
    if not 0 <= q <= 1:
        raise ValueError(f"q={q} is not in [0, 1]")
    for name, p in p_top.items():
        if not 0 <= p <= 1:
            raise ValueError(f"p_top[{name!r}]={p} is not in [0, 1]")
    size, k = len(p_top), top_k(len(p_top))
    if size < min_group:
        return Shortlist(size, k, q, (), (), None, Empty.SMALL_GROUP)
    selected, error = _largest_set(p_top, q)
    if not selected:
        return Shortlist(size, k, q, (), (), None, Empty.NO_CLEAR_DIFFERENCE)
    members = selected if eligible is None else tuple(name for name in selected if name in eligible)
    return Shortlist(size, k, q, selected, members, error, None if members else Empty.NONE_ELIGIBLE)


def _largest_set(p_top: Mapping[str, float], q: float) -> tuple[tuple[str, ...], float | None]:
    order = sorted(p_top, key=lambda name: (-p_top[name], name))
    best, best_error, doubt = 0, None, 0.0
    for i, name in enumerate(order, start=1):
        doubt += 1 - p_top[name]
        is_tied = i < len(order) and p_top[order[i]] == p_top[name]
        if not is_tied and doubt / i <= q + 1e-12:  # the mean of sums like 0.2 + 0.2 may pass q by an ulp
            best, best_error = i, doubt / i
    return tuple(order[:best]), best_error
