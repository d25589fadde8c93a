"""The form that opens a closed month again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy


class ReopenForm(forms.Form):
    """Why a month is closed once more."""

    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Tersimpan bersama versi lama dan terbaca oleh Inspektorat."),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Tulis alasan membuka kembali bulan ini.")},
    )
