"""Changing: events (one, many, finishing), standards, counters and source systems."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock
from teladan.people.models import Person, Unit
from teladan.services import queries, rules
from teladan.services.models import Counter, EventHelper, Service, ServiceEvent, ServiceStandard, SourceSystem
from teladan.services.rules import Change, EventFacts


class EventRefused(ValueError):
    """An event that cannot be; `faults` are (field, sentence)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__(" ".join(sentence for _, sentence in faults))
        self.faults = list(faults)


class EventConflict(EventRefused):
    """The number is there already and says something else."""

    def __init__(self, numbers: Sequence[str]) -> None:
        shown = ", ".join(numbers[:5]) + (f" dan {len(numbers) - 5} lagi" if len(numbers) > 5 else "")
        super().__init__([("number", f"Nomor {shown} sudah tercatat dengan isi yang berbeda.")])
        self.numbers = list(numbers)


# --- one event -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event on its way in, resolved to keys. `unit` owns the counter."""

    number: str
    unit: int
    facts: EventFacts


def record_event(
    *,
    source: SourceSystem,
    number: str,
    service: Service,
    officer: Person,
    counter: Counter,
    met_at: datetime,
    by: object,
    channel: str = "loket",
    complete_at: datetime | None = None,
    finished_at: datetime | None = None,
    outcome: str = "granted",
    helpers: Iterable[tuple[Person, str]] = (),
) -> ServiceEvent:
    """Record that a citizen was met. Idempotent by source and number; other content is an EventConflict.

    Times that were empty before may be filled in by sending the event again.
    """
    if counter.unit_id is None:
        raise EventRefused([("counter", f"Loket {counter.name} milik {counter.outside_owner}, bukan unit kota.")])
    facts = EventFacts(
        service=service.pk,
        officer=officer.pk,
        counter=counter.pk,
        channel=str(channel),
        met_at=met_at,
        complete_at=complete_at,
        finished_at=finished_at,
        outcome=str(outcome),
        helpers=frozenset((person.pk, role) for person, role in helpers),
    )
    return record_one(event=NewEvent(number.strip(), counter.unit_id, facts), source=source, by=by)[0]


@transaction.atomic
def record_one(*, event: NewEvent, source: SourceSystem, by: object) -> tuple[ServiceEvent, Change | None]:
    """`record_event` for an event already resolved to keys; with what it meant for one already there (None: new)."""
    if refusal := _refusal(event, clock.now()):
        raise EventRefused(refusal)
    known = _same_event(source, event, by)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return _insert(source, event, by), None
    except IntegrityError:  # somebody else recorded it in this very moment
        known = _same_event(source, event, by)
        if known is None:
            raise
        return known


def _refusal(event: NewEvent, now: datetime) -> list[tuple[str, str]]:
    found = rules.faults(event.facts, now=now)
    if fault := rules.number_fault(event.number):
        found.append(("number", fault))
    return found


def _same_event(source: SourceSystem, sent: NewEvent, by: object) -> tuple[ServiceEvent, Change] | None:
    event = ServiceEvent.objects.select_for_update().filter(source=source, number=sent.number).first()
    if event is None:
        return None
    change = rules.compare(queries.facts_of(event), sent.facts)
    if change is Change.CONFLICT:
        raise EventConflict([sent.number])
    if change is Change.PROGRESS:
        _progress(event, sent.facts.complete_at, sent.facts.finished_at, sent.facts.outcome, by)
    return event, change


def _insert(source: SourceSystem, sent: NewEvent, by: object) -> ServiceEvent:
    event = as_event(uuid.uuid4(), source, sent)
    event.save(force_insert=True)
    helpers = [EventHelper(event=event, person_id=person, role=role) for person, role in sorted(sent.facts.helpers)]
    if helpers:
        EventHelper.objects.bulk_create(helpers)
    audit.record(
        event=audit.Event.EVENT_RECORDED,
        actor=by,
        subject=f"event:{event.pk}",
        after={"source": source.code, "number": sent.number, "outcome": sent.facts.outcome},
    )
    return event


def as_event(key: uuid.UUID, source: SourceSystem, row: NewEvent) -> ServiceEvent:
    """The row as an unsaved event."""
    event = ServiceEvent(**_columns(key, source, row.number, row.facts, row.unit))
    event.source = source
    return event


def _columns(key: uuid.UUID, source: SourceSystem, number: str, facts: EventFacts, unit: int) -> dict[str, Any]:
    return {
        "id": key,
        "source_id": source.pk,
        "number": number,
        "service_id": facts.service,
        "officer_id": facts.officer,
        "counter_id": facts.counter,
        "unit_id": unit,
        "channel": facts.channel,
        "month": clock.month_of(facts.met_at),
        "met_at": facts.met_at,
        "complete_at": facts.complete_at,
        "finished_at": facts.finished_at,
        "outcome": facts.outcome,
    }


@transaction.atomic
def finish_event(
    *,
    event: ServiceEvent,
    finished_at: datetime,
    outcome: str = "granted",
    by: object,
    complete_at: datetime | None = None,
) -> ServiceEvent:
    """Say that a file is done, days later perhaps. The same again changes nothing; another end is an EventConflict."""
    event = ServiceEvent.objects.select_for_update().select_related("service", "counter").get(pk=event.pk)
    if event.outcome != "granted" and event.finished_at is None:
        raise EventRefused([("outcome", "Layanan yang ditolak atau belum lengkap tidak dapat diselesaikan.")])
    old = queries.facts_of(event)
    new = EventFacts(
        **{
            **old.__dict__,
            "complete_at": complete_at or old.complete_at,
            "finished_at": finished_at,
            "outcome": outcome,
        }
    )
    if refusal := rules.faults(new, now=clock.now()):
        raise EventRefused(refusal)
    change = rules.compare(old, new)
    if change is Change.CONFLICT:
        raise EventConflict([event.number])
    if change is Change.PROGRESS:
        _progress(event, new.complete_at, finished_at, outcome, by)
    return event


def _progress(
    event: ServiceEvent, complete_at: datetime | None, finished_at: datetime | None, outcome: str, by: object
) -> None:
    event.complete_at = event.complete_at or complete_at
    if finished_at and event.finished_at is None:
        event.finished_at, event.outcome = finished_at, outcome
    event.save(update_fields=["complete_at", "finished_at", "outcome"])
    audit.record(
        event=audit.Event.EVENT_FINISHED,
        actor=by,
        subject=f"event:{event.pk}",
        after={"finished_at": finished_at.isoformat() if finished_at else None, "outcome": event.outcome},
    )


# --- many events -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BulkResult:
    """What became of the rows; `ids` are those of all numbers, new or known."""

    new: int
    changed: int
    unchanged: int
    ids: dict[str, uuid.UUID] = field(repr=False)


@transaction.atomic
def record_events_bulk(events: Iterable[NewEvent], *, source: SourceSystem, by: object) -> BulkResult:
    """Record many events of one source, all or nothing; tens of thousands in seconds. One audit event for all.

    EventRefused names the first faults; EventConflict the numbers that say something else than before.
    """
    SourceSystem.objects.select_for_update(no_key=True).get(pk=source.pk)  # two files of one source wait for each other
    rows = _by_number(events)
    known = queries.recorded(source, rows, lock=True)
    changes = {number: rules.compare(old.facts, rows[number].facts) for number, old in known.items()}
    if conflicts := sorted(number for number, change in changes.items() if change is Change.CONFLICT):
        raise EventConflict(conflicts)
    fresh = {number: uuid.uuid4() for number in rows if number not in known}
    try:
        _copy_in(source, [(fresh[number], rows[number]) for number in fresh])
    except IntegrityError as error:  # the source sent one of these numbers by another way in this very moment
        raise EventRefused([("number", "Sumber ini sedang mengirim nomor yang sama. Ulangi sebentar lagi.")]) from error
    moved = [number for number, change in changes.items() if change is Change.PROGRESS]
    _bulk_progress([(known[number], rows[number].facts) for number in moved])
    result = BulkResult(
        len(fresh), len(moved), len(known) - len(moved), fresh | {number: old.id for number, old in known.items()}
    )
    if fresh or moved:
        audit.record(
            event=audit.Event.EVENTS_IMPORTED,
            actor=by,
            subject=f"source:{source.code}",
            after={"new": result.new, "changed": result.changed, "unchanged": result.unchanged},
        )
    return result


def _by_number(events: Iterable[NewEvent]) -> dict[str, NewEvent]:
    rows: dict[str, NewEvent] = {}
    now = clock.now()
    for row in events:
        refusal = _refusal(row, now)
        if row.number in rows:
            refusal.append(("number", "Nomor ini ada dua kali."))
        if refusal:
            raise EventRefused([(name, f"Nomor {row.number!r}: {sentence}") for name, sentence in refusal])
        rows[row.number] = row
    return rows


def _copy_in(source: SourceSystem, rows: Sequence[tuple[uuid.UUID, NewEvent]]) -> None:
    """COPY is about five times as fast as INSERT here, and tens of thousands of rows wait for it."""
    if not rows:
        return
    names = ["id", "source_id", "number", "service_id", "officer_id", "counter_id", "unit_id", "channel", "month"]
    names += ["met_at", "complete_at", "finished_at", "outcome"]
    statement = f"COPY services_serviceevent ({', '.join(names)}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for key, row in rows:
            columns = _columns(key, source, row.number, row.facts, row.unit)
            copy.write_row([columns[name] for name in names])
    EventHelper.objects.bulk_create(
        (
            EventHelper(event_id=key, person_id=person, role=role)
            for key, row in rows
            for person, role in sorted(row.facts.helpers)
        ),
        batch_size=2000,
    )


def _bulk_progress(rows: Sequence[tuple[queries.Recorded, EventFacts]]) -> None:
    changed = [
        ServiceEvent(
            id=old.id,
            complete_at=old.facts.complete_at or new.complete_at,
            finished_at=old.facts.finished_at or new.finished_at,
            outcome=old.facts.outcome if old.facts.finished_at else new.outcome,
        )
        for old, new in rows
    ]
    ServiceEvent.objects.bulk_update(changed, ["complete_at", "finished_at", "outcome"], batch_size=1000)


# --- the catalogue ---------------------------------------------------------------------------------------------------


@transaction.atomic
def set_standard(
    *,
    service: Service,
    valid_from: date,
    promised_minutes: int | None,
    legal_limit: str = "",
    requirements: str = "",
    fee: int = 0,
    legal_basis: str = "",
) -> tuple[ServiceStandard, bool]:
    """The standard from a day on; the one before ends that day. (standard, changed); the same again changes nothing."""
    content = {
        "promised_minutes": promised_minutes,
        "legal_limit": legal_limit,
        "requirements": requirements,
        "fee": fee,
        "legal_basis": legal_basis,
    }
    current = queries.standards_in_force(valid_from).select_for_update().filter(service=service).first()
    if current is not None:
        if all(getattr(current, name) == value for name, value in content.items()):
            return current, False
        if current.valid_from == valid_from:
            raise ValueError(
                f"Standar {service.code} sejak {valid_from} sudah ada dengan isi lain. Pilih tanggal mulai yang baru."
            )
        current.valid_until = valid_from
        current.save(update_fields=["valid_until"])
    later = service.standards.filter(valid_from__gt=valid_from).order_by("valid_from").first()
    until = later.valid_from if later else None
    return ServiceStandard.objects.create(service=service, valid_from=valid_from, valid_until=until, **content), True


def save_counter(
    *,
    code: str,
    name: str,
    unit: Unit | None = None,
    outside_owner: str = "",
    hall: str = "",
    queue_prefix: str = "",
) -> tuple[Counter, bool]:
    """A counter by its code; (counter, changed)."""
    content = {
        "name": name,
        "unit": unit,
        "outside_owner": outside_owner,
        "hall": hall,
        "queue_prefix": queue_prefix,
        "is_active": True,
    }
    known = Counter.objects.filter(code=code).select_related("unit").first()
    if known is not None and all(getattr(known, key) == value for key, value in content.items()):
        return known, False
    return Counter.objects.update_or_create(code=code, defaults=content)[0], True


# --- source systems --------------------------------------------------------------------------------------------------


def counter_source() -> SourceSystem:
    """The source that our own counter screen is."""
    return SourceSystem.objects.get_or_create(
        code=queries.COUNTER_SOURCE, defaults={"name": "Layar loket Teladan", "issues_tickets": True}
    )[0]


class SourceRefused(ValueError):
    """A source system that may not be made or changed so; the sentence says why."""


@transaction.atomic
def create_source(*, code: str, name: str, issues_tickets: bool = False, by: object) -> SourceSystem:
    """A new source system. Its code stands in the event numbers for ever and is never changed."""
    if queries.source_named(code, for_update=True) is not None:
        raise SourceRefused(_("Kode %(code)s sudah dipakai sumber lain.") % {"code": code})
    content = {"name": name, "issues_tickets": issues_tickets}
    source = SourceSystem.objects.create(code=code, **content)
    _record(audit.Event.SOURCE_CREATED, source, by, after=content)
    return source


@transaction.atomic
def change_source(*, source: SourceSystem, name: str, issues_tickets: bool, by: object) -> None:
    """Another name, or whether it hands out tickets; the same again changes nothing."""
    found = _own_source(source)
    before = {"name": found.name, "issues_tickets": found.issues_tickets}
    after = {"name": name, "issues_tickets": issues_tickets}
    if before == after:
        return
    SourceSystem.objects.filter(pk=found.pk).update(**after)
    _record(audit.Event.SOURCE_CHANGED, found, by, before=before, after=after)


def save_source(*, code: str, name: str, issues_tickets: bool = False, by: object) -> SourceSystem:
    """For the command line and the demo: made, or changed and in use again."""
    source = queries.source_named(code)
    if source is None:
        return create_source(code=code, name=name, issues_tickets=issues_tickets, by=by)
    change_source(source=source, name=name, issues_tickets=issues_tickets, by=by)
    resume_source(source=source, by=by)
    source.refresh_from_db()
    return source


@transaction.atomic
def stop_source(*, source: SourceSystem, reason: str, by: object) -> None:
    """Nothing comes in any more, neither by the API nor from files; its token is gone. Its events stay."""
    found = _own_source(source)
    if not found.is_active:
        return
    SourceSystem.objects.filter(pk=found.pk).update(is_active=False, token_hash="")
    _record(audit.Event.SOURCE_STOPPED, found, by, reason=reason)


@transaction.atomic
def resume_source(*, source: SourceSystem, by: object) -> None:
    """In use again; it needs a new token for the API."""
    found = _own_source(source)
    if found.is_active:
        return
    SourceSystem.objects.filter(pk=found.pk).update(is_active=True)
    _record(audit.Event.SOURCE_RESUMED, found, by)


@transaction.atomic
def new_source_token(*, source: SourceSystem, by: object) -> str:
    """A new API token; the old one stops at once. Only its hash is kept: whoever asks sees it this once."""
    found = _own_source(source)
    if not found.is_active:
        raise SourceRefused(_("Sumber ini berhenti. Pakai lagi dulu, baru buat tokennya."))
    token = f"teladan_{secrets.token_urlsafe(32)}"
    SourceSystem.objects.filter(pk=found.pk).update(token_hash=token_hash(token))
    _record(audit.Event.SOURCE_API_OPENED, found, by, after={"replaced": bool(found.token_hash)})
    return token


@transaction.atomic
def revoke_source_token(*, source: SourceSystem, reason: str, by: object) -> None:
    """Shut the API to this source at once; files may still bring its events."""
    found = _own_source(source)
    if not found.token_hash:
        return
    SourceSystem.objects.filter(pk=found.pk).update(token_hash="")
    _record(audit.Event.SOURCE_API_SHUT, found, by, reason=reason)


def _own_source(source: SourceSystem) -> SourceSystem:
    """The row, locked. The counter screen is the product's own and is not anybody's to change."""
    if source.code == queries.COUNTER_SOURCE:
        raise SourceRefused(_("Layar loket adalah bagian sistem ini dan tidak dapat diubah."))
    return SourceSystem.objects.select_for_update().get(pk=source.pk)


def _record(event: audit.Event, source: SourceSystem, by: object, **rest: Any) -> None:
    audit.record(event=event, actor=by, subject=source_subject(source), **rest)


def source_subject(source: SourceSystem) -> str:
    """Under which subject the audit trail tells of a source."""
    return f"source:{source.code}"


def token_hash(token: str) -> str:
    """SHA-256 of an API token in hex; the token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
