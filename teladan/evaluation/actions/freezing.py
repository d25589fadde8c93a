"""From inputs to frozen rows: compute everything of a month, cut it to what may be shown, digest it, write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from teladan import scoring
from teladan.evaluation.models import Closing, IntegrityReport, OfficerResult, Release, UnitResult
from teladan.evaluation.queries.inputs import Inputs, Keys, Volume
from teladan.evaluation.queries.releases import CITY, CITY_KEY, UNIT
from teladan.evaluation.rules import closing as rules
from teladan.evaluation.rules import units, watching
from teladan.evaluation.rules.officers import Draft, Policy, group_results
from teladan.evaluation.rules.units import HIDDEN, UnitFigures

Json = dict[str, Any]


@dataclass(frozen=True)
class UnitDraft:
    """The result of a unit, or of one of its services, before it is a row."""

    unit: str
    service: str | None
    figures: UnitFigures
    volume: Volume
    tickets: int
    spent: int | None

    def as_json(self) -> Json:
        return {
            "unit": self.unit,
            "service": self.service,
            **asdict(self.figures),
            **self.volume.as_json(),
            "tickets": self.tickets,
            "spent": self.spent,
        }


@dataclass(frozen=True)
class OfficerDraft:
    """The result of one officer at one unit before it is a row."""

    unit: str
    officer: str
    draft: Draft
    volume: Volume

    def as_json(self) -> Json:
        return {"unit": self.unit, "officer": self.officer, **asdict(self.draft), **self.volume.as_json()}


@dataclass(frozen=True)
class Frozen:
    """All results of a month. Equal inputs give equal bytes, hence the same digest."""

    keys: Keys
    regime: str
    units: tuple[UnitDraft, ...]
    officers: tuple[OfficerDraft, ...]
    releases: tuple[tuple[str, str, Json], ...]
    integrity: Json
    digest: str
    counts: Json

    def write(self, closing: Closing) -> None:
        """Store the rows under a closing."""
        IntegrityReport.objects.create(closing=closing, payload=self.integrity)
        UnitResult.objects.bulk_create(self.unit_rows(closing))
        OfficerResult.objects.bulk_create(self.officer_rows(closing), batch_size=500)
        Release.objects.bulk_create(
            [Release(closing=closing, kind=kind, key=key, payload=payload) for kind, key, payload in self.releases]
        )

    def unit_rows(self, closing: Closing) -> list[UnitResult]:
        """The results of units and services as they are stored."""
        units, services = self.keys.unit_ids, self.keys.service_ids
        return [
            _unit_row(one, closing, units[one.unit], services[one.service] if one.service else None, self.regime)
            for one in self.units
        ]

    def officer_rows(self, closing: Closing) -> list[OfficerResult]:
        """The results of officers as they are stored."""
        units, officers = self.keys.unit_ids, self.keys.officer_ids
        return [
            OfficerResult(
                closing=closing,
                person_id=officers[one.officer],
                unit_id=units[one.unit],
                **_officer_columns(one, units[one.unit]),
            )
            for one in self.officers
        ]


def freeze(found: Inputs) -> Frozen:
    """Compute every result of the month from its inputs."""
    policy = Policy.of(found.policy)
    regime = str(found.policy["ikm.regime"])
    unit_drafts = tuple(_unit_drafts(found, policy.k, regime))
    officers = tuple(_officer_drafts(found, policy))
    releases = tuple(_releases(found, unit_drafts, regime))
    integrity = watching.report(rules.month_key(found.month), found.window, found.watched(), found.traced, found.held)
    return Frozen(
        keys=found.keys,
        regime=regime,
        units=unit_drafts,
        officers=officers,
        releases=releases,
        integrity=integrity,
        digest=rules.digest(
            {
                "month": rules.month_key(found.month),
                "regime": regime,
                "units": [one.as_json() for one in unit_drafts],
                "officers": [one.as_json() for one in officers],
                "releases": releases,
                "integrity": integrity,
            },
            blind=found.blind,
        ),
        counts=_counts(found, unit_drafts, officers, releases),
    )


def _counts(
    found: Inputs, unit_drafts: tuple[UnitDraft, ...], officers: tuple[OfficerDraft, ...], releases: tuple[Any, ...]
) -> Json:
    uses = Counter(str(one.draft.use) for one in officers)
    return {
        "events": sum(volume.events for volume in found.by_unit.values()),
        "tickets": sum(issued for issued, _ in found.unit_tickets.values()),
        "units": sum(one.service is None for one in unit_drafts),
        "units_published": sum(one.service is None and one.figures.is_published for one in unit_drafts),
        "services": sum(one.service is not None for one in unit_drafts),
        "services_published": sum(one.service is not None and one.figures.is_published for one in unit_drafts),
        "officers": len(officers),
        "hidden": uses["hidden"],
        "self_only": uses["self_only"],
        "evaluation": uses["evaluation"],
        "award": uses["award"],
        "held": sum(one.draft.months != found.window for one in officers),
        "cells": sum(len(rows) for rows in found.cells.values()),
        "releases": len(releases),
    }


# --- units -----------------------------------------------------------------------------------------------------------


def _unit_drafts(found: Inputs, k: int, regime: str) -> Iterator[UnitDraft]:
    for unit in found.unit_codes():
        answers = found.service_answers.get(unit, {})
        whole, parts = HIDDEN, dict.fromkeys(answers, HIDDEN)
        if unit in found.answers:
            whole, parts = units.unit_figures(answers, whole=found.answers[unit], k=k, regime=regime)
        used = {code: spent for code, (_, spent) in found.service_tickets.get(unit, {}).items()}
        told = rules.disclosed(used, k, {code for code, one in parts.items() if one.is_published})
        yield _unit_draft(unit, None, whole, found.by_unit.get(unit), found.unit_tickets.get(unit), whole.is_published)
        for service in found.service_codes(unit):
            yield _unit_draft(
                unit,
                service,
                parts.get(service, HIDDEN),
                found.by_service.get(unit, {}).get(service),
                found.service_tickets.get(unit, {}).get(service),
                service in told,
            )


def _unit_draft(
    unit: str,
    service: str | None,
    figures: UnitFigures,
    volume: Volume | None,
    tickets: tuple[int, int] | None,
    tells_spent: bool,
) -> UnitDraft:
    """`tells_spent`: whether it may be said how many tickets were used. They are counted apart: of some the rating is held."""
    issued, spent = tickets or (0, 0)
    return UnitDraft(unit, service, figures, volume or Volume(), issued, spent if tells_spent else None)


def _unit_row(one: UnitDraft, closing: Closing, unit: int, service: int | None, regime: str) -> UnitResult:
    figures = one.figures
    return UnitResult(
        closing=closing,
        unit_id=unit,
        service_id=service,
        n=figures.n,
        ikm=Decimal(figures.ikm) if figures.ikm else None,
        low=figures.low,
        high=figures.high,
        grade=figures.grade,
        regime=regime,
        elements=figures.elements,
        overall=figures.overall,
        overall_n=figures.overall_n,
        is_published=figures.is_published,
        tickets=one.tickets,
        spent=one.spent,
        sample_needed=scoring.sample_size(one.volume.events),
        **one.volume.as_json(),
    )


# --- officers --------------------------------------------------------------------------------------------------------


def _officer_drafts(found: Inputs, policy: Policy) -> Iterator[OfficerDraft]:
    nothing = Draft(found.window, OfficerResult.Use.HIDDEN.value)
    for unit in found.group_codes():
        scored = group_results(found.group(unit), policy)
        volumes = found.by_officer.get(unit, {})
        for officer in sorted({*scored, *volumes}):
            yield OfficerDraft(unit, officer, scored.get(officer, nothing), volumes.get(officer, Volume()))


def _officer_columns(one: OfficerDraft, unit_id: int) -> Json:
    draft = asdict(one.draft)
    months = draft.pop("months")
    if draft["ranks"]:
        draft["ranks"] = {**draft["ranks"], "group": unit_id}
    return {
        **draft,
        "use": str(draft["use"]),
        "window_from": _day(months[0]),
        "window_until": _day(months[-1]),
        **one.volume.as_json(),
    }


def _day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


# --- releases --------------------------------------------------------------------------------------------------------


def _releases(found: Inputs, drafts: tuple[UnitDraft, ...], regime: str) -> Iterator[tuple[str, str, Json]]:
    whole = [one for one in drafts if one.service is None]
    for unit in whole:
        parts = [one for one in drafts if one.unit == unit.unit and one.service is not None]
        yield UNIT, unit.unit, _unit_payload(unit, parts, found, regime)
    yield CITY, CITY_KEY, _city_payload(whole, found, regime)


def _facts(one: UnitDraft) -> Json:
    """What the public may read of a unit or a service; figures that are withheld are null."""
    figures = one.figures
    return {
        "is_published": figures.is_published,
        "n": figures.n,
        "ikm": float(figures.ikm) if figures.ikm else None,
        "low": figures.low,
        "high": figures.high,
        "grade": figures.grade,
        "overall": figures.overall,
        "overall_n": figures.overall_n,
        "elements": {name: {"n": e["n"], "mean": e["mean"]} for name, e in figures.elements.items()},
        "weakest": units.weakest(figures.elements),
        "tickets": one.tickets,
        "spent": one.spent,
        "response_rate": round(one.spent / one.tickets, 4) if one.spent is not None and one.tickets else None,
        "events": one.volume.events,
        "with_standard": one.volume.with_standard,
        "on_time": one.volume.on_time,
        "unfinished": one.volume.unfinished,
        "sample_needed": scoring.sample_size(one.volume.events),
    }


def _unit_payload(unit: UnitDraft, parts: list[UnitDraft], found: Inputs, regime: str) -> Json:
    base = found.ticketed_events.get(unit.unit, 0)
    return {
        "code": unit.unit,
        "name": found.keys.unit_names[unit.unit],
        "month": rules.month_key(found.month),
        "regime": regime,
        **_facts(unit),
        "coverage": round(min(1.0, unit.tickets / base), 4) if base else None,
        "services": [
            {"code": one.service, "name": found.keys.service_names[one.service or ""], **_facts(one)} for one in parts
        ],
    }


def _city_payload(whole: list[UnitDraft], found: Inputs, regime: str) -> Json:
    """The city over its published units alone: what it adds up to gives no withheld unit away."""
    shown = [one for one in whole if one.figures.ikm is not None]
    index = units.pooled([found.answers[one.unit] for one in shown], regime) if shown else None
    volume = Volume()
    for one in found.by_unit.values():
        volume.events += one.events
        volume.with_standard += one.with_standard
        volume.on_time += one.on_time
        volume.unfinished += one.unfinished
    tickets, spent = sum(one.tickets for one in shown), sum(one.spent or 0 for one in shown)
    return {
        "month": rules.month_key(found.month),
        "regime": regime,
        "ikm": float(index.value) if index and index.value is not None else None,
        "low": rules.rounded(index.low) if index else None,
        "high": rules.rounded(index.high) if index else None,
        "grade": (index.grade or "") if index else "",
        "n": index.n if index else None,
        "tickets": tickets,
        "spent": spent,
        "response_rate": round(spent / tickets, 4) if tickets else None,
        "units": [one.unit for one in whole],
        "units_published": [one.unit for one in shown],
        "complaints": dict(found.complaints),
        "holding": {name: sum(one[name] for one in found.held.values()) for name in ("held", "voided", "released")},
        **volume.as_json(),
    }
