"""Reading: the catalogue with its standards, events of a counter, punctuality, case mix, silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from teladan.core import clock
from teladan.people import queries as people
from teladan.people.models import Person, Unit
from teladan.services import rules
from teladan.services.models import Counter, EventHelper, Service, ServiceEvent, ServiceStandard, SourceSystem
from teladan.services.rules import EventFacts

COUNTER_SOURCE = "LOKET"
"""Code of the source system that our own counter screen is."""


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


# --- catalogue -------------------------------------------------------------------------------------------------------


def standards_in_force(on: date) -> QuerySet[ServiceStandard]:
    """One standard at most per service on a day."""
    return ServiceStandard.objects.filter(people.valid_on(on))


def with_standard(services: QuerySet[Service], on: date) -> QuerySet[Service]:
    """Services that carry `current_standards`, a list of at most one, in one more query."""
    return services.prefetch_related(Prefetch("standards", standards_in_force(on), to_attr="current_standards"))


def catalogue(*, text: str = "", on: date) -> QuerySet[Service]:
    """Services offered today, by field and name."""
    found = Service.objects.filter(is_active=True).order_by("unit__code", "-field", "name")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(product__icontains=text))
    return with_standard(found, on)


def standards_of(service: Service) -> list[ServiceStandard]:
    """Every standard a service ever had, newest first."""
    return list(service.standards.order_by("-valid_from"))


def holds(standard: ServiceStandard, on: date) -> bool:
    """Is this standard in force on that day?"""
    return standard.valid_from <= on and (standard.valid_until is None or on < standard.valid_until)


def promised_minutes(service: Service | int, on: date) -> int | None:
    """The promise of one service on a day; None when there is no standard."""
    key = service if isinstance(service, int) else service.pk
    return standards_in_force(on).filter(service_id=key).values_list("promised_minutes", flat=True).first()


def promises(on: date) -> dict[int, int]:
    """Service id → promised minutes on a day, for services that have a standard."""
    rows = standards_in_force(on).filter(promised_minutes__isnull=False)
    return {service: minutes for service, minutes in rows.values_list("service_id", "promised_minutes") if minutes}


def counters() -> QuerySet[Counter]:
    """Every counter in use, city ones first within a hall."""
    return Counter.objects.filter(is_active=True).select_related("unit").order_by("hall", "outside_owner", "name")


def counter_exists(code: str) -> bool:
    """Is there a counter with this code, in use or not?"""
    return Counter.objects.filter(code=code).exists()


# --- codes to keys, for files and the API ----------------------------------------------------------------------------


def service_ids() -> dict[str, int]:
    """Code → id of the services in use."""
    return dict(Service.objects.filter(is_active=True).values_list("code", "id"))


def names_by_code() -> dict[str, str]:
    """The name of every service, by its code."""
    return dict(Service.objects.values_list("code", "name"))


def counters_by_code() -> dict[str, Counter]:
    """Code → counter, the outside ones too, so that a refusal can say why."""
    return {counter.code: counter for counter in Counter.objects.filter(is_active=True)}


def officer_ids(nips: Collection[str]) -> dict[str, UUID]:
    """NIP → id of the people who are known."""
    return dict(Person.objects.filter(nip__in=list(nips)).values_list("nip", "id"))


def source_with_token_hash(digest: str) -> SourceSystem | None:
    """The active source system whose API token has this SHA-256."""
    return SourceSystem.objects.filter(token_hash=digest, is_active=True).first() if digest else None


def active_source(code: str) -> SourceSystem | None:
    """The active source system with this code."""
    return SourceSystem.objects.filter(code=code, is_active=True).first()


def source_named(code: str, *, for_update: bool = False) -> SourceSystem | None:
    """The source system with this code, in use or stopped."""
    rows = SourceSystem.objects.select_for_update() if for_update else SourceSystem.objects.all()
    return rows.filter(code=code).first()


@dataclass(frozen=True)
class SourceLine:
    """A source system with its last event of all, and how many it sent this month."""

    source: SourceSystem
    last_at: datetime | None
    events: int


def source_lines(month: date) -> list[SourceLine]:
    """Every source system, those in use first; two queries that probe an index for each source."""
    start, end = clock.month_bounds(month)
    with connection.cursor() as cursor:
        cursor.execute(_sql("sources"), {"start": start, "end": end})
        found = {key: (last_at, events) for key, last_at, events in cursor.fetchall()}
    rows = SourceSystem.objects.order_by("-is_active", "name")
    return [SourceLine(source, *found[source.pk]) for source in rows if source.pk in found]


def latest_numbers(month: date, *, most: int) -> dict[int, list[str]]:
    """Source id → the numbers of its last events of the month, at most so many; of sources that hand out tickets."""
    start, end = clock.month_bounds(month)
    with connection.cursor() as cursor:
        cursor.execute(_sql("latest_numbers"), {"start": start, "end": end, "most": most})
        return {key: list(numbers) for key, numbers in cursor.fetchall()}


def active_sources() -> dict[int, SourceSystem]:
    """Id → source system, of those in use."""
    return SourceSystem.objects.filter(is_active=True).in_bulk()


# --- events ----------------------------------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """An event already there."""

    id: UUID
    facts: EventFacts


_FACTS = ("service_id", "officer_id", "counter_id", "channel", "met_at", "complete_at", "finished_at", "outcome")


def facts_of(event: ServiceEvent) -> EventFacts:
    """What an event says, with its helpers (one query)."""
    helpers = frozenset(event.helpers.values_list("person_id", "role"))
    return _facts([getattr(event, name) for name in _FACTS], helpers)


def _facts(values: Sequence[Any], helpers: frozenset[tuple[UUID, str]]) -> EventFacts:
    service, officer, counter, channel, met_at, complete_at, finished_at, outcome = values
    return EventFacts(service, officer, counter, channel, met_at, complete_at, finished_at, outcome, helpers)


def recorded(source: SourceSystem, numbers: Iterable[str], *, lock: bool = False) -> dict[str, Recorded]:
    """Number → event for those that are there already; two queries per 5,000 numbers."""
    found: dict[str, Recorded] = {}
    rest = iter(numbers)
    while chunk := list(islice(rest, 5000)):
        events = ServiceEvent.objects.filter(source=source, number__in=chunk)
        if lock:
            events = events.select_for_update()
        rows = list(events.values_list("number", "id", *_FACTS))
        helpers = _helpers([row[1] for row in rows])
        for number, key, *facts in rows:
            found[number] = Recorded(key, _facts(facts, helpers.get(key, frozenset())))
    return found


def _helpers(events: list[UUID]) -> dict[UUID, frozenset[tuple[UUID, str]]]:
    found: dict[UUID, set[tuple[UUID, str]]] = {}
    for event, person, role in EventHelper.objects.filter(event__in=events).values_list(
        "event_id", "person_id", "role"
    ):
        found.setdefault(event, set()).add((person, role))
    return {event: frozenset(people) for event, people in found.items()}


def event_with_number(source: SourceSystem, number: str) -> ServiceEvent | None:
    """The event of a source with this number."""
    return ServiceEvent.objects.filter(source=source, number=number).select_related("service", "officer").first()


def months_touched(source: SourceSystem, numbers: Iterable[str]) -> set[date]:
    """Months of the events with these numbers."""
    return set(ServiceEvent.objects.filter(source=source, number__in=list(numbers)).values_list("month", flat=True))


# --- the counter screen ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """One line of a counter's list. `due` is None without a standard; `late` only for open files."""

    event: ServiceEvent
    due: datetime | None
    late: bool

    @property
    def queue_number(self) -> str:
        return rules.queue_number_of(self.event.number)

    @property
    def is_open(self) -> bool:
        return self.event.outcome == ServiceEvent.Outcome.GRANTED and self.event.finished_at is None


def queue_numbers_of_day(counter: Counter, day: date) -> list[str]:
    """Queue numbers that the counter screen has used at this counter on this day."""
    lead = rules.counter_event_number(counter.code, day, "")
    used = ServiceEvent.objects.filter(source__code=COUNTER_SOURCE, number__startswith=lead)
    return [rules.queue_number_of(number) for number in used.values_list("number", flat=True)]


def served_on(counter: Counter, day: date, *, limit: int = 100) -> list[Served]:
    """The day's events of a counter, newest first; two queries."""
    start, end = clock.local(day), clock.local(day + timedelta(days=1))
    events = ServiceEvent.objects.filter(counter=counter, met_at__gte=start, met_at__lt=end)
    return _served(events.order_by("-met_at")[:limit])


def open_before(counter: Counter, day: date, *, limit: int = 100) -> list[Served]:
    """Files of earlier days at this counter that are not finished, oldest first; two queries."""
    events = ServiceEvent.objects.filter(
        counter=counter, met_at__lt=clock.local(day), outcome=ServiceEvent.Outcome.GRANTED, finished_at__isnull=True
    )
    return _served(events.order_by("met_at")[:limit])


def _served(events: QuerySet[ServiceEvent]) -> list[Served]:
    rows = list(events.select_related("service", "officer"))
    services = {event.service_id for event in rows}
    standards = ServiceStandard.objects.filter(service__in=services, promised_minutes__isnull=False)
    spans: dict[int, list[ServiceStandard]] = {}
    for standard in standards:
        spans.setdefault(standard.service_id, []).append(standard)
    return [_line(event, spans.get(event.service_id, [])) for event in rows]


def _line(event: ServiceEvent, standards: list[ServiceStandard]) -> Served:
    day = clock.day_of(event.met_at)
    minutes = next((standard.promised_minutes for standard in standards if holds(standard, day)), None)
    kept = rules.on_time(
        outcome=event.outcome,
        complete_at=event.complete_at,
        finished_at=event.finished_at,
        minutes=minutes,
        until=clock.now(),
    )
    return Served(event, rules.due_at(event.complete_at, minutes), late=kept is False)


@dataclass(frozen=True)
class CounterServices:
    """What a counter offers: the services this officer serves most, the rest of the unit, and all others."""

    frequent: list[Service]
    rest: list[Service]
    others: list[Service]

    @property
    def hidden(self) -> list[Service]:
        """Behind "other services"."""
        return [*self.rest, *self.others]

    @property
    def all(self) -> list[Service]:
        return [*self.frequent, *self.hidden]


def services_at(counter: Counter, officer: Person, on: date, *, tiles: int = 11) -> CounterServices:
    """Services for the tiles, the officer's most served of the last 90 days first, then the counter's; five queries."""
    assert counter.unit is not None
    kin = {unit.pk for unit in people.ancestors(counter.unit, on)}
    kin |= set(people.descendants(counter.unit, on).values_list("pk", flat=True))
    since = clock.now() - timedelta(days=90)
    recent = ServiceEvent.objects.filter(Q(officer=officer) | Q(counter=counter), met_at__gte=since).order_by()
    mine = Count("id", filter=Q(officer=officer))
    counts = recent.values("service_id").annotate(mine=mine, all=Count("id")).values_list("service_id", "mine", "all")
    served = {service: (own, everyones) for service, own, everyones in counts}
    offered = list(with_standard(Service.objects.filter(is_active=True).order_by("id"), on))
    own = sorted(
        (s for s in offered if s.unit_id in kin), key=lambda service: served.get(service.pk, (0, 0)), reverse=True
    )
    others = sorted((s for s in offered if s.unit_id not in kin), key=lambda service: service.name)
    return CounterServices(own[:tiles], sorted(own[tiles:], key=lambda service: service.name), others)


# --- what closing and results read -----------------------------------------------------------------------------------


class PunctualityRow(NamedTuple):
    """Events of one unit, service and officer in a month. `with_standard` counts only what could be judged for time."""

    unit_id: int
    service_id: int
    officer_id: UUID
    events: int
    with_standard: int
    on_time: int
    unfinished: int


def punctuality(month: date, *, until: datetime | None = None) -> list[PunctualityRow]:
    """Punctuality of a month as known at `until` (now): the standard of the day of the meeting, from a complete file.

    Not judged: refused and incomplete events, services without a standard, files never complete, and open files whose
    promise has not run out. Open files past their promise are late.
    """
    with connection.cursor() as cursor:
        moment = until or clock.now()
        cursor.execute(_sql("punctuality"), {"month": month, "until": moment, "zone": str(settings.TIME_ZONE)})
        return [PunctualityRow(*row) for row in cursor.fetchall()]


def case_mix(unit_ids: Collection[int], months: Collection[date]) -> dict[int, list[tuple[int, str, int]]]:
    """Unit id → (service id, channel, events) over these months."""
    rows = ServiceEvent.objects.filter(unit__in=list(unit_ids), month__in=list(months)).order_by()
    counted = rows.values_list("unit_id", "service_id", "channel").annotate(Count("id"))
    mix: dict[int, list[tuple[int, str, int]]] = {}
    for unit, service, channel, count in counted.order_by("unit_id", "service_id", "channel"):
        mix.setdefault(unit, []).append((service, channel, count))
    return mix


def event_count(month: date) -> int:
    """Events of the month, of whatever source."""
    return ServiceEvent.objects.filter(month=month).count()


def unfinished_events(month: date, *, until: datetime) -> dict[int, int]:
    """Unit id → granted files of the month that were still open at `until`."""
    open_still = Q(finished_at__isnull=True) | Q(finished_at__gt=until)
    rows = ServiceEvent.objects.filter(open_still, month=month, outcome=ServiceEvent.Outcome.GRANTED).order_by()
    return dict(rows.values_list("unit_id").annotate(Count("id")))


def ticketed_events(month: date) -> dict[int, int]:
    """Unit id → events of the month whose source hands out tickets: the base of the coverage figure."""
    rows = ServiceEvent.objects.filter(month=month, source__issues_tickets=True).order_by()
    return dict(rows.values_list("unit_id").annotate(Count("id")))


class OfficerDay(NamedTuple):
    """Events of one officer on one day at one counter, whose source hands out tickets."""

    unit_id: int
    officer_id: UUID
    day: date
    channel: str
    counter: str
    events: int


def officer_days(month: date) -> list[OfficerDay]:
    """Events of the month per officer, day, channel and counter, of sources that hand out tickets."""
    rows = ServiceEvent.objects.filter(month=month, source__issues_tickets=True).order_by()
    day = TruncDate("met_at", tzinfo=timezone.get_default_timezone())
    counted = rows.annotate(day=day).values_list("unit_id", "officer_id", "day", "channel", "counter__name")
    return [OfficerDay(*row) for row in counted.annotate(Count("id")).order_by("unit_id", "officer_id", "day")]


def ticketed_by_officer(month: date) -> dict[tuple[int, UUID], int]:
    """(unit, officer) → events of the month whose source hands out tickets."""
    rows = ServiceEvent.objects.filter(month=month, source__issues_tickets=True).order_by()
    return {(unit, officer): n for unit, officer, n in rows.values_list("unit_id", "officer_id").annotate(Count("id"))}


def event_numbers(month: date) -> list[tuple[str, str, int]]:
    """(source, number, unit id) of every event of the month whose source hands out tickets."""
    rows = ServiceEvent.objects.filter(month=month, source__issues_tickets=True)
    return list(rows.order_by("source__code", "number").values_list("source__code", "number", "unit_id"))


class Silent(NamedTuple):
    """A source or counter without an event in a month though it had `before` in the month before."""

    kind: str
    code: str
    name: str
    unit_id: int | None
    before: int


def readiness(month: date) -> list[Silent]:
    """Who fell silent: perhaps a file was not imported yet."""
    start, end = clock.month_bounds(month)
    before, _start = clock.month_bounds(clock.add_months(month, -1))
    with connection.cursor() as cursor:
        cursor.execute(_sql("readiness"), {"before": before, "start": start, "end": end})
        return [Silent(*row) for row in cursor.fetchall()]


def owner_names(found: Iterable[Counter], names: dict[int, str]) -> Iterator[tuple[Counter, str]]:
    """Each counter with the name of its owner on a day."""
    for counter in found:
        yield counter, names.get(counter.unit_id or 0, "") or counter.outside_owner


def unit_with_code(code: str) -> Unit | None:
    """The unit known by this code."""
    return Unit.objects.filter(code=code).first()
