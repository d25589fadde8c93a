"""Forms of the rules: a change proposed, adopted, withdrawn. The field for the value follows the rule's kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.core import clock
from teladan.core.stepup import StepUpForm
from teladan.evaluation.rules.rulebook import Number, OneOf, Some, Spec, Whole
from teladan.ui import formats


class WholeField(forms.CharField):
    """A whole number within bounds; said in words what else was typed."""

    def __init__(self, kind: Whole, **kwargs: Any) -> None:
        super().__init__(max_length=12, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **kwargs)
        self.kind = kind

    def clean(self, value: Any) -> int:
        text = super().clean(value).strip()
        if not text.isascii() or not text.isdigit():
            raise forms.ValidationError(
                _("Tulis bilangan bulat tanpa titik dan koma, misalnya %(n)d.") % {"n": self.kind.minimum}
            )
        if self.kind.problem(int(text)):
            raise forms.ValidationError(
                _("Tulis bilangan dari %(low)s sampai %(high)s.")
                % {"low": formats.number(self.kind.minimum), "high": formats.number(self.kind.maximum)}
            )
        return int(text)


class NumberField(forms.CharField):
    """A number with comma or full stop; per cent where the rule is written so."""

    def __init__(self, kind: Number, *, percent: bool, **kwargs: Any) -> None:
        super().__init__(max_length=12, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)
        self.kind, self.percent = kind, percent

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, float | int):
            return f"{round(value * (100 if self.percent else 1), 6):g}".replace(".", ",")
        return value

    def clean(self, value: Any) -> float:
        text = super().clean(value).strip().removesuffix("%").strip().replace(",", ".")
        try:
            if not text.replace(".", "", 1).isdigit() or not text.isascii():
                raise ValueError
            found = round(float(text) / (100 if self.percent else 1), 6)
        except ValueError as error:
            example = "85" if self.percent else "0,75"
            raise forms.ValidationError(_("Tulis bilangan, misalnya %(example)s.") % {"example": example}) from error
        if self.kind.problem(found):
            low, high = (self.prepare_value(end) for end in (self.kind.minimum, self.kind.maximum))
            raise forms.ValidationError(_("Tulis bilangan dari %(low)s sampai %(high)s.") % {"low": low, "high": high})
        return found


def value_field(spec: Spec, *, names: dict[str, str], percent: bool, hint: str) -> forms.Field:
    """The control for one rule's value."""
    common: dict[str, Any] = {"label": gettext_lazy("Nilai baru"), "help_text": hint}
    required = {"required": gettext_lazy("Isi nilai barunya.")}
    kind = spec.kind
    if isinstance(kind, Whole):
        return WholeField(kind, error_messages=required, **common)
    if isinstance(kind, Number):
        return NumberField(kind, percent=percent, error_messages=required, **common)
    choices = [(name, names[name]) for name in getattr(kind, "names", ())]
    if isinstance(kind, Some):
        return forms.MultipleChoiceField(
            choices=choices,
            required=kind.least > 0,
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": gettext_lazy("Pilih paling sedikit satu."),
                "invalid_choice": gettext_lazy("Pilihan ini tidak dikenal."),
            },
            **common,
        )
    if isinstance(kind, OneOf):
        return forms.ChoiceField(
            choices=choices,
            widget=forms.RadioSelect,
            error_messages={**required, "invalid_choice": gettext_lazy("Pilihan ini tidak dikenal.")},
            **common,
        )
    raise ValueError(f"{spec.key}: not typed on a page")


class ProposalForm(forms.Form):
    """One rule's new value, from when, on which basis, and why."""

    valid_from = forms.ChoiceField(
        label=gettext_lazy("Berlaku mulai"),
        help_text=gettext_lazy("Hari pertama bulan yang belum dibuka. Bulan yang sudah dibuka memakai aturan lamanya."),
        error_messages={
            "required": gettext_lazy("Pilih bulannya."),
            "invalid_choice": gettext_lazy("Bulan ini sudah dibuka atau terlalu jauh. Pilih bulan dari daftar."),
        },
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("Dasar hukum"),
        help_text=gettext_lazy("Misalnya: Keputusan Wali Kota 188.45/12/2026."),
        max_length=300,
        error_messages={"required": gettext_lazy("Tulis dasar hukumnya.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Alasan"),
        help_text=gettext_lazy("Terbaca oleh semua yang boleh membaca aturan."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Tulis alasan perubahan ini.")},
    )

    def __init__(self, *args: Any, field: forms.Field, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"value": field, **self.fields}
        choices = [(f"{month:%Y-%m}", formats.month(month)) for month in months]
        self.fields["valid_from"].choices = choices  # type: ignore[attr-defined]

    def clean_value(self) -> Any:
        """Names in the rulebook's order, so that one set of names is one value."""
        value = self.cleaned_data["value"]
        if isinstance(value, list):
            return [name for name, _words in self.fields["value"].choices if name in value]  # type: ignore[attr-defined]
        return value

    def clean_valid_from(self) -> date:
        return clock.parse_month(self.cleaned_data["valid_from"])


class AdoptForm(StepUpForm):
    """The password that makes a proposal a rule."""

    nothing_done = gettext_lazy("Belum ada yang ditetapkan.")


class WithdrawForm(StepUpForm):
    """The password and the reason that take a decided change back."""

    nothing_done = gettext_lazy("Belum ada yang ditarik.")
    field_order = ("reason", "password")

    reason = forms.CharField(
        label=gettext_lazy("Alasan menarik"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Tulis alasan menarik perubahan ini.")},
    )
