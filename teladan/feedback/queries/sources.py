"""Source systems as their keepers see them: are they still speaking, and do they hand out their tickets?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from teladan.feedback import tokens
from teladan.feedback.models import Ticket
from teladan.services import queries as services
from teladan.services.models import SourceSystem
from teladan.services.queries import SourceLine

SAMPLE = 200
"""So many of a month's last events are looked up: enough to see a printer without paper, and cheap for every list."""


@dataclass(frozen=True)
class Coverage:
    """Of the last `events` events, how many have their ticket. Whether a ticket was used is nobody's to see here."""

    events: int
    tickets: int

    @property
    def share(self) -> float:
        return self.tickets / self.events


def coverage(month: date, sources: dict[int, SourceSystem]) -> dict[int, Coverage]:
    """Source id → coverage of its last events; sources without events or tickets are left out. Two queries."""
    numbers = services.latest_numbers(month, most=SAMPLE)
    keys = {
        tokens.event_key(sources[source].code, number): source
        for source, found in numbers.items()
        if source in sources
        for number in found
    }
    having = [bytes(key) for key in Ticket.objects.filter(event_key__in=list(keys)).values_list("event_key", flat=True)]
    tickets: dict[int, int] = {}
    for key in having:
        tickets[keys[key]] = tickets.get(keys[key], 0) + 1
    return {key: Coverage(len(found), tickets.get(key, 0)) for key, found in numbers.items() if key in sources}


@dataclass(frozen=True)
class Watched:
    """One source on the list."""

    line: SourceLine
    coverage: Coverage | None

    @property
    def source(self) -> SourceSystem:
        return self.line.source


def watched(month: date) -> list[Watched]:
    """Every source with what it sent this month; four queries."""
    lines = services.source_lines(month)
    found = coverage(month, {line.source.pk: line.source for line in lines})
    return [Watched(line, found.get(line.source.pk)) for line in lines]
