"""What the eighteen digits of a NIP say: day of birth, first appointment, sex, sequence. There is no check digit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_DAMAGED = re.compile(r"^\d[.,]\d+E\+?\d+$", re.IGNORECASE)
PPPK_MONTH = 21  # a month that cannot exist marks PPPK
YOUNGEST = 15  # years between birth and first appointment that nobody undercuts


class NipError(ValueError):
    """Not a NIP; `what` and `todo` (Indonesian) say why and what helps."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True)
class Nip:
    """A NIP taken apart."""

    text: str
    born_on: date
    year: int
    month: int | None  # empty for PPPK
    sex: str
    sequence: int

    @property
    def is_pppk(self) -> bool:
        return self.month is None


_AGAIN = "Periksa NIP di SIASN, perbaiki di sana, lalu ekspor ulang."


def parse_nip(text: str, *, on: date) -> Nip:
    """Take a NIP apart; NipError when it is no NIP. Nothing is ever repaired: a wrong digit is another person."""
    if _DAMAGED.match(text):
        raise NipError(
            f"NIP rusak oleh Excel ({text}): angka terakhirnya sudah hilang.",
            "Ekspor ulang dari SIASN. Unggah berkas aslinya tanpa membukanya di Excel, "
            "atau beri kolom NIP BARU format Teks sebelum menyimpan.",
        )
    if not re.fullmatch(r"[0-9]{18}", text):
        raise NipError(f"NIP harus tepat 18 angka, bukan {text[:40]!r}.", _AGAIN)
    born = _day(text[:8])
    if born is None or born >= on:
        raise NipError(f"NIP memuat tanggal lahir yang tidak mungkin: {text[:8]}.", _AGAIN)
    year, month = int(text[8:12]), int(text[12:14])
    if not (1 <= month <= 12 or month == PPPK_MONTH):
        raise NipError(f"NIP memuat bulan pengangkatan yang tidak mungkin: {text[12:14]}.", _AGAIN)
    if not born.year + YOUNGEST <= year <= on.year + 1:
        raise NipError(f"NIP memuat tahun pengangkatan yang tidak mungkin: {year}.", _AGAIN)
    if text[14] not in "12":
        raise NipError(f"NIP memuat kode jenis kelamin yang tidak mungkin: {text[14]}.", _AGAIN)
    return Nip(
        text=text,
        born_on=born,
        year=year,
        month=None if month == PPPK_MONTH else month,
        sex="L" if text[14] == "1" else "P",
        sequence=int(text[15:]),
    )


def _day(digits: str) -> date | None:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return day if day.year >= 1900 else None
