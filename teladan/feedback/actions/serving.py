"""A served citizen becomes an event and its ticket, together or not at all: at our counter, or told by another system.

At the counter the event's number is made of counter, day and queue number, so the form itself is the nonce: sent twice, it serves once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.feedback.actions.sealing import collecting_month
from teladan.feedback.actions.tickets import IssuedTicket, TicketExists, issue_ticket, register_tickets, reprint_ticket
from teladan.people.models import Person, User
from teladan.services import access, actions, queries, rules
from teladan.services.actions import EventConflict, NewEvent
from teladan.services.models import Counter, Service, ServiceEvent, SourceSystem
from teladan.services.rules import Change


@dataclass(frozen=True)
class Served:
    """The event, and the ticket whose secrets are printed once."""

    event: ServiceEvent
    ticket: IssuedTicket = field(repr=False)


class AlreadyServed(Exception):
    """The same form came before; its ticket was printed then."""

    def __init__(self, event: ServiceEvent) -> None:
        super().__init__(event.number)
        self.event = event


class NumberTaken(Exception):
    """The queue number stands at this counter today for something else."""

    def __init__(self, event: ServiceEvent) -> None:
        super().__init__(event.number)
        self.event = event


def officer_of(user: User) -> Person:
    """The civil servant behind the account; PermissionDenied for accounts of nobody."""
    if user.person is None:
        raise PermissionDenied(_("Akun ini tidak terhubung dengan seorang pegawai, jadi tidak dapat melayani."))
    return user.person


def serve(
    *, user: User, counter: Counter, service: Service, number: str, outcome: str = "granted", channel: str = "loket"
) -> Served:
    """Record that the account's officer meets a citizen now, and make the ticket. `number` is the queue number.

    A granted request begins with a complete file. AlreadyServed when the same form came before, NumberTaken when the
    number is used; MonthSealed when the month is closed.
    """
    officer = officer_of(user)
    if not access.counters_for(user).filter(pk=counter.pk).exists():
        raise PermissionDenied(_("Akun ini tidak bertugas di loket tersebut."))
    now, source = clock.now(), actions.counter_source()
    full = rules.counter_event_number(counter.code, clock.day_of(now), number.strip())
    said = (service.pk, officer.pk, str(outcome), str(channel))
    if (known := queries.event_with_number(source, full)) is not None:
        raise _came_before(known, said)
    try:
        with transaction.atomic():
            event = actions.record_event(
                source=source,
                number=full,
                service=service,
                officer=officer,
                counter=counter,
                met_at=now,
                complete_at=now if outcome == ServiceEvent.Outcome.GRANTED else None,
                outcome=outcome,
                channel=channel,
                by=user,
            )
            return Served(event, issue_ticket(event=event, by=user, printed=True))
    except (EventConflict, TicketExists):  # a double click: the first of the two has just been recorded
        known = queries.event_with_number(source, full)
        if known is None:
            raise
        raise _came_before(known, said) from None


def _came_before(event: ServiceEvent, said: tuple[object, ...]) -> Exception:
    same = (event.service_id, event.officer_id, event.outcome, event.channel) == said
    return AlreadyServed(event) if same else NumberTaken(event)


def reprint(*, user: User, event: ServiceEvent) -> IssuedTicket:
    """A new slip for an event of one's own; the old slip dies. TicketRefused after a few minutes.

    Only the officer who met the citizen, soon, and on record: a slip printed again is a slip that could be misused.
    """
    if event.officer_id != officer_of(user).pk:
        raise PermissionDenied(_("Hanya petugas yang menemui warga dapat mencetak ulang tiketnya."))
    return reprint_ticket(event=event, by=user)


@dataclass(frozen=True)
class Accepted:
    """An event of another system: what it meant for one already there (None: new), and the ticket made for it."""

    event: ServiceEvent
    change: Change | None
    ticket: IssuedTicket | None = field(repr=False)


@transaction.atomic
def accept(*, source: SourceSystem, event: NewEvent, fingerprint: bytes | None, by: object) -> Accepted:
    """Record an event that a source sends, with its ticket when the source hands out tickets.

    The source either prints its own ticket and sends the fingerprint, or gets a fresh one, once. MonthSealed for a new
    event of a closed month; EventRefused, TicketRefused.
    """
    recorded, change = actions.record_one(event=event, source=source, by=by)
    if change is None:
        collecting_month(recorded.month)
    if not source.issues_tickets:
        return Accepted(recorded, change, None)
    if fingerprint:
        register_tickets([(recorded, fingerprint)])
        return Accepted(recorded, change, None)
    return Accepted(recorded, change, issue_ticket(event=recorded, by=by, printed=False) if change is None else None)
