"""Is the number treated fairly, and is anybody working on the number instead of the service?

Two looks each period: `audit` asks whether groups of officers or of cases are rated differently after adjustment, and
`pressure` what a unit's figures show when a number has become a target. Findings are reasons to look, never proof, and
carry codes, no prose. Only `audit` needs numpy and scipy, which load on first use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from .funnel import Z_ALARM, overdispersion
from .quantiles import Z95

if TYPE_CHECKING:
    from .cells import Cells, Factor, FloatArray
    from .mixed import Fit


class Verdict(StrEnum):
    """What the interval of a difference says about the equivalence bound and zero."""

    EQUIVALENT = "equivalent"  # certainly smaller than the bound, whether zero or not
    DIFFERENT = "different"  # certainly not zero, and not certainly smaller than the bound
    UNCLEAR = "unclear"  # the data cannot tell


class Why(StrEnum):
    """Why a difference has no figure."""

    FEW_OFFICERS = "few_officers"
    FEW_RATINGS = "few_ratings"
    ONE_LEVEL = "one_level"
    ALIASED = "aliased"  # cannot be told apart from something the model adjusts for
    NO_SPREAD = "no_spread"  # all answers alike


@dataclass(frozen=True)
class Difference:
    """Ratings of one level against the others of a trait, adjusted, in units of y; figures None when `why` says so.

    `low`, `high`: 95 % interval, simultaneous over the levels of the trait (Bonferroni); `tost_low`, `tost_high`: the 90 %
    interval whose lying within -/+ `bound` shows equivalence. `df`: degrees of freedom of the t distribution used.
    """

    trait: str
    level: str
    against: tuple[str, ...]
    n: int
    officers: int
    estimate: float | None
    se: float | None
    df: int | None
    low: float | None
    high: float | None
    tost_low: float | None
    tost_high: float | None
    bound: float | None
    verdict: Verdict
    why: Why | None


@dataclass(frozen=True)
class Audit:
    """All differences by one trait. `sd`: of one rating; the bound is `bound_sd` of it."""

    trait: str
    n: int
    sd: float
    bound_sd: float
    differences: tuple[Difference, ...]


def audit(
    cells: Cells,
    trait: str,
    *,
    officer: str = "officer",
    bound_sd: float = 0.1,
    alpha: float = 0.05,
    min_officers: int = 3,
    min_n: int = 30,
) -> Audit:
    """Return how the ratings of each level of `trait` differ from those of the other levels, all else adjusted.

    Parameters
    ----------
    cells : Cells
        Ratings with `trait` among the fixed factors: the officer's sex, age band or unit, or the outcome of the case;
        beside it what the score adjusts for (channel, month, pattern; officer and service as group factors).
    trait : str
        Its name. Protected traits appear here alone, never in a score.
    officer : str
        The group factor of the people rated.
    bound_sd : float > 0
        Equivalence bound in standard deviations of one rating (total: fixed effects taken out, random ones in).
    alpha : float in (0, 1)
        Level of each one-sided test of equivalence; the interval has confidence 1 - alpha.
    min_officers, min_n : int
        A level below either is merged with nothing and shown to nobody.

    Returns
    -------
    Audit
        One difference per level, in the order of the labels; with two levels one, of the first against the second.

    Raises
    ------
    ValueError
        No ratings, no such fixed or group factor, or a bound or alpha out of range.

    Notes
    -----
    Two one-sided t tests (Schuirmann 1987): equivalent when the 1 - 2 alpha interval lies within the bound. A level is set
    against the mean of the others, weighted by their ratings. A trait that most officers have one level of (sex, unit) is
    judged between officers: officers - levels degrees of freedom; one that varies within officers (outcome) has the residual
    ones. The variance components are plugged in.
    """
    import numpy as np

    from .mixed import fit

    if trait not in cells.fixed:
        raise ValueError(f"{trait}: not a fixed factor of the cells")
    if officer not in cells.groups:
        raise ValueError(f"{officer}: not a group factor of the cells")
    if not bound_sd > 0 or not 0 < alpha < 0.5:
        raise ValueError(f"bound_sd={bound_sd}, alpha={alpha}: need a positive bound and alpha in (0, 0.5)")
    cells = cells.where(cells.n > 0)
    # The trait comes last, so that what it shares with an adjustment is dropped from the trait and named.
    cells = replace(cells, fixed={**{k: f for k, f in cells.fixed.items() if k != trait}, trait: cells.fixed[trait]})
    est = fit(cells)
    factor = cells.fixed[trait]
    met = np.zeros((len(factor.labels), len(cells.groups[officer].labels)), dtype=bool)
    met[factor.codes, cells.groups[officer].codes] = True
    n, officers = factor.totals(cells.n), met.sum(axis=1)
    sd = math.sqrt(est.sigma2 + sum(est.variances.values()))
    few = [_few(int(a), int(b), min_officers, min_n) for a, b in zip(officers, n, strict=True)]
    usable = [i for i, why in enumerate(few) if why is None]
    within = int((met.sum(axis=0) > 1).sum()) * 2 > met.shape[1]
    df = est.df_residual - met.shape[1] if within else met.shape[1] - len(factor.labels)
    judged = _Judged(est, trait, factor, n, sd * bound_sd, df, alpha, len(usable))
    found = []
    for i, label in enumerate(factor.labels):
        others = [j for j in usable if j != i]
        against = tuple(factor.labels[j] for j in others)
        blank = Difference(trait, label, against, int(n[i]), int(officers[i]), *(None,) * 8, Verdict.UNCLEAR, few[i])
        found.append(blank if few[i] else judged.difference(blank, i, others))
    pair = len(factor.labels) == 2 and len(usable) == 2
    return Audit(trait, cells.total, sd, bound_sd, tuple(found[:1] if pair else found))


def _few(officers: int, n: int, min_officers: int, min_n: int) -> Why | None:
    if officers < min_officers:
        return Why.FEW_OFFICERS
    return Why.FEW_RATINGS if n < min_n else None


@dataclass(frozen=True, eq=False)
class _Judged:
    """A fit with a trait, ready to set one level against others."""

    est: Fit
    trait: str
    factor: Factor
    n: FloatArray
    bound: float
    df: int
    alpha: float
    levels: int

    def difference(self, blank: Difference, i: int, others: Sequence[int]) -> Difference:
        import numpy as np
        from scipy.special import stdtrit

        if not others:
            return replace(blank, why=Why.ONE_LEVEL)
        if self.bound <= 0 or self.df < 1:
            return replace(blank, why=Why.NO_SPREAD if self.bound <= 0 else Why.FEW_OFFICERS)
        names = {f"{self.trait}[{self.factor.labels[j]}]" for j in (i, *others)}
        if names & set(self.est.aliased) - {f"{self.trait}[{self.factor.labels[0]}]"}:
            return replace(blank, why=Why.ALIASED)
        weights = np.zeros((1, len(self.factor.labels)))
        weights[0, others] = -self.n[others] / self.n[others].sum()
        weights[0, i] += 1.0
        estimate = float(weights[0] @ self.est.effects[self.trait])
        se = math.sqrt(float(self.est.covariance({self.trait: weights})[0, 0]))
        comparisons = 1 if self.levels == 2 else self.levels
        wide = se * float(stdtrit(self.df, 1 - self.alpha / (2 * comparisons)))
        narrow = se * float(stdtrit(self.df, 1 - self.alpha))
        low, high = estimate - wide, estimate + wide
        verdict = Verdict.DIFFERENT if low > 0 or high < 0 else Verdict.UNCLEAR
        if -self.bound < estimate - narrow and estimate + narrow < self.bound:
            verdict = Verdict.EQUIVALENT
        return replace(
            blank,
            estimate=estimate,
            se=se,
            df=self.df,
            low=low,
            high=high,
            tost_low=estimate - narrow,
            tost_high=estimate + narrow,
            bound=self.bound,
            verdict=verdict,
        )


# --- pressure on the number ----------------------------------------------------------------------------------------------


class Pressure(StrEnum):
    """What a unit's month shows."""

    JUMP = "jump"  # the mean moved further than chance and its own history
    CEILING = "ceiling"  # nearly every answer is the highest
    MIX_DROP = "mix_drop"  # a kind of case, channel or pattern of answering answers far less than it used to
    MIX_RISE = "mix_rise"  # one answers far more, and no single other one far less
    COVERAGE = "coverage"  # tickets for too few of the service events
    RESPONSE = "response"  # too few tickets were used: no comparison


@dataclass(frozen=True)
class Month:
    """A unit's month, as far as pressure shows in it. Counts are whole and not negative.

    `mean` and `se` in any unit; `top` of the `n` answers were the highest possible in everything asked; `mix[factor][level]`
    counts answers by e.g. channel, outcome, service; `events` served, of which `tickets` got a ticket; `closed` tickets are
    spent or expired, `spent` of them spent.
    """

    month: str
    n: int
    mean: float | None
    se: float | None
    top: int
    events: int
    tickets: int
    closed: int
    spent: int
    mix: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = (self.n, self.top, self.events, self.tickets, self.closed, self.spent)
        if min(counts) < 0 or self.top > self.n or self.spent > self.closed:
            raise ValueError(f"{self.month}: impossible counts {counts}")
        if self.se is not None and not self.se >= 0:
            raise ValueError(f"{self.month}: standard error {self.se}")


@dataclass(frozen=True)
class Bounds:
    """Where a figure becomes a finding. Shares in [0, 1]; `z` in standard errors; policy may set others."""

    coverage: float = 0.95
    response: float = 0.10
    ceiling: float = 0.95  # share of highest answers that is certainly exceeded
    drop: float = 0.10  # points of share a level of the mix must lose
    z: float = Z_ALARM  # 99.8 %
    min_n: int = 30
    history: int = 3  # earlier months a jump is judged by


DEFAULT_BOUNDS = Bounds()


@dataclass(frozen=True)
class Finding:
    """`value` of the month against the `limit` it passed; `usual` is that of the earlier months, `z` how far from it.

    `factor` and `level` say where in the mix.
    """

    code: Pressure
    value: float
    limit: float
    usual: float | None = None
    z: float | None = None
    factor: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Integrity:
    """Findings of the latest month, and the audits of the period. Not `is_comparable`: the unit's response is too low."""

    month: str
    findings: tuple[Finding, ...]
    audits: tuple[Audit, ...]
    is_comparable: bool


def integrity(
    months: Sequence[Month],
    *,
    cells: Cells | None = None,
    traits: Sequence[str] = (),
    bounds: Bounds = DEFAULT_BOUNDS,
) -> Integrity:
    """Return the integrity findings of a unit's latest month, and of the ratings in `cells` by trait.

    Parameters
    ----------
    months : sequence of Month
        The latest month and up to a year before it, in any order.
    cells : Cells, optional
        Ratings of the period for the bias audit, with `traits` among the fixed factors.
    traits : sequence of str
        What to audit by: each alone, the other traits left out, so that they do not explain each other away.
    bounds : Bounds
        Where a figure becomes a finding.

    Returns
    -------
    Integrity
        Findings in the order of `Pressure`; audits in the order of `traits`.

    Raises
    ------
    ValueError
        No month, a month given twice, traits without cells, or what `audit` refuses.

    Notes
    -----
    A finding is a reason to look, never proof. Bounds and examples: docs/rules/funnel-and-change.md.
    """
    if traits and cells is None:
        raise ValueError("cells: needed to audit by " + ", ".join(traits))
    findings = pressure(months, bounds=bounds)
    audits = tuple(audit(_only(cells, trait, traits), trait) for trait in traits) if cells is not None else ()
    return Integrity(
        month=max(m.month for m in months),
        findings=findings,
        audits=audits,
        is_comparable=all(f.code is not Pressure.RESPONSE for f in findings),
    )


def _only(cells: Cells, trait: str, traits: Sequence[str]) -> Cells:
    return replace(cells, fixed={k: f for k, f in cells.fixed.items() if k == trait or k not in traits})


def pressure(months: Sequence[Month], *, bounds: Bounds = DEFAULT_BOUNDS) -> tuple[Finding, ...]:
    """Return what the latest of `months` shows of work on the number instead of the service.

    Parameters
    ----------
    months : sequence of Month
        The latest month and those before it, in any order.
    bounds : Bounds
        Where a figure becomes a finding.

    Returns
    -------
    tuple of Finding
        Empty when nothing stands out.

    Raises
    ------
    ValueError
        No month, or a month given twice.

    Notes
    -----
    Jump: z = (mean - m) / sqrt(se^2 + 1/sum w + tau^2), m the earlier means weighted by w = 1/(se^2 + tau^2), tau^2 their own
    spread beyond chance; so a unit that always moves must move further. Ceiling: the lower end of the 95 % Wilson interval
    of the share of highest answers lies above the bound. Drop in the mix: a level's share of the answers lost at least
    `drop` and z of two proportions is beyond `z`; a rise, likewise, where nothing dropped. Coverage and response are counts of everything, so compared as they are.
    """
    ordered = sorted(months, key=lambda m: m.month)
    if not ordered or len({m.month for m in ordered}) < len(ordered):
        raise ValueError("months: need at least one, each once")
    *earlier, latest = ordered
    return (
        *_jump(latest, earlier, bounds),
        *_ceiling(latest, bounds),
        *_shifts(latest, earlier, bounds),
        *_low(Pressure.COVERAGE, latest.tickets, latest.events, bounds.coverage),
        *_low(Pressure.RESPONSE, latest.spent, latest.closed, bounds.response),
    )


def _jump(latest: Month, earlier: Sequence[Month], bounds: Bounds) -> list[Finding]:
    known = [(m.mean, m.se) for m in earlier if m.mean is not None and m.se and m.n >= bounds.min_n]
    if len(known) < bounds.history or latest.mean is None or not latest.se or latest.n < bounds.min_n:
        return []
    first = [1 / se**2 for _, se in known]
    centre = sum(w * mean for w, (mean, _) in zip(first, known, strict=True)) / sum(first)
    _, tau2 = overdispersion([(mean - centre) / se for mean, se in known], [se for _, se in known])
    weights = [1 / (se**2 + tau2) for _, se in known]
    usual = sum(w * mean for w, (mean, _) in zip(weights, known, strict=True)) / sum(weights)
    spread = math.sqrt(latest.se**2 + tau2 + 1 / sum(weights))
    z = (latest.mean - usual) / spread
    if abs(z) <= bounds.z:
        return []
    limit = usual + math.copysign(bounds.z, z) * spread
    return [Finding(Pressure.JUMP, latest.mean, limit, usual, z)]


def _ceiling(latest: Month, bounds: Bounds) -> list[Finding]:
    if latest.n < bounds.min_n or _wilson_low(latest.top, latest.n) <= bounds.ceiling:
        return []
    return [Finding(Pressure.CEILING, latest.top / latest.n, bounds.ceiling)]


def _shifts(latest: Month, earlier: Sequence[Month], bounds: Bounds) -> list[Finding]:
    """Levels whose share of the answers fell; a level that vanished counts too, a whole factor that vanished does not.

    Where none fell, those that rose: what one gains, others have lost, and one of both says enough.
    """
    found = []
    for factor in sorted(latest.mix):
        now = latest.mix[factor]
        before: dict[str, int] = {}
        for month in earlier:
            for level, count in month.mix.get(factor, {}).items():
                before[level] = before.get(level, 0) + count
        n, m = sum(now.values()), sum(before.values())
        if n < bounds.min_n or m < bounds.min_n:
            continue
        levels = sorted({*before, *now})
        moved = [_shift(factor, one, now.get(one, 0), n, before.get(one, 0), m, bounds) for one in levels]
        fell = [one for one in moved if one and one.code is Pressure.MIX_DROP]
        found += fell or [one for one in moved if one]
    return found


def _shift(factor: str, level: str, x: int, n: int, y: int, m: int, bounds: Bounds) -> Finding | None:
    """A level's share against the earlier one: beyond chance and by at least the bound, or nothing."""
    share, usual, pooled = x / n, y / m, (x + y) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if abs(usual - share) < bounds.drop or abs(usual - share) <= bounds.z * spread:
        return None
    fell = share < usual
    code, limit = (Pressure.MIX_DROP, usual - bounds.drop) if fell else (Pressure.MIX_RISE, usual + bounds.drop)
    return Finding(code, share, limit, usual, (share - usual) / spread if spread else None, factor, level)


def _low(code: Pressure, part: int, whole: int, limit: float) -> list[Finding]:
    return [Finding(code, part / whole, limit)] if whole and part / whole < limit else []


def _wilson_low(events: int, n: int, z: float = Z95) -> float:
    p = events / n
    return (p + z * z / (2 * n) - z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
