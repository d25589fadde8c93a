"""The life of a collection month: it opens with its rules frozen, is sealed once, and then forgets its tickets."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from teladan.core import audit, clock, policy
from teladan.feedback.models import CollectionMonth
from teladan.feedback.queries import policy_on


class MonthSealed(Exception):
    """The month is sealed: no ticket and no rating enters it any more."""

    def __init__(self, month: date) -> None:
        super().__init__(f"Bulan {month:%Y-%m} sudah disegel; tiket dan penilaian baru tidak dapat masuk.")
        self.month = month


def open_month(month: date) -> CollectionMonth:
    """The collection month, opened with the rules of its first day when nobody opened it before."""
    found = CollectionMonth.objects.filter(pk=month).first()
    return found or _open(month)


@transaction.atomic
def _open(month: date) -> CollectionMonth:
    defaults = {
        "policy": policy_on(month),
        "policy_version": policy.version(month),
        "opened_at": clock.now(),
    }
    opened, is_new = CollectionMonth.objects.get_or_create(month=month, defaults=defaults)
    if is_new:
        audit.record(
            event=audit.Event.MONTH_OPENED,
            actor="system",
            subject=f"month:{month:%Y-%m}",
            after={"policy_version": opened.policy_version},
        )
    return opened


def collecting_month(month: date) -> CollectionMonth:
    """The open collection month; MonthSealed when it no longer collects."""
    opened = open_month(month)
    if opened.state == CollectionMonth.State.SEALED:
        raise MonthSealed(month)
    return opened
