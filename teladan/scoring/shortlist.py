"""Who comes before the award committee: the largest set whose expected share of mistakes stays within q.

Bayesian false discovery rate over P(in the top k). Pure; it never decides an award, a committee does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fair import FairScores


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


@dataclass(frozen=True)
class Stability:
    """Out of how many refits, and in what share of them (0-1) each officer was on the shortlist."""

    refits: int
    shares: Mapping[str, float]

    def is_stable(self, name: str, *, minimum: float = 0.8) -> bool:
        """Whether `name` stayed on it in at least `minimum` of the refits; true when there was nothing to leave out."""
        return not self.refits or self.shares[name] >= minimum


@dataclass(frozen=True)
class Candidate:
    """What the committee reads of a member: the shrunken score with its interval (1-4), never the raw mean, no rank.

    Whoever is picked for being best was, on average, also lucky: the raw mean of a winner is too high, the score is not,
    because it was drawn to the group by how little is known.
    """

    officer: str
    p_top: float
    score: float
    low: float | None
    high: float | None
    is_stable: bool


def candidates(
    chosen: Shortlist, p_top: Mapping[str, float], scores: FairScores, stable: Stability | None = None
) -> tuple[Candidate, ...]:
    """Return the members of a shortlist with what the committee may see, in the shortlist's order.

    Raises KeyError when a member has no score or no p.
    """
    found = scores.by_officer
    return tuple(
        Candidate(
            name,
            p_top[name],
            found[name].score,
            found[name].low,
            found[name].high,
            stable is None or stable.is_stable(name),
        )
        for name in chosen.members
    )


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
    """Return the shortlist of a comparison group: the largest set whose expected share of mistakes stays within q.

    Parameters
    ----------
    p_top : mapping of str to float in [0, 1]
        Each officer's P(in the top k), k = `top_k(len(p_top))`, of all officers shown, eligible or not.
    eligible : collection of str, optional
        Who may be listed. It filters afterwards and moves nobody up; None: all are.
    q : float in [0, 1]
        The expected share of the listed who are not truly in the top k, at most.
    min_group : int
        Smaller groups have no shortlist.

    Returns
    -------
    Shortlist
        Empty with its reason where nobody stands out.

    Raises
    ------
    ValueError
        q or a p is not in [0, 1]; the officer is named.

    Notes
    -----
    Bayesian false discovery rate: Newton et al. (2004), Biostatistics 5(2). People of equal p are taken or left together, so
    no name order decides.

    Examples
    --------
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
