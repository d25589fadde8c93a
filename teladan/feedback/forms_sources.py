"""Forms of those who keep the source systems, and of those who bring events in files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teladan.services import queries


class SourceForm(forms.Form):
    """What a source is called, and whether it hands out tickets."""

    name = forms.CharField(
        label=_("Nama sistem"), help_text=_("Misalnya: Mesin antrean Disdukcapil."), max_length=120,
        error_messages={"required": _("Tulis nama sistem.")},
    )  # fmt: skip
    issues_tickets = forms.BooleanField(
        label=_("Sistem ini menyerahkan tiket penilaian kepada warga"),
        help_text=_("Layanannya ikut dihitung dalam cakupan tiket."),
        required=False,
    )


class NewSourceForm(SourceForm):
    """A new source with its code."""

    code = forms.SlugField(
        label=_("Kode sumber"), help_text=_("Tetap selamanya, misalnya antrean-dukcapil."), max_length=40,
        error_messages={
            "required": _("Tulis kode sumber."),
            "invalid": _("Kode hanya memuat huruf, angka, garis bawah dan tanda hubung."),
        },
    )  # fmt: skip
    field_order = ("name", "code", "issues_tickets")


class ReasonForm(forms.Form):
    """Why a source is stopped or its token revoked."""

    reason = forms.CharField(label=_("Alasan"), max_length=300, error_messages={"required": _("Tulis alasannya.")})


class EventUploadForm(forms.Form):
    """A file of events, of one source or of those that its column SUMBER names."""

    source = forms.ChoiceField(
        label=_("Sumber"), help_text=_("Kosongkan bila kolom SUMBER menyebutkannya."), required=False,
        error_messages={"invalid_choice": _("Pilih sumber dari daftar.")},
    )  # fmt: skip
    file = forms.FileField(
        label=_("Berkas CSV atau XLSX"), allow_empty_file=True, error_messages={"required": _("Pilih berkasnya.")}
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)
        named = sorted((one.name, one.code) for one in queries.active_sources().values())
        own = [(code, name) for name, code in named if code != queries.COUNTER_SOURCE]
        field.choices = [("", _("Menurut kolom SUMBER")), *own]
