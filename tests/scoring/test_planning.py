"""How many ratings are needed: the planner against a refit with the ratings really added."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from teladan.scoring import Cells, cells_from_rows, fair_scores, fit, needed_in_all, needed_n, plans, reliability

Row = dict[str, object]
KNOWN = {"officer": 0.06, "service": 0.1, "residual": 0.8}


def crossed(seed: int = 1, n: int = 160) -> Cells:
    random = np.random.default_rng(seed)
    a, s = random.normal(0, 0.3, 6), random.normal(0, 0.3, 4)
    rows: list[Row] = []
    for _ in range(n):
        o, k = int(random.integers(6)), int(random.integers(4))
        y = float(3 + a[o] + s[k] + random.normal(0, 0.9))
        rows.append({"officer": f"o{o}", "service": f"s{k}", "channel": f"c{int(random.integers(2))}", "y": y})
    return cells_from_rows(rows, fixed=["channel"], groups=["officer", "service"])


def test_plans_refuse_targets_and_cells_that_are_not_theirs() -> None:
    cells = crossed()
    est = fit(cells, variances=KNOWN)
    with pytest.raises(ValueError, match="target=1"):
        plans(est, cells, target=1.0)
    with pytest.raises(ValueError, match="not those of the fit"):
        plans(est, cells.where(cells.groups["officer"].codes > 0), target=0.7)
    with pytest.raises(ValueError, match="petugas"):
        plans(est, cells, target=0.7, officer="petugas")


def test_plan_is_what_a_refit_with_these_ratings_finds() -> None:
    """m more ratings spread as the officer's own cells, added to the counts: the mode variance must be the promised one."""
    cells = crossed()
    est = fit(cells, variances=KNOWN)
    for plan in plans(est, cells, target=0.7):
        assert plan.more is not None
        assert plan.more > 0
        j = est.labels["officer"].index(plan.officer)
        assert plan.now == pytest.approx(1 - est.mode_variances["officer"][j] / KNOWN["officer"], abs=1e-9)
        reached = [refit_with(cells, j, more) for more in (plan.more - 1, plan.more)]
        assert reached[0] < 0.7 <= reached[1]
        assert plan.then == pytest.approx(reached[1], abs=1e-6)


def refit_with(cells: Cells, j: int, more: int) -> float:
    """Reliability of officer j after `more` ratings in the officer's own mix: all counts are taken 1000-fold to stay whole."""
    own = cells.groups["officer"].codes == j
    scale = 1000 * cells.n[own].sum()
    n = cells.n * scale
    n[own] += np.round(more * scale * cells.n[own] / cells.n[own].sum())
    grown = replace(cells, n=n, sum=cells.sum * n / cells.n, sumsq=cells.sumsq * n / cells.n)
    est = fit(grown, variances={**KNOWN, "residual": KNOWN["residual"] * scale})
    return float(1 - est.mode_variances["officer"][j] / KNOWN["officer"])


def test_plan_agrees_with_spearman_brown_where_everything_else_is_known() -> None:
    """Many officers at one desk: the group's level is known, the design is balanced."""
    rows: list[Row] = [{"officer": f"o{i:03}", "y": 3.0 + (k % 2)} for i in range(400) for k in range(10)]
    cells = cells_from_rows(rows, fixed=[], groups=["officer"])
    est = fit(cells, variances={"officer": 0.05, "residual": 0.95})
    (plan,) = plans(est, cells, target=0.7, among=["o000"])
    assert plan.more is not None
    assert plan.n + plan.more == pytest.approx(needed_n(0.7, 0.05), abs=2.0)
    assert plan.now == pytest.approx(reliability(10, 0.05), abs=0.005)


def test_plan_says_when_own_ratings_cannot_do_it() -> None:
    """Two officers: however sure one mean becomes, the level they are both compared with is not."""
    rows: list[Row] = [{"officer": o, "y": y} for o in "ab" for y in (2.0, 4.0, 3.0)]
    cells = cells_from_rows(rows, fixed=[], groups=["officer"])
    est = fit(cells, variances={"officer": 0.5, "residual": 1.0})
    plan, _ = plans(est, cells, target=0.8)
    assert plan.more is None
    assert plan.then == plan.now < plan.ceiling < 0.8
    reached, _ = plans(est, cells, target=0.1)
    assert (reached.more, reached.then) == (0, reached.now)


def test_hand_example_of_a_plan() -> None:
    """docs/rules/funnel-and-change.md: the desk of three officers, four ratings each, s2e = 4/9, s2a = 5/36."""
    desk = {"ani": [4, 4, 3, 3], "budi": [3, 3, 2, 2], "citra": [4, 3, 3, 2]}
    rows: list[Row] = [{"officer": o, "y": y} for o, ys in desk.items() for y in ys]
    cells = cells_from_rows(rows, fixed=[], groups=["officer"])
    near, far = (plans(fit(cells), cells, target=t)[0] for t in (0.4, 0.6))
    assert near.now == pytest.approx(10 / 27, abs=1e-9)
    assert (near.more, far.more) == (2, None)
    # with 6 own ratings: own weight 6s/(6s+e) = 15/23, of the others 5/9 each; the level's variance s/(15/23 + 10/9)
    level = 1 / (15 / 23 + 10 / 9)
    assert near.then == pytest.approx(15 / 23 - (15 / 23) ** 2 * level, abs=1e-9)
    assert far.ceiling == pytest.approx(1 - 1 / (1 + 10 / 9), abs=1e-6)


def test_no_plan_for_people_who_do_not_differ() -> None:
    cells = cells_from_rows([{"officer": o, "y": 3.0} for o in "abc"], fixed=[], groups=["officer"])
    assert plans(fit(cells), cells, target=0.7) == ()


def test_ratings_in_all_agree_with_spearman_brown() -> None:
    icc = 0.049295
    assert needed_in_all(20, reliability(20, icc), 0.70) == math.ceil(needed_n(0.70, icc) - 1e-9) == 46
    assert [needed_in_all(*case) for case in ((0, 0.5, 0.7), (20, 0.0, 0.7), (20, 1.0, 0.7), (20, 0.5, 1.0))] == [
        None
    ] * 4


def test_plan_of_scores_starts_from_their_reliability() -> None:
    """Integrated over the officers' spread, as the score is; only more ratings reach more."""
    cells = crossed(n=400)
    scores = fair_scores(cells, pooling=None)
    found = plans(scores, cells, target=0.75)
    assert [p.now for p in found] == pytest.approx([s.reliability for s in scores], abs=1e-6)
    for plan in found:
        assert plan.now <= plan.then <= plan.ceiling < 1
        assert plan.more is None or plan.more == 0 or plan.then >= 0.75
