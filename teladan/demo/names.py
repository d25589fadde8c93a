"""Fictitious people: names from common Minangkabau and Indonesian parts, NIP with the sequence numbers 900-999."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from faker import Faker

DATA = Path(__file__).parent / "data"
SUKU_SHARE = 0.35
"""Share of people who write their *suku* in their official name (ours, for variety)."""


@dataclass(frozen=True)
class Invented:
    """A fictitious civil servant before any file is written. `sex` is L or P."""

    nip: str
    name: str
    front: str
    back: str
    sex: str
    born: date
    since: date
    employment: str


def _parts() -> tuple[dict[tuple[str, str], list[str]], list[str]]:
    parts: dict[tuple[str, str], list[str]] = {}
    with open(DATA / "nama_komponen.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sex = "L" if row["jenis_kelamin"] == "laki_laki" else "P"
            parts.setdefault((row["bagian"], sex), []).append(row["komponen"])
    with open(DATA / "suku_minangkabau.csv", encoding="utf-8") as file:
        suku = [row["suku"] for row in csv.DictReader(file) for _ in range(int(row["bobot_demo"]))]
    return parts, suku


def people(seed: int) -> Iterator[Invented]:
    """An endless, deterministic line of different people with valid-looking NIP (regulation.md §6)."""
    random = Random(seed)
    faker = Faker("id_ID")
    faker.seed_instance(seed)
    parts, suku = _parts()
    taken: set[str] = set()
    while True:
        sex = random.choice("LP")
        first = random.choice(parts["depan", sex])
        if random.random() < SUKU_SHARE:
            last = random.choice(suku)
        elif random.random() < 0.5:
            last = random.choice(parts["belakang", sex])
        else:
            last = faker.last_name_male() if sex == "L" else faker.last_name_female()
        middle = f" {random.choice(parts['belakang', sex])}" if random.random() < 0.15 else ""
        if middle.strip() == last:
            middle = ""
        born = date(1967, 1, 1) + timedelta(days=random.randrange(365 * 33))
        since = date(max(born.year + 22 + random.randrange(8), 1992), random.randrange(1, 13), 1)
        since = min(since, date(2024, 3, 1))
        pppk = random.random() < 0.22
        sexed = "1" if sex == "L" else "2"
        start = f"{max(since.year, 2019)}21" if pppk else f"{since:%Y%m}"
        nip = f"{born:%Y%m%d}{start}{sexed}{random.randrange(900, 1000)}"
        if nip in taken:
            continue
        taken.add(nip)
        yield Invented(
            nip=nip,
            name=f"{first}{middle} {last}",
            front="",
            back=random.choice(["", "", "S.E.", "S.Sos.", "A.Md.", "S.Kom.", "S.H.", "S.A.P."]),
            sex=sex,
            born=born,
            since=date(max(since.year, 2019), 3, 1) if pppk else since,
            employment="PPPK" if pppk else "PNS",
        )
