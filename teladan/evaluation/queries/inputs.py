"""Everything a closing is computed from, read once, keyed by codes and NIP, and summed up in one digest.

Only counts come out of the database: cells, patterns of answers, events per officer. Never a single rating.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from teladan.complaints import queries as complaints
from teladan.core import clock
from teladan.evaluation.models import Closing, OfficerResult, UnitResult
from teladan.evaluation.rules import closing as rules
from teladan.evaluation.rules.officers import Draft, Group, Policy, Previous, summed_mix
from teladan.evaluation.rules.units import Answers
from teladan.evaluation.rules.watching import NOBODY, Officers, Past, Watched
from teladan.feedback import queries as feedback
from teladan.feedback import rules as feedback_rules
from teladan.feedback.queries import integrity
from teladan.people import queries as people
from teladan.people.models import Person, Unit
from teladan.scoring.quantiles import Z95
from teladan.services import queries as services
from teladan.services.models import Service

Mix = dict[str, dict[str, float]]
HISTORY_MONTHS = 12  # how far back the differences between officers are estimated (scoring.md §2)


@dataclass
class Volume:
    """Events of one officer, service or unit in the month, and how many kept the promise."""

    events: int = 0
    with_standard: int = 0
    on_time: int = 0
    unfinished: int = 0

    def add(self, row: services.PunctualityRow) -> None:
        self.events += row.events
        self.with_standard += row.with_standard
        self.on_time += row.on_time
        self.unfinished += row.unfinished

    def as_json(self) -> dict[str, int]:
        return {
            "events": self.events,
            "with_standard": self.with_standard,
            "on_time": self.on_time,
            "unfinished": self.unfinished,
        }


@dataclass(frozen=True)
class Keys:
    """Codes and names to row keys and back."""

    units: Mapping[int, str]
    services: Mapping[int, str]
    officers: Mapping[UUID, str]
    unit_names: Mapping[str, str]
    service_names: Mapping[str, str]

    @property
    def unit_ids(self) -> dict[str, int]:
        return {code: key for key, code in self.units.items()}

    @property
    def service_ids(self) -> dict[str, int]:
        return {code: key for key, code in self.services.items()}

    @property
    def officer_ids(self) -> dict[str, UUID]:
        return {nip: key for key, nip in self.officers.items()}


@dataclass(frozen=True)
class Inputs:
    """The month's inputs. Inner keys: unit code, service code, NIP."""

    month: date
    policy: Mapping[str, Any]
    policy_version: str
    seals: Mapping[str, str]
    keys: Keys
    window: tuple[str, ...]
    answers: Mapping[str, Answers]
    service_answers: Mapping[str, Mapping[str, Answers]]
    cells: Mapping[str, list[dict[str, Any]]]
    mix: Mapping[str, Mapping[str, Mapping[str, float]]]
    days: Mapping[str, int]
    officer_tickets: Mapping[str, Mapping[str, tuple[int, int]]]
    unit_tickets: Mapping[str, tuple[int, int]]
    service_tickets: Mapping[str, Mapping[str, tuple[int, int]]]
    ticketed_events: Mapping[str, int]
    by_unit: Mapping[str, Volume]
    by_service: Mapping[str, Mapping[str, Volume]]
    by_officer: Mapping[str, Mapping[str, Volume]]
    previous: Mapping[str, Mapping[str, Previous]] = field(default_factory=dict)
    previous_digest: str = ""
    shown: Mapping[str, Mapping[str, Sequence[tuple[str, ...]]]] = field(default_factory=dict)
    older: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    month_mix: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]] = field(default_factory=dict)
    past: Mapping[str, Sequence[Past]] = field(default_factory=dict)
    complaints: Mapping[str, float | None] = field(default_factory=dict)
    traced: Officers = NOBODY
    held: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    blind: str = field(default="", repr=False)

    def watched(self) -> list[Watched]:
        """The units of the month, as the look at bias and pressure needs them."""
        return [
            Watched(
                code=unit,
                answers=self.answers.get(unit, Answers([])),
                rows=self.cells.get(unit, []),
                tickets=self.unit_tickets.get(unit, (0, 0)),
                events=self.ticketed_events.get(unit, 0),
                past=self.past.get(unit, ()),
            )
            for unit in self.unit_codes()
        ]

    def unit_codes(self) -> list[str]:
        """Units with an event or an answer in the month."""
        return sorted({*self.by_unit, *self.answers})

    def service_codes(self, unit: str) -> list[str]:
        """Services of a unit with an event or an answer in the month."""
        return sorted({*self.by_service.get(unit, {}), *self.service_answers.get(unit, {})})

    def group_codes(self) -> list[str]:
        """Units whose officers have events in the month, ratings in the window or a result to hold on to."""
        return sorted({*self.by_officer, *self.cells, *self.previous})

    def group(self, unit: str) -> Group:
        """What the scores of one unit's officers rest on."""
        return Group(
            code=unit,
            window=self.window,
            rows=self.cells.get(unit, []),
            mix=self.mix.get(unit, {}),
            days=self.days,
            tickets=self.officer_tickets.get(unit, {}),
            previous=self.previous.get(unit, {}),
            seed=self.month.year * 100 + self.month.month,
            shown=self.shown.get(unit, {}),
            older=self.older.get(unit, {}),
            since=rules.month_key(rules.months_up_to(self.month, max(HISTORY_MONTHS, len(self.window)))[0]),
            month_mix=self.month_mix.get(unit, {}),
        )

    def _names(self) -> dict[str, dict[str, str]]:
        units = self.unit_codes()
        return {
            "units": {code: self.keys.unit_names[code] for code in units},
            "services": {code: self.keys.service_names[code] for unit in units for code in self.service_codes(unit)},
        }

    def digest(self) -> str:
        """One digest over all inputs, sorted; the seals stand for the ratings themselves. Nobody guesses its inputs."""
        return rules.digest(
            {
                "month": rules.month_key(self.month),
                "policy": self.policy,
                "policy_version": self.policy_version,
                "seals": self.seals,
                "window": self.window,
                "answers": {unit: _sums(one) for unit, one in self.answers.items()},
                "cells": {
                    unit: sorted(rules.canonical(row).decode() for row in rows) for unit, rows in self.cells.items()
                },
                "mix": self.mix,
                "month_mix": self.month_mix,
                "shown": self.shown,
                "older": self.older,
                "days": self.days,
                "officer_tickets": self.officer_tickets,
                "service_tickets": self.service_tickets,
                "ticketed_events": self.ticketed_events,
                "services": {u: {s: v.as_json() for s, v in found.items()} for u, found in self.by_service.items()},
                "officers": {u: {o: v.as_json() for o, v in found.items()} for u, found in self.by_officer.items()},
                "names": self._names(),
                "previous": self.previous_digest,
                "complaints": self.complaints,
                "traced": asdict(self.traced),
                "held": self.held,
            },
            blind=self.blind,
        )


def _sums(answers: Answers) -> list[Any]:
    """Patterns of answers as one digest; sorted, because their order says nothing."""
    lines = sorted(rules.canonical(row).decode() for row in answers.rows)
    return [rules.digest(lines), answers.overall_n, answers.overall_sum]


# --- reading ---------------------------------------------------------------------------------------------------------


def read(month: date, *, changed: Mapping[str, Any] | None = None) -> Inputs:
    """All inputs of a sealed month, in a fixed number of queries. `changed` rules stand in for frozen ones (previews)."""
    values = {**feedback.thresholds(month), **(changed or {})}
    window = rules.months_up_to(month, Policy.of(values).window_months)
    history = rules.months_up_to(month, max(HISTORY_MONTHS, len(window)))
    opens = feedback_rules.seal_opens_on(month, grace_days=int(values["collection.grace_days"]))
    volumes = services.punctuality(month, until=clock.local(opens))
    cells = feedback.cells(months=history, elements=values["score.elements"])
    tickets = [row for one in window for row in feedback.ticket_counts(one)]
    days = feedback.issue_days(window)
    before = _closing_before(month)
    shown = _shown_in(before) if before else []
    traced = integrity.traced(month)
    officers = {row.officer_id for rows in (volumes, cells, tickets) for row in rows} | set(traced.officers)
    keys = _keys(month, officers | set(days) | {row.person_id for row in shown})
    states = feedback.month_states()
    whole, parts = _answers(month, keys)
    told = _shown_before(month, keys)
    month_mix = _mix({row.unit_id for row in cells if row.month in window}, history, keys)
    return Inputs(
        month=month,
        policy=values,
        policy_version=states[month].policy_version,
        seals={rules.month_key(one): states[one].seal_digest for one in history if one in states},
        keys=keys,
        window=tuple(rules.month_key(one) for one in window),
        answers=whole,
        service_answers=parts,
        cells=_cells(cells, keys),
        mix=_summed_mix(month_mix, window),
        month_mix=month_mix,
        shown=told,
        older=_older(told, history[0], values["score.elements"], keys),
        days={keys.officers[officer]: n for officer, n in days.items()},
        officer_tickets=_tickets(tickets, keys, lambda row: keys.officers[row.officer_id]),
        unit_tickets=_total([row for row in tickets if row.month == month], keys),
        service_tickets=_tickets(
            [row for row in tickets if row.month == month], keys, lambda row: keys.services[row.service_id]
        ),
        ticketed_events={keys.units[unit]: n for unit, n in services.ticketed_events(month).items()},
        by_unit=_volumes_by_unit(volumes, keys),
        by_service=_volumes(volumes, keys, lambda row: keys.services[row.service_id]),
        by_officer=_volumes(volumes, keys, lambda row: keys.officers[row.officer_id]),
        previous=_previous(shown, keys),
        previous_digest=before.results_digest if before else "",
        past=_past(month, keys),
        complaints=asdict(complaints.public_counts(month)),
        traced=_traced(traced, keys, values),
        held={keys.units[unit]: asdict(found) for unit, found in integrity.held_counts(month).items()},
        blind=feedback.figures_blind(month),
    )


def _traced(found: integrity.Traced, keys: Keys, values: Mapping[str, Any]) -> Officers:
    """The traces under unit codes and NIPs, in the order of NIPs."""
    rows = [
        (keys.officers[officer], keys.units[found.units[officer]], one)
        for officer, one in zip(found.officers, found.traces, strict=True)
        if officer in found.units
    ]
    rows.sort(key=lambda row: row[0])
    return Officers(
        [unit for _, unit, _ in rows],
        [replace(one, name=nip) for nip, _, one in rows],
        float(values["disclosure.coverage"]),
        int(values["disclosure.k"]),
    )


def _keys(month: date, officers: set[UUID]) -> Keys:
    units = dict(Unit.objects.values_list("id", "code"))
    names = people.unit_names(clock.month_end(month))
    found = list(Service.objects.values_list("id", "code", "name"))
    return Keys(
        units=units,
        services={key: code for key, code, _ in found},
        officers=dict(Person.objects.filter(pk__in=officers).values_list("id", "nip")),
        unit_names={code: names.get(key, code) for key, code in units.items()},
        service_names={code: name for _, code, name in found},
    )


def _answers(month: date, keys: Keys) -> tuple[dict[str, Answers], dict[str, dict[str, Answers]]]:
    whole: dict[str, Answers] = {}
    parts: dict[str, dict[str, Answers]] = {}
    for row in feedback.unit_moments(month):
        found = Answers(row.rows, row.overall_n, row.overall_sum)
        unit = keys.units[row.unit_id]
        if row.service_id is None:
            whole[unit] = found
        else:
            parts.setdefault(unit, {})[keys.services[row.service_id]] = found
    return whole, parts


def _cells(rows: Iterable[feedback.CellRow], keys: Keys) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(keys.units[row.unit_id], []).append(
            {
                "officer": keys.officers[row.officer_id],
                "service": keys.services[row.service_id],
                "channel": row.channel,
                "month": rules.month_key(row.month),
                "pattern": row.pattern,
                "n": row.n,
                "sum": row.sum,
                "sumsq": row.sumsq,
            }
        )
    return found


def _mix(units: set[int], months: Iterable[date], keys: Keys) -> dict[str, dict[str, Mix]]:
    """Per unit and month the weight of each service, channel and month among all service events, answered or not."""
    found: dict[str, dict[str, Mix]] = {}
    for month in months:
        key = rules.month_key(month)
        for unit, rows in services.case_mix(units, [month]).items():
            mix: Mix = {"service": {}, "channel": {}, "month": {}}
            for service, channel, n in rows:
                for factor, level in (("service", keys.services[service]), ("channel", channel), ("month", key)):
                    mix[factor][level] = mix[factor].get(level, 0.0) + n
            found.setdefault(keys.units[unit], {})[key] = mix
    return found


def _summed_mix(found: Mapping[str, Mapping[str, Mix]], window: Iterable[date]) -> dict[str, Mix]:
    months = [rules.month_key(one) for one in window]
    inside = {unit: [by_month[key] for key in months if key in by_month] for unit, by_month in found.items()}
    return {unit: summed_mix(mixes) for unit, mixes in inside.items() if mixes}


def _shown_before(month: date, keys: Keys) -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """Per unit and officer every window that earlier closings in force showed."""
    rows = OfficerResult.objects.filter(closing__is_current=True, closing__month__lt=month, score__isnull=False)
    found: dict[str, dict[str, list[tuple[str, ...]]]] = {}
    for unit, person, since, until in (
        rows.order_by("window_from", "window_until")
        .values_list("unit_id", "person_id", "window_from", "window_until")
        .distinct()
    ):
        if person in keys.officers:
            span = (until.year - since.year) * 12 + until.month - since.month + 1
            months = tuple(rules.month_key(one) for one in rules.months_up_to(until, span))
            found.setdefault(keys.units[unit], {}).setdefault(keys.officers[person], []).append(months)
    return found


def _older(
    told: Mapping[str, Mapping[str, Sequence[tuple[str, ...]]]], first: date, elements: Iterable[str], keys: Keys
) -> dict[str, dict[str, dict[str, int]]]:
    """Ratings per unit, officer and month of the shown windows' months before `first`, while their officer is known."""
    since = min((windows[0][0] for shown in told.values() for windows in shown.values()), default="")
    months = [clock.parse_month(since)] if since and since < rules.month_key(first) else []
    while months and (further := clock.add_months(months[-1], 1)) < first:
        months.append(further)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in feedback.cells(months=months, elements=elements) if months else ():
        if row.officer_id in keys.officers:
            part = found.setdefault(keys.units[row.unit_id], {}).setdefault(keys.officers[row.officer_id], {})
            key = rules.month_key(row.month)
            part[key] = part.get(key, 0) + row.n
    return found


def _tickets(rows: Iterable[feedback.TicketCountRow], keys: Keys, name: Any) -> dict[str, dict[str, tuple[int, int]]]:
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in rows:
        part = found.setdefault(keys.units[row.unit_id], {})
        issued, spent = part.get(name(row), (0, 0))
        part[name(row)] = (issued + row.issued, spent + row.spent)
    return found


def _total(rows: Iterable[feedback.TicketCountRow], keys: Keys) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        issued, spent = found.get(keys.units[row.unit_id], (0, 0))
        found[keys.units[row.unit_id]] = (issued + row.issued, spent + row.spent)
    return found


def _volumes_by_unit(rows: Iterable[services.PunctualityRow], keys: Keys) -> dict[str, Volume]:
    found: dict[str, Volume] = {}
    for row in rows:
        found.setdefault(keys.units[row.unit_id], Volume()).add(row)
    return found


def _volumes(rows: Iterable[services.PunctualityRow], keys: Keys, name: Any) -> dict[str, dict[str, Volume]]:
    found: dict[str, dict[str, Volume]] = {}
    for row in rows:
        found.setdefault(keys.units[row.unit_id], {}).setdefault(name(row), Volume()).add(row)
    return found


def _past(month: date, keys: Keys) -> dict[str, list[Past]]:
    """The indices of up to a year before, as the closings in force froze them; they are part of the earlier digests."""
    first = clock.add_months(month, -HISTORY_MONTHS)
    rows = UnitResult.objects.filter(
        closing__is_current=True, closing__month__gte=first, closing__month__lt=month, service__isnull=True,
        ikm__isnull=False, low__isnull=False, n__isnull=False,
    )  # fmt: skip
    found: dict[str, list[Past]] = {}
    for unit, day, n, ikm, low, high in rows.order_by("closing__month").values_list(
        "unit_id", "closing__month", "n", "ikm", "low", "high"
    ):
        if n is not None and ikm is not None and low is not None and high is not None:
            se = (high - low) / (2 * Z95)
            found.setdefault(keys.units[unit], []).append(Past(rules.month_key(day), n, float(ikm), se))
    return found


# --- what was shown before -------------------------------------------------------------------------------------------


def _closing_before(month: date) -> Closing | None:
    """The closing in force of the nearest earlier month."""
    rows = Closing.objects.filter(is_current=True, month__lt=month)
    return rows.order_by("-month").first()


def _shown_in(closing: Closing) -> list[OfficerResult]:
    return list(closing.officer_results.exclude(use=OfficerResult.Use.HIDDEN).select_related("unit"))


_COPIED = (
    "n",
    "issue_days",
    "raw_mean",
    "case_mix_shift",
    "shrinkage_shift",
    "score",
    "se",
    "low",
    "high",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
    "suggestion",
    "reliability",
    "recompute",
    "group",
    "plans",
    "year",
    "response",
)


def _previous(rows: Iterable[OfficerResult], keys: Keys) -> dict[str, dict[str, Previous]]:
    """Per unit and officer the result shown last. Ranks are not held: they compare one window of everybody."""
    found: dict[str, dict[str, Previous]] = {}
    for row in rows:
        span = (row.window_until.year - row.window_from.year) * 12 + row.window_until.month - row.window_from.month + 1
        months = tuple(rules.month_key(one) for one in rules.months_up_to(row.window_until, span))
        draft = Draft(months, row.use, row.is_comparable, **{name: getattr(row, name) for name in _COPIED})
        found.setdefault(row.unit.code, {})[keys.officers[row.person_id]] = Previous(months, draft)
    return found
