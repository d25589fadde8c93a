"""Pure decisions of closing a month: windows, what may be disclosed, bands, digests. Source: trust.md §2 step 8."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, stdev
from typing import Any, TypeVar

Z95 = 1.959963984540054
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


def disclosed(counts: Mapping[K, int], k: int, candidates: Collection[K] | None = None) -> frozenset[K]:
    """Which parts of a published whole may be shown.

    A part needs k answers; and what the shown parts leave of the whole must be nothing or k answers too, else the
    smallest of them is withheld. `candidates` (None: all) are the parts that would be shown at all.
    """
    shown = {key for key, n in counts.items() if n >= k and (candidates is None or key in candidates)}
    rest = sum(n for key, n in counts.items() if key not in shown)
    while shown and 0 < rest < k:
        smallest = min(shown, key=lambda key: (counts[key], str(key)))
        shown.remove(smallest)
        rest += counts[smallest]
    return frozenset(shown)


RESPONSE_BANDS = (("low", 1 / 3), ("middle", 2 / 3), ("high", 1.0))


def response(issued: int, spent: int, *, minimum: int) -> dict[str, Any] | None:
    """An officer's response rate: a number from `minimum` tickets on, below that a third; nothing without tickets."""
    if not issued:
        return None
    share = min(1.0, spent / issued)
    if issued >= minimum:
        return {"rate": round(share, 4), "band": None}
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


# --- digests ---------------------------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """One byte string for one value: sorted keys, no spaces, dates and decimals as text. NaN is an error."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)
    return text.encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, as hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def rounded(value: float | None) -> float | None:
    """A figure as it is stored; minus zero becomes zero."""
    return None if value is None else round(float(value), DIGITS) + 0.0
