"""The demo city on paper: the unit file and the personnel export that a real city would bring.

Units, districts and villages are real names (see `data/`); the people are fictitious. Ordinary troubles are built in:
a section without a head, an acting head, two people of one name, a person who moves.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from teladan.demo.names import Invented, people

DATA = Path(__file__).parent / "data"
SEED = 1373
SINCE = date(2020, 1, 1)

ROOT = "KOTA"
DUKCAPIL = "DISDUKCAPIL"
DAFDUK = "DISDUKCAPIL-DAFDUK"
CAPIL = "DISDUKCAPIL-CAPIL"
PTSP = "DPMPTSPNAKER"
PTSP_SERVICE = "DPMPTSPNAKER-LAYANAN"
HEADLESS = "PUSK-KOLOK-TU"
VACANT = "KESBANGPOL"
"""An office without a head: its secretary and division heads lack a superior."""
ACTING = "DISHUB-SEKRETARIAT"


@dataclass(frozen=True)
class DemoUnit:
    code: str
    name: str
    parent: str
    kind: str
    head: str  # post title of the head; empty for the city
    head_kind: str  # ESELON NAMA of the head, or "fungsional"
    staff: int  # people besides the head


@dataclass(frozen=True)
class DemoPerson:
    who: Invented
    unit: str
    post: str
    post_type: str  # JENIS JABATAN NAMA
    echelon: str
    grade: str
    since: date


def code_of(text: str) -> str:
    """`Kec. Lembah Segar` as `KEC-LEMBAH-SEGAR`."""
    return re.sub(r"[^A-Z0-9]+", "-", text.upper()).strip("-")


DIVISIONS: dict[str, Sequence[tuple[str, str, int]]] = {
    DUKCAPIL: [
        ("DAFDUK", "Bidang Pelayanan Pendaftaran Penduduk", 14),
        ("CAPIL", "Bidang Pelayanan Pencatatan Sipil", 10),
        ("PIAK", "Bidang Pengelolaan Informasi Administrasi Kependudukan dan Pemanfaatan Data", 6),
    ],
    PTSP: [
        ("LAYANAN", "Bidang Penyelenggaraan Pelayanan Perizinan", 12),
        ("MODAL", "Bidang Penanaman Modal", 7),
        ("NAKER", "Bidang Tenaga Kerja", 8),
    ],
}
GENERIC = [("I", "Bidang I", 11), ("II", "Bidang II", 11), ("III", "Bidang III", 11)]


def _offices() -> Iterator[dict[str, str]]:
    with open(DATA / "opd_sawahlunto.csv", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def units() -> list[DemoUnit]:
    """Every unit, parents before children."""
    found = [DemoUnit(ROOT, "Pemerintah Kota Sawahlunto", "", "kota", "", "", 0)]
    for row in _offices():
        code, name, kind = code_of(row["singkatan"]), row["nama"], row["jenis"]
        if kind == "kecamatan":
            found += _district(code, name)
        elif kind == "puskesmas":
            found += _health_centre(code, name)
        elif kind == "uptd/rs":
            found.append(DemoUnit(code, name, ROOT, "opd", "Direktur RSUD", "II.b", 0))
            found += [
                DemoUnit(f"{code}-{c}", f"Bagian {n}" if c == "UMUM" else f"Bidang {n}", code, "bidang",
                         f"Kepala {'Bagian' if c == 'UMUM' else 'Bidang'} {n} RSUD", "III.b", s)
                for c, n, s in (("UMUM", "Umum dan Keuangan", 55), ("MEDIS", "Pelayanan Medis", 130),
                                ("RAWAT", "Keperawatan", 150))
            ]  # fmt: skip
        else:
            found += _office(code, name)
    return [*found, *_schools()]


def _office(code: str, name: str) -> Iterator[DemoUnit]:
    title = "Inspektur Daerah" if code == "INSPEKTORAT" else f"Kepala {name}"
    if code in {"SETDA", "SETWAN"}:
        title = "Sekretaris Daerah" if code == "SETDA" else "Sekretaris DPRD"
    rank = "" if code == VACANT else "II.a" if code == "SETDA" else "II.b"
    yield DemoUnit(code, name, ROOT, "opd", title, rank, 0)
    short = name.removeprefix("Dinas ").removeprefix("Badan ")
    yield DemoUnit(f"{code}-SEKRETARIAT", f"Sekretariat {name}", code, "bidang", f"Sekretaris {name}", "III.a", 3)
    yield DemoUnit(
        f"{code}-UMUM",
        f"Subbagian Umum dan Kepegawaian {short}",
        f"{code}-SEKRETARIAT",
        "seksi",
        f"Kepala Subbagian Umum dan Kepegawaian {short}",
        "IV.a",
        6,
    )
    for suffix, division, staff in DIVISIONS.get(code, GENERIC):
        full = division if code in DIVISIONS else f"{division} {short}"
        yield DemoUnit(f"{code}-{suffix}", full, code, "bidang", f"Kepala {full}", "III.b", staff)


def _district(code: str, name: str) -> Iterator[DemoUnit]:
    place = name.removeprefix("Kecamatan ")
    yield DemoUnit(code, name, ROOT, "kecamatan", f"Camat {place}", "III.a", 6)
    yield DemoUnit(f"{code}-UMUM", f"Subbagian Umum {name}", code, "seksi", f"Kepala Subbagian Umum {name}", "IV.b", 5)
    with open(DATA / "wilayah_sawahlunto.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    district = next(row["kode"] for row in rows if row["tingkat"] == "kecamatan" and row["nama"] == place)
    for row in rows:
        if row["tingkat"] == "kelurahan" and row["kode_induk"] == district:
            yield DemoUnit(
                f"KEL-{code_of(row['nama'])}",
                f"Kelurahan {row['nama']}",
                code,
                "kelurahan",
                f"Lurah {row['nama']}",
                "IV.a",
                6,
            )


def _health_centre(code: str, name: str) -> Iterator[DemoUnit]:
    yield DemoUnit(code, name, "DINKES", "puskesmas", f"Kepala {name}", "fungsional", 34)
    yield DemoUnit(
        f"{code}-TU",
        f"Subbagian Tata Usaha {name}",
        code,
        "seksi",
        f"Kepala Subbagian Tata Usaha {name}",
        "" if f"{code}-TU" == HEADLESS else "IV.a",
        5,
    )


def _schools() -> Iterator[DemoUnit]:
    for number in range(1, 53):
        name = f"SD Negeri {number:02d} Sawahlunto"
        yield DemoUnit(f"SDN-{number:02d}", name, "DISDIKBUD", "sekolah", f"Kepala {name}", "fungsional", 15)
    for number in range(1, 13):
        name = f"SMP Negeri {number} Sawahlunto"
        yield DemoUnit(f"SMPN-{number:02d}", name, "DISDIKBUD", "sekolah", f"Kepala {name}", "fungsional", 28)


STAFF_POSTS = {
    "sekolah": ("Guru Ahli Pertama", "Jabatan Fungsional"),
    "puskesmas": ("Perawat Terampil", "Jabatan Fungsional"),
    "default": ("Pengolah Data dan Informasi", "Jabatan Pelaksana"),
}
COUNTER_POST = "Operator Layanan Operasional"


def _staff_post(unit: DemoUnit, index: int) -> tuple[str, str]:
    if unit.code in {DAFDUK, CAPIL, PTSP_SERVICE}:
        return COUNTER_POST, "Jabatan Pelaksana"
    if unit.code.startswith("RSUD"):
        return ("Perawat Mahir" if index % 3 else "Dokter Ahli Muda"), "Jabatan Fungsional"
    if index % 7 == 3 and unit.kind == "bidang":
        return "Analis Kebijakan Ahli Muda", "Jabatan Fungsional"
    return STAFF_POSTS.get(unit.kind, STAFF_POSTS["default"])


_GRADE = {"II.a": "IV/d", "II.b": "IV/c", "III.a": "IV/b", "III.b": "IV/a", "IV.a": "III/d", "IV.b": "III/c"}
TWINS = ("Rahmat Hidayat", DAFDUK)
"""Two officers of one unit share this name."""


def employees() -> list[DemoPerson]:
    """About 3,000 people in their posts, in the order of the units."""
    line = people(SEED)
    found: list[DemoPerson] = []
    for unit in units():
        if unit.head and unit.head_kind and unit.code != ACTING:
            who = replace(next(line), employment="PNS")
            who = replace(who, nip=_as_pns(who))
            functional = unit.head_kind == "fungsional"
            found.append(
                DemoPerson(
                    who,
                    unit.code,
                    unit.head,
                    "Jabatan Fungsional" if functional else "Jabatan Struktural",
                    "" if functional else unit.head_kind,
                    _GRADE.get(unit.head_kind, "IV/a"),
                    SINCE,
                )
            )
        for index in range(unit.staff):
            who = next(line)
            post, post_type = _staff_post(unit, index)
            if unit.code == TWINS[1] and index in {3, 8}:
                who = replace(who, name=TWINS[0], sex="L", nip=f"{who.nip[:14]}1{who.nip[15:]}")
            grade = "IX" if who.employment == "PPPK" else ["II/c", "II/d", "III/a", "III/b", "III/c"][index % 5]
            found.append(DemoPerson(who, unit.code, post, post_type, "", grade, max(SINCE, who.since)))
    return found


def _as_pns(who: Invented) -> str:
    start = who.nip[8:14] if not who.nip[8:14].endswith("21") else f"{who.since:%Y%m}"
    return f"{who.nip[:8]}{start}{who.nip[14:]}"


def siasn_headers() -> list[str]:
    """The 69 headers of a SIASN employee export, in its order."""
    with open(DATA / "siasn_export_asn_kolom.csv", encoding="utf-8") as file:
        return [row["header"] for row in csv.DictReader(file)]


UNIT_HEADERS = ["KODE UNIT", "NAMA UNIT", "KODE INDUK", "JENIS", "JABATAN KEPALA", "BERLAKU SEJAK", "KEPALA MENILAI"]


def unit_rows() -> Iterator[list[str]]:
    """The rows of the file for `import-units`."""
    for unit in units():
        leads = "ya" if unit.head_kind == "fungsional" else ""  # school heads appraise (annex IV.A.7)
        yield [unit.code, unit.name, unit.parent, unit.kind, unit.head, SINCE.isoformat(), leads]


def employee_rows(staff: Sequence[DemoPerson], headers: Sequence[str]) -> Iterator[list[str]]:
    """The rows of the personnel export in the order of `headers` (the 69 of SIASN); unused columns stay empty."""
    names = {unit.code: unit.name for unit in units()}
    for number, person in enumerate(staff, start=1):
        who = person.who
        values = {
            "PNS ID": f"DEMO{number:06d}",
            "NIP BARU": f"'{who.nip}",
            "NAMA": who.name,
            "GELAR DEPAN": who.front,
            "GELAR BELAKANG": who.back,
            "TANGGAL LAHIR": f"{who.born:%d-%m-%Y}",
            "JENIS KELAMIN": "M" if who.sex == "L" else "F",
            "JENIS PEGAWAI NAMA": "PNS Daerah Kab/Kota" if who.employment == "PNS" else "PPPK",
            "KEDUDUKAN HUKUM NAMA": "Aktif",
            "STATUS CPNS PNS": "P" if who.employment == "PNS" else "",
            "TMT CPNS": f"{who.since:%d-%m-%Y}",
            "TMT PNS": f"{who.since:%d-%m-%Y}" if who.employment == "PNS" else "",
            "GOL AKHIR NAMA": person.grade,
            "JENIS JABATAN NAMA": person.post_type,
            "JABATAN NAMA": person.post,
            "TMT JABATAN": f"{person.since:%d-%m-%Y}",
            "UNOR ID": person.unit,
            "UNOR NAMA": names[person.unit],
            "ESELON NAMA": person.echelon,
        }
        yield [values.get(header, "") for header in headers]
