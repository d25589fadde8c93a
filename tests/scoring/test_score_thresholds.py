"""What a score may be used for, and how many ratings are needed: edges and published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.scoring import Thresholds, Use, allowed_use, icc_for, needed_n, reliability


@pytest.mark.parametrize("wrong", [{"min_n": 0}, {"min_n": 40}, {"eval_r": 0.9}, {"award_r": 1.2}, {"eval_r": -0.1}])
def test_thresholds_refuse_to_contradict_themselves(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="need"):
        Thresholds(**wrong)  # type: ignore[arg-type]  # numbers of either kind


@pytest.mark.parametrize(
    ("n", "days", "r", "use"),
    [
        (9, 30, 1.0, Use.HIDDEN),
        (500, 2, 1.0, Use.HIDDEN),
        (10, 3, 1.0, Use.SELF_ONLY),
        (29, 20, 1.0, Use.SELF_ONLY),
        (30, 20, 0.6999, Use.SELF_ONLY),
        (500, 60, None, Use.SELF_ONLY),
        (30, 3, 0.70, Use.EVALUATION),
        (30, 3, 0.7999, Use.EVALUATION),
        (30, 3, 0.80, Use.AWARD),
    ],
)
def test_use_opens_at_its_edge(n: int, days: int, r: float | None, use: Use) -> None:
    assert allowed_use(n, days, r) is use


def test_use_of_who_is_not_comparable_stays_with_himself() -> None:
    assert allowed_use(500, 60, 0.99, comparable=False) is Use.SELF_ONLY
    assert allowed_use(5, 60, 0.99, comparable=False) is Use.HIDDEN


def test_use_follows_the_policy_given() -> None:
    assert allowed_use(12, 1, 0.5, Thresholds(min_n=12, min_days=1, eval_n=12, eval_r=0.5)) is Use.EVALUATION


@given(
    st.integers(0, 100), st.integers(0, 10), st.floats(0, 1), st.integers(0, 5), st.integers(0, 3), st.floats(0, 0.5)
)
def test_more_evidence_never_narrows_the_use(n: int, d: int, r: float, more_n: int, more_d: int, more_r: float) -> None:
    order = list(Use)
    after = allowed_use(n + more_n, d + more_d, min(1.0, r + more_r))
    assert order.index(after) >= order.index(allowed_use(n, d, r))


@pytest.mark.parametrize(
    "call",
    [
        lambda: reliability(-1, 0.1),
        lambda: reliability(5, 1.1),
        lambda: needed_n(1.0, 0.1),
        lambda: needed_n(0.9, 0),
        lambda: icc_for(0, 0.9),
    ],
)
def test_planning_refuses_impossible_inputs(call: object) -> None:
    with pytest.raises(ValueError, match="="):
        call()  # type: ignore[operator]  # a lambda of the list above


def test_published_spearman_brown_values() -> None:
    assert needed_n(0.9, 0.061) == pytest.approx(138.5, abs=0.1)
    assert needed_n(0.9, 0.034) == pytest.approx(255.7, abs=0.1)
    assert icc_for(45, 0.70) == pytest.approx(0.0493, abs=5e-5)
    assert icc_for(66, 0.80) == pytest.approx(0.057, abs=5e-4)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_needed_n_reaches_its_target(target: float, icc: float) -> None:
    n = needed_n(target, icc)
    assert reliability(n, icc) == pytest.approx(target)
    assert icc_for(n, target) == pytest.approx(icc)
