"""Ranks of 10,000 officers in groups of 8 to 40, from 20,000 joint draws each: seconds, memory, Monte-Carlo error."""

from __future__ import annotations

import resource
import time

from bench import threads  # noqa: F401  # before numpy

# isort: split
import numpy as np

from teladan.scoring import Joint, rank_groups, rank_joint

OFFICERS, DRAWS = 10_000, 20_000


def groups(officers: int = OFFICERS) -> list[Joint]:
    """Groups as fits give them: own variances of unequal size and a level that all share."""
    random = np.random.default_rng(1)
    found, left = [], officers
    while left:
        size = min(left, int(random.integers(8, 41)))
        covariance = np.diag(random.uniform(0.01, 0.05, size)) + 0.005
        found.append(Joint.of([f"o{i}" for i in range(size)], random.normal(3.4, 0.2, size), covariance))
        left -= size
    return found


def run(seconds: float, rounds: int) -> None:
    """Both arguments belong to the other parts; one pass is long enough."""
    every = groups()
    rank_joint(every[0], draws=DRAWS)
    wall, own = time.perf_counter(), time.process_time()
    error, officers = 0.0, 0
    for found in rank_groups(every, draws=DRAWS):
        error, officers = max(error, found.mc_error), officers + len(found.ranks)
    wall, own = time.perf_counter() - wall, time.process_time() - own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{officers:,} officers, {len(every)} groups, {DRAWS:,} draws: {wall:.1f} s ({own:.1f} s of one core)")
    print(f"largest error of P(top k) {error:.4f}; memory at most {peak:.0f} MB")
