"""Rules of the survey's report: periods, what longer periods may show, strengths and weaknesses, columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.evaluation.rules import skm
from teladan.evaluation.rules.closing import disclosed
from teladan.evaluation.rules.skm import Cell, Period, Valued, parse_period, period_of
from teladan.evaluation.rules.skm_columns import columns_of, element_named
from teladan.scoring import ELEMENTS

K = 10


# --- periods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "2026-13", "2026-T5", "2026-S3", "26", "1989", "2026-1", "Triwulan V 2026", "T3"])
def test_period_refuses_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="2026-T3"):
        parse_period(text)


@pytest.mark.parametrize(("first", "span"), [(date(2026, 2, 1), 3), (date(2026, 1, 2), 1), (date(2026, 4, 1), 6), (date(2026, 1, 1), 2)])  # fmt: skip
def test_period_refuses_what_no_calendar_has(first: date, span: int) -> None:
    with pytest.raises(ValueError, match="kalender"):
        Period(first, span)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2015", "2015"),
        ("2023-s1", "2023-S1"),
        ("Semester II 2023", "2023-S2"),
        ("2023 Semester 1", "2023-S1"),
        ("Triwulan IV 2026", "2026-T4"),
        ("2026 TW III", "2026-T3"),
        ("2026-07", "2026-07"),
    ],
)
def test_period_is_read_as_people_write_it(text: str, key: str) -> None:
    assert parse_period(text).key == key


@given(st.integers(1990, 2099), st.integers(1, 12), st.sampled_from(skm.SPANS))
def test_period_key_names_the_period_and_its_parts_cover_it(year: int, month: int, span: int) -> None:
    period = period_of(date(year, month, 1), span)
    assert parse_period(period.key) == period
    assert len(period.months) == span
    if period.parts():
        assert [m for part in period.parts() for m in part.months] == list(period.months)
    if year > 1990:
        assert period.previous.span == span
        assert period.previous.months[-1] < period.first


# --- disclosure ------------------------------------------------------------------------------------------------------

Table = Mapping[tuple[str, date], int]
Shown = Iterator[frozenset[tuple[str, date]]]


def published(table: Table, year: int, *, careless: bool = False) -> Shown:
    """Every set of cells whose count and mean somebody can read: months and longer periods, the unit and its services."""
    services = sorted({service for service, _ in table})
    months = sorted({month for _, month in table})
    open_in = {}
    for month in months:
        counts = {service: table[service, month] for service in services}
        open_in[month] = disclosed(counts, K) if sum(counts.values()) >= K else frozenset()
    totals = {month: sum(table[service, month] for service in services) for month in months}
    whole = {month: Cell(n, n >= K) for month, n in totals.items()}
    parts = {s: {month: Cell(table[s, month], s in open_in[month]) for month in months} for s in services}
    for span in skm.SPANS:
        for start in range(1, 13, span):
            period = Period(date(year, start, 1), span)
            used = skm.months_used(period, whole, K)
            if careless and span > 1 and sum(totals.get(month, 0) for month in period.months) >= K:
                used = frozenset(month for month in period.months if totals.get(month))
            yield frozenset(product(services, used))
            for service in services:
                yield frozenset((service, month) for month in skm.months_of_part(period, parts[service]))


def smallest_derivable(table: Table, sets: Shown) -> int | None:
    """The fewest answers of any set of cells that sums and differences of the published sets can single out.

    Brute force: of all subsets of the cells that hold answers, those whose indicator lies in the span of the indicators.
    """
    cells = [cell for cell, n in table.items() if n]
    rows = np.array([[cell in one for cell in cells] for one in {*sets} if one], dtype=float)
    if not rows.size or not rows.any():
        return None
    _, values, basis = np.linalg.svd(rows, full_matrices=False)
    basis = basis[values > 1e-9]
    subsets = (np.arange(1, 2 ** len(cells))[:, None] >> np.arange(len(cells))) & 1
    residue = subsets - subsets @ basis.T @ basis
    inside = subsets[(residue**2).sum(axis=1) < 1e-9]
    sizes = inside @ np.array([table[cell] for cell in cells])
    return int(sizes.min()) if sizes.size else None


def tables(services: int, months: int, count: int) -> Iterator[Table]:
    """Small and large months mixed, so that every case of withholding occurs."""
    random = Random(f"{services}|{months}")
    for _ in range(count):
        yield {
            (f"S{service}", date(2026, month, 1)): random.choice([0, 1, 3, 5, 8, 9, 10, 12, 17, 60])
            for service in range(services)
            for month in range(1, months + 1)
        }


@pytest.mark.parametrize(("services", "months", "count"), [(1, 12, 60), (2, 6, 80), (4, 3, 80), (3, 4, 60)])
def test_no_subtraction_of_published_figures_ends_below_k(services: int, months: int, count: int) -> None:
    for table in tables(services, months, count):
        smallest = smallest_derivable(table, published(table, 2026))
        assert smallest is None or smallest >= K, table


def test_the_search_finds_what_a_careless_rule_gives_away() -> None:
    found = [smallest_derivable(table, published(table, 2026, careless=True)) for table in tables(1, 12, 40)]
    assert any(smallest is not None and smallest < K for smallest in found)


def test_withheld_months_wait_while_too_few_of_them_were_asked() -> None:
    """Of twelve costs nine are 4 by the rule for free services: the sum would tell what the other three answered."""
    quarter = parse_period("2026-T3")
    july, august, september = quarter.months
    cells = {july: Cell(120, True, 0), august: Cell(7, False, 3), september: Cell(5, False, 0)}
    assert skm.months_used(quarter, cells, K) == {july}
    cells[august] = Cell(7, False, 0)
    assert skm.months_used(quarter, cells, K) == {july, august, september}
    cells[august], cells[september] = Cell(7, False, 6), Cell(5, False, 4)
    assert skm.months_used(quarter, cells, K) == {july, august, september}


def test_quarter_minus_two_months_is_not_published() -> None:
    """120 and 90 are shown; 4 more in September would be told by the quarter's sum."""
    quarter = parse_period("2026-T3")
    july, august, september = quarter.months
    cells = {july: Cell(120, True), august: Cell(90, True), september: Cell(4, False)}
    assert skm.months_used(quarter, cells, K) == {july, august}


def test_withheld_months_come_in_together() -> None:
    quarter = parse_period("2026-T3")
    july, august, september = quarter.months
    cells = {july: Cell(120, True), august: Cell(6, False), september: Cell(4, False)}
    assert skm.months_used(quarter, cells, K) == {july, august, september}


def test_what_a_quarter_leaves_out_waits_for_the_semester() -> None:
    semester = parse_period("2026-S1")
    cells = {month: Cell(50, True) for month in semester.months}
    cells[date(2026, 2, 1)], cells[date(2026, 5, 1)] = Cell(7, False), Cell(5, False)
    first, second = semester.parts()
    assert date(2026, 2, 1) not in skm.months_used(first, cells, K)
    assert date(2026, 5, 1) not in skm.months_used(second, cells, K)
    assert skm.months_used(semester, cells, K) == set(semester.months)


@given(st.lists(st.integers(0, 40), min_size=12, max_size=12))
def test_a_period_uses_whole_months_and_never_fewer_than_k_answers(counts: list[int]) -> None:
    year = parse_period("2026")
    cells = {month: Cell(n, n >= K) for month, n in zip(year.months, counts, strict=True)}
    used = skm.months_used(year, cells, K)
    assert {month for month, cell in cells.items() if cell.shown} <= used
    assert not used or sum(cells[month].n for month in used) >= K
    assert sum(cell.n for month, cell in cells.items() if month not in used) < K


# --- strengths and weaknesses ----------------------------------------------------------------------------------------


def valued(**values: str) -> list[Valued]:
    grades = {True: "A", False: "B"}
    return [
        Valued(name, Decimal(value), "D" if Decimal(value) < 65 else "C" if Decimal(value) < Decimal("76.61") else grades[Decimal(value) >= Decimal("88.31")])
        for name, value in values.items()
    ]  # fmt: skip


def test_strengths_and_weaknesses_are_the_ends_around_the_index() -> None:
    found = valued(waktu="90.00", biaya="88.00", produk="86.00", perilaku="85.00", sarana="80.00", prosedur="79.00")
    assert skm.strengths(found, Decimal("84.67")) == ("waktu", "biaya", "produk")
    assert skm.weaknesses(found, Decimal("84.67")) == ("prosedur", "sarana")  # perilaku is above the index


def test_weakness_by_its_grade_alone_however_many() -> None:
    found = valued(a="60.00", b="70.00", c="71.00", d="72.00", e="90.00")
    assert skm.weaknesses(found, Decimal("72.60")) == ("a", "b", "c", "d")


def test_strength_must_be_good_and_not_only_the_best_of_the_poor() -> None:
    found = valued(a="60.00", b="70.00", c="76.60")
    assert skm.strengths(found, Decimal("68.87")) == ()


def test_equal_elements_are_neither_strong_nor_weak() -> None:
    found = valued(**dict.fromkeys(ELEMENTS, "80.00"))
    assert skm.strengths(found, Decimal("80.00")) == ()
    assert skm.weaknesses(found, Decimal("80.00")) == ()


def test_those_equal_to_the_third_are_named_too() -> None:
    found = valued(a="77.00", b="78.00", c="79.00", d="79.00", e="90.00", f="90.00")
    assert skm.weaknesses(found, Decimal("82.17")) == ("a", "b", "c", "d")


def test_without_an_index_only_grades_speak() -> None:
    found = valued(a="60.00", b="90.00")
    assert (skm.strengths(found, None), skm.weaknesses(found, None)) == ((), ("a",))
    assert (skm.strengths([], None), skm.weaknesses([], None)) == ((), ())


def test_every_weakness_wants_an_action() -> None:
    assert skm.without_action(("sarana", "waktu"), ["waktu", "biaya"]) == ("sarana",)


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "element"),
    [
        ("PERSYARATAN", "persyaratan"),
        ("Sistem, Mekanisme, dan Prosedur", "prosedur"),
        ("WAKTU PENYELESAIAN", "waktu"),
        ("Biaya/tarif", "biaya"),
        ("Produk spesifikasi jenis layanan", "produk"),
        ("Kompetensi pelaksana", "kompetensi"),
        ("PERILAKU PELAKSANA", "perilaku"),
        ("Sarana dan prasarana", "sarana"),
        ("Penanganan pengaduan, saran, masukan", "pengaduan"),
        ("U1 Persyaratan", "persyaratan"),
        ("U3. Waktu", "waktu"),
        ("U9 - Sarana dan Prasarana", "sarana"),
        ("U8: Penanganan pengaduan", "pengaduan"),
        ("Unsur Perilaku Pelaksana", "perilaku"),
        ("U8", None),
        ("UNSUR", None),
        ("NAMA", None),
    ],
)
def test_columns_are_known_by_the_element_they_name(header: str, element: str | None) -> None:
    assert element_named(header) == element


def test_numbered_columns_are_refused_without_a_meaning() -> None:
    headers = [f"U{number}" for number in range(1, 10)]
    with pytest.raises(ValueError, match="8 sarana, 9 pengaduan"):
        columns_of(headers)
    by_law, asked = columns_of(headers, numbering="law"), columns_of(headers, numbering="asked")
    assert (by_law["pengaduan"], by_law["sarana"]) == ("U8", "U9")
    assert (asked["sarana"], asked["pengaduan"]) == ("U8", "U9")


def test_two_columns_of_one_element_are_refused() -> None:
    with pytest.raises(ValueError, match="sama-sama berarti waktu"):
        columns_of(["WAKTU", "WAKTU PENYELESAIAN"])


def test_a_declared_column_comes_before_a_named_one() -> None:
    assert columns_of(["WAKTU", "LAMA"], mapping={"waktu": "LAMA"})["waktu"] == "LAMA"
    with pytest.raises(ValueError, match="TIDAK-ADA tidak ada"):
        columns_of(["WAKTU"], mapping={"waktu": "TIDAK-ADA"})
