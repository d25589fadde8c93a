"""Words for stored values, where pages need them: the law's names of the elements, states of a month, bands."""

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

RESPONSE_BANDS = {
    "low": gettext_lazy("kurang dari sepertiga tiket dijawab"),
    "middle": gettext_lazy("sepertiga sampai dua pertiga tiket dijawab"),
    "high": gettext_lazy("lebih dari dua pertiga tiket dijawab"),
}

GRADES = {
    "A": gettext_lazy("Sangat baik"),
    "B": gettext_lazy("Baik"),
    "C": gettext_lazy("Kurang baik"),
    "D": gettext_lazy("Tidak baik"),
}
GRADE_TONES = {"A": "good", "B": "good", "C": "fair", "D": "poor"}

COVARIATES = {
    "channel": gettext_lazy("Saluran layanan"),
    "month": gettext_lazy("Bulan"),
    "pattern": gettext_lazy("Unsur mana yang dijawab"),
}
"""What may be taken out before officers are compared (policy `score.covariates`)."""
