"""What people type on the pages of this room, as clean values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from teladan.core import clock
from teladan.people.models import Placement
from teladan.people.permissions import ROLES, Role
from teladan.people.queries import Listed


class DayInput(forms.DateInput):
    """The browser's own day picker."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


def day_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, help_text=help_text, required=required, widget=DayInput)


class SearchForm(forms.Form):
    """The filters above the list of employees. A wrong value is no filter."""

    cari = forms.CharField(label=_("Nama atau NIP"), required=False, max_length=100)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Aktif")), ("tidak-aktif", _("Tidak aktif")), ("semua", _("Semua"))],
    )
    unit = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    huruf = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)
    sesudah = forms.UUIDField(required=False, widget=forms.HiddenInput)
    sebelum = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def value(self, name: str) -> Any:
        """The clean value, or nothing."""
        self.is_valid()
        return self.cleaned_data.get(name) or None

    @property
    def active(self) -> bool | None:
        return {"tidak-aktif": False, "semua": None}.get(self.value("status") or "", True)


class UploadForm(forms.Form):
    """One file of one kind."""

    jenis = forms.ChoiceField(
        label=_("Isi berkas"),
        choices=[("employees", _("Pegawai (ekspor SIASN)")), ("units", _("Unit kerja"))],
        widget=forms.RadioSelect,
    )
    berkas = forms.FileField(
        label=_("Berkas"),
        help_text=_("Excel (.xlsx) atau CSV. Isinya diperiksa dulu; belum ada yang disimpan ke data pegawai."),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class AppraiserForm(forms.Form):
    """Who evaluates, from when until when, and why."""

    penilai = forms.ChoiceField(label=_("Penilai"), widget=forms.RadioSelect)
    alasan = forms.CharField(
        label=_("Alasan"),
        help_text=_("Misalnya nomor surat pendelegasian. Alasan ini dapat dibaca pegawai."),
        max_length=300,
    )
    mulai = day_field(_("Mulai"))
    sampai = day_field(_("Sampai sebelum"), _("Tanpa tanggal: berlaku sampai diubah."), required=False)

    def __init__(self, *args: Any, candidates: Iterable[Listed], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"mulai": clock.today()})
        super().__init__(*args, **kwargs)
        field = self.fields["penilai"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(row.person.pk), _candidate_words(row)) for row in candidates]
        field.error_messages["required"] = _("Pilih satu penilai.")


def _candidate_words(row: Listed) -> str:
    place = row.post_title or gettext("tanpa jabatan")
    if row.post_title and row.unit_name not in row.post_title:
        place += f", {row.unit_name}"
    return format_html("<b>{}</b> <small>{}</small>", row.person.full_name, place)


class ActingForm(forms.Form):
    """Who acts on the head post of a unit."""

    kind = forms.ChoiceField(
        label=_("Sebagai"),
        choices=[
            (Placement.Kind.PLT, _("Plt. (pelaksana tugas)")),
            (Placement.Kind.PLH, _("Plh. (pelaksana harian)")),
            (Placement.Kind.PJ, _("Pj. (penjabat)")),
            (Placement.Kind.ADDED, _("Tugas tambahan (kepala sekolah, kepala puskesmas)")),
        ],
        widget=forms.RadioSelect,
    )
    person = forms.ChoiceField(label=_("Pegawai"), widget=forms.RadioSelect)
    valid_from = day_field(_("Mulai"))
    valid_until = day_field(_("Sampai sebelum"), _("Tanpa tanggal: berlaku sampai diakhiri."), required=False)

    def __init__(self, *args: Any, candidates: Iterable[Listed], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"valid_from": clock.today()})
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(row.person.pk), _candidate_words(row)) for row in candidates]
        field.error_messages["required"] = _("Pilih satu pegawai.")


class GrantForm(forms.Form):
    """A role for an account, for one of the units that the giver may speak for."""

    role = forms.ChoiceField(label=_("Peran"))
    unit = forms.ChoiceField(
        label=_("Berlaku untuk"), help_text=_("Untuk unit ini dan semua di bawahnya."), required=False
    )
    valid_from = day_field(_("Mulai"))
    valid_until = day_field(_("Sampai sebelum"), _("Tanpa tanggal: berlaku sampai dicabut."), required=False)

    def __init__(self, *args: Any, roles: Iterable[Role], units: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"valid_from": clock.today()})
        super().__init__(*args, **kwargs)
        role, unit = self.fields["role"], self.fields["unit"]
        assert isinstance(role, forms.ChoiceField)
        assert isinstance(unit, forms.ChoiceField)
        role.choices = [("", gettext("Pilih peran")), *((role.value, gettext(ROLES[role].label)) for role in roles)]
        unit.choices = list(units)


class ReasonForm(forms.Form):
    """Why something ends."""

    alasan = forms.CharField(label=_("Alasan"), max_length=300)


class AccountForm(forms.Form):
    """A new account for somebody who is no employee."""

    username = forms.CharField(label=_("Nama akun"), max_length=150)
    display_name = forms.CharField(label=_("Nama yang ditampilkan"), max_length=150)
