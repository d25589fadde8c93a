"""Arithmetic of axes: nice ticks, the way from value to coordinate, how wide a text will be."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

NICE = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values [low, high] to coordinates [start, end]; values outside are held at the edge."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


def nice_step(span: float, count: int) -> Decimal:
    """The smallest of 1, 2, 2.5, 5 × 10ⁿ that crosses `span` in at most `count` steps."""
    raw = Decimal(repr(span)) / count
    power = Decimal(1).scaleb(raw.adjusted())
    return next(mantissa * power for mantissa in NICE if mantissa * power >= raw)


def nice_ticks(low: float, high: float, count: int = 4, limits: tuple[float, float] | None = None) -> list[float]:
    """Round values that enclose [low, high] in about `count` steps; `limits` are never passed (a scale of 1 to 4)."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("An axis needs finite ends.")
    if count < 1:
        raise ValueError("An axis needs at least one step.")
    low, high = min(low, high), max(low, high)
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
        pad = abs(low) * 0.05 or 1.0
        low, high = low - pad, high + pad
    if limits:
        low, high = max(low, limits[0]), min(high, limits[1])
        if low >= high:
            low, high = limits
    step = nice_step(high - low, count)
    first = math.floor(Decimal(repr(low)) / step)
    last = math.ceil(Decimal(repr(high)) / step)
    ticks = [float(step * index) for index in range(first, last + 1)]
    if limits:
        ticks = [tick for tick in ticks if limits[0] <= tick <= limits[1]] or list(limits)
    return ticks


def tick_digits(ticks: list[float]) -> int:
    """Decimals that tell the ticks apart."""
    exponents = [Decimal(repr(tick)).normalize().as_tuple().exponent for tick in ticks]
    return max([0, *(-exponent for exponent in exponents if isinstance(exponent, int))])


def extent(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Smallest and largest of what is there; None when nothing is."""
    present = [value for value in values if value is not None and math.isfinite(value)]
    return (min(present), max(present)) if present else None


def text_width(text: str, size: float = 14) -> float:
    """About how wide a text is in a sans-serif face: enough to keep labels apart."""
    return sum(0.32 if mark in "iljt.,:;'|()[] " else 0.86 if mark in "mwMW%" else 0.6 for mark in text) * size


def shortened(text: str, width: float, size: float = 14) -> str:
    """The text, cut with an ellipsis where it would not fit; the table beside keeps it whole."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def spread_out(count: int, room: int) -> list[int]:
    """Indices of at most `room` of `count` labels: first and last always, the others at even steps back from the last."""
    if count <= 0:
        return []
    if count == 1 or room <= 1:
        return [count - 1]
    step = math.ceil((count - 1) / (min(count, room) - 1))
    return [0, *sorted(index for index in range(count - 1, 0, -step) if index >= step)]
