"""Which officers stand out in what somebody who works on the number would leave behind.

Each sign is a share: tickets used within minutes of issue, equal answers to everything, tickets used on one day. An honest
city has officers who differ, so a share is judged against what separates the others, and all officers together make at
most `ALPHA` false alarms a sign and month. A sign is a question, never proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .exact import beta_binomial_tail, holm, share_interval
from .funnel import Share

ALPHA = 0.01
"""Probability that a sign is raised for anybody at all in a month where nobody cheats."""
MIN_OTHERS = 5
MIN_EVENTS = 5


@dataclass(frozen=True)
class Standing:
    """One officer's share with its 95 % Clopper-Pearson interval, the others' share, and the adjusted tail probability.

    `tail` is None where nothing can be said: nobody else to compare with, or nothing counted.
    """

    name: str
    events: int
    n: int
    low: float
    high: float
    usual: float | None
    tail: float | None
    is_flagged: bool

    @property
    def share(self) -> float | None:
        return self.events / self.n if self.n else None


def standing(shares: Sequence[Share], *, alpha: float = ALPHA) -> tuple[Standing, ...]:
    """Return how each officer's share stands against the others': flagged where it is too high for chance and habit.

    Parameters
    ----------
    shares : sequence of Share
        One per officer, names distinct; n may be 0.
    alpha : float in (0, 1)
        Probability of any flag among them when all are drawn from one crowd.

    Returns
    -------
    tuple of Standing
        In the order given.

    Notes
    -----
    For each officer the mean m and the intra-class correlation rho of the others are estimated by moments (Kleinman 1973,
    the officer left out), and p = P(X >= x) of the beta-binomial with them. rho carries an upper allowance of one standard
    error of a variance, sqrt(2 / (I - 1)), because a few officers tell little about how much officers differ. Holm over
    all officers. Fewer than `MIN_OTHERS` others or `MIN_EVENTS` events are never flagged.
    """
    if any(s.n < 0 or not 0 <= s.events <= s.n for s in shares):
        raise ValueError("shares: events must lie between 0 and n")
    raw: list[tuple[float, float] | None] = []
    for i, one in enumerate(shares):
        others = [s for j, s in enumerate(shares) if j != i and s.n]
        if not one.n or len(others) < MIN_OTHERS:
            raw.append(None)
            continue
        mean, rho = spread(others)
        # Where the others never do it, half an event stands for what they did not happen to do.
        at_least = max(mean, 0.5 / (sum(s.n for s in others) + 1))
        raw.append((mean, beta_binomial_tail(one.events, one.n, at_least, rho)))
    tails = iter(holm([found[1] for found in raw if found]))
    placed = []
    for one, found in zip(shares, raw, strict=True):
        tail = next(tails) if found else None
        low, high = share_interval(one.events, one.n)
        flagged = tail is not None and tail <= alpha and one.events >= MIN_EVENTS
        placed.append(Standing(one.name, one.events, one.n, low, high, found[0] if found else None, tail, flagged))
    return tuple(placed)


def spread(shares: Sequence[Share]) -> tuple[float, float]:
    """Return the mean share and the intra-class correlation with its allowance; all n > 0.

    Moments: with w = n, S = sum n (p - m)^2, rho = (S / (m (1 - m)) - (I - 1)) / (N - sum n^2 / N - (I - 1)).
    """
    total = sum(s.n for s in shares)
    mean = sum(s.events for s in shares) / total
    count = len(shares) - 1
    if count < 1 or not 0 < mean < 1:
        return mean, 0.0
    found = sum(s.n * (s.events / s.n - mean) ** 2 for s in shares) / (mean * (1 - mean))
    room = total - sum(s.n**2 for s in shares) / total - count
    if room <= 0:
        return mean, 0.0
    widened = found * (1 + (2 / count) ** 0.5)
    return mean, max(0.0, (widened - count) / room)


class Sign(StrEnum):
    """What an officer's month shows."""

    COVERAGE = "coverage"  # tickets for too few of the people served
    QUICK = "quick"  # too many tickets used within minutes of being handed over
    STRAIGHT = "straight"  # too many equal answers to everything


@dataclass(frozen=True)
class Traces:
    """One officer's month in counts: people served, of whom `tickets` got a ticket; `used` tickets, of which `quick` at
    once; `answered` ratings with several answers, of which `equal` all alike."""

    name: str
    events: int
    tickets: int
    used: int
    quick: int
    answered: int
    equal: int


@dataclass(frozen=True)
class Coverage:
    """Tickets for people served, with the 95 % Clopper-Pearson interval. Below the limit is a flag, as the rules say;
    `is_certain` when the interval lies below it too."""

    tickets: int
    events: int
    low: float
    high: float
    is_flagged: bool
    is_certain: bool

    @property
    def share(self) -> float | None:
        return self.tickets / self.events if self.events else None


@dataclass(frozen=True)
class Officer:
    """One officer's signs."""

    name: str
    coverage: Coverage
    quick: Standing
    straight: Standing

    @property
    def signs(self) -> tuple[Sign, ...]:
        flagged = (self.coverage.is_flagged, self.quick.is_flagged, self.straight.is_flagged)
        return tuple(sign for sign, is_raised in zip(Sign, flagged, strict=True) if is_raised)


def officer_signs(traces: Sequence[Traces], *, coverage: float = 0.95, alpha: float = ALPHA) -> tuple[Officer, ...]:
    """Return the signs of each officer among all of the city, in the order given.

    Coverage is held against the limit alone; the other two against what separates the others (`standing`).
    """
    quick = standing([Share(one.name, one.quick, one.used) for one in traces], alpha=alpha)
    straight = standing([Share(one.name, one.equal, one.answered) for one in traces], alpha=alpha)
    return tuple(
        Officer(one.name, _coverage(min(one.tickets, one.events), one.events, coverage), fast, alike)
        for one, fast, alike in zip(traces, quick, straight, strict=True)
    )


def _coverage(tickets: int, events: int, limit: float) -> Coverage:
    low, high = share_interval(tickets, events)
    return Coverage(tickets, events, low, high, bool(events) and tickets < limit * events, high < limit)


@dataclass(frozen=True)
class Burst:
    """A day on which more of an officer's tickets were used than the people served that day explain."""

    name: str
    day: str
    used: int
    expected: float
    served: int
    tail: float


@dataclass(frozen=True)
class Days:
    """One officer's month by day: `used` tickets and `served` people. Days as ISO text, so that they sort."""

    name: str
    used: Mapping[str, int]
    served: Mapping[str, int]


def bursts(
    officers: Sequence[Days], *, late: float, alpha: float = ALPHA, min_used: int = MIN_EVENTS
) -> tuple[Burst, ...]:
    """Return the days on which an officer's tickets were used in a burst that the day's own traffic does not explain.

    Parameters
    ----------
    officers : sequence of Days
        One per officer.
    late : float in [0, 1]
        Share of tickets used more than a day after issue, from the histogram of the time since issue.
    min_used : int
        Smaller days are never named.

    Notes
    -----
    Of an officer's U used tickets, a day is expected to take (1 - late) of the share of people served that day, and `late`
    spread evenly over the days that saw any use: an outreach day with many served explains its many ratings. Scatter beyond
    chance is estimated from all days together (moments), the tail is beta-binomial, Holm over all days of all officers.
    """
    cells = []
    for one in officers:
        total, met = sum(one.used.values()), sum(one.served.values())
        days = sorted({*one.used, *one.served})
        for day in days:
            share = (1 - late) * (one.served.get(day, 0) / met if met else 0) + late / len(days)
            cells.append((one, day, one.used.get(day, 0), total, share))
    busy = [cell for cell in cells if cell[3] and 0 < cell[4] < 1]
    if not busy:
        return ()
    scatter = sum((x - n * p) ** 2 / (n * p * (1 - p)) for _, _, x, n, p in busy) / len(busy)
    room = sum(n - 1 for _, _, _, n, _ in busy) / len(busy)
    rho = max(0.0, (scatter - 1) / room) if room > 0 else 0.0
    tails = holm([beta_binomial_tail(x, n, p, rho) for _, _, x, n, p in busy])
    return tuple(
        Burst(one.name, day, x, n * p, one.served.get(day, 0), tail)
        for (one, day, x, n, p), tail in zip(busy, tails, strict=True)
        if tail <= alpha and x >= min_used
    )
