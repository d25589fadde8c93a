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

COVARIATES = {
    "channel": gettext_lazy("Saluran layanan"),
    "month": gettext_lazy("Bulan"),
    "pattern": gettext_lazy("Unsur mana yang dijawab"),
}
"""What may be taken out before officers are compared (policy `score.covariates`)."""
