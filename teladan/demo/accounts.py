"""Demo accounts: one per role code, and a second where two people must act. They exist only where the demo city was loaded."""

from __future__ import annotations

from typing import NamedTuple

from teladan.demo import city

PASSWORD = "sawahlunto-teladan"  # noqa: S105 - printed by `make demo`, for fictitious people only


class DemoAccount(NamedTuple):
    """Who signs in as what. The person is the `place`-th of the unit, head first; an empty unit is nobody's account."""

    role: str
    username: str
    note: str
    unit: str = ""
    place: int = 0
    scope: str = ""  # unit of the grant; empty: the whole government
    display: str = ""


ACCOUNTS = [
    DemoAccount("officer", "petugas", "petugas loket Disdukcapil", city.DAFDUK, 1, city.DAFDUK),
    DemoAccount("employee", "pegawai", "pegawai tanpa loket", "DISDUKCAPIL-PIAK", 1, "DISDUKCAPIL-PIAK"),
    DemoAccount("appraiser", "penilai", "menilai tim pendaftaran penduduk", city.DAFDUK, 0, city.DAFDUK),
    DemoAccount("unit_head", "kepala-bidang", "kepala bidang pencatatan sipil", city.CAPIL, 0, city.CAPIL),
    DemoAccount("superior", "kepala-dinas", "atasan penilai, menetapkan capaian", city.DUKCAPIL, 0, city.DUKCAPIL),
    DemoAccount("operator", "operator", "memasukkan berkas", "DISDUKCAPIL-UMUM", 1),
    DemoAccount("bkpsdm", "bkpsdm", "menutup bulan, mengelola pegawai", "BKPSDM-I", 1),
    DemoAccount("pyb", "sekda", "pejabat yang berwenang", "SETDA", 0),
    DemoAccount("committee", "tim-penghargaan", "memutuskan petugas teladan", "BKPSDM", 0),
    DemoAccount("mayor", "wali-kota", "menetapkan capaian kantor", display="Wali Kota Sawahlunto"),
    DemoAccount("inspector", "inspektorat", "memeriksa integritas", "INSPEKTORAT-I", 1),
    DemoAccount("inspector", "inspektorat-2", "menyetujui pembatalan: perlu dua orang", "INSPEKTORAT-I", 2),
    DemoAccount("moderator", "moderator", "memeriksa komentar warga", "DISKOMINFO-I", 1),
    DemoAccount("complaint_handler", "pengaduan", "menangani pengaduan", "SETDA-I", 1),
    DemoAccount("privacy_officer", "data-pribadi", "pelindungan data pribadi, catatan baca", "DISKOMINFO-II", 1),
    DemoAccount("admin", "admin", "akun, peran, sumber data", display="Administrator Sistem"),
]
