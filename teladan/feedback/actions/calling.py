"""The call-back sample: drawn from a seed that nobody could know in advance, and what those who were called said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from teladan import scoring
from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.feedback import rules
from teladan.feedback.models import CallBack, CallBackDraw, CollectionMonth
from teladan.feedback.queries import thresholds
from teladan.ledger import queries as ledger
from teladan.people.models import User
from teladan.services import queries as services


class CallRefused(Exception):
    """Cannot be recorded; the message says why."""


def seed_from(month: date) -> datetime:
    """The instant from which on the first checkpoint gives the month's seed: fixed by the rules frozen with the month."""
    day = int(thresholds(month).get("integrity.callback_seed_day", rules.CALLBACK_SEED_DAY))
    return clock.local(clock.add_months(month, 1).replace(day=day))


def draw_due_samples() -> list[date]:
    """Draw for each month that has its checkpoint and no sample yet; returns the months. Safe to repeat.

    Months that ended longer ago are left: nobody remembers a ticket for so long.
    """
    oldest = clock.add_months(clock.month_of(clock.today()), -rules.CALLBACK_MONTHS)
    undrawn = CollectionMonth.objects.exclude(month__in=CallBackDraw.objects.values("month"))
    undrawn = undrawn.filter(month__gte=oldest).order_by("month")
    return [one.month for one in undrawn if draw_sample(month=one.month)]


@transaction.atomic
def draw_sample(*, month: date) -> CallBackDraw | None:
    """Draw the month's sample, or find the one drawn; none before the checkpoint that gives the seed is signed."""
    if found := CallBackDraw.objects.filter(month=month).first():
        return found
    checkpoint = ledger.first_checkpoint_since(seed_from(month))
    if checkpoint is None:
        return None
    events = {f"{source}|{number}": (source, number, unit) for source, number, unit in services.event_numbers(month)}
    size = int(thresholds(month).get("integrity.callback_sample", rules.CALLBACK_SAMPLE))
    chosen = scoring.drawn(scoring.seed_of(bytes(checkpoint.root)), events, size)
    draw, is_new = CallBackDraw.objects.get_or_create(
        month=month,
        defaults={
            "checkpoint": checkpoint.number,
            "root": bytes(checkpoint.root),
            "population": len(events),
            "population_digest": digest_of(events),
            "size": len(chosen),
            "drawn_at": clock.now(),
        },
    )
    if is_new:
        CallBack.objects.bulk_create(
            CallBack(draw=draw, place=place, source=events[name][0], number=events[name][1], unit_id=events[name][2])
            for place, name in enumerate(chosen, start=1)
        )
        audit.record(
            event=Event.CALLBACKS_DRAWN,
            actor="system",
            subject=f"month:{month:%Y-%m}",
            after={"checkpoint": draw.checkpoint, "population": draw.population, "size": draw.size},
        )
    return draw


def digest_of(names: Iterable[str]) -> str:
    """SHA-256 over the sorted `source|number` lines of all events the sample was drawn from."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


@transaction.atomic
def record_call(*, call: CallBack, is_reached: bool, was_handed: str = "", has_rated: str = "", by: User) -> None:
    """Write down one call. A call can be written anew, for example when somebody was reached later; each has its event."""
    row = CallBack.objects.select_for_update().get(pk=call.pk)
    replies = {one.value for one in CallBack.Reply}
    if is_reached and not {was_handed, has_rated} <= replies:
        raise CallRefused(_("Isi kedua jawaban, atau pilih tidak tersambung."))
    before = None if row.recorded_at is None else _said(row)
    row.is_reached = is_reached
    row.was_handed, row.has_rated = (was_handed, has_rated) if is_reached else ("", "")
    row.recorded_at, row.recorded_by = clock.now(), by
    row.save()
    audit.record(
        event=Event.CALLBACK_RECORDED,
        actor=by,
        subject=f"callback:{row.draw_id:%Y-%m}/{row.place}",
        before=before,
        after=_said(row),
    )


def _said(row: CallBack) -> dict[str, object]:
    return {"reached": row.is_reached, "handed": row.was_handed, "rated": row.has_rated}
