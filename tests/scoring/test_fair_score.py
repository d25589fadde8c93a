"""The fair score: refusals, the case worked by hand, its own arithmetic, invariances, and truth in a simulation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from teladan.scoring import (
    Cells,
    FairScores,
    Pooling,
    cells_from_counts,
    cells_from_rows,
    fair,
    fair_scores,
    pool_rare,
    recompute_score,
    variance_components,
)

Row = dict[str, object]
Mix = dict[str, dict[str, float]]
EASY = {"officer": 0.25, "service": 1.0, "residual": 1.0}


def cells_of(rows: list[Row], *, fixed: tuple[str, ...] = ()) -> Cells:
    return cells_from_rows(rows, fixed=fixed, groups=["officer", "service"])


def alone(**ratings: list[float]) -> Cells:
    """Officers who all do one service."""
    return cells_of([{"officer": o, "service": "s", "y": y} for o, ys in ratings.items() for y in ys])


def times(n: int, officer: str, service: str, y: float) -> list[Row]:
    return [{"officer": officer, "service": service, "y": y}] * n


EASY_AND_HARD = [
    *times(3, "ani", "easy", 4),
    *times(1, "ani", "hard", 2),
    *times(1, "budi", "easy", 4),
    *times(3, "budi", "hard", 2),
]


def city(seed: int, officers: int = 12, services: int = 5, n: int = 300) -> tuple[list[Row], Mix, np.ndarray]:
    """J-shaped answers in halves on 1-4 from officers with unequal cases; the average mix; the truth at that mix."""
    random = np.random.default_rng(seed)
    skill, ease = random.normal(0, 0.35, officers), random.normal(0, 0.5, services)
    mixes = random.dirichlet(np.full(services, 0.7), officers)
    rows: list[Row] = []
    for _ in range(n):
        o = int(random.integers(officers))
        s = int(random.choice(services, p=mixes[o]))
        latent = 3.4 + skill[o] + ease[s] + random.normal(0, 0.9)
        y = min(4.0, max(1.0, round(2 * latent) / 2))
        rows.append({"officer": f"o{o:02}", "service": f"s{s}", "channel": f"c{int(random.integers(2))}", "y": y})
    mix = mixes.mean(axis=0)
    steps = np.arange(1.25, 4, 0.5)  # an answer is 1, and half a point more for each step the latent value passes
    passed = norm.cdf(((3.4 + skill[:, None] + ease)[..., None] - steps) / 0.9).sum(axis=-1)
    return rows, {"service": {f"s{i}": float(w) for i, w in enumerate(mix)}}, (1 + 0.5 * passed) @ mix


DESK = alone(ani=[4, 4, 3, 3], budi=[3, 3, 2, 2], citra=[4, 3, 3, 2])


def by_hand(scores: FairScores, officer: str) -> tuple[float, float, float, float]:
    s = scores.by_officer[officer]
    return (s.raw_mean, s.case_mix_shift, s.shrinkage_shift, s.score)


# --- refusals ---


def test_fair_scores_refuse_no_ratings() -> None:
    with pytest.raises(ValueError, match="no ratings"):
        fair_scores(cells_of([]))


def test_fair_scores_refuse_cells_without_officers() -> None:
    with pytest.raises(ValueError, match="petugas"):
        fair_scores(alone(a=[4]), officer="petugas")


def test_fair_scores_refuse_a_mix_of_an_unknown_factor() -> None:
    with pytest.raises(ValueError, match="weather"):
        fair_scores(alone(a=[4], b=[3]), population_mix={"weather": {"dry": 1}})


@pytest.mark.parametrize("mix", [{"elsewhere": 1.0}, {"s": 0.0}, {"s": -1.0}, {"s": math.nan}])
def test_fair_scores_refuse_a_mix_without_weight(mix: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"population_mix\['service'\]"):
        fair_scores(alone(a=[4], b=[3]), population_mix={"service": mix}, pooling=None)


def test_recompute_refuses_a_record_without_grid() -> None:
    with pytest.raises(ValueError, match="grid"):
        recompute_score({"raw_mean": 3.0, "grid": None})


# --- worked by hand: docs/rules/fair-score.md ---


def test_hand_example_one_service_reml() -> None:
    scores = fair_scores(DESK, prior_scale=None)
    assert scores.fit.sigma2 == pytest.approx(4 / 9, abs=1e-9)
    assert scores.fit.variances["officer"] == pytest.approx(5 / 36, abs=1e-9)
    assert by_hand(scores, "ani") == pytest.approx((3.5, 0, -2 / 9, 3 + 5 / 18), abs=1e-9)
    assert by_hand(scores, "budi") == pytest.approx((2.5, 0, 2 / 9, 3 - 5 / 18), abs=1e-9)
    assert by_hand(scores, "citra") == pytest.approx((3, 0, 0, 3), abs=1e-9)
    for s in scores:
        assert s.recompute.grid[0].lam == pytest.approx(5 / 9, abs=1e-9)
        assert s.se == pytest.approx(math.sqrt(19 / 243), abs=1e-9)
        assert s.reliability == pytest.approx(10 / 27, abs=1e-9)


def test_hand_example_equal_officers_with_unequal_cases() -> None:
    scores = fair_scores(cells_of(EASY_AND_HARD), variances=EASY, pooling=None)
    assert by_hand(scores, "ani") == pytest.approx((3.5, -7 / 18, -1 / 18, 3 + 1 / 18), abs=1e-9)
    assert by_hand(scores, "budi") == pytest.approx((2.5, 7 / 18, 1 / 18, 3 - 1 / 18), abs=1e-9)
    point = scores[0].recompute.grid[0]
    assert (point.mu, point.offset, point.lam) == pytest.approx((3, 61 / 18, 1 / 2), abs=1e-9)


def test_score_is_taken_at_the_mix_of_all_services_not_of_the_respondents() -> None:
    cells = cells_of(EASY_AND_HARD)
    mostly_easy = fair_scores(cells, variances=EASY, pooling=None, population_mix={"service": {"easy": 30, "hard": 10}})
    assert mostly_easy[0].score == pytest.approx(3 + 7 / 18 + 1 / 18, abs=1e-9)
    assert mostly_easy[0].score - mostly_easy[1].score == pytest.approx(1 / 9, abs=1e-9)


# --- integration over the officers' spread ---


def test_hand_example_integrates_over_the_spread() -> None:
    """One desk, equal numbers: the likelihood of the spread has a closed form, so the integral is one line."""

    def likelihood(s: float) -> float:
        total = 4 / 9 + 4 * s * s  # variance of a mean of four, times four
        return math.exp(-(2 * math.log(total) + 2 / total) / 2) / (1 + (s / 0.3) ** 2)

    def mean(of: Callable[[float], float]) -> float:
        over = quad(lambda s: of(s) * likelihood(s), 0, 10, points=[0.2, 1], epsabs=1e-13)[0]
        return float(over / quad(likelihood, 0, 10, points=[0.2, 1], epsabs=1e-13)[0])

    kept = mean(lambda s: 4 * s * s / (4 / 9 + 4 * s * s))
    ani = fair_scores(DESK).by_officer["ani"]
    assert ani.score == pytest.approx(3 + kept / 2, abs=2e-4)
    assert ani.score == pytest.approx(3.2032, abs=5e-5)  # printed in docs/rules/fair-score.md
    assert (ani.se, ani.low, ani.high) == pytest.approx((0.2985, 2.4974, 3.9089), abs=5e-5)
    assert (ani.adjusted_low, ani.adjusted_high) == pytest.approx((2.6733, 3.8559), abs=5e-5)
    assert ani.reliability == pytest.approx(kept * 2 / 3, abs=5e-5)  # 1 - var/s2 of three equal officers


def test_twelve_points_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        cells = cells_of(city(seed)[0], fixed=("channel",))
        coarse = fair_scores(cells)
        monkeypatch.setattr(fair, "GRID_POINTS", 150)
        monkeypatch.setattr(fair, "LOSS", 60.0)
        fine = fair_scores(cells)
        monkeypatch.undo()
        for a, b in zip(coarse, fine, strict=True):
            assert (a.score, a.se, a.reliability) == pytest.approx((b.score, b.se, b.reliability), abs=1e-3)


def test_a_wider_prior_draws_less() -> None:
    narrow, wide = (fair_scores(DESK, prior_scale=scale).by_officer["ani"] for scale in (0.05, 2.0))
    assert narrow.score < fair_scores(DESK).by_officer["ani"].score < wide.score
    assert narrow.reliability < wide.reliability


def test_interval_follows_the_number_of_officers() -> None:
    assert fair_scores(DESK)[0].recompute.quantile == pytest.approx(2.3646, abs=1e-4)  # t, 7 degrees of freedom
    twelve = fair_scores(cells_of(city(0)[0]))
    assert twelve[0].recompute.quantile == pytest.approx(2.2010, abs=1e-4)  # t, 11
    assert fair_scores(cells_of(EASY_AND_HARD), variances=EASY)[0].recompute.quantile == 1.959963984540054


# --- the adjusted mean ---


def test_adjusted_mean_is_raw_and_case_mix_without_shrinkage(scored: FairScores) -> None:
    for s in scored:
        assert s.adjusted == s.raw_mean + s.case_mix_shift
        assert s.adjusted_low is not None
        assert s.adjusted_high is not None
        assert s.adjusted_low < s.adjusted < s.adjusted_high <= 4.5


def test_adjusted_interval_of_one_service_is_the_score_interval_of_wilson() -> None:
    """Both ends x solve (m - x)^2 = t^2 f (x - 1)(4 - x) / n, f drawn to the group's by ten ratings."""
    scores = fair_scores(DESK)
    room = np.array([2.5 * 0.5, 1.5 * 1.5, 2.0 * 1.0])
    group = (4 / 9) / room.mean()
    own = (np.array([1.0, 1.0, 2.0]) / room + 10 * group) / 13
    t = 2.2281388519862744  # 10 degrees of freedom at least
    for s, f in zip(scores, own, strict=True):
        for x in (s.adjusted_low, s.adjusted_high):
            assert x is not None
            assert (s.raw_mean - x) ** 2 == pytest.approx(t**2 * f * (x - 1) * (4 - x) / 4, abs=1e-9)


def test_adjusted_interval_is_wide_where_an_officer_stands_alone_with_a_service() -> None:
    rows = [r for o in "abc" for r in times(8, o, "desk", 3.0) + times(4, o, "desk", 4.0)]
    rows += times(8, "d", "archive", 2.0) + times(4, "d", "archive", 3.0)
    known = {"officer": 0.05, "service": 0.5, "residual": 0.3}
    scores = fair_scores(cells_of(rows), variances=known, pooling=None).by_officer
    desk, alone_ = ((s.adjusted_high or 0.0) - (s.adjusted_low or 0.0) for s in (scores["a"], scores["d"]))
    assert alone_ > 1.15 * desk > 0


# --- its own arithmetic ---


@pytest.fixture(scope="module")
def scored() -> FairScores:
    rows, _, _ = city(1)
    return fair_scores(
        cells_of(rows, fixed=("channel",)), population_mix={"service": {f"s{i}": i + 1 for i in range(5)}}
    )


def test_parts_add_up_to_the_score_exactly(scored: FairScores) -> None:
    for s in scored:
        assert s.raw_mean + s.case_mix_shift + s.shrinkage_shift == s.score
        assert s.low is not None
        assert s.high is not None
        assert s.low < s.score < s.high
        assert 0 <= s.reliability <= 1


def test_score_recomputes_from_the_officers_file_alone(scored: FairScores) -> None:
    for s in scored:
        record = json.loads(json.dumps(asdict(s.recompute)))
        assert recompute_score(record) == pytest.approx(s.score, abs=1e-12)
        spread = 0.0
        for g in record["grid"]:
            assert g["lam"] == pytest.approx(s.n * g["sigma2_a"] / (s.n * g["sigma2_a"] + g["sigma2_e"]), abs=1e-12)
            here = g["mu"] + g["lam"] * (record["raw_mean"] - g["offset"])
            spread += g["weight"] * (g["variance"] + (here - s.score) ** 2)
        assert sum(g["weight"] for g in record["grid"]) == pytest.approx(1, abs=1e-12)
        assert s.se == pytest.approx(math.sqrt(spread), abs=1e-12)
        assert s.low == pytest.approx(s.score - record["quantile"] * s.se, abs=1e-12)


def test_shrunken_own_difference_is_the_conditional_mode_at_every_point(scored: FairScores) -> None:
    for i, s in enumerate(scored):
        for g in s.recompute.grid:
            at = {**scored.fit.variances, "officer": g.sigma2_a, "residual": g.sigma2_e}
            mode = scored.fit.at(at).modes["officer"][i]
            assert g.lam * (s.raw_mean - g.offset) == pytest.approx(mode, abs=1e-10)


def test_recompute_file_holds_no_cell(scored: FairScores) -> None:
    record = asdict(scored[0].recompute)
    assert set(record) == {"n", "raw_mean", "grid", "quantile"}
    assert set(record["grid"][0]) == {"weight", "mu", "sigma2_a", "sigma2_e", "offset", "lam", "variance"}


def test_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    hits, tries = 0, 0
    for _ in range(120):
        a, s = random.normal(0, 0.5, 8), random.normal(0, 1, 4)
        o, k = random.integers(8, size=80), random.integers(4, size=80)
        y = 3 + a[o] + s[k] + random.normal(0, 1, 80)
        rows: list[Row] = [{"officer": f"{i}", "service": f"{j}", "y": v} for i, j, v in zip(o, k, y, strict=True)]
        present = sorted(set(k.tolist()))
        mix = np.bincount(k, minlength=4) / 80
        expected = 3 + mix[present] @ s[present]
        for score in fair_scores(cells_of(rows), variances=EASY, pooling=None):
            assert score.low is not None
            assert score.high is not None
            hits += score.low <= expected + a[int(score.officer)] <= score.high
            tries += 1
    assert hits / tries == pytest.approx(0.95, abs=0.02)  # the model holds here, so only chance is left: se 0.007


# --- who is compared, what is pooled ---


def test_officer_who_shares_no_service_is_not_comparable() -> None:
    rows = [r for o in "abc" for r in times(4, o, "desk", 3.0)] + times(40, "d", "archive", 4.0)
    scores = fair_scores(cells_of(rows))
    assert [s.comparable for s in scores] == [True, True, True, False]


def test_officers_linked_over_others_are_comparable() -> None:
    rows = times(2, "a", "x", 3) + times(2, "b", "x", 4) + times(2, "b", "y", 4) + times(2, "c", "y", 2)
    assert all(s.comparable for s in fair_scores(cells_of(rows)))


def test_fewer_than_three_officers_are_compared_with_nobody() -> None:
    assert not any(s.comparable for s in fair_scores(alone(a=[4, 3], b=[2, 3])))


def test_rare_services_are_pooled_and_the_mix_follows() -> None:
    rows = [r for o in "abc" for r in times(10, o, "ktp", 3.0) + times(10, o, "kk", 4.0)]
    rows += times(3, "a", "rare", 1.0) + times(40, "b", "own", 2.0)
    mix = {"service": {"ktp": 1.0, "kk": 1.0, "rare": 1.0, "own": 1.0, "never rated": 5.0}}
    scores = fair_scores(cells_of(rows), population_mix=mix)
    assert scores.pooled == {"rare", "own"}
    assert scores.fit.labels["service"] == ("kk", "ktp", "lainnya")
    assert fair_scores(cells_of(rows), population_mix=mix, pooling=None).pooled == frozenset()


def test_pooling_looks_at_ratings_and_at_officers() -> None:
    rows = [r for o in "abc" for r in times(10, o, "enough", 3.0) + times(9, o, "few", 3.0)] + times(
        99, "a", "own", 3.0
    )
    pooled, merged = pool_rare(cells_of(rows), factor="service", by="officer")
    assert merged == {"few", "own"}
    assert pooled.total == len(rows)
    assert Pooling().label in pooled.groups["service"].labels


# --- degenerate ---


def test_one_rating_scores_itself_without_interval() -> None:
    (s,) = fair_scores(alone(a=[3.0]))
    assert (s.n, s.score, s.se, s.low, s.reliability, s.comparable) == (1, 3.0, None, None, 0.0, False)


def test_equal_ratings_give_equal_scores_without_interval() -> None:
    scores = fair_scores(alone(a=[4] * 30, b=[4] * 9, c=[4] * 3))
    assert [(s.score, s.se, s.reliability) for s in scores] == [(4.0, None, 0.0)] * 3


def test_officers_who_do_not_differ_share_one_score() -> None:
    cells = alone(a=[1, 4, 2, 3], b=[4, 1, 3, 2], c=[2, 3, 1, 4])
    assert all(0 < s.reliability < 0.3 for s in fair_scores(cells))  # nobody knows that they are equal for sure
    scores = fair_scores(cells, prior_scale=None)
    assert [s.score for s in scores] == pytest.approx([2.5] * 3)
    assert [s.reliability for s in scores] == [0.0] * 3
    assert scores[0].se is not None


def test_variance_components_of_a_longer_window_feed_the_score() -> None:
    rows, _, _ = city(3, n=600)
    year = variance_components(cells_of(rows))
    assert year is not None
    quarter = fair_scores(cells_of(rows[:150]), variances=year)
    assert [g.weight for g in quarter[0].recompute.grid] == [w for w, _ in year.grid]
    assert [g.sigma2_a for g in quarter[0].recompute.grid] == pytest.approx([v["officer"] for _, v in year.grid])
    assert {g.sigma2_e for g in quarter[0].recompute.grid} == {year.estimate["residual"]}
    assert quarter[0].recompute.quantile == year.quantile
    assert variance_components(alone(a=[4, 4], b=[4, 4])) is None


# --- invariances ---

seeds = st.integers(0, 5_000)
some = settings(max_examples=25, deadline=None)


@some
@given(seeds, st.floats(-1, 1))
def test_shifting_a_channel_moves_all_scores_alike(seed: int, shift: float) -> None:
    rows, _, _ = city(seed, n=150)
    shifted = [{**r, "y": float(str(r["y"])) + shift * (r["channel"] == "c1")} for r in rows]
    before, after = (fair_scores(cells_of(r, fixed=("channel",)), pooling=None) for r in (rows, shifted))
    moved = [b.score - a.score for a, b in zip(before, after, strict=True)]
    assert moved == pytest.approx([moved[0]] * len(moved), abs=1e-6)
    assert [s.reliability for s in before] == pytest.approx([s.reliability for s in after], abs=1e-6)


@some
@given(seeds, st.randoms(use_true_random=False))
def test_another_order_of_the_cells_gives_the_same_bytes(seed: int, random: Random) -> None:
    cells = cells_of(city(seed, n=150)[0], fixed=("channel",))
    factors = {**cells.fixed, **cells.groups}
    rows: list[Row] = [
        {"n": n, "sum": s / 3, "sumsq": q / 9, **{k: f.labels[f.codes[i]] for k, f in factors.items()}}
        for i, (n, s, q) in enumerate(zip(cells.n, cells.sum, cells.sumsq, strict=True))
    ]
    moved = random.sample(rows, len(rows))
    first, second = (
        fair_scores(cells_from_counts(table, fixed=["channel"], groups=["officer", "service"]))
        for table in (rows, moved)
    )
    assert first.scores == second.scores


@some
@given(seeds, st.permutations(range(12)))
def test_names_and_order_change_no_score(seed: int, names: list[int]) -> None:
    rows, _, _ = city(seed, n=150)
    renamed = [{**r, "officer": f"p{names[int(str(r['officer'])[1:])]:02}"} for r in rows[::-1]]
    before, after = (fair_scores(cells_of(r, fixed=("channel",))) for r in (rows, renamed))
    for s in before:
        other = after.by_officer[f"p{names[int(s.officer[1:])]:02}"]
        assert (other.score, other.se, other.reliability) == pytest.approx((s.score, s.se, s.reliability), abs=1e-7)
        assert other.comparable == s.comparable


@some
@given(seeds, st.integers(0, 10_000), st.sampled_from([-1.0, -0.5, 0.5, 1.0]))
def test_a_better_rating_never_lowers_and_a_worse_never_raises_at_fixed_components(
    seed: int, at: int, step: float
) -> None:
    rows, _, _ = city(seed, n=150)
    chosen = rows[at % len(rows)]
    changed = [{**r, "y": float(str(r["y"])) + step} if r is chosen else r for r in rows]
    known = {"officer": 0.1, "service": 0.2, "residual": 0.8}
    before, after = (fair_scores(cells_of(r, fixed=("channel",)), variances=known) for r in (rows, changed))
    who = str(chosen["officer"])
    assert (after.by_officer[who].score - before.by_officer[who].score) * step > 0


# --- truth ---


def test_fair_score_is_nearer_to_the_truth_than_the_plain_mean() -> None:
    fair, plain, fair_error, plain_error = [], [], [], []
    for seed in range(12):
        rows, mix, truth = city(seed, officers=30, services=8, n=900)
        scores = fair_scores(cells_of(rows, fixed=("channel",)), population_mix=mix)
        true = truth[[int(s.officer[1:]) for s in scores]]
        by_score, by_mean = np.array([s.score for s in scores]), np.array([s.raw_mean for s in scores])
        fair.append(np.corrcoef(by_score, true)[0, 1])
        plain.append(np.corrcoef(by_mean, true)[0, 1])
        fair_error.append(np.sqrt(np.mean((by_score - true) ** 2)))
        plain_error.append(np.sqrt(np.mean((by_mean - true) ** 2)))
    assert np.mean(fair) > np.mean(plain) + 0.05
    assert np.mean(fair_error) < 0.8 * np.mean(plain_error)


def test_one_rating_with_known_components_is_drawn_to_the_average() -> None:
    (s,) = fair_scores(alone(a=[3.0]), variances=EASY)
    assert (s.score, s.reliability, s.comparable) == (pytest.approx(3.0), pytest.approx(0.0, abs=1e-12), False)
    assert s.se is not None
    assert s.se > 0
