"""The pure rules of closing: what may be disclosed, when a window moves, bands, trends, digests, the group's results."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teladan import scoring
from teladan.evaluation.rules import closing, units
from teladan.evaluation.rules.officers import Draft, Group, Policy, Previous, group_results
from teladan.evaluation.rules.units import Answers
from teladan.scoring import ELEMENTS, Thresholds

counts = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(0, 60), max_size=8)


# --- windows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "asked", "shown"),
    [
        ({"a": 60, "b": 4, "c": 8}, {"a": 60, "b": 4, "c": 0}, set()),  # the rest's 12 would tell the 4 that were asked
        ({"a": 60, "b": 4, "c": 12}, {"a": 60, "b": 4, "c": 0}, {"c"}),
        ({"a": 60, "c": 12}, {"a": 60, "c": 0}, {"a", "c"}),
        ({"a": 60, "b": 12}, {"a": 60, "b": 3}, set()),
        ({"a": 60, "b": 22, "c": 14}, {"a": 60, "b": 15, "c": 9}, {"a"}),
        ({"b": 20, "c": 40}, {"b": 3, "c": 0}, {"c"}),  # the whole was asked too little and is withheld itself
    ],
)
def test_answers_that_a_rule_supplied_hide_nobody(
    counts: dict[str, int], asked: dict[str, int], shown: set[str]
) -> None:
    assert closing.disclosed(counts, 10, asked=asked) == shown


def test_months_up_to_crosses_the_year() -> None:
    assert closing.months_up_to(date(2026, 2, 1), 3) == (date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("entering", "leaving", "moves"),
    [(0, 0, True), (10, 10, True), (10, 0, True), (0, 10, True), (9, 10, False), (10, 9, False), (1, 0, False)],
)
def test_a_window_moves_only_with_k_ratings_or_none(entering: int, leaving: int, moves: bool) -> None:
    assert scoring.may_move(entering, leaving, k=10) is moves


def test_between_counts_what_enters_and_leaves() -> None:
    counts = {"2026-07": 4, "2026-08": 9, "2026-10": 12}
    old, new = ("2026-07", "2026-08", "2026-09"), ("2026-08", "2026-09", "2026-10")
    assert scoring.between(counts, old, new) == (12, 4)


# --- disclosure ------------------------------------------------------------------------------------------------------


def test_a_small_part_takes_the_smallest_large_one_with_it() -> None:
    assert closing.disclosed({"a": 60, "b": 37, "c": 3}, 10) == {"a"}


def test_hidden_parts_of_k_together_betray_nobody() -> None:
    assert closing.disclosed({"a": 60, "b": 37, "c": 6, "d": 5}, 10) == {"a", "b"}


def test_an_empty_part_hides_nothing() -> None:
    assert closing.disclosed({"a": 60, "b": 37, "c": 0}, 10) == {"a", "b"}


@given(counts, st.integers(1, 20))
def test_no_difference_of_shown_parts_is_smaller_than_k(parts: dict[str, int], k: int) -> None:
    """Brute force: the whole minus any set of shown parts is never a small, non-empty rest of the hidden ones."""
    shown = closing.disclosed(parts, k)
    assert all(parts[name] >= k for name in shown)
    whole = sum(parts.values())
    for size in range(len(shown) + 1):
        for some in itertools.combinations(sorted(shown), size):
            rest = whole - sum(parts[name] for name in some)
            assert rest == 0 or rest >= k or (not shown and whole < k)


def test_others_read_a_count_in_full_tens_and_a_mean_to_one_decimal() -> None:
    assert [closing.at_least(n) for n in (None, 30, 39, 40, 129)] == [None, 30, 30, 40, 120]
    assert [closing.about(mean) for mean in (None, 3.44, 3.46)] == [None, 3.4, 3.5]


def test_response_is_a_number_from_fifty_tickets_on() -> None:
    assert closing.response(50, 20, minimum=50) == {"rate": 0.4, "band": None}
    assert closing.response(50, 21, minimum=50) == closing.response(50, 22, minimum=50) == {"rate": 0.4, "band": None}
    assert closing.response(49, 20, minimum=50) == {"rate": None, "band": "middle"}
    assert closing.response(49, 4, minimum=50) == {"rate": None, "band": "low"}
    assert closing.response(0, 0, minimum=50) is None


def test_band_needs_its_minimum_and_never_ends_at_a_person() -> None:
    scores = [3.0 + i / 10 for i in range(8)]
    assert closing.band(scores[:7], minimum=8) is None
    found = closing.band(scores, minimum=8)
    assert found is not None
    assert (found.count, found.mean) == (8, pytest.approx(3.35))
    assert not {found.low, found.high, found.core_low, found.core_high} & set(scores)
    assert 1 <= found.low < found.core_low < found.mean < found.core_high < found.high <= 4


# --- digests ---------------------------------------------------------------------------------------------------------


def test_digest_knows_values_and_not_their_order() -> None:
    assert closing.digest({"b": 1, "a": [1.5, date(2026, 1, 1)]}) == closing.digest(
        {"a": [1.5, date(2026, 1, 1)], "b": 1}
    )
    assert closing.digest([1, 2]) != closing.digest([2, 1])
    with pytest.raises(ValueError, match="JSON"):
        closing.digest(float("nan"))


# --- units -----------------------------------------------------------------------------------------------------------


def _answers(n: int, *, without: tuple[str, ...] = (), value: int = 3) -> Answers:
    row: dict[str, int | None] = {name: None if name in without else value for name in ELEMENTS}
    return Answers([{**row, "count": n}], n, n * value)


def _together(parts: dict[str, Answers]) -> Answers:
    rows = [row for part in parts.values() for row in part.rows]
    return Answers(rows, sum(p.overall_n for p in parts.values()), sum(p.overall_sum for p in parts.values()))


def _figures(parts: dict[str, Answers], k: int = 10) -> tuple[units.UnitFigures, dict[str, units.UnitFigures]]:
    return units.unit_figures(parts, whole=_together(parts), k=k, regime="permenpanrb-14-2017")


def test_unit_below_k_stores_no_figure() -> None:
    whole, parts = _figures({"a": _answers(5), "b": _answers(4)})
    assert whole == units.HIDDEN == parts["a"]
    assert (whole.n, whole.ikm, whole.elements, whole.overall) == (None, None, {}, None)


def test_service_whose_rest_would_betray_another_is_withheld() -> None:
    whole, parts = _figures({"a": _answers(60), "b": _answers(37), "c": _answers(3)})
    assert whole.n == 100
    assert [code for code, one in parts.items() if one.is_published] == ["a"]


def test_element_of_few_answers_is_withheld_and_the_index_with_it() -> None:
    few = _answers(6)
    many = _answers(50, without=("pengaduan",))
    whole, parts = _figures({"a": Answers([*few.rows, *many.rows], 56, 168)})
    assert whole.n == 56
    assert whole.ikm is None
    assert "pengaduan" not in whole.elements
    assert len(whole.elements) == 8
    assert parts["a"].ikm is None


def test_index_is_exact_ninths() -> None:
    rows = [{**dict.fromkeys(ELEMENTS, 4), "count": 9}, {**dict.fromkeys(ELEMENTS, 3), "count": 3}]
    whole, _ = units.unit_figures({}, whole=Answers(rows), k=10, regime="permenpanrb-14-2017")
    assert whole.ikm == "93.75"
    assert whole.grade == "A"
    assert whole.elements["waktu"] == {"n": 12, "sum": 45, "mean": 3.75}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_no_element_of_a_withheld_service_can_be_subtracted(sizes: list[tuple[int, int]]) -> None:
    """For every element: whole minus shown services is nothing or at least k answers."""
    parts = {
        f"s{i}": Answers([*_answers(full).rows, *_answers(short, without=("pengaduan", "sarana")).rows])
        for i, (full, short) in enumerate(sizes)
    }
    whole, shown = _figures(parts)
    for name in ELEMENTS:
        if name in whole.elements:
            rest = whole.elements[name]["n"] - sum(one.elements.get(name, {"n": 0})["n"] for one in shown.values())
            assert rest == 0 or rest >= 10


# --- officers --------------------------------------------------------------------------------------------------------

WINDOW = ("2026-08", "2026-09", "2026-10")
POLICY = Policy(
    k=10,
    band_officers=8,
    response_tickets=50,
    response_minimum=0.1,
    window_months=3,
    award_q=0.2,
    award_min_group=8,
    pool_ratings=30,
    pool_officers=3,
    thresholds=Thresholds(),
)


def _row(officer: str, month: str, n: int, mean: float, service: str = "s1", channel: str = "loket") -> dict[str, Any]:
    """A cell of n ratings with this mean and an ordinary spread."""
    return {
        "officer": officer,
        "service": service,
        "channel": channel,
        "month": month,
        "pattern": "both",
        "n": n,
        "sum": n * mean,
        "sumsq": n * (mean**2 + 0.5),
    }


def _group(per_month: dict[str, int], *, months: tuple[str, ...] = WINDOW, **kw: Any) -> Group:
    random = Random(7)
    quality = {name: 3.0 + 0.6 * i / max(1, len(per_month) - 1) for i, name in enumerate(per_month)}
    rows = [
        _row(name, month, n, quality[name] + random.uniform(-0.05, 0.05), service)
        for name, n in per_month.items()
        for month in months
        for service in ("s1", "s2")
        if n
    ]
    defaults: dict[str, Any] = {
        "code": "U1",
        "window": WINDOW,
        "rows": rows,
        "mix": {"service": {"s1": 100.0, "s2": 300.0}, "channel": {"loket": 400.0}},
        "days": dict.fromkeys(per_month, 12),
        "tickets": {name: (12 * n, 6 * n) for name, n in per_month.items()},
        "previous": {},
        "seed": 202610,
    }
    return Group(**{**defaults, **kw})


def test_few_ratings_or_few_days_hide_everything() -> None:
    group = _group({**{f"p{i}": 20 for i in range(9)}, "few": 1, "burst": 20})
    results = group_results(Group(**{**group.__dict__, "days": {**group.days, "burst": 2}}), POLICY)
    for name in ("few", "burst"):
        assert results[name] == Draft(WINDOW, "hidden", results[name].is_comparable)
    assert results["p0"].use != "hidden"


def test_thresholds_open_uses_one_after_another() -> None:
    results = group_results(_group({"a": 40, "b": 40, "c": 40, "small": 3}), POLICY)
    assert results["small"].use == "self_only"
    assert results["a"].use in ("evaluation", "award")
    assert results["a"].n == 240


def test_two_officers_are_not_compared() -> None:
    results = group_results(_group({"a": 40, "b": 40}), POLICY)
    assert {one.use for one in results.values()} == {"self_only"}
    assert not any(one.is_comparable for one in results.values())


def test_unit_with_hardly_any_response_is_not_compared() -> None:
    tickets = dict.fromkeys(("a", "b", "c"), (10000, 240))
    results = group_results(_group({"a": 40, "b": 40, "c": 40}, tickets=tickets), POLICY)
    assert {one.use for one in results.values()} == {"self_only"}


def test_band_and_ranks_need_eight_officers() -> None:
    seven = group_results(_group({f"p{i}": 20 for i in range(7)}), POLICY)
    assert all(one.group is None and one.ranks is None for one in seven.values())
    eight = group_results(_group({f"p{i}": 20 for i in range(8)}), POLICY)
    assert all(one.group and one.group["count"] == 8 for one in eight.values())
    assert all(one.ranks and one.ranks["J"] == 8 for one in eight.values())


def test_scores_can_be_redone_from_their_record() -> None:
    for one in group_results(_group({f"p{i}": 15 for i in range(9)}), POLICY).values():
        assert one.recompute is not None
        assert scoring.recompute_score(one.recompute) == pytest.approx(one.score, abs=1e-6)


def test_nothing_is_suggested_where_the_score_may_not_be_used() -> None:
    results = group_results(_group({"a": 40, "b": 40, "c": 40, "small": 3}), POLICY)
    assert results["small"].use == "self_only"
    assert results["small"].suggestion is None
    assert results["small"].adjusted is not None


def test_a_suggestion_needs_both_intervals_beyond_the_expectation() -> None:
    group = _group({f"p{i}": 60 for i in range(9)})
    for one in group_results(group, POLICY).values():
        assert one.suggestion == "meets"  # 3.0 to 3.6 is expected, and nobody is clearly beyond
    strict = group_results(group, replace(POLICY, expectation_low=3.2, expectation_high=3.4))
    for one in strict.values():
        assert one.low is not None
        assert one.high is not None
        assert one.adjusted_low is not None
        assert one.adjusted_high is not None
        assert (one.suggestion == "above") == (min(one.low, one.adjusted_low) > 3.4)
        assert (one.suggestion == "below") == (max(one.high, one.adjusted_high) < 3.2)
    assert {one.suggestion for one in strict.values()} == {"above", "meets", "below"}


def test_a_month_opened_before_the_rule_takes_the_defaults_of_the_pack() -> None:
    pack = {
        row["key"]: row["value"]
        for row in json.loads((Path(closing.__file__).parents[2] / "config" / "data" / "policy.json").read_text())
    }
    old = {key: value for key, value in pack.items() if key not in NEWER}
    assert Policy.of(old) == Policy.of(pack)
    assert Policy.of(pack | {"score.prior_scale": 0.5}).prior_scale == 0.5


NEWER = {"score.prior_scale", "score.expectation_low", "score.expectation_high"}


def _previous(months: tuple[str, ...], score: float = 3.33) -> Previous:
    return Previous(months, Draft(months, "evaluation", n=60, score=score, raw_mean=3.3, reliability=0.75))


def test_window_holds_while_few_ratings_enter_or_leave() -> None:
    """Nine ratings leave with July: the result of May to July... stays as it was shown."""
    before = ("2026-07", "2026-08", "2026-09")
    per_month = {f"p{i}": 20 for i in range(8)}
    group = _group(per_month, previous={"p0": _previous(before), "p1": _previous(before)})
    rows = [*group.rows, _row("p0", "2026-07", 9, 3.3), _row("p1", "2026-07", 10, 3.3)]
    results = group_results(Group(**{**group.__dict__, "rows": rows}), POLICY)
    assert (results["p0"].months, results["p0"].score) == (before, 3.33)
    assert results["p0"].ranks is None
    assert results["p1"].months == WINDOW
    assert results["p1"].score != 3.33


def test_window_waits_where_all_that_was_shown_would_single_out_a_few() -> None:
    """Each step is of ten or none, and yet: 12 was shown of May alone, 31 of May to July; August to October would tell of
    July, and July with May of the eight of June."""
    told = [("2026-03", "2026-04", "2026-05"), ("2026-05", "2026-06", "2026-07"), ("2026-07", "2026-08", "2026-09")]
    counts = {"2026-05": 12, "2026-06": 8, "2026-07": 11, "2026-08": 9, "2026-09": 8}
    group = _group({f"p{i}": 20 for i in range(8)}, previous={"p0": _previous(told[-1])}, shown={"p0": told})
    rows = [row for row in group.rows if row["officer"] != "p0"]
    rows += [_row("p0", month, n, 3.3) for month, n in counts.items()]
    results = group_results(Group(**{**group.__dict__, "rows": rows}), POLICY)
    assert (results["p0"].months, results["p0"].score) == (told[-1], 3.33)


def test_windows_shown_long_ago_still_count() -> None:
    """Nothing was shown last month; five of October would be what two windows differ by."""
    told = [("2026-06", "2026-07", "2026-08"), ("2026-08", "2026-09", "2026-10")]
    group = _group({f"p{i}": 20 for i in range(8)}, shown={"p0": told[:1]})
    rows = [row for row in group.rows if row["officer"] != "p0"]
    few = [*rows, _row("p0", "2026-08", 12, 3.3), _row("p0", "2026-10", 5, 3.3)]
    assert group_results(Group(**{**group.__dict__, "rows": few}), POLICY)["p0"] == Draft(WINDOW, "hidden")
    older = {"p0": {"2026-07": 11}}  # known from before the year of rows: nothing stands alone any more
    results = group_results(Group(**{**group.__dict__, "rows": few, "older": older}), POLICY)
    assert (results["p0"].months, results["p0"].n) == (WINDOW, 17)


def test_somebody_who_stopped_serving_is_forgotten_when_the_window_has_passed() -> None:
    old = ("2026-05", "2026-06", "2026-07")
    group = _group({"a": 20, "b": 20, "c": 20}, previous={"gone": _previous(old)})
    rows = [*group.rows, *(_row("gone", month, 20, 3.3) for month in old)]
    results = group_results(Group(**{**group.__dict__, "rows": rows}), POLICY)
    assert results["gone"] == Draft(WINDOW, "hidden")


def test_names_and_order_change_nothing() -> None:
    group = _group({f"p{i}": 15 for i in range(9)})
    shuffled = list(group.rows)
    Random(3).shuffle(shuffled)
    again = group_results(Group(**{**group.__dict__, "rows": shuffled}), POLICY)
    assert closing.digest({k: v.__dict__ for k, v in group_results(group, POLICY).items()}) == closing.digest(
        {k: v.__dict__ for k, v in again.items()}
    )


def test_stability_leaves_out_each_channel_and_service() -> None:
    group = _group({f"p{i}": 20 for i in range(9)})
    rows = [*group.rows, *(_row(f"p{i}", "2026-10", 5, 3.3, "s1", "keliling") for i in range(9))]
    results = group_results(Group(**{**group.__dict__, "rows": rows}), POLICY)
    assert {one.ranks["refits"] for one in results.values() if one.ranks} == {4}  # two channels, two services
    best = results["p8"].ranks
    assert best is not None
    assert best["selected"]
    assert best["stable_share"] == 0.75  # without the counter only equal scores are left, and nobody stands out


# --- what more ratings would do, and the year ---------------------------------------------------------------------------

SPRING = ("2026-05", "2026-06", "2026-07")


def test_plans_name_the_ratings_that_each_use_still_needs() -> None:
    """The number of ratings is a threshold too: 24 with a high reliability still lack six."""
    results = group_results(_group({f"p{i}": 4 for i in range(9)}), POLICY)
    for one in results.values():
        assert one.plans is not None
        evaluation, award = one.plans
        assert (evaluation["target"], award["target"]) == (0.7, 0.8)
        assert one.n == 24
        assert evaluation["more"] is not None
        assert evaluation["more"] >= 6
        assert award["more"] is None or award["more"] >= evaluation["more"]


def test_plans_hold_when_the_ratings_really_come() -> None:
    few = _group({**{f"p{i}": 40 for i in range(9)}, "z": 4})
    before = group_results(few, POLICY)["z"]
    assert before.plans is not None
    plan = before.plans[1]
    assert plan["more"]
    times = 1 + -(-plan["more"] // 24)
    rows = [
        {**row, **{k: row[k] * times for k in ("n", "sum", "sumsq")}} if row["officer"] == "z" else row
        for row in few.rows
    ]
    after = group_results(replace(few, rows=rows), POLICY)["z"]
    assert (before.reliability or 0) < 0.8 <= (after.reliability or 0) + 0.01


def test_no_plan_towards_a_reliability_that_nobody_reaches() -> None:
    policy = replace(POLICY, thresholds=Thresholds(award_r=1.0))
    for one in group_results(_group({f"p{i}": 20 for i in range(9)}), policy).values():
        assert one.plans is not None
        assert [plan["use"] for plan in one.plans] == ["evaluation"]


def test_hidden_results_have_neither_plan_nor_year() -> None:
    shown = {"few": [SPRING]}
    results = group_results(_group({"few": 1, "a": 20, "b": 20, "c": 20}, shown=shown, months=SPRING + WINDOW), POLICY)
    assert results["few"] == Draft(WINDOW, "hidden", results["few"].is_comparable)


def test_year_needs_two_shown_windows_that_share_no_month() -> None:
    people = {f"p{i}": 20 for i in range(9)}
    overlapping = {"p0": [("2026-06", "2026-07", "2026-08")]}
    for shown in ({}, overlapping):
        results = group_results(_group(people, shown=shown, months=SPRING + WINDOW), POLICY)
        assert all(one.year is None for one in results.values())


def test_year_is_fitted_to_the_answers_of_whole_shown_windows() -> None:
    """Nothing but windows that were shown enters: what lies between tells nobody anything new."""
    people = {f"p{i}": 20 for i in range(9)}
    shown = {"p0": [("2026-04", "2026-05", "2026-06"), SPRING], "p1": [SPRING]}
    results = group_results(_group(people, shown=shown, months=("2026-04", *SPRING, *WINDOW)), POLICY)
    year = results["p0"].year
    assert year is not None
    assert year["months"] == [*SPRING, *WINDOW]
    assert year["n"] == 2 * (results["p0"].n or 0)
    assert year["high"] - year["low"] < (results["p0"].high or 0) - (results["p0"].low or 0)
    assert results["p1"].year is not None
    assert results["p2"].year is None


def test_year_stays_with_the_covariates_and_the_mix_of_the_policy() -> None:
    people = {f"p{i}": 20 for i in range(9)}
    shown = {name: [SPRING] for name in people}
    group = _group(people, shown=shown, months=SPRING + WINDOW)
    mix = {month: {"service": {"s1": 1.0, "s2": 99.0}} for month in SPRING + WINDOW}
    plain = group_results(group, replace(POLICY, covariates=()))["p0"].year
    weighed = group_results(replace(group, month_mix=mix), POLICY)["p0"].year
    assert plain is not None
    assert weighed is not None
    assert plain["score"] != weighed["score"]


def test_cost_of_three_who_were_asked_is_withheld_and_the_index_with_it() -> None:
    """Fifty at a free service have 4 without being asked; the unit's sum would tell what three payers answered."""
    full = dict.fromkeys(scoring.ELEMENTS, 3)
    free, paid = {**full, "biaya": 4, "count": 50, "unasked": 1}, {**full, "biaya": 1, "count": 3, "unasked": 0}
    parts = {"FREE": Answers([free]), "PAID": Answers([paid])}
    whole, _ = units.unit_figures(parts, whole=Answers([free, paid]), k=10, regime="permenpanrb-14-2017")
    assert (whole.n, whole.ikm, "biaya" in whole.elements, len(whole.elements)) == (53, None, False, 8)
    paid["count"] = 10
    whole, shown = units.unit_figures(parts, whole=Answers([free, paid]), k=10, regime="permenpanrb-14-2017")
    assert whole.ikm is not None
    assert {code for code, one in shown.items() if "biaya" in one.elements} == {"FREE", "PAID"}
