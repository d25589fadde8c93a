"""A small city with counters, months of service and ratings, made at once and always alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from teladan.core import clock
from teladan.feedback.actions import sealing
from teladan.feedback.models import ELEMENTS, IssueDay, StagedRating, Ticket
from teladan.people.models import Person, Unit
from teladan.services.models import Counter, Service, ServiceEvent, ServiceStandard, SourceSystem
from tests import make

OCTOBER = date(2026, 10, 1)
CLOSING_DAY = date(2026, 11, 9)


def closing_time() -> datetime:
    """A working morning after October may be closed."""
    return clock.local(CLOSING_DAY, 9)


@dataclass
class City:
    """One unit with officers at one counter; `others` are units made beside it."""

    unit: Unit
    counter: Counter
    services: list[Service]
    officers: list[Person]
    source: SourceSystem
    quality: dict[str, float] = field(default_factory=dict)
    number: int = 0

    def serve(
        self,
        month: date,
        ratings: Mapping[int, int],
        *,
        events: int | None = None,
        service: int | None = None,
        channel: str = "loket",
        days: int = 12,
        only_staff: bool = False,
        value: int | None = None,
        elements: tuple[str, ...] = ELEMENTS,
    ) -> None:
        """Per officer (by index) so many ratings, each with its event and ticket; `events` of them in all (default: twice)."""
        sealing.open_month(month)
        random = Random(f"{month}|{sorted(ratings.items())}|{service}|{channel}")
        made: list[ServiceEvent] = []
        tickets: list[Ticket] = []
        rated: list[StagedRating] = []
        issued: set[tuple[Person, date]] = set()
        for index, n in ratings.items():
            officer = self.officers[index]
            for i in range(max(n, events if events is not None else 2 * n)):
                self.number += 1
                offered = self.services[service if service is not None else (i + index) % len(self.services)]
                day = month + timedelta(days=i % days)
                met_at = clock.local(day, 8) + timedelta(minutes=5 * (i % 60))
                event = self._event(month, officer, offered, met_at, channel)
                made.append(event)
                tickets.append(self._ticket(event, month, spent=i < n, day=day))
                if i < n:
                    issued.add((officer, day))
                    answers = self._answers(
                        random, officer, elements if not only_staff else ("kompetensi", "perilaku"), value
                    )
                    rated.append(
                        StagedRating(
                            month=month, unit=self.unit, service=offered, officer=officer, channel=channel, **answers
                        )
                    )
        ServiceEvent.objects.bulk_create(made)
        Ticket.objects.bulk_create(tickets)
        StagedRating.objects.bulk_create(rated)
        IssueDay.objects.bulk_create(
            [IssueDay(month=month, officer=officer, day=day) for officer, day in sorted(issued, key=str)],
            ignore_conflicts=True,
        )

    def _event(self, month: date, officer: Person, service: Service, met_at: datetime, channel: str) -> ServiceEvent:
        late = self.number % 20 == 0
        return ServiceEvent(
            source=self.source,
            number=f"E-{self.unit.code}-{self.number:06d}",
            service=service,
            officer=officer,
            counter=self.counter,
            unit=self.unit,
            channel=channel,
            month=month,
            met_at=met_at,
            complete_at=met_at,
            finished_at=met_at + timedelta(minutes=300 if late else 30),
        )

    def _ticket(self, event: ServiceEvent, month: date, *, spent: bool, day: date) -> Ticket:
        return Ticket(
            token_hash=hashlib.sha256(f"token|{event.number}".encode()).digest(),
            event_key=hashlib.sha256(f"event|{event.number}".encode()).digest(),
            month=month,
            unit=self.unit,
            service_id=event.service_id,
            officer_id=event.officer_id,
            channel=event.channel,
            expires_on=clock.month_end(month) + timedelta(days=7),
            issued_at=None if spent else event.met_at,
            spent_on=day if spent else None,
        )

    def _answers(
        self, random: Random, officer: Person, elements: tuple[str, ...], value: int | None
    ) -> dict[str, int | None]:
        def one() -> int:
            if value is not None:
                return value
            goal = self.quality.get(officer.nip, 3.3)
            return min(4, max(1, round(random.gauss(goal, 0.8))))

        return {name: one() if name in elements else None for name in ELEMENTS} | {"overall": one()}


def make_city(code: str = "DISDUK", *, officers: int = 10, services: int = 3, spread: float = 0.5) -> City:
    """Officers whose true quality runs evenly over `spread`, and services with a promise of 60 minutes; the last has none."""
    unit = make.make_unit(code, f"Dinas {code.title()}")
    counter = make.make_counter(unit, f"{code}-1")
    offered = [
        Service.objects.create(code=f"{code}-S{i}", name=f"Layanan {code} {i}", unit=unit) for i in range(services)
    ]
    ServiceStandard.objects.bulk_create(
        [ServiceStandard(service=one, promised_minutes=60, valid_from=make.SINCE) for one in offered[:-1]]
    )
    people = [make.make_staff(unit) for _ in range(officers)]
    span = max(1, officers - 1)
    quality = {person.nip: 3.3 - spread / 2 + spread * i / span for i, person in enumerate(people)}
    return City(unit, counter, offered, people, make.make_source("ANTRE", issues_tickets=True), quality)


def everyone(city: City, n: int) -> dict[int, int]:
    """The same number of ratings for each officer."""
    return dict.fromkeys(range(len(city.officers)), n)
