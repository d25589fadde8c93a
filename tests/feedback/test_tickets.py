"""Tickets: who gets none, what is kept of one, until when it holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from argon2 import extract_parameters
from django.db import IntegrityError, transaction

from teladan.core import clock, policy
from teladan.core.models import AuditEvent
from teladan.feedback import rules, tokens
from teladan.feedback.actions import tickets
from teladan.feedback.actions.sealing import MonthSealed, open_month, seal_month
from teladan.feedback.actions.tickets import (
    TicketConflict,
    TicketExists,
    TicketRefused,
    code_matches,
    issue_ticket,
    redeem_typed,
    register_tickets,
    reprint_ticket,
)
from teladan.feedback.models import CollectionMonth, Ticket
from tests.feedback.conftest import OCTOBER, Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]


# --- refusals --------------------------------------------------------------------------------------------------------


def test_ticket_refuses_second_for_the_event(office: Office) -> None:
    event = office.event()
    issue_ticket(event=event, by="test", printed=False)
    with pytest.raises(TicketExists, match=event.number):
        issue_ticket(event=event, by="test", printed=True)
    assert Ticket.objects.count() == 1


def test_ticket_refuses_second_for_the_event_in_the_database(office: Office) -> None:
    ticket = issue_ticket(event=office.event(), by="test", printed=False).ticket
    ticket.pk, ticket.token_hash = tokens.new_token(), b"x" * 32
    twin = Ticket(**{f.attname: getattr(ticket, f.attname) for f in Ticket._meta.fields if f.name != "id"})
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_ticket_refuses_sealed_month(office: Office) -> None:
    with clock.at(clock.local(date(2026, 11, 8), 9)):
        seal_month(month=OCTOBER, by="test")
    with pytest.raises(MonthSealed):
        issue_ticket(event=office.event(), by="test", printed=False)
    with pytest.raises(MonthSealed):
        register_tickets([(office.event(), b"h" * 32)])


def test_month_without_rules_cannot_open(office: Office) -> None:
    with pytest.raises(policy.MissingPolicy, match="2024-12-01"):
        register_tickets([(office.event(clock.local(date(2024, 12, 5), 9)), b"h" * 32)])
    assert CollectionMonth.objects.count() == 0


def test_registered_ticket_refuses_what_is_no_hash(office: Office) -> None:
    with pytest.raises(TicketRefused, match="SHA-256"):
        register_tickets([(office.event(), b"short")])


def test_registered_ticket_refuses_another_hash_for_the_event(office: Office) -> None:
    event = office.event()
    register_tickets([(event, b"a" * 32)])
    with pytest.raises(TicketConflict, match=event.number):
        register_tickets([(event, b"b" * 32)])
    with pytest.raises(TicketConflict):
        register_tickets([(office.event(), b"c" * 32), (office.event(), b"c" * 32)])
    with pytest.raises(TicketConflict):
        register_tickets([(office.event(), b"a" * 32)])
    assert Ticket.objects.count() == 1


def test_reprint_refuses_late_and_without_ticket(office: Office) -> None:
    event = office.event()
    with pytest.raises(TicketRefused, match="belum"):
        reprint_ticket(event=event, by="test")
    issue_ticket(event=event, by="test", printed=True)
    with clock.at(clock.now() + timedelta(minutes=16)), pytest.raises(TicketRefused, match="15 menit"):
        reprint_ticket(event=event, by="test")


# --- what it does ----------------------------------------------------------------------------------------------------


def test_ticket_keeps_only_the_hash(office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    ticket = Ticket.objects.get()
    assert bytes(ticket.token_hash) == tokens.token_hash(tokens.decode(issued.token))
    assert issued.token not in str(Ticket.objects.values_list().get())
    assert issued.typed_code not in str(Ticket.objects.values_list().get())
    assert issued.token not in repr(issued)
    assert issued.typed_code not in repr(issued)
    assert ticket.month == OCTOBER
    assert ticket.issued_at == clock.now()


def test_ticket_without_print_has_no_typed_code(office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=False)
    assert (issued.typed_number, issued.typed_code) == ("", "")
    assert Ticket.objects.get().typed_number is None


def test_typed_code_is_checked_against_its_hash(office: Office) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    assert code_matches(issued.ticket, issued.typed_code.lower())
    assert not code_matches(issued.ticket, "00000000")
    assert issued.ticket.typed_hash.startswith("$argon2id$")


def test_unknown_number_costs_as_much_work_as_a_wrong_code(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    checked: list[str] = []

    def watched(ticket: Ticket, code: str) -> bool:
        checked.append(ticket.typed_hash)
        return code_matches(ticket, code)

    monkeypatch.setattr(tickets, "code_matches", watched)
    unknown = "1000000" if issued.typed_number != "1000000" else "1000001"
    assert redeem_typed(number=issued.typed_number, code="00000000") is None
    assert redeem_typed(number=unknown, code="00000000") is None
    known, dummy = map(extract_parameters, checked)
    assert known == dummy


def test_typed_numbers_running_out_is_said(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    issue_ticket(event=office.event(), by="test", printed=True)
    taken = Ticket.objects.get().typed_number
    monkeypatch.setattr(tickets.tokens, "new_typed_number", lambda: taken)
    with pytest.raises(TicketRefused, match="habis"):
        issue_ticket(event=office.event(), by="test", printed=True)
    assert Ticket.objects.count() == 1


def test_issue_writes_audit_without_the_ticket(office: Office) -> None:
    event = office.event()
    issued = issue_ticket(event=event, by="test", printed=True)
    row = AuditEvent.objects.get(event="feedback.ticket_issued")
    assert row.subject == f"event:{event.pk}"
    assert str(issued.ticket.pk) not in f"{row.subject} {row.after}"


def test_reprint_replaces_token_of_unused_ticket(office: Office) -> None:
    event = office.event()
    first = issue_ticket(event=event, by="test", printed=True)
    second = reprint_ticket(event=event, by="test")
    ticket = Ticket.objects.get()
    assert bytes(ticket.token_hash) == tokens.token_hash(tokens.decode(second.token))
    assert first.token != second.token
    assert code_matches(ticket, second.typed_code)
    assert ticket.typed_number == second.typed_number


def test_reprint_of_used_ticket_looks_the_same_and_stays_used(office: Office) -> None:
    event = office.event()
    issue_ticket(event=event, by="test", printed=True)
    Ticket.objects.update(spent_on=clock.today(), issued_at=None)
    again = reprint_ticket(event=event, by="test")
    ticket = Ticket.objects.get()
    assert redeem_typed(number=again.typed_number, code=again.typed_code) == bytes(ticket.token_hash)
    assert (ticket.spent_on, ticket.issued_at) == (clock.today(), None)


def test_register_is_idempotent_even_after_the_seal(office: Office) -> None:
    pairs = [(office.event(), bytes([i]) * 32) for i in range(3)]
    assert register_tickets(pairs) == 3
    assert register_tickets([*pairs, pairs[0]]) == 0
    with clock.at(clock.local(date(2026, 11, 8), 9)):
        seal_month(month=OCTOBER, by="test")
        assert register_tickets(pairs) == 0


def test_registered_ticket_is_issued_when_the_citizen_was_met(office: Office) -> None:
    met_at = clock.local(date(2026, 9, 30), 23, 30)  # 16.30 UTC, still September at the office
    register_tickets([(office.event(met_at), b"a" * 32)])
    ticket = Ticket.objects.get()
    assert ticket.month == date(2026, 9, 1)
    assert ticket.issued_at == met_at
    assert ticket.expires_on == date(2026, 10, 7)


def test_ticket_month_is_that_of_issue(office: Office) -> None:
    """The event of late September, the ticket at 00.30 WIB of 1 October, which is still September in UTC."""
    event = office.event(clock.local(date(2026, 9, 30), 23))
    with clock.at(clock.local(OCTOBER, 0, 30)):
        assert issue_ticket(event=event, by="test", printed=False).ticket.month == OCTOBER


@pytest.mark.parametrize(
    ("issued_on", "expires_on"),
    [
        (date(2026, 10, 1), date(2026, 10, 15)),
        (date(2026, 10, 24), date(2026, 11, 7)),
        (date(2026, 10, 25), date(2026, 11, 7)),
        (date(2026, 10, 31), date(2026, 11, 7)),
        (date(2026, 2, 28), date(2026, 3, 7)),
        (date(2026, 12, 31), date(2027, 1, 7)),
    ],
)
def test_ticket_expires_after_fourteen_days_or_a_week_after_the_month(issued_on: date, expires_on: date) -> None:
    assert rules.ticket_expires_on(issued_on, ticket_days=14, grace_days=7) == expires_on
    assert expires_on < rules.seal_opens_on(issued_on.replace(day=1), grace_days=7)


def test_month_freezes_its_rules_when_it_opens() -> None:
    from teladan.feedback.queries import thresholds

    opened = open_month(OCTOBER)
    assert opened.policy["disclosure.k"] == 10
    policy.load_pack(
        [{"key": "disclosure.k", "value": 20, "valid_from": "2026-10-01", "legal_basis": "uji"}], by="test"
    )
    assert thresholds(OCTOBER)["disclosure.k"] == 10
    assert thresholds(date(2026, 11, 1))["disclosure.k"] == 20
    assert open_month(OCTOBER).policy == opened.policy
    assert CollectionMonth.objects.count() == 1
    assert AuditEvent.objects.filter(event="feedback.month_opened").count() == 1
