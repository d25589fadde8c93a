"""`python -m bench integrity`: what the integrity desk says of a city where nobody cheats, and of cheating that was planted.

Months of the demo city's counters (visits, delays and answers of `teladan.demo`), with what happens to honest people:
one printer in a hundred fails, families share a phone. The signs are those of production: `scoring.officer_signs`,
`scoring.bursts`, `rules.SAME_DEVICE`, `scoring.drawn`. Equal options give equal tables; every share has its Monte-Carlo error.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teladan.config.settings")

from teladan import scoring
from teladan.core import clock
from teladan.demo import months
from teladan.demo.truth import draw_truth
from teladan.feedback import rules

MONTH = date(2026, 10, 1)
OFFICERS = {"A": 14, "B": 9, "C": 10}
VISITS = {"A": 1140, "B": 364, "C": 430}
SERVICES = tuple(f"S{i}" for i in range(12))
BROKEN_PRINTER = 0.01
FAMILY, FAMILY_SIZES = 0.01, (2, 2, 2, 2, 2, 2, 2, 3, 3, 4)
CHEAT = "A-0"
BEST = 4
TOLD = tuple(name for name in scoring.ELEMENTS if name != "biaya")


@dataclass(frozen=True)
class Visit:
    """One citizen served: whether a ticket was handed over, and if it was used, when, from what device, how."""

    number: str
    officer: str
    day: str
    ticket: bool
    mean: float  # of the answers this citizen gives or would have given
    minutes: int | None = None
    used_on: str = ""
    device: str = ""
    answers: tuple[int, ...] = ()
    is_fake: bool = False


def city(seed: int) -> list[Visit]:
    """One honest month."""
    random = Random(f"integrity|{seed}")
    names = {unit: tuple(f"{unit}-{i}" for i in range(n)) for unit, n in OFFICERS.items()}
    truth = draw_truth(random, [name for unit in names.values() for name in unit], list(SERVICES))
    weights = tuple((code, 1 / (rank + 1) ** 0.7) for rank, code in enumerate(SERVICES))
    found = []
    for unit, officers in names.items():
        desk = months.Desk(f"{unit}|{seed}", unit, "uji", officers, weights, VISITS[unit])
        until = clock.local(clock.add_months(MONTH, 1))
        for one in months.visits(MONTH, 5, desk, truth, dict.fromkeys(SERVICES, 60), until):
            found.append(_visit(random, one))
    return _families(random, found)


def _visit(random: Random, one: months.Visit) -> Visit:
    given = {**one.answers, **one.rest}
    answers = tuple(given[name] for name in scoring.ELEMENTS if name in given)
    day = one.met_at.date().isoformat()
    blank = Visit(one.number, one.officer, day, random.random() >= BROKEN_PRINTER, 0.0)
    if one.rated_at is None or not blank.ticket:
        return replace(blank, mean=random.choice((2.0, 3.0, 3.5, 4.0)))
    return replace(
        blank,
        mean=sum(answers) / len(answers) if answers else 4.0,
        minutes=int((one.rated_at - one.met_at).total_seconds() // 60),
        used_on=one.rated_at.date().isoformat(),
        device=one.number,
        answers=answers,
    )


def _families(random: Random, visits: list[Visit]) -> list[Visit]:
    """Some citizens rate for those who came along: one phone, one officer, one day."""
    found = list(visits)
    place: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, one in enumerate(found):
        if one.used_on == one.day:
            place[one.officer, one.day].append(i)
    for key in sorted(place):
        for start, i in enumerate(place[key]):
            if random.random() < FAMILY:
                for j in place[key][start : start + random.choice(FAMILY_SIZES)]:
                    found[j] = replace(found[j], device=found[i].device)
    return found


# --- cheating --------------------------------------------------------------------------------------------------------


def best(random: Random, one: Visit, **kw: object) -> Visit:
    """A ticket that its citizen never saw, used for the best answers."""
    answers = (BEST,) * len(TOLD)
    fake = replace(one, ticket=True, answers=answers, mean=4.0, is_fake=True, used_on=one.day)
    return replace(fake, **kw)  # type: ignore[arg-type]


def own_rating(share: float, device: str) -> Callable[[Random, list[Visit]], list[Visit]]:
    """The officer keeps a share of the tickets and rates at the counter, at once."""

    def cheat(random: Random, visits: list[Visit]) -> list[Visit]:
        return [
            best(random, one, minutes=1, device=device or one.number)
            if one.officer == CHEAT and random.random() < share
            else one
            for one in visits
        ]

    return cheat


def selective(share: float) -> Callable[[Random, list[Visit]], list[Visit]]:
    """The officer hands no ticket to the share of citizens who look least happy."""

    def cheat(random: Random, visits: list[Visit]) -> list[Visit]:
        mine = sorted((one.mean, i) for i, one in enumerate(visits) if one.officer == CHEAT)
        without = {i for _, i in mine[: round(share * len(mine))]}
        return [
            replace(one, ticket=False, minutes=None, used_on="", device="", answers=()) if i in without else one
            for i, one in enumerate(visits)
        ]

    return cheat


def stuffing(share: float, *, at_once: bool, device: str) -> Callable[[Random, list[Visit]], list[Visit]]:
    """A share of the officer's tickets are used for fake ratings: all in one evening, or spread as real ones are."""

    def cheat(random: Random, visits: list[Visit]) -> list[Visit]:
        last = max(one.day for one in visits)
        found = []
        for one in visits:
            if one.officer == CHEAT and random.random() < share:
                late = random.randrange(3, 900)
                when = last if at_once else one.day
                one = best(
                    random, one, minutes=late + 1441 * (when != one.day), used_on=when, device=device or one.number
                )
            found.append(one)
        return found

    return cheat


def office(share: float) -> Callable[[Random, list[Visit]], list[Visit]]:
    """Everybody at all counters does it, carefully: fresh browsers, spread over time."""

    def cheat(random: Random, visits: list[Visit]) -> list[Visit]:
        return [
            best(random, one, minutes=random.randrange(3, 900), device=one.number) if random.random() < share else one
            for one in visits
        ]

    return cheat


# --- what the desk says ----------------------------------------------------------------------------------------------

SIGNS = ("coverage", "quick", "straight", "burst", "device", "call")


def look(visits: list[Visit], seed: int) -> dict[str, set[str]]:
    """Per sign the officers it names. `call`: somebody called says that no ticket came, though one was registered."""
    by_officer: dict[str, list[Visit]] = defaultdict(list)
    for one in visits:
        by_officer[one.officer].append(one)
    signs = scoring.officer_signs([_traces(name, rows) for name, rows in sorted(by_officer.items())])
    used = [one for one in visits if one.minutes is not None]
    days = [
        scoring.Days(
            name, Counter(one.used_on for one in rows if one.minutes is not None), Counter(one.day for one in rows)
        )
        for name, rows in sorted(by_officer.items())
    ]
    late = sum(one.minutes > 1440 for one in used if one.minutes is not None) / len(used)
    groups = Counter((one.device, one.officer, one.used_on) for one in used)
    sample = set(
        scoring.drawn(seed.to_bytes(32, "big"), (one.number for one in visits if one.ticket), rules.CALLBACK_SAMPLE)
    )
    return {
        "coverage": {one.name for one in signs if scoring.Sign.COVERAGE in one.signs},
        "quick": {one.name for one in signs if scoring.Sign.QUICK in one.signs},
        "straight": {one.name for one in signs if scoring.Sign.STRAIGHT in one.signs},
        "burst": {one.name for one in scoring.bursts(days, late=late)},
        "device": {officer for (_, officer, _), n in groups.items() if n >= rules.SAME_DEVICE},
        "call": {one.officer for one in visits if one.is_fake and one.number in sample},
    }


def _traces(name: str, rows: list[Visit]) -> scoring.Traces:
    used = [one for one in rows if one.minutes is not None]
    several = [one for one in used if len(one.answers) >= rules.EQUAL_FROM]
    return scoring.Traces(
        name=name,
        events=len(rows),
        tickets=sum(one.ticket for one in rows),
        used=len(used),
        quick=sum(one.minutes <= rules.LATENCY_BOUNDS[0] for one in used if one.minutes is not None),
        answered=len(several),
        equal=sum(len(set(one.answers)) == 1 for one in several),
    )


HONEST = "nobody cheats"
SCENARIOS: dict[str, Callable[[Random, list[Visit]], list[Visit]] | None] = {
    HONEST: None,
    "own rating 5 %, one device": own_rating(0.05, "tablet"),
    "own rating 10 %, one device": own_rating(0.10, "tablet"),
    "own rating 20 %, one device": own_rating(0.20, "tablet"),
    "own rating 10 %, fresh browser each": own_rating(0.10, ""),
    "selective, 4 % get no ticket": selective(0.04),
    "selective, 10 % get no ticket": selective(0.10),
    "selective, 20 % get no ticket": selective(0.20),
    "stuffing 5 %, one evening, one device": stuffing(0.05, at_once=True, device="phone"),
    "stuffing 10 %, one evening, one device": stuffing(0.10, at_once=True, device="phone"),
    "stuffing 5 %, one evening, fresh browsers": stuffing(0.05, at_once=True, device=""),
    "stuffing 10 %, one evening, fresh browsers": stuffing(0.10, at_once=True, device=""),
    "stuffing 20 %, one evening, fresh browsers": stuffing(0.20, at_once=True, device=""),
    "stuffing 5 %, spread, fresh browsers": stuffing(0.05, at_once=False, device=""),
    "stuffing 10 %, spread, fresh browsers": stuffing(0.10, at_once=False, device=""),
    "stuffing 20 %, spread, fresh browsers": stuffing(0.20, at_once=False, device=""),
    "whole office stuffs 5 %": office(0.05),
    "whole office stuffs 10 %": office(0.10),
}


class Tally:
    """How often each sign named the cheat (in honest months, and where all cheat: anybody), and innocents a month."""

    def __init__(self, name: str) -> None:
        self.cheat, self.is_alone = SCENARIOS[name], SCENARIOS[name] is not None and not name.startswith("whole")
        self.hits: Counter[str] = Counter()
        self.months = self.innocents = 0

    def see(self, honest: list[Visit], seed: int) -> None:
        """One more month."""
        visits = self.cheat(Random(f"cheat|{seed}"), honest) if self.cheat else honest
        named = look(visits, seed)
        caught = [sign for sign, who in named.items() if (CHEAT in who if self.is_alone else who)]
        self.hits.update([*caught, *(["any"] if caught else [])])
        self.innocents += len(set().union(*named.values()) - ({CHEAT} if self.is_alone else set()))
        self.months += 1

    def rate(self, sign: str) -> float:
        return self.hits[sign] / self.months


def tallies(names: Iterable[str], seeds: range, *, honest: int = 1) -> dict[str, Tally]:
    """Scenarios over the same cities; the honest one over `honest` times as many."""
    found = {name: Tally(name) for name in names}
    for seed in range(seeds.start, seeds.start + honest * len(seeds)):
        visits = city(seed)
        for name, tally in found.items():
            if seed in seeds or name == HONEST:
                tally.see(visits, seed)
    return found


def lines(count: int) -> Iterator[str]:
    """The table, in Markdown."""
    yield "| month | coverage | quick | straight | burst | one device | call-back | any | innocents named |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, found in tallies(SCENARIOS, range(count), honest=3).items():
        shares = " | ".join(_share(found.rate(sign), found.months) for sign in (*SIGNS, "any"))
        alone = "all cheat" if name.startswith("whole") else f"{found.innocents / found.months:.2f}"
        yield f"| {name} | {shares} | {alone} |"


def _share(p: float, n: int) -> str:
    """Per cent and its Monte-Carlo standard error; of none or all the bound that excludes more (rule of three)."""
    if p in (0.0, 1.0):
        return f"{100 * p:.0f} ({'<' if p == 0 else '>'} {100 * (3 / n if p == 0 else 1 - 3 / n):.1f})"
    return f"{100 * p:.0f} ± {100 * math.sqrt(p * (1 - p) / n):.1f}"


def run(seconds: float = 3.0, rounds: int = 3) -> None:
    """Print the table; `rounds` x 24 months each, three times as many honest ones."""
    began = time.monotonic()
    for line in lines(24 * rounds):
        print(line, flush=True)
    print(f"\n{time.monotonic() - began:.0f} s")
