"""Pure decisions of the satisfaction survey's report (SKM): periods, what a longer period may show, strengths, weaknesses.

Law: PermenPANRB 14/2017. The rules are written down with a worked example in docs/rules/skm.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from teladan.evaluation.rules.closing import is_enough, months_up_to

MONTH, QUARTER, SEMESTER, YEAR = 1, 3, 6, 12
SPANS = (MONTH, QUARTER, SEMESTER, YEAR)
_FINER = {YEAR: SEMESTER, SEMESTER: QUARTER, QUARTER: MONTH}
_SIGN = {QUARTER: "T", SEMESTER: "S"}
NOTABLE = 3
"""How many elements at either end are named, beside those whose grade alone makes them a weakness."""


# --- periods ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Period:
    """A month, quarter, semester or year of the calendar, by its first month and its number of months."""

    first: date
    span: int

    def __post_init__(self) -> None:
        if self.span not in SPANS or self.first.day != 1 or (self.first.month - 1) % self.span:
            raise ValueError(f"{self.first} + {self.span} bulan bukan bulan, triwulan, semester atau tahun kalender.")

    @property
    def months(self) -> tuple[date, ...]:
        """Its months, oldest first."""
        return months_up_to(date(self.first.year, self.first.month + self.span - 1, 1), self.span)

    @property
    def last(self) -> date:
        """First day of its last month."""
        return self.months[-1]

    @property
    def number(self) -> int:
        """Which quarter or semester of the year, from 1."""
        return (self.first.month - 1) // self.span + 1

    @property
    def key(self) -> str:
        """`2026-07`, `2026-T3`, `2026-S2`, `2026`: in addresses and files."""
        if self.span == YEAR:
            return f"{self.first.year}"
        return f"{self.first:%Y-%m}" if self.span == MONTH else f"{self.first.year}-{_SIGN[self.span]}{self.number}"

    @property
    def previous(self) -> Period:
        """The period of the same kind right before."""
        first = months_up_to(self.first, self.span + 1)[0]
        return Period(first, self.span)

    def parts(self) -> tuple[Period, ...]:
        """The next finer periods that make it up; none for a month."""
        finer = _FINER.get(self.span)
        return tuple(Period(month, finer) for month in self.months[::finer]) if finer else ()


def period_of(month: date, span: int) -> Period:
    """The period of that span in which a month lies."""
    return Period(date(month.year, (month.month - 1) // span * span + 1, 1), span)


_NUMBERS = {"1": 1, "2": 2, "3": 3, "4": 4, "I": 1, "II": 2, "III": 3, "IV": 4}
_QUARTER = r"(?:TRIWULAN|TW|T|Q|KUARTAL)"
_SEMESTER = r"(?:SEMESTER|SMT|S)"
_READ = (
    (re.compile(r"(\d{4})"), YEAR),
    (re.compile(rf"(\d{{4}})[\s-]*{_SEMESTER}\s*([12]|II?)"), SEMESTER),
    (re.compile(rf"{_SEMESTER}\s*([12]|II?)[\s-]+(\d{{4}})"), SEMESTER),
    (re.compile(rf"(\d{{4}})[\s-]*{_QUARTER}\s*([1-4]|I{{1,3}}|IV)"), QUARTER),
    (re.compile(rf"{_QUARTER}\s*([1-4]|I{{1,3}}|IV)[\s-]+(\d{{4}})"), QUARTER),
    (re.compile(r"(\d{4})-(\d{2})"), MONTH),
)


def parse_period(text: str) -> Period:
    """`2015`, `2023-S1`, `Semester I 2023`, `2026-T3`, `Triwulan III 2026`, `2026-07`; ValueError says how to write it."""
    wanted = " ".join(text.upper().split())
    for pattern, span in _READ:
        if found := pattern.fullmatch(wanted):
            parts = sorted(found.groups(), key=len, reverse=True)
            year, rest = int(parts[0]), parts[1] if len(parts) > 1 else "1"
            number = int(rest) if span == MONTH else _NUMBERS[rest]
            if year >= 1990 and 1 <= number <= 12 // span:
                return Period(date(year, (number - 1) * span + 1, 1), span)
    raise ValueError(f"Periode {text!r} tidak terbaca. Tulis 2026, 2026-S1, 2026-T3 atau 2026-07.")


# --- disclosure ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """The answers of one month to one question: how many, and whether the month's release shows them.

    `given`: those that somebody gave, where others were counted by the rule for free services; None: all of them.
    """

    n: int
    shown: bool
    given: int | None = None


def months_used(period: Period, cells: Mapping[date, Cell], k: int) -> frozenset[date]:
    """The months whose answers a period's figure may rest on.

    Months that are shown count as they are. The withheld ones of a quarter come in together once they hold at least k
    answers; what stays out waits for the semester, then for the year. So whatever is published, of any period, is a sum
    of the same disjoint sets of at least k answers, and no subtraction can end in a smaller one.
    """
    return frozenset().union(*sets_used(period, cells, k))


def sets_used(period: Period, cells: Mapping[date, Cell], k: int) -> tuple[frozenset[date], ...]:
    """Those disjoint sets: each shown month for itself, and each group of withheld months that came in together."""
    return tuple(_split(period, cells, k)[0])


def _split(period: Period, cells: Mapping[date, Cell], k: int) -> tuple[list[frozenset[date]], frozenset[date]]:
    """(sets used, withheld months that still wait)."""
    if period.span == MONTH:
        cell, one = cells.get(period.first, Cell(0, False)), frozenset({period.first})
        if not cell.n:
            return [], frozenset()
        return ([one], frozenset()) if cell.shown else ([], one)
    used: list[frozenset[date]] = []
    waiting: frozenset[date] = frozenset()
    for part in period.parts():
        shown, rest = _split(part, cells, k)
        used += shown
        waiting |= rest
    if _is_enough([cells[month] for month in waiting], k):
        return [*used, waiting], frozenset()
    return used, waiting


def _is_enough(cells: Sequence[Cell], k: int) -> bool:
    """Whether withheld months may come in together."""
    n = sum(cell.n for cell in cells)
    given = sum(cell.n if cell.given is None else cell.given for cell in cells)
    return n >= k and is_enough(n, given, k)


def months_of_part(period: Period, cells: Mapping[date, Cell]) -> frozenset[date]:
    """The months used for a part of a whole (a service, a group of respondents): those in which it was shown itself."""
    return frozenset(month for month in period.months if (cell := cells.get(month)) and cell.shown)


# --- strengths and weaknesses ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Valued:
    """An element's value on 25-100, rounded to two decimals, and its grade."""

    element: str
    value: Decimal
    grade: str


def strengths(found: Sequence[Valued], index: Decimal | None) -> tuple[str, ...]:
    """Elements above the unit's index with grade A or B, among the three highest (with those equal to the third)."""
    if index is None or not found:
        return ()
    limit = sorted((one.value for one in found), reverse=True)[:NOTABLE][-1]
    picked = [one for one in found if one.value > index and one.value >= limit and one.grade in "AB"]
    return _names(picked, descending=True)


def weaknesses(found: Sequence[Valued], index: Decimal | None) -> tuple[str, ...]:
    """Every element with grade C or D; and those below the unit's index among the three lowest (with those equal to it)."""
    if not found:
        return ()
    limit = sorted(one.value for one in found)[:NOTABLE][-1]
    picked = [
        one for one in found if one.grade in "CD" or (index is not None and one.value < index and one.value <= limit)
    ]
    return _names(picked, descending=False)


def _names(picked: Iterable[Valued], *, descending: bool) -> tuple[str, ...]:
    return tuple(one.element for one in sorted(picked, key=lambda one: one.value, reverse=descending))


def without_action(weak: Iterable[str], planned: Iterable[str]) -> tuple[str, ...]:
    """Weaknesses that no line of the follow-up plan answers: the law wants who does what about each, and by when."""
    answered = set(planned)
    return tuple(element for element in weak if element not in answered)
