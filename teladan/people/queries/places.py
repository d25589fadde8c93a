"""Units, their tree and their heads on a day; who sits where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from teladan.people import rules
from teladan.people.models import Person, Placement, Unit, UnitPeriod
from teladan.people.rules import Node, Seat


def valid_on(on: date, prefix: str = "") -> Q:
    """Rows in force on a day; `prefix` reaches through a relation, such as `placements__`."""
    return Q(**{f"{prefix}valid_from__lte": on}) & (
        Q(**{f"{prefix}valid_until__isnull": True}) | Q(**{f"{prefix}valid_until__gt": on})
    )


# --- units ---------------------------------------------------------------------------------------------------------

_BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT p.unit_id FROM people_unitperiod p JOIN below b ON p.parent_id = b.id
    WHERE p.valid_from <= %s AND (p.valid_until IS NULL OR p.valid_until > %s)
) SELECT id FROM below
"""

_ABOVE = """
WITH RECURSIVE above(id, depth) AS (
    SELECT %s::bigint, 0
    UNION
    SELECT p.parent_id, a.depth + 1 FROM people_unitperiod p JOIN above a ON p.unit_id = a.id
    WHERE p.parent_id IS NOT NULL AND a.depth < 50
      AND p.valid_from <= %s AND (p.valid_until IS NULL OR p.valid_until > %s)
) SELECT u.id, u.code FROM above a JOIN people_unit u ON u.id = a.id WHERE a.depth > 0 ORDER BY a.depth
"""


def unit_names(on: date) -> dict[int, str]:
    """Unit id → its name on that day, in one query."""
    return dict(UnitPeriod.objects.filter(valid_on(on)).values_list("unit_id", "name"))


def names_by_code(on: date) -> dict[str, str]:
    """The name of every unit on a day, by its code."""
    names = unit_names(on)
    return {code: names.get(key, code) for key, code in Unit.objects.values_list("pk", "code")}


def unit_name(unit: Unit | int, on: date) -> str:
    """The name of one unit on that day; its code when it has none."""
    key = unit if isinstance(unit, int) else unit.pk
    name = UnitPeriod.objects.filter(valid_on(on), unit_id=key).values_list("name", flat=True).first()
    return name or (Unit.objects.get(pk=unit).code if isinstance(unit, int) else unit.code)


def subtree(units: Iterable[int], on: date) -> QuerySet[Unit]:
    """The given units and everything below any of them on that day."""
    return Unit.objects.filter(id__in=RawSQL(_BELOW, (list(units), on, on)))  # noqa: S611 - constant text, bound values


def descendants(unit: Unit, on: date) -> QuerySet[Unit]:
    """The unit itself and everything below it on that day."""
    return subtree([unit.pk], on)


def ancestors(unit: Unit, on: date) -> list[Unit]:
    """The units above, nearest first, without the unit itself."""
    return list(Unit.objects.raw(_ABOVE, [unit.pk, on, on]))


def office_units(person: Person, on: date) -> frozenset[int]:
    """All units of the office (*perangkat daerah*) in which somebody works on that day; none when they work nowhere.

    The office is the unit right below the top of the tree. Whoever sits at the top itself has the top alone.
    """
    units = Unit.objects.filter(posts__placements__in=Placement.objects.filter(valid_on(on), person=person))
    found: set[int] = set()
    for unit in units:
        above = [unit, *ancestors(unit, on)]
        office = above[-2] if len(above) > 1 else unit
        found |= {unit.pk} if len(above) == 1 else set(subtree([office.pk], on).values_list("pk", flat=True))
    return frozenset(found)


# --- places --------------------------------------------------------------------------------------------------------


def placement_of(person: Person, on: date) -> Placement | None:
    """The definitive placement on that day."""
    rows = Placement.objects.filter(valid_on(on), person=person, kind=Placement.Kind.DEFINITIVE)
    return rows.select_related("post__unit").first()


def placements_of(people: Collection[UUID], on: date) -> dict[UUID, Placement]:
    """Definitive placements of many people, with post and unit, in one query."""
    rows = Placement.objects.filter(valid_on(on), person__in=people, kind=Placement.Kind.DEFINITIVE)
    return {row.person_id: row for row in rows.select_related("post__unit")}


def unit_of(person: Person, on: date) -> Unit | None:
    """The unit of the definitive placement on that day."""
    placement = placement_of(person, on)
    return placement.post.unit if placement else None


def people_in(units: QuerySet[Unit], on: date) -> QuerySet[Person]:
    """Whoever holds a definitive post in one of the units on that day."""
    return Person.objects.filter(
        valid_on(on, "placements__"),
        placements__kind=Placement.Kind.DEFINITIVE,
        placements__post__unit__in=units,
    )


# --- the tree and its heads ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tree:
    """All units on a day, with their names and heads."""

    on: date
    nodes: dict[int, Node]
    names: dict[int, str]


def tree(on: date) -> Tree:
    """The tree of units on a day, with whoever heads each; two queries."""
    periods = list(UnitPeriod.objects.filter(valid_on(on)).select_related("head_post"))
    seats = seats_on({period.head_post_id for period in periods if period.head_post_id}, on)
    nodes = {
        period.unit_id: Node(
            unit=period.unit_id,
            parent=period.parent_id,
            kind=period.kind,
            head_kind=period.head_post.kind if period.head_post else None,
            delegated=period.head_delegated,
            head=rules.head_among(seats[period.head_post_id]) if period.head_post_id else None,
        )
        for period in periods
    }
    return Tree(on, nodes, {period.unit_id: period.name for period in periods})


def seats_on(posts: Collection[int], on: date) -> defaultdict[int, list[Seat]]:
    """Who sits on these posts; people gone for good do not (annex IV.A.2)."""
    found: defaultdict[int, list[Seat]] = defaultdict(list)
    for _, post, person, kind, since in sitting_on(posts, on):
        found[post].append(Seat(person, kind, since))
    return found


def sitting_on(posts: Collection[int], on: date) -> Iterable[tuple[int, int, UUID, str, date]]:
    """Placement, post, person, kind and beginning of each active person on one of these posts."""
    rows = Placement.objects.filter(valid_on(on), post__in=posts, person__is_active=True)
    return rows.values_list("id", "post_id", "person_id", "kind", "valid_from")


def head_posts(on: date) -> dict[int, int]:
    """Unit id → id of the post that heads it."""
    rows = UnitPeriod.objects.filter(valid_on(on), head_post__isnull=False).values_list("unit_id", "head_post_id")
    return {unit: post for unit, post in rows if post}


def head_of(unit: Unit, on: date) -> Person | None:
    """Definitive holder of the unit's head post, else whoever acts (Plt., Pj., Plh.)."""
    period = UnitPeriod.objects.filter(valid_on(on), unit=unit).first()
    if period is None or period.head_post_id is None:
        return None
    seat = rules.head_among(seats_on([period.head_post_id], on)[period.head_post_id])
    return Person.objects.get(pk=seat.person) if seat else None


def units_headed_by(person: Person, on: date, known: Tree | None = None) -> list[int]:
    """Ids of the units that this person heads on that day, definitively or acting."""
    nodes = (known or tree(on)).nodes
    return [unit for unit, node in nodes.items() if node.head and node.head.person == person.pk]
