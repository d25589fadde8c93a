"""Sample values for the gallery. Invented people and numbers; nothing here reaches another page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest

FOUR = [("1", "Tidak baik"), ("2", "Kurang baik"), ("3", "Baik"), ("4", "Sangat baik")]
THREE = [("1", "di bawah"), ("2", "sesuai"), ("3", "di atas")]


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Nama pegawai", help_text="Tanpa gelar.")
    note = forms.CharField(label="Catatan", required=False, widget=forms.Textarea)
    unit = forms.ChoiceField(label="Unit", choices=[("", "Pilih unit"), ("1", "Disdukcapil"), ("2", "BKPSDM")])
    month = forms.DateField(label="Tanggal", widget=forms.DateInput(attrs={"type": "date"}))
    count = forms.IntegerField(label="Jumlah", min_value=0)
    file = forms.FileField(label="Berkas", help_text="CSV atau XLSX, paling besar 20 MB.")
    channel = forms.ChoiceField(label="Saluran", widget=forms.RadioSelect, choices=[("a", "Loket"), ("b", "Daring")])
    days = forms.MultipleChoiceField(
        label="Hari", required=False, widget=forms.CheckboxSelectMultiple, choices=[("1", "Senin"), ("2", "Selasa")]
    )
    agree = forms.BooleanField(label="Saya sudah memeriksa isian di atas")
    overall = forms.ChoiceField(
        label="Bagaimana layanan yang Anda terima hari ini?", widget=forms.RadioSelect, choices=FOUR
    )
    attitude = forms.ChoiceField(
        label="Bagaimana sikap petugas?", widget=forms.RadioSelect, choices=FOUR, required=False
    )
    result = forms.ChoiceField(label="Hasil kerja", widget=forms.RadioSelect, choices=THREE)


def samples(request: HttpRequest) -> dict[str, Any]:
    return {
        "form": SampleForm(prefix="a"),
        "bad": SampleForm({"b-count": "-3", "b-result": "2", "b-overall": "3"}, prefix="b"),
        "page_obj": Paginator(range(1, 931), 25).get_page(request.GET.get("page", 6)),
        "trail": [("Meja saya", "#"), ("Pegawai", "#"), ("Afdal Koto", "")],
        "stages": [
            ("Layanan tercatat", "1.480 peristiwa", "past"),
            ("Penilaian warga", "terkumpul sampai 7 November", "past"),
            ("Penutupan bulan", "mulai 8 November", "here", "#"),
            ("Penilaian tim", "10–20 November", "next"),
        ],
        "steps": [
            ("Rata-rata mentah dari 64 penilaian", "3,52"),
            ("Jenis layanan Anda lebih ringan dari rata-rata", "−0,08"),
            ("Ditarik ke rata-rata karena jumlah masih terbatas", "−0,03", "Makin banyak penilaian, makin kecil."),
            ("Nilai Anda", "3,41"),
        ],
        "moment": datetime(2026, 11, 9, 3, 42),  # noqa: DTZ001 - shown as it is
        "first": date(2026, 8, 1),
        "last": date(2026, 10, 1),
    }
