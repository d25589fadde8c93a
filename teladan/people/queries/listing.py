"""Lists for pages: employees by name (keyset, quick at any number), the tree with its heads, accounts, candidates."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from teladan.core import kept
from teladan.core.models import AuditEvent, ImportRun
from teladan.people.models import Grant, Person, Placement, Unit, UnitPeriod, User
from teladan.people.permissions import ROLES, Role
from teladan.people.queries.appraisers import AppraiserPath, without_appraiser
from teladan.people.queries.places import Tree, descendants, people_in, placements_of, subtree, tree, valid_on
from teladan.people.rules import Seat, Step

PAGE = 50
COUNTED = 10_000  # beyond this the exact number costs more than it tells
SHORTEST = 3  # letters from which the index of name parts helps


@dataclass(frozen=True)
class Listed:
    """One line of the list of employees."""

    person: Person
    post_title: str = ""
    unit_name: str = ""


@dataclass(frozen=True)
class Listing:
    """One page. `after` and `before` are the persons from which the next and the previous page go on."""

    rows: list[Listed]
    total: int
    before: UUID | None = None
    after: UUID | None = None

    @property
    def is_capped(self) -> bool:
        return self.total > COUNTED


def plain(text: str) -> str:
    """As names are sorted and searched: no accents, no capitals, single spaces."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split())


def matching(search: str) -> Q:
    """Every word stands in the name; digits are the beginning of a NIP."""
    found = Q()
    for word in plain(search).split():
        if word.isdigit():
            found &= Q(nip__startswith=word)
        elif len(word) < SHORTEST:
            found &= Q(sort_name__startswith=word) | Q(sort_name__contains=f" {word}")
        else:
            found &= Q(sort_name__contains=word)
    return found


def employees(
    *,
    on: date,
    units: Collection[int] | None = None,
    search: str = "",
    active: bool | None = True,
    letter: str = "",
    after: UUID | None = None,
    before: UUID | None = None,
) -> Listing:
    """A page of employees by name; `units` limits to whoever is placed there (and below), None is everybody."""
    rows = Person.objects.filter(matching(search))
    if active is not None:
        rows = rows.filter(is_active=active)
    if units is not None:
        here = Placement.objects.filter(valid_on(on), person=OuterRef("pk"), post__unit__in=subtree(units, on))
        rows = rows.filter(Exists(here))
    total = rows[: COUNTED + 1].count()
    page, more_before, more_after = _window(rows, letter, after, before)
    return Listing(
        _listed(page, on),
        total,
        before=page[0].pk if page and more_before else None,
        after=page[-1].pk if page and more_after else None,
    )


def _window(
    rows: QuerySet[Person], letter: str, after: UUID | None, before: UUID | None
) -> tuple[list[Person], bool, bool]:
    """The persons of the page, and whether others stand before and after."""
    found = after or before
    anchor = Person.objects.filter(pk=found).first() if found else None
    if anchor and before:
        earlier = rows.filter(sort_name__lte=anchor.sort_name).filter(
            Q(sort_name__lt=anchor.sort_name) | Q(pk__lt=anchor.pk)
        )
        page = list(earlier.order_by("-sort_name", "-id")[: PAGE + 1])
        return page[:PAGE][::-1], len(page) > PAGE, True
    if anchor:
        rows = rows.filter(sort_name__gte=anchor.sort_name).filter(
            Q(sort_name__gt=anchor.sort_name) | Q(pk__gt=anchor.pk)
        )
    elif letter:
        rows = rows.filter(sort_name__gte=plain(letter))
    page = list(rows.order_by("sort_name", "id")[: PAGE + 1])
    return page[:PAGE], anchor is not None or bool(letter), len(page) > PAGE


def _listed(people: Iterable[Person], on: date) -> list[Listed]:
    people = list(people)
    places = placements_of([person.pk for person in people], on)
    names = names_of({place.post.unit_id for place in places.values()}, on)
    return [
        Listed(person, place.post.title, names.get(place.post.unit_id, place.post.unit.code))
        if (place := places.get(person.pk))
        else Listed(person)
        for person in people
    ]


def names_by_nip(nips: Iterable[str]) -> dict[str, str]:
    """NIP → name of the people who are known."""
    return dict(Person.objects.filter(nip__in=list(nips)).values_list("nip", "name"))


def names_of(units: Collection[int], on: date) -> dict[int, str]:
    """Names of some units on a day."""
    return dict(UnitPeriod.objects.filter(valid_on(on), unit__in=units).values_list("unit_id", "name"))


@dataclass(frozen=True)
class HistoryRow:
    """One placement, with the unit's name as it was when the placement began."""

    placement: Placement
    unit_name: str
    is_running: bool


def history_of(person: Person, on: date) -> list[HistoryRow]:
    """Every placement, the newest first."""
    rows = Placement.objects.filter(person=person).select_related("post__unit").order_by("-valid_from", "kind")
    placements = list(rows)
    periods = list(UnitPeriod.objects.filter(unit__in={row.post.unit_id for row in placements}))
    return [
        HistoryRow(
            row, _name_then(periods, row), row.valid_from <= on and (row.valid_until is None or row.valid_until > on)
        )
        for row in placements
    ]


def _name_then(periods: Iterable[UnitPeriod], row: Placement) -> str:
    names = [
        period.name
        for period in periods
        if period.unit_id == row.post.unit_id
        and period.valid_from <= row.valid_from
        and (period.valid_until is None or period.valid_until > row.valid_from)
    ]
    return names[0] if names else row.post.unit.code


# --- the tree ------------------------------------------------------------------------------------------------------------


@dataclass
class Branch:
    """One unit in the drawn tree."""

    unit: Unit
    name: str
    kind: str
    head: Person | None
    head_kind: str  # of the placement; empty for nobody
    has_head_post: bool
    people: int
    below: list[Branch] = field(default_factory=list)

    @property
    def head_words(self) -> str:
        """The head's name, with Plt., Plh. or Pj. in front of who only acts."""
        if self.head is None:
            return ""
        acting = {Placement.Kind.PLT, Placement.Kind.PLH, Placement.Kind.PJ}
        mark = f"{Placement.Kind(self.head_kind).label} " if self.head_kind in acting else ""
        return f"{mark}{self.head.full_name}"

    @property
    def everybody(self) -> int:
        """People here and below."""
        return self.people + sum(branch.everybody for branch in self.below)


def branches(on: date) -> list[Branch]:
    """The tops of the tree with everything below; five queries."""
    known = tree(on)
    people = Counter(
        Placement.objects.filter(valid_on(on), kind=Placement.Kind.DEFINITIVE).values_list("post__unit_id", flat=True)
    )
    heads = Person.objects.in_bulk({node.head.person for node in known.nodes.values() if node.head})
    units = Unit.objects.in_bulk(known.nodes)
    found = {
        key: Branch(
            unit=units[key],
            name=known.names[key],
            kind=str(UnitPeriod.Kind(node.kind).label),
            head=heads.get(node.head.person) if node.head else None,
            head_kind=node.head.kind if node.head else "",
            has_head_post=node.head_kind is not None,
            people=people[key],
        )
        for key, node in known.nodes.items()
    }
    for key in sorted(found, key=lambda key: found[key].name):
        parent = known.nodes[key].parent
        if parent in found:
            found[parent].below.append(found[key])
    return [found[key] for key, node in known.nodes.items() if node.parent not in found]


def only(tops: Iterable[Branch], allowed: Collection[int]) -> list[Branch]:
    """The topmost branches that the account may see."""
    found: list[Branch] = []
    for branch in tops:
        found += [branch] if branch.unit.pk in allowed else only(branch.below, allowed)
    return found


@dataclass(frozen=True)
class UnitFacts:
    """One unit on a day, with its history and whoever sits on its head post."""

    unit: Unit
    name: str
    current: UnitPeriod | None
    periods: list[UnitPeriod]
    holders: list[Placement]
    people: int
    lacking: int


def unit_facts(unit: Unit, on: date) -> UnitFacts:
    """What the page of one unit shows."""
    periods = list(unit.periods.select_related("head_post", "parent").order_by("-valid_from"))
    current = next(
        (row for row in periods if row.valid_from <= on and (row.valid_until is None or row.valid_until > on)), None
    )
    holders = Placement.objects.filter(valid_on(on), post=current.head_post if current else None)
    inside = descendants(unit, on)
    people = Placement.objects.filter(valid_on(on), kind=Placement.Kind.DEFINITIVE, post__unit__in=inside).count()
    ids = set(inside.values_list("id", flat=True))
    return UnitFacts(
        unit=unit,
        name=current.name if current else unit.code,
        current=current,
        periods=periods,
        holders=list(holders.select_related("person", "post")),
        people=people,
        lacking=sum(member.unit.pk in ids for member in without_appraiser(on)),
    )


# --- appraisers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExplainedStep:
    """One unit on the way up, in names."""

    unit_name: str
    step: Step
    head: Person | None
    head_kind: str


def explained(path: AppraiserPath, on: date) -> list[ExplainedStep]:
    """The way up with names, for the page that says why."""
    names = names_of([unit for unit, _ in path.steps], on)
    seats: list[Seat | None] = list(path.heads)
    people = Person.objects.in_bulk({seat.person for seat in seats if seat})
    return [
        ExplainedStep(names.get(unit, ""), step, people.get(seat.person) if seat else None, seat.kind if seat else "")
        for (unit, step), seat in zip(path.steps, seats, strict=True)
    ]


@dataclass(frozen=True)
class Gap:
    """A unit whose people lack an appraiser."""

    unit: Unit
    name: str
    has_head_post: bool
    people: list[tuple[Person, str]]


def gaps(on: date) -> list[Gap]:
    """Units with people who lack an appraiser, the fullest first."""
    members = without_appraiser(on)
    known: Tree = tree(on)
    found: dict[int, Gap] = {}
    for member in members:
        key = member.unit.pk
        if key not in found:
            node = known.nodes.get(key)
            name = known.names.get(key, member.unit.code)
            found[key] = Gap(member.unit, name, node is not None and node.head_kind is not None, [])
        found[key].people.append((member.person, member.post_title))
    return sorted(found.values(), key=lambda gap: (-len(gap.people), gap.name))


def candidates(unit: Unit | None, on: date, search: str = "") -> list[Listed]:
    """Who may be named as appraiser: by name or NIP, else the heads above and around a unit, nearest first."""
    if search:
        found = Person.objects.filter(matching(search), is_active=True).order_by("sort_name", "id")[:20]
        return _listed(found, on)
    if unit is None:
        return []
    known = tree(on)
    above = [unit.pk]
    while (node := known.nodes.get(above[-1])) and node.parent and node.parent not in above:
        above.append(node.parent)
    office = above[-2] if len(above) > 1 else above[-1]
    near = [*above, *descendants(Unit(pk=office), on).values_list("id", flat=True)]
    heads = [node.head.person for key in near if (node := known.nodes.get(key)) and node.head]
    people = Person.objects.in_bulk(list(dict.fromkeys(heads))[:20])
    return _listed((people[key] for key in dict.fromkeys(heads) if key in people), on)


def candidates_to_act(unit: Unit, on: date, search: str = "") -> list[Listed]:
    """Who may act as head: by name or NIP, else the unit's own people and the heads around it."""
    if search:
        return candidates(unit, on, search)
    people = people_in(subtree([unit.pk], on), on).filter(is_active=True).order_by("sort_name", "id")[:15]
    own = _listed(people, on)
    known = {row.person.pk for row in own}
    return [*own, *(row for row in candidates(unit, on) if row.person.pk not in known)]


# --- accounts, imports ---------------------------------------------------------------------------------------------------


def accounts(search: str = "") -> QuerySet[User]:
    """Accounts by name."""
    rows = User.objects.select_related("person")
    for word in plain(search).split():
        rows = rows.filter(
            Q(username__icontains=word)
            | Q(display_name__icontains=word)
            | Q(person__sort_name__contains=word)
            | Q(person__nip__startswith=word)
        )
    return rows.order_by("person__sort_name", "display_name", "username", "id")


def roles_by_account(accounts: Collection[int], on: date) -> dict[int, list[tuple[str, str]]]:
    """Role and name of its unit, of the day, by account; two queries."""
    grants = list(Grant.objects.filter(valid_on(on), user__in=accounts).order_by("role", "id"))
    names = names_of({grant.unit_id for grant in grants if grant.unit_id}, on)
    found: dict[int, list[tuple[str, str]]] = {}
    for grant in grants:
        label = ROLES[Role(grant.role)].label
        found.setdefault(grant.user_id, []).append((label, names.get(grant.unit_id or 0, "")))
    return found


def grants_of(user: User) -> list[Grant]:
    """Every grant of an account, the running ones first."""
    rows = Grant.objects.filter(user=user).select_related("unit", "granted_by__person")
    return list(rows.order_by("-valid_until", "role", "-valid_from"))


def recent_runs(by: object | None) -> list[ImportRun]:
    """The last imports, of one account or (None) of all; without their content."""
    return kept.recent(["employees", "units"], by=by)


def events_of(subject: str) -> list[AuditEvent]:
    """What was done to somebody or something, the newest first."""
    return list(AuditEvent.objects.filter(subject=subject).order_by("-at", "-id")[:20])


def account_of(person: Person) -> User | None:
    """The account of an employee."""
    return User.objects.filter(person=person).first()


def name_of_actor(actor: str) -> str:
    """`user:7` as a name; other words as they are."""
    key = actor.removeprefix("user:")
    user = User.objects.select_related("person").filter(pk=key).first() if key.isdigit() else None
    return user.get_full_name() if user else actor


def state_of(grant: Grant, on: date) -> str:
    """past, running or coming."""
    if grant.valid_until and grant.valid_until <= on:
        return "past"
    return "running" if grant.valid_from <= on else "coming"
