"""`python -m bench.simulations`: do the scores keep their promises where the truth is known? Prints Markdown tables.

The worlds are those of `bench.worlds`. Every number comes with its Monte-Carlo error; equal options give equal tables.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from bench import threads  # noqa: F401  # before numpy

# isort: split
import numpy as np
import scipy
from numpy.typing import NDArray

from bench.worlds import (
    ALIKE,
    J_SHAPED,
    MODEL,
    PUBLIC,
    SCENARIOS,
    SMALL_SPREAD,
    Floats,
    Scenario,
    answers,
    expected,
    world,
)
from teladan.scoring import (
    Cells,
    Factor,
    FairScore,
    FairScores,
    Mean,
    Position,
    Share,
    Verdict,
    Window,
    audit,
    change,
    fair_scores,
    funnel,
    rank,
    share_limits,
    shortlist,
)

# --- what a score claims ---------------------------------------------------------------------------------------------


def intervals(score: FairScore) -> Iterator[tuple[str, float, float, float]]:
    """Every (name, value, low, high) that a score has: the fair score, and others such as the adjusted mean."""
    for part in fields(score):
        value = getattr(score, part.name)
        if part.name == "low" and value is not None:
            yield "fair score", score.score, value, score.high  # type: ignore[misc]  # both or none
        elif part.name.endswith("_low") and value is not None:
            name = part.name.removesuffix("_low")
            yield name.replace("_", " "), getattr(score, name, math.nan), value, getattr(score, f"{name}_high")
        elif is_dataclass(value) and getattr(value, "low", None) is not None:
            yield part.name.replace("_", " "), getattr(value, "value", math.nan), value.low, value.high  # type: ignore[attr-defined]


Record = dict[str, Any]


def score_once(scenario: Scenario, officers: int, seed: int) -> Record:
    """One group: who is covered by which interval, and how its shortlist does."""
    group = world(scenario, seed, officers)
    scores = fair_scores(group.cells, population_mix=group.mix)
    at = np.array([int(s.officer[1:]) for s in scores])
    truth, n = group.truth[at], group.n[at]
    covered: dict[str, list[tuple[int, bool, float]]] = {}
    for i, one in enumerate(scores):
        for name, _, low, high in intervals(one):
            covered.setdefault(name, []).append((i, low <= truth[i] <= high, high - low))
    return {
        "truth": truth - truth.mean(),
        "n": n,
        "score": np.array([s.score for s in scores]) - truth,
        "raw": np.array([s.raw_mean for s in scores]) - truth,
        "reliability": np.array([s.reliability for s in scores]),
        "covered": covered,
        "award": _award(scores, truth),
    }


def _award(scores: FairScores, truth: Floats) -> Record:
    """Of the shortlisted: the share outside the true top k, before and after eligibility; how much the first's figures promise."""
    ranks = rank(scores, draws=4_000, seed=1)
    eligible = [s.officer for s in scores if s.n >= 30 and s.reliability >= 0.8]
    found = shortlist(ranks.p_top, eligible=eligible)
    names = [s.officer for s in scores]
    best = {names[i] for i in np.argsort(-truth)[: found.k]}

    def wrong(members: Sequence[str]) -> float | None:
        return len(set(members) - best) / len(members) if members else None

    first = names.index(found.selected[0]) if found.selected else None
    return {
        "selected": len(found.selected),
        "members": len(found.members),
        "wrong": wrong(found.selected),
        "wrong_members": wrong(found.members),
        "raw_over": None if first is None else scores[first].raw_mean - truth[first],
        "score_over": None if first is None else scores[first].score - truth[first],
    }


@dataclass(frozen=True)
class Estimate:
    """A mean with its Monte-Carlo standard error; groups, not officers, are what repeats."""

    value: float
    error: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Estimate:
        found = np.array(list(values), dtype=np.float64)
        if not len(found):
            return cls(math.nan, math.nan)
        return cls(
            float(found.mean()), float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else math.nan
        )

    @classmethod
    def share(cls, hits: Sequence[float], of: Sequence[float]) -> Estimate:
        """Ratio of sums over groups, with the error of a ratio estimate."""
        hit, total = np.array(hits, dtype=np.float64), np.array(of, dtype=np.float64)
        if not total.sum():
            return cls(math.nan, math.nan)
        ratio = hit.sum() / total.sum()
        left = hit - ratio * total
        return cls(float(ratio), float(math.sqrt((left**2).sum()) / total.sum()))

    def percent(self, digits: int = 1) -> str:
        if math.isnan(self.value):
            return "-"
        return f"{100 * self.value:.{digits}f} ± {100 * self.error:.{digits}f}"

    def plain(self, digits: int = 3) -> str:
        return "-" if math.isnan(self.value) else f"{self.value:+.{digits}f} ± {self.error:.{digits}f}"


def coverage(records: Sequence[Record], name: str, *, fifth: int | None = None, min_n: int = 0) -> Estimate:
    """Share of officers whose interval holds the truth, over all or over one fifth of the true values (0 the lowest)."""
    edges = np.quantile(np.concatenate([r["truth"] for r in records]), np.arange(1, 5) / 5)
    hits, totals = [], []
    for r in records:
        place = np.searchsorted(edges, r["truth"])
        inside = [hit for i, hit, _ in r["covered"].get(name, []) if fifth in (None, place[i]) and r["n"][i] >= min_n]
        hits.append(sum(inside))
        totals.append(len(inside))
    return Estimate.share(hits, totals)


# --- the parts ---------------------------------------------------------------------------------------------------------


Run = Callable[[Callable[[int], Record], int], list[Record]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def scored(run: Run, groups: int) -> None:
    """Coverage, error and awards per scenario."""
    cover, awards, errors = [], [], []
    for scenario, officers, repeats in [
        *((s, 12, groups) for s in SCENARIOS),
        *((s, 500, max(2, groups // 4)) for s in SCENARIOS),
    ]:
        records = run(partial(score_once, scenario, officers), repeats)
        label = [scenario.name, str(officers), str(repeats)]
        names = dict.fromkeys(name for r in records for name in r["covered"])
        for name in names:
            fifths = [coverage(records, name, fifth=i).percent() for i in range(5)]
            enough = [coverage(records, name, fifth=i, min_n=30).value for i in range(5)]
            width = np.mean([w for r in records for _, _, w in r["covered"].get(name, [])])
            cover.append(
                [*label, name, coverage(records, name).percent(), *fifths, f"{100 * min(enough):.1f}", f"{width:.2f}"]
            )
        square = [math.sqrt(np.mean(np.concatenate([r[k] for r in records]) ** 2)) for k in ("raw", "score")]
        mean_r = np.mean(np.concatenate([r["reliability"] for r in records]))
        errors.append([*label, f"{square[0]:.3f}", f"{square[1]:.3f}", f"{square[1] / square[0]:.2f}", f"{mean_r:.2f}"])
        awards.append([*label, *_award_row(records)])
    print(
        "**Coverage of 95 % intervals**, in %, overall and by fifth of the true value (1 lowest), ± Monte-Carlo error."
    )
    fifth_names = [f"fifth {i}" for i in range(1, 6)]
    table(["answers", "officers", "groups", "interval", "all", *fifth_names, "worst fifth, n ≥ 30", "width"], cover)
    print("**Error** (root mean square, on 1-4) and mean reliability.")
    table(["answers", "officers", "groups", "raw mean", "fair score", "ratio", "reliability"], errors)
    print(
        "**Awards**: shortlisted who are not truly in the top k, in % (promise: at most 20 ± error); what the first of "
        "the list promises beyond the truth."
    )
    head = ["with a list, %", "listed", "not in true top k", "same, eligible only", "raw mean over", "score over"]
    table(["answers", "officers", "groups", *head], awards)


def _award_row(records: Sequence[Record]) -> list[str]:
    found = [r["award"] for r in records]
    listed = [a for a in found if a["selected"]]
    return [
        f"{100 * len(listed) / len(found):.0f}",
        f"{np.mean([a['selected'] for a in listed]):.1f}" if listed else "-",
        Estimate.of(a["wrong"] for a in listed).percent(),
        Estimate.of(a["wrong_members"] for a in found if a["members"]).percent(),
        Estimate.of(a["raw_over"] for a in listed).plain(),
        Estimate.of(a["score_over"] for a in listed).plain(),
    ]


def alarm_once(kind: str, seed: int) -> Record:
    """A funnel of 40 units around one truth, nothing but chance between them."""
    random = np.random.default_rng([40, seed])
    n = random.integers(20, 400, 40)
    if kind == "share":
        events = random.binomial(n, 0.86)
        figures = [Share(str(i), int(r), int(m)) for i, (r, m) in enumerate(zip(events, n, strict=True))]
        target = 0.86
        limits = [share_limits(int(m), target) for m in n]
        drawn = sum(not x.alarm_low <= r / m <= x.alarm_high for x, r, m in zip(limits, events, n, strict=True))
        found = funnel(figures, target=target, overdispersed=False)
        wide = funnel(figures)
    else:
        samples, shape = [], PUBLIC if kind.startswith("public") else J_SHAPED
        for m in n:
            ones = np.zeros(int(m))
            y = answers(shape, ones, ones + 1, ones.astype(np.int64), random)
            samples.append(y)
        within = math.sqrt(sum(((y - y.mean()) ** 2).sum() for y in samples) / (n.sum() - 40))  # as a model has it
        own = kind.endswith("own")
        means = [
            Mean(str(i), float(y.mean()), max(1e-9, float(y.std(ddof=1)) if own else within) / math.sqrt(len(y)))
            for i, y in enumerate(samples)
        ]
        target = float(expected(shape, np.zeros(1), np.ones(1), 0)[0])
        found, wide, drawn = funnel(means, target=target, overdispersed=False), funnel(means), 0
    alarm = (Position.ALARM_LOW, Position.ALARM_HIGH)
    return {
        "alarms": sum(p.position in alarm for p in found.points),
        "outside": sum(p.position is not Position.WITHIN for p in found.points),
        "wide": sum(p.position in alarm for p in wide.points),
        "drawn": drawn,
    }


def funnels(run: Run, groups: int) -> None:
    rows = []
    for kind, label in (
        ("share", "shares, exact"),
        ("demo", "means of demo answers, the model's standard errors"),
        ("public", "means of the public file's shape, the model's standard errors"),
        ("public own", "the same, each unit's own standard error"),
    ):
        records = run(partial(alarm_once, kind), groups)
        count = [40] * len(records)

        def part(key: str, records: list[Record] = records, count: list[int] = count) -> str:
            return Estimate.share([r[key] for r in records], count).percent(2)

        rows.append(
            [
                label,
                str(40 * groups),
                part("alarms"),
                part("outside"),
                part("drawn") if kind == "share" else "-",
                part("wide"),
            ]
        )
    print("**Funnel under the null**, in % of units (promise: beyond 99.8 % at most 0.20 ± error).")
    table(
        ["figures", "units", "beyond 99.8 %", "beyond 95 %", "beyond the drawn 99.8 % line", "with own target and τ²"],
        rows,
    )


def change_once(scenario: Scenario, seed: int) -> Record:
    """Two windows of the same officers; nobody changed. Half of the second window's are then lifted by 0.3."""
    group = world(scenario, seed, 12, windows=2)
    late = group.cells.fixed["month"].codes == 1
    early = group.cells.where(~late)
    rise = replace(group.cells, sum=group.cells.sum + 0.3 * group.cells.n, sumsq=_shifted(group.cells, 0.3))
    lifted = replace(
        group.cells,
        sum=np.where(_odd(group.cells), rise.sum, group.cells.sum),
        sumsq=np.where(_odd(group.cells), rise.sumsq, group.cells.sumsq),
    )
    first = fair_scores(early, population_mix=group.mix).by_officer
    second = fair_scores(group.cells.where(late), population_mix=group.mix).by_officer
    third = fair_scores(lifted.where(late), population_mix=group.mix).by_officer
    out: Record = {}
    for key, after in (("same", second), ("lifted", third)):
        for name in first.keys() & after.keys():
            if key == "lifted" and int(name[1:]) % 2 == 0:
                continue
            before_of = {label: (v, lo, hi) for label, v, lo, hi in intervals(first[name])}
            for label, value, low, high in intervals(after[name]):
                was = before_of.get(label)
                if was is None or math.isnan(value):
                    continue
                windows = [
                    Window(date(2026, 1, 1), date(2026, 3, 1), was[0], (was[2] - was[1]) / 3.92),
                    Window(date(2026, 4, 1), date(2026, 6, 1), value, (high - low) / 3.92),
                ]
                hit, total = out.get(f"{key}|{label}", (0, 0))
                out[f"{key}|{label}"] = (hit + change(windows).is_real, total + 1)
    return out


def _odd(cells: Cells) -> NDArray[np.bool_]:
    who = cells.groups["officer"]
    return np.array([int(label[1:]) % 2 == 1 for label in who.labels])[who.codes]


def _shifted(cells: Cells, by: float) -> Floats:
    return np.asarray(cells.sumsq + 2 * by * cells.sum + by * by * cells.n)


def changes(run: Run, groups: int) -> None:
    rows = []
    for scenario in (MODEL, J_SHAPED, PUBLIC):
        records = run(partial(change_once, scenario), groups)
        for label in sorted({key.split("|")[1] for r in records for key in r}):
            row = [scenario.name, label]
            for key in ("same", "lifted"):
                pairs = [r.get(f"{key}|{label}", (0, 0)) for r in records]
                row.append(Estimate.share([a for a, _ in pairs], [b for _, b in pairs]).percent())
            rows.append(row)
    print(
        "**Change** between two windows of 12 officers, in % called real (promise for the first column: fair score at most 5, adjusted about 5)."
    )
    table(["answers", "figure", "nobody changed", "a rise of 0.3"], rows)


def audit_once(scenario: Scenario, gap: float, seed: int) -> Record:
    """40 officers of two sexes; `gap` in standard deviations of a rating is added to one sex."""
    group = world(scenario, seed, 40)
    who = group.cells.groups["officer"]
    sex = Factor(("L", "P"), who.codes % 2)
    cells = replace(group.cells, fixed={**group.cells.fixed, "sex": sex})
    by = gap * audit(cells, "sex").sd
    shifted = replace(
        cells,
        sum=cells.sum + by * cells.n * (sex.codes == 0),
        sumsq=np.where(sex.codes == 0, _shifted(cells, by), cells.sumsq),
    )
    return {"verdict": audit(shifted, "sex").differences[0].verdict}


def audits(run: Run, groups: int) -> None:
    rows = []
    for scenario, gap in ((J_SHAPED, 0.0), (J_SHAPED, 0.1), (J_SHAPED, 0.4), (ALIKE, 0.0), (ALIKE, 0.1), (ALIKE, 0.4)):
        records = run(partial(audit_once, scenario, gap), groups)
        shares = [Estimate.of(float(r["verdict"] is v) for r in records).percent() for v in Verdict]
        rows.append([scenario.name, f"{gap:.1f} SD", *shares])
    print(
        "**Bias audit**, 40 officers of two sexes, in % of audits (promise: different at most 5 without a difference, "
        "equivalent at most 5 at one of 0.1 SD)."
    )
    table(["answers", "true difference", *[v.value for v in Verdict]], rows)


def better_once(scenario: Scenario, seed: int) -> Record:
    """Raise one rating by a point; does the officer's own score fall? With components held and with them estimated again."""
    group = world(scenario, seed, 12)
    cells = group.cells
    random = np.random.default_rng([7, seed])
    i = int(random.integers(cells.n.size))
    own = cells.groups["officer"].labels[cells.groups["officer"].codes[i]]
    mean = cells.sum[i] / cells.n[i]
    total, squares = cells.sum.copy(), cells.sumsq.copy()
    total[i] += 1.0
    squares[i] += 2 * mean + 1.0  # of a rating at the mean of its cell
    raised = replace(cells, sum=total, sumsq=squares)
    before = fair_scores(cells, population_mix=group.mix)
    held = {**before.fit.variances, "residual": before.fit.sigma2}
    fixed = [fair_scores(c, population_mix=group.mix, variances=held).by_officer[own].score for c in (cells, raised)]
    again = fair_scores(raised, population_mix=group.mix).by_officer[own].score
    return {"held": fixed[1] < fixed[0] - 1e-12, "again": again < before.by_officer[own].score - 1e-12}


def better(run: Run, groups: int) -> None:
    rows = []
    for scenario in (J_SHAPED, PUBLIC, SMALL_SPREAD):
        records = run(partial(better_once, scenario), groups)
        rows.append([scenario.name, str(groups), *(str(sum(r[k] for r in records)) for k in ("held", "again"))])
    print("**One better rating lowers the own score**: how often, of so many tries (promise for the first: never).")
    table(["answers", "tries", "components held", "components estimated again"], rows)


PARTS: dict[str, Callable[[Run, int], None]] = {
    "scores": scored,
    "funnels": funnels,
    "changes": changes,
    "audits": audits,
    "better": better,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m bench.simulations", description="Uji janji nilai dengan kebenaran yang diketahui."
    )
    parser.add_argument("parts", nargs="*", metavar="BAGIAN", help=", ".join(PARTS))
    parser.add_argument("--groups", type=int, default=400, help="kelompok per baris (bawaan: 400)")
    parser.add_argument("--workers", type=int, default=2, help="proses (bawaan: 2)")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"tidak dikenal: {', '.join(sorted(unknown))}")
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, {platform.machine()}\n"
    )
    start = time.perf_counter()
    with ProcessPoolExecutor(options.workers) as pool:

        def run(once: Callable[[int], Record], repeats: int) -> list[Record]:
            return list(pool.map(once, range(repeats), chunksize=max(1, repeats // 50)))

        for name in options.parts or PARTS:
            PARTS[name](run, options.groups)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
