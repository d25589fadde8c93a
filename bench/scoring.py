"""The estimator beside lme4 and mixedlm, its growth with the ratings, and a whole country's officers in one fit.

`make bench-scoring` prints the tables and keeps them in docs/benchmarks.md; the exit code says whether the bounds hold.
Programs are compared by processor seconds of one thread, so that a busy machine changes nothing; the database by the
clock, since it computes elsewhere. Where R with lme4 is absent its column is left out, with a sentence.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from teladan.scoring import Cells, Factor, cells_from_columns, fair_scores, fit, rank_draws, variance_components

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = "## Scoring"
# (fixed, groups, how much faster than mixedlm and than lme4 it must be)
MODELS: list[tuple[list[str], list[str], float | None, float]] = [
    ([], ["d", "dept"], 10, 10),
    (["service"], ["d", "dept"], 10, 10),
    (["service", "lectage"], ["d", "dept"], 10, 10),
    ([], ["s", "d", "dept_service"], None, 3),
]
PATIENCE = 60  # processor seconds that another program may take
SIZES = (100_000, 1_000_000, 10_000_000)
OFFICERS, UNITS, SERVICES, MONTHS = 100_000, 1_500, 40, 12
RANK_DRAWS = 1_000

LME4 = """
suppressMessages(library(lme4)); args <- commandArgs(TRUE)
data <- read.csv(args[1], colClasses = "factor"); data$y <- as.numeric(as.character(data$y))
time <- system.time(m <- lmer(as.formula(args[2]), data)); v <- as.data.frame(VarCorr(m))
cat(sprintf('{"seconds": %.4f, "criterion": %.15g, "version": "%s", "r": "%s", "variances": {%s}}', time[1] + time[2],
    REMLcrit(m), packageVersion("lme4"), getRversion(), paste(sprintf('"%s": %.10g', v$grp, v$vcov), collapse = ", ")))
"""
MIXEDLM = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
from time import process_time
import pandas as pd
from mixedlm import lmer
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]), int(sys.argv[3])))
data = pd.read_csv(sys.argv[1], dtype=str); data["y"] = data["y"].astype(float)
start = process_time(); m = lmer(sys.argv[2], data); seconds = process_time() - start
v = m.VarCorr()
found = {k: float(v.get_cov(k)[0][0]) for k in v.groups}
print(json.dumps({"seconds": seconds, "criterion": float(m.REMLcrit()), "variances": {**found, "Residual": float(m.sigma) ** 2}}))
"""


@dataclass
class Report:
    """Lines for the page, and the bounds that do not hold."""

    lines: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    versions: str = "tanpa lme4"

    def say(self, line: str = "") -> None:
        print(line, flush=True)
        self.lines.append(line)

    def bound(self, holds: bool, what: str) -> None:
        if not holds:
            self.broken.append(what)
            self.say(f"\n**Tidak terpenuhi: {what}**\n")


# --- beside other programs -------------------------------------------------------------------------------------------


def programs(report: Report) -> None:
    """InstEval (73,421 lecture ratings): same estimates, and how much faster."""
    warnings.simplefilter("ignore")
    from mixedlm.datasets import load_insteval

    data = load_insteval().astype(str)
    data["dept_service"] = data["dept"] + ":" + data["service"]
    has_r = _has_lme4()
    if not has_r:
        report.say("R dengan lme4 tidak terpasang; kolom lme4 dilewati.\n")
    report.say(
        "| model (REML) | sel | Teladan, s | mixedlm, s | lme4, s | kali mixedlm | kali lme4 | beda kriteria | beda ragam |"
    )
    report.say("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "insteval.csv"
        data.to_csv(file, index=False)
        for fixed, groups, of_mixedlm, of_lme4 in MODELS:
            formula = "y ~ " + " + ".join([*(fixed or ["1"]), *(f"(1|{g})" for g in groups)])
            seconds, est, cells = _ours(data, fixed, groups)
            others = {"mixedlm": _other([sys.executable, "-c", MIXEDLM, str(file), formula, str(PATIENCE)])}
            others["lme4"] = _other([str(shutil.which("Rscript")), "-e", LME4, str(file), formula]) if has_r else None
            mine = {**est.variances, "Residual": est.sigma2}
            apart, far = [], []
            for name, wanted in (("mixedlm", of_mixedlm), ("lme4", of_lme4)):
                other = others[name]
                if other is None:
                    continue
                apart.append(est.criterion - other["criterion"])
                far.append(max(abs(mine[k] / v - 1) for k, v in other["variances"].items()))
                report.bound(est.converged, f"{formula}: berhenti di titik datar")
                report.bound(abs(apart[-1]) < 0.05, f"{formula}: kriteria seperti {name}")
                report.bound(apart[-1] < 1e-5, f"{formula}: kriteria tidak lebih buruk dari {name}")
                report.bound(far[-1] < 1e-3, f"{formula}: ragam seperti {name}")
                if wanted is not None:
                    report.bound(
                        other["seconds"] >= wanted * seconds, f"{formula}: {wanted} kali lebih cepat dari {name}"
                    )
            cell = {name: f"{o['seconds']:.2f}" if o else "–" for name, o in others.items()}
            times = {name: f"{o['seconds'] / seconds:.0f}" if o else "–" for name, o in others.items()}
            report.say(
                f"| `{formula.replace('|', chr(92) + '|')}` | {cells:,} | {seconds:.3f} | {cell['mixedlm']} | {cell['lme4']} | {times['mixedlm']} | "
                f"{times['lme4']} | {', '.join(f'{x:+.1e}' for x in apart)} | {', '.join(f'{x:.0e}' for x in far)} |"
            )
            if others["lme4"]:
                report.versions = f"lme4 {others['lme4']['version']}, R {others['lme4']['r']}"


def _ours(data: Any, fixed: list[str], groups: list[str]) -> tuple[float, Any, int]:
    """Best of three, from columns of labels already coded, as the other programs get them: cells and fit."""
    coded = {name: data[name].astype("category") for name in (*fixed, *groups)}
    factors = {n: Factor(tuple(c.cat.categories), c.cat.codes.to_numpy().astype(np.int64)) for n, c in coded.items()}
    y = data["y"].astype(float).to_numpy()
    best = float("inf")
    for _ in range(3):
        start = process_time()
        cells = cells_from_columns(y, fixed={k: factors[k] for k in fixed}, groups={k: factors[k] for k in groups})
        est = fit(cells)
        best = min(best, process_time() - start)
    return best, est, cells.n.size


def _has_lme4() -> bool:
    rscript = shutil.which("Rscript")
    test = 'quit(status = !requireNamespace("lme4", quietly = TRUE))'
    return bool(rscript) and subprocess.run([rscript, "-e", test], capture_output=True, check=False).returncode == 0  # noqa: S603


def _other(command: list[str]) -> dict[str, Any] | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        print(f"  (tidak selesai: {done.stderr.strip().splitlines()[-1:] or done.returncode})", flush=True)
        return None
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


# --- growth ----------------------------------------------------------------------------------------------------------

FILL = """
CREATE UNLOGGED TABLE bench_rating AS
SELECT i %% 200 AS officer, i / 200 %% 6 AS service, i / 1200 %% 2 AS channel,
       (least(4, greatest(1, round(3.4 + (i %% 200 - 100) / 400.0 + 1.6 * (random() - 0.5)))))::smallint AS y
FROM generate_series(1, %(n)s) i
"""
GROUP = "SELECT officer, service, channel, count(*), sum(y), sum(y * y) FROM bench_rating GROUP BY 1, 2, 3"


def growth(report: Report) -> None:
    """The same cells from ten and a hundred times the ratings: one GROUP BY, then the fit."""
    from bench import stack

    report.say(
        "| penilaian | sel | GROUP BY saja, s | GROUP BY + sel + taksiran, s | kali | taksiran saja, s prosesor |"
    )
    report.say("|---|---|---|---|---|---|")
    fits = []
    with stack.database():
        from django.db import connection

        with connection.cursor() as cursor:
            for n in SIZES:
                cursor.execute("DROP TABLE IF EXISTS bench_rating")
                cursor.execute("SELECT setseed(0.42)")
                cursor.execute(FILL, {"n": n})
                cursor.execute("ANALYZE bench_rating")
                rounds = [(_alone(cursor), _whole(cursor)) for _ in range(5)]
                alone, whole = min(one for one, _ in rounds), min(two[0] for _, two in rounds)
                cells, fitting = rounds[0][1][1], min(two[2] for _, two in rounds)
                fits.append(fitting)
                report.say(f"| {n:,} | {cells:,} | {alone:.3f} | {whole:.3f} | {whole / alone:.2f} | {fitting:.4f} |")
                report.bound(whole <= 2 * alone, f"{n:,} penilaian: paling banyak dua kali GROUP BY")
    report.bound(max(fits) < 1.5 * min(fits) + 0.005, "lama taksiran tidak tumbuh dengan banyaknya penilaian")


def _alone(cursor: Any) -> float:
    start = perf_counter()
    cursor.execute(GROUP)
    cursor.fetchall()
    return perf_counter() - start


def _whole(cursor: Any) -> tuple[float, int, float]:
    start = perf_counter()
    cursor.execute(GROUP)
    officer, service, channel, *numbers = zip(*cursor.fetchall(), strict=True)
    n, total, squares = (np.array(column, dtype=np.float64) for column in numbers)
    factors = {"officer": Factor.of(np.array(officer)), "service": Factor.of(np.array(service))}
    cells = Cells(n, total, squares, {"channel": Factor.of(np.array(channel))}, factors)
    mark = process_time()
    fit(cells)
    return perf_counter() - start, cells.n.size, process_time() - mark


# --- a country -------------------------------------------------------------------------------------------------------


def country(report: Report) -> None:
    """Everybody in one fit: components of 12 months, all fair scores, ranks within each unit."""
    unit, cells = _country()
    start, clock = process_time(), perf_counter()
    components = variance_components(cells)
    fitted = process_time() - start
    scores = fair_scores(cells, variances=components)
    scored = process_time() - start
    names, means = np.array([s.officer for s in scores]), np.array([s.score for s in scores])
    edges = np.searchsorted(unit, np.arange(UNITS + 1))
    for first, last in pairwise(edges):
        some = range(first, last)
        rank_draws(list(names[first:last]), means[first:last], scores.covariance_of(some), draws=RANK_DRAWS)
    ranked = process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report.say("| petugas | unit | penilaian | sel | komponen, s | + nilai, s | + peringkat, s | jam dinding, s | MB |")
    report.say("|---|---|---|---|---|---|---|---|---|")
    report.say(
        f"| {OFFICERS:,} | {UNITS:,} | {cells.total:,} | {cells.n.size:,} | {fitted:.1f} | {scored:.1f} | {ranked:.1f} | "
        f"{perf_counter() - clock:.1f} | {peak:.0f} |"
    )
    report.bound(ranked < 60, "seluruh negeri di bawah 60 detik")
    report.bound(peak < 2048, "seluruh negeri di bawah 2 GB")


def _country() -> tuple[Any, Cells]:
    """Two services a month for each officer, one to six ratings in each."""
    random = np.random.default_rng(1)
    unit = np.sort(random.integers(UNITS, size=OFFICERS))
    officer = np.repeat(np.arange(OFFICERS), MONTHS * 2)
    month = np.tile(np.repeat(np.arange(MONTHS), 2), OFFICERS)
    service = (unit[officer] * 7 + np.tile(np.arange(2), OFFICERS * MONTHS) + officer % 3 * 3) % SERVICES
    spreads = [(OFFICERS, 0.25), (UNITS, 0.15), (SERVICES, 0.2)]
    a, b, s = (random.normal(0, sd, size) for size, sd in spreads)
    n = random.integers(1, 7, officer.size).astype(np.float64)
    total = n * (3.3 + a[officer] + b[unit[officer]] + s[service]) + 0.7 * np.sqrt(n) * random.normal(size=n.size)
    squares = total**2 / n + 0.49 * random.chisquare(np.maximum(n - 1, 1e-9)) * (n > 1)
    names = {
        k: tuple(f"{k}{i:06}" for i in range(size)) for k, size in (("o", OFFICERS), ("u", UNITS), ("s", SERVICES))
    }
    groups = {
        "officer": Factor(names["o"], officer),
        "unit": Factor(names["u"], unit[officer]),
        "service": Factor(names["s"], service),
    }
    months = Factor(tuple(f"{i:02}" for i in range(MONTHS)), month)
    return unit, Cells(n, total, squares, {"month": months}, groups)


# --- the page --------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[str, Callable[[Report], None]]] = {
    "programs": ("Di samping program lain: InstEval, 73.421 penilaian kuliah, detik prosesor satu utas", programs),
    "growth": ("Pertumbuhan: sel yang sama dari penilaian yang makin banyak, PostgreSQL, jam dinding", growth),
    "country": ("Seluruh petugas dalam satu taksiran, detik prosesor satu utas", country),
}


def main(names: list[str]) -> None:
    report = Report()
    for name, (title, part) in PARTS.items():
        if not names or name in names:
            report.say(f"\n### {title}\n")
            part(report)
    if not names:
        _keep(report)
    if report.broken:
        raise SystemExit("Batas yang tidak terpenuhi:\n  " + "\n  ".join(report.broken))
    print("\nSemua batas terpenuhi.")


def _keep(report: Report) -> None:
    """Rewrite our section of the page and leave the others alone."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Benchmarks\n"
    before, _, after = text.partition(f"{HEAD}\n")
    following = after[after.index("\n## ") :] if "\n## " in after else ""
    section = "\n".join([HEAD, "", " · ".join(_machine(report)), *report.lines, ""])
    PAGE.write_text(before.rstrip("\n") + "\n\n" + section + following, encoding="utf-8")


def _machine(report: Report) -> Iterator[str]:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    yield f"{len(models)} × {models[0] if models else platform.machine()}"
    yield f"Python {platform.python_version()}"
    yield from (f"{name} {version(name)}" for name in ("numpy", "scipy", "mixedlm"))
    yield report.versions
    yield f"{datetime.now(UTC):%Y-%m-%d}"
    yield "`make bench-scoring`"


if __name__ == "__main__":
    main(sys.argv[1:])
