"""Links that were sent: the ticket behind one. The same answer for a used, an old and an unknown link."""

from __future__ import annotations

from teladan.feedback.models import Ticket


def ticket_behind(link_hash: bytes) -> bytes:
    """The stored hash of the ticket to which a link leads; of an unknown link its own, which no ticket has."""
    found = Ticket.objects.filter(link_hash=link_hash).values_list("token_hash", flat=True).first()
    return link_hash if found is None else bytes(found)
