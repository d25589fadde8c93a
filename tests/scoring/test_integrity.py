"""Integrity: refusals, equivalent / different / unclear, who is too few to be shown, and pressure on the number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from teladan.scoring import Bounds, Cells, Month, Pressure, Verdict, Why, audit, cells_from_rows, integrity, pressure

Row = dict[str, object]


def ratings(
    *, officers: int = 60, each: int = 60, effect: float = 0.0, spread: float = 0.1, seed: int = 1, trait: str = "sex"
) -> list[Row]:
    """Officers of two sexes; half of each one's cases refused. `effect` is added for sex L, or for refused cases."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for o in range(officers):
        a = random.normal(0, spread)
        for i in range(each):
            row: Row = {"officer": f"o{o:02}", "service": f"s{i % 3}", "sex": "LP"[o % 2], "outcome": "NY"[i % 2]}
            hit = row["sex"] == "L" if trait == "sex" else row["outcome"] == "N"
            rows.append({**row, "y": float(3.2 + a + 0.1 * (i % 3) + effect * hit + random.normal(0, 0.8))})
    return rows


def cells(rows: list[Row], *fixed: str) -> Cells:
    return cells_from_rows(rows, fixed=fixed, groups=["officer", "service"])


# --- refusals ---


def test_audit_refuses_unknown_traits_and_bounds() -> None:
    some = cells(ratings(officers=4, each=4), "sex")
    with pytest.raises(ValueError, match="religion"):
        audit(some, "religion")
    with pytest.raises(ValueError, match="petugas"):
        audit(some, "sex", officer="petugas")
    with pytest.raises(ValueError, match="bound_sd=0"):
        audit(some, "sex", bound_sd=0)
    with pytest.raises(ValueError, match="no ratings"):
        audit(cells_from_rows([], fixed=["sex"], groups=["officer"]), "sex")


def test_integrity_refuses_traits_without_cells_and_months_twice() -> None:
    with pytest.raises(ValueError, match="sex"):
        integrity([MONTH], traits=["sex"])
    with pytest.raises(ValueError, match="once"):
        pressure([MONTH, MONTH])
    with pytest.raises(ValueError, match="at least one"):
        integrity([])


@pytest.mark.parametrize("wrong", [{"n": -1}, {"top": 400}, {"spent": 600}, {"se": -0.1}])
def test_month_refuses_impossible_counts(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="2026-06"):
        replace(MONTH, **wrong)  # type: ignore[arg-type]  # numbers of either kind


# --- bias audit ---


def test_audit_finds_a_difference_between_officers() -> None:
    (found,) = audit(cells(ratings(effect=0.4), "sex"), "sex").differences
    assert found.verdict is Verdict.DIFFERENT
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high
    assert (found.level, found.against, found.officers, found.df) == ("L", ("P",), 30, 58)


def test_audit_shows_equivalence_only_with_enough_to_show_it() -> None:
    (many,) = audit(cells(ratings(each=200, officers=120, spread=0.05), "sex"), "sex").differences
    (few,) = audit(cells(ratings(officers=10, each=12), "sex"), "sex").differences
    assert many.verdict is Verdict.EQUIVALENT
    assert few.verdict is Verdict.UNCLEAR
    assert few.tost_high is not None
    assert few.bound is not None
    assert few.tost_high > few.bound


def test_audit_of_two_sexes_at_one_desk_is_the_t_test_of_officer_means() -> None:
    """Balanced and with officers that differ: between-officer mean square on officers - 2 degrees of freedom."""
    rows = ratings(officers=12, each=12, spread=0.5)
    one = cells_from_rows(rows, fixed=["sex"], groups=["officer"])
    (found,) = audit(one, "sex").differences
    means = one.groups["officer"].totals(one.sum) / 12
    a, b = means[::2], means[1::2]
    se = float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 6))
    assert found.estimate == pytest.approx(a.mean() - b.mean(), abs=1e-8)
    assert found.se == pytest.approx(se, abs=1e-7)
    assert found.high == pytest.approx(a.mean() - b.mean() + se * t.ppf(0.975, 10), abs=1e-6)
    assert found.tost_high == pytest.approx(a.mean() - b.mean() + se * t.ppf(0.95, 10), abs=1e-6)


def test_audit_by_outcome_looks_within_officers() -> None:
    (found,) = audit(cells(ratings(effect=-0.5, trait="outcome"), "outcome"), "outcome").differences
    assert (found.verdict, found.level) == (Verdict.DIFFERENT, "N")
    assert found.estimate == pytest.approx(-0.5, abs=0.08)
    assert found.df is not None
    assert found.df > 3_000  # not the number of officers


def test_case_mix_that_goes_with_the_sex_is_no_difference_of_the_sex() -> None:
    rows = [r for i, r in enumerate(ratings(each=120)) if (r["service"] == "s0") == (r["sex"] == "L") or i % 4 == 0]
    rows = [{**r, "y": float(str(r["y"])) + 1.0 * (r["service"] == "s0")} for r in rows]
    raw = np.mean([r["y"] for r in rows if r["sex"] == "L"]) - np.mean([r["y"] for r in rows if r["sex"] == "P"])
    (found,) = audit(cells(rows, "sex"), "sex").differences
    assert raw > 0.4
    assert found.verdict is not Verdict.DIFFERENT


def test_levels_of_few_officers_or_ratings_are_shown_to_nobody() -> None:
    rows = ratings(officers=12)
    rows = [
        {**r, "age": "60+" if r["officer"] in ("o00", "o01") else "<40" if str(r["officer"]) < "o06" else "40-59"}
        for r in rows
    ]
    found = audit(cells(rows, "age"), "age").differences
    hidden = next(d for d in found if d.level == "60+")
    assert (hidden.why, hidden.estimate, hidden.verdict) == (Why.FEW_OFFICERS, None, Verdict.UNCLEAR)
    assert all("60+" not in d.against for d in found)
    sparse = audit(cells(ratings(officers=6, each=6), "sex"), "sex").differences
    assert {d.why for d in sparse} == {Why.FEW_RATINGS}


def test_one_level_aliased_trait_and_equal_answers_have_no_figure() -> None:
    rows = ratings(officers=6, each=20)
    (one,) = audit(cells([{**r, "sex": "P"} for r in rows], "sex"), "sex").differences
    assert one.why is Why.ONE_LEVEL
    twin = cells([{**r, "channel": f"c{r['sex']}"} for r in rows], "sex", "channel")
    assert {d.why for d in audit(twin, "sex").differences} == {Why.ALIASED}
    (flat,) = audit(cells([{**r, "y": 4.0} for r in rows], "sex"), "sex").differences
    assert flat.why is Why.NO_SPREAD


def test_audit_seldom_finds_what_is_not_there() -> None:
    found = [audit(cells(ratings(officers=12, each=30, seed=s), "sex"), "sex").differences[0] for s in range(60)]
    wrong = sum(d.verdict is Verdict.DIFFERENT for d in found)
    assert wrong <= 3 + 3 * np.sqrt(60 * 0.05 * 0.95)
    biased = [
        audit(cells(ratings(officers=12, each=30, seed=s, effect=0.081), "sex"), "sex").differences[0]
        for s in range(30)
    ]
    assert sum(d.verdict is Verdict.EQUIVALENT for d in biased) <= 1.5 + 3 * np.sqrt(30 * 0.05 * 0.95)


def test_traits_are_audited_apart() -> None:
    found = integrity([MONTH], cells=cells(ratings(effect=0.4), "sex", "outcome"), traits=["sex", "outcome"])
    assert [a.trait for a in found.audits] == ["sex", "outcome"]
    assert [a.differences[0].verdict for a in found.audits] == [Verdict.DIFFERENT, Verdict.EQUIVALENT]


# --- pressure ---

MONTH = Month("2026-06", 300, 82.0, 1.0, 180, 600, 590, 580, 300, {"channel": {"paper": 100, "qr": 200}})
YEAR = [replace(MONTH, month=f"2026-0{m}", mean=82.0 + 0.5 * (m % 3)) for m in range(1, 6)]


def codes(*months: Month, bounds: Bounds | None = None) -> list[Pressure]:
    return [f.code for f in pressure(months, bounds=bounds or Bounds())]


def test_an_ordinary_month_shows_nothing() -> None:
    found = integrity([*YEAR, MONTH])
    assert (found.month, found.findings, found.is_comparable) == ("2026-06", (), True)


def test_jump_is_judged_by_chance_and_by_the_units_own_unrest() -> None:
    jump = replace(MONTH, mean=88.0)
    (found,) = pressure([*YEAR, jump])
    assert (found.code, found.value) == (Pressure.JUMP, 88.0)
    assert found.z is not None
    assert found.z > 3.09
    assert found.usual == pytest.approx(82.5, abs=0.2)
    assert found.limit < 88
    restless = [replace(m, mean=82.0 + 5 * (-1) ** i) for i, m in enumerate(YEAR)]
    assert codes(*restless, jump) == []
    assert codes(*YEAR, replace(MONTH, mean=76.0)) == [Pressure.JUMP]
    assert codes(*YEAR[:2], jump) == []  # two months are no history
    assert codes(*YEAR, replace(jump, n=29, top=20)) == []


def test_hand_example_of_a_jump() -> None:
    months = [replace(MONTH, month=f"2026-0{i}", mean=m) for i, m in enumerate([82.5, 83.0, 82.0, 82.5, 83.0], start=1)]
    (found,) = pressure([*months, replace(MONTH, mean=88.0)])
    assert found.usual == pytest.approx(82.6)
    assert found.z == pytest.approx(5.4 / (1 + 1 / 5) ** 0.5)


def test_ceiling_is_certain_before_it_is_said() -> None:
    assert codes(replace(MONTH, top=297)) == [Pressure.CEILING]
    assert codes(replace(MONTH, top=287)) == []  # 95.7 %, but not certainly above 95 %
    assert codes(replace(MONTH, n=29, top=29)) == []


def test_a_kind_of_answer_that_dries_up_is_named() -> None:
    dried = replace(MONTH, mix={"channel": {"paper": 30, "qr": 270}, "outcome": {"refused": 2, "granted": 298}})
    earlier = [replace(m, mix={**m.mix, "outcome": {"refused": 45, "granted": 255}}) for m in YEAR]
    found = [(f.code, f.factor, f.level) for f in pressure([*earlier, dried])]
    assert found == [(Pressure.MIX_DROP, "channel", "paper"), (Pressure.MIX_DROP, "outcome", "refused")]
    gone = replace(MONTH, mix={"channel": {"qr": 300}})
    assert [f.value for f in pressure([*YEAR, gone])] == [0.0]
    assert codes(*YEAR, replace(MONTH, mix={})) == []  # a source that no longer says it


def test_coverage_and_response_are_compared_as_they_are() -> None:
    assert codes(replace(MONTH, tickets=569)) == [Pressure.COVERAGE]
    assert codes(replace(MONTH, tickets=570)) == []  # exactly 95 %
    low = integrity([replace(MONTH, spent=57)])
    assert ([f.code for f in low.findings], low.is_comparable) == ([Pressure.RESPONSE], False)
    assert codes(replace(MONTH, spent=58)) == []
    assert codes(replace(MONTH, events=0, tickets=0, closed=0, spent=0)) == []  # nothing to judge


@given(st.permutations(YEAR))
def test_order_of_months_changes_no_finding(shuffled: list[Month]) -> None:
    jump = replace(MONTH, mean=88.0)
    assert pressure([jump, *shuffled]) == pressure([*YEAR, jump])
