"""Funnels: refusals, published limits, agreement with scipy, over-dispersion, alarms that keep their promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from teladan.scoring import Mean, Position, Share, funnel, mean_limits, share_limits
from teladan.scoring.funnel import ALARM, WARN, overdispersion, winsorised

# --- refusals ---


@pytest.mark.parametrize("wrong", [Share("Loket 3", 5, 0), Share("Loket 3", 9, 8), Share("Loket 3", -1, 8)])
def test_funnel_refuses_an_impossible_share_and_names_it(wrong: Share) -> None:
    with pytest.raises(ValueError, match="Loket 3"):
        funnel([Share("a", 1, 2), wrong])


@pytest.mark.parametrize("se", [0.0, -1.0, math.nan, math.inf])
def test_funnel_refuses_a_mean_without_standard_error_and_names_it(se: float) -> None:
    with pytest.raises(ValueError, match="Dukcapil"):
        funnel([Mean("Dukcapil", 80.0, se)])


def test_funnel_refuses_shares_beside_means_and_targets_that_are_none() -> None:
    with pytest.raises(ValueError, match="do not belong"):
        funnel([Share("a", 1, 2), Mean("b", 80, 1)])  # type: ignore[list-item]  # the refusal is the subject
    with pytest.raises(ValueError, match=r"target=1\.2"):
        funnel([Share("a", 1, 2)], target=1.2)


def test_limits_refuse_nothing_to_stand_on() -> None:
    with pytest.raises(ValueError, match="n=0"):
        share_limits(0, 0.5)
    with pytest.raises(ValueError, match="se=0"):
        mean_limits(0.0, 80)


# --- published ---


def test_published_limits_of_a_proportion() -> None:
    found = share_limits(100, 0.9)
    assert [found.alarm_low, found.low, found.high, found.alarm_high] == pytest.approx(
        [0.7916, 0.8323, 0.9496, 0.9758], abs=5e-5
    )


def test_limits_of_a_mean_are_normal() -> None:
    found = mean_limits(2.0, 80.0)
    assert (found.low, found.high) == pytest.approx((80 - 3.919928, 80 + 3.919928), abs=1e-6)
    assert (found.alarm_low, found.alarm_high) == pytest.approx((80 - 6.180465, 80 + 6.180465), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.floats(0.02, 0.98))
def test_limits_interpolate_the_exact_binomial(n: int, target: float) -> None:
    found = share_limits(n, target)
    for limit, p in (
        (found.alarm_low, ALARM),
        (found.low, WARN),
        (found.high, 1 - WARN),
        (found.alarm_high, 1 - ALARM),
    ):
        r = int(binom.ppf(p, n, target))
        a = (binom.cdf(r, n, target) - p) / binom.pmf(r, n, target)
        assert limit == pytest.approx(min(1.0, max(0.0, (r - a) / n)), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.floats(0.02, 0.98), st.floats(0, 1))
def test_position_follows_the_exact_tails(n: int, target: float, at: float) -> None:
    events = round(at * n)
    (point,) = funnel([Share("a", events, n)], target=target).points
    low, high = float(binom.cdf(events, n, target)), float(binom.sf(events - 1, n, target))
    if min(abs(low - ALARM), abs(high - ALARM), abs(low - WARN), abs(high - WARN)) < 1e-9:
        return
    expected = Position.WITHIN
    if low <= WARN:
        expected = Position.ALARM_LOW if low <= ALARM else Position.LOW
    if high <= WARN:
        expected = Position.ALARM_HIGH if high <= ALARM else Position.HIGH
    assert point.position is expected


# --- worked by hand: docs/rules/funnel-and-change.md ---


def test_hand_example_of_overdispersion() -> None:
    values = [72.0, 76.0, 78.0, 79.0, 80.0, 80.0, 81.0, 82.0, 84.0, 88.0]
    found = funnel([Mean(f"u{i}", v, 2.0) for i, v in enumerate(values)], target=80.0)
    # z: -4 -2 -1 -.5 0 0 .5 1 2 4; the ends become -2 and 2; sum of squares 4+4+1+.25+.25+1+4+4 = 18.5
    assert found.phi == pytest.approx(1.85)
    assert found.tau2 == pytest.approx((18.5 - 9) / (2.5 - 0.25))  # w = 1/4: sum 2.5, sum of squares / sum .25
    spread = math.sqrt(4 + 9.5 / 2.25)
    assert found.points[0].limits.alarm_low == pytest.approx(80 - 3.090232306167813 * spread)
    assert [p.position for p in found.points] == [Position.LOW, *[Position.WITHIN] * 8, Position.HIGH]
    strict = funnel([Mean(f"u{i}", v, 2.0) for i, v in enumerate(values)], target=80.0, overdispersed=False)
    assert (strict.points[0].position, strict.points[9].position) == (Position.ALARM_LOW, Position.ALARM_HIGH)
    assert strict.points[1].position is Position.LOW  # z = -2, beyond 95 %


def test_one_bad_unit_does_not_hide_itself_by_widening_the_funnel() -> None:
    figures = [Mean(f"u{i}", 80 + (i % 5 - 2) * 0.7, 2.0) for i in range(19)] + [Mean("bad", 60.0, 2.0)]
    found = funnel(figures)
    assert found.tau2 == 0
    assert found.points[-1].position is Position.ALARM_LOW


def test_chance_alone_leaves_no_additional_variance() -> None:
    assert overdispersion([], []) == (1.0, 0.0)
    assert overdispersion([3.0, -3.0], [1.0, 1.0])[1] == 0.0  # two points cannot show it
    assert overdispersion([-1.0, -0.5, 0.0, 0.5, 1.0], [1.0] * 5)[1] == 0.0


def test_winsorising_takes_a_tenth_of_each_side() -> None:
    assert winsorised([5.0, 1.0, 9.0]) == [5.0, 1.0, 9.0]  # fewer than ten: nobody
    assert winsorised(list(range(20))) == [2, 2, *range(2, 18), 17, 17]


def test_shares_lean_when_widened_and_stay_shares() -> None:
    plain, wide = share_limits(30, 0.95), share_limits(30, 0.95, tau2=0.001)
    assert wide.low < plain.low
    assert wide.alarm_high <= 1.0
    assert 0.95 - wide.low > wide.high - 0.95


def test_overdispersed_shares_widen_their_limits() -> None:
    figures = [Share(f"u{i}", round(100 * p), 100) for i, p in enumerate([0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])]
    found, strict = funnel(figures), funnel(figures, overdispersed=False)
    assert found.tau2 > 0
    assert strict.tau2 == 0
    assert all(a.limits.alarm_low < b.limits.alarm_low for a, b in zip(found.points, strict.points, strict=True))
    assert strict.points[0].position is Position.ALARM_LOW
    assert found.points[0].position is not Position.ALARM_LOW


def test_everybody_perfect_is_nobody_beyond() -> None:
    found = funnel([Share("a", 5, 5), Share("b", 50, 50)])
    assert (found.target, found.tau2) == (1.0, 0.0)
    assert {p.position for p in found.points} == {Position.WITHIN}
    (below,) = funnel([Share("c", 4, 5)], target=1.0).points
    assert below.position is Position.ALARM_LOW


def test_no_figures_no_points() -> None:
    assert funnel([]).points == ()


def test_target_of_means_is_weighted_by_precision() -> None:
    assert funnel([Mean("a", 80.0, 1.0), Mean("b", 90.0, 3.0)]).target == pytest.approx((80 + 10) / (1 + 1 / 9))


# --- promises ---


def test_alarms_under_the_null_are_at_most_two_in_a_thousand() -> None:
    random = np.random.default_rng(4)
    n = random.integers(10, 400, 2_000)
    events = random.binomial(n, 0.86)
    figures = [Share(str(i), int(r), int(m)) for i, (r, m) in enumerate(zip(events, n, strict=True))]
    flagged = [p.position for p in funnel(figures, target=0.86).points]
    alarms = sum(p in (Position.ALARM_LOW, Position.ALARM_HIGH) for p in flagged)
    assert alarms <= 4 + 3 * math.sqrt(4)  # 0.2 % of 2,000 and its Monte-Carlo error
    beyond = sum(p is not Position.WITHIN for p in flagged)
    assert 0 < beyond <= 100 + 3 * math.sqrt(100)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 90)), min_size=1, max_size=12), st.randoms())
def test_order_and_names_change_no_position(pairs: list[tuple[int, int]], random: object) -> None:
    figures = [Share(f"u{i}", r, n) for i, (r, n) in enumerate(pairs)]
    moved = sorted(figures, key=lambda _: random.random())  # type: ignore[attr-defined]  # hypothesis' Random
    where = {p.name: p.position for p in funnel(figures).points}
    assert {p.name: p.position for p in funnel(moved).points} == where
