"""Tickets: one for each service event, made when the citizen is met. The token leaves this module once, to be printed."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from teladan.core import audit, clock, ratelimit
from teladan.feedback import leaves, rules, tokens
from teladan.feedback.actions.sealing import collecting_month
from teladan.feedback.leaves import Kind
from teladan.feedback.models import CollectionMonth, Ticket
from teladan.ledger import actions as ledger
from teladan.services.models import ServiceEvent, SourceSystem

_BATCH = 5000
_NUMBER_TRIES = 20
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smaller setting: the code has 40 random bits and five tries an hour, and the web process stays small."""


class TicketRefused(Exception):
    """No ticket can be made; the message says why."""


class TooManyTries(Exception):
    """Too many codes were typed for this number, or for all numbers together; wait."""


class TicketExists(TicketRefused):
    """The event has its ticket already."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Layanan nomor {number} sudah mempunyai tiket.")
        self.number = number


class TicketConflict(TicketRefused):
    """Events whose ticket is registered with another hash."""

    def __init__(self, numbers: Sequence[str]) -> None:
        shown = ", ".join(numbers[:5]) + (f" dan {len(numbers) - 5} lagi" if len(numbers) > 5 else "")
        super().__init__(f"Nomor {shown} sudah mempunyai tiket lain.")
        self.numbers = list(numbers)


@dataclass(frozen=True)
class IssuedTicket:
    """A fresh ticket with what is printed once and stored nowhere. Its text form hides the secrets."""

    ticket: Ticket
    token: str = field(repr=False)
    typed_number: str = field(default="", repr=False)
    typed_code: str = field(default="", repr=False)


@transaction.atomic
def issue_ticket(*, event: ServiceEvent, by: object, printed: bool) -> IssuedTicket:
    """Make the event's one ticket now. With `printed` it also gets a number and code that can be typed."""
    now = clock.now()
    month = collecting_month(clock.month_of(now))
    key = tokens.event_key(event.source.code, event.number)
    if Ticket.objects.filter(event_key=key).exists():
        raise TicketExists(event.number)
    token = tokens.new_token()
    ticket = _ticket(event, key, tokens.token_hash(token), month, now)
    number, code = _typed(ticket) if printed else ("", "")
    try:
        with transaction.atomic():
            ticket.save(force_insert=True)
            ledger.append(leaves.ticket(month.month, bytes(ticket.token_hash)))
    except IntegrityError as error:  # somebody issued it in this very moment
        raise TicketExists(event.number) from error
    audit.record(event=audit.Event.TICKET_ISSUED, actor=by, subject=f"event:{event.pk}", after={"printed": printed})
    return IssuedTicket(ticket, tokens.encode(token), number, code)


def _ticket(event: ServiceEvent, key: bytes, hashed: bytes, month: CollectionMonth, issued_at: datetime) -> Ticket:
    return Ticket(
        token_hash=hashed,
        event_key=key,
        month=month.month,
        unit_id=event.unit_id,
        service_id=event.service_id,
        officer_id=event.officer_id,
        channel=event.channel,
        issued_at=issued_at,
        expires_on=_expires_on(month, clock.day_of(issued_at)),
    )


def _expires_on(month: CollectionMonth, issued_on: date) -> date:
    return rules.ticket_expires_on(
        issued_on,
        ticket_days=int(month.policy["collection.ticket_days"]),
        grace_days=int(month.policy["collection.grace_days"]),
    )


def _typed(ticket: Ticket) -> tuple[str, str]:
    """A free number and a code; only the code's hash goes onto the ticket."""
    number = next(
        (
            number
            for number in (tokens.new_typed_number() for _ in range(_NUMBER_TRIES))
            if not Ticket.objects.filter(typed_number=number).exists()
        ),
        None,
    )
    if number is None:
        raise TicketRefused("Nomor ketik sedang habis; cetak tiket tanpa nomor.")
    code = tokens.new_typed_code()
    ticket.typed_number, ticket.typed_hash = number, hasher.hash(code)
    return number, code


@transaction.atomic
def reprint_ticket(*, event: ServiceEvent, by: object) -> IssuedTicket:
    """A new slip when the printer failed, within minutes of meeting the citizen; the old slip stops working.

    A ticket that was already used stays used: the new slip looks and behaves the same, so that it tells nobody.
    """
    if clock.now() - event.met_at > timedelta(minutes=rules.REPRINT_MINUTES):
        raise TicketRefused(f"Tiket hanya dapat dicetak ulang dalam {rules.REPRINT_MINUTES} menit.")
    key = tokens.event_key(event.source.code, event.number)
    ticket = Ticket.objects.select_for_update().filter(event_key=key).first()
    if ticket is None:
        raise TicketRefused("Layanan ini belum mempunyai tiket.")
    token = tokens.new_token()
    number, code = _typed(ticket)
    ticket.token_hash = tokens.token_hash(token)
    ticket.typed_tries, ticket.typed_locked_until = 0, None
    ticket.save(update_fields=["token_hash", "typed_number", "typed_hash", "typed_tries", "typed_locked_until"])
    ledger.append(leaves.ticket(ticket.month, ticket.token_hash, Kind.REPRINT))
    audit.record(event=audit.Event.TICKET_REPRINTED, actor=by, subject=f"event:{event.pk}")
    return IssuedTicket(ticket, tokens.encode(token), number, code)


@transaction.atomic
def register_tickets(pairs: Iterable[tuple[ServiceEvent, bytes]]) -> int:
    """Tickets that a source handed out itself, by the hash of their token; returns how many are new.

    Issued when the citizen was met. The same pair twice is one ticket; another hash for an event is a TicketConflict.
    """
    added = 0
    codes = dict(SourceSystem.objects.values_list("pk", "code"))
    months: dict[date, CollectionMonth] = {}
    rest = iter(pairs)
    while batch := list(itertools.islice(rest, _BATCH)):
        added += _register(batch, codes, months)
    return added


def _register(
    batch: Sequence[tuple[ServiceEvent, bytes]], codes: dict[int, str], months: dict[date, CollectionMonth]
) -> int:
    events: dict[bytes, tuple[ServiceEvent, bytes]] = {}
    hashes: dict[bytes, bytes] = {}
    for event, hashed in batch:
        if len(hashed) != 32:
            raise TicketRefused(f"Sidik tiket nomor {event.number} bukan SHA-256 (64 huruf heksadesimal).")
        key = tokens.event_key(codes[event.source_id], event.number)
        if hashes.setdefault(hashed, key) != key or events.setdefault(key, (event, hashed))[1] != hashed:
            raise TicketConflict([event.number])
    for key in _registered(hashes, {key: event.number for key, (event, _) in events.items()}):
        del events[key]
    for month in {clock.month_of(event.met_at) for event, _ in events.values()} - set(months):
        months[month] = collecting_month(month)
    new = [
        _ticket(event, key, hashed, months[clock.month_of(event.met_at)], event.met_at)
        for key, (event, hashed) in events.items()
    ]
    _copy_in(new)
    ledger.append(*(leaves.ticket(one.month, bytes(one.token_hash)) for one in new))
    return len(new)


_COPIED = (
    "id", "token_hash", "event_key", "month", "unit_id", "service_id", "officer_id", "channel", "expires_on",
    "issued_at", "typed_hash", "typed_tries",
)  # fmt: skip


def _copy_in(tickets: Iterable[Ticket]) -> None:
    """COPY: files bring tens of thousands of tickets at once."""
    statement = f"COPY feedback_ticket ({', '.join(_COPIED)}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for ticket in tickets:
            copy.write_row([getattr(ticket, name) for name in _COPIED])


_PAIRS = "SELECT event_key, token_hash FROM feedback_ticket WHERE event_key = ANY(%s) OR token_hash = ANY(%s)"


def registered_pairs(keys: Iterable[bytes], hashes: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    """(event key, token hash) of the tickets that have one of these keys or hashes. Arrays, as files bring thousands."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [list(keys), list(hashes)])
        return [(bytes(key), bytes(hashed)) for key, hashed in cursor.fetchall()]


def _registered(hashes: dict[bytes, bytes], numbers: dict[bytes, str]) -> list[bytes]:
    """Event keys that stand already with the same hash; a TicketConflict for those that do not."""
    known = registered_pairs(numbers, hashes)
    if wrong := {hashes.get(hashed, key) for key, hashed in known if hashes.get(hashed) != key}:
        raise TicketConflict(sorted(numbers[key] for key in wrong))
    return [key for key, _ in known]


def redeem_typed(*, number: str, code: str) -> bytes | None:
    """The token hash behind a typed number and code, or nothing. TooManyTries after five tries an hour for a number.

    Unknown numbers are counted and answered like known ones, in the same time; the QR of a locked ticket still works.
    """
    if not ratelimit.allow("feedback.typed", rules.TYPED_PER_MINUTE, 60):
        raise TooManyTries
    allowed = ratelimit.allow(f"feedback.typed:{number}", rules.TYPED_TRIES, rules.TYPED_LOCK_SECONDS)
    ticket = Ticket.objects.filter(typed_number=number).first()
    if not allowed:
        if ticket is not None:
            _lock(ticket)
        raise TooManyTries
    if ticket is None:
        code_matches(Ticket(typed_hash=_hash_of_nothing()), code)
        return None
    if not code_matches(ticket, code):
        Ticket.objects.filter(pk=ticket.pk).update(typed_tries=F("typed_tries") + 1)
        return None
    return bytes(ticket.token_hash)


@cache
def _hash_of_nothing() -> str:
    """For numbers that no ticket has: checking it takes as long as checking a real one."""
    return hasher.hash(secrets.token_hex(8))


def _lock(ticket: Ticket) -> None:
    """Note the lock for the integrity desk; the counter of tries is what locks."""
    until = clock.now() + timedelta(seconds=rules.TYPED_LOCK_SECONDS)
    Ticket.objects.filter(pk=ticket.pk).exclude(typed_locked_until__gt=clock.now()).update(typed_locked_until=until)


def code_matches(ticket: Ticket, code: str) -> bool:
    """Whether a typed code is the ticket's; constant work whatever the answer."""
    try:
        return hasher.verify(ticket.typed_hash, tokens.normal(code))
    except VerificationError:
        return False
