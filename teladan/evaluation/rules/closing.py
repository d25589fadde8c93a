"""Pure decisions of closing a month: windows, what may be disclosed, bands, digests. Source: trust.md §2 step 8."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, stdev
from typing import Any, TypeVar

from teladan.scoring.quantiles import Z95

Z_HALF = 0.6744897501960817  # half of a normal distribution lies within
COMPARED_N, COMPARED_OFFICERS = 30, 8  # people beside each other only from so many ratings and people (trust.md §2)
DIGITS = 10  # stored figures; beyond lies only the noise of adding floats in another order

K = TypeVar("K")


# --- months ----------------------------------------------------------------------------------------------------------


def months_up_to(month: date, count: int) -> tuple[date, ...]:
    """The `count` months that end with `month`, oldest first."""
    last = month.year * 12 + month.month - 1
    return tuple(date(index // 12, index % 12 + 1, 1) for index in range(last - count + 1, last + 1))


def month_key(month: date) -> str:
    """`2026-10`."""
    return f"{month:%Y-%m}"


# --- disclosure ------------------------------------------------------------------------------------------------------


def disclosed(
    counts: Mapping[K, int], k: int, candidates: Collection[K] | None = None, *, asked: Mapping[K, int] | None = None
) -> frozenset[K]:
    """Which parts of a published whole may be shown.

    A part needs k answers; and what the shown parts leave of the whole must be nothing or k answers too, else the
    smallest of them is withheld. `candidates` (None: all) are the parts that would be shown at all. `asked`: how many of
    the answers somebody gave. The others are known to everybody, so those given must be none or k by themselves, in each
    part and in the rest.
    """
    given = counts if asked is None else asked
    shown = {
        key
        for key, n in counts.items()
        if is_enough(n, given[key], k) and n and (candidates is None or key in candidates)
    }
    while few := _too_few(counts, given, shown, k):
        shown.remove(min(few, key=lambda key: (counts[key], str(key))))
    return frozenset(shown)


def is_enough(n: int, given: int, k: int) -> bool:
    """Whether so many answers, of which so many were given and not supplied by a rule, tell of nobody: none, or k of each."""
    return (not n or n >= k) and (not given or given >= k)


def _too_few(counts: Mapping[K, int], given: Mapping[K, int], shown: Collection[K], k: int) -> list[K]:
    """The shown parts of which one must join a rest that is too small; none where the rest is well, or all of it is."""
    for measure in (given, counts):
        if 0 < sum(n for key, n in measure.items() if key not in shown) < k:
            return [key for key in shown if measure[key]]
    return []


RESPONSE_BANDS = (("low", 1 / 3), ("middle", 2 / 3), ("high", 1.0))


def response(issued: int, spent: int, *, minimum: int) -> dict[str, Any] | None:
    """An officer's response rate: in tenths from `minimum` tickets on, below that a third; nothing without tickets.

    The officer knows how many tickets were handed over. A finer share would tell how many were used, of one window and the
    next, and so of a single month.
    """
    if not issued:
        return None
    share = min(1.0, spent / issued)
    if issued >= minimum:
        return {"rate": round(share, 1), "band": None}
    return {"rate": None, "band": next(name for name, upper in RESPONSE_BANDS if share <= upper)}


@dataclass(frozen=True)
class Band:
    """Where the scores of a comparison group lie: no person is a point of it. Ends stay on the scale of 1-4."""

    count: int
    mean: float
    low: float
    high: float
    core_low: float
    core_high: float

    def as_json(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "core_low": self.core_low,
            "core_high": self.core_high,
        }


def band(scores: Sequence[float], *, minimum: int) -> Band | None:
    """The band of a group from mean and standard deviation, never from its ends; nothing below `minimum` officers."""
    if len(scores) < max(minimum, 2):
        return None
    mean, spread = fmean(scores), stdev(scores)

    def end(z: float) -> float:
        return round(min(4.0, max(1.0, mean + z * spread)), DIGITS)

    return Band(len(scores), round(mean, DIGITS), end(-Z95), end(Z95), end(-Z_HALF), end(Z_HALF))


def at_least(n: int | None) -> int | None:
    """How many ratings others than the officer read that a score rests on: in full tens, rounded down.

    The exact number, times an exact mean, taken away from the unit's sum would leave the few ratings of a colleague.
    """
    return None if n is None else n // 10 * 10


def about(mean: float | None) -> float | None:
    """An adjusted mean or an end of its interval as others than the officer read it: to one decimal."""
    return None if mean is None else round(mean, 1)


# --- digests ---------------------------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """One byte string for one value: sorted keys, no spaces, dates and decimals as text. NaN is an error."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)
    return text.encode()


def digest(value: Any, *, blind: str = "") -> str:
    """SHA-256 of the canonical bytes, as hex. Behind `blind` (hex) nobody finds the value by trying out others."""
    return hashlib.sha256(bytes.fromhex(blind) + canonical(value)).hexdigest()


def rounded(value: float | None) -> float | None:
    """A figure as it is stored; minus zero becomes zero."""
    return None if value is None else round(float(value), DIGITS) + 0.0
