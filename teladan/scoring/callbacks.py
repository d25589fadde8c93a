"""The call-back sample: which served people are asked, so that anyone can draw it again, and what the answers show."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from .exact import share_interval

_PREFIX = b"teladan-callback-v1"


def seed_of(root: bytes) -> bytes:
    """Return the seed that the root of a checkpoint gives: SHA-256 of a prefix and the root."""
    return hashlib.sha256(_PREFIX + b"|seed|" + root).digest()


def drawn(seed: bytes, names: Iterable[str], size: int) -> list[str]:
    """Return `size` of the distinct names, by the smallest SHA-256 of prefix, seed and name; in the order of drawing.

    Each name's place depends on itself and the seed alone: taking one out or adding one later moves no other.
    """
    return sorted(names, key=lambda name: hashlib.sha256(_PREFIX + b"|" + seed + b"|" + name.encode()).digest())[:size]


def size_for(share: float, *, power: float = 0.95) -> int:
    """Return how many calls find at least one fake with that probability, when `share` of very many are fake.

    n = ceil(ln(1 - power) / ln(1 - share)).

    >>> size_for(0.05), size_for(0.10)
    (59, 29)
    """
    if not (0 < share < 1 and 0 < power < 1):
        raise ValueError(f"share={share}, power={power}: both must lie within (0, 1)")
    return math.ceil(math.log1p(-power) / math.log1p(-share))


def power_of(reached: int, share: float, *, population: int | None = None) -> float:
    """Return the probability that `reached` answers hold at least one fake when `share` is fake.

    Of a population of known size exactly (hypergeometric), else of very many.
    """
    if population is None:
        return float(1 - (1 - share) ** reached)
    fakes = math.ceil(share * population - 1e-9)
    if reached > population - fakes:
        return 1.0
    return 1 - math.exp(sum(math.log(population - fakes - i) - math.log(population - i) for i in range(reached)))


@dataclass(frozen=True)
class Estimate:
    """A share among those reached, with its exact 95 % interval."""

    events: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        return self.events / self.n if self.n else None


def estimate(events: int, n: int) -> Estimate:
    """Return the share with its Clopper-Pearson interval."""
    return Estimate(events, n, *share_interval(events, n))
