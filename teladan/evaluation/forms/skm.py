"""Forms of the satisfaction survey's reports: a line of the plan, the publication, a file of older reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan import scoring
from teladan.core.stepup import StepUpForm
from teladan.evaluation.rules.skm import Period, parse_period
from teladan.evaluation.words import ELEMENTS, FOLLOW_UP_STATES


class DayInput(forms.DateInput):
    """The browser's own day picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FollowUpForm(forms.Form):
    """What is done about an element, by whom, by when."""

    element = forms.ChoiceField(
        label=gettext_lazy("Unsur"), choices=[("", gettext_lazy("Pilih unsur")), *ELEMENTS.items()]
    )
    action = forms.CharField(
        label=gettext_lazy("Tindakan"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Tulis apa yang akan dilakukan.")},
    )
    responsible = forms.CharField(
        label=gettext_lazy("Penanggung jawab"),
        help_text=gettext_lazy("Jabatan, misalnya Kepala Subbagian Umum."),
        max_length=160,
        error_messages={"required": gettext_lazy("Tulis jabatan yang bertanggung jawab.")},
    )
    due_on = forms.DateField(
        label=gettext_lazy("Tenggat"),
        widget=DayInput,
        error_messages={"required": gettext_lazy("Isi tenggatnya."), "invalid": gettext_lazy("Isi tanggal yang ada.")},
    )


class FollowUpChangeForm(FollowUpForm):
    """The same line later, with how far it is."""

    state = forms.ChoiceField(label=gettext_lazy("Keadaan"), choices=FOLLOW_UP_STATES.items())


class PublishForm(StepUpForm):
    """The password, what was read, and for a new version the reason."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = forms.CharField(
        label=gettext_lazy("Alasan versi baru"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("seen", "reason", "password")


class PastUploadForm(forms.Form):
    """A file of older reports, and what the file itself does not say."""

    file = forms.FileField(
        label=gettext_lazy("Berkas"),
        help_text=gettext_lazy("Excel (.xlsx) atau CSV. Isinya diperiksa dulu; belum ada yang disimpan."),
        allow_empty_file=True,
    )
    regime = forms.ChoiceField(
        label=gettext_lazy("Aturan mutu"),
        help_text=gettext_lazy("Dipakai untuk baris tanpa kolom ATURAN."),
        choices=[
            ("", gettext_lazy("Ada di berkas")),
            *((code, one.legal_basis) for code, one in scoring.REGIMES.items()),
        ],
        required=False,
    )
    period = forms.CharField(
        label=gettext_lazy("Periode"),
        help_text=gettext_lazy("Dipakai untuk baris tanpa kolom PERIODE: 2023, 2023-S1, 2023-T2 atau 2023-07."),
        max_length=30,
        required=False,
    )
    numbering = forms.ChoiceField(
        label=gettext_lazy("Arti U8 dan U9"),
        help_text=gettext_lazy("Kuesioner dan peraturan menomori dua unsur terakhir terbalik."),
        choices=[
            ("", gettext_lazy("Tidak ada kolom U1–U9")),
            ("law", gettext_lazy("U8 pengaduan, U9 sarana (peraturan)")),
            ("asked", gettext_lazy("U8 sarana, U9 pengaduan (kuesioner)")),
        ],
        required=False,
    )

    def clean_period(self) -> Period | None:
        text = self.cleaned_data["period"].strip()
        if not text:
            return None
        try:
            return parse_period(text)
        except ValueError:
            raise forms.ValidationError(_("Tulis 2023, 2023-S1, 2023-T2 atau 2023-07.")) from None

    def options(self) -> dict[str, Any]:
        """What the importer wants to be told."""
        cleaned = self.cleaned_data
        return {
            "regime": cleaned["regime"] or None,
            "period": cleaned["period"],
            "numbering": cleaned["numbering"] or None,
        }
