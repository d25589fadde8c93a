"""The public pages' charts."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.transparency.queries import UnitMonth
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


def element_name(name: str) -> str:
    """An element's name for citizens."""
    return str(ELEMENT_NAMES.get(name, name))
