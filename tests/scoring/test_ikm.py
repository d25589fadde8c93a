"""IKM: refusals, the published cases, rounding before grading, intervals."""

from __future__ import annotations

import csv
import statistics
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.scoring import ELEMENTS, REGIMES, band_of, ikm, index, regime_named, round_half_up, sample_size
from teladan.scoring.ikm import LEGACY_WEIGHTS, Ikm

CASES = Path(__file__).parent / "data" / "skm_contoh_terbit.csv"
PUBLISHED = list(csv.DictReader(CASES.read_text(encoding="utf-8").splitlines()))
LAW, OLD = "permenpanrb-14-2017", "kepmenpan-25-2004"
Row = dict[str, object]


def row(*answers: int | None, count: int = 1) -> Row:
    return {**dict(zip(ELEMENTS, answers, strict=True)), "count": count}


def flat(value: int, count: int = 1) -> Row:
    return row(*[value] * 9, count=count)


@pytest.mark.parametrize("bad", [0, 5, -1, 3.5, "4", True])
def test_ikm_refuses_answers_outside_the_scale_and_names_the_element(bad: object) -> None:
    with pytest.raises(ValueError, match="element waktu"):
        ikm([{**flat(4), "waktu": bad}])


def test_ikm_refuses_a_row_without_an_element() -> None:
    answers = flat(4)
    del answers["sarana"]
    with pytest.raises(ValueError, match="element sarana is missing"):
        ikm([answers])


def test_ikm_refuses_a_negative_count_and_an_unknown_regime() -> None:
    with pytest.raises(ValueError, match="count"):
        ikm([flat(4, count=-1)])
    with pytest.raises(ValueError, match="kepmenpan-25-2004"):
        ikm([flat(4)], regime="p14")


@pytest.mark.parametrize("value", [Decimal("24.99"), Decimal("100.01"), 0])
def test_band_refuses_an_index_off_the_scale(value: Decimal) -> None:
    with pytest.raises(ValueError, match=r"below 25|above 100"):
        band_of(value)


def test_band_refuses_a_float_because_it_cannot_be_rounded_exactly() -> None:
    with pytest.raises(TypeError, match="exactly"):
        band_of(88.305)  # type: ignore[arg-type]  # the refusal is the subject


def test_sample_size_refuses_a_negative_population() -> None:
    with pytest.raises(ValueError, match="population -1"):
        sample_size(-1)


def test_perfect_survey_is_exactly_one_hundred() -> None:
    result = ikm([flat(4, count=137)])
    assert (result.exact, result.value, result.grade, result.n) == (100, Decimal("100.00"), "A", 137)
    assert (result.se, result.low, result.high) == (0.0, 100.0, 100.0)


def test_worst_survey_is_exactly_twenty_five() -> None:
    result = ikm([flat(1, count=3)])
    assert (result.exact, result.grade) == (25, "D")


def test_no_answers_give_no_index_and_name_what_is_missing() -> None:
    result = ikm([])
    assert (result.n, result.exact, result.grade, result.missing) == (0, None, None, ELEMENTS)
    partial = ikm([row(4, 4, 4, None, 4, 4, 4, 4, 4, count=60)])
    assert (partial.n, partial.value, partial.missing) == (60, None, ("biaya",))
    assert partial.elements[0].value == Decimal("100.00")


def test_one_respondent_has_an_index_and_no_interval() -> None:
    result = ikm([row(4, 3, 4, 3, 4, 3, 4, 3, 4)])
    assert result.exact == Fraction(25 * 32, 9)
    assert (result.se, result.low, result.high) == (None, None, None)


def test_element_is_averaged_over_those_who_answered_it() -> None:
    result = ikm([flat(4), row(None, None, None, None, None, 2, 2, None, None)])
    by_name = {e.element: (e.n, e.mean) for e in result.elements}
    assert by_name["kompetensi"] == (2, 3)
    assert by_name["sarana"] == (1, 4)
    assert result.exact == Fraction(25 * (7 * 4 + 2 * 3), 9)
    assert result.n == 2


def test_row_without_any_element_is_no_respondent() -> None:
    assert ikm([flat(3), row(*[None] * 9, count=9)]).n == 1


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda c: c["id"])
def test_published_case_has_its_grade_under_both_regimes(case: dict[str, str]) -> None:
    published = Decimal(case["published_ikm"])
    assert band_of(published, LAW).grade == case["grade2017_from_published"]
    assert band_of(published, OLD).grade == case["grade2004_from_published"]


@pytest.mark.parametrize("case", [c for c in PUBLISHED if c["ikm_exact"]], ids=lambda c: c["id"])
def test_published_case_recomputes_with_exact_and_with_legacy_ninths(case: dict[str, str]) -> None:
    if case["published_sum_nrr"]:
        nrr_sum = Fraction(case["published_sum_nrr"])
    elif case["published_ni"]:
        nrr_sum = 9 * Fraction(case["published_ni"])
    elif case["e_waktu"]:
        nrr_sum = sum((Fraction(case[f"e_{e}"]) for e in ELEMENTS), Fraction(0))
    else:
        nrr_sum = 9 * Fraction(case["published_ikm"]) / 25
    assert float(index(nrr_sum)) == pytest.approx(float(case["ikm_exact"]), abs=5e-5)
    for weight in ("0.11", "0.111"):
        if printed := case[f"ikm_w{weight}"]:
            # rows that print NI multiply it by 9 x weight: the same product
            assert float(index(nrr_sum, weight=LEGACY_WEIGHTS[weight])) == pytest.approx(float(printed), abs=6e-5)


def test_published_single_respondent_goes_through_the_whole_index() -> None:
    case = next(c for c in PUBLISHED if c["id"] == "SKM-02")
    result = ikm([{e: int(case[f"e_{e}"]) for e in ELEMENTS}])
    assert (str(result.value), result.grade) == ("100.00", case["published_grade"])


@pytest.mark.parametrize(
    ("value", "law", "old"),
    [
        ("88.31", "A", "A"),
        ("88.305", "A", "A"),
        ("88.3049", "B", "A"),
        ("81.255", "B", "A"),
        ("81.25", "B", "B"),
        ("76.605", "B", "B"),
        ("76.6049", "C", "B"),
        ("64.995", "C", "B"),
        ("64.9949", "D", "B"),
        ("62.505", "D", "B"),
        ("62.50", "D", "C"),
        ("43.75", "D", "D"),
        ("43.755", "D", "C"),
        ("25", "D", "D"),
        ("100", "A", "A"),
    ],
)
def test_band_is_chosen_after_rounding_half_up(value: str, law: str, old: str) -> None:
    assert band_of(Fraction(value), LAW).grade == law
    assert band_of(Decimal(value), OLD).grade == old


def test_legacy_ninths_lose_points_of_a_perfect_survey() -> None:
    assert [str(round_half_up(index(36, weight=w))) for w in LEGACY_WEIGHTS.values()] == ["99.00", "99.90"]


@pytest.mark.parametrize(("population", "needed"), [(0, 0), (1, 1), (10, 10), (100, 80), (500, 217), (1000, 278)])
def test_sample_size_matches_the_printed_table(population: int, needed: int) -> None:
    assert sample_size(population) == needed


def test_every_regime_covers_the_scale_without_a_gap() -> None:
    for code in REGIMES:
        grades = [band_of(Decimal(h).scaleb(-2), code).grade for h in range(2500, 10001)]
        assert grades == sorted(grades, reverse=True)
        assert set(grades) == set("ABCD")
    assert regime_named(LAW).bands[-1].label == "Tidak baik"


answers = st.lists(
    st.tuples(*[st.one_of(st.none(), st.integers(1, 4))] * 9).map(lambda a: row(*a)), min_size=2, max_size=30
)


def same(a: Ikm, b: Ikm) -> bool:
    se_agrees = a.se == b.se if a.se is None or b.se is None else abs(a.se - b.se) < 1e-9
    return (a.n, a.exact, a.grade, a.elements) == (b.n, b.exact, b.grade, b.elements) and se_agrees


@given(answers, st.randoms(use_true_random=False))
def test_order_and_grouping_of_rows_change_nothing(rows: list[Row], random: object) -> None:
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]  # hypothesis' Random
    assert same(ikm(rows), ikm(shuffled))
    assert same(ikm(rows + rows), ikm([{**r, "count": 2} for r in rows]))


@given(answers)
def test_standard_error_is_that_of_each_respondents_contribution(rows: list[Row]) -> None:
    result = ikm(rows)
    answered = [r for r in rows if any(r[e] for e in ELEMENTS)]
    if result.exact is None or len(answered) < 2:
        assert result.se is None
        return
    n = len(answered)
    z = [
        25
        / 9
        * sum((x - float(e.mean)) * n / e.n for e in result.elements if e.mean and isinstance(x := r[e.element], int))
        for r in answered
    ]
    assert result.se == pytest.approx(statistics.stdev(z) / n**0.5, abs=1e-9)
    assert 25 <= result.low <= float(result.exact) + 1e-9  # type: ignore[operator]
    assert result.high <= 100  # type: ignore[operator]


def test_standard_error_of_complete_answers_is_that_of_the_plain_mean() -> None:
    rows = [row(4, 3, 4, 3, 4, 3, 4, 3, 4), flat(2), flat(3), row(1, 2, 3, 4, 1, 2, 3, 4, 1)]
    scores = [25 / 9 * sum(int(str(r[e])) for e in ELEMENTS) for r in rows]
    assert ikm(rows).se == pytest.approx(statistics.stdev(scores) / 2)


def test_worked_example_of_the_rule_page() -> None:
    third = {**dict.fromkeys(ELEMENTS), "kompetensi": 2, "perilaku": 3}
    result = ikm([flat(4), flat(3), third])
    assert result.exact == Fraction(4625, 54)
    assert (str(result.value), result.grade, band_of(Fraction(4625, 54), OLD).grade) == ("85.65", "B", "A")
    legacy = [str(round_half_up(index(Fraction(185, 6), weight=w))) for w in LEGACY_WEIGHTS.values()]
    assert legacy == ["84.79", "85.56"]
    assert result.se == pytest.approx(10.193, abs=5e-4)
    assert (result.low, result.high) == (pytest.approx(65.67, abs=5e-3), 100.0)
