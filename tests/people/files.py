"""Files as a personnel agency brings them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teladan.core.spreadsheet import write_csv, write_xlsx
from teladan.people.imports.employee_rows import KNOWN
from tests.make import nip

ADDED_LATER = {"NAMA SEKOLAH", "FLAG IKD", "ESELON ID", "ESELON NAMA"}
ALL_COLUMNS = sorted(KNOWN)
OLD_COLUMNS = sorted(KNOWN - ADDED_LATER)
UNIT_COLUMNS = ["KODE UNIT", "NAMA UNIT", "KODE INDUK", "JENIS", "JABATAN KEPALA", "BERLAKU SEJAK"]


def employee(number: int = 1, **values: str) -> dict[str, str]:
    """A faultless row; underscores stand for spaces in column names."""
    row = {
        "PNS ID": f"ID{number:06d}",
        "NIP BARU": nip(number),
        "NAMA": f"PEGAWAI {number:05d}",
        "TANGGAL LAHIR": "01-01-1990",
        "JENIS KELAMIN": "M",
        "AGAMA NAMA": "RAHASIA-AGAMA",
        "NIK": "1373010101900001",
        "ALAMAT": "RAHASIA-ALAMAT",
        "JENIS PEGAWAI NAMA": "PNS Daerah Kab/Kota",
        "KEDUDUKAN HUKUM NAMA": "Aktif",
        "STATUS CPNS PNS": "P",
        "GOL AKHIR NAMA": "III/a",
        "JENIS JABATAN NAMA": "Jabatan Pelaksana",
        "JABATAN NAMA": "Pengolah Data",
        "TMT JABATAN": "01-10-2021",
        "UNOR ID": "S",
    }
    return row | {key.replace("_", " "): value for key, value in values.items()}


def employees_csv(rows: Iterable[dict[str, str]], columns: list[str] | None = None) -> bytes:
    columns = columns or ALL_COLUMNS
    return write_csv(columns, [[row.get(column, "") for column in columns] for row in rows])


def employees_xlsx(rows: Iterable[dict[str, str]], columns: list[str] | None = None) -> bytes:
    columns = columns or ALL_COLUMNS
    return write_xlsx(columns, [[row.get(column, "") for column in columns] for row in rows], sheet="Pegawai")


def units_csv(*rows: list[Any], columns: list[str] | None = None) -> bytes:
    return write_csv(columns or UNIT_COLUMNS, rows)
