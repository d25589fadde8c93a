"""Pure decisions about tickets, questions and disclosure: how long a ticket holds, what it asks, who may read what."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

LATENCY_BOUNDS = (2, 5, 15, 60, 360, 1440)
"""Upper bounds in minutes of the time from issue to use of a ticket; beyond the last stands LATENCY_LATER."""
LATENCY_LATER = 32767
TYPED_TRIES = 5
TYPED_LOCK_SECONDS = 60 * 60
TYPED_PER_MINUTE = 120
CHECKS_PER_MINUTE = 600
LOGS_PER_MINUTE = 10
RECEIPT_BYTES = 8_000
REPRINT_MINUTES = 15
KIOSK_CODE_MINUTES = 30
KIOSK_CODE_TRIES = 5
KIOSK_IDLE_SECONDS = 30
KIOSK_THANKS_SECONDS = 15
KIOSK_CAP = 5000
KIOSK_BATCH = 20
KIOSK_CHANNEL = "kios"
MODERATOR_AWAY_MONTHS = 12
DELIVERY_WAITS = (1, 5, 30, 120)
DELIVERY_PER_ADDRESS = 3
DELIVERY_ADDRESS_SECONDS = 24 * 60 * 60
ORDERS = math.factorial(7)
"""How many orders the seven elements beside the staff's can stand in; each ticket draws one of them."""


def month_end(month: date) -> date:
    """Last day of the month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def ticket_expires_on(issued_on: date, *, ticket_days: int, grace_days: int) -> date:
    """Last day on which a ticket holds: so many days after issue, but never past the end of the month's collection."""
    return min(issued_on + timedelta(days=ticket_days), month_end(issued_on) + timedelta(days=grace_days))


def seal_opens_on(month: date, *, grace_days: int) -> date:
    """First day on which no ticket of the month can still be used."""
    return month_end(month) + timedelta(days=grace_days + 1)


def drawn(names: Sequence[str], *, order: int, count: int) -> tuple[str, ...]:
    """The `count` names that come first in the order of that number, told in their usual sequence.

    Over all numbers from 0 to `len(names)! - 1` every set of `count` names comes up equally often.
    """
    left, first = list(names), set()
    for _ in range(count):
        order, place = divmod(order, len(left))
        first.add(left.pop(place))
    return tuple(name for name in names if name in first)


def spread(counts: Sequence[int], *, share: Fraction) -> list[int]:
    """A share of each count, in whole numbers that add up to the share of all, rounded half up. No chance is involved."""
    found, total, taken = [], 0, 0
    for count in counts:
        total += count
        upto = math.floor(total * share + Fraction(1, 2))
        found.append(upto - taken)
        taken = upto
    return found


def suppressed(counts: Mapping[str, int], *, minimum: int) -> dict[str, int | None]:
    """The cells of one table that may be shown; None for the others. Its total is taken to be known.

    A cell below the minimum is hidden. While those hidden add up to something below it too, the total would tell of a
    group that small: the smallest cell still shown goes with them.
    """
    hidden = {name for name, count in counts.items() if count < minimum}
    while 0 < sum(counts[name] for name in hidden) < minimum and len(hidden) < len(counts):
        hidden.add(min((name for name in counts if name not in hidden), key=lambda name: counts[name]))
    return {name: None if name in hidden else count for name, count in counts.items()}


def office_of(unit: int, parents: Mapping[int, int | None]) -> int:
    """The office of a unit: the one right below the top of the tree, or the top itself."""
    above = parents.get(unit)
    while above is not None and parents.get(above) is not None:
        unit, above = above, parents.get(above)
    return unit


CASE_MOVES: dict[str, frozenset[str]] = {
    "held": frozenset({"proposed", "released", "unresolved"}),
    "proposed": frozenset({"voided", "held", "unresolved"}),
    "released": frozenset(),
    "voided": frozenset(),
    "unresolved": frozenset(),
}
"""From which state a held case may go where. What the seal finds open stays held for good."""
SAME_DEVICE = 3
CALLBACK_SAMPLE = 59
CALLBACK_SEED_DAY = 1
CALLBACK_MONTHS = 2
EQUAL_FROM = 4
"""Equal answers say something from so many answered elements on."""


def may_judge(judge: Collection[int], rated: int) -> bool:
    """May somebody who works in the units `judge` decide about ratings of the unit `rated`? Never about their own office.

    Who works nowhere known cannot show to stand outside, and may not.
    """
    return bool(judge) and rated not in judge


def may_publish(n: int, *, minimum: int) -> bool:
    """Enough ratings for a number to be shown."""
    return n >= minimum


class Reader(StrEnum):
    """Who might want to read what a citizen wrote."""

    OFFICER = "officer"
    SUPERIOR = "superior"
    PUBLIC = "public"
    MODERATOR = "moderator"


class Part(StrEnum):
    """What there is to read."""

    SINGLE = "single"
    MEAN = "mean"
    COMMENT = "comment"


@dataclass(frozen=True)
class Reading:
    """Whether a reader may read a part, and from how many ratings on."""

    reader: Reader
    part: Part
    allowed: bool
    minimum: int = 0


def readings(*, k: int, officer_n: int, evaluation_n: int) -> tuple[Reading, ...]:
    """The whole table of who reads what. The sentences shown to citizens are made from it and from nothing else.

    The public's mean is that of the unit; the officer's and the superior's that of the officer, over the window.
    Comments are read by a moderator of another office first; then by all, when enough of them come out together.
    """
    return (
        *(Reading(reader, Part.SINGLE, False) for reader in Reader),
        Reading(Reader.MODERATOR, Part.COMMENT, True),
        *(Reading(reader, Part.COMMENT, True, k) for reader in (Reader.OFFICER, Reader.SUPERIOR, Reader.PUBLIC)),
        Reading(Reader.OFFICER, Part.MEAN, True, officer_n),
        Reading(Reader.SUPERIOR, Part.MEAN, True, evaluation_n),
        Reading(Reader.PUBLIC, Part.MEAN, True, k),
        Reading(Reader.MODERATOR, Part.MEAN, True, k),
    )


def may_read(reader: Reader, part: Part, *, n: int, table: tuple[Reading, ...]) -> bool:
    """Whether this reader may read this part when n ratings stand behind it; what the table does not name is refused."""
    return any(row.allowed and n >= row.minimum for row in table if row.reader == reader and row.part == part)
