"""Words of the law for stored values, wherever the room speaks: pages, documents, refusals."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ELEMENTS = {
    "persyaratan": gettext_lazy("Persyaratan"),
    "prosedur": gettext_lazy("Sistem, mekanisme, dan prosedur"),
    "waktu": gettext_lazy("Waktu penyelesaian"),
    "biaya": gettext_lazy("Biaya/tarif"),
    "produk": gettext_lazy("Produk spesifikasi jenis pelayanan"),
    "kompetensi": gettext_lazy("Kompetensi pelaksana"),
    "perilaku": gettext_lazy("Perilaku pelaksana"),
    "pengaduan": gettext_lazy("Penanganan pengaduan, saran, dan masukan"),
    "sarana": gettext_lazy("Sarana dan prasarana"),
}
"""The nine elements (*unsur*) of PermenPANRB 14/2017."""

GRADES = {
    "A": gettext_lazy("Sangat baik"),
    "B": gettext_lazy("Baik"),
    "C": gettext_lazy("Kurang baik"),
    "D": gettext_lazy("Tidak baik"),
}

SPANS = {
    1: gettext_lazy("Bulan"),
    3: gettext_lazy("Triwulan"),
    6: gettext_lazy("Semester"),
    12: gettext_lazy("Tahun"),
}
"""Kinds of periods of a report, by their number of months."""

FOLLOW_UP_STATES = {
    "planned": gettext_lazy("direncanakan"),
    "ongoing": gettext_lazy("berjalan"),
    "done": gettext_lazy("selesai"),
    "dropped": gettext_lazy("dibatalkan"),
}
"""How far a line of a follow-up plan is."""
