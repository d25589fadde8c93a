"""Promises held against known truth, with answers shaped like real ones: a small version of `make bench-simulations`."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bench import simulations, worlds
from bench.simulations import Estimate, Record
from bench.worlds import ALIKE, CHOOSING, J_SHAPED, MODEL, PUBLIC, Scenario, world
from teladan.scoring import fair_scores


def records(scenario: Scenario, groups: int, officers: int = 12) -> list[Record]:
    return [simulations.score_once(scenario, officers, seed) for seed in range(groups)]


@pytest.fixture(scope="module", params=[MODEL, J_SHAPED, PUBLIC], ids=["normal", "demo", "public file"])
def group_of_twelve(request: pytest.FixtureRequest) -> list[Record]:
    return records(request.param, 36)


def test_public_shape_is_that_of_the_file() -> None:
    """20 % the worst and 71 % the best of four; an average officer answers so."""
    found = world(PUBLIC, 1, 200, (200, 200))
    shares = []
    for value in (1.0, 4.0):
        one = worlds.answers(PUBLIC, np.zeros(40_000), np.ones(40_000), np.ones(40_000, int), np.random.default_rng(1))
        shares.append(float(np.mean(one == value)))
    assert shares == pytest.approx([0.20, 0.71], abs=0.03)  # perilaku is a little better liked than the average element
    assert found.cells.total == 40_000


@pytest.mark.parametrize("scenario", [MODEL, J_SHAPED, PUBLIC, CHOOSING])
def test_truth_is_what_endless_ratings_would_show(scenario: Scenario) -> None:
    """The worlds' own arithmetic: with very many ratings the adjusted mean of who does not choose is the truth."""
    group = world(scenario, 3, 6, (6_000, 6_000))
    found = fair_scores(group.cells, population_mix=group.mix)
    off = np.array([s.raw_mean + s.case_mix_shift - group.truth[int(s.officer[1:])] for s in found])
    if scenario is CHOOSING:
        assert off[[0, 3]].mean() > off[[1, 2, 4, 5]].mean() + 0.05  # choosers are flattered: nobody recorded it
    else:
        assert np.abs(off).max() < 0.05


def test_fair_interval_covers_as_promised(group_of_twelve: list[Record]) -> None:
    found = simulations.coverage(group_of_twelve, "fair score")
    assert 0.93 - 3 * found.error < found.value < 0.97 + 3 * found.error


def test_shortlisted_are_seldom_outside_the_true_top(group_of_twelve: list[Record]) -> None:
    awards = [r["award"] for r in group_of_twelve if r["award"]["selected"]]
    assert len(awards) > 8
    wrong = Estimate.of(a["wrong"] for a in awards)
    assert wrong.value <= 0.2 + 3 * wrong.error


def test_the_winners_raw_mean_promises_too_much_and_the_score_does_not(group_of_twelve: list[Record]) -> None:
    awards = [r["award"] for r in group_of_twelve if r["award"]["selected"]]
    raw, score = (Estimate.of(a[key] for a in awards) for key in ("raw_over", "score_over"))
    assert raw.value > 0.02
    assert abs(score.value) < raw.value
    assert abs(score.value) < 4 * score.error + 0.02


def test_officers_who_do_not_differ_seldom_make_a_list() -> None:
    found = records(ALIKE, 25)
    assert np.mean([r["award"]["members"] > 0 for r in found]) <= 0.12


def test_alarms_keep_to_two_in_a_thousand() -> None:
    found = [simulations.alarm_once("share", seed) for seed in range(25)]
    alarms = Estimate.share([r["alarms"] for r in found], [40] * 25)
    assert alarms.value <= 0.002 + 3 * max(alarms.error, 0.001)


def test_better_rating_never_lowers_at_fixed_components() -> None:
    assert not any(simulations.better_once(J_SHAPED, seed)["held"] for seed in range(8))


def test_same_seed_gives_the_same_world_and_the_same_digits() -> None:
    once, again = (simulations.score_once(J_SHAPED, 12, 4) for _ in range(2))
    assert once["score"].tobytes() == again["score"].tobytes()
    assert once["award"] == again["award"]
    assert once["score"].tobytes() != simulations.score_once(J_SHAPED, 12, 5)["score"].tobytes()


def test_table_prints_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    def run(once: partial[Record], repeats: int) -> list[Record]:
        return [once(seed) for seed in range(repeats)]

    for part in ("funnels", "changes", "better"):
        simulations.PARTS[part](run, 2)
    text = capsys.readouterr().out
    assert text.count("\n|---|") == 3
    assert "nan" not in text
