"""Sending a ticket's link to an address that the citizen left at the counter. Off unless a gateway is set.

The slip is printed all the same: the link is a second way to the same ticket, and whichever comes first spends it. A
fresh token is minted at each sending; neither it nor the address stands in a job, a log or, in the open, in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from teladan.core import audit, clock, ratelimit
from teladan.core.audit import Event
from teladan.feedback import addresses, rules, tokens
from teladan.feedback.models import CollectionMonth, Delivery, Ticket
from teladan.people.models import User
from teladan.services.models import ServiceEvent
from teladan.ui import formats

log = logging.getLogger(__name__)

PLACE = "{address}"
BATCH = 50
_TALKATIVE = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib")
_CHANNELS = {
    addresses.Kind.EMAIL: (Delivery.Channel.EMAIL,),
    addresses.Kind.PHONE: (Delivery.Channel.WHATSAPP, Delivery.Channel.SMS),
}


class LinkRefused(Exception):
    """No link will be sent; the message says why. The slip works all the same."""


def channels() -> list[Delivery.Channel]:
    """Channels that have a gateway."""
    return [channel for channel in Delivery.Channel if settings.DELIVERY.get(channel)]


@transaction.atomic
def request_link(*, ticket: Ticket, event: ServiceEvent, address: str, by: User) -> Delivery:
    """Let the link be sent soon. One per ticket, and few per address: nobody collects tickets in one mailbox."""
    found = addresses.read(address)
    offered = channels()
    channel = next((one for one in _CHANNELS[found[0]] if one in offered), None) if found else None
    if found is None or channel is None:
        raise LinkRefused(_("Alamat tidak dikenali, jadi tautan tidak dikirim. Serahkan tiketnya."))
    key = f"feedback.delivery:{found[1]}"
    if not ratelimit.allow(key, rules.DELIVERY_PER_ADDRESS, rules.DELIVERY_ADDRESS_SECONDS):
        raise LinkRefused(_("Alamat ini sudah menerima beberapa tautan hari ini. Serahkan tiketnya."))
    row = uuid4()
    delivery, _is_new = Delivery.objects.get_or_create(
        ticket=ticket,
        defaults={
            "id": row,
            "channel": channel,
            "address": addresses.seal(found[1], row),
            "due_at": clock.now(),
        },
    )
    audit.record(event=Event.LINK_REQUESTED, actor=by, subject=f"event:{event.pk}", after={"channel": str(channel)})
    return delivery


# --- the worker ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """What is handed to the gateway. Its text form hides all of it."""

    delivery: UUID
    channel: str
    last: bool
    address: str = field(repr=False)
    text: str = field(repr=False)


Post = Callable[[Letter], bool]


def send_waiting(post: Post | None = None) -> int:
    """Send what is due; returns how many went out. A failure waits longer each time, then the row goes unsent."""
    post = post or post_by_apprise
    due = Delivery.objects.filter(due_at__lte=clock.now()).order_by("due_at").values_list("pk", flat=True)
    letters = (prepare(pk) for pk in list(due[:BATCH]))
    return sum(_hand_over(letter, post) for letter in letters if letter)


@transaction.atomic
def prepare(pk: UUID) -> Letter | None:
    """Mint the token and take the row until its next try. Nothing when the ticket was used, is too old or is gone."""
    row = Delivery.objects.select_for_update(skip_locked=True).filter(pk=pk, due_at__lte=clock.now()).first()
    if row is None:
        return None
    ticket = Ticket.objects.select_for_update(no_key=True).filter(pk=row.ticket_id).first()
    if ticket is None or not _is_usable(ticket) or row.tries > len(rules.DELIVERY_WAITS):
        row.delete()
        return None
    token = tokens.new_token()
    ticket.link_hash = tokens.link_hash(token)
    ticket.save(update_fields=["link_hash"])
    waits = [*rules.DELIVERY_WAITS, rules.DELIVERY_WAITS[-1]]
    row.due_at = clock.now() + timedelta(minutes=waits[row.tries])
    row.tries += 1
    row.save(update_fields=["due_at", "tries"])
    try:
        address = addresses.unseal(bytes(row.address), row.pk)
    except addresses.Unopened:  # the key was changed since
        row.delete()
        return None
    last = row.tries > len(rules.DELIVERY_WAITS)
    return Letter(row.pk, row.channel, last, address, message(tokens.encode_link(token), ticket))


def _is_usable(ticket: Ticket) -> bool:
    if ticket.spent_on is not None or ticket.expires_on < clock.today():
        return False
    return CollectionMonth.objects.filter(pk=ticket.month, state=CollectionMonth.State.OPEN).exists()


def message(token: str, ticket: Ticket) -> str:
    """A few words that say nothing of the service: a gateway reads them too."""
    return _("%(government)s: bagaimana layanan kami tadi? Nilai tanpa nama, sekali saja, sampai %(day)s: %(link)s") % {
        "government": settings.GOVERNMENT_NAME,
        "day": formats.day(ticket.expires_on),
        "link": settings.PUBLIC_ADDRESS + reverse("ticket-open", args=[token]),
    }


def _hand_over(letter: Letter, post: Post) -> bool:
    try:
        sent = post(letter)
    except Exception as error:
        log.warning("link by %s not sent: %s", letter.channel, type(error).__name__)  # its text may hold the address
        sent = False
    if sent or letter.last:
        Delivery.objects.filter(pk=letter.delivery).delete()
    if not sent and letter.last:
        log.warning("link by %s given up", letter.channel)
    return sent


def post_by_apprise(letter: Letter) -> bool:
    """Hand the letter to the gateway of its channel. Apprise is imported here, in the worker, and nowhere else."""
    import apprise

    template: str = settings.DELIVERY.get(letter.channel, "")
    with _silence():
        gateway = apprise.Apprise()
        if not template or not gateway.add(template.replace(PLACE, quote(letter.address, safe=""))):
            raise LinkRefused
        title = _("Nilai layanan kami") if letter.channel == Delivery.Channel.EMAIL else ""
        return bool(gateway.notify(body=letter.text, title=title, body_format=apprise.NotifyFormat.TEXT))


@contextmanager
def _silence() -> Iterator[None]:
    """Libraries below write addresses and whole requests into their logs; while they work, they are not heard."""
    known = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _TALKATIVE]
    loggers = [logging.getLogger(name) for name in {*known, *_TALKATIVE}]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
