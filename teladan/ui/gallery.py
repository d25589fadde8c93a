"""Sample values for the gallery. Invented people and numbers; nothing here reaches another page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest

from teladan.ui import charts
from teladan.ui.context import NavLink

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


LINKS = ["Meja saya", "Loket", "Nilai saya", "Tim", "Evaluasi", "Hasil unit", "Bulan", "Pegawai", "Pelatihan"]


def samples(request: HttpRequest) -> dict[str, Any]:
    return {
        "form": SampleForm(prefix="a"),
        "bad": SampleForm({"b-count": "-3", "b-result": "2", "b-overall": "3"}, prefix="b"),
        "page_obj": Paginator(range(1, 931), 25).get_page(request.GET.get("page", 6)),
        "links": [NavLink(label, "#", label == "Meja saya") for label in LINKS[: int(request.GET.get("links", 9))]],
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
        **_charts(),
        "moment": datetime(2026, 11, 9, 3, 42),  # noqa: DTZ001 - shown as it is
        "first": date(2026, 8, 1),
        "last": date(2026, 10, 1),
    }


PEOPLE = [("Mega", 3, 3), ("Hendri", 2, 2), ("Nurhaliza", 2, 2), ("Afdal", 2, 3), ("Rani", 1, 2)]
IKM = [84.1, 83.8, 84.5, 84.7, 84.4, 85.2, 85.5, 85.1, 86.0, 86.3, None, 86.6, 86.9, 87.3, 87.1, 88.0, 88.3, 88.72]
MONTHS = [
    "Mei",
    "Jun",
    "Jul",
    "Agu",
    "Sep",
    "Okt",
    "Nov",
    "Des",
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "Mei",
    "Jun",
    "Jul",
    "Agu",
    "Sep",
    "Okt",
]


def _charts() -> dict[str, Any]:
    points = [
        charts.TrendPoint(
            f"{name} {2025 if index < 8 else 2026}",
            value,
            value and value - 1.2,
            value and value + 1.1,
            400 + 7 * index if value else 4,
        )
        for index, (name, value) in enumerate(zip(MONTHS, IKM, strict=True))
    ]
    average = charts.Line(3.31, "rata-rata")
    return {
        "trend": charts.trend("Delapan belas bulan terakhir", points, threshold=charts.Line(88.31, "batas A")),
        "trend_one": charts.trend("Satu bulan saja", points[-1:], threshold=charts.Line(88.31, "batas A")),
        "trend_none": charts.trend("Belum ada bulan", []),
        "interval": charts.interval(
            "Di mana Anda berada",
            charts.Estimate(3.41, 3.29, 3.53, "Anda"),
            average=average,
            band=(3.12, 3.49),
            core=(3.22, 3.39),
            limits=(1, 4),
        ),
        "interval_edge": charts.interval(
            "Di tepi skala", charts.Estimate(3.94, 3.86, 4.0, "Anda"), average=average, limits=(1, 4)
        ),
        "bars": charts.bars(
            "Tepat waktu per layanan",
            [
                charts.Bar("Kartu keluarga baru", 97, target=90),
                charts.Bar("Akta kelahiran bagi anak yang lahir di luar negeri", 81, target=90),
                charts.Bar("KTP-el rekam", 100),
                charts.Bar("Pindah datang", None, "4 layanan"),
            ],
            maximum=100,
            unit="%",
        ),
        "dots": charts.dots(
            "Unit layanan, Oktober 2026",
            [
                charts.Dot("Mal Pelayanan Publik", 3.58, 3.49, 3.66),
                charts.Dot("Dinas Kependudukan dan Pencatatan Sipil", 3.41, 3.29, 3.53, True),
                charts.Dot("Kecamatan Talawi", 3.2, 2.95, 3.44),
                charts.Dot("Kecamatan Barangin", 3.02, 2.61, 3.4),
            ],
            average=average,
            limits=(1, 4),
        ),
        "caterpillar": charts.caterpillar(
            "Sepuluh petugas, Agustus–Oktober 2026",
            [
                charts.Dot(
                    f"{name} {i}",
                    3.31 + ((i * 37) % 11 - 5) * 0.05,
                    3.18 + ((i * 37) % 11 - 5) * 0.05,
                    3.44 + ((i * 37) % 11 - 5) * 0.05,
                    n=34 + 7 * i,
                    url="#",
                )
                for i, name in enumerate(["Afdal Koto", "Mega", "Nurhaliza Siti Rahmadani", "Hendri", "Rani"] * 2)
            ],
            reference=average,
            limits=(1, 4),
        ),
        "funnel": charts.funnel(
            "Layanan terhadap banyaknya penilaian",
            [
                charts.Spot(f"Layanan {i}", 12 + i * i, 84 + ((i * 37) % 11 - 5) * 9 / (3 + i), url="#")
                for i in range(18)
            ]
            + [
                charts.Spot("Kartu keluarga baru", 150, 86.5, True),
                charts.Spot("Akta kelahiran bagi anak di luar negeri", 260, 77.9, beyond=2),
                charts.Spot("KTP-el rekam", 40, 91.9, beyond=1),
            ],
            centre=charts.Line(84, "rata-rata"),
            curve=[
                charts.Bounds(n, 84 - 51 / n**0.5, 84 - 32 / n**0.5, 84 + 32 / n**0.5, 84 + 51 / n**0.5)
                for n in (10, 12, 15, 20, 28, 40, 60, 90, 130, 180, 240, 301)
            ],
            limits=(25, 100),
        ),
        "funnel_none": charts.funnel("Belum ada layanan", [], centre=charts.Line(84, "rata-rata"), curve=[]),
        "spark": charts.sparkline("IKM 18 bulan", IKM),
        "quadrant": charts.quadrant(
            "Kuadran kinerja",
            [
                [
                    charts.Cell("Sangat Kurang", "worst"),
                    charts.Cell("Butuh Perbaikan", "weak"),
                    charts.Cell("Butuh Perbaikan", "weak"),
                ],
                [charts.Cell("Kurang", "worst"), charts.Cell("Baik"), charts.Cell("Baik")],
                [charts.Cell("Kurang", "worst"), charts.Cell("Baik"), charts.Cell("Sangat Baik", "best")],
            ],
            [charts.Placed(*place) for place in PEOPLE],
            row_axis="Hasil kerja",
            column_axis="Perilaku kerja",
            steps=("bawah", "sesuai", "atas"),
        ),
    }
