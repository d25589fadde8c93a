"""Forms of the kiosks' keepers, and of a tablet that is being enrolled."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from teladan.feedback import tokens
from teladan.people.models import Unit


class KioskForm(forms.Form):
    """A new kiosk."""

    name = forms.CharField(
        label=_("Nama kios"), help_text=_("Misalnya: Tablet pintu keluar."), max_length=120,
        error_messages={"required": _("Tulis nama kios.")},
    )  # fmt: skip
    code = forms.SlugField(
        label=_("Kode kios"), help_text=_("Bagian dari alamatnya, misalnya pintu-keluar."), max_length=40,
        error_messages={
            "required": _("Tulis kode kios."),
            "invalid": _("Kode hanya memuat huruf, angka, garis bawah dan tanda hubung."),
        },
    )  # fmt: skip
    unit = forms.ModelChoiceField(
        label=_("Unit pemilik"), queryset=Unit.objects.none(), to_field_name="code",
        error_messages={"required": _("Pilih unit."), "invalid_choice": _("Pilih unit dari daftar.")},
    )  # fmt: skip

    def __init__(self, *args: Any, units: QuerySet[Unit], names: dict[int, str], **kw: Any) -> None:
        super().__init__(*args, **kw)
        field = self.fields["unit"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset, field.empty_label = units.order_by("code"), _("Pilih unit")
        field.label_from_instance = lambda obj: names.get(obj.pk, obj.code)  # type: ignore[method-assign]


class RevokeForm(forms.Form):
    """Why a kiosk is shut out."""

    reason = forms.CharField(
        label=_("Alasan pencabutan"), max_length=300, error_messages={"required": _("Tulis alasan pencabutan.")}
    )


class EnrolForm(forms.Form):
    """The code that the keeper reads out."""

    use_required_attribute = False

    code = forms.CharField(
        label=_("Kode pendaftaran"),
        help_text=_("Delapan huruf dan angka dari pengelola kios."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "code"}),
        error_messages={"required": _("Tulis kode pendaftaran.")},
    )

    def clean_code(self) -> str:
        code = tokens.normal(self.cleaned_data["code"])
        if len(code) != tokens.TYPED_CODE_CHARS:
            raise forms.ValidationError(_("Kode terdiri dari delapan huruf dan angka."))
        return code
