"""How the demo's citizens answer: an ordered logit with a J shape, so that the truth behind every score is known.

Nothing here is read by the product; tests compare the product's estimates with `expected_mean`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log, sqrt
from random import Random
from statistics import NormalDist

BASE = (0.92, 0.86, 0.60)
"""P(answer >= 2), >= 3, >= 4 of an average officer and service: most are full of praise, then the angry."""
CORRELATION = 0.6
"""How much one citizen's answers go together."""
OFFICER_SD, SERVICE_SD = 0.6, 0.25
REFUSED, INCOMPLETE = -0.9, -0.4
ELEMENT_SHIFT = {
    "kompetensi": 0.05, "perilaku": 0.15, "persyaratan": -0.1, "prosedur": -0.25, "waktu": -0.2, "biaya": 0.6,
    "produk": 0.3, "pengaduan": -0.35, "sarana": -0.8,
}  # fmt: skip
STAFF = ("kompetensi", "perilaku")
OTHERS = tuple(name for name in ELEMENT_SHIFT if name not in STAFF)

_normal = NormalDist()


CUTS = tuple(log(p / (1 - p)) for p in BASE)


def chances(eta: float) -> tuple[float, float, float]:
    """P(answer >= 2), >= 3, >= 4 at the linear predictor `eta` (0 is average)."""
    first, second, third = (1 / (1 + exp(-(cut + eta))) for cut in CUTS)
    return first, second, third


def mean_answer(eta: float) -> float:
    """Expected answer on 1-4."""
    return 1 + sum(chances(eta))


@dataclass(frozen=True)
class Truth:
    """True effects on the logit scale, by NIP and by service code."""

    officers: Mapping[str, float]
    services: Mapping[str, float]
    elements: Mapping[str, float] = field(default_factory=lambda: ELEMENT_SHIFT)

    def expected_mean(self, nip: str, mix: Mapping[str, float]) -> float:
        """The officer's true mean of the two staff elements at a mix of services (shares by code, sum 1)."""
        effects = [self.officers[nip] + self.elements[element] for element in STAFF]
        return sum(
            share * sum(mean_answer(effect + self.services[code]) for effect in effects) / len(effects)
            for code, share in mix.items()
        )


def draw_truth(random: Random, nips: list[str], services: list[str]) -> Truth:
    return Truth(
        officers={nip: random.gauss(0, OFFICER_SD) for nip in nips},
        services={code: random.gauss(0, SERVICE_SD) for code in services},
    )


def answer(random: Random, eta: float, mood: float) -> int:
    """One answer, 1-4. `mood` is the citizen's own standard normal, shared by all their answers."""
    latent = sqrt(CORRELATION) * mood + sqrt(1 - CORRELATION) * random.gauss(0, 1)
    place = _normal.cdf(-latent)  # good mood, small place, high answer
    return 1 + sum(place < chance for chance in chances(eta))
