"""Reading: what was awarded, as the public may know it, and what waits for whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from teladan.awards.models import Award, Round
from teladan.people.access import can
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.people.queries import unit_names
from teladan.ui import formats


@dataclass(frozen=True)
class PublicAward:
    """A granted award with the reason the public reads; never a score."""

    month: date
    name: str
    unit_name: str
    citation: str
    number: str
    code: str


@dataclass(frozen=True)
class Todo:
    """One line for the desk."""

    what: str
    note: str
    url: str


def public_winners(months: Collection[date]) -> list[PublicAward]:
    """Awards of released months, latest first."""
    rows = Award.objects.filter(candidate__round__closing__month__in=list(months)).select_related(
        "candidate__person", "candidate__round__closing"
    )
    found = rows.order_by("-candidate__round__closing__month", "number")
    names = unit_names(max(months)) if months else {}
    return [
        PublicAward(
            month=row.candidate.round.closing.month,
            name=row.candidate.person.full_name,
            unit_name=names.get(row.candidate.unit_id, ""),
            citation=row.citation,
            number=row.number,
            code=row.code,
        )
        for row in found
    ]


def worklist(user: User) -> list[Todo]:
    """Open rounds for those who decide them."""
    if not can(user, Permission.AWARD_DECIDE):
        return []
    rows = (
        Round.objects.filter(state=Round.State.OPEN).select_related("programme", "closing").order_by("closing__month")
    )
    return [
        Todo(
            _("%(name)s %(month)s menunggu keputusan")
            % {"name": row.programme.name, "month": formats.month(row.closing.month)},
            _("Nyatakan benturan kepentingan, lalu timbang buktinya."),
            reverse("award-round", args=[row.pk]),
        )
        for row in rows
    ]
