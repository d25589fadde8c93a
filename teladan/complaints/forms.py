"""What complainants, handlers and the complained-of write, as clean values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.complaints import files, queries
from teladan.complaints.actions.filing import File, Sent, new_key
from teladan.complaints.files import Trouble
from teladan.complaints.models import Complaint
from teladan.core import clock, codes

DAYS = ["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y"]
EARLIEST = date(2000, 1, 1)
MEGABYTES = files.MAX_BYTES // 1_000_000
KEY = re.compile(r"^[0-9a-f]{32}$")


class ManyFiles(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile[Any]]:  # noqa: ARG002
        return list(files.getlist(name)) if isinstance(files, MultiValueDict) else []


def trouble_words(trouble: Trouble, name: str) -> str:
    """Why one file is not taken, and what helps."""
    words = {
        Trouble.EMPTY: _("%(name)s kosong. Pilih berkas lain."),
        Trouble.TOO_LARGE: _("%(name)s lebih besar dari %(mb)d MB. Perkecil atau foto ulang."),
        Trouble.UNKNOWN: _("%(name)s bukan PDF, JPEG, atau PNG. Foto atau simpan sebagai PDF."),
        Trouble.BROKEN: _("%(name)s rusak atau terpotong. Buka dulu di telepon Anda, lalu simpan ulang."),
        Trouble.TOO_MANY_PIXELS: _("%(name)s bergambar terlalu besar. Perkecil ukurannya."),
        Trouble.ACTIVE: _("%(name)s memuat bagian yang bergerak sendiri. Cetak ulang sebagai PDF biasa."),
    }
    return words[trouble] % {"name": name[:60], "mb": MEGABYTES}


class AttachmentsField(forms.Field):
    """Up to so many files, each looked at by its bytes."""

    widget = ManyFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})

    def to_python(self, value: Sequence[UploadedFile[Any]] | None) -> list[File]:
        sent = list(value or [])
        if len(sent) > files.MAX_FILES:
            raise ValidationError(_("Paling banyak %(n)d lampiran.") % {"n": files.MAX_FILES})
        taken, wrong = [], []
        for one in sent:
            content = one.read()
            looked = files.look(content)
            if looked.trouble or looked.kind is None:
                wrong.append(trouble_words(looked.trouble or Trouble.UNKNOWN, one.name or ""))
            else:
                taken.append(File(one.name or "", looked.kind, content))
        if wrong:
            raise ValidationError(wrong)
        return taken


def _attachments() -> AttachmentsField:
    return AttachmentsField(
        label=gettext_lazy("Lampiran"),
        required=False,
        help_text=gettext_lazy("Foto atau PDF, paling banyak 3 berkas, masing-masing paling besar 5 MB."),
    )


def _text(label: Any, missing: Any, *, limit: int, rows: int, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=limit,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={
            "required": missing,
            "max_length": gettext_lazy("Paling panjang %(limit_value)d huruf. Singkatkan sedikit."),
        },
    )


class _Plain(forms.Form):
    use_required_attribute = False


# --- the complainant -------------------------------------------------------------------------------------------------


class ComplaintForm(_Plain):
    """The citizen's form. Files stand last, so that whatever is cut off there, the words before it are kept."""

    kunci = forms.CharField(widget=forms.HiddenInput, required=False)
    about = forms.ChoiceField(
        label=gettext_lazy("Layanan atau kantor"),
        help_text=gettext_lazy("Pilih yang melayani Anda."),
        error_messages={
            "required": gettext_lazy("Pilih layanan atau kantor."),
            "invalid_choice": gettext_lazy("Pilih dari daftar."),
        },
    )
    served_on = forms.DateField(
        label=gettext_lazy("Kapan Anda dilayani?"),
        input_formats=DAYS,
        help_text=gettext_lazy("Bila lupa harinya, pilih kira-kira."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Tulis tanggalnya."),
            "invalid": gettext_lazy("Tulis tanggal seperti 23-11-2026."),
        },
    )
    story = _text(
        gettext_lazy("Apa yang terjadi?"),
        gettext_lazy("Ceritakan apa yang terjadi."),
        limit=4000,
        rows=7,
        hint=gettext_lazy("Di mana, jam berapa, apa yang dikatakan atau dilakukan."),
    )
    wish = _text(
        gettext_lazy("Apa yang Anda minta?"),
        gettext_lazy("Tulis penyelesaian yang Anda minta."),
        limit=1500,
        rows=3,
        hint=gettext_lazy("Misalnya: dokumen diselesaikan, uang dikembalikan, permintaan maaf."),
    )
    officer_words = forms.CharField(
        label=gettext_lazy("Petugas yang mana?"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Bila perlu: nama pada tanda pengenal, nomor loket, atau ciri-cirinya."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Nama Anda"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Tulis nama Anda. Pengaduan tanpa nama tidak dapat diputuskan.")},
    )
    contact_kind = forms.ChoiceField(
        label=gettext_lazy("Bagaimana kami menghubungi Anda?"),
        choices=[
            ("phone", gettext_lazy("Telepon atau WhatsApp")),
            ("email", gettext_lazy("Surel")),
            ("post", gettext_lazy("Surat ke alamat saya")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih satu cara.")},
    )
    contact = forms.CharField(
        label=gettext_lazy("Nomor, surel, atau alamat itu"),
        help_text=gettext_lazy("Satu saja sudah cukup. Jangan tulis NIK."),
        max_length=300,
        error_messages={"required": gettext_lazy("Tulis nomor, surel, atau alamat Anda.")},
    )
    attachments = _attachments()

    def __init__(self, data: Any = None, sent: Any = None, **kw: Any) -> None:
        super().__init__(data, sent, **kw)
        self.fields["about"].choices = [("", _("Pilih …")), *queries.subjects()]  # type: ignore[attr-defined]
        self.fields["served_on"].widget.attrs["max"] = f"{clock.today():%Y-%m-%d}"
        if data is None:
            self.initial["kunci"] = new_key()

    def clean_kunci(self) -> str:
        """The form's key; a fresh one where it is missing or was tampered with."""
        key: str = self.cleaned_data["kunci"]
        return key if KEY.match(key) else new_key()

    def clean_served_on(self) -> date:
        day: date = self.cleaned_data["served_on"]
        if day > clock.today():
            raise ValidationError(_("Tanggal ini belum tiba. Tulis hari Anda dilayani."))
        if day < EARLIEST:
            raise ValidationError(_("Tanggal ini terlalu lama. Periksa tahunnya."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind, contact = cleaned.get("contact_kind"), cleaned.get("contact")
        if kind and contact and (trouble := contact_trouble(kind, contact)):
            self.add_error("contact", trouble)
        return cleaned

    def sent(self) -> Sent:
        """The clean form."""
        values = self.cleaned_data
        found = queries.subject(values["about"])
        if found is None:  # taken out of the list between page and form
            raise ValidationError(_("Layanan ini tidak ada lagi. Pilih yang lain."))
        names = ("name", "contact_kind", "contact", "served_on", "story", "wish", "officer_words")
        return Sent(
            unit=found[0], service=found[1], files=values["attachments"], **{name: values[name] for name in names}
        )


def contact_trouble(kind: str, contact: str) -> str:
    """What is wrong with a way to reach somebody, or nothing."""
    if kind == Complaint.Contact.EMAIL:
        try:
            EmailValidator()(contact)
        except ValidationError:
            return _("Surel ini tidak lengkap. Contoh: nama@contoh.id")
    if kind == Complaint.Contact.PHONE and not re.fullmatch(r"\+?[0-9]{8,15}", re.sub(r"[\s().-]", "", contact)):
        return _("Nomor telepon terdiri dari 8 sampai 15 angka.")
    if kind == Complaint.Contact.POST and len(contact) < 15:
        return _("Tulis alamat lengkap: jalan, kelurahan atau desa, kota.")
    return ""


class CodeForm(_Plain):
    """Number and code, as hands type them."""

    number = forms.CharField(
        label=gettext_lazy("Nomor pengaduan"),
        help_text=gettext_lazy("Delapan angka, misalnya 4821-7730."),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "code"}),
        error_messages={"required": gettext_lazy("Tulis nomor pengaduan, delapan angka.")},
    )
    code = forms.CharField(
        label=gettext_lazy("Kode rahasia"),
        help_text=gettext_lazy("Enam belas huruf dan angka pada tanda terima Anda."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "code"}),
        error_messages={"required": gettext_lazy("Tulis kode rahasia dari tanda terima.")},
    )

    def clean_number(self) -> str:
        number = re.sub(r"[^0-9]", "", codes.normal(self.cleaned_data["number"]))
        if len(number) != 8:
            raise ValidationError(_("Nomor pengaduan terdiri dari delapan angka."))
        return number

    def clean_code(self) -> str:
        code = codes.normal(self.cleaned_data["code"])
        if len(code) != codes.CODE_CHARS:
            raise ValidationError(_("Kode rahasia terdiri dari enam belas huruf dan angka."))
        return code

    def refuse(self) -> None:
        """They do not belong together; which of them is wrong is not said."""
        self.add_error("number", _("Nomor dan kode tidak cocok. Periksa lagi tanda terima Anda."))


class AddForm(_Plain):
    """What the complainant adds."""

    text = forms.CharField(
        label=gettext_lazy("Tambahan Anda"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"max_length": gettext_lazy("Paling panjang %(limit_value)d huruf. Singkatkan sedikit.")},
    )
    attachments = _attachments()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("text", "").strip() and not cleaned.get("attachments"):
            self.add_error("text", _("Tulis tambahan Anda atau pilih lampiran."))
        return cleaned


# --- the office ------------------------------------------------------------------------------------------------------


class ReasonForm(_Plain):
    """Why a case is given back."""

    reason = _text(gettext_lazy("Alasan"), gettext_lazy("Tulis alasannya."), limit=2000, rows=4)


class MissingForm(_Plain):
    """What the complainant should bring."""

    text = _text(
        gettext_lazy("Apa yang masih kurang?"),
        gettext_lazy("Tulis apa yang masih kurang."),
        limit=3000,
        rows=5,
        hint=gettext_lazy("Pengadu membaca kalimat ini. Sebut setiap hal, dan untuk apa diperlukan."),
    )


class HeardForm(_Plain):
    """A talk with the complainant."""

    question = _text(gettext_lazy("Yang ditanyakan"), gettext_lazy("Tulis pertanyaannya."), limit=3000, rows=3)
    statement = _text(gettext_lazy("Keterangan pengadu"), gettext_lazy("Tulis keterangannya."), limit=6000, rows=7)


class QuestionForm(_Plain):
    """A question to the complained-of."""

    person = forms.ChoiceField(
        label=gettext_lazy("Teradu"),
        help_text=gettext_lazy("Pegawai kantor itu pada hari pelayanan."),
        error_messages={
            "required": gettext_lazy("Pilih pegawai yang ditanya."),
            "invalid_choice": gettext_lazy("Pilih dari daftar."),
        },
    )
    question = _text(
        gettext_lazy("Pertanyaan"),
        gettext_lazy("Tulis pertanyaannya."),
        limit=3000,
        rows=6,
        hint=gettext_lazy("Hanya ini yang dibaca teradu. Jangan tulis nama, nomor telepon, atau kata-kata pengadu."),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.fields["person"].choices = [("", _("Pilih …")), *people]  # type: ignore[attr-defined]


class StatementForm(_Plain):
    """What the complained-of says."""

    statement = _text(gettext_lazy("Keterangan"), gettext_lazy("Tulis keterangannya."), limit=6000, rows=8)


class DecisionForm(_Plain):
    """The decision with its reasons."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Putusan"),
        choices=[
            ("upheld", gettext_lazy("Dikabulkan")),
            ("partly", gettext_lazy("Dikabulkan sebagian")),
            ("rejected", gettext_lazy("Tidak dikabulkan")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih putusannya.")},
    )
    reasons = _text(
        gettext_lazy("Pertimbangan"),
        gettext_lazy("Tulis pertimbangannya."),
        limit=6000,
        rows=9,
        hint=gettext_lazy("Pengadu membaca ini: apa yang diperiksa, apa yang ternyata, apa yang kantor lakukan."),
    )


class DeliveryForm(_Plain):
    """How the complainant was told."""

    text = _text(
        gettext_lazy("Bagaimana pengadu diberi tahu?"),
        gettext_lazy("Tulis bagaimana pengadu diberi tahu."),
        limit=1000,
        rows=3,
        hint=gettext_lazy("Pengadu membaca ini, misalnya: lewat telepon pada hari ini."),
    )


class EscalationForm(_Plain):
    """To whom a case goes, and why."""

    body = forms.ChoiceField(
        label=gettext_lazy("Diteruskan kepada"),
        choices=[("inspectorate", gettext_lazy("Inspektorat")), ("ombudsman", gettext_lazy("Ombudsman RI"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Pilih kepada siapa.")},
    )
    text = _text(
        gettext_lazy("Alasan"),
        gettext_lazy("Tulis alasannya."),
        limit=3000,
        rows=4,
        hint=gettext_lazy("Pengadu membaca kalimat ini."),
    )


class ForwardForm(_Plain):
    """The report at SP4N-LAPOR."""

    tracking_number = forms.CharField(
        label=gettext_lazy("Nomor laporan SP4N-LAPOR"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Tulis nomor laporan dari SP4N-LAPOR.")},
    )
    text = _text(
        gettext_lazy("Alasan"),
        gettext_lazy("Tulis alasannya."),
        limit=3000,
        rows=4,
        hint=gettext_lazy("Pengadu membaca kalimat ini."),
    )


class CompleteForm(_Plain):
    """Nothing to fill in: the button says it."""
