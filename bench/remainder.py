"""How well a reader of all scores of a unit but one can guess the mean of the few ratings that are hidden: `python -m bench.remainder`.

Units of three officers with 30 to 89 ratings in the window and one with 2 to 9, all with one service or with mixes of three, drawn from a known truth and scored as a closing
scores them. The reader subtracts what is shown from the unit's published sum; the error is that of the best straight line
through such guesses, beside that of guessing the unit's mean. docs/rules/closing.md has the figures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import teladan
from teladan.evaluation.rules.closing import about, at_least
from teladan.evaluation.rules.officers import Draft, Group, Policy, group_results

WINDOW = ("2026-08", "2026-09", "2026-10")
RESPONSE = 0.4
Floats = npt.NDArray[np.float64]


def _policy() -> Policy:
    rows = json.loads((Path(teladan.__file__).parent / "config" / "data" / "policy.json").read_text(encoding="utf-8"))
    return Policy.of({row["key"]: row["value"] for row in rows})


def _unit(random: np.random.Generator, officers: int, services: int) -> tuple[Group, Floats, float, int]:
    """(what the closing reads, the hidden answers, the unit's sum, the events of the hidden officer)"""
    spread = 0.7
    quality, ease = random.normal(3.3, 0.25, officers), random.normal(0, 0.25, services)
    rows: list[dict[str, Any]] = []
    total, tickets, hidden = 0.0, {}, np.zeros(0)
    for one in range(officers):
        n = int(random.integers(2, 10)) if one == officers - 1 else int(random.integers(30, 90))
        tickets[f"p{one}"] = (max(n, int(random.negative_binomial(n, RESPONSE)) + n), n)
        service, month = random.choice(services, n, p=random.dirichlet(np.ones(services) * 2)), random.choice(3, n)
        mood = quality[one] + ease[service] + random.normal(0, 0.8 * spread, n)
        hidden = np.mean([np.clip(np.round(mood + random.normal(0, spread / 2, n)), 1, 4) for _ in range(2)], axis=0)
        total += float(hidden.sum())
        for s in range(services):
            for m, name in enumerate(WINDOW):
                y = hidden[(service == s) & (month == m)]
                if y.size:
                    rows.append(
                        {"officer": f"p{one}", "service": f"s{s}", "channel": "loket", "month": name, "pattern": "both",
                         "n": y.size, "sum": float(y.sum()), "sumsq": float((y**2).sum())}
                    )  # fmt: skip
    mix: dict[str, dict[str, float]] = {"service": {f"s{s}": 1.0 for s in range(services)}, "channel": {"loket": 1.0}}
    days = dict.fromkeys(tickets, 12)
    group = Group("U", WINDOW, rows, mix, days, tickets, {}, seed=1)
    return group, hidden, total, tickets[f"p{officers - 1}"][0]


def _guesses(shown: list[Draft], total: float, rated: int, events: int) -> dict[str, list[float]]:
    n = np.array([float(one.n or 0) for one in shown])
    tens = np.array([float(at_least(one.n) or 0) + 4.5 for one in shown])
    mean = total / rated

    def rest(n: Floats, means: Floats, left: float) -> float:
        return float(np.clip((total - (n * means).sum()) / max(left, 1.0), 1, 4))

    few = max(1.0, events * RESPONSE)  # whoever reads tens guesses the rest from the events
    tens *= (rated - few) / tens.sum()
    raw, score, r = (
        np.array([getattr(one, name) or 0.0 for one in shown]) for name in ("raw_mean", "score", "reliability")
    )
    unshrunk = mean + (score.round(2) - mean) / np.maximum(r.round(2), 0.3)
    fine, coarse = (np.array([cut((one.adjusted_low or 0) + (one.adjusted_high or 0)) for one in shown]) / 2
                    for cut in (lambda ends: round(ends, 2), lambda ends: 2 * (about(ends / 2) or 0)))  # fmt: skip
    left = rated - float(n.sum())
    return {
        "own file, one colleague": [rest(n, raw, left)],
        "exact n, adjusted interval to 0.01": [rest(n, fine, left), rest(n, unshrunk, left)],
        "n in tens, adjusted interval to 0.1": [rest(tens, coarse, few), rest(tens, unshrunk, few)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=200)
    asked = parser.parse_args()
    policy = _policy()
    for officers, services in ((4, 1), (4, 3)):
        random = np.random.default_rng(5)
        truth: list[float] = []
        prior: list[float] = []
        guessed: dict[str, list[list[float]]] = {}
        for _ in range(asked.units):
            group, hidden, total, events = _unit(random, officers, services)
            results = group_results(group, policy)
            shown = [results[f"p{one}"] for one in range(officers - 1)]
            if any(one.low is None for one in shown):
                continue
            rated = sum(row["n"] for row in group.rows)
            truth.append(float(hidden.mean()))
            prior.append(total / rated)
            for name, values in _guesses(shown, total, rated, events).items():
                guessed.setdefault(name, []).append(values)
        base = _error(np.array(truth), np.c_[np.ones(len(truth)), prior])
        print(
            f"{officers} officers, {services} services, {len(truth)} units: the unit's mean as a guess errs by {base:.2f}"
        )
        for name, columns in guessed.items():
            error = _error(np.array(truth), np.c_[np.ones(len(truth)), prior, columns])
            print(f"  {name}: {error:.2f} ({error / base:.0%})")


def _error(truth: Floats, columns: Floats) -> float:
    line = np.linalg.lstsq(columns, truth, rcond=None)[0]
    return float(np.sqrt(((truth - columns @ line) ** 2).mean()))


if __name__ == "__main__":
    main()
