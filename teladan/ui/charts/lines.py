"""Values over time: the trend with its band of uncertainty, and the sparkline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.utils.translation import gettext as _

from teladan.ui import formats
from teladan.ui.charts import marks
from teladan.ui.charts.marks import Chart, Drawing, Line, Mark, Table
from teladan.ui.charts.scales import Scale, extent, nice_ticks, spread_out, text_width, tick_digits


class TrendPoint(NamedTuple):
    """One month. `value` None: not enough data, the line has a gap there."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None


def trend(
    title: str,
    points: Sequence[TrendPoint],
    *,
    threshold: Line | None = None,
    digits: int = 2,
    limits: tuple[float, float] | None = None,
) -> Chart:
    """A line with its interval band and a threshold; months without a value leave a gap."""
    points = [TrendPoint(*point) for point in points]
    table = _trend_table(points, digits)
    reach = extent([bound for point in points for bound in (point.value, point.low, point.high)])
    if reach is None or all(point.value is None for point in points):
        return Chart(title, _("Belum ada bulan dengan cukup data."), (), table)
    low, high = extent([*reach, threshold.value if threshold else None]) or reach
    ticks = nice_ticks(low, high, limits=limits)
    painter = _TrendPainter(points, ticks, threshold, digits)
    return Chart(title, _trend_words(points, threshold, digits), marks.draw(painter.paint), table)


def _trend_table(points: Sequence[TrendPoint], digits: int) -> Table:
    rows = [
        (
            point.label,
            formats.number(point.value, digits) if point.value is not None else _("belum cukup data"),
            formats.interval(point.low, point.high, digits),
            formats.number(point.n),
        )
        for point in points
    ]
    return _without_empty_columns(Table((_("Bulan"), _("Nilai"), _("Rentang"), _("Banyaknya")), tuple(rows)))


def _without_empty_columns(table: Table) -> Table:
    keep = [
        column
        for column in range(len(table.head))
        if column < 2 or any(row[column] != formats.MISSING for row in table.rows)
    ]
    return Table(tuple(table.head[k] for k in keep), tuple(tuple(row[k] for k in keep) for row in table.rows))


def _trend_words(points: Sequence[TrendPoint], threshold: Line | None, digits: int) -> str:
    known = [point for point in points if point.value is not None]
    first, last = known[0], known[-1]
    if first is last:
        text = _("%(label)s: %(value)s.") % {"label": last.label, "value": formats.number(last.value, digits)}
    else:
        text = _("Dari %(first)s (%(first_label)s) menjadi %(last)s (%(last_label)s).") % {
            "first": formats.number(first.value, digits),
            "first_label": first.label,
            "last": formats.number(last.value, digits),
            "last_label": last.label,
        }
    if threshold:
        text += f" {threshold.label}: {formats.number(threshold.value, digits)}."
    return text


@dataclass(frozen=True, slots=True)
class _TrendPainter:
    points: Sequence[TrendPoint]
    ticks: list[float]
    threshold: Line | None
    digits: int

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        height = 230 if width < 400 else 260
        names = [formats.number(tick, tick_digits(self.ticks)) for tick in self.ticks]
        left = 8 + max(text_width(name) for name in names)
        right, top, bottom = width - 16.0, 24.0, height - 34.0
        y = Scale(self.ticks[0], self.ticks[-1], bottom, top)
        x = Scale(0, len(self.points) - 1, left + 8, right)
        return height, [
            *self._grid(y, names, left, right),
            *self._labels(x, height - 8.0, left, float(width)),
            *self._runs(x, y),
            *self._threshold(y, left, right),
            *self._spots(x, y),
            *self._last_value(x, y, left, float(width), bottom),
        ]

    def _grid(self, y: Scale, names: list[str], left: float, right: float) -> Iterable[Mark]:
        for tick, name in zip(self.ticks, names, strict=True):
            yield marks.rule(left, y.at(tick), right, y.at(tick), "c-grid")
            yield marks.words(left - 6, y.at(tick) + 5, name, anchor="end")

    def _labels(self, x: Scale, baseline: float, left: float, width: float) -> Iterable[Mark]:
        widest = max(text_width(point.label) for point in self.points)
        for index in spread_out(len(self.points), int((width - left) // (widest + 28))):
            yield marks.words_inside(x.at(index), baseline, self.points[index].label, "c-axis", 0, width)

    def _runs(self, x: Scale, y: Scale) -> Iterable[Mark]:
        for known, run in groupby(enumerate(self.points), key=lambda pair: pair[1].value is not None):
            pairs = list(run)
            if not known:
                continue
            band = [(x.at(i), y.at(p.low), y.at(p.high)) for i, p in pairs if p.low is not None and p.high is not None]
            if len(band) > 1:
                outline = [(cx, high) for cx, _low, high in band] + [(cx, low) for cx, low, _high in reversed(band)]
                yield marks.path(outline, "c-band", closed=True)
            elif band:
                yield marks.rule(band[0][0], band[0][1], band[0][0], band[0][2], "c-whisker")
            if len(pairs) > 1:
                yield marks.path([(x.at(i), y.at(p.value)) for i, p in pairs if p.value is not None], "c-line")

    def _threshold(self, y: Scale, left: float, right: float) -> Iterable[Mark]:
        if not self.threshold:
            return
        height = y.at(self.threshold.value)
        text = f"{self.threshold.label} {formats.number(self.threshold.value, self.digits)}"
        yield marks.rule(left, height, right, height, "c-threshold")
        yield marks.words(left + 8, height - 7, text, "c-threshold-words")

    def _spots(self, x: Scale, y: Scale) -> Iterable[Mark]:
        for index, point in enumerate(self.points):
            if point.value is None:
                continue
            tip = f"{point.label}: {formats.number(point.value, self.digits)}"
            if point.low is not None and point.high is not None:
                tip += f" ({formats.interval(point.low, point.high, self.digits)})"
            if point.n is not None:
                tip += f", n = {formats.number(point.n)}"
            yield marks.circle(x.at(index), y.at(point.value), 3, "c-spot")
            yield marks.circle(x.at(index), y.at(point.value), 12, "c-hit", tip)

    def _last_value(self, x: Scale, y: Scale, left: float, width: float, bottom: float) -> Iterable[Mark]:
        index, value = next((i, p.value) for i, p in reversed(list(enumerate(self.points))) if p.value is not None)
        text = formats.number(value, self.digits)
        yield marks.circle(x.at(index), y.at(value), 6, "c-dot")
        end = min(x.at(index) + text_width(text, 15) / 2, width)
        place = self._free_height(x, y, end - text_width(text, 15) - 8, bottom)
        yield marks.words_inside(x.at(index), place, text, "c-value", left, width)

    def _free_height(self, x: Scale, y: Scale, start: float, bottom: float) -> float:
        """Where the last value is written: above or below all that is drawn there, whichever is nearer to its point."""
        near = [
            (value if bound is None else bound, value)
            for upper in (True, False)
            for i, point in enumerate(self.points)
            if (value := point.value) is not None and x.at(min(i + 1, len(self.points) - 1)) >= start
            for bound in [point.high if upper else point.low]
        ]
        tops = min(y.at(max(pair)) for pair in near)
        lows = max(y.at(min(pair)) for pair in near)
        taken = y.at(self.threshold.value) if self.threshold else None

        def is_free(baseline: float) -> bool:
            return 15 <= baseline <= bottom - 4 and (taken is None or not -4 <= baseline - taken <= 18)

        point = next(y.at(p.value) for p in reversed(self.points) if p.value is not None)
        free = [baseline for baseline in (tops - 10, lows + 22) if is_free(baseline)]
        return min(free, key=lambda baseline: abs(baseline - 5 - point), default=max(15.0, tops - 10))


def sparkline(title: str, values: Sequence[float | None], *, digits: int = 2) -> Chart:
    """A line without axes, beside the number it belongs to."""
    reach = extent(values)
    known = [value for value in values if value is not None]
    table = Table(
        (_("Nomor"), _("Nilai")), tuple((str(i + 1), formats.number(v, digits)) for i, v in enumerate(values))
    )
    if reach is None:
        return Chart(title, _("Belum ada data."), (), table, "spark")
    x, y = Scale(0, len(values) - 1, 4, 112), Scale(*reach, 26, 6)
    drawn: list[Mark] = []
    for present, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        places = [(x.at(i), y.at(v)) for i, v in run if v is not None]
        if present and len(places) > 1:
            drawn.append(marks.path(places, "c-line"))
    last = max(i for i, v in enumerate(values) if v is not None)
    drawn.append(marks.circle(x.at(last), y.at(known[-1]), 4, "c-dot"))
    words = _("Dari %(first)s menjadi %(last)s.") % {
        "first": formats.number(known[0], digits),
        "last": formats.number(known[-1], digits),
    }
    return Chart(title, words, (Drawing("spark", 120, 32, tuple(drawn)),), table, "spark")
