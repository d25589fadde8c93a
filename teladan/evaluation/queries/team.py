"""What an appraiser sees of a team in a month, what waits, and who may set the achievement of a unit.

The team is that of the month's last day (PermenPANRB 6/2022 annex IV on moves). The number of queries does not grow
with the team.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from teladan.core import clock, policy
from teladan.evaluation.models import (
    Achievement,
    Closing,
    DistributionReason,
    Evaluation,
    OrganisationAchievement,
    Predicate,
    Rating,
    UnitResult,
)
from teladan.evaluation.queries import results
from teladan.evaluation.queries.results import Evidence
from teladan.evaluation.rules import rating
from teladan.people import queries as people
from teladan.people.models import Grant, Person, Unit, User
from teladan.people.permissions import ROLES, Permission
from teladan.people.rules import TOP_KIND

DISTRIBUTION = "evaluation.distribution"
CURRENT = ~Q(state=Evaluation.State.SUPERSEDED)


# --- months ----------------------------------------------------------------------------------------------------------


def closed_months() -> list[date]:
    """Months that are closed now, latest first; a reopened month is not."""
    rows = Closing.objects.filter(is_current=True, reopened_at__isnull=True).order_by("-month")
    return list(rows.values_list("month", flat=True))


def closing_of(month: date) -> Closing | None:
    """The closing in force, none while the month is open or reopened."""
    return Closing.objects.filter(month=month, is_current=True, reopened_at__isnull=True).first()


# --- the team --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One person of the team with the evidence at hand and what is saved."""

    person: Person
    unit: Unit
    unit_name: str
    post_title: str
    led_unit: int
    evaluation: Evaluation | None
    evidence: Evidence | None
    has_account: bool

    @property
    def key(self) -> str:
        return str(self.person.pk)

    @property
    def work(self) -> str:
        return self.evaluation.work if self.evaluation else ""

    @property
    def behaviour(self) -> str:
        return self.evaluation.behaviour if self.evaluation else ""

    @property
    def note(self) -> str:
        return self.evaluation.note if self.evaluation else ""

    @property
    def suggestion(self) -> str | None:
        """What the citizens' score suggests for behaviour; nothing where it may not be used."""
        return self.evidence.suggestion if self.evidence else None

    @property
    def suggestion_label(self) -> str:
        return str(Rating(self.suggestion).label) if self.suggestion else ""

    @property
    def reason(self) -> str:
        """Why behaviour is rated otherwise than suggested."""
        return self.evaluation.suggestion_reason if self.evaluation else ""

    @property
    def lacks_reason(self) -> bool:
        return rating.departs(self.behaviour, self.suggestion) and not self.reason

    @property
    def predicate(self) -> str:
        return rating.predicate_for(self.work, self.behaviour)

    @property
    def predicate_label(self) -> str:
        return str(Predicate(self.predicate).label) if self.predicate else ""

    @property
    def is_signed(self) -> bool:
        return self.evaluation is not None and self.evaluation.signed_at is not None

    @property
    def is_ready(self) -> bool:
        """Complete, with the reason where one is due, and not signed yet."""
        return bool(self.predicate) and not self.is_signed and not self.lacks_reason

    @property
    def has_score(self) -> bool:
        """The citizens' score may be weighed here (scoring.md §4)."""
        return self.evidence is not None and self.evidence.score is not None

    @cached_property
    def marks(self) -> rating.Marks | None:
        """Where the score and its interval are drawn."""
        found = self.evidence
        if found is None or found.score is None or found.low is None or found.high is None:
            return None
        return rating.interval_marks(found.score, found.low, found.high)


@dataclass(frozen=True)
class Bar:
    """One predicate of a distribution: how many, what share, and the guideline's limit as a share of 100."""

    predicate: str
    label: str
    n: int
    percent: int
    limit: int | None
    limit_kind: str


@dataclass(frozen=True)
class Spread:
    """How a led unit's predicates spread, against the guideline of its achievement."""

    unit: Unit
    unit_name: str
    size: int
    counts: Mapping[str, int]
    achievement: OrganisationAchievement | None
    guideline: Mapping[str, Any]
    legal_basis: str
    reason: str
    setters: Sequence[str] = ()

    @property
    def rated(self) -> int:
        return sum(self.counts.values())

    @property
    def is_whole(self) -> bool:
        return self.rated == self.size

    @property
    def can_follow(self) -> bool:
        return rating.can_follow(self.size, self.guideline)

    @cached_property
    def departures(self) -> tuple[rating.Departure, ...]:
        """Where the whole team leaves the guideline; silent while it is not rated whole or too small to follow."""
        if not self.guideline or not self.is_whole or not self.can_follow:
            return ()
        return rating.departures(self.counts, self.guideline)

    @property
    def bars(self) -> list[Bar]:
        return [self._bar(name) for name in rating.PREDICATES]

    def _bar(self, name: str) -> Bar:
        n = self.counts.get(name, 0)
        limit, kind = rating.limit_of(name, self.guideline)
        percent = round(100 * n / self.rated) if self.rated else 0
        return Bar(
            name, str(Predicate(name).label), n, percent, round(limit * 100) if limit is not None else None, kind
        )


@dataclass(frozen=True)
class Team:
    """Everything on the screen of one appraiser and month."""

    month: date
    rows: tuple[Row, ...]
    spreads: tuple[Spread, ...]
    saved_at: Any = None

    @property
    def ready(self) -> list[Row]:
        return [row for row in self.rows if row.is_ready]

    @property
    def signable(self) -> list[Row]:
        """Complete drafts of led units whose achievement is set (form D.1.1, field 4)."""
        known = {spread.unit.pk for spread in self.spreads if spread.achievement}
        return [row for row in self.ready if row.led_unit in known]

    @property
    def signed(self) -> list[Row]:
        return [row for row in self.rows if row.is_signed]

    @property
    def incomplete(self) -> list[Row]:
        return [row for row in self.rows if not row.is_signed and not row.is_ready]

    @property
    def done(self) -> int:
        return len(self.rows) - len(self.incomplete)

    @property
    def without_account(self) -> list[Row]:
        return [row for row in self.rows if not row.has_account]

    @property
    def without_achievement(self) -> list[Spread]:
        return [spread for spread in self.spreads if not spread.achievement]

    def spread_of(self, unit: int) -> Spread:
        return next(spread for spread in self.spreads if spread.unit.pk == unit)


def team(appraiser: Person, month: date) -> Team:
    """The team of the month's last day."""
    day = clock.month_end(month)
    members = people.team_of(appraiser, day)
    keys = [member.person.pk for member in members]
    led = {key: found.unit for key, found in people.appraisers_of(keys, day).items()} if keys else {}
    saved = {row.person_id: row for row in Evaluation.objects.filter(CURRENT, person__in=keys, month=month)}
    evidence = results.evidence_for([member.person for member in members], month) if keys else {}
    accounts = set(User.objects.filter(person__in=keys, is_active=True).values_list("person_id", flat=True))
    names = people.unit_names(day)
    rows = tuple(
        Row(
            person=member.person,
            unit=member.unit,
            unit_name=names.get(member.unit.pk, member.unit.code),
            post_title=member.post_title,
            led_unit=led[member.person.pk].pk,
            evaluation=saved.get(member.person.pk),
            evidence=evidence.get(member.person.pk),
            has_account=member.person.pk in accounts,
        )
        for member in members
        if member.person.pk in led
    )
    units = {unit.pk: unit for unit in led.values()}
    spreads = _spreads(rows, units, names, appraiser, month)
    return Team(month, rows, spreads, max((row.updated_at for row in saved.values()), default=None))


def _spreads(
    rows: Sequence[Row], units: Mapping[int, Unit], names: Mapping[int, str], appraiser: Person, month: date
) -> tuple[Spread, ...]:
    if not units:
        return ()
    found = {row.unit_id: row for row in achievements(units, month)}
    reasons = dict(
        DistributionReason.objects.filter(unit__in=units, appraiser=appraiser, month=month).values_list(
            "unit_id", "reason"
        )
    )
    guidelines, basis = guideline_rows(clock.month_end(month))
    missing = [unit for key, unit in units.items() if key not in found]
    setters = {unit.pk: setters_of(unit) for unit in missing}
    return tuple(
        Spread(
            unit=unit,
            unit_name=names.get(key, unit.code),
            size=sum(row.led_unit == key for row in rows),
            counts=Counter(row.predicate for row in rows if row.led_unit == key and row.predicate),
            achievement=found.get(key),
            guideline=guidelines.get(found[key].value, {}) if key in found else {},
            legal_basis=basis,
            reason=reasons.get(key, ""),
            setters=setters.get(key, ()),
        )
        for key, unit in sorted(units.items(), key=lambda item: names.get(item[0], ""))
    )


def guideline_rows(on: date) -> tuple[Mapping[str, Any], str]:
    """The distribution guideline per achievement and its legal basis, as in force on a day; empty when none is."""
    row = next((row for row in policy.rows_on(on) if row.key == DISTRIBUTION), None)
    return (row.value, row.legal_basis) if row else ({}, "")


# --- evaluations -----------------------------------------------------------------------------------------------------


def evaluations_of(person: Person) -> QuerySet[Evaluation]:
    """A person's own signed evaluations, latest first; drafts are not shown to the person evaluated."""
    rows = Evaluation.objects.filter(CURRENT, person=person, signed_at__isnull=False)
    return rows.select_related("appraiser", "unit").order_by("-month")


def versions_of(evaluation: Evaluation) -> QuerySet[Evaluation]:
    """All signed versions of the same person and month, latest first."""
    rows = Evaluation.objects.filter(person=evaluation.person_id, month=evaluation.month, signed_at__isnull=False)
    return rows.order_by("-version")


@dataclass(frozen=True)
class TeamProgress:
    """Where an appraiser stands in a month, for the desk."""

    month: date
    size: int
    done: int
    signed: int
    acknowledged: int
    missing_achievement: tuple[str, ...] = ()
    setters: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        return self.size == self.signed


def team_progress(appraiser: Person, month: date) -> TeamProgress | None:
    """How far the rating of a team is; nothing for somebody without a team on the month's last day."""
    found = team(appraiser, month)
    if not found.rows:
        return None
    return TeamProgress(
        month=month,
        size=len(found.rows),
        done=found.done,
        signed=len(found.signed),
        acknowledged=sum(bool(row.evaluation and row.evaluation.acknowledged_at) for row in found.rows),
        missing_achievement=tuple(spread.unit_name for spread in found.without_achievement),
        setters=tuple(sorted({name for spread in found.without_achievement for name in spread.setters})),
    )


def waiting_for(person: Person) -> QuerySet[Evaluation]:
    """Signed evaluations that this person has not acknowledged yet, oldest first."""
    return Evaluation.objects.filter(person=person, state=Evaluation.State.SIGNED).order_by("month")


def states_by_unit(month: date) -> dict[int, dict[str, int]]:
    """How many current evaluations of a month stand in which state, per unit id, in one query."""
    rows = Evaluation.objects.filter(CURRENT, month=month).values_list("unit_id", "state").annotate(n=Count("id"))
    found: dict[int, dict[str, int]] = {}
    for unit, state, n in rows:
        found.setdefault(unit, {})[state] = n
    return found


# --- achievement -----------------------------------------------------------------------------------------------------


def achievements(units: Iterable[int], month: date) -> QuerySet[OrganisationAchievement]:
    """The achievements of units in a month, with who set them."""
    rows = OrganisationAchievement.objects.filter(unit__in=list(units), month=month)
    return rows.select_related("set_by__person")


def setters_of(unit: Unit) -> list[str]:
    """Who may set this unit's achievement today: whoever holds the permission for the level above it."""
    today = clock.today()
    above = [found.pk for found in people.ancestors(unit, today)]
    roles = [role for role, info in ROLES.items() if Permission.ACHIEVEMENT_SET in info.permissions]
    scope = Q(unit__isnull=True) | Q(unit__in=above)
    grants = Grant.objects.filter(scope, people.valid_on(today), role__in=roles, user__is_active=True)
    depth = {key: index for index, key in enumerate(above)}
    rows = list(grants.select_related("user__person"))
    nearest = min((depth.get(row.unit_id or -1, len(above)) for row in rows), default=None)
    return sorted({str(row.user) for row in rows if depth.get(row.unit_id or -1, len(above)) == nearest})


@dataclass(frozen=True)
class UnitLine:
    """One unit on the achievement page, with the month's facts beside."""

    unit: Unit
    name: str
    parent_name: str
    head: Person | None
    achievement: OrganisationAchievement | None
    result: UnitResult | None
    is_fixed: bool = field(default=False)  # somebody signed with it

    @property
    def key(self) -> str:
        return str(self.unit.pk)


def achievement_lines(parents: Collection[int | None], month: date, *, without: Person | None = None) -> list[UnitLine]:
    """The units right below the given ones that have a head, by name; one's own unit is left out."""
    tree = people.tree(clock.month_end(month))
    below = {
        key: node for key, node in tree.nodes.items() if node.parent in parents and node.head and node.kind != TOP_KIND
    }
    below = {key: node for key, node in below.items() if not (without and node.head and node.head.person == without.pk)}
    heads = Person.objects.in_bulk({node.head.person for node in below.values() if node.head})
    units = Unit.objects.in_bulk(below)
    found = {row.unit_id: row for row in achievements(below, month)}
    facts = {row.unit_id: row for row in _unit_results(below, month)}
    fixed = signed_appraisers(heads, month)
    return sorted(
        (
            UnitLine(
                unit=units[key],
                name=tree.names[key],
                parent_name=tree.names.get(node.parent or 0, ""),
                head=heads.get(node.head.person) if node.head else None,
                achievement=found.get(key),
                result=facts.get(key),
                is_fixed=key in found and node.head is not None and node.head.person in fixed,
            )
            for key, node in below.items()
        ),
        key=lambda line: (line.parent_name, line.name),
    )


def _unit_results(units: Iterable[int], month: date) -> QuerySet[UnitResult]:
    return UnitResult.objects.filter(
        unit__in=list(units), service__isnull=True, closing__month=month, closing__is_current=True
    )


def signed_appraisers(persons: Iterable[UUID], month: date) -> set[UUID]:
    """Who of these signed evaluations of the month."""
    rows = Evaluation.objects.filter(CURRENT, appraiser__in=list(persons), month=month, signed_at__isnull=False)
    return set(rows.values_list("appraiser_id", flat=True))


def achievement_label(value: str) -> str:
    """The law's word for a stored value."""
    return str(Achievement(value).label) if value else ""
