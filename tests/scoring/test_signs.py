"""Exact tails against scipy, signs that know how much honest officers differ, bursts with their day, the call-back sample."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench import integrity as bench
from teladan import scoring
from teladan.scoring import Days, Share, Sign, Traces, bursts, callbacks, exact, officer_signs, standing

counts = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
inner = st.floats(0.001, 0.999)


@given(counts, inner)
def test_binomial_tail_is_that_of_scipy(count: tuple[int, int], share: float) -> None:
    x, n = count
    assert exact.binomial_tail(x, n, share) == pytest.approx(stats.binom.sf(x - 1, n, share), abs=1e-10)


@given(counts, inner, st.floats(0.001, 0.5))
def test_beta_binomial_tail_is_that_of_scipy(count: tuple[int, int], mean: float, rho: float) -> None:
    x, n = count
    size = 1 / rho - 1
    expected = stats.betabinom.sf(x - 1, n, mean * size, (1 - mean) * size)
    assert exact.beta_binomial_tail(x, n, mean, rho) == pytest.approx(expected, abs=1e-7)


@given(counts)
def test_interval_is_that_of_clopper_and_pearson(count: tuple[int, int]) -> None:
    x, n = count
    if n == 0:
        assert exact.share_interval(0, 0) == (0, 1)
        return
    expected = stats.binomtest(x, n).proportion_ci(method="exact")
    assert exact.share_interval(x, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_never_below_the_tail_nor_above_bonferroni(tails: list[float]) -> None:
    found = exact.holm(tails)
    assert all(p <= q <= min(1, len(tails) * p) + 1e-12 for p, q in zip(tails, found, strict=True))
    order = sorted(range(len(tails)), key=lambda i: tails[i])
    assert all(found[a] <= found[b] for a, b in pairwise(order))


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        exact.share_interval(3, 2)
    with pytest.raises(ValueError, match="x in"):
        exact.betainc(1, 1, 1.5)
    with pytest.raises(ValueError, match="events"):
        standing([Share("a", 3, 2)])


# --- standing --------------------------------------------------------------------------------------------------------


def crowd(share: float, n: int = 60, others: int = 12) -> list[Share]:
    return [Share(f"p{i}", round(share * n) + i % 3 - 1, n) for i in range(others)]


def test_who_does_it_far_more_than_the_others_is_named() -> None:
    found = standing([*crowd(0.1), Share("own", 40, 60)])
    assert [one.name for one in found if one.is_flagged] == ["own"]
    assert found[-1].usual == pytest.approx(0.1, abs=0.01)
    assert found[-1].low > 0.5


def test_officers_who_differ_anyway_make_nobody_stand_out() -> None:
    """Shares from 5 to 60 % are a habit of this crowd: the highest is no sign, though a binomial would say so."""
    shares = [Share(f"p{i}", round(60 * p), 60) for i, p in enumerate((0.05, 0.1, 0.15, 0.2, 0.3, 0.35, 0.4, 0.5, 0.6))]
    assert exact.binomial_tail(36, 60, 0.26) < 1e-6
    assert not any(one.is_flagged for one in standing(shares))


def test_too_few_to_compare_with_or_too_few_events_are_never_named() -> None:
    alone = standing([Share("own", 50, 50), *crowd(0.1, others=4)])
    assert (alone[0].tail, alone[0].is_flagged) == (None, False)
    assert not standing([*crowd(0.02, n=600), Share("few", 4, 4)])[-1].is_flagged
    assert standing([Share("nothing", 0, 0)])[0].share is None


def test_where_others_never_do_it_five_are_enough() -> None:
    found = standing([*(Share(f"p{i}", 0, 40) for i in range(10)), Share("own", 5, 40)])
    assert found[-1].is_flagged


def test_false_alarms_stay_within_what_is_promised() -> None:
    """Crowds of 20 with the spread that they estimate themselves: alarms in at most about one of a hundred."""
    found = 0
    for seed in range(60):
        rng = random.Random(seed)
        shares = []
        for i in range(20):
            p = rng.betavariate(3, 12)
            shares.append(Share(str(i), sum(rng.random() < p for _ in range(40)), 40))
        found += any(one.is_flagged for one in standing(shares))
    assert found <= 3  # P(more than 3 of 60 at 1 %) = 0.3 %


def test_coverage_below_the_limit_is_named_and_certain_only_beyond_chance() -> None:
    lucky, poor = (Traces(name, n, t, 0, 0, 0, 0) for name, n, t in (("few", 20, 18), ("many", 400, 320)))
    full = Traces("all", 50, 50, 0, 0, 0, 0)
    a, b, c = officer_signs([lucky, poor, full])
    assert [one.signs for one in (a, b, c)] == [(Sign.COVERAGE,), (Sign.COVERAGE,), ()]
    assert [one.coverage.is_certain for one in (a, b, c)] == [False, True, False]
    more_tickets = officer_signs([Traces("x", 10, 12, 0, 0, 0, 0)])[0]
    assert more_tickets.coverage.share == 1


# --- bursts ----------------------------------------------------------------------------------------------------------


def month(served: int, used: int) -> tuple[dict[str, int], dict[str, int]]:
    days = [f"2026-10-{day:02}" for day in range(1, 21)]
    return {day: used + i % 2 for i, day in enumerate(days)}, dict.fromkeys(days, served)


def test_a_day_of_hoarded_tickets_is_a_burst_and_an_outreach_day_is_none() -> None:
    quiet = [Days(f"p{i}", *month(8, 3)) for i in range(8)]
    used, served = month(8, 3)
    outreach = Days("village", {**used, "2026-10-12": 30}, {**served, "2026-10-12": 76})
    hoarded = Days("hoard", {**used, "2026-10-12": 30}, served)
    found = bursts([*quiet, outreach, hoarded], late=0.1)
    assert [(one.name, one.day, one.used, one.served) for one in found] == [("hoard", "2026-10-12", 30, 8)]
    assert 3 < found[0].expected < 8


def test_no_use_and_no_officers_are_no_bursts() -> None:
    assert bursts([], late=0.0) == ()
    assert bursts([Days("a", {}, {"2026-10-01": 5})], late=0.0) == ()


# --- the call-back sample --------------------------------------------------------------------------------------------


def test_sizes_are_those_of_the_formula() -> None:
    assert [callbacks.size_for(share) for share in (0.05, 0.10, 0.20)] == [59, 29, 14]
    assert callbacks.power_of(59, 0.05) == pytest.approx(0.9515, abs=1e-4)
    assert callbacks.power_of(58, 0.05) < 0.95


def test_power_within_a_population_is_hypergeometric() -> None:
    for population, reached, share in ((2000, 59, 0.05), (100, 40, 0.1), (60, 59, 0.05)):
        fakes = math.ceil(share * population)
        expected = 1 - stats.hypergeom.pmf(0, population, fakes, reached)
        assert callbacks.power_of(reached, share, population=population) == pytest.approx(expected, abs=1e-9)
    assert callbacks.power_of(60, 0.05, population=60) == 1


def test_the_draw_depends_on_the_seed_and_on_each_name_alone() -> None:
    names = [f"A|{i}" for i in range(500)]
    one, other = (scoring.drawn(scoring.seed_of(root), names, 59) for root in (b"a" * 32, b"b" * 32))
    assert len(set(one)) == 59
    assert one != other
    assert scoring.drawn(scoring.seed_of(b"a" * 32), reversed(names), 59) == one
    left = [name for name in names if name != one[0]]
    assert scoring.drawn(scoring.seed_of(b"a" * 32), left, 59)[:58] == one[1:]


def test_every_name_is_drawn_equally_often() -> None:
    names, tally = [str(i) for i in range(20)], dict.fromkeys(range(20), 0)
    for seed in range(1000):
        for name in scoring.drawn(scoring.seed_of(seed.to_bytes(32, "big")), names, 5):
            tally[int(name)] += 1
    assert stats.chisquare(list(tally.values())).pvalue > 1e-4


# --- the bench, small ------------------------------------------------------------------------------------------------


def test_honest_months_and_planted_cheating_come_out_as_measured() -> None:
    """A small `make bench-integrity`: equal seeds, hence equal counts."""
    own, picky, hoard = (
        "own rating 20 %, one device",
        "selective, 20 % get no ticket",
        "stuffing 20 %, one evening, fresh browsers",
    )
    found = bench.tallies([bench.HONEST, own, picky, hoard], range(6))
    honest = found[bench.HONEST]
    assert [honest.rate(sign) for sign in ("quick", "straight", "burst", "call")] == [0, 0, 0, 0]
    assert found[own].rate("quick") > 0.8
    assert found[picky].rate("coverage") == 1
    assert found[hoard].rate("burst") > 0.8
