"""The rules in words: what each one decides, how its value is written, what its groups are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from teladan.complaints.rules import LEVELS
from teladan.evaluation.rules.rulebook import SPECS, Effect, Group, Number, Some
from teladan.evaluation.views.words import COVARIATES, ELEMENTS
from teladan.people.permissions import ROLES, Role
from teladan.ui import formats

Text = str | Promise

GROUPS: dict[Group, tuple[Text, Text]] = {
    Group.COLLECTING: (
        gettext_lazy("Mengumpulkan penilaian"),
        gettext_lazy("Berapa lama warga dapat menilai dan kapan bulan dapat ditutup."),
    ),
    Group.INTEGRITY: (
        gettext_lazy("Integritas"),
        gettext_lazy("Kapan penilaian ditahan untuk diperiksa, dan berapa warga ditelepon."),
    ),
    Group.DISCLOSURE: (
        gettext_lazy("Membuka angka"),
        gettext_lazy("Mulai kapan sebuah angka boleh tampil. Batas ini dapat diperketat, tidak dapat dilonggarkan."),
    ),
    Group.UNIT: (gettext_lazy("Indeks unit"), gettext_lazy("Bagaimana IKM diberi mutu.")),
    Group.OFFICER: (
        gettext_lazy("Nilai petugas"),
        gettext_lazy("Apa yang dihitung untuk petugas, dan mulai kapan nilainya boleh dipakai."),
    ),
    Group.AWARD: (gettext_lazy("Penghargaan"), gettext_lazy("Siapa yang masuk daftar calon.")),
    Group.EVALUATION: (gettext_lazy("Evaluasi"), gettext_lazy("Pedoman sebaran predikat.")),
    Group.COMPLAINTS: (gettext_lazy("Pengaduan"), gettext_lazy("Tenggat pengaduan bernama.")),
    Group.KEEPING: (
        gettext_lazy("Menyimpan data"),
        gettext_lazy("Berapa lama data disimpan, dan kelompok terkecil yang dilaporkan."),
    ),
    Group.OTHER: (gettext_lazy("Lainnya"), gettext_lazy("Aturan yang dimuat lewat paket.")),
}


@dataclass(frozen=True)
class Words:
    """A rule's short name, what it decides, and the unit of its value: behind it, or around a `%s`."""

    name: Text
    decides: Text
    unit: Text = ""


RULES: dict[str, Words] = {
    "collection.ticket_days": Words(
        gettext_lazy("Masa berlaku tiket"),
        gettext_lazy("Berapa hari sesudah diserahkan sebuah tiket masih dapat dipakai menilai."),
        gettext_lazy("hari"),
    ),
    "collection.grace_days": Words(
        gettext_lazy("Tenggang sesudah akhir bulan"),
        gettext_lazy("Berapa hari sesudah akhir bulan penilaian masih masuk. Sesudah itu bulan dapat ditutup."),
        gettext_lazy("hari"),
    ),
    "collection.edit_minutes": Words(
        gettext_lazy("Waktu melengkapi penilaian"),
        gettext_lazy("Berapa menit warga masih dapat menambah jawaban pada halaman kedua."),
        gettext_lazy("menit"),
    ),
    "collection.questionnaire": Words(
        gettext_lazy("Kuesioner"),
        gettext_lazy("Versi kuesioner yang dipakai warga."),
        "",
    ),
    "collection.other_elements": Words(
        gettext_lazy("Unsur selain petugas"),
        gettext_lazy(
            "Berapa dari tujuh unsur yang ditanyakan kepada tiap warga. Tujuh berarti semua; kurang berarti bergilir."
        ),
        gettext_lazy("unsur"),
    ),
    "integrity.same_device": Words(
        gettext_lazy("Tiket dari satu perangkat"),
        gettext_lazy("Mulai berapa tiket seorang petugas dari satu perangkat pada satu hari penilaiannya ditahan."),
        gettext_lazy("tiket"),
    ),
    "integrity.callback_sample": Words(
        gettext_lazy("Sampel telepon"),
        gettext_lazy(
            "Berapa warga yang dilayani ditelepon tiap bulan. 59 menemukan paling sedikit satu palsu dengan peluang 95% bila 5% palsu."
        ),
        gettext_lazy("layanan"),
    ),
    "integrity.callback_seed_day": Words(
        gettext_lazy("Hari benih sampel"),
        gettext_lazy("Titik periksa pertama mulai hari ini pada bulan berikutnya menjadi benih sampel telepon."),
        gettext_lazy("tanggal %s"),
    ),
    "disclosure.k": Words(
        gettext_lazy("Batas menampilkan angka"),
        gettext_lazy("Angka unit, layanan, atau petugas baru tampil mulai sekian penilaian. Sisanya juga dijaga."),
        gettext_lazy("penilaian"),
    ),
    "disclosure.issue_days": Words(
        gettext_lazy("Hari penyerahan tiket"),
        gettext_lazy("Penilaian seorang petugas harus berasal dari sekian hari yang berbeda."),
        gettext_lazy("hari"),
    ),
    "disclosure.band_officers": Words(
        gettext_lazy("Pita pembanding"),
        gettext_lazy("Tempat petugas lain digambar sebagai pita mulai sekian petugas, tidak pernah sebagai titik."),
        gettext_lazy("petugas"),
    ),
    "disclosure.response_tickets": Words(
        gettext_lazy("Tingkat jawaban sebagai angka"),
        gettext_lazy("Di bawah sekian tiket, tingkat jawaban petugas hanya disebut sepertiganya."),
        gettext_lazy("tiket"),
    ),
    "disclosure.response_minimum": Words(
        gettext_lazy("Tingkat jawaban unit paling rendah"),
        gettext_lazy("Di bawah bagian tiket ini petugas sebuah unit tidak dibandingkan."),
        "%",
    ),
    "disclosure.coverage": Words(
        gettext_lazy("Cakupan tiket"),
        gettext_lazy("Di bawah bagian layanan ini sebuah unit ditandai: terlalu sedikit warga diberi tiket."),
        "%",
    ),
    "ikm.regime": Words(gettext_lazy("Batas mutu IKM"), gettext_lazy("Peraturan yang memberi batas mutu A sampai D.")),
    "score.elements": Words(
        gettext_lazy("Unsur yang menyangkut petugas"),
        gettext_lazy("Dari sembilan unsur, hanya unsur ini yang dihitung untuk seorang petugas."),
    ),
    "score.covariates": Words(
        gettext_lazy("Keadaan yang diperhitungkan"),
        gettext_lazy("Perbedaan karena keadaan ini dikeluarkan dahulu, sebelum petugas dibandingkan."),
    ),
    "score.window_months": Words(
        gettext_lazy("Periode nilai"),
        gettext_lazy("Nilai petugas dihitung dari sekian bulan tertutup terakhir, tidak pernah dari satu bulan."),
        gettext_lazy("bulan"),
    ),
    "score.min_n": Words(
        gettext_lazy("Nilai untuk petugas sendiri"),
        gettext_lazy("Petugas melihat nilainya mulai sekian penilaian."),
        gettext_lazy("penilaian"),
    ),
    "score.evaluation_n": Words(
        gettext_lazy("Penilaian untuk evaluasi"),
        gettext_lazy("Penilai boleh memakai nilai mulai sekian penilaian."),
        gettext_lazy("penilaian"),
    ),
    "score.evaluation_reliability": Words(
        gettext_lazy("Keandalan untuk evaluasi"),
        gettext_lazy("Penilai boleh memakai nilai mulai keandalan ini, antara 0 dan 1."),
    ),
    "score.prior_scale": Words(
        gettext_lazy("Beda wajar antarpetugas"),
        gettext_lazy(
            "Seberapa jauh petugas biasanya berbeda, pada skala 1 sampai 4. Makin kecil, makin nilai ditarik."
        ),
    ),
    "score.expectation_low": Words(
        gettext_lazy("Ekspektasi warga: batas bawah"),
        gettext_lazy("Di bawahnya barulah disarankan di bawah ekspektasi, bila kedua rentang ada di bawahnya."),
    ),
    "score.expectation_high": Words(
        gettext_lazy("Ekspektasi warga: batas atas"),
        gettext_lazy("Di atasnya barulah disarankan di atas ekspektasi, bila kedua rentang ada di atasnya."),
    ),
    "score.pool_ratings": Words(
        gettext_lazy("Layanan jarang: penilaian"),
        gettext_lazy("Layanan di bawah sekian penilaian digabung sebelum dihitung."),
        gettext_lazy("penilaian"),
    ),
    "score.pool_officers": Words(
        gettext_lazy("Layanan jarang: petugas"),
        gettext_lazy("Layanan dengan petugas lebih sedikit dari ini digabung sebelum dihitung."),
        gettext_lazy("petugas"),
    ),
    "score.award_reliability": Words(
        gettext_lazy("Keandalan untuk penghargaan"),
        gettext_lazy("Nilai boleh dipakai untuk daftar calon mulai keandalan ini, antara 0 dan 1."),
    ),
    "award.q": Words(
        gettext_lazy("Peluang salah pilih"),
        gettext_lazy("Rata-rata peluang salah pilih yang masih diterima dalam daftar calon."),
        "%",
    ),
    "award.min_group": Words(
        gettext_lazy("Kelompok pembanding"),
        gettext_lazy("Daftar calon hanya dibuat dalam kelompok sebesar ini."),
        gettext_lazy("petugas"),
    ),
    "award.min_punctuality": Words(
        gettext_lazy("Ketepatan waktu calon"),
        gettext_lazy("Calon harus tepat waktu pada bagian layanan ini."),
        "%",
    ),
    "evaluation.distribution": Words(
        gettext_lazy("Pedoman sebaran predikat"),
        gettext_lazy("Sebaran predikat menurut capaian organisasi. Peringatan, bukan kuota."),
    ),
    "complaints.filing_days": Words(
        gettext_lazy("Batas mengajukan pengaduan"),
        gettext_lazy("Berapa hari sesudah pelayanan. Sesudahnya pengaduan diterima sebagai informasi."),
        gettext_lazy("hari"),
    ),
    "complaints.check_days": Words(
        gettext_lazy("Pemeriksaan kelengkapan"),
        gettext_lazy("Dalam berapa hari kantor menyatakan lengkap atau menyebut kekurangannya."),
        gettext_lazy("hari"),
    ),
    "complaints.completion_days": Words(
        gettext_lazy("Waktu pengadu melengkapi"),
        gettext_lazy("Sesudah hari ini pengaduan dianggap dicabut."),
        gettext_lazy("hari"),
    ),
    "complaints.decision_days": Words(
        gettext_lazy("Putusan"),
        gettext_lazy("Paling lama berapa hari sejak berkas lengkap."),
        gettext_lazy("hari"),
    ),
    "complaints.delivery_days": Words(
        gettext_lazy("Penyampaian putusan"),
        gettext_lazy("Paling lama berapa hari sejak diputuskan."),
        gettext_lazy("hari"),
    ),
    "complaints.statement_working_days": Words(
        gettext_lazy("Jawaban teradu"),
        gettext_lazy("Berapa hari kerja teradu menjawab pertanyaan pemeriksa."),
        gettext_lazy("hari kerja"),
    ),
    "complaints.first_stand_in": Words(
        gettext_lazy("Pengganti penangan yang pertama"),
        gettext_lazy("Memeriksa pengaduan bila semua penangan terikat dengan yang diadukan."),
    ),
    "complaints.second_stand_in": Words(
        gettext_lazy("Pengganti penangan yang kedua"),
        gettext_lazy("Memeriksa pengaduan bila yang pertama juga terikat."),
    ),
    "complaints.third_stand_in": Words(
        gettext_lazy("Pengganti penangan yang ketiga"),
        gettext_lazy("Memeriksa pengaduan bila yang kedua juga terikat."),
    ),
    "learning.minimum_group": Words(
        gettext_lazy("Kelompok laporan pemahaman"),
        gettext_lazy("Pemahaman dan suara pegawai dilaporkan mulai kelompok sebesar ini."),
        gettext_lazy("orang"),
    ),
    "retention.import_days": Words(
        gettext_lazy("Berkas impor"), gettext_lazy("Berapa lama berkas yang diunggah disimpan."), gettext_lazy("hari")
    ),
    "retention.ticket_months": Words(
        gettext_lazy("Tiket"), gettext_lazy("Berapa lama tiket disimpan sesudah bulannya."), gettext_lazy("bulan")
    ),
    "retention.comment_days": Words(
        gettext_lazy("Komentar asli"),
        gettext_lazy("Berapa lama kata asli warga disimpan sesudah komentarnya diperiksa."),
        gettext_lazy("hari"),
    ),
    "retention.officer_months": Words(
        gettext_lazy("Nama petugas pada penilaian"),
        gettext_lazy("Berapa lama nama petugas tetap melekat pada penilaian yang tersegel."),
        gettext_lazy("bulan"),
    ),
}

REGIMES = {
    "permenpanrb-14-2017": gettext_lazy("PermenPANRB 14/2017 (A mulai 88,31)"),
    "kepmenpan-25-2004": gettext_lazy("KEP/25/M.PAN/2/2004 (A mulai 81,26)"),
}

STAND_INS: dict[str, Text] = {str(role): ROLES[role].label for role in map(Role, LEVELS)}

EFFECTS: dict[Effect, Text] = {
    Effect.RESULTS: gettext_lazy("Mengubah hasil bulan. Pengaruhnya dihitung pada bulan tertutup terakhir."),
    Effect.COLLECTING: gettext_lazy(
        "Mengubah cara penilaian dikumpulkan. Jawaban yang akan datang tidak dapat dihitung dari bulan lalu."
    ),
    Effect.AWARD: gettext_lazy("Berlaku pada sidang penghargaan. Penutupan bulan tidak memakainya."),
    Effect.NONE: gettext_lazy("Tidak mengubah angka hasil."),
}


def name_of(key: str) -> str:
    """A rule's short name; its key where the rulebook does not know it."""
    return str(RULES[key].name) if key in RULES else key


def choice_words(name: str) -> str:
    """An element, a covariate, a regime or a role as people read it."""
    return str(ELEMENTS.get(name) or COVARIATES.get(name) or REGIMES.get(name) or STAND_INS.get(name) or name)


def shown(key: str, value: Any) -> str:
    """A value with its unit: `10 penilaian`, `20%`, `0,70`, `Kompetensi pelaksana, Perilaku pelaksana`."""
    spec = SPECS.get(key)
    unit = str(RULES[key].unit) if key in RULES else ""
    if isinstance(value, list):
        return ", ".join(choice_words(str(one)) for one in value) or _("tidak ada")
    if isinstance(value, dict):
        return _("tabel pedoman")
    if isinstance(spec.kind if spec else None, Number):
        return (
            formats.percent(value, 0 if unit and round(value * 100, 6) % 1 == 0 else 1)
            if unit == "%"
            else formats.number(value, 2)
        )
    if isinstance(value, int | float):
        text = formats.number(value, 0 if isinstance(value, int) else 2)
        return unit % text if "%s" in unit else f"{text} {unit}".strip()
    return choice_words(str(value))


def bounds(key: str) -> str:
    """Between which values a rule may lie, as a hint; empty for lists."""
    kind = SPECS[key].kind
    if isinstance(kind, Some):
        return _("Pilih paling sedikit satu.") if kind.least else _("Boleh tidak memilih satu pun.")
    low, high = getattr(kind, "minimum", None), getattr(kind, "maximum", None)
    if low is None or high is None:
        return ""
    return _("Antara %(low)s dan %(high)s.") % {"low": shown(key, low), "high": shown(key, high)}
