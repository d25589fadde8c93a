"""Words of the law for stored values, wherever the room speaks: pages, documents, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext, gettext_lazy

from teladan.feedback.questionnaire import profile_words

UNSAID = "Tidak menyebutkan"
"""How a report keeps the number of those who did not say."""

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


Profile = list[tuple[str, list[tuple[str, int | None]]]]


def profile_in_words(profile: Sequence[Mapping[str, Any]] | None) -> Profile:
    """Who answered, as a report keeps it in Indonesian, in the reader's language."""
    language = get_language() or "id"

    def said(text: str) -> str:
        return gettext("Tidak menyebutkan") if text == UNSAID else profile_words(text, language)

    return [(said(one["question"]), [(said(label), n) for label, n in one["groups"]]) for one in profile or ()]
