"""What the words of a SIASN export mean: dates in three shapes, sex, employment, standing, kinds of posts."""

from __future__ import annotations

import re
from datetime import date

from teladan.people.rules.appraisal import PostKind
from teladan.people.rules.nip import Nip

_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: 00:00(?::00)?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ T]00:00(?::00)?)?")

_SEX = {
    "M": "L",
    "L": "L",
    "PRIA": "L",
    "LAKI-LAKI": "L",
    "LAKI LAKI": "L",
    "F": "P",
    "P": "P",
    "WANITA": "P",
    "PEREMPUAN": "P",
}

# Standing in law (kedudukan hukum). First match wins; what nobody knows is asked about, not guessed.
_STANDING = (
    ("TIDAK AKTIF", False),
    ("NON AKTIF", False),
    ("NONAKTIF", False),
    ("PERSIAPAN PENSIUN", True),
    ("AKTIF", True),
    ("TUGAS BELAJAR", True),
    ("PERPANJANGAN CLTN", False),
    ("CLTN", False),
    ("CUTI DI LUAR TANGGUNGAN", False),
    ("PEMBERHENTIAN", False),
    ("DIBERHENTIKAN", False),
    ("BERHENTI", False),
    ("PENSIUN", False),
    ("BUP", False),
    ("MENINGGAL", False),
    ("WAFAT", False),
    ("HILANG", False),
    ("UANG TUNGGU", False),
    ("PINDAH INSTANSI", False),
)

_ESELON = re.compile(r"^\s*(IV|III|II|I|V)\s*[./\- ]?\s*[AB]?\s*$")
_KIND_OF_ESELON = {
    "I": PostKind.JPT,
    "II": PostKind.JPT,
    "III": PostKind.ADMINISTRATOR,
    "IV": PostKind.SUPERVISOR,
    "V": PostKind.STAFF,
}
_NO_ESELON = {"", "-", "0", "99", "NON ESELON", "TIDAK ADA", "NON-ESELON"}


class Unreadable(ValueError):
    """A value that means nothing known."""


def parse_date(text: str) -> date | None:
    """`dd-mm-yyyy`, `dd/mm/yyyy` or `yyyy-mm-dd`; nothing for an empty cell; Unreadable otherwise."""
    if not text:
        return None
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    else:
        raise Unreadable(text)
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable(text) from error


def sex_of(text: str) -> str | None:
    """L or P; nothing for an empty cell; Unreadable otherwise."""
    if not text:
        return None
    if text.upper() not in _SEX:
        raise Unreadable(text)
    return _SEX[text.upper()]


def employment_of(kind: str, status: str, nip: Nip) -> str:
    """PNS, CPNS or PPPK from JENIS PEGAWAI and STATUS CPNS PNS; where both are silent, the NIP decides."""
    if "PPPK" in kind.upper() or "PPPK" in status.upper():
        return "PPPK"
    if status.upper() in {"C", "CPNS"} or kind.upper().startswith("CPNS"):
        return "CPNS"
    if status.upper() in {"P", "PNS"} or "PNS" in kind.upper():
        return "PNS"
    return "PPPK" if nip.is_pppk else "PNS"


def is_active(standing: str) -> bool | None:
    """Whether this standing in law still works; empty counts as active; unknown words give nothing."""
    if not standing:
        return True
    words = standing.upper()
    return next((active for part, active in _STANDING if part in words), None)


def eselon_kind(code: str, name: str) -> PostKind | None:
    """Kind of a structural post by its eselon; nothing without one; Unreadable for unknown words."""
    words = re.sub(r"^ESELON\s*", "", name.upper())
    if words not in _NO_ESELON:
        found = _ESELON.match(words)
        if not found:
            raise Unreadable(name)
        return _KIND_OF_ESELON[found.group(1)]
    if code in _NO_ESELON:
        return None
    if code[:1] in "12345" and len(code) == 2 and code[1:].isdigit():
        return list(_KIND_OF_ESELON.values())[int(code[0]) - 1]
    raise Unreadable(code)


def post_kind(type_code: str, type_name: str, eselon: PostKind | None) -> PostKind | None:
    """Kind of a post from JENIS JABATAN and eselon; nothing for a structural post without eselon; Unreadable otherwise."""
    words = type_name.upper()
    if "PIMPINAN TINGGI" in words or words.startswith("JPT"):
        return PostKind.JPT
    if "ADMINISTRATOR" in words:
        return PostKind.ADMINISTRATOR
    if "PENGAWAS" in words:
        return PostKind.SUPERVISOR
    if "PELAKSANA" in words or ("FUNGSIONAL" in words and "UMUM" in words) or (not words and type_code == "4"):
        return PostKind.STAFF
    if "FUNGSIONAL" in words or (not words and type_code == "2"):
        return PostKind.FUNCTIONAL
    if "STRUKTURAL" in words or (not words and type_code == "1"):
        return eselon
    if not words and not type_code:
        return eselon
    raise Unreadable(type_name or type_code)


# A unit's head when nothing says otherwise, by kind of unit. The employees' file corrects it by eselon.
HEAD_KIND = {
    "kota": PostKind.JPT,
    "opd": PostKind.JPT,
    "bidang": PostKind.ADMINISTRATOR,
    "seksi": PostKind.SUPERVISOR,
    "kecamatan": PostKind.ADMINISTRATOR,
    "kelurahan": PostKind.SUPERVISOR,
    "puskesmas": PostKind.FUNCTIONAL,
    "sekolah": PostKind.FUNCTIONAL,
    "upt": PostKind.SUPERVISOR,
    "lain": PostKind.STAFF,
}
