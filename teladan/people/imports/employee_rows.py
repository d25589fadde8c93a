"""One row of a SIASN export as clean values, or the messages that say why not. Knows no database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from teladan.core.imports import Message
from teladan.core.spreadsheet import Row, shifted
from teladan.people.rules import Nip, NipError, PostKind, parse_nip
from teladan.people.rules.siasn import Unreadable, employment_of, eselon_kind, is_active, parse_date, post_kind, sex_of

DATA = Path(__file__).resolve().parent.parent / "data"
T = TypeVar("T")


@cache
def _columns() -> list[dict[str, str]]:
    with open(DATA / "siasn_kolom.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def grades() -> dict[str, frozenset[str]]:
    """Grades (golongan) by employment."""
    with open(DATA / "ref_golongan.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    of = {kind: frozenset(row["golongan"] for row in rows if row["jenis"] == kind) for kind in ("PNS", "PPPK")}
    return {**of, "CPNS": of["PNS"]}


COLUMNS = frozenset(row["header"] for row in _columns() if row["guna"] == "dibaca")
PERSONAL = frozenset(row["header"] for row in _columns() if row["guna"] == "pribadi")
KNOWN = frozenset(row["header"] for row in _columns())
REQUIRED = tuple(row["header"] for row in _columns() if row["wajib"])
EXAMPLE = [(row["header"], row["contoh"]) for row in _columns() if row["guna"] == "dibaca"]

_AT_SOURCE = "Perbaiki di SIASN lalu ekspor ulang, atau perbaiki sel ini di berkas."
_LENGTHS = {
    "NAMA": 150,
    "GELAR DEPAN": 50,
    "GELAR BELAKANG": 80,
    "JABATAN NAMA": 200,
    "UNOR ID": 64,
    "PNS ID": 64,
    "JABATAN ID": 64,
    "KEDUDUKAN HUKUM NAMA": 60,
}


@dataclass(slots=True)
class EmployeeRow:
    """What a row says about a person. `kind` is empty for a structural post without eselon."""

    number: int
    nip: Nip
    fields: dict[str, object]  # of Person, only those whose column stands in the file
    active: bool
    unit_code: str
    post_title: str
    post_siasn_id: str
    kind: PostKind | None
    tmt: date | None


class RowReader:
    """Turns rows into values and gathers the messages."""

    def __init__(self, sheet: str, headers: list[str], today: date) -> None:
        self.sheet, self.headers, self.today = sheet, frozenset(headers), today
        self.messages: list[Message] = []
        self._failed = False

    def error(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message("error", self.sheet, row, column, what, todo))
        self._failed = True

    def warn(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message("warning", self.sheet, row, column, what, todo))

    def check_headers(self) -> None:
        """Every required column must be there; nothing else matters without them."""
        missing = [header for header in REQUIRED if header not in self.headers]
        for header in missing:
            self.error(
                1,
                header,
                f"Kolom {header} tidak ada.",
                "Pakai berkas ekspor SIASN tanpa mengubah judul kolomnya, atau unduh contoh berkas di halaman impor.",
            )

    def read(self, row: Row) -> EmployeeRow | None:
        """The row's values; nothing when it has an error."""
        self._failed = False
        values, number = row.values, row.number
        if row.surplus:
            self.error(number, "", shifted(row), "Perbaiki baris itu, lalu unggah lagi.")
        self._check_lengths(number, values)
        nip = self._nip(number, values.get("NIP BARU", ""))
        name = values.get("NAMA", "")
        if not name:
            self.error(number, "NAMA", "Nama kosong.", _AT_SOURCE)
        active = self._active(number, values.get("KEDUDUKAN HUKUM NAMA", ""))
        kind = self._kind(number, values)
        tmt = self._value(number, "TMT JABATAN", values, parse_date, "Tulis tanggal sebagai hh-bb-tttt.")
        if active:
            self._check_place(number, values)
        if nip is None or self._failed:
            return None
        return EmployeeRow(
            number,
            nip,
            self._fields(number, values, nip, active),
            active,
            values.get("UNOR ID", ""),
            values.get("JABATAN NAMA", ""),
            values.get("JABATAN ID", ""),
            kind,
            tmt,
        )

    # --- one value each ------------------------------------------------------------------------------------------------

    def _check_lengths(self, number: int, values: dict[str, str]) -> None:
        for column, most in _LENGTHS.items():
            if len(values.get(column, "")) > most:
                self.error(number, column, f"Isi {column} lebih dari {most} huruf.", _AT_SOURCE)

    def _value(
        self, number: int, column: str, values: dict[str, str], parse: Callable[[str], T | None], todo: str
    ) -> T | None:
        try:
            return parse(values.get(column, ""))
        except Unreadable:
            self.error(number, column, f"{column} tidak terbaca: {values[column][:40]!r}.", todo)
            return None

    def _nip(self, number: int, text: str) -> Nip | None:
        if not text:
            self.error(number, "NIP BARU", "NIP kosong.", _AT_SOURCE)
            return None
        try:
            return parse_nip(text, on=self.today)
        except NipError as error:
            self.error(number, "NIP BARU", error.what, error.todo)
            return None

    def _active(self, number: int, standing: str) -> bool:
        active = is_active(standing)
        if active is None:
            self.warn(
                number,
                "KEDUDUKAN HUKUM NAMA",
                f"Kedudukan hukum {standing[:40]!r} tidak dikenal; pegawai dianggap aktif.",
                "Bila pegawai ini tidak bekerja lagi, ubah kedudukan hukumnya di SIASN lalu impor ulang.",
            )
        return active is not False

    def _kind(self, number: int, values: dict[str, str]) -> PostKind | None:
        type_code, type_name = values.get("JENIS JABATAN ID", ""), values.get("JENIS JABATAN NAMA", "")
        code, name = values.get("ESELON ID", ""), values.get("ESELON NAMA", "")
        try:
            eselon = eselon_kind(code, name)
        except Unreadable:
            eselon = None
            self.warn(
                number,
                "ESELON NAMA",
                f"Eselon {(name or code)[:20]!r} tidak dikenal dan diabaikan.",
                "Tulis eselon sebagai II.b, III.a, IV.b, dan seterusnya.",
            )
        try:
            return post_kind(type_code, type_name, eselon)
        except Unreadable:
            self.error(
                number,
                "JENIS JABATAN NAMA",
                f"Jenis jabatan {(type_name or type_code)[:40]!r} tidak dikenal.",
                "Pakai Jabatan Struktural, Jabatan Fungsional atau Jabatan Pelaksana.",
            )
            return None

    def _check_place(self, number: int, values: dict[str, str]) -> None:
        for column in ("UNOR ID", "JABATAN NAMA"):
            if not values.get(column):
                self.error(number, column, f"{column} kosong, padahal pegawai ini aktif.", _AT_SOURCE)

    def _fields(self, number: int, values: dict[str, str], nip: Nip, active: bool) -> dict[str, object]:
        employment = employment_of(values.get("JENIS PEGAWAI NAMA", ""), values.get("STATUS CPNS PNS", ""), nip)
        if (employment == "PPPK") != nip.is_pppk:
            self.warn(
                number,
                "NIP BARU",
                f"NIP berpola {'PPPK' if nip.is_pppk else 'PNS'}, tetapi jenis pegawainya {employment}.",
                "Periksa jenis pegawai dan NIP di SIASN.",
            )
        fields: dict[str, object] = {
            "nip": nip.text,
            "name": values["NAMA"],
            "born_on": self._born(number, values, nip),
            "sex": self._sex(number, values, nip),
            "employment": employment,
            "is_active": active,
        }
        for column, name in (("GELAR DEPAN", "front_title"), ("GELAR BELAKANG", "back_title")):
            if column in self.headers:
                fields[name] = values[column]
        if "KEDUDUKAN HUKUM NAMA" in self.headers:
            fields["legal_status"] = values["KEDUDUKAN HUKUM NAMA"]
        if "GOL AKHIR NAMA" in self.headers:
            fields["grade"] = self._grade(number, values["GOL AKHIR NAMA"], employment)
        if self.headers & {"EMAIL", "EMAIL GOV"}:
            fields["email"] = self._email(number, values)
        if values.get("PNS ID"):
            fields["siasn_id"] = values["PNS ID"]
        return fields

    def _born(self, number: int, values: dict[str, str], nip: Nip) -> date:
        try:
            born = parse_date(values.get("TANGGAL LAHIR", ""))
        except Unreadable:
            born = None
            self.warn(
                number,
                "TANGGAL LAHIR",
                f"Tanggal lahir {values['TANGGAL LAHIR'][:20]!r} tidak terbaca; dipakai tanggal dari NIP.",
                "Tulis tanggal sebagai hh-bb-tttt.",
            )
        if born and born != nip.born_on:
            self.warn(
                number,
                "TANGGAL LAHIR",
                f"Tanggal lahir {born:%d-%m-%Y} berbeda dari NIP ({nip.born_on:%d-%m-%Y}).",
                "Periksa mana yang benar, lalu perbaiki di SIASN.",
            )
        return born or nip.born_on

    def _sex(self, number: int, values: dict[str, str], nip: Nip) -> str:
        try:
            sex = sex_of(values.get("JENIS KELAMIN", ""))
        except Unreadable:
            sex = None
            self.warn(
                number,
                "JENIS KELAMIN",
                f"Jenis kelamin {values['JENIS KELAMIN'][:20]!r} tidak dikenal; dipakai yang dari NIP.",
                "Pakai M/F atau L/P.",
            )
        if sex and sex != nip.sex:
            self.warn(
                number,
                "JENIS KELAMIN",
                f"Jenis kelamin {sex} berbeda dari NIP ({nip.sex}).",
                "Periksa mana yang benar, lalu perbaiki di SIASN.",
            )
        return sex or nip.sex

    def _grade(self, number: int, grade: str, employment: str) -> str:
        if grade and grade not in grades()[employment]:
            self.warn(
                number,
                "GOL AKHIR NAMA",
                f"Golongan {grade[:20]!r} tidak dikenal untuk {employment} dan dikosongkan.",
                "PNS memakai I/a sampai IV/e, PPPK memakai I sampai XVII.",
            )
            return ""
        return grade

    def _email(self, number: int, values: dict[str, str]) -> str:
        column = "EMAIL GOV" if values.get("EMAIL GOV") else "EMAIL"
        email = values.get(column, "")
        try:
            if email:
                validate_email(email)
        except ValidationError:
            self.warn(number, column, "Alamat surel tidak sah dan dikosongkan.", "Perbaiki di SIASN lalu impor ulang.")
            return ""
        return email
