"""The mixed model: refusals, degenerate inputs, agreement with lme4 and with plain matrix algebra, invariances."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from teladan.scoring import Cells, Factor, Fit, cells_from_columns, cells_from_counts, cells_from_rows, fit

Row = dict[str, object]
Array = NDArray[np.float64]
OF_THE_OTHER_PROGRAM = pytest.mark.filterwarnings("ignore:.*float_precision.*")  # its data loader's, not ours


def rows_of(seed: int, n: int = 120, officers: int = 6, services: int = 4) -> list[Row]:
    """Crossed ratings with true officer, service and channel effects."""
    random = np.random.default_rng(seed)
    a, s = random.normal(0, 0.5, officers), random.normal(0, 0.4, services)
    rows: list[Row] = []
    for _ in range(n):
        o, k, c = int(random.integers(officers)), int(random.integers(services)), int(random.integers(2))
        y = 3 + a[o] + s[k] + 0.3 * c + random.normal(0, 0.8)
        rows.append({"y": round(y * 2) / 2, "officer": f"o{o}", "service": f"s{k}", "channel": f"c{c}"})
    return rows


def cells_of(rows: Iterable[Row]) -> Cells:
    return cells_from_rows(rows, fixed=["channel"], groups=["officer", "service"])


def one_cell_per_row(rows: Iterable[Row]) -> Cells:
    singles = ({**r, "n": 1, "sum": r["y"], "sumsq": float(str(r["y"])) ** 2} for r in rows)
    return cells_from_counts(singles, fixed=["channel"], groups=["officer", "service"])


def one_way(groups: dict[str, list[float]]) -> Cells:
    rows = [{"y": y, "officer": o} for o, ys in groups.items() for y in ys]
    return cells_from_rows(rows, fixed=[], groups=["officer"])


# --- refusals ---


def test_fit_refuses_no_ratings() -> None:
    with pytest.raises(ValueError, match="no ratings"):
        fit(cells_of([]))


@pytest.mark.parametrize(
    "given_variances", [{"officer": 0.1, "residual": 1.0}, {"officer": 0.1, "service": -1.0, "residual": 1.0}]
)
def test_fit_refuses_missing_or_negative_variances(given_variances: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="service"):
        fit(cells_of(rows_of(1)), variances=given_variances)


def test_fit_refuses_a_residual_variance_of_zero() -> None:
    with pytest.raises(ValueError, match="residual"):
        fit(cells_of(rows_of(1)), variances={"officer": 0.1, "service": 0.1, "residual": 0.0})


@pytest.mark.parametrize(
    ("n", "total", "squares", "named"),
    [
        ([-1.0], [1.0], [1.0], "n:"),
        ([1.5], [1.0], [1.0], "n:"),
        ([1.0], [math.nan], [1.0], "sum:"),
        ([2.0], [8.0], [9.0], "sumsq"),
    ],
)
def test_cells_refuse_impossible_numbers(n: list[float], total: list[float], squares: list[float], named: str) -> None:
    factor = Factor(("a",), np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match=named):
        Cells(np.array(n), np.array(total), np.array(squares), {}, {"officer": factor})


def test_cells_refuse_a_row_without_level_and_a_code_beyond_its_labels() -> None:
    with pytest.raises(ValueError, match="service"):
        cells_of([{"y": 4, "officer": "a", "channel": "c", "service": None}])
    with pytest.raises(ValueError, match="officer"):
        Cells(np.ones(1), np.ones(1), np.ones(1), {}, {"officer": Factor(("a",), np.array([1]))})


def test_cells_refuse_a_row_without_number() -> None:
    with pytest.raises(ValueError, match="sumsq"):
        cells_from_counts([{"n": 1, "sum": 4, "o": "a"}], fixed=[], groups=["o"])


def test_fitted_refuses_other_cells() -> None:
    est = fit(cells_of(rows_of(1)))
    with pytest.raises(ValueError, match="officer"):
        est.fitted(cells_of(rows_of(1, officers=3)))


# --- degenerate inputs are ordinary ---


def test_one_rating_is_its_own_mean_and_nothing_else_is_known() -> None:
    est = fit(one_way({"a": [3.0]}))
    assert (est.intercept, est.sigma2, est.variances["officer"], est.df_residual) == (3.0, 0.0, 0.0, 0)
    assert est.unidentified == ("officer", "residual")
    assert math.isnan(est.criterion)


def test_one_officer_cannot_differ_from_the_others() -> None:
    est = fit(one_way({"a": [4, 3, 4, 2]}))
    assert est.unidentified == ("officer",)
    assert est.modes["officer"] == pytest.approx([0.0])
    assert est.sigma2 == pytest.approx(np.var([4, 3, 4, 2], ddof=1))


def test_one_rating_each_cannot_tell_officers_from_noise() -> None:
    est = fit(one_way({"a": [4], "b": [2], "c": [3]}))
    assert est.unidentified == ("officer",)
    assert est.sigma2 == pytest.approx(1.0)


def test_equal_ratings_leave_no_variance() -> None:
    est = fit(one_way({"a": [4] * 9, "b": [4] * 5}))
    assert (est.sigma2, est.variances["officer"], est.intercept) == (0.0, 0.0, 4.0)
    assert "residual" in est.unidentified
    assert est.converged


def test_ratings_equal_within_each_officer_keep_the_officers_means() -> None:
    est = fit(one_way({"a": [4] * 9, "b": [2] * 5, "c": [3] * 5}))
    assert est.intercept + est.modes["officer"] == pytest.approx([4, 2, 3], abs=1e-4)
    assert np.all(np.isfinite(est.mode_variances["officer"]))


def test_zero_component_is_reported_on_the_boundary() -> None:
    est = fit(one_way({"a": [1, 4, 2, 3], "b": [4, 1, 3, 2], "c": [2, 3, 1, 4]}))
    assert (est.variances["officer"], est.boundary, est.converged) == (0.0, ("officer",), True)
    assert est.modes["officer"] == pytest.approx([0, 0, 0])


def test_alternative_names_of_one_split_count_once() -> None:
    rows = [{**r, "service": str(r["officer"]).replace("o", "s")} for r in rows_of(3)]
    est = fit(cells_of(rows))
    assert est.unidentified == ("service",)
    assert est.variances["service"] == 0
    assert est.variances["officer"] > 0


def test_aliased_column_is_dropped_and_named() -> None:
    rows = [{**r, "month": str(r["channel"]).replace("c", "2026-1")} for r in rows_of(4)]
    double = fit(cells_from_rows(rows, fixed=["channel", "month"], groups=["officer", "service"]))
    single = fit(cells_of(rows))
    assert double.aliased == ("month[2026-11]",)
    assert double.criterion == pytest.approx(single.criterion, abs=1e-8)
    assert double.modes["officer"] == pytest.approx(single.modes["officer"], abs=1e-8)
    assert double.effects["month"] == pytest.approx([0, 0])


def test_cells_without_ratings_change_nothing() -> None:
    rows = rows_of(5)
    empty = {"n": 0, "sum": 0, "sumsq": 0, "officer": "nobody", "service": "s0", "channel": "c0"}
    singles = [{**r, "n": 1, "sum": r["y"], "sumsq": float(str(r["y"])) ** 2} for r in rows]
    padded = fit(cells_from_counts([*singles, empty], fixed=["channel"], groups=["officer", "service"]))
    assert "nobody" not in padded.labels["officer"]
    assert padded.criterion == pytest.approx(fit(cells_of(rows)).criterion, abs=1e-8)


def test_model_without_group_factors_is_least_squares() -> None:
    est = fit(cells_from_rows(rows_of(6), fixed=["channel"], groups=[]))
    y = np.array([float(str(r["y"])) for r in rows_of(6)])
    late = np.array([r["channel"] == "c1" for r in rows_of(6)])
    assert est.intercept == pytest.approx(y[~late].mean())
    assert est.effects["channel"][1] == pytest.approx(y[late].mean() - y[~late].mean())


# --- other programs ---


@OF_THE_OTHER_PROGRAM
def test_insteval_agrees_with_lme4() -> None:
    from mixedlm.datasets import load_insteval

    rows = load_insteval()[["y", "d", "dept"]].to_dict("records")
    est = fit(cells_from_rows(rows, fixed=[], groups=["d", "dept"]))
    assert est.n == 73_421
    assert est.criterion == pytest.approx(240229.8, abs=0.05)
    assert est.variances["d"] == pytest.approx(0.265758, rel=1e-3)
    assert est.variances["dept"] == pytest.approx(0.003923, rel=1e-3)
    assert est.sigma2 == pytest.approx(1.494005, rel=1e-3)
    assert est.intercept == pytest.approx(3.23747, abs=5e-6)
    assert est.converged


@OF_THE_OTHER_PROGRAM
def test_penicillin_agrees_with_mixedlm() -> None:
    from mixedlm import lmer
    from mixedlm.datasets import load_penicillin

    data = load_penicillin()
    other = lmer("diameter ~ 1 + (1|plate) + (1|sample)", data)
    rows = data.rename(columns={"diameter": "y"}).to_dict("records")
    est = fit(cells_from_rows(rows, fixed=[], groups=["plate", "sample"]))
    assert est.criterion == pytest.approx(330.8606, abs=5e-5)  # lme4
    assert est.criterion == pytest.approx(other.REMLcrit(), abs=1e-6)
    assert est.variances["plate"] == pytest.approx(0.7169, abs=5e-5)
    assert est.variances["sample"] == pytest.approx(3.7309, abs=5e-5)
    assert est.sigma2 == pytest.approx(0.3024, abs=5e-5)
    assert (est.intercept, est.intercept_se) == (pytest.approx(22.9722, abs=5e-5), pytest.approx(0.8086, abs=5e-5))


def three_ways(seed: int, n: int = 500) -> list[Row]:
    random = np.random.default_rng(seed)
    size = {"a": 25, "b": 14, "c": 6}
    effects = {k: random.normal(0, sd, size[k]) for k, sd in (("a", 0.6), ("b", 0.4), ("c", 0.3))}
    rows: list[Row] = []
    for _ in range(n):
        at = {k: int(random.integers(size[k])) for k in size}
        x = int(random.integers(3))
        y = 3 + sum(effects[k][at[k]] for k in size) + 0.2 * x + random.normal(0, 0.7)
        rows.append({"y": y, "x": f"x{x}", **{k: f"{k}{v:02}" for k, v in at.items()}})
    return rows


@OF_THE_OTHER_PROGRAM
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("fixed", "groups"), [([], ["a"]), (["x"], ["a", "b"]), (["x"], ["a", "b", "c"])])
def test_crossed_factors_agree_with_mixedlm(fixed: list[str], groups: list[str], reml: bool) -> None:
    import pandas as pd
    from mixedlm import lmer

    rows = three_ways(len(groups))
    formula = "y ~ " + " + ".join([*(fixed or ["1"]), *(f"(1|{g})" for g in groups)])
    other = lmer(formula, pd.DataFrame(rows), REML=reml)
    est = fit(cells_from_rows(rows, fixed=fixed, groups=groups), reml=reml)
    theirs = other.REMLcrit() if reml else -2 * float(other.logLik().value)
    assert est.criterion == pytest.approx(theirs, abs=1e-4)
    assert est.criterion <= theirs + 1e-8
    for name in groups:
        assert est.variances[name] == pytest.approx(other.VarCorr().get_cov(name)[0, 0], rel=1e-3, abs=1e-5)
        assert est.reliabilities[name] == pytest.approx(1 - est.mode_variances[name] / est.variances[name])
    assert est.sigma2 == pytest.approx(other.sigma**2, rel=1e-3)
    estimates = [est.intercept, *(e for name in fixed for e in est.effects[name][1:])]
    errors = [est.intercept_se, *(e for name in fixed for e in est.effect_se[name][1:])]
    assert estimates == pytest.approx(list(other.beta), abs=1e-4)
    assert errors == pytest.approx(np.sqrt(np.diag(other.vcov())), rel=2e-3)
    assert est.converged


def test_sparse_and_dense_eliminated_factors_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The large-system paths (sparse coupling, average information) on a small system, any factor eliminated."""
    from teladan.scoring import equations

    rows = three_ways(9, n=300)
    cells = cells_from_rows(rows, fixed=["x"], groups=["a", "b", "c"])
    plain = fit(cells)
    for eliminate in ("a", "b", "c"):
        assert fit(cells, eliminate=eliminate).modes["b"] == pytest.approx(plain.modes["b"], abs=1e-9)
        monkeypatch.setattr(equations, "SPARSE_FROM", 0)
        monkeypatch.setattr(equations, "SPARSE_SHARE", 2.0)
        monkeypatch.setattr(equations, "EXACT", 0)
        large = fit(cells, eliminate=eliminate)
        monkeypatch.undo()
        assert large.converged
        assert large.criterion == pytest.approx(plain.criterion, abs=1e-8)
        for name in ("a", "b", "c"):
            assert large.variances[name] == pytest.approx(plain.variances[name], rel=1e-5)
            assert large.mode_variances[name] == pytest.approx(plain.mode_variances[name], rel=1e-4)
        chosen = np.array([1, 3])
        both = np.eye(len(plain.labels["a"]))[chosen]
        assert large.level_covariance("a", chosen) == pytest.approx(plain.covariance({"a": both}), rel=1e-4)


def test_too_many_levels_beside_the_largest_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teladan.scoring.equations.DENSE_MAX", 8)
    with pytest.raises(ValueError, match="b, c, x: 24 levels"):
        fit(cells_from_rows(three_ways(1), fixed=["x"], groups=["a", "b", "c"]))


def test_columns_give_the_cells_of_rows() -> None:
    rows = rows_of(12)
    columns = {k: [str(r[k]) for r in rows] for k in ("channel", "officer", "service")}
    y = np.array([float(str(r["y"])) for r in rows])
    groups = {k: np.array(columns[k]) for k in ("officer", "service")}
    by_columns = cells_from_columns(y, fixed={"channel": columns["channel"]}, groups=groups)
    assert sorted(by_columns.sumsq) == pytest.approx(sorted(cells_of(rows).sumsq))
    agree(fit(by_columns), fit(cells_of(rows)))


def test_columns_refuse_a_factor_of_another_length() -> None:
    with pytest.raises(ValueError, match="officer"):
        cells_from_columns(np.ones(3), fixed={}, groups={"officer": ["a", "b"]})


def test_given_components_have_the_textbook_criterion() -> None:
    rows = rows_of(13)
    at = {"officer": 0.3, "service": 0.05, "residual": 0.7}
    expected = dense(rows, at, reml=True)[0]
    assert fit(cells_of(rows), variances=at).criterion == pytest.approx(expected, abs=1e-8)
    assert fit(cells_of(rows)).criterion_at(at) == pytest.approx(expected, abs=1e-8)


# --- plain matrix algebra, from rows ---


def dense(rows: list[Row], variances: dict[str, float], reml: bool) -> tuple[float, Array, Array]:
    """-2 log likelihood, modes of the officers and their prediction error covariance, from V = ZGZ' + R."""
    y = np.array([float(str(r["y"])) for r in rows])
    x = np.column_stack([np.ones(len(rows)), [float(r["channel"] == "c1") for r in rows]])
    zs = {}
    for name in ("officer", "service"):
        labels = sorted({str(r[name]) for r in rows})
        zs[name] = np.array([[float(r[name] == label) for label in labels] for r in rows])
    v = variances["residual"] * np.eye(len(rows)) + sum(variances[k] * z @ z.T for k, z in zs.items())
    vi = np.linalg.inv(v)
    info = x.T @ vi @ x
    beta = np.linalg.solve(info, x.T @ vi @ y)
    left = y - x @ beta
    value = np.linalg.slogdet(v)[1] + left @ vi @ left + (len(y) - 2 * reml) * math.log(2 * math.pi)
    value += np.linalg.slogdet(info)[1] if reml else 0.0
    p = vi - vi @ x @ np.linalg.solve(info, x.T @ vi)
    z, s2 = zs["officer"], variances["officer"]
    return float(value), s2 * z.T @ vi @ left, s2 * np.eye(z.shape[1]) - s2 * z.T @ p @ z * s2


def components(est: Fit) -> dict[str, float]:
    return {**est.variances, "residual": est.sigma2}


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_fit_is_the_optimum_of_the_textbook_likelihood(seed: int, reml: bool) -> None:
    rows = rows_of(seed)
    est = fit(cells_of(rows), reml=reml)
    best, modes, covariance = dense(rows, components(est), reml)
    assert est.criterion == pytest.approx(best, abs=1e-8)
    assert est.modes["officer"] == pytest.approx(modes, abs=1e-9)
    own = np.eye(len(modes))
    assert est.covariance({"officer": own}) == pytest.approx(covariance, abs=1e-10)
    assert est.mode_variances["officer"] == pytest.approx(np.diag(covariance), abs=1e-10)
    for name in components(est):
        for factor in (0.9, 1.1):
            assert dense(rows, components(est) | {name: factor * components(est)[name] + 1e-4}, reml)[0] >= best


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("gamma", [(0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.3, 0.2), (40.0, 3.0)])
def test_gradient_and_hessian_agree_with_differences_also_at_zero(gamma: tuple[float, float], reml: bool) -> None:
    from teladan.scoring.equations import System

    system = System(cells_of(rows_of(7)), reml, None)
    at = dict(zip(system.groups, gamma, strict=True))
    here = system.at(at)
    for i, name in enumerate(system.groups):
        h = 1e-5 * (1 + at[name])
        ahead = [system.at(at | {name: at[name] + step * h}) for step in range(5)]
        weights = np.array([-25, 48, -36, 16, -3]) / (12 * h)  # one-sided: gamma cannot be negative
        assert here.gradient[i] == pytest.approx(weights @ [p.value for p in ahead], rel=1e-4, abs=1e-4)
        assert here.hessian[i] == pytest.approx(weights @ [p.gradient for p in ahead], rel=1e-4, abs=1e-3)


def test_covariance_includes_the_uncertainty_of_the_fixed_effects() -> None:
    rows = rows_of(8)
    est = fit(cells_of(rows))
    level = est.covariance({"channel": np.array([[0.0, 1.0]])})
    assert math.sqrt(level[0, 0]) == pytest.approx(est.effect_se["channel"][1])
    assert math.sqrt(est.covariance({}, intercept=np.ones(1))[0, 0]) == pytest.approx(est.intercept_se)


def test_service_may_be_the_larger_factor() -> None:
    rows = rows_of(9, officers=3, services=7)
    est = fit(cells_of(rows))
    best, modes, covariance = dense(rows, components(est), reml=True)
    assert est.criterion == pytest.approx(best, abs=1e-8)
    assert est.modes["officer"] == pytest.approx(modes, abs=1e-9)
    assert est.covariance({"officer": np.eye(3)}) == pytest.approx(covariance, abs=1e-10)


# --- invariances ---

seeds = st.integers(0, 10_000)


def agree(a: Fit, b: Fit, *, tolerance: float = 1e-8) -> None:
    assert a.criterion == pytest.approx(b.criterion, abs=tolerance)
    assert components(a) == pytest.approx(components(b), abs=tolerance)
    assert a.modes["officer"] == pytest.approx(b.modes["officer"], abs=tolerance)
    assert a.mode_variances["officer"] == pytest.approx(b.mode_variances["officer"], abs=tolerance)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_cells_and_rows_give_the_same_fit(seed: int) -> None:
    rows = rows_of(seed)
    agree(fit(cells_of(rows)), fit(one_cell_per_row(rows)))


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_order_of_rows_changes_nothing(seed: int) -> None:
    rows = rows_of(seed)
    agree(fit(one_cell_per_row(rows)), fit(one_cell_per_row(rows[::-1])))


@settings(max_examples=25, deadline=None)
@given(seeds, st.permutations(range(6)))
def test_names_of_officers_change_nothing(seed: int, names: list[int]) -> None:
    rows = rows_of(seed)
    renamed = [{**r, "officer": f"p{names[int(str(r['officer'])[1:])]}"} for r in rows]
    before, after = fit(cells_of(rows)), fit(cells_of(renamed))
    new_name = {label: f"p{names[int(label[1:])]}" for label in before.labels["officer"]}
    by_name = dict(zip(after.labels["officer"], after.modes["officer"], strict=True))
    assert [by_name[new_name[o]] for o in before.labels["officer"]] == pytest.approx(before.modes["officer"], abs=1e-8)
    assert after.criterion == pytest.approx(before.criterion, abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(-2, 2))
def test_shifting_a_channel_moves_its_effect_and_no_officer(seed: int, shift: float) -> None:
    rows = rows_of(seed)
    shifted = [{**r, "y": float(str(r["y"])) + shift * (r["channel"] == "c1")} for r in rows]
    before, after = fit(cells_of(rows)), fit(cells_of(shifted))
    agree(before, after, tolerance=1e-7)
    assert after.effects["channel"][1] - before.effects["channel"][1] == pytest.approx(shift, abs=1e-7)


def test_ten_times_the_ratings_in_the_same_cells_cost_no_more_evaluations() -> None:
    cells = cells_of(rows_of(11))
    tenfold = Cells(10 * cells.n, 10 * cells.sum, 10 * cells.sumsq, cells.fixed, cells.groups)
    assert fit(tenfold).n == 10 * fit(cells).n
    assert fit(tenfold).evaluations <= 2 * fit(cells).evaluations
