"""Reading: a person's lessons, understanding per unit, the pulse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from teladan.core import clock, policy
from teladan.learning.content import lessons
from teladan.learning.models import Acknowledgement, Attempt, PulseCount, PulseTurn
from teladan.learning.rules import Lesson, is_for, may_show, quarter_of
from teladan.people.access import roles_of
from teladan.people.models import Grant, Placement, Unit, UnitPeriod, User
from teladan.people.queries import unit_names, valid_on


@dataclass(frozen=True)
class Assigned:
    """A lesson somebody should take; `passed_at` of the present version, if any."""

    lesson: Lesson
    passed_at: datetime | None


@dataclass(frozen=True)
class UnitLearning:
    """Completion and understanding of one office. Numbers are None below the minimum group."""

    name: str
    people: int
    done: int | None
    understanding: float | None  # share of right answers at each person's best try, 0-1
    acknowledged: int | None


@dataclass(frozen=True)
class PulseLine:
    """One question's answers in an office: mean on 1-5 and how many, or None below the minimum group."""

    name: str
    turns: int
    means: dict[str, float] | None


def role_codes(user: User) -> set[str]:
    """Roles the account holds today."""
    return {grant.role for grant in roles_of(user)}


def assigned(user: User) -> list[Assigned]:
    """The lessons for a user's roles, each with when its present version was passed."""
    roles = role_codes(user)
    passed = {
        (row["lesson"], row["version"]): row["at"]
        for row in Attempt.objects.filter(user=user, passed=True).values("lesson", "version").annotate(at=Max("at"))
    }
    return [
        Assigned(lesson, passed.get((lesson.slug, lesson.version)))
        for lesson in lessons().values()
        if is_for(lesson, roles)
    ]


def rules_version() -> str:
    return policy.version(clock.today())


def has_acknowledged(user: User) -> bool:
    return Acknowledgement.objects.filter(user=user, rules_version=rules_version()).exists()


def has_answered_pulse(user: User) -> bool:
    return PulseTurn.objects.filter(user=user, quarter=quarter_of(clock.today())).exists()


def offices(on: date) -> list[Unit]:
    """The units directly below the city: the groups in which learning is looked at."""
    top = UnitPeriod.objects.filter(valid_on(on), parent__isnull=True).values("unit")
    below = UnitPeriod.objects.filter(valid_on(on), parent__in=top).values("unit")
    return list(Unit.objects.filter(pk__in=below).order_by("code"))


def office_of(user: User) -> Unit | None:
    """The office (directly below the city) in which a user works today."""
    if user.person is None:
        return None
    day = clock.today()
    own = Placement.objects.filter(valid_on(day), person=user.person, kind=Placement.Kind.DEFINITIVE).first()
    if own is None:
        return None
    parents = dict(UnitPeriod.objects.filter(valid_on(day)).values_list("unit", "parent"))
    unit = own.post.unit_id
    while (parent := parents.get(unit)) is not None and parents.get(parent) is not None:
        unit = parent
    return Unit.objects.get(pk=unit)


def _office_index(units: Iterable[Unit], on: date) -> dict[int, int]:
    """Unit id -> id of the office above it."""
    parents = dict(UnitPeriod.objects.filter(valid_on(on)).values_list("unit", "parent"))
    tops = {unit.pk for unit in units}
    index: dict[int, int] = {}
    for unit in parents:
        at: int | None = unit
        while at is not None and at not in tops:
            at = parents.get(at)
        if at is not None:
            index[unit] = at
    return index


def by_office() -> list[UnitLearning]:
    """Learning per office, for the personnel agency. Constant number of queries."""
    day = clock.today()
    units = offices(day)
    index = _office_index(units, day)
    home = {
        user: index[unit]
        for user, unit in Placement.objects.filter(
            valid_on(day), kind=Placement.Kind.DEFINITIVE, person__user__isnull=False
        ).values_list("person__user", "post__unit")
        if unit in index
    }
    roles: dict[int, set[str]] = defaultdict(set)
    for user, role in Grant.objects.filter(valid_on(day)).values_list("user", "role"):
        roles[user].add(role)
    best: dict[int, dict[str, float]] = defaultdict(dict)
    passed: dict[int, set[str]] = defaultdict(set)
    versions = {lesson.slug: lesson.version for lesson in lessons().values()}
    for user, slug, version, right, asked, ok in Attempt.objects.values_list(
        "user", "lesson", "version", "right", "asked", "passed"
    ):
        best[user][slug] = max(best[user].get(slug, 0.0), right / asked)
        if ok and versions.get(slug) == version:
            passed[user].add(slug)
    read = set(Acknowledgement.objects.filter(rules_version=rules_version()).values_list("user", flat=True))
    names = unit_names(day)
    minimum = int(policy.get("learning.minimum_group", day))
    members: dict[int, list[int]] = defaultdict(list)
    for user, office in home.items():
        members[office].append(user)
    return [
        _line(names[unit.pk], members[unit.pk], roles, best, passed, read, minimum)
        for unit in units
        if members[unit.pk]
    ]


def _line(
    name: str,
    users: list[int],
    roles: dict[int, set[str]],
    best: dict[int, dict[str, float]],
    passed: dict[int, set[str]],
    read: set[int],
    minimum: int,
) -> UnitLearning:
    if not may_show(len(users), minimum):
        return UnitLearning(name, len(users), None, None, None)
    done = sum(
        all(lesson.slug in passed[user] for lesson in lessons().values() if is_for(lesson, roles[user]))
        for user in users
    )
    tries = [share for user in users for share in best[user].values()]
    return UnitLearning(
        name, len(users), done, sum(tries) / len(tries) if tries else None, sum(user in read for user in users)
    )


def pulse_by_office(quarter: date) -> list[PulseLine]:
    """The pulse per office, shown from the minimum group on."""
    day = clock.today()
    minimum = int(policy.get("learning.minimum_group", day))
    sums: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in PulseCount.objects.filter(quarter=quarter):
        cell = sums[row.unit_id][row.question]
        cell[0] += row.count
        cell[1] += row.count * row.answer
    names = unit_names(day)
    lines = []
    for unit, questions in sums.items():
        turns = max(count for count, _ in questions.values())
        shown = may_show(turns, minimum)
        means = {question: total / count for question, (count, total) in questions.items()} if shown else None
        lines.append(PulseLine(names.get(unit, "?"), turns, means))
    return sorted(lines, key=lambda line: line.name)


@dataclass(frozen=True)
class Todo:
    """One line for the desk."""

    what: str
    url_name: str
    slug: str


def worklist(user: User) -> list[Todo]:
    """What waits for this user in the learning room."""
    waiting = [
        Todo(item.lesson.title, "lesson-detail", item.lesson.slug) for item in assigned(user) if not item.passed_at
    ]
    if not has_acknowledged(user):
        waiting.append(Todo("", "learning-rules", ""))
    return waiting
