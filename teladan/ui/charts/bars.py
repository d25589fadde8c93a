"""Quantities below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from teladan.ui import formats
from teladan.ui.charts import marks
from teladan.ui.charts.marks import Chart, Mark, Table
from teladan.ui.charts.scales import Scale, shortened, text_width


class Bar(NamedTuple):
    """One quantity. `value` None: not enough data. `target`: a stroke on the bar."""

    label: str
    value: float | None
    note: str = ""
    target: float | None = None


def bars(title: str, rows: Sequence[Bar], *, digits: int = 0, maximum: float | None = None, unit: str = "") -> Chart:
    """Horizontal bars from zero; `maximum` fixes the full length (100 for per cent)."""
    rows = [Bar(*row) for row in rows]
    if any(row.value is not None and row.value < 0 for row in rows):
        raise ValueError("Bars start at zero: no negative values.")
    shown = [_bar_text(row, digits, unit) for row in rows]
    head, lines = [_("Nama"), _("Nilai")], [[row.label, text] for row, text in zip(rows, shown, strict=True)]
    if any(row.target is not None for row in rows):
        head.append(_("Sasaran"))
        for line, row in zip(lines, rows, strict=True):
            line.append(formats.MISSING if row.target is None else f"{formats.number(row.target, digits)}{unit}")
    if any(row.note for row in rows):
        head.append(_("Catatan"))
        for line, row in zip(lines, rows, strict=True):
            line.append(row.note or formats.MISSING)
    table = Table(tuple(head), tuple(tuple(line) for line in lines))
    if not rows:
        return Chart(title, _("Belum ada data."), (), table)
    ends = [quantity for row in rows for quantity in (row.value, row.target) if quantity is not None]
    full = max([maximum or 0, *ends]) or 1
    sentence = "; ".join(f"{row.label} {text}" for row, text in zip(rows, shown, strict=True)) + "."
    return Chart(title, sentence, marks.draw(_BarsPainter(rows, shown, full).paint), table)


def _bar_text(row: Bar, digits: int, unit: str) -> str:
    return _("belum cukup data") if row.value is None else f"{formats.number(row.value, digits)}{unit}"


@dataclass(frozen=True, slots=True)
class _BarsPainter:
    rows: Sequence[Bar]
    shown: list[str]
    full: float

    def paint(self, width: int) -> tuple[int, Iterable[Mark]]:
        widest = max(text_width(row.label) for row in self.rows)
        beside = width >= 400 and widest <= width * 0.44
        step = 38 if beside else 52
        left = widest + 16 if beside else 0.0
        known = [text_width(text, 15) for row, text in zip(self.rows, self.shown, strict=True) if row.value is not None]
        x = Scale(0, self.full, left, width - max([40.0, *known]) - 14)
        drawn: list[Mark] = []
        for index, (row, text) in enumerate(zip(self.rows, self.shown, strict=True)):
            top = float(step * index)
            middle = top + (step / 2 if beside else 36)
            place = middle + 5 if beside else top + 18
            drawn.append(marks.words(0, place, shortened(row.label, left if beside else width), "c-name"))
            drawn += self._bar(row, text, x, middle, width)
        return step * len(self.rows) + 4, drawn

    def _bar(self, row: Bar, text: str, x: Scale, middle: float, width: int) -> Iterable[Mark]:
        if row.value is None:
            yield marks.words(x.start, middle + 5, text, "c-axis")
            return
        tip = f"{row.label}: {text}" + (f" ({row.note})" if row.note else "")
        yield marks.box(x.start, middle - 8, x.end - x.start, 16, "c-track", 4)
        yield marks.box(x.start, middle - 8, max(2.0, x.at(row.value) - x.start), 16, "c-bar", 4, tip)
        if row.target is not None:
            yield marks.rule(x.at(row.target), middle - 13, x.at(row.target), middle + 13, "c-target")
        yield marks.words(width, middle + 5, text, "c-value", "end")
