"""The public pages' charts."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.core import clock
from teladan.transparency.queries import Report, UnitMonth
from teladan.ui import charts, formats

ELEMENT_NAMES = {
    "persyaratan": gettext_lazy("Persyaratan"),
    "prosedur": gettext_lazy("Prosedur"),
    "waktu": gettext_lazy("Waktu penyelesaian"),
    "biaya": gettext_lazy("Biaya"),
    "produk": gettext_lazy("Hasil layanan"),
    "kompetensi": gettext_lazy("Kemampuan petugas"),
    "perilaku": gettext_lazy("Sikap petugas"),
    "pengaduan": gettext_lazy("Penanganan pengaduan"),
    "sarana": gettext_lazy("Sarana dan prasarana"),
}


def ikm_trend(history: Sequence[UnitMonth]) -> charts.Chart:
    """IKM by month with its interval and the limit of grade A."""
    points = [charts.TrendPoint(formats.month_short(row.month), row.ikm, row.low, row.high, row.n) for row in history]
    limit = charts.Line(88.31, _("batas A"))
    return charts.trend(_("Indeks kepuasan masyarakat"), points, threshold=limit, digits=2, limits=(25, 100))


def element_bars(row: UnitMonth) -> charts.Chart:
    """The nine elements of a month, weakest first, on 1-4."""
    found = sorted((cell["mean"], name) for name, cell in row.elements.items() if cell["mean"] is not None)
    bars = [charts.Bar(element_name(name), mean) for mean, name in found]
    return charts.bars(_("Nilai tiap unsur, 1 sampai 4"), bars, digits=2, maximum=4)


def report_elements(report: Report) -> charts.Chart:
    """The nine elements of a report on 25-100."""
    rows = [
        charts.Bar(element_name(one["element"]), float(one["value"]) if one["value"] else None, one["grade"])
        for one in report.elements
    ]
    return charts.bars(_("Nilai tiap unsur, 25 sampai 100"), rows, digits=2, maximum=100)


def report_trend(report: Report) -> charts.Chart | None:
    """The months up to the report, as they were when it was published."""
    points = [
        charts.TrendPoint(
            formats.month_short(clock.parse_month(one["month"])),
            float(one["ikm"]) if one["ikm"] else None,
            one["low"],
            one["high"],
            one["n"],
        )
        for one in report.trend["months"]
    ]
    if sum(point.value is not None for point in points) < 2:
        return None
    return charts.trend(_("IKM dari bulan ke bulan"), points, digits=2, limits=(25, 100))


def element_name(name: str) -> str:
    """An element's name for citizens."""
    return str(ELEMENT_NAMES.get(name, name))
