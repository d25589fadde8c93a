"""Reading complaints: the citizen's status, a handler's cases, what is overdue and with whom, readings, public counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from teladan.complaints import rules
from teladan.complaints.models import Attachment, Complaint, Entry, Hearing, Reading
from teladan.complaints.rules import Clocks, Counts, Late, Tie
from teladan.core import clock, policy
from teladan.people import queries as people
from teladan.people.access import can, roles_of, units_where
from teladan.people.models import Grant, Person, Placement, Unit, UnitPeriod, User
from teladan.people.permissions import ROLES, Permission
from teladan.services.models import Service

RUNNING = Q(ended_at__isnull=True)
PUBLIC_LINES = (
    Entry.Kind.RECEIVED,
    Entry.Kind.TAKEN,
    Entry.Kind.RAISED,
    Entry.Kind.ASKED,
    Entry.Kind.ADDED,
    Entry.Kind.COMPLETE,
    Entry.Kind.DELIVERED,
    Entry.Kind.WITHDREW,
    Entry.Kind.LAPSED,
    Entry.Kind.ESCALATED,
    Entry.Kind.FORWARDED,
)
"""What the complainant sees of the log. A decision shows once it is delivered; hearings never do."""
KNOWN_TO_CITIZENS = [
    kind for kind in UnitPeriod.Kind if kind not in {UnitPeriod.Kind.CITY, UnitPeriod.Kind.DIVISION, UnitPeriod.Kind.SECTION}
]  # fmt: skip


def clocks_on(day: date) -> Clocks:
    """The clocks in force on a day."""
    return Clocks.of(policy.group("complaints", day))


# --- what can be complained of ---------------------------------------------------------------------------------------


def subjects() -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices of the form: services by their office, then offices. Keys are `s:<code>` and `u:<code>`."""
    names = people.unit_names(clock.today())
    groups: dict[str, list[tuple[str, str]]] = {}
    for service in Service.objects.filter(is_active=True).order_by("name"):
        groups.setdefault(names.get(service.unit_id, "?"), []).append((f"s:{service.code}", service.name))
    rows = UnitPeriod.objects.filter(people.valid_on(clock.today()), kind__in=KNOWN_TO_CITIZENS).select_related("unit")
    offices = sorted((row.name, f"u:{row.unit.code}") for row in rows)
    found = sorted(groups.items())
    return [*found, (_("Kantor, bila layanannya tidak ada di atas"), [(key, name) for name, key in offices])]


def subject(key: str) -> tuple[Unit, Service | None] | None:
    """The unit and, where one was chosen, the service behind a choice."""
    kind, _sep, code = key.partition(":")
    if kind == "s":
        service = Service.objects.filter(code=code, is_active=True).select_related("unit").first()
        return (service.unit, service) if service else None
    unit = Unit.objects.filter(code=code).first() if kind == "u" else None
    return (unit, None) if unit else None


# --- the complainant -------------------------------------------------------------------------------------------------


def with_number(number: str) -> Complaint | None:
    """The case of a number; whoever asks has yet to show the code."""
    return Complaint.objects.filter(number=number).first()


def case_for_complainant(case_id: UUID) -> Complaint | None:
    """The case that a complainant has opened with number and code."""
    return Complaint.objects.select_related("unit", "service").filter(pk=case_id).first()


@dataclass(frozen=True)
class Line:
    """One line of the log as the complainant reads it; `text` only where it was written to them."""

    kind: str
    at: Any
    text: str


@dataclass(frozen=True)
class Status:
    """What the status page shows."""

    complaint: Complaint
    unit_name: str
    lines: list[Line]
    missing: str
    attachments: list[str]
    is_overdue: bool

    @property
    def may_add(self) -> bool:
        """Something was asked for and there is time; before that, additions are welcome, too."""
        return self.complaint.state in {rules.State.RECEIVED, rules.State.INCOMPLETE, rules.State.EXAMINED} and not (
            self.complaint.state == rules.State.INCOMPLETE and self.is_overdue
        )

    @property
    def may_withdraw(self) -> bool:
        return rules.may_move(self.complaint.state, rules.State.WITHDRAWN)


_TOLD = {Entry.Kind.ASKED, Entry.Kind.ADDED, Entry.Kind.ESCALATED, Entry.Kind.FORWARDED, Entry.Kind.DELIVERED}


def status_of(complaint: Complaint) -> Status:
    """A case as its complainant may see it, oldest line first."""
    entries = list(complaint.entries.filter(kind__in=PUBLIC_LINES).order_by("at", "id"))
    asked = [entry.text for entry in entries if entry.kind == Entry.Kind.ASKED]
    return Status(
        complaint=complaint,
        unit_name=people.unit_name(complaint.unit_id, clock.today()),
        lines=[Line(entry.kind, entry.at, entry.text if entry.kind in _TOLD else "") for entry in entries],
        missing=asked[-1] if asked and complaint.state == rules.State.INCOMPLETE else "",
        attachments=list(complaint.attachments.order_by("added_at", "name").values_list("name", flat=True)),
        is_overdue=rules.is_overdue(complaint.due_on, clock.today()),
    )


# --- who may judge ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """Where a possible judge stands on a day."""

    person: UUID | None
    offices: frozenset[int]
    superiors: frozenset[UUID]
    parents: Mapping[int, int | None]

    def tie(self, unit: int, complained_of: Collection[UUID]) -> Tie | None:
        """What keeps this person from judging a complaint about a unit and these people."""
        return rules.tie(
            judge=self.person,
            offices=self.offices,
            superiors=self.superiors,
            office=rules.office_of(unit, self.parents),
            complained_of=complained_of,
        )


def bench_of(user: User, day: date) -> Bench:
    """Offices in which somebody holds a post on a day, and everybody who stands above them there."""
    known = people.tree(day)
    parents = {unit: node.parent for unit, node in known.nodes.items()}
    if user.person is None:
        return Bench(None, frozenset(), frozenset(), parents)
    units = set(Placement.objects.filter(people.valid_on(day), person=user.person).values_list("post__unit", flat=True))
    superiors: set[UUID] = set()
    for unit in units:
        here: int | None = unit
        while here is not None and (node := known.nodes.get(here)):
            if node.head:
                superiors.add(node.head.person)
            here = node.parent
    if appraiser := people.appraiser_of(user.person, day):
        superiors.add(appraiser.person.pk)
    offices = frozenset(rules.office_of(unit, parents) for unit in units)
    return Bench(user.person.pk, offices, frozenset(superiors - {user.person.pk}), parents)


def complained_of(complaint: Complaint) -> set[UUID]:
    """Everybody who was asked as the complained-of."""
    rows = complaint.hearings.filter(side=Hearing.Side.COMPLAINED_OF).values_list("person", flat=True)
    return {person for person in rows if person}


# --- when no handler is free -----------------------------------------------------------------------------------------

HANDLING = [role for role, info in ROLES.items() if Permission.COMPLAINT_HANDLE in info.permissions]


def stand_in_order(day: date) -> list[str]:
    """The levels that step in, first to last, each once."""
    rows = policy.group("complaints", day)
    named = [
        str(rows[key.removeprefix("complaints.")]) for key in rules.ORDER if key.removeprefix("complaints.") in rows
    ]
    return list(dict.fromkeys(named)) or [str(level) for level in rules.LEVELS]


def running() -> QuerySet[Complaint]:
    """Every case that is not over, the most urgent first."""
    return Complaint.objects.filter(RUNNING).select_related("unit", "handler__person").order_by("due_on", "number")


def accounts_for(unit: Unit, roles: Collection[str], day: date) -> list[User]:
    """Active accounts that hold one of these roles for a unit on a day."""
    above = [unit.pk, *(one.pk for one in people.ancestors(unit, day))]
    grants = Grant.objects.filter(people.valid_on(day), Q(unit__isnull=True) | Q(unit__in=above), role__in=list(roles))
    rows = User.objects.filter(is_active=True, pk__in=grants.values("user"))
    return list(rows.select_related("person").order_by("id"))


def levels_of(user: User) -> set[str]:
    """The levels at which this account steps in."""
    return {grant.role for grant in roles_of(user)} & set(rules.LEVELS)


def stands_in(user: User, complaint: Complaint) -> bool:
    """The case was raised to this account's level, for this unit."""
    if complaint.raised_to not in rules.LEVELS:
        return False
    scopes = {grant.unit_id for grant in roles_of(user) if grant.role == complaint.raised_to}
    if not scopes or None in scopes:
        return bool(scopes)
    above = people.ancestors(complaint.unit, clock.today())
    return not scopes.isdisjoint({complaint.unit_id, *(one.pk for one in above)})


def has_board(user: User) -> bool:
    """Handles complaints, or was asked to step in for a case that still waits or is theirs."""
    if can(user, Permission.COMPLAINT_HANDLE):
        return True
    levels = levels_of(user)
    return bool(levels) and Complaint.objects.filter(RUNNING, _raised_to(user, levels)).exists()


def _raised_to(user: User, levels: Collection[str]) -> Q:
    return Q(raised_to__in=list(levels)) & (Q(handler=None) | Q(handler=user))


def without_handler(user: User) -> list[Case]:
    """Cases that no handler may take, for whoever monitors; overdue ones first."""
    allowed = units_where(user, Permission.COMPLAINT_MONITOR)
    return _cases(_listed(RUNNING & Q(handler=None, unit__in=allowed) & ~Q(raised_to="")))


# --- the handler -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One case on a list: enough to choose, nothing of what it says."""

    complaint: Complaint
    unit_name: str
    handler_name: str
    days_late: int
    tied: bool = False

    @property
    def turn(self) -> Late | None:
        """Who is late, or whose turn it is."""
        return rules.whose_turn(self.complaint.state)


def _cases(rows: Iterable[Complaint], tied: Collection[UUID] = ()) -> list[Case]:
    """Overdue ones first, then by the clock's end."""
    today, names = clock.today(), people.unit_names(clock.today())
    found = [
        Case(
            complaint=row,
            unit_name=names.get(row.unit_id, "?"),
            handler_name=row.handler.get_full_name() if row.handler else "",
            days_late=max(0, (today - row.due_on).days) if row.due_on else 0,
            tied=row.pk in tied,
        )
        for row in rows
    ]
    return sorted(found, key=lambda case: (-case.days_late, case.complaint.due_on or date.max, case.complaint.number))


def _listed(where: Q) -> QuerySet[Complaint]:
    rows = Complaint.objects.filter(where).select_related("handler__person", "service")
    return rows.defer("story", "wish", "officer_words", "reasons", "name", "contact")


@dataclass(frozen=True)
class Board:
    """A handler's page: what is theirs, what waits for somebody, what they closed last."""

    own: list[Case]
    free: list[Case]
    done: list[Case]


DONE_SHOWN = 20


def board_of(user: User) -> Board:
    """The handler's cases and those that nobody has taken and this account may take."""
    bench = bench_of(user, clock.today())
    heard = Prefetch("hearings", Hearing.objects.filter(side=Hearing.Side.COMPLAINED_OF), to_attr="asked")

    def is_tied(row: Any) -> bool:
        return bench.tie(row.unit_id, {hearing.person_id for hearing in row.asked}) is not None

    allowed = Q(unit__in=units_where(user, Permission.COMPLAINT_HANDLE)) | Q(raised_to__in=list(levels_of(user)))
    own = list(_listed(RUNNING & Q(handler=user)).prefetch_related(heard))
    free = list(_listed(RUNNING & Q(handler=None) & allowed).prefetch_related(heard))
    done = _listed(Q(handler=user, ended_at__isnull=False)).order_by("-ended_at")[:DONE_SHOWN]
    return Board(
        own=_cases(own, {row.pk for row in own if is_tied(row)}),
        free=_cases(row for row in free if not is_tied(row)),
        done=_cases(done),
    )


@dataclass(frozen=True)
class File:
    """Everything in a case, for its handler."""

    complaint: Complaint
    unit_name: str
    entries: list[Entry]
    hearings: list[Hearing]
    attachments: list[Attachment]
    is_overdue: bool


def file_of(complaint: Complaint) -> File:
    """The whole file."""
    return File(
        complaint=complaint,
        unit_name=people.unit_name(complaint.unit_id, clock.today()),
        entries=list(complaint.entries.select_related("by__person").order_by("-at", "-id")),
        hearings=list(
            complaint.hearings.select_related("person", "asked_by__person", "stated_by").order_by("asked_at")
        ),
        attachments=list(complaint.attachments.order_by("added_at", "name")),
        is_overdue=rules.is_overdue(complaint.due_on, clock.today()),
    )


def people_to_question(complaint: Complaint) -> list[tuple[str, str]]:
    """Whoever worked in the office complained of on the day of the service, as choices."""
    day = complaint.served_on
    parents = {unit: node.parent for unit, node in people.tree(day).nodes.items()}
    office = rules.office_of(complaint.unit_id, parents)
    rows = people.people_in(people.subtree([office], day), day).filter(is_active=True).order_by("sort_name", "nip")
    return [(str(person.pk), f"{person.full_name} · {person.nip}") for person in rows]


def person(key: str) -> Person:
    """One of `people_to_question`, by its key."""
    return Person.objects.get(pk=key)


def hearing_of(complaint: Complaint, hearing_id: int) -> Hearing | None:
    """An unanswered question of this case to the complained-of."""
    rows = complaint.hearings.filter(side=Hearing.Side.COMPLAINED_OF, stated_at__isnull=True)
    return rows.select_related("person").filter(pk=hearing_id).first()


def open_hearings(complaint: Complaint, today: date) -> int:
    """Questions to the complained-of that are unanswered while there is still time."""
    rows = complaint.hearings.filter(side=Hearing.Side.COMPLAINED_OF, stated_at__isnull=True)
    return rows.filter(Q(due_on__isnull=True) | Q(due_on__gte=today)).count()


# --- the complained-of -----------------------------------------------------------------------------------------------


def hearings_for(person: Person) -> QuerySet[Hearing]:
    """Questions that wait for this person's statement."""
    rows = Hearing.objects.filter(person=person, side=Hearing.Side.COMPLAINED_OF, stated_at__isnull=True)
    return rows.filter(complaint__ended_at__isnull=True).order_by("due_on", "id")


def is_open(hearing: Hearing) -> bool:
    """A question that can still be answered: no statement yet, and no decision."""
    return hearing.stated_at is None and hearing.complaint.state == rules.State.EXAMINED


# --- who is late, who read -------------------------------------------------------------------------------------------


def handlers_under(person: Person) -> set[int]:
    """Accounts with running cases whose appraiser this person is."""
    rows = Complaint.objects.filter(RUNNING, handler__person__isnull=False).values_list("handler", "handler__person")
    owners = {person_id: user for user, person_id in rows.distinct() if person_id}
    above = people.appraisers_of(list(owners), clock.today()) if owners else {}
    return {owners[key] for key, found in above.items() if found.person.pk == person.pk}


def overdue(user: User) -> list[Case]:
    """Cases past their clock: all for those who monitor, those of one's own handlers for their superior."""
    late = RUNNING & Q(due_on__lt=clock.today())
    if can(user, Permission.COMPLAINT_MONITOR):
        return _cases(_listed(late & Q(unit__in=units_where(user, Permission.COMPLAINT_MONITOR))))
    under = handlers_under(user.person) if user.person else set()
    return _cases(_listed(late & Q(handler__in=under))) if under else []


def escalated_to_inspectorate(user: User) -> list[Case]:
    """Cases handed to the Inspektorat, latest first, for whoever monitors."""
    if not can(user, Permission.COMPLAINT_MONITOR):
        return []
    where = Q(state=rules.State.ESCALATED, body=Complaint.Body.INSPECTORATE)
    return _cases(_listed(where & Q(unit__in=units_where(user, Permission.COMPLAINT_MONITOR))).order_by("-ended_at"))


def readings() -> QuerySet[Reading]:
    """Who opened which file when, latest first; nothing of what the files say."""
    rows = Reading.objects.select_related("user__person", "complaint").order_by("-at", "-id")
    return rows.only(
        "what", "at", "user__username", "user__display_name", "user__person__name", "user__person__front_title",
        "user__person__back_title", "complaint__number",
    )  # fmt: skip


# --- the public ------------------------------------------------------------------------------------------------------


def public_counts(month: date) -> Counts:
    """A month in the whole government: received, decided, upheld (wholly or partly), median days to the decision."""
    start, end = clock.month_bounds(month)
    received = Complaint.objects.filter(received_at__gte=start, received_at__lt=end).count()
    decided = Complaint.objects.filter(decided_at__gte=start, decided_at__lt=end)
    days = [
        (clock.day_of(decided_at) - clock.day_of(received_at)).days
        for decided_at, received_at in decided.values_list("decided_at", "received_at")
        if decided_at
    ]
    upheld = decided.exclude(outcome=Complaint.Outcome.REJECTED).aggregate(n=Count("id"))["n"]
    return rules.counts(received, days, upheld, k=int(policy.get("disclosure.k", clock.month_end(month))))
