"""The map of the command line: every command of the product, in the order in which one meets them.

`teladan --help` prints it without loading Django. A house test holds it equal to the commands that exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One line of the map. `database` is False for commands that never ask the database."""

    name: str
    line: str
    database: bool = True

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")


# Run by the supervisor itself, without Django in its process.
SUPERVISED: dict[str, tuple[Command, ...]] = {
    "Mencoba dan menjalankan": (
        Command("demo", "siapkan semuanya, muat kota contoh, lalu jalankan"),
        Command("demo-reset", "hapus data contoh, lalu mulai lagi dari awal"),
        Command("serve", "jalankan basis data, situs dan pekerja latar"),
    ),
}

MANAGED: dict[str, tuple[Command, ...]] = {
    "Menyiapkan": (
        Command("setup", "buat tabel, muat aturan, kumpulkan berkas statis"),
        Command("create-account", "buat akun pertama dengan perannya, atau kata sandi baru"),
        Command("load-policy", "muat paket aturan (ambang, bobot, tenggat) dari berkas"),
        Command("export-policy", "tulis aturan yang berlaku sebagai paket, untuk disimpan atau dibawa ke daerah lain"),
        Command("load-holidays", "muat hari libur nasional dan cuti bersama dari berkas"),
        Command("load-catalogue", "muat katalog layanan, standar dan loket"),
        Command("source-token", "buat kunci untuk sistem yang mengirim layanan lewat API"),
        Command("seed", "muat kota contoh ke basis data kosong"),
    ),
    "Memasukkan data": (
        Command("import-units", "susunan unit dari berkas CSV atau XLSX"),
        Command("import-employees", "pegawai dari ekspor SIASN"),
        Command("import-events", "layanan yang diberikan, dari mesin antrean atau sistem perkara"),
        Command("import-ratings", "penilaian dari sumber lain, sebagai hasil tersendiri"),
        Command("import-skm", "laporan SKM lama dengan aturan mutunya, untuk perkembangan"),
    ),
    "Setiap bulan": (
        Command("close-month", "tutup bulan: segel, hitung, bekukan, terbitkan"),
        Command("reopen-month", "buka lagi bulan yang sudah ditutup, dengan alasan"),
        Command("score", "hitung model nilai dari berkas CSV, tanpa basis data", database=False),
    ),
    "Menghitung": (Command("skm", "indeks kepuasan masyarakat dari berkas jawaban, tanpa basis data", database=False),),
    "Menjaga": (
        Command("worker", "jalankan pekerja latar saja"),
        Command("open-openings", "auditor membuka isi daun sebuah bulan yang disegel"),
        Command("verify", "periksa basis data sesudah pemulihan: log, segel, berkas auditor, hasil"),
        Command("ledger-verify", "periksa seluruh log: daun, pohon, tanda tangan"),
        Command("ledger-checkpoint", "cetak titik periksa terakhir dari log"),
        Command("memory", "ukur ingatan yang dipakai situs dan pekerja", database=False),
        Command("check", "periksa pengaturan dan kode", database=False),
        Command("docs", "tulis ulang halaman docs/ yang dibuat dari kode", database=False),
    ),
}


def groups() -> Iterator[tuple[str, tuple[Command, ...]]]:
    yield from SUPERVISED.items()
    yield from MANAGED.items()


def managed(name: str) -> Command | None:
    """The command behind a typed name, with hyphens or underscores."""
    wanted = name.replace("_", "-")
    return next((command for group in MANAGED.values() for command in group if command.name == wanted), None)
