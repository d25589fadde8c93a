"""Groups of officers whose truth is known, and their ratings, for `bench.simulations`.

Citizens answer as in the demo city (an ordered logit with two correlated staff elements), or as in a public file of
1,722 ratings of civil registry services: 20 % the worst, 71 % the best, little between. Nothing here is fitted to the method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench import threads  # noqa: F401  # before numpy

# isort: split
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

from teladan.demo.truth import BASE, CORRELATION, ELEMENT_SHIFT, OFFICER_SD, SERVICE_SD, STAFF
from teladan.scoring import Cells, Factor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PUBLIC_FILE = (0.800, 0.762, 0.710)
"""P(answer >= 2), >= 3, >= 4 in the public file, its five stars drawn to four (3 and 4 stars together)."""
SERVICES, CHANNELS = 6, 3
EASE_OF_CHANNELS = np.array([0.0, 0.25, -0.2])
SHIFTS = np.array([ELEMENT_SHIFT[name] for name in STAFF])
ONE_ELEMENT = 0.1  # share of citizens who answer the second staff element only
CLIENTS_SD = 0.7  # how much clients differ in ways nobody records, where officers choose them


@dataclass(frozen=True)
class Scenario:
    """What the world is like. `base` None: the model itself, normal errors around the middle of the scale; else the shape of an average officer's answers."""

    name: str
    base: tuple[float, float, float] | None = BASE
    officer_sd: float = OFFICER_SD
    is_uneven: bool = False  # officers' ratings spread unequally
    is_choosing: bool = False  # a third of the officers let others take half of the difficult clients


MODEL = Scenario("model holds (normal answers)", base=None, officer_sd=0.25)
J_SHAPED = Scenario("J-shaped, as in the demo city")
PUBLIC = Scenario("J-shaped, as in the public file", base=PUBLIC_FILE)
UNEVEN = Scenario("J-shaped, unequal variances", is_uneven=True)
CHOOSING = Scenario("J-shaped, officers choose clients", is_choosing=True)
SMALL_SPREAD = Scenario("J-shaped, officers hardly differ", officer_sd=0.2)
ALIKE = Scenario("J-shaped, officers do not differ", officer_sd=0.0)
SCENARIOS = (MODEL, J_SHAPED, PUBLIC, SMALL_SPREAD, UNEVEN, CHOOSING)


@dataclass(frozen=True, eq=False)
class World:
    """One comparison group whose truth is known: `truth` (J,) is each officer's expected y at the mix of all events."""

    cells: Cells
    mix: dict[str, dict[str, float]]
    truth: Floats
    n: Ints


def world(scenario: Scenario, seed: int, officers: int, ratings: tuple[int, int] = (13, 75), windows: int = 1) -> World:
    """Draw a group and its ratings: officers with unequal cases and `ratings` each per window, channels, answer patterns."""
    random = np.random.default_rng([officers, seed])
    skill = random.normal(0, 1, officers) * scenario.officer_sd
    ease = random.normal(0, SERVICE_SD, SERVICES)
    mixes = random.dirichlet(np.full(SERVICES, 1.0), officers)
    n = random.integers(ratings[0], ratings[1] + 1, officers) * windows
    scale = np.exp(random.normal(0, 0.4, officers)) if scenario.is_uneven else np.ones(officers)
    who = np.repeat(np.arange(officers), n)
    service = (random.random(len(who))[:, None] > mixes.cumsum(axis=1)[who][:, :-1]).sum(axis=1)
    channel = random.integers(CHANNELS, size=len(who))
    pattern = (random.random(len(who)) < ONE_ELEMENT).astype(np.int64)
    window = random.integers(windows, size=len(who))
    eta = skill[who] + ease[service] + EASE_OF_CHANNELS[channel] + _clients(scenario, who, officers, random)
    y = answers(scenario, eta, scale[who], pattern, random)
    share = n @ mixes / n.sum()
    by_channel = np.bincount(channel, minlength=CHANNELS) / len(who)
    by_pattern = np.bincount(pattern, minlength=2) / len(who)
    parts = [
        w * by_channel[c] * by_pattern[p] * expected(scenario, skill + ease[k] + EASE_OF_CHANNELS[c], scale, p)
        for k, w in enumerate(share)
        for c in range(CHANNELS)
        for p in range(2)
    ]
    return World(
        _counted(y, who, service, channel, pattern, window if windows > 1 else None),
        {"service": {f"s{k}": float(w) for k, w in enumerate(share)}},
        np.sum(parts, axis=0),
        n,
    )


def _clients(scenario: Scenario, who: Ints, officers: int, random: np.random.Generator) -> Floats:
    """How easy the citizens are in ways nobody records; choosers get the easier of two for half of their cases."""
    if not scenario.is_choosing:
        return np.zeros(len(who))
    two = random.normal(0, CLIENTS_SD, (2, len(who)))
    lot = random.random(len(who))
    is_chooser = who % 3 == 0
    easier, harder = is_chooser & (lot < 0.5), ~is_chooser & (lot < 0.25)
    return np.where(easier, two.max(axis=0), np.where(harder, two.min(axis=0), two[0]))


def answers(scenario: Scenario, eta: Floats, scale: Floats, pattern: Ints, random: np.random.Generator) -> Floats:
    if scenario.base is None:
        return 2.5 + eta + SHIFTS.mean() + 0.1 * pattern + scale * random.normal(0, 0.8, len(eta))
    mood = random.normal(0, math.sqrt(CORRELATION), len(eta))
    both = []
    for shift in SHIFTS:
        latent = mood + random.normal(0, math.sqrt(1 - CORRELATION), len(eta))
        place = ndtr(-scale * latent)
        both.append(1.0 + sum(place < expit(cut + eta + shift) for cut in logit(scenario.base)))
    return np.where(pattern == 1, both[1], (both[0] + both[1]) / 2)


def expected(scenario: Scenario, eta: Floats, scale: Floats, pattern: int) -> Floats:
    """Expected y of each officer over clients as they come."""
    if scenario.base is None:
        return 2.5 + eta + SHIFTS.mean() + 0.1 * pattern
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    clients = zip(CLIENTS_SD * nodes, weights / weights.sum(), strict=True) if scenario.is_choosing else [(0.0, 1.0)]
    total = np.zeros(len(eta))
    for ease, weight in clients:
        means = [
            1.0 + sum(ndtr(ndtri(expit(cut + eta + ease + shift)) / scale) for cut in logit(scenario.base))
            for shift in SHIFTS
        ]
        total += weight * (means[1] if pattern else (means[0] + means[1]) / 2)
    return total


def _counted(y: Floats, who: Ints, service: Ints, channel: Ints, pattern: Ints, window: Ints | None) -> Cells:
    """Cells without a detour over rows."""
    columns = [who, service, channel, pattern, *([] if window is None else [window])]
    levels, at = np.unique(np.stack(columns), axis=1, return_inverse=True)
    at = at.reshape(-1)
    n, total, squares = (np.bincount(at, weights=v, minlength=levels.shape[1]) for v in (np.ones(len(y)), y, y * y))
    names = ("o{:03}", "s{}", "c{}", "p{}", "w{}")
    factors = [Factor.of([name.format(v) for v in row]) for name, row in zip(names, levels.tolist(), strict=False)]
    fixed = {"channel": factors[2], "pattern": factors[3]} | ({} if window is None else {"month": factors[4]})
    return Cells(n, total, squares, fixed, {"officer": factors[0], "service": factors[1]})
