"""Forms of the team screen: ratings of one person, achievement of one unit, a reason for a departure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.evaluation.models import Achievement, Evaluation
from teladan.evaluation.rules.rating import ABOVE, BELOW, MEETS

SHORT_RATINGS = [
    (BELOW, gettext_lazy("bawah")),
    (MEETS, gettext_lazy("sesuai")),
    (ABOVE, gettext_lazy("atas")),
]


def _pick() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=SHORT_RATINGS,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Pilih bawah, sesuai, atau atas.")},
    )


class PicksForm(forms.Form):
    """The two ratings, the note and a reason of one person; half a rating is a fine draft."""

    work = _pick()
    behaviour = _pick()
    note = forms.CharField(
        label=gettext_lazy("Catatan dan rekomendasi"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    reason = forms.CharField(
        label=gettext_lazy("Alasan menyimpang dari saran"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": gettext_lazy("Alasan paling panjang %(limit_value)d huruf.")},
    )

    @classmethod
    def showing(cls, person_key: str, evaluation: Evaluation | None) -> PicksForm:
        """The form filled with what is saved."""
        kept = {"work": "work", "behaviour": "behaviour", "note": "note", "reason": "suggestion_reason"}
        saved = {
            f"{person_key}-{name}": getattr(evaluation, column) if evaluation else "" for name, column in kept.items()
        }
        return cls(saved, prefix=person_key)


class DepartureForm(forms.Form):
    """Why this team's distribution departs from the guideline."""

    reason = forms.CharField(
        label=gettext_lazy("Alasan menyimpang dari pedoman"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Tulis alasannya dalam satu atau dua kalimat.")},
    )


class AchievementForm(forms.Form):
    """The achievement of one unit with its reason; a choice without a reason, or the reverse, is not enough."""

    value = forms.ChoiceField(
        label=gettext_lazy("Capaian"),
        choices=[("", gettext_lazy("Belum ditetapkan")), *Achievement.choices],
        required=False,
    )
    reason = forms.CharField(label=gettext_lazy("Alasan"), max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.has_changed() and cleaned.get("value") and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Tulis alasan capaian ini, misalnya indikator yang menjadi dasar."))
        if self.has_changed() and cleaned.get("reason", "").strip() and not cleaned.get("value"):
            self.add_error("value", _("Pilih capaiannya."))
        return cleaned
