"""Who still has something to do after a month was closed; for the desks. Constant numbers of queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q

from teladan.core import clock
from teladan.evaluation.models import Evaluation
from teladan.evaluation.queries.team import CURRENT
from teladan.people import queries as people
from teladan.people.models import Person


@dataclass(frozen=True)
class Waiting:
    """An appraiser who has not signed for everybody: how many of the team are left."""

    name: str
    left: int
    size: int


def has_signed_evaluation(person: Person, month: date) -> bool:
    """Whether this person's evaluation of the month is signed."""
    return Evaluation.objects.filter(CURRENT, person=person, month=month, signed_at__isnull=False).exists()


def appraisers_waiting(month: date) -> list[Waiting]:
    """Appraisers whose team of the month's last day is not signed whole; the largest rest first. Eight queries; ordinary
    members are counted by the database, so that a desk does not read a whole government."""
    known = people.appraisals(clock.month_end(month))
    signed = Evaluation.objects.filter(CURRENT, month=month, signed_at__isnull=False).values("person")
    left: Counter[UUID] = Counter()
    size: Counter[UUID] = Counter()
    members = known.ordinary.values_list("post__unit").order_by()
    for unit, n, done in members.annotate(Count("pk"), done=Count("pk", filter=Q(person__in=signed))):
        size[known.by_unit[unit]] += n
        left[known.by_unit[unit]] += n - done
    done_apart = set(signed.filter(person__in=known.apart).values_list("person", flat=True))
    for person, appraiser in known.apart.items():
        if appraiser:
            size[appraiser] += 1
            left[appraiser] += person not in done_apart
    late = [appraiser for appraiser, n in left.items() if n]
    names = {row.pk: row.full_name for row in Person.objects.filter(pk__in=late)}
    found = [Waiting(names[appraiser], left[appraiser], size[appraiser]) for appraiser in late]
    return sorted(found, key=lambda one: (-one.left, one.name))
