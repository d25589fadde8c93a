"""Words for stored values, where pages need them: the law's names of the elements, states of a month, bands."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from teladan.evaluation.words import ELEMENTS, GRADES

__all__ = ["ELEMENTS", "GRADES", "GRADE_TONES", "RESPONSE_BANDS"]

RESPONSE_BANDS = {
    "low": gettext_lazy("kurang dari sepertiga tiket dijawab"),
    "middle": gettext_lazy("sepertiga sampai dua pertiga tiket dijawab"),
    "high": gettext_lazy("lebih dari dua pertiga tiket dijawab"),
}

GRADE_TONES = {"A": "good", "B": "good", "C": "fair", "D": "poor"}
