"""Reading frozen results: an officer's own, the evidence for an appraiser, the evidence for the award committee, a unit's.

Only closings in force are read, unless one result is asked for by its key. What is hidden is empty in the rows already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from teladan.evaluation.models import Closing, Evaluation, OfficerResult, UnitResult
from teladan.evaluation.rules import closing as rules
from teladan.people.models import Person, Unit

Use = OfficerResult.Use
FOR_OTHERS = (Use.EVALUATION, Use.AWARD)
"""Uses that let somebody else than the officer see the score (scoring.md §4)."""


def _current() -> QuerySet[OfficerResult]:
    return OfficerResult.objects.filter(closing__is_current=True).select_related("closing", "person", "unit")


# --- officers --------------------------------------------------------------------------------------------------------


def own_results(person: Person) -> list[OfficerResult]:
    """A person's results, latest month first; somebody who served at two units has a row for each."""
    rows = _current().filter(person=person)
    return list(rows.order_by("-closing__month", F("n").desc(nulls_last=True), "unit__code"))


def result_with_id(result_id: int) -> OfficerResult | None:
    """One result, of whatever version."""
    return OfficerResult.objects.select_related("closing", "person", "unit").filter(pk=result_id).first()


@dataclass(frozen=True)
class Evidence:
    """What an appraiser may see of one person's month: volume, punctuality, and the citizens' score where it may be used.

    `score`, its interval, the adjusted mean with its own, `suggestion` (of behaviour alone) and `n` are of the window
    (three closed months) and empty below `Use.EVALUATION`. `n` and the adjusted mean are rounded as others may read them.
    """

    person_id: UUID
    month: date
    events: int
    with_standard: int
    on_time: int
    unfinished: int
    score: float | None = None
    low: float | None = None
    high: float | None = None
    adjusted: float | None = None
    adjusted_low: float | None = None
    adjusted_high: float | None = None
    suggestion: str | None = None
    n: int | None = None
    reliability: float | None = None
    result_id: int | None = None
    window_from: date | None = None
    window_until: date | None = None

    @property
    def punctuality(self) -> float | None:
        """Share on time among events judged for time, in [0, 1]."""
        return self.on_time / self.with_standard if self.with_standard else None


def evidence_for(people: Iterable[Person], month: date) -> dict[UUID, Evidence]:
    """Evidence per person id, in one query; people who served nobody that month and have no usable score are left out."""
    rows = _current().filter(closing__month=month, person__in=list(people)).order_by("person_id", "unit_id")
    grouped: dict[UUID, list[OfficerResult]] = {}
    for row in rows:
        grouped.setdefault(row.person_id, []).append(row)
    found = {person: _evidence(person, month, mine) for person, mine in grouped.items()}
    return {person: one for person, one in found.items() if one.events or one.score is not None}


def _evidence(person: UUID, month: date, rows: list[OfficerResult]) -> Evidence:
    usable = [row for row in rows if row.use in FOR_OTHERS]
    best = max(usable, key=lambda row: (row.n or 0, -row.pk), default=None)
    return Evidence(
        person_id=person,
        month=month,
        events=sum(row.events for row in rows),
        with_standard=sum(row.with_standard for row in rows),
        on_time=sum(row.on_time for row in rows),
        unfinished=sum(row.unfinished for row in rows),
        score=best.score if best else None,
        low=best.low if best else None,
        high=best.high if best else None,
        adjusted=rules.about(best.adjusted) if best else None,
        adjusted_low=rules.about(best.adjusted_low) if best else None,
        adjusted_high=rules.about(best.adjusted_high) if best else None,
        suggestion=best.suggestion if best else None,
        n=rules.at_least(best.n) if best else None,
        reliability=best.reliability if best else None,
        result_id=best.pk if best else None,
        window_from=best.window_from if best else None,
        window_until=best.window_until if best else None,
    )


@dataclass(frozen=True)
class AwardEvidence:
    """One ranked officer of a comparison group, for the award committee."""

    result: OfficerResult
    ranks: Mapping[str, Any]

    @property
    def person(self) -> Person:
        return self.result.person

    @property
    def unit(self) -> Unit:
        return self.result.unit

    @property
    def p_top(self) -> float:
        return float(self.ranks["p_top"])

    @property
    def is_selected(self) -> bool:
        """In the set of the shortlist rule, before eligibility."""
        return bool(self.ranks["selected"])

    @property
    def stable_share(self) -> float | None:
        """Share of the refits (one channel or service left out) that select this officer too."""
        share = self.ranks["stable_share"]
        return None if share is None else float(share)

    @property
    def has_award_use(self) -> bool:
        """n and reliability reach the award thresholds (scoring.md §4)."""
        return self.result.use == Use.AWARD

    @property
    def punctuality(self) -> float | None:
        return self.result.on_time / self.result.with_standard if self.result.with_standard else None


def award_evidence(closing: Closing) -> list[AwardEvidence]:
    """Every ranked officer of a closing, by comparison group and then P(top k), highest first."""
    rows = OfficerResult.objects.filter(closing=closing, ranks__isnull=False).select_related(
        "closing", "person", "unit"
    )
    found = [AwardEvidence(row, row.ranks) for row in rows if row.ranks]
    return sorted(found, key=lambda one: (one.unit.code, -one.p_top, one.person.nip))


def officers_of(result: UnitResult) -> list[OfficerResult]:
    """Every officer's result of a unit in the same closing, hidden ones too: for guards, not for pages."""
    rows = OfficerResult.objects.filter(closing=result.closing_id, unit=result.unit_id)
    return list(rows.select_related("person", "closing").order_by("person__name", "id"))


def signed_evaluations(people: Iterable[UUID], month: date) -> dict[UUID, Evaluation]:
    """The signed evaluation in force of each person for a month."""
    rows = Evaluation.objects.filter(person__in=list(people), month=month, signed_at__isnull=False)
    return {row.person_id: row for row in rows.exclude(state=Evaluation.State.SUPERSEDED)}


# --- units -----------------------------------------------------------------------------------------------------------


def unit_results_of(month: date, units: QuerySet[Unit]) -> list[UnitResult]:
    """Whole-unit results of a month for these units, by code; one query."""
    rows = UnitResult.objects.filter(
        closing__month=month, closing__is_current=True, service__isnull=True, unit__in=units
    )
    return list(rows.select_related("unit", "closing").order_by("unit__code"))


def service_results(result: UnitResult) -> list[UnitResult]:
    """The services of a unit's result, those with an index first."""
    rows = UnitResult.objects.filter(closing=result.closing_id, unit=result.unit_id, service__isnull=False)
    return list(rows.select_related("service").order_by(F("n").desc(nulls_last=True), "-events", "service__code"))


def unit_result_with_id(result_id: int) -> UnitResult | None:
    """One unit's or service's result, of whatever version."""
    return UnitResult.objects.select_related("closing", "unit", "service").filter(pk=result_id).first()


def unit_history(unit: Unit) -> list[UnitResult]:
    """A unit's whole results in the closings in force, oldest first."""
    rows = UnitResult.objects.filter(closing__is_current=True, unit=unit, service__isnull=True)
    return list(rows.select_related("closing").order_by("closing__month"))
