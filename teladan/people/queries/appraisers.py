"""Who evaluates whom on a day, and why. The tree is read once and the search happens in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from teladan.people import rules
from teladan.people.models import AppraiserOverride, Person, Placement, Unit
from teladan.people.queries.places import Tree, subtree, tree, units_headed_by, valid_on
from teladan.people.rules import Climb, Seat, Step

_OWN_KINDS = [Placement.Kind.DEFINITIVE, Placement.Kind.PLT]  # posts from which the search may begin


class Via(StrEnum):
    """How an appraiser came to be."""

    HEAD = "head"  # definitive head of the unit
    ACTING = "acting"  # Plt./Plh./Pj. of the head post
    OVERRIDE = "override"  # named by hand


class Reason(StrEnum):
    """Why somebody has no appraiser."""

    MAYOR = "mayor"  # evaluated by the mayor: not a fault
    NO_PLACEMENT = "no_placement"
    NOBODY = "nobody"  # no head up to the top


@dataclass(frozen=True)
class Appraiser:
    """Who evaluates somebody; `unit` is the unit this person leads."""

    person: Person
    unit: Unit
    via: str


@dataclass(frozen=True)
class TeamMember:
    """Somebody to be evaluated, where and as what."""

    person: Person
    unit: Unit
    post_title: str


@dataclass(frozen=True)
class AppraiserPath:
    """The answer to "why this appraiser": the way up the tree, and what stood at each unit."""

    appraiser: Appraiser | None
    reason: Reason | None
    steps: tuple[tuple[int, Step], ...]
    as_acting: bool  # the search began where the person is Plt. (annex IV.A.5)
    override: AppraiserOverride | None = None
    heads: tuple[Seat | None, ...] = ()  # who heads the unit of each step


class Place(NamedTuple):
    """A definitive or Plt. placement in the few values that the search needs."""

    person: UUID
    kind: str
    since: date
    unit: int
    post_kind: str
    title: str

    @property
    def full_title(self) -> str:
        return f"Plt. {self.title}" if self.kind == Placement.Kind.PLT else self.title


def places_on(on: date, where: Q) -> dict[UUID, list[Place]]:
    """Definitive and Plt. placements by person."""
    rows = Placement.objects.filter(where, valid_on(on), kind__in=_OWN_KINDS)
    found: dict[UUID, list[Place]] = {}
    for row in rows.values_list("person_id", "kind", "valid_from", "post__unit_id", "post__kind", "post__title"):
        found.setdefault(row[0], []).append(Place(*row))
    return found


def _starting_place(places: Iterable[Place]) -> Place | None:
    """Where the search begins: the newest Plt. post, else the definitive one (annex IV.A.5-6)."""
    return max(places, key=lambda place: (place.kind == Placement.Kind.PLT, place.since, place.unit), default=None)


def overrides_on(on: date, where: Q) -> dict[UUID, AppraiserOverride]:
    rows = AppraiserOverride.objects.filter(where, valid_on(on)).select_related("appraiser", "set_by__person")
    return {row.person_id: row for row in rows}


def _via(seat: Seat) -> Via:
    return Via.HEAD if seat.kind in {Placement.Kind.DEFINITIVE, Placement.Kind.ADDED} else Via.ACTING


@dataclass(frozen=True)
class Found:
    """Before the rows are fetched: who appraises, through which unit, and the way there."""

    appraiser: UUID | None
    unit: int | None
    via: Via | None
    way: Climb
    start: Place | None
    reason: Reason | None = None


def search(person: UUID, places: Iterable[Place], named: AppraiserOverride | None, known: Tree) -> Found:
    """The appraiser of one person: the override, else the first fit head upwards."""
    start = _starting_place(places)
    way = rules.climb(start.unit, person, known.nodes) if start else Climb(())
    if named:
        led = [unit for unit, node in known.nodes.items() if node.head and node.head.person == named.appraiser_id]
        return Found(named.appraiser_id, _nearest(led, way, start), Via.OVERRIDE, way, start)
    if way.head:
        return Found(way.head.person, way.unit, _via(way.head), way, start)
    if start is None:
        return Found(None, None, None, way, None, Reason.NO_PLACEMENT)
    mayors = rules.is_mayors(way, start.post_kind, known.nodes)
    return Found(None, None, None, way, start, Reason.MAYOR if mayors else Reason.NOBODY)


def _nearest(led: list[int], way: Climb, start: Place | None) -> int | None:
    """The unit that a named appraiser leads: one on the person's way up, else any, else the person's own unit."""
    above = [unit for unit, _ in way.steps if unit in led]
    fallback = [start.unit] if start else []
    return next(iter(above or sorted(led) or fallback), None)


def appraiser_of(person: Person, on: date) -> Appraiser | None:
    """Who evaluates this person on that day; nobody for those whom the mayor evaluates or who lack a superior."""
    return appraisers_of([person.pk], on).get(person.pk)


def appraisers_of(people: Collection[UUID], on: date) -> dict[UUID, Appraiser]:
    """The appraisers of many people in six queries; people without one are left out."""
    known = tree(on)
    places = places_on(on, Q(person__in=people))
    named = overrides_on(on, Q(person__in=people))
    found = {person: search(person, places.get(person, []), named.get(person), known) for person in people}
    return _with_rows(found)


def _with_rows(found: dict[UUID, Found]) -> dict[UUID, Appraiser]:
    persons = Person.objects.in_bulk({one.appraiser for one in found.values() if one.appraiser})
    units = Unit.objects.in_bulk({one.unit for one in found.values() if one.unit})
    return {
        person: Appraiser(persons[one.appraiser], units[one.unit], one.via)
        for person, one in found.items()
        if one.appraiser and one.unit and one.via
    }


@dataclass(frozen=True)
class Appraisals:
    """Who evaluates whom in a whole government, without a row per person: the ordinary members of a unit share an
    appraiser (`by_unit`); `apart` are all who may differ, with their own, or None."""

    on: date
    by_unit: Mapping[int, UUID]
    apart: Mapping[UUID, UUID | None]

    @property
    def ordinary(self) -> QuerySet[Placement]:
        """The one placement of each person who is not apart, in units that have an appraiser."""
        rows = Placement.objects.filter(valid_on(self.on), kind__in=_OWN_KINDS, person__is_active=True)
        return rows.filter(post__unit__in=self.by_unit).exclude(person__in=self.apart)


def appraisals(on: date) -> Appraisals:
    """Five queries, and a search for heads, for those named by hand and for those who hold two posts only."""
    known = tree(on)
    named = overrides_on(on, Q())
    heads = {node.head.person for node in known.nodes.values() if node.head}
    rows = Placement.objects.filter(valid_on(on), kind__in=_OWN_KINDS).values("person").order_by()
    several = rows.annotate(n=Count("pk")).filter(n__gt=1).values_list("person", flat=True)
    suspects = {*heads, *named, *several}
    here = valid_on(on) & Q(person__in=suspects, person__is_active=True)
    placed = Placement.objects.filter(here).values_list("person", flat=True).distinct()
    places = places_on(on, Q(person__in=suspects))
    searched = {person: search(person, places.get(person, []), named.get(person), known) for person in placed}
    ways = {unit: rules.climb(unit, None, known.nodes) for unit in known.nodes}
    return Appraisals(
        on,
        {unit: way.head.person for unit, way in ways.items() if way.head},
        dict.fromkeys(suspects) | {person: found.appraiser for person, found in searched.items() if found.unit},
    )


def appraiser_path(person: Person, on: date) -> AppraiserPath:
    """How the appraiser was found, step by step, for the page that explains it."""
    known = tree(on)
    places = places_on(on, Q(person=person)).get(person.pk, [])
    named = overrides_on(on, Q(person=person)).get(person.pk)
    found = search(person.pk, places, named, known)
    acting = found.start is not None and found.start.kind == Placement.Kind.PLT
    heads = tuple(node.head if (node := known.nodes.get(unit)) else None for unit, _ in found.way.steps)
    return AppraiserPath(
        _with_rows({person.pk: found}).get(person.pk), found.reason, found.way.steps, acting, named, heads
    )


def team_of(appraiser: Person, on: date) -> list[TeamMember]:
    """Everybody whom this person evaluates on that day, by name; six queries whatever the size."""
    known = tree(on)
    named = overrides_on(on, Q(appraiser=appraiser))
    led = units_headed_by(appraiser, on, known)
    inside = valid_on(on) & Q(post__unit__in=subtree(led, on)) if led else Q(pk__in=[])
    candidates = Q(person__in=Placement.objects.filter(inside).values("person")) | Q(person__in=list(named))
    places = places_on(on, candidates)
    others = overrides_on(on, Q(person__in=list(places)) & ~Q(appraiser=appraiser))
    team = {
        person: found.start
        for person, rows in places.items()
        if (found := search(person, rows, named.get(person) or others.get(person), known)).appraiser == appraiser.pk
        and found.start
    }
    return _members(team)


def without_appraiser(on: date) -> list[TeamMember]:
    """Everybody placed somewhere who lacks an appraiser and should have one; whom the mayor evaluates is left out."""
    return _members(_lacking(on, Reason.NOBODY))


def evaluated_by_mayor(on: date) -> list[TeamMember]:
    """Those above whom only the mayor stands."""
    return _members(_lacking(on, Reason.MAYOR))


def _lacking(on: date, reason: Reason) -> dict[UUID, Place]:
    known = tree(on)
    named = overrides_on(on, Q())
    return {
        person: found.start
        for person, rows in places_on(on, _doubtful(known)).items()
        if (found := search(person, rows, named.get(person), known)).reason is reason and found.start
    }


def _doubtful(known: Tree) -> Q:
    """Persons who might lack an appraiser: heads, and people of units from which an ordinary member finds none.
    Everybody else has what their unit has, so that the search need not touch a whole government."""
    served = [unit for unit in known.nodes if rules.climb(unit, None, known.nodes).head]
    heads = [node.head.person for node in known.nodes.values() if node.head]
    rows = Placement.objects.filter(valid_on(known.on)).filter(~Q(post__unit__in=served) | Q(person__in=heads))
    return Q(person__in=rows.values("person"))


def _members(team: dict[UUID, Place]) -> list[TeamMember]:
    persons = Person.objects.in_bulk(team)
    units = Unit.objects.in_bulk({place.unit for place in team.values()})
    members = [TeamMember(persons[key], units[place.unit], place.full_title) for key, place in team.items()]
    return sorted(members, key=lambda member: (member.person.name.casefold(), member.person.nip))
