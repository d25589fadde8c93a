"""The fair scores of one comparison group (a unit) over a window, cut down to what the thresholds let anyone see.

Officers and services go by their codes (NIP, service code), so that the same city gives the same figures anywhere.
Docs: docs/rules/closing.md. Thresholds: scoring.md §4; windows, bands and complements: trust.md §2 step 8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from teladan import scoring
from teladan.evaluation.rules import closing
from teladan.evaluation.rules.closing import rounded
from teladan.scoring import Thresholds, Use

if TYPE_CHECKING:
    from teladan.scoring import Cells, Components, FairScore, FairScores

FIXED = ("channel", "month", "pattern")
GROUPS = ("officer", "service")
DRAWS, REFIT_DRAWS = 20_000, 4_000
Row = Mapping[str, Any]  # one cell: officer, service, channel, month, pattern, n, sum, sumsq


def covariates_of(names: Collection[str]) -> tuple[str, ...]:
    """The covariates in one order, whatever the order in the policy; ValueError names what is unknown.

    Months that opened before the rule existed have no such value: for them all of `FIXED` hold.
    """
    if unknown := sorted(set(names) - set(FIXED)):
        raise ValueError(f"score.covariates: {', '.join(unknown)} is none of {', '.join(FIXED)}")
    return tuple(name for name in FIXED if name in names)


@dataclass(frozen=True)
class Policy:
    """The thresholds frozen when the month opened."""

    k: int
    band_officers: int
    response_tickets: int
    response_minimum: float
    window_months: int
    award_q: float
    award_min_group: int
    pool_ratings: int
    pool_officers: int
    thresholds: Thresholds
    prior_scale: float = 0.3
    expectation_low: float = 3.0
    expectation_high: float = 3.6
    covariates: tuple[str, ...] = FIXED

    @property
    def expectation(self) -> tuple[float, float]:
        """From where to where a score meets the expectation, on 1-4."""
        return self.expectation_low, self.expectation_high

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Policy:
        """From the month's policy values by full key; KeyError names the missing one."""
        return cls(
            k=int(values["disclosure.k"]),
            band_officers=int(values["disclosure.band_officers"]),
            response_tickets=int(values["disclosure.response_tickets"]),
            response_minimum=float(values["disclosure.response_minimum"]),
            window_months=int(values["score.window_months"]),
            award_q=float(values["award.q"]),
            award_min_group=int(values["award.min_group"]),
            pool_ratings=int(values["score.pool_ratings"]),
            pool_officers=int(values["score.pool_officers"]),
            covariates=covariates_of(values.get("score.covariates", FIXED)),
            thresholds=Thresholds(
                min_n=max(int(values["score.min_n"]), int(values["disclosure.k"])),
                min_days=int(values["disclosure.issue_days"]),
                eval_n=int(values["score.evaluation_n"]),
                eval_r=float(values["score.evaluation_reliability"]),
                award_r=float(values["score.award_reliability"]),
            ),
            # Months opened before these rules existed froze none; the defaults of the policy pack hold for them.
            prior_scale=float(values.get("score.prior_scale", cls.prior_scale)),
            expectation_low=float(values.get("score.expectation_low", cls.expectation_low)),
            expectation_high=float(values.get("score.expectation_high", cls.expectation_high)),
        )


@dataclass(frozen=True)
class Previous:
    """The result an officer was shown last time, and the months of its window."""

    months: tuple[str, ...]
    draft: Draft


@dataclass(frozen=True)
class Draft:
    """One officer's result as it will be frozen; hidden ones hold no figure."""

    months: tuple[str, ...]
    use: str
    is_comparable: bool = True
    n: int | None = None
    issue_days: int | None = None
    raw_mean: float | None = None
    case_mix_shift: float | None = None
    shrinkage_shift: float | None = None
    score: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    adjusted: float | None = None
    adjusted_low: float | None = None
    adjusted_high: float | None = None
    suggestion: str | None = None
    reliability: float | None = None
    recompute: dict[str, Any] | None = None
    group: dict[str, Any] | None = None
    ranks: dict[str, Any] | None = None
    plans: list[dict[str, Any]] | None = None  # what more ratings would do, by threshold
    year: dict[str, Any] | None = None  # the figure over up to four windows, from the answers themselves
    response: dict[str, Any] | None = None


@dataclass(frozen=True)
class Group:
    """Everything that the scores of one unit rest on. `rows` reach back a year, the window lies at their end."""

    code: str
    window: tuple[str, ...]
    rows: Sequence[Row]
    mix: Mapping[str, Mapping[str, float]]
    days: Mapping[str, int]
    tickets: Mapping[str, tuple[int, int]]
    previous: Mapping[str, Previous]
    seed: int
    shown: Mapping[str, Collection[tuple[str, ...]]] = field(default_factory=dict)  # every window that was shown before
    older: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # their ratings in the months before `since`
    since: str = ""  # the first month of `rows`
    month_mix: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


def group_results(group: Group, policy: Policy) -> dict[str, Draft]:
    """The frozen result of everybody with a rating in the window or a result to hold on to, by officer."""
    counts = _counts(group.rows)
    held = {name for name in {*counts, *group.previous} if _waits(name, counts.get(name, {}), group, policy)}
    model = _model(group, policy)
    scores = _scored(_cells(model.rows), model) if model else None
    fresh = dict(_fresh(scores, group, policy, held)) if scores else {}
    gone = Draft(group.window, Use.HIDDEN)
    results = {name: group.previous[name].draft if name in held else fresh.get(name, gone) for name in group.previous}
    results |= dict.fromkeys(held - results.keys(), gone) | fresh
    if not scores or not model:
        return results
    results = _compared(results, scores, held, model)
    anew = [name for name, one in results.items() if name not in held and one.score is not None]
    plans = _plans(scores, [name for name in anew if results[name].low is not None], policy)
    year = _years(anew, model)
    return {
        name: replace(one, plans=plans.get(name), year=year.get(name)) if name in anew else one
        for name, one in results.items()
    }


def _counts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Ratings per officer and month."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        months = found.setdefault(row["officer"], {})
        months[row["month"]] = months.get(row["month"], 0) + int(row["n"])
    return found


def _waits(name: str, counts: Mapping[str, int], group: Group, policy: Policy) -> bool:
    """Whether the window may not be shown: too few enter or leave, or together with every window that was shown before it
    would single out fewer than k. Then the result shown last stays, or none."""
    old = group.previous.get(name)
    if old and not scoring.may_move(*scoring.between(counts, old.months, group.window), k=policy.k):
        return True
    limits = policy.thresholds
    n = sum(counts.get(month, 0) for month in group.window)
    if n < limits.min_n or group.days.get(name, 0) < limits.min_days:
        return False  # hidden anyway
    told = [*group.shown.get(name, ()), *([old.months] if old else []), group.window]
    return scoring.fewest_apart({**group.older.get(name, {}), **counts}, told, below=policy.k) is not None


# --- fitting ---------------------------------------------------------------------------------------------------------


def _cells(rows: Sequence[Row]) -> Cells:
    """The rows as the scoring room counts them."""
    return scoring.cells_from_counts(rows, fixed=FIXED, groups=GROUPS)


def _modelled(cells: Cells, policy: Policy) -> Cells:
    """The cells with the covariates of the policy alone; the others still tell what can be left out of a window."""
    return replace(cells, fixed={name: cells.fixed[name] for name in policy.covariates})


def _pooling(policy: Policy) -> scoring.Pooling:
    """Which services are merged before a fit."""
    return scoring.Pooling(policy.pool_ratings, policy.pool_officers)


@dataclass(frozen=True)
class _Model:
    """A group with what stays the same when a part of its window is left out: mix, pooling, and the year's variances."""

    group: Group
    policy: Policy
    rows: Sequence[Row]
    components: Components | None  # how much officers and services differ (scoring.md §2)


def _model(group: Group, policy: Policy) -> _Model | None:
    rows = [row for row in group.rows if row["month"] in group.window]
    if not rows:
        return None
    year = _modelled(_cells(group.rows), policy)
    found = scoring.variance_components(year, prior_scale=policy.prior_scale, pooling=_pooling(policy))
    return _Model(group, policy, rows, found)


def _usable_mix(cells: Cells, mix: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    """The mix of all service events; a factor whose events all went unrated keeps the mix of the ratings."""
    factors = {**cells.fixed, **cells.groups}
    return {
        name: weights
        for name, weights in mix.items()
        if name in factors and any(weight > 0 and level in factors[name].labels for level, weight in weights.items())
    }


def _scored(cells: Cells, model: _Model) -> FairScores:
    """Scores at the mix of all service events of the window."""
    cells = _modelled(cells, model.policy)
    return scoring.fair_scores(
        cells,
        population_mix=_usable_mix(cells, model.group.mix),
        variances=model.components,
        prior_scale=model.policy.prior_scale,
        pooling=_pooling(model.policy),
    )


def _fresh(scores: FairScores, group: Group, policy: Policy, held: Collection[str]) -> Iterator[tuple[str, Draft]]:
    answered = _unit_response(group)
    enough = answered is None or answered >= policy.response_minimum
    for one in scores:
        if one.officer in held:
            continue
        comparable = one.comparable and enough
        days = group.days.get(one.officer, 0)
        known = one.reliability if one.se is not None else None  # no interval, no use by others
        use = scoring.allowed_use(one.n, days, known, policy.thresholds, comparable=comparable)
        if use is Use.HIDDEN:
            yield one.officer, Draft(group.window, use, comparable)
            continue
        yield (
            one.officer,
            Draft(
                months=group.window,
                use=use,
                is_comparable=comparable,
                n=one.n,
                issue_days=days,
                raw_mean=rounded(one.raw_mean),
                case_mix_shift=rounded(one.case_mix_shift),
                shrinkage_shift=rounded(one.shrinkage_shift),
                score=rounded(one.score),
                se=rounded(one.se),
                low=rounded(one.low),
                high=rounded(one.high),
                adjusted=rounded(one.adjusted),
                adjusted_low=rounded(one.adjusted_low),
                adjusted_high=rounded(one.adjusted_high),
                suggestion=_suggestion(one, use, policy),
                reliability=rounded(one.reliability),
                recompute=_recompute(one.recompute),
                response=closing.response(*group.tickets.get(one.officer, (0, 0)), minimum=policy.response_tickets),
            ),
        )


def _suggestion(one: FairScore, use: Use, policy: Policy) -> str | None:
    """Where citizens place the officer's behaviour; nothing where the score may not be used in evaluation."""
    found = scoring.suggest(
        (one.low, one.high),
        (one.adjusted_low, one.adjusted_high),
        low=policy.expectation_low,
        high=policy.expectation_high,
        usable=use in (Use.EVALUATION, Use.AWARD),
    )
    return found.standing.value if found.standing else None


def _unit_response(group: Group) -> float | None:
    issued = sum(pair[0] for pair in group.tickets.values())
    return sum(pair[1] for pair in group.tickets.values()) / issued if issued else None


def _recompute(record: scoring.Recompute) -> dict[str, Any]:
    """What redoes the score to 1e-6; unrounded where rounding would add up."""
    return {
        "n": record.n,
        "raw_mean": round(record.raw_mean, 12),
        "quantile": round(record.quantile, 12),
        "grid": [{name: round(value, 12) for name, value in asdict(point).items()} for point in record.grid],
    }


# --- what the group as a whole lets anyone see -------------------------------------------------------------------------


def _compared(results: dict[str, Draft], scores: FairScores, held: Collection[str], model: _Model) -> dict[str, Draft]:
    """Add the band of the group, and for the committee how sure the order of its officers is."""
    policy = model.policy
    shown = [name for name, one in results.items() if name not in held and one.is_comparable and one.score is not None]
    many = [name for name in shown if (results[name].n or 0) >= policy.thresholds.eval_n]
    found = closing.band([results[name].score or 0.0 for name in many], minimum=policy.band_officers)
    ranks = _ranks(shown, scores, model)
    return {
        name: replace(one, group=found.as_json() if found else None, ranks=ranks.get(name)) if name in shown else one
        for name, one in results.items()
    }


def _ranks(shown: Sequence[str], scores: FairScores, model: _Model) -> dict[str, dict[str, Any]]:
    """Rank uncertainty among all officers shown, with the shortlist rule and its stability; nothing in small groups."""
    group, policy = model.group, model.policy
    if len(shown) < policy.award_min_group:
        return {}
    found = scoring.rank(scores, among=shown, draws=DRAWS, seed=group.seed)
    chosen = scoring.shortlist(found.p_top, q=policy.award_q, min_group=policy.award_min_group)
    stable = _stability(shown, scores, model)
    return {
        one.officer: {
            "group": group.code,
            "J": len(shown),
            "k": found.k,
            "p_top": rounded(one.p_top),
            "expected": rounded(one.expected),
            "low": one.low,
            "high": one.high,
            "draws": found.draws,
            "seed": found.seed,
            "mc_error": rounded(found.mc_error),
            "selected": one.officer in chosen.selected,
            "refits": stable.refits,
            "stable_share": rounded(stable.shares.get(one.officer)),
        }
        for one in found.ranks
    }


def _stability(shown: Sequence[str], scores: FairScores, model: _Model) -> scoring.Stability:
    """How often each stays on the shortlist when one channel, or one service, is left out; rare services go together."""
    rows, policy = model.rows, model.policy
    apart: list[tuple[str, Collection[str]]] = [("channel", {level}) for level in sorted({r["channel"] for r in rows})]
    apart += [("service", {level}) for level in sorted({row["service"] for row in rows} - scores.pooled)]
    apart += [("service", scores.pooled)] if scores.pooled else []
    return scoring.stability(
        _cells(rows),
        lambda left: _scored(left, model),
        among=shown,
        leave_out=apart,
        q=policy.award_q,
        min_group=policy.award_min_group,
        draws=REFIT_DRAWS,
        seed=model.group.seed,
    )


# --- what more ratings would do, and the year ---------------------------------------------------------------------------


def _plans(scores: FairScores, among: Sequence[str], policy: Policy) -> dict[str, list[dict[str, Any]]]:
    """How many more ratings would open each use, from the fit itself; no number where the own ratings cannot do it."""
    limits = policy.thresholds
    found: dict[str, list[dict[str, Any]]] = {}
    for use, target in ((Use.EVALUATION, limits.eval_r), (Use.AWARD, limits.award_r)):
        for plan in scoring.plans(scores, scores.cells, target=target, among=among) if 0 < target < 1 else ():
            more = None if plan.more is None else max(plan.more, limits.eval_n - plan.n, 0)
            found.setdefault(plan.officer, []).append(
                {"use": use.value, "target": target, "more": more, "ceiling": rounded(plan.ceiling)}
            )
    return found


def _years(fresh: Sequence[str], model: _Model) -> dict[str, dict[str, Any]]:
    """The figure of everybody with two or more shown windows that share no month, from all their answers at once.

    Its months are those of windows that were shown, whole: so it tells nothing of a month or of a few ratings that these
    did not tell already (trust.md §2 step 8).
    """
    group, policy = model.group, model.policy
    known = {row["month"] for row in group.rows}
    spans: dict[tuple[str, ...], list[str]] = {}
    for name in fresh:
        recent = [one for one in group.shown.get(name, ()) if one[0] >= group.since]
        apart = scoring.apart([group.window, *recent], within=known)
        if len(apart) > 1:
            spans.setdefault(tuple(sorted({month for one in apart for month in one})), []).append(name)
    found: dict[str, dict[str, Any]] = {}
    for months, names in spans.items():
        cells = _cells(group.rows)
        mix = _usable_mix(cells, summed_mix([group.month_mix.get(month, {}) for month in months]))
        year = scoring.annual(
            cells,
            months,
            population_mix={name: weights for name, weights in mix.items() if name in (*policy.covariates, *GROUPS)},
            pooling=_pooling(policy),
            variances=model.components,
            prior_scale=policy.prior_scale,
            covariates=policy.covariates,
        )
        scores = year.scores.by_officer
        found |= {name: _year(scores[name], months) for name in names if name in scores}
    return found


def _year(one: FairScore, months: Sequence[str]) -> dict[str, Any]:
    figures = ("score", "low", "high", "adjusted", "adjusted_low", "adjusted_high", "reliability")
    return {"months": list(months), "n": one.n, **{name: rounded(getattr(one, name)) for name in figures}}


def summed_mix(mixes: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """The mixes of several months as one."""
    found: dict[str, dict[str, float]] = {}
    for mix in mixes:
        for factor, weights in mix.items():
            for level, n in weights.items():
                part = found.setdefault(factor, {})
                part[level] = part.get(level, 0.0) + n
    return found
