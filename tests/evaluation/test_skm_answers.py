"""A report's answers line by line: who may not have them, when there are none, what they cannot tell, what they add up to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import assume, given
from hypothesis import strategies as st

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.queries import skm_answers as queries
from teladan.evaluation.queries.skm_report import report
from teladan.evaluation.rules import skm_answers as rules
from teladan.evaluation.rules.skm import Cell, Period, parse_period, sets_used
from teladan.evaluation.rules.skm_answers import Withheld
from teladan.feedback.models import SealedRating
from teladan.people.models import User
from teladan.scoring import ELEMENTS, Pattern
from tests import make
from tests.evaluation.skm_world import AUGUST, JULY, OCTOBER, SEPTEMBER, TODAY, at, close
from tests.evaluation.small_city import City, make_city

K = 10
HEADER = (
    "Persyaratan;Sistem, mekanisme, dan prosedur;Waktu penyelesaian;Biaya/tarif;Produk spesifikasi jenis pelayanan;"
    "Kompetensi pelaksana;Perilaku pelaksana;Penanganan pengaduan, saran, dan masukan;Sarana dan prasarana"
)

# --- the rules -------------------------------------------------------------------------------------------------------

CLEAN: dict[str, Any] = {
    "has_index": True,
    "left_out": ["2026-08"],
    "left_out_of": [["2026-08"]] * 9,
    "officers": [{"a": 40, "b": 6, "c": 4}],
    "k": K,
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"has_index": False}, Withheld.NO_INDEX),
        ({"left_out_of": [["2026-08"]] * 8 + [["2026-08", "2026-09"]]}, Withheld.UNEVEN),
        ({"left_out_of": [["2026-08"]] * 8 + [[]]}, Withheld.UNEVEN),
        ({"officers": [{"a": 100}]}, Withheld.FEW_OFFICERS),
        ({"officers": [{"a": 50, "b": 50}]}, Withheld.FEW_OFFICERS),
        ({"officers": [{"a": 40, "b": 5, "c": 4}]}, Withheld.FEW_OFFICERS),
        ({"officers": [{"a": 50, "b": 50, "c": 50}, {"a": 50}]}, Withheld.FEW_OFFICERS),
        ({"officers": [{"a": 50, "b": 50, "c": 50, None: 1}]}, Withheld.FORGOTTEN),
        ({}, None),
    ],
)
def test_lines_are_withheld_where_they_would_tell_more_than_the_report(change: dict[str, Any], reason: Any) -> None:
    assert rules.withheld(**{**CLEAN, **change}) is reason


score = st.sampled_from([None, 1, 2, 3, 4])
patterns = st.dictionaries(st.tuples(*[score] * 9), st.integers(1, 30), max_size=12)


@given(patterns, st.integers(2, 12))
def test_lines_keep_every_sum_and_leave_no_line_empty(given_: dict[Pattern, int], k: int) -> None:
    found = rules.lines(given_, k=k, seed="uji")
    answered = {one: n for one, n in given_.items() if any(one)}
    assert sum(found.values()) == sum(answered.values())
    assert scoring.UNANSWERED not in found
    if answered:
        assert scoring.tally(found) == scoring.tally(answered)
        before, after = scoring.ikm_of_patterns(answered), scoring.ikm_of_patterns(found)
        assert (before.n, before.value, before.elements) == (after.n, after.value, after.elements)


@given(st.lists(st.tuples(*[st.sampled_from([1, 2, 3, 4])] * 9), min_size=10, max_size=30, unique=True), st.randoms())
def test_lines_of_rare_combinations_know_only_the_counts(people: list[Pattern], random: Random) -> None:
    """Exchange the answers of an element among people as you like: the lines are the same, so nobody can be read in them."""
    columns = [list(column) for column in zip(*people, strict=True)]
    for column in columns:
        random.shuffle(column)
    others = Counter(zip(*columns, strict=True))
    assume(max(others.values()) < K)
    common = {(4, None, 4, None, 4, None, 4, None, 4): 50}
    found = [rules.lines({**Counter(rare), **common}, k=K, seed="uji") for rare in (people, others)]
    assert found[0] == found[1]


def test_a_common_combination_stays_and_a_handful_of_rare_ones_is_mixed_with_enough_others() -> None:
    best, good, bad = (4,) * 9, (3,) * 9, (1, 2, 3, 4, 1, 2, 3, 4, 1)
    found = rules.lines({best: 40, good: 12, bad: 1}, k=K, seed="uji")
    assert found[best] == 40
    assert bad not in found  # mixed with the twelve, each of whom has now at most some of these scores
    assert sum(found.values()) == 53


def test_sets_of_months_are_disjoint_and_the_same_in_every_longer_period() -> None:
    random = Random(7)
    for _ in range(60):
        cells = {}
        for month in range(1, 13):
            n = random.choice([0, 3, 6, 9, 12, 40])
            cells[date(2026, month, 1)] = Cell(n, n >= K)
        year = sets_used(parse_period("2026"), cells, K)
        for one in year:
            assert sum(cells[month].n for month in one) >= K
        assert sum(len(one) for one in year) == len(frozenset().union(*year))
        for span in (1, 3, 6):
            for first in range(1, 13, span):
                for one in sets_used(Period(date(2026, first, 1), span), cells, K):
                    assert one in year


# --- the file --------------------------------------------------------------------------------------------------------


@dataclass
class World:
    city: City
    head: User


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """July and September with 60 and 40 ratings of four officers, August with 6; October of one officer alone."""
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # as Django's own TestCase: durable blocks may be inside
    with django_db_blocker.unblock(), whole, clock.at(TODAY):
        city = make_city(officers=4, services=2)
        head = make.make_user(make.make_head(city.unit), "kepala", role="unit_head", unit=city.unit)
        city.serve(JULY, {0: 20, 1: 20, 2: 20})
        city.serve(JULY, {3: 30}, value=4)
        city.serve(JULY, {0: 3}, only_staff=True)
        city.serve(AUGUST, {0: 6})
        city.serve(SEPTEMBER, {0: 14, 1: 14, 3: 12})
        city.serve(OCTOBER, {2: 30})
        close(JULY, AUGUST, SEPTEMBER, OCTOBER)
        yield World(city, head)
        transaction.set_rollback(True)


@pytest.fixture
def world(made: World, db: None, settings: Any) -> Iterator[World]:
    settings.NAVIGATION = ""
    with clock.at(TODAY):
        yield made


def address(key: str = "2026-T3", name: str = "skm-csv") -> str:
    return reverse(name, args=["DISDUK", key])


def download(world: World, key: str = "2026-T3") -> bytes:
    response = at(world.head).get(address(key))
    assert response.status_code == 200
    assert response.streaming
    return b"".join(response)  # type: ignore[arg-type]  # the test client's responses can be walked


def rows(content: bytes) -> list[str]:
    return content.decode("utf-8-sig").splitlines()[1:]


def test_answers_need_login(world: World) -> None:
    assert "/akun/login/" in Client().get(address())["Location"]


def test_answers_hide_from_stranger(world: World) -> None:
    other = make.make_unit("LAIN", "Dinas Lain")
    stranger = make.make_user(make.make_staff(other), "orang-lain", role="unit_head", unit=other)
    assert at(stranger).get(address()).status_code == 404
    assert at(make.make_user(role="officer", unit=world.city.unit)).get(address()).status_code == 404


@pytest.mark.parametrize("key", ["2026-S2", "2026"])
def test_answers_refuse_a_period_that_is_not_closed(world: World, key: str) -> None:
    assert at(world.head).get(address(key)).headers["Location"] == address(key, "skm-report")


@pytest.mark.parametrize("key", ["2026-08", "2026-10"])
def test_answers_refuse_too_few_and_what_would_be_one_persons(world: World, key: str) -> None:
    client = at(world.head)
    assert client.get(address(key)).headers["Location"] == address(key, "skm-report")
    text = client.get(address(key, "skm-report")).content.decode()
    assert address(key) not in text
    assert ("petugas yang dinilai kurang dari tiga" in text) is (key == "2026-10")  # August has no figures at all


def test_answers_are_gone_when_their_officers_are_forgotten(world: World) -> None:
    SealedRating.objects.filter(month=JULY).update(officer=None)
    client = at(world.head)
    assert client.get(address()).headers["Location"] == address(name="skm-report")
    assert "sudah dilupakan" in client.get(address(name="skm-report")).content.decode()


def test_answers_refuse_to_be_posted(world: World) -> None:
    assert at(world.head).post(address()).status_code == 405


def test_a_line_holds_nine_scores_in_order_and_nothing_else(world: World) -> None:
    content = download(world)
    assert content.startswith(b"\xef\xbb\xbf")
    head, *found = content.decode("utf-8-sig").split("\r\n")[:-1]
    assert head == HEADER
    assert all(set(line.split(";")) <= {"", "1", "2", "3", "4"} and line.count(";") == 8 for line in found)
    assert found == sorted(found, key=lambda line: [int(one or 0) for one in line.split(";")])
    response = at(world.head).get(address())
    assert b"".join(response) == content  # type: ignore[arg-type]
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="SKM-DISDUK-2026-T3-jawaban.csv"'


@pytest.mark.parametrize("key", ["2026-07", "2026-T3"])
def test_answers_give_the_figures_of_the_page_to_the_last_digit(world: World, key: str, tmp_path: Path) -> None:
    file = tmp_path / "jawaban.csv"
    file.write_bytes(download(world, key))
    out = StringIO()
    call_command("skm", str(file), "--json", stdout=out)
    found = json.loads(out.getvalue())
    content = report(world.city.unit, parse_period(key)).payload
    assert (f"{found['ikm']:.2f}", found["grade"], found["n"]) == (content["ikm"], content["grade"], content["n"])
    assert len(rows(download(world, key))) == content["n"]
    for one in content["elements"]:
        same = found["elements"][one["element"]]
        assert (same["n"], same["nrr"], f"{same['value']:.2f}", same["grade"]) == (
            one["n"], round(one["nrr"], 6), one["value"], one["grade"],
        )  # fmt: skip


def test_no_line_but_a_common_one_is_a_citizens(world: World) -> None:
    """Thirty people said four to everything: they stay. What fewer than k said alike is there as often as chance deals it."""
    july = list(SealedRating.objects.filter(month=JULY).values_list(*ELEMENTS))
    given_ = Counter(
        tuple(4 if x is None and e == "biaya" else x for x, e in zip(r, ELEMENTS, strict=True)) for r in july
    )
    found = Counter(rows(download(world, "2026-07")))
    assert found["4;4;4;4;4;4;4;4;4"] >= given_[(4,) * 9] >= 30
    staff_only = [line for line in found if line.startswith(";;;4;;") and line.endswith(";;")]
    assert not staff_only  # three citizens answered only what concerns staff: nobody finds them


def test_files_of_two_periods_differ_by_whole_sets_of_months(world: World) -> None:
    """Quarter minus July is September as September gives itself; August, with six answers, is in neither."""
    july, september, quarter = (Counter(rows(download(world, key))) for key in ("2026-07", "2026-09", "2026-T3"))
    assert quarter == july + september
    assert sum(september.values()) == 40


def test_uneven_elements_have_no_file(world: World) -> None:
    made = report(world.city.unit, parse_period("2026-T3"))
    made.payload["elements"][8]["left_out"] = ["2026-07", "2026-08"]
    assert queries.withheld(world.city.unit, made) is Withheld.UNEVEN


@pytest.mark.parametrize(("key", "months"), [("2026-07", 1), ("2026-T3", 3)])
def test_answers_query_count(world: World, key: str, months: int, django_assert_num_queries: Any) -> None:
    client = at(world.head)
    with django_assert_num_queries(21 + 3 * months):
        response = client.get(address(key))
        b"".join(response)  # type: ignore[arg-type]
