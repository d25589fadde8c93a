"""Which column of a file means which element: by name in any order and spelling, by number only when told so.

Questionnaires ask about facilities eighth and complaints ninth; the regulation numbers them the other way round. So a
column U8 alone says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from teladan.scoring import ELEMENTS

_NAMES: Mapping[str, tuple[str, ...]] = {
    "persyaratan": ("PERSYARATAN", "PERSYARATAN PELAYANAN", "KESESUAIAN PERSYARATAN"),
    "prosedur": ("PROSEDUR", "PROSEDUR PELAYANAN", "SISTEM MEKANISME PROSEDUR", "KEMUDAHAN PROSEDUR"),
    "waktu": ("WAKTU", "WAKTU PENYELESAIAN", "WAKTU PELAYANAN", "KECEPATAN WAKTU"),
    "biaya": ("BIAYA", "TARIF", "BIAYA TARIF", "KEWAJARAN BIAYA TARIF"),
    "produk": ("PRODUK", "PRODUK LAYANAN", "PRODUK SPESIFIKASI JENIS PELAYANAN", "PRODUK SPESIFIKASI JENIS LAYANAN"),
    "kompetensi": ("KOMPETENSI", "KOMPETENSI PELAKSANA", "KOMPETENSI PETUGAS"),
    "perilaku": ("PERILAKU", "PERILAKU PELAKSANA", "PERILAKU PETUGAS"),
    "pengaduan": ("PENGADUAN", "PENANGANAN PENGADUAN", "PENANGANAN PENGADUAN SARAN MASUKAN"),
    "sarana": ("SARANA", "SARANA PRASARANA", "KUALITAS SARANA PRASARANA"),
}
_ELEMENT_OF = {name: element for element, names in _NAMES.items() for name in names}
_NUMBERED = re.compile(r"U0?([1-9])")
_SAYS_NOTHING = {"DAN", "U", "UNSUR"}

BY_LAW = {f"U{number}": element for number, element in enumerate(ELEMENTS, 1)}
"""U1-U9 in the order of the regulation: U8 complaints, U9 facilities."""
AS_ASKED = {**BY_LAW, "U8": "sarana", "U9": "pengaduan"}
"""U1-U9 in the order of the questionnaire."""
NUMBERINGS = {"law": BY_LAW, "asked": AS_ASKED}


def element_named(header: str) -> str | None:
    """The element that a header names: `Sistem, Mekanisme, dan Prosedur`, `BIAYA/TARIF`, `U9 Sarana`; None otherwise.

    A number beside a name says nothing: the name decides.
    """
    words = re.sub(r"[^A-Z]+", " ", header.upper()).split()
    return _ELEMENT_OF.get(" ".join(word for word in words if word not in _SAYS_NOTHING))


def numbered(headers: Iterable[str]) -> list[str]:
    """Headers that give an element a number only."""
    return [header for header in headers if _NUMBERED.fullmatch(header.upper())]


def columns_of(
    headers: Iterable[str], *, mapping: Mapping[str, str] | None = None, numbering: str | None = None
) -> dict[str, str]:
    """Element to header. `mapping` (element to header) decides before names do; `numbering` gives U1-U9 their meaning.

    ValueError: two columns for one element, numbers without a meaning, a mapped column that is not there.
    """
    known = list(headers)
    found: dict[str, str] = {}
    for element, header in (mapping or {}).items():
        if header not in known:
            raise ValueError(f"Kolom {header} tidak ada di berkas. Kolomnya: {', '.join(known)}.")
        found[element] = header
    taken = set(found.values())
    for header in known:
        named = _meaning(header, numbering)
        if named is None or header in taken or named in (mapping or {}):
            continue
        if named in found:
            raise ValueError(f"Kolom {found[named]} dan {header} sama-sama berarti {named}. Hapus salah satu.")
        found[named] = header
    loose = [header for header in numbered(known) if header not in found.values()]
    if loose and len(found) < len(ELEMENTS):
        raise ValueError(
            f"Kolom {', '.join(loose)} hanya bernomor. Nomor 8 dan 9 berbeda antara kuesioner (8 sarana, 9 pengaduan) dan "
            "peraturan (8 pengaduan, 9 sarana), jadi artinya harus dinyatakan."
        )
    return found


def _meaning(header: str, numbering: str | None) -> str | None:
    if numbering and (found := _NUMBERED.fullmatch(header.upper())):
        return NUMBERINGS[numbering][f"U{found[1]}"]
    return element_named(header)
