"""Estimates with their uncertainty: one on a scale, many below each other, many against their number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from teladan.ui import formats
from teladan.ui.charts import marks
from teladan.ui.charts.marks import Chart, Line, Mark, Table
from teladan.ui.charts.scales import Scale, extent, nice_ticks, shortened, text_width, tick_digits

Range = tuple[float, float]


class Estimate(NamedTuple):
    """One value with its interval and the word for whose it is."""

    value: float
    low: float
    high: float
    label: str = ""


class Dot(NamedTuple):
    """One row of the caterpillar; `strong` marks the reader's own."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    strong: bool = False


class Spot(NamedTuple):
    """One unit or service of the funnel: how many ratings, which value."""

    label: str
    n: int
    value: float
    strong: bool = False


def interval(
    title: str,
    estimate: Estimate,
    *,
    average: Line | None = None,
    band: Range | None = None,
    core: Range | None = None,
    digits: int = 2,
    limits: tuple[float, float] | None = None,
) -> Chart:
    """One estimate on a scale. `band`: where all comparable ones lie, `core`: the middle half of them."""
    ends = [estimate.value, estimate.low, estimate.high, *(band or ()), *(core or ())]
    low, high = extent([*ends, average.value if average else None]) or (estimate.low, estimate.high)
    painter = _IntervalPainter(nice_ticks(low, high, 5, limits), estimate, average, band, core, digits)
    rows = [(estimate.label or _("Nilai"), formats.number(estimate.value, digits))]
    rows.append((_("Rentang 95%"), formats.interval(estimate.low, estimate.high, digits)))
    if average:
        rows.append((average.label, formats.number(average.value, digits)))
    if band:
        rows.append((_("Semua yang sebanding"), formats.interval(*band, digits)))
    if core:
        rows.append((_("Separuh yang di tengah"), formats.interval(*core, digits)))
    sentence = ". ".join(f"{name}: {value}" for name, value in rows) + "."
    table = Table((_("Keterangan"), _("Nilai")), tuple(rows))
    return Chart(title, sentence, marks.draw(painter.paint), table)


@dataclass(frozen=True, slots=True)
class _IntervalPainter:
    ticks: list[float]
    estimate: Estimate
    average: Line | None
    band: Range | None
    core: Range | None
    digits: int

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        height, top, bottom = 196, 30.0, 158.0
        x = Scale(self.ticks[0], self.ticks[-1], 26, width - 26)
        middle = 108.0
        drawn: list[Mark] = []
        for tick in self._shown(width):
            drawn.append(marks.rule(x.at(tick), top, x.at(tick), bottom, "c-grid"))
            text = formats.number(tick, tick_digits(self.ticks))
            drawn.append(marks.words(x.at(tick), bottom + 24, text, anchor="middle"))
        for zone, css, inset in ((self.band, "c-zone", 0), (self.core, "c-core", 0)):
            if zone:
                left, right = x.at(zone[0]), x.at(zone[1])
                drawn.append(marks.box(left, top + 20 + inset, right - left, bottom - top - 34, css, 8))
        drawn += self._average(x, width, top, bottom)
        value, low, high = x.at(self.estimate.value), x.at(self.estimate.low), x.at(self.estimate.high)
        tip = f"{formats.number(self.estimate.value, self.digits)} ({formats.interval(self.estimate.low, self.estimate.high, self.digits)})"
        label = f"{self.estimate.label} {formats.number(self.estimate.value, self.digits)}".strip()
        drawn += [
            marks.rule(low, middle, high, middle, "c-interval"),
            marks.rule(low, middle - 7, low, middle + 7, "c-end"),
            marks.rule(high, middle - 7, high, middle + 7, "c-end"),
            marks.circle(value, middle, 9, "c-dot"),
            marks.words_inside(value, middle - 22, label, "c-value", 0, width),
            marks.box(low - 6, middle - 16, high - low + 12, 32, "c-hit", tip=tip),
        ]
        return height, drawn

    def _shown(self, width: int) -> list[float]:
        widest = max(text_width(formats.number(tick, tick_digits(self.ticks))) for tick in self.ticks)
        return self.ticks if len(self.ticks) * (widest + 18) < width else self.ticks[::2]

    def _average(self, x: Scale, width: int, top: float, bottom: float) -> Iterable[Mark]:
        if self.average:
            place = x.at(self.average.value)
            text = f"{self.average.label} {formats.number(self.average.value, self.digits)}"
            yield marks.rule(place, top - 6, place, bottom, "c-mean")
            yield marks.words_inside(place, top - 14, text, "c-mean-words", 0, width)


def dots(
    title: str,
    rows: Sequence[Dot],
    *,
    average: Line | None = None,
    digits: int = 2,
    limits: tuple[float, float] | None = None,
) -> Chart:
    """Estimates below each other with their intervals (caterpillar); the caller chooses the order."""
    rows = [Dot(*row) for row in rows]
    table = Table(
        (_("Nama"), _("Nilai"), _("Rentang")),
        tuple((r.label, formats.number(r.value, digits), formats.interval(r.low, r.high, digits)) for r in rows),
    )
    reach = extent([bound for row in rows for bound in (row.value, row.low, row.high)])
    if reach is None:
        return Chart(title, _("Belum ada data."), (), table)
    low, high = extent([*reach, average.value if average else None]) or reach
    painter = _DotsPainter(rows, nice_ticks(low, high, 4, limits), average, digits)
    lowest, highest = min(rows, key=lambda row: row.value), max(rows, key=lambda row: row.value)
    sentence = _("%(count)s baris, dari %(low)s (%(low_label)s) sampai %(high)s (%(high_label)s).") % {
        "count": len(rows),
        "low": formats.number(lowest.value, digits),
        "low_label": lowest.label,
        "high": formats.number(highest.value, digits),
        "high_label": highest.label,
    }
    return Chart(title, sentence, marks.draw(painter.paint), table)


@dataclass(frozen=True, slots=True)
class _DotsPainter:
    rows: Sequence[Dot]
    ticks: list[float]
    average: Line | None
    digits: int

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        narrow = width < 400
        step, head = (46 if narrow else 34), (26 if self.average else 8)
        widest = max(text_width(row.label) for row in self.rows)
        left = 14.0 if narrow else min(widest, width * 0.4) + 20
        value_room = max(text_width(formats.number(row.value, self.digits)) for row in self.rows) + 8
        x = Scale(self.ticks[0], self.ticks[-1], left, width - value_room - 14)
        bottom = head + step * len(self.rows) + 6.0
        drawn: list[Mark] = []
        for tick in self.ticks:
            drawn.append(marks.rule(x.at(tick), head, x.at(tick), bottom, "c-grid"))
            text = formats.number(tick, tick_digits(self.ticks))
            drawn.append(marks.words_inside(x.at(tick), bottom + 20, text, "c-axis", 0, width))
        if self.average:
            place = x.at(self.average.value)
            text = f"{self.average.label} {formats.number(self.average.value, self.digits)}"
            drawn.append(marks.rule(place, head - 4, place, bottom, "c-mean"))
            drawn.append(marks.words_inside(place, head - 10, text, "c-mean-words", 0, width))
        for index, row in enumerate(self.rows):
            drawn += self._row(row, x, head + step * index, step, left, width, narrow)
        return int(bottom + 28), drawn

    def _row(self, row: Dot, x: Scale, top: float, step: int, left: float, width: int, narrow: bool) -> Iterable[Mark]:
        middle = top + (32 if narrow else step / 2)
        strong = " strong" if row.strong else ""
        room = width - 20 if narrow else left - 20
        place = (0.0, top + 16) if narrow else (0.0, middle + 5)
        yield marks.words(*place, shortened(row.label, room, 15.5 if row.strong else 14), f"c-name{strong}")
        if row.low is not None and row.high is not None:
            yield marks.rule(x.at(row.low), middle, x.at(row.high), middle, f"c-interval{strong}")
        tip = f"{row.label}: {formats.number(row.value, self.digits)} ({formats.interval(row.low, row.high, self.digits)})"
        yield marks.circle(x.at(row.value), middle, 6, f"c-dot{strong}")
        yield marks.words(width, middle + 5, formats.number(row.value, self.digits), f"c-value{strong}", "end")
        yield marks.box(x.start, middle - 14, x.end - x.start, 28, "c-hit", tip=tip)


def funnel(
    title: str,
    spots: Sequence[Spot],
    *,
    centre: Line,
    spread: float,
    digits: int = 2,
    limits: tuple[float, float] | None = None,
) -> Chart:
    """Values against their number of ratings, inside the limits that chance alone explains (95 and 99,8 per cent).

    `spread` is the standard deviation of one rating: few ratings scatter widely without meaning anything.
    """
    spots = [Spot(*spot) for spot in spots if spot[1] > 0]
    table = Table(
        (_("Nama"), _("Banyaknya"), _("Nilai")),
        tuple((s.label, formats.number(s.n), formats.number(s.value, digits)) for s in spots),
    )
    if not spots or spread <= 0:
        return Chart(title, _("Belum ada data."), (), table)
    outside = sum(abs(spot.value - centre.value) > 3.09 * spread / math.sqrt(spot.n) for spot in spots)
    sentence = _("%(count)s titik, %(outside)s di luar batas kebetulan.") % {"count": len(spots), "outside": outside}
    painter = _FunnelPainter(spots, centre, spread, digits, limits)
    return Chart(title, sentence, marks.draw(painter.paint), table)


@dataclass(frozen=True, slots=True)
class _FunnelPainter:
    spots: Sequence[Spot]
    centre: Line
    spread: float
    digits: int
    limits: tuple[float, float] | None

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        height = 260 if width < 400 else 300
        smallest = min(spot.n for spot in self.spots)
        most = nice_ticks(0, max(spot.n for spot in self.spots), 4)
        edge = 3.09 * self.spread / math.sqrt(smallest)
        reach = [self.centre.value - edge, self.centre.value + edge, *(spot.value for spot in self.spots)]
        ticks = nice_ticks(min(reach), max(reach), 5, self.limits)
        names = [formats.number(tick, tick_digits(ticks)) for tick in ticks]
        left = 8 + max(text_width(name) for name in names)
        y = Scale(ticks[0], ticks[-1], height - 52.0, 14)
        x = Scale(0, most[-1], left + 6, width - 18.0)
        drawn: list[Mark] = []
        for tick, name in zip(ticks, names, strict=True):
            drawn.append(marks.rule(left, y.at(tick), x.end, y.at(tick), "c-grid"))
            drawn.append(marks.words(left - 6, y.at(tick) + 5, name, anchor="end"))
        drawn += [
            marks.words_inside(x.at(tick), height - 30, formats.number(tick), "c-axis", 0, width) for tick in most
        ]
        drawn.append(marks.words((x.start + x.end) / 2, height - 8.0, _("banyaknya penilaian"), anchor="middle"))
        counts = [smallest * (most[-1] / smallest) ** (step / 40) for step in range(41)]
        for z, css in ((3.09, "c-zone"), (1.96, "c-core")):
            upper = [(x.at(n), y.at(self.centre.value + z * self.spread / math.sqrt(n))) for n in counts]
            lower = [(x.at(n), y.at(self.centre.value - z * self.spread / math.sqrt(n))) for n in counts]
            drawn.append(marks.path([*upper, *reversed(lower)], css, closed=True))
        drawn.append(marks.rule(left, y.at(self.centre.value), x.end, y.at(self.centre.value), "c-mean"))
        text = f"{self.centre.label} {formats.number(self.centre.value, self.digits)}"
        drawn.append(marks.words(x.end, y.at(self.centre.value) - 7, text, "c-mean-words", "end"))
        return height, [*drawn, *self._spots(x, y, width)]

    def _spots(self, x: Scale, y: Scale, width: int) -> Iterable[Mark]:
        for spot in sorted(self.spots, key=lambda spot: spot.strong):
            far = abs(spot.value - self.centre.value) > 3.09 * self.spread / math.sqrt(spot.n)
            css = "c-dot strong" if spot.strong else "c-dot far" if far else "c-dot faint"
            tip = f"{spot.label}: {formats.number(spot.value, self.digits)}, n = {formats.number(spot.n)}"
            yield marks.circle(x.at(spot.n), y.at(spot.value), 7 if spot.strong else 5, css)
            yield marks.circle(x.at(spot.n), y.at(spot.value), 12, "c-hit", tip)
            if spot.strong:
                yield marks.words_inside(x.at(spot.n), y.at(spot.value) - 12, spot.label, "c-value", 0, width)
