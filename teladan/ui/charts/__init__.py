"""Charts: pure functions from values to coordinates, drawn as SVG by templates, themed by classes in charts.css.

Each returns a `Chart` for `{% chart drawing %}`: the same picture in three widths (the page shows the one that fits),
a sentence for those who cannot see it, and its numbers as a table.

  trend(title, [TrendPoint(label, value, low, high, n)], threshold=Line(88.31, "batas A"), digits=2, limits=None)
  interval(title, Estimate(value, low, high, "Anda"), average=Line(3.31, "rata-rata"), band=(lo, hi), core=(lo, hi))
  bars(title, [Bar(label, value, note, target)], digits=0, maximum=None, unit="%")
  dots(title, [Dot(label, value, low, high, strong)], average=Line(...), digits=2)     the caller chooses the order
  caterpillar(title, [Dot(label, value, low, high, strong, n, url)], reference=Line(...))   one row per person, sorted
  funnel(title, [Spot(label, n, value, strong, beyond, url)], centre=Line(...), curve=[Bounds(n, lo, lo, hi, hi)])
  sparkline(title, [values])                                                           beside a number, no axes
  quadrant(title, cells, people)                                                       3x3, an HTML table
"""

from __future__ import annotations

from teladan.ui.charts.bars import Bar, bars
from teladan.ui.charts.lines import TrendPoint, sparkline, trend
from teladan.ui.charts.marks import Chart, Drawing, Line, Table
from teladan.ui.charts.quadrant import Cell, Placed, Quadrant, quadrant
from teladan.ui.charts.spots import Bounds, Dot, Estimate, Spot, caterpillar, dots, funnel, interval

__all__ = [
    "Bar",
    "Bounds",
    "Cell",
    "Chart",
    "Dot",
    "Drawing",
    "Estimate",
    "Line",
    "Placed",
    "Quadrant",
    "Spot",
    "Table",
    "TrendPoint",
    "bars",
    "caterpillar",
    "dots",
    "funnel",
    "interval",
    "quadrant",
    "sparkline",
    "trend",
]
