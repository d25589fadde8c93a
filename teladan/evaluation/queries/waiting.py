"""Who still has something to do after a month was closed; for the desks. Constant numbers of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from teladan.core import clock
from teladan.evaluation.models import Evaluation
from teladan.evaluation.queries.team import CURRENT
from teladan.people import queries as people
from teladan.people.models import Person, Placement


@dataclass(frozen=True)
class Waiting:
    """An appraiser who has not signed for everybody: how many of the team are left."""

    name: str
    left: int
    size: int


def _signed(month: date) -> set[UUID]:
    rows = Evaluation.objects.filter(CURRENT, month=month, signed_at__isnull=False)
    return set(rows.values_list("person_id", flat=True))


def has_signed_evaluation(person: Person, month: date) -> bool:
    """Whether this person's evaluation of the month is signed."""
    return Evaluation.objects.filter(CURRENT, person=person, month=month, signed_at__isnull=False).exists()


def appraisers_waiting(month: date) -> list[Waiting]:
    """Appraisers whose team of the month's last day is not signed whole; the largest rest first."""
    day = clock.month_end(month)
    placed = Placement.objects.filter(people.valid_on(day), person__is_active=True).values_list("person_id", flat=True)
    teams: dict[UUID, list[UUID]] = defaultdict(list)
    names: dict[UUID, str] = {}
    for person, appraiser in people.appraisers_of(set(placed), day).items():
        teams[appraiser.person.pk].append(person)
        names[appraiser.person.pk] = appraiser.person.full_name
    signed = _signed(month)
    found = [
        Waiting(names[appraiser], sum(person not in signed for person in team), len(team))
        for appraiser, team in teams.items()
    ]
    return sorted((one for one in found if one.left), key=lambda one: (-one.left, one.name))
