"""The demo city's counters, month by month: the event files its queue machine would write, and what citizens answer."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from teladan.core import clock
from teladan.demo import city
from teladan.demo.truth import INCOMPLETE, OTHERS, REFUSED, STAFF, Truth, answer

DATA = Path(__file__).parent / "data"
MONTHS = 18
RESPONSE = 0.4
REFUSAL_HEAVY = "UBAH-NAMA"
OUTREACH_DAY = date(2026, 8, 12)
EVENT_HEADERS = [
    "NOMOR", "KODE LAYANAN", "NIP PETUGAS", "KODE LOKET", "SALURAN", "WAKTU TEMU", "BERKAS LENGKAP", "SELESAI",
    "HASIL", "SIDIK TIKET",
]  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """One counter of the demo: who sits there, what is asked there, and how many come in an ordinary month."""

    counter: str
    prefix: str
    source: str
    officers: tuple[str, ...]  # NIP
    services: tuple[tuple[str, float], ...]  # code, weight
    monthly: int


@dataclass(frozen=True)
class Visit:
    """A citizen at the counter and, where they answer, when and what."""

    number: str
    service: str
    officer: str
    counter: str
    channel: str
    met_at: datetime
    complete_at: datetime | None
    finished_at: datetime | None
    outcome: str
    token: bytes
    rated_at: datetime | None
    answers: Mapping[str, int]
    rest: Mapping[str, int]


def season() -> list[float]:
    """Eighteen factors around 1: the ups and downs of the real app ratings' last 18 months, damped to a third."""
    with open(DATA / "rating_nyata_layanan_dukcapil.csv", encoding="utf-8") as file:
        counts = Counter(row["tanggal"][:7] for row in csv.DictReader(file))
    last = [counts[month] for month in sorted(counts)[-MONTHS:]]
    mean = sum(last) / len(last)
    return [(count / mean) ** (1 / 3) for count in last]


def working_days(month: date) -> list[date]:
    days = ((month + timedelta(days=i)) for i in range((clock.month_end(month) - month).days + 1))
    return [day for day in days if day.weekday() < 5]


def visits(
    month: date, index: int, desk: Desk, truth: Truth, promised: Mapping[str, int | None], until: datetime
) -> Iterator[Visit]:
    """All visits of one desk in a month that began before `until`, in order of time."""
    random = Random(f"{city.SEED}|{desk.counter}|{month}")
    factors = season()
    count = round(desk.monthly * factors[index % len(factors)])
    days = working_days(month)
    moments = sorted(_moment(random, random.choice(days)) for _ in range(count))
    shares = [weight for _, weight in desk.services]
    codes = [code for code, _ in desk.services]
    for number, met_at in enumerate(moments, start=1):
        if met_at >= until:
            return
        service = random.choices(codes, shares)[0]
        officer = random.choices(desk.officers, [1 + 0.15 * (i % 4) for i in range(len(desk.officers))])[0]
        yield _visit(random, desk, f"{desk.prefix}-{month:%y%m}-{number:04d}", service, officer, "loket",
                     met_at, index, truth, promised.get(service))  # fmt: skip


def outreach(desk: Desk, truth: Truth, promised: Mapping[str, int | None], index: int) -> Iterator[Visit]:
    """The burst of one outreach day in a village: three officers, one afternoon, happy people."""
    random = Random(f"{city.SEED}|outreach")
    for number in range(1, 121):
        met_at = clock.local(OUTREACH_DAY, 8) + timedelta(seconds=random.randrange(7 * 3600))
        service = random.choice([code for code, _ in desk.services[:4]])
        officer = random.choice(desk.officers[:3])
        yield _visit(random, desk, f"KELILING-2608-{number:04d}", service, officer, "keliling", met_at, index, truth,
                     promised.get(service))  # fmt: skip


def _moment(random: Random, day: date) -> datetime:
    minute = min(max(random.gauss(150, 100), 0), 449)
    return clock.local(day, 8) + timedelta(seconds=minute * 60 + random.randrange(60))


def _outcome(random: Random, service: str) -> str:
    refused, incomplete = (0.30, 0.15) if service == REFUSAL_HEAVY else (0.02, 0.06)
    draw = random.random()
    return "refused" if draw < refused else "incomplete" if draw < refused + incomplete else "granted"


def _finish(random: Random, met_at: datetime, promise: int | None, outcome: str) -> tuple[datetime | None, ...]:
    if outcome != "granted":
        return None, met_at + timedelta(minutes=random.randrange(4, 20))
    complete = met_at + timedelta(minutes=random.randrange(3, 12))
    limit = promise or 60
    share = random.uniform(0.02, 0.8) if random.random() < 0.96 else random.uniform(1.05, 3)
    return complete, complete + timedelta(minutes=max(2, int(limit * share)))


def _visit(
    random: Random, desk: Desk, number: str, service: str, officer: str, channel: str, met_at: datetime, index: int,
    truth: Truth, promise: int | None,
) -> Visit:  # fmt: skip
    outcome = _outcome(random, service)
    complete_at, finished_at = _finish(random, met_at, promise, outcome)
    token = random.randbytes(16)
    eta = (
        truth.officers[officer]
        + truth.services[service]
        + {"refused": REFUSED, "incomplete": INCOMPLETE}.get(outcome, 0)
    )
    eta += 0.012 * (index - MONTHS / 2)
    chance = RESPONSE * (1.25 if channel == "keliling" else 1)
    rated_at: datetime | None = None
    answers: dict[str, int] = {}
    rest: dict[str, int] = {}
    if random.random() < chance:
        rated_at = met_at + timedelta(minutes=_delay(random))
        answers, rest = _answers(random, truth, eta)
    return Visit(number, service, officer, desk.counter, channel, met_at, complete_at, finished_at, outcome, token,
                 rated_at, answers, rest)  # fmt: skip


def _delay(random: Random) -> int:
    """Minutes from the counter to the answer: most within the hour, some days later."""
    draw = random.random()
    if draw < 0.06:
        return 1
    return (
        random.randrange(3, 60)
        if draw < 0.62
        else random.randrange(60, 600)
        if draw < 0.85
        else random.randrange(600, 6000)
    )


def _answers(random: Random, truth: Truth, eta: float) -> tuple[dict[str, int], dict[str, int]]:
    mood = random.gauss(0, 1)
    given = {"overall": answer(random, eta - 0.1, mood)}
    for element in STAFF:
        if random.random() < 0.93:
            given[element] = answer(random, eta + truth.elements[element], mood)
    rest: dict[str, int] = {}
    if random.random() < 0.55:
        rest = {element: answer(random, eta / 2 + truth.elements[element], mood) for element in OTHERS}
    return given, rest


def event_row(visit: Visit, fingerprint: str, now: datetime) -> list[str]:
    """One line of the file for `import-events` as written at `now`, in the order of EVENT_HEADERS."""

    def when(instant: datetime | None) -> str:  # visits live in office time already
        return f"{instant:%Y-%m-%d %H:%M:%S}" if instant and instant <= now else ""

    outcome = {"granted": "dipenuhi", "refused": "ditolak", "incomplete": "belum lengkap"}[visit.outcome]
    return [
        visit.number, visit.service, visit.officer, visit.counter, visit.channel, when(visit.met_at),
        when(visit.complete_at), when(visit.finished_at), outcome, fingerprint,
    ]  # fmt: skip


def desks(staff: Sequence[city.DemoPerson], catalogue: Mapping[str, Sequence[str]]) -> list[Desk]:
    """The demo's counters. `catalogue` gives service codes per field (*bidang*)."""

    def officers(unit: str, start: int, stop: int) -> tuple[str, ...]:
        return tuple(p.who.nip for p in staff if p.unit == unit and p.post == city.COUNTER_POST)[start:stop]

    def weighted(codes: Sequence[str], steep: float) -> tuple[tuple[str, float], ...]:
        return tuple((code, 1 / (rank + 1) ** steep) for rank, code in enumerate(codes))

    civil = weighted(catalogue["pencatatan sipil"][:11], 0.8)
    register = weighted(catalogue["pendaftaran penduduk"], 0.7)
    return [
        Desk("DUKCAPIL-1", "DP1", "antrean-dukcapil", officers(city.DAFDUK, 0, 7), register, 420),
        Desk("DUKCAPIL-2", "DP2", "antrean-dukcapil", officers(city.DAFDUK, 5, 12), register, 420),
        Desk("DUKCAPIL-3", "CS1", "antrean-dukcapil", officers(city.CAPIL, 0, 8), civil, 360),
        Desk("DUKCAPIL-4", "CS2", "antrean-dukcapil", officers(city.CAPIL, 8, 9), civil, 4),
        Desk("MPP-DDK", "DDK", "antrean-mpp", officers(city.DAFDUK, 9, 14), register, 300),
        Desk("MPP-DPTK", "DPTK", "antrean-mpp", officers(city.PTSP_SERVICE, 0, 10), weighted(catalogue["perizinan"], 0.6), 430),
    ]  # fmt: skip
