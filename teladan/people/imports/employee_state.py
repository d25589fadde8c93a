"""What the database knows about the people and posts of a file, read in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Q

from teladan.people import queries
from teladan.people.models import AppraiserOverride, Person, Placement, Post, Unit
from teladan.people.queries import Tree

PostKey = tuple[int, str]


def post_key(unit: int, title: str) -> PostKey:
    """One post whatever the capitals."""
    return unit, title.casefold()


@dataclass
class State:
    """Persons by NIP and by SIASN id, their placements by person, posts by unit and title, the tree of today."""

    today: date
    units: dict[str, int]
    tree: Tree
    posts: dict[PostKey, Post]
    by_nip: dict[str, Person]
    by_siasn: dict[str, Person]
    placements: dict[UUID, list[Placement]] = field(default_factory=dict)
    overrides: dict[UUID, AppraiserOverride] = field(default_factory=dict)

    def last_definitive(self, person: Person) -> Placement | None:
        """The newest definitive placement."""
        return max(self._definitive(person), key=lambda row: row.valid_from, default=None)

    def current(self, person: Person) -> Placement | None:
        """The definitive placement of today."""
        rows = self._definitive(person)
        return next((row for row in rows if is_open(row, self.today) and row.valid_from <= self.today), None)

    def _definitive(self, person: Person) -> list[Placement]:
        rows = self.placements.get(person.pk, [])
        return [row for row in rows if row.kind == Placement.Kind.DEFINITIVE]


def is_open(row: Placement, today: date) -> bool:
    """Not over yet."""
    return row.valid_until is None or row.valid_until > today


def load(nips: Iterable[str], siasn_ids: Iterable[str], codes: Iterable[str], today: date) -> State:
    """Everything that checking needs, in eight queries."""
    tree = queries.tree(today)
    units = dict(Unit.objects.filter(code__in=set(codes)).values_list("code", "id"))
    posts = {post_key(post.unit_id, post.title): post for post in Post.objects.filter(unit__in=units.values())}
    people = Person.objects.filter(Q(nip__in=set(nips)) | Q(siasn_id__in=set(siasn_ids)))
    by_nip = {person.nip: person for person in people}
    placements: defaultdict[UUID, list[Placement]] = defaultdict(list)
    rows = Placement.objects.filter(person__in=[person.pk for person in by_nip.values()])
    for row in rows.select_related("post"):
        placements[row.person_id].append(row)
    return State(
        today=today,
        units=units,
        tree=tree,
        posts=posts,
        by_nip=by_nip,
        by_siasn={person.siasn_id: person for person in by_nip.values() if person.siasn_id},
        placements=dict(placements),
        overrides=queries.overrides_on(today, Q()),
    )
