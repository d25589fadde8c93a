"""Forms of the integrity desk: a decision with its reason and the password, and what somebody said on the telephone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.core.stepup import StepUpForm
from teladan.feedback.models import CallBack


class JudgeForm(StepUpForm):
    """Why, and the password once more."""

    nothing_done = gettext_lazy("Belum ada yang diputuskan.")

    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Tersimpan dalam jejak audit. Jangan menulis nama warga."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Tulis alasannya.")},
    )
    field_order = ("reason", "password")


REACHED, NOT_REACHED = "ya", "tidak"


class CallForm(forms.Form):
    """The result of one call."""

    reached = forms.ChoiceField(
        label=gettext_lazy("Apakah warga tersambung?"),
        choices=[(REACHED, gettext_lazy("tersambung")), (NOT_REACHED, gettext_lazy("tidak tersambung"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih tersambung atau tidak.")},
    )
    was_handed = forms.ChoiceField(
        label=gettext_lazy("Apakah Anda menerima tiket penilaian saat dilayani?"),
        choices=CallBack.Reply.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    has_rated = forms.ChoiceField(
        label=gettext_lazy("Apakah Anda mengisi penilaiannya?"),
        choices=CallBack.Reply.choices,
        widget=forms.RadioSelect,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reached") == REACHED:
            for name in ("was_handed", "has_rated"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Pilih salah satu jawaban."))
        return cleaned
