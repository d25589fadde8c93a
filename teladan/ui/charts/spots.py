"""Estimates with their uncertainty: one on a scale, many below each other, many against their number."""

from __future__ import annotations

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
    """One row of the caterpillar; `strong` marks the reader's own, `url` says why the number is what it is."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    strong: bool = False
    n: int | None = None
    url: str = ""


class Spot(NamedTuple):
    """One unit or service of the funnel: how many ratings, which value.

    `beyond`: 0 within the 95 % limits, 1 outside these, 2 outside the 99.8 % limits too; whoever made the limits knows.
    """

    label: str
    n: int
    value: float
    strong: bool = False
    beyond: int = 0
    url: str = ""


class Bounds(NamedTuple):
    """The limits of a funnel at one number of ratings: 99.8 % outside, 95 % inside."""

    n: float
    outer_low: float
    low: float
    high: float
    outer_high: float


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
    table = _dots_table(rows, digits)
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


def _dots_table(rows: Sequence[Dot], digits: int) -> Table:
    counted = any(row.n is not None for row in rows)
    head = (_("Nama"), _("Nilai"), _("Rentang"), *([_("Banyaknya")] if counted else []))
    lines = tuple(
        (
            row.label,
            formats.number(row.value, digits),
            formats.interval(row.low, row.high, digits),
            *([formats.number(row.n)] if counted else []),
        )
        for row in rows
    )
    return Table(head, lines, tuple(row.url for row in rows) if any(row.url for row in rows) else ())


def caterpillar(
    title: str, rows: Sequence[Dot], *, reference: Line, digits: int = 2, limits: tuple[float, float] | None = None
) -> Chart:
    """One row per person, the highest first, each with its interval, against one line. Equal values go by name."""
    ordered = sorted((Dot(*row) for row in rows), key=lambda row: (-row.value, row.label))
    return dots(title, ordered, average=reference, digits=digits, limits=limits)


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
    curve: Sequence[Bounds],
    digits: int = 2,
    limits: tuple[float, float] | None = None,
) -> Chart:
    """Values against their number of ratings, between the limits that chance alone explains; outsiders are named.

    `curve` holds the limits at increasing numbers of ratings, ready made: this function draws and does not judge.
    """
    spots = [Spot(*spot) for spot in spots if spot[1] > 0]
    places = (_("dalam batas"), _("di luar 95%"), _("di luar 99,8%"))
    table = Table(
        (_("Nama"), _("Banyaknya"), _("Nilai"), _("Letak")),
        tuple((s.label, formats.number(s.n), formats.number(s.value, digits), places[s.beyond]) for s in spots),
        tuple(spot.url for spot in spots) if any(spot.url for spot in spots) else (),
    )
    if not spots or len(curve) < 2:
        return Chart(title, _("Belum ada data."), (), table)
    far = [spot.label for spot in spots if spot.beyond > 1]
    words = {"count": len(spots), "outside": len(far), "names": ", ".join(far)}
    if far:
        sentence = _("%(count)s titik, %(outside)s di luar batas kebetulan: %(names)s.") % words
    else:
        sentence = _("%(count)s titik, semuanya dalam batas kebetulan 99,8%%.") % words
    painter = _FunnelPainter(spots, centre, sorted(Bounds(*one) for one in curve), digits, limits)
    return Chart(title, sentence, marks.draw(painter.paint), table)


@dataclass(frozen=True, slots=True)
class _FunnelPainter:
    spots: Sequence[Spot]
    centre: Line
    curve: Sequence[Bounds]
    digits: int
    limits: tuple[float, float] | None

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        height = 280 if width < 400 else 320
        most = nice_ticks(0, max(spot.n for spot in self.spots), 4)
        ticks = nice_ticks(*self._reach(), 5, self.limits)
        names = [formats.number(tick, tick_digits(ticks)) for tick in ticks]
        left = 8 + max(text_width(name) for name in names)
        y = Scale(ticks[0], ticks[-1], height - 52.0, 18)
        x = Scale(0, most[-1], left + 6, width - 18.0)
        drawn: list[Mark] = []
        for tick, name in zip(ticks, names, strict=True):
            drawn.append(marks.rule(left, y.at(tick), x.end, y.at(tick), "c-grid"))
            drawn.append(marks.words(left - 6, y.at(tick) + 5, name, anchor="end"))
        drawn += [
            marks.words_inside(x.at(tick), height - 30, formats.number(tick), "c-axis", 0, width) for tick in most
        ]
        drawn.append(marks.words((x.start + x.end) / 2, height - 8.0, _("banyaknya penilaian"), anchor="middle"))
        drawn += self._zones(x, y)
        drawn.append(marks.rule(left, y.at(self.centre.value), x.end, y.at(self.centre.value), "c-mean"))
        text = f"{self.centre.label} {formats.number(self.centre.value, self.digits)}"
        drawn.append(marks.words(x.end, y.at(self.centre.value) - 7, text, "c-mean-words", "end"))
        return height, [*drawn, *self._circles(x, y), *self._names(x, y, width)]

    def _reach(self) -> tuple[float, float]:
        """From the limits where the first spot lies on; further left they run out of any scale."""
        first = min(spot.n for spot in self.spots)
        seen = [one for one in self.curve if one.n >= first] or self.curve[-1:]
        ends = [one.outer_low for one in seen] + [one.outer_high for one in seen]
        reach = [*ends, self.centre.value, *(spot.value for spot in self.spots)]
        return min(reach), max(reach)

    def _zones(self, x: Scale, y: Scale) -> Iterable[Mark]:
        seen = [one for one in self.curve if one.n <= x.high]
        for low, high, css in (("outer_low", "outer_high", "c-zone"), ("low", "high", "c-core")):
            upper = [(x.at(one.n), y.at(getattr(one, high))) for one in seen]
            lower = [(x.at(one.n), y.at(getattr(one, low))) for one in seen]
            if len(seen) > 1:
                yield marks.path([*upper, *reversed(lower)], css, closed=True)
                yield marks.path(upper, "c-bound")
                yield marks.path(lower, "c-bound")

    def _circles(self, x: Scale, y: Scale) -> Iterable[Mark]:
        for spot in sorted(self.spots, key=lambda spot: (spot.beyond, spot.strong)):
            css = "c-dot far" if spot.beyond > 1 else "c-dot strong" if spot.strong else "c-dot faint"
            tip = f"{spot.label}: {formats.number(spot.value, self.digits)}, n = {formats.number(spot.n)}"
            yield marks.circle(x.at(spot.n), y.at(spot.value), 7 if spot.strong else 6 if spot.beyond > 1 else 5, css)
            yield marks.circle(x.at(spot.n), y.at(spot.value), 12, "c-hit", tip)

    def _names(self, x: Scale, y: Scale, width: int) -> Iterable[Mark]:
        """The reader's own, then the outsiders, as long as names do not run into each other; the table has them all."""
        taken: list[tuple[float, float, float]] = []
        for spot in sorted(self.spots, key=lambda spot: (not spot.strong, -abs(spot.value - self.centre.value))):
            if not spot.strong and spot.beyond < 2:
                continue
            text = shortened(spot.label, width * 0.45, 15)
            half = text_width(text, 16) / 2
            middle = min(max(x.at(spot.n), x.start + half), max(x.start + half, width - half))
            above = spot.value >= self.centre.value and y.at(spot.value) > y.end + 8
            above = above or y.at(spot.value) + 30 > y.start  # never into the axis
            place = y.at(spot.value) + (-12 if above else 24)
            if any(abs(place - row) < 17 and abs(middle - centre) < half + reach for row, centre, reach in taken):
                continue
            taken.append((place, middle, half))
            yield marks.words_inside(x.at(spot.n), place, text, "c-value", x.start, width)
