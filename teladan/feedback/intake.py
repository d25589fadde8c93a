"""What a source system says about one event, as text: the columns of its file and, in small letters, of the API.

`Directory` knows the codes; `read` turns one row of text into an event ready to be recorded, or into located faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from teladan.services import queries, rules
from teladan.services.actions import NewEvent
from teladan.services.models import Counter
from teladan.services.rules import EventFacts

REQUIRED = ("NOMOR", "KODE LAYANAN", "NIP PETUGAS", "KODE LOKET", "WAKTU TEMU")
OPTIONAL = ("SUMBER", "SALURAN", "BERKAS LENGKAP", "SELESAI", "HASIL", "PETUGAS LAIN", "SIDIK TIKET")
COLUMNS = frozenset({*REQUIRED, *OPTIONAL})
PERSONAL = frozenset(
    {"NIK", "NO KK", "NAMA", "NAMA WARGA", "NAMA PEMOHON", "ALAMAT", "NO HP", "NOMOR HP", "TELEPON", "EMAIL", "AGAMA"}
)
"""Columns about the citizen that queue machines like to add. They are named and never read."""

_COLUMN_OF = {
    "number": "NOMOR",
    "met_at": "WAKTU TEMU",
    "complete_at": "BERKAS LENGKAP",
    "finished_at": "SELESAI",
    "outcome": "HASIL",
    "channel": "SALURAN",
    "helpers": "PETUGAS LAIN",
    "counter": "KODE LOKET",
}
_NIP = re.compile(r"[0-9]{18}")
_HASH = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Fault:
    """What is wrong in one column, and what to do. Warnings do not stop a file."""

    column: str
    what: str
    todo: str
    level: str = "error"


@dataclass(frozen=True)
class Reading:
    """One row understood: the event, the fingerprint of its ticket, and what is wrong."""

    event: NewEvent | None
    fingerprint: bytes | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Directory:
    """Codes and numbers of everything that a row may name."""

    services: Mapping[str, int]
    counters: Mapping[str, Counter]
    officers: Mapping[str, UUID]

    @classmethod
    def for_rows(cls, rows: Iterable[Mapping[str, str]]) -> Directory:
        """What these rows need; three queries."""
        nips: set[str] = set()
        for row in rows:
            nips.add(row.get("NIP PETUGAS", ""))
            if helpers := row.get("PETUGAS LAIN"):
                nips.update(re.findall(r"\d{18}", helpers))
        return cls(queries.service_ids(), queries.counters_by_code(), queries.officer_ids(nips))


def column_of(name: str) -> str:
    """The column that a field of an event stands in."""
    return _COLUMN_OF[name]


def read(row: Mapping[str, str], directory: Directory, *, now: datetime) -> Reading:
    """Understand one row. The event is there only when no fault is an error."""
    faults: list[Fault] = []
    service = directory.services.get(row["KODE LAYANAN"])
    if service is None:
        faults.append(_unknown_service(row["KODE LAYANAN"]))
    officer = _officer("NIP PETUGAS", row["NIP PETUGAS"], directory, faults)
    unit, counter = _counter(row["KODE LOKET"], directory, faults)
    times = {name: _moment(row, column, faults) for name, column in _TIMES}
    if row["WAKTU TEMU"] == "":
        faults.append(Fault("WAKTU TEMU", "Waktu temu kosong.", "Isi kapan warga ditemui, misalnya 2026-10-05 09:30."))
    channel = _word(row, "SALURAN", rules.CHANNELS, faults)
    outcome = _word(row, "HASIL", rules.OUTCOMES, faults)
    helpers = _helpers(row.get("PETUGAS LAIN", ""), directory, faults)
    fingerprint = _fingerprint(row.get("SIDIK TIKET", ""), faults)
    if fault := rules.number_fault(row["NOMOR"]):
        faults.append(Fault("NOMOR", fault, "Isi nomor antrean atau berkas, paling panjang 60 huruf."))
    met_at = times["met_at"]
    if faults or service is None or officer is None or counter is None or met_at is None:
        return Reading(None, None, faults)
    facts = EventFacts(
        service, officer, counter, channel, met_at, times["complete_at"], times["finished_at"], outcome, helpers
    )
    for name, what in rules.faults(facts, now=now):
        faults.append(Fault(_COLUMN_OF[name], what, "Perbaiki di sistem sumber, lalu ekspor ulang."))
    if faults:
        return Reading(None, None, faults)
    if outcome == "granted" and facts.finished_at and not facts.complete_at:
        faults.append(_NOT_COUNTED)
    return Reading(NewEvent(row["NOMOR"], unit, facts), fingerprint, faults)


_TIMES = (("met_at", "WAKTU TEMU"), ("complete_at", "BERKAS LENGKAP"), ("finished_at", "SELESAI"))
_NOT_COUNTED = Fault(
    "BERKAS LENGKAP",
    "Layanan selesai tanpa waktu berkas lengkap; ketepatan waktunya tidak dihitung.",
    "Isi waktu berkas lengkap bila diketahui.",
    "warning",
)


def _unknown_service(code: str) -> Fault:
    what = f"Layanan {code!r} tidak ada di katalog." if code else "Kode layanan kosong."
    return Fault("KODE LAYANAN", what, "Pakai kode dari halaman Layanan, atau minta administrator menambah layanan.")


def _officer(column: str, nip: str, directory: Directory, faults: list[Fault]) -> UUID | None:
    found = directory.officers.get(nip)
    if found is None:
        if not nip:
            faults.append(Fault(column, "NIP kosong.", "Isi NIP petugas yang menemui warga."))
        elif not _NIP.fullmatch(nip):
            faults.append(
                Fault(
                    column,
                    f"NIP harus tepat 18 angka, bukan {nip[:40]!r}.",
                    "Beri kolom NIP format Teks, lalu ekspor ulang.",
                )
            )
        else:
            faults.append(
                Fault(column, f"Pegawai dengan NIP {nip} belum ada.", "Impor data pegawai dulu, atau perbaiki NIP.")
            )
    return found


def _counter(code: str, directory: Directory, faults: list[Fault]) -> tuple[int, int | None]:
    counter = directory.counters.get(code)
    if counter is None:
        what = f"Loket {code!r} tidak dikenal." if code else "Kode loket kosong."
        faults.append(Fault("KODE LOKET", what, "Pakai kode dari halaman Daftar loket."))
        return 0, None
    if counter.unit_id is None:
        what = f"Loket {counter.name} milik {counter.outside_owner}; petugasnya bukan pegawai kota."
        faults.append(Fault("KODE LOKET", what, "Hapus baris ini."))
        return 0, None
    return counter.unit_id, counter.pk


def _moment(row: Mapping[str, str], column: str, faults: list[Fault]) -> datetime | None:
    text = row.get(column, "")
    if not text:
        return None
    try:
        return rules.parse_moment(text, timezone.get_default_timezone())
    except ValueError:
        faults.append(
            Fault(column, f"Waktu {text[:40]!r} tidak terbaca.", "Tulis hari dan jam, misalnya 2026-10-05 09:30.")
        )
        return None


def _word(row: Mapping[str, str], column: str, words: Mapping[str, str], faults: list[Fault]) -> str:
    text = row.get(column, "").lower()
    if text not in words:
        allowed = ", ".join(word for word in words if word)
        faults.append(Fault(column, f"{text[:40]!r} tidak dikenal.", f"Isi salah satu: {allowed}."))
    return words.get(text, "")


def _helpers(text: str, directory: Directory, faults: list[Fault]) -> frozenset[tuple[UUID, str]]:
    if not text:
        return frozenset()
    try:
        named = rules.parse_helpers(text)
    except ValueError as error:
        faults.append(Fault("PETUGAS LAIN", str(error), "Contoh: 198001012005011001:verifikator"))
        return frozenset()
    found = ((_officer("PETUGAS LAIN", nip, directory, faults), role) for nip, role in named)
    return frozenset((person, role) for person, role in found if person is not None)


def _fingerprint(text: str, faults: list[Fault]) -> bytes | None:
    if not text:
        return None
    if not _HASH.fullmatch(text):
        faults.append(Fault("SIDIK TIKET", "Sidik tiket bukan SHA-256.", "Isi 64 huruf heksadesimal, atau kosongkan."))
        return None
    return bytes.fromhex(text)
