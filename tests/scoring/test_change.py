"""Change: refusals, windows that share no month, what counts as real, and the year from its ratings."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from teladan.scoring import (
    Moved,
    Window,
    annual,
    between,
    cells_from_rows,
    change,
    fair_scores,
    fewest_apart,
    may_move,
    non_overlapping,
)

Row = dict[str, object]


def window(first: int, score: float | None = 3.4, se: float | None = 0.05, months: int = 3) -> Window:
    last = first + months - 1
    return Window(date(2026, first, 1), date(2026, last, 1), score, se)


# --- refusals ---


def test_change_refuses_no_window_and_no_confidence() -> None:
    with pytest.raises(ValueError, match="at least one"):
        change([])
    with pytest.raises(ValueError, match="confidence=1"):
        change([window(1)], confidence=1)


def test_window_refuses_to_end_before_it_begins_and_negative_errors() -> None:
    with pytest.raises(ValueError, match="2026-01"):
        Window(date(2026, 3, 1), date(2026, 1, 1), 3.0, 0.1)
    with pytest.raises(ValueError, match="negative"):
        window(1, se=-0.1)


def test_year_refuses_cells_without_month_and_months_without_ratings() -> None:
    rows: list[Row] = [{"officer": "a", "service": "s", "month": "2026-01", "y": 3}]
    bare = cells_from_rows(rows, fixed=[], groups=["officer", "service"])
    with pytest.raises(ValueError, match="month"):
        annual(bare, ["2026-01"])
    with pytest.raises(ValueError, match="2025-01"):
        annual(cells_from_rows(rows, fixed=["month"], groups=["officer", "service"]), ["2025-01"])


# --- which windows ---


def test_latest_is_compared_with_the_latest_that_shares_no_month() -> None:
    windows = [window(m) for m in range(1, 9)]
    assert [w.first.month for w in non_overlapping(windows)] == [2, 5, 8]
    found = change(windows[::-1])
    assert found.before is not None
    assert (found.before.last.month, found.after.first.month) == (7, 8)


def test_a_window_that_did_not_move_is_compared_with_what_came_before_it() -> None:
    held = [window(1, 3.0), window(2, 3.1), window(6, 3.5)]  # nothing new was shown from April to July
    found = change(held)
    assert found.before is not None
    assert found.before.first.month == 2
    assert found.verdict is Moved.ROSE


def test_overlapping_windows_alone_say_nothing() -> None:
    found = change([window(1), window(2), window(3)])
    assert (found.verdict, found.difference, found.is_real) == (Moved.NO_EARLIER, None, False)


@pytest.mark.parametrize(("entering", "leaving", "moves"), [(0, 0, True), (10, 0, True), (9, 0, False), (10, 1, False)])
def test_window_moves_with_k_or_none(entering: int, leaving: int, moves: bool) -> None:
    assert may_move(entering, leaving, k=10) is moves


def test_what_enters_and_leaves_is_counted_by_month() -> None:
    assert between({"07": 4, "08": 9, "10": 12}, ("07", "08"), ("08", "10")) == (12, 4)


@pytest.mark.parametrize(
    ("counts", "windows", "fewest"),
    [
        ({"01": 12, "02": 5}, [], None),
        ({"01": 12, "02": 5}, [["01", "02"]], None),
        ({"01": 12, "02": 5}, [["01", "02"], ["01"]], 5),
        ({"01": 12, "02": 0, "03": 5}, [["01", "02", "03"], ["01", "02"]], 5),
        ({"01": 12, "02": 8, "03": 11, "04": 9, "05": 8}, [["01"], ["01", "02", "03"], ["03", "04", "05"]], None),
        # one more step, of eleven, and three steps back the eight of February stand alone
        (
            {"01": 12, "02": 8, "03": 11, "04": 9, "05": 8},
            [["01"], ["01", "02", "03"], ["03", "04", "05"], ["04", "05"]],
            8,
        ),
        ({"01": 4, "02": 20, "03": 4}, [["01", "02", "03"], ["02"]], 8),  # both ends together
    ],
)
def test_what_windows_together_single_out(counts: dict[str, int], windows: list[list[str]], fewest: int | None) -> None:
    assert fewest_apart(counts, windows, below=10) == fewest


@given(st.data())
def test_nothing_small_that_windows_single_out_is_missed(data: st.DataObject) -> None:
    """Against every set of months, whether it lies in the span of the windows."""
    size = data.draw(st.integers(1, 7))
    n = data.draw(st.lists(st.sampled_from((0, 1, 3, 5, 9, 10, 14)), min_size=size, max_size=size))
    spans = data.draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(1, 4)), max_size=6))
    rows = np.zeros((len(spans) + 1, size))
    for row, (first, length) in zip(rows, spans, strict=False):
        row[first : first + length] = 1
    basis = np.linalg.svd(rows * (np.array(n) > 0), full_matrices=False)
    known = basis[2][basis[1] > 1e-9]
    sets = ((np.arange(1, 1 << size)[:, None] >> np.arange(size)) & 1) * (np.array(n) > 0)
    told = ((sets - sets @ known.T @ known) ** 2).sum(axis=1) < 1e-9
    sizes = [int(total) for total in (sets @ np.array(n))[told] if 0 < total < 10]
    windows = [[f"{month:02}" for month in range(first, min(size, first + length))] for first, length in spans]
    assert fewest_apart({f"{month:02}": one for month, one in enumerate(n)}, windows, below=10) == min(
        sizes, default=None
    )


@given(st.lists(st.integers(1, 10), min_size=1, max_size=12))
def test_kept_windows_never_share_a_month(firsts: list[int]) -> None:
    kept = non_overlapping([window(m) for m in firsts])
    assert kept[-1].first.month == max(firsts)
    assert all(a.last < b.first for a, b in pairwise(kept))


# --- what is real ---


def test_hand_example_of_a_change() -> None:
    found = change([window(1, 3.2, 0.08), window(4, 3.6, 0.06)])
    assert found.se == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((0.4 - 0.1959964, 0.4 + 0.1959964), abs=1e-6)
    assert (found.verdict, found.is_real) == (Moved.ROSE, True)


def test_change_is_real_only_beyond_its_interval() -> None:
    assert change([window(1, 3.40), window(4, 3.45)]).verdict is Moved.CHANCE
    assert change([window(1, 3.60), window(4, 3.20)]).verdict is Moved.FELL
    assert change([window(1, 3.40), window(4, 3.55)], confidence=0.99).verdict is Moved.CHANCE


@pytest.mark.parametrize("hidden", [window(1, None, None), window(1, 3.4, None)])
def test_a_missing_figure_is_no_change(hidden: Window) -> None:
    assert change([hidden, window(4)]).verdict is Moved.UNKNOWN
    assert change([window(1), Window(date(2026, 4, 1), date(2026, 6, 1), hidden.score, hidden.se)]).difference is None


def test_who_did_not_change_is_seldom_said_to_have_changed() -> None:
    """As derived in `change`: 2 Phi(-1.96 / sqrt(R)) in a balanced design with known components."""
    random = np.random.default_rng(2)
    n, tries = 40, 4_000
    for spread in (0.05, 0.4):  # reliabilities 0.67 and 0.94 at residual variance 1
        lam = n * spread / (n * spread + 1)
        a = random.normal(0, math.sqrt(spread), tries)
        scores = [3 + lam * (a + random.normal(0, n**-0.5, tries)) for _ in range(2)]
        se = math.sqrt(lam / n)
        real = [
            change([window(1, float(x), se), window(4, float(y), se)]).is_real for x, y in zip(*scores, strict=True)
        ]
        expected = 2 * norm.cdf(-1.959964 / math.sqrt(lam))
        assert np.mean(real) == pytest.approx(expected, abs=4 * math.sqrt(expected / tries))
        assert expected < 0.05


# --- the year ---


def test_year_is_fitted_to_its_ratings_and_not_averaged_from_windows() -> None:
    random = np.random.default_rng(1)
    skill = random.normal(0, 0.4, 8)
    rows: list[Row] = [
        {"officer": f"o{o}", "service": "s", "month": f"2026-{m:02}", "y": float(3 + skill[o] + random.normal(0, 0.9))}
        for m in range(1, 13)
        for o in range(8)
        for _ in range(3 if m < 10 else 20)
        if m != 5
    ]
    rows += [{**rows[0], "month": "2025-12", "y": 1.0}] * 9
    cells = cells_from_rows(rows, fixed=["month"], groups=["officer", "service"])
    months = [f"2026-{m:02}" for m in range(1, 13)]
    year = annual(cells, months)
    assert year.missing == ("2026-05",)
    assert "2025-12" not in year.months
    inside = [r for r in rows if r["month"] in months]
    whole = fair_scores(cells_from_rows(inside, fixed=["month"], groups=["officer", "service"]))
    assert [s.score for s in year.scores] == [s.score for s in whole]
    assert year.scores[0].n == 8 * 3 + 3 * 20
    quarters = [annual(cells, months[i : i + 3]).scores.by_officer["o0"] for i in range(0, 12, 3)]
    assert year.scores[0].reliability > max(q.reliability for q in quarters)
    assert year.scores[0].score != pytest.approx(np.mean([q.score for q in quarters]), abs=1e-3)
