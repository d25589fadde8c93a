"""What is printed on a slip. Made in the answer to the request that issued the ticket, shown once, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.actions.tickets import IssuedTicket
from teladan.people import queries as people


@dataclass(frozen=True)
class Slip:
    """The lines of a slip; its text form hides the secrets."""

    unit: str
    service: str
    expires_on: date
    qr: SafeString = field(repr=False)
    token: str = field(repr=False)
    typed_at: str
    number: str = field(repr=False)
    code: str = field(repr=False)


def slip_of(issued: IssuedTicket) -> Slip:
    """The slip of a fresh ticket."""
    ticket = issued.ticket
    return Slip(
        unit=people.unit_name(ticket.unit, clock.today()),
        service=ticket.service.name,
        expires_on=ticket.expires_on,
        qr=qr_svg(ticket_address(issued.token)),
        token=tokens.grouped(issued.token, 5),
        typed_at=settings.PUBLIC_ADDRESS.partition("://")[2] + reverse("rating-typed"),
        number=f"{issued.typed_number[:4]} {issued.typed_number[4:]}",
        code=tokens.grouped(issued.typed_code),
    )


def ticket_address(token: str) -> str:
    """The address behind the QR; anyone who has it can rate once."""
    return settings.PUBLIC_ADDRESS + reverse("ticket-open", args=[token])


def qr_svg(text: str) -> SafeString:
    """A QR code as inline SVG without style attributes, so that a strict page may show it. Error correction M (15 %)."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=2, omitsize=True, svgclass="qr", lineclass=None, title=_("Kode QR tiket")
    )
    return mark_safe(drawn)  # noqa: S308 - drawn by segno from coordinates, holds no text
