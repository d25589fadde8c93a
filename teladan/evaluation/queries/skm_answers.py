"""The answers behind a report, line by line, for those who may read it: when, and in which safe form (rules.skm_answers)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from django.utils import translation

from teladan import scoring
from teladan.evaluation.queries.skm_report import Report
from teladan.evaluation.rules import skm_answers as rules
from teladan.evaluation.rules.closing import month_key
from teladan.evaluation.rules.skm_answers import Withheld
from teladan.evaluation.words import ELEMENTS
from teladan.feedback import queries as feedback
from teladan.people.models import Unit
from teladan.scoring import Pattern

Officers = Mapping[UUID | None, int]


def withheld(unit: Unit, report: Report) -> Withheld | None:
    """Why the answers of this report are not given line by line; None where they are. One query."""
    content = report.payload
    rated = feedback.officers_rated(unit.pk, (month for one in report.sets for month in one))
    return rules.withheld(
        has_index=content["ikm"] is not None,
        left_out=content["months_left_out"],
        left_out_of=(one["left_out"] for one in content["elements"]),
        officers=(_together(rated, one) for one in report.sets),
        k=content["k"],
    )


def _together(rated: Mapping[date, Officers], months: frozenset[date]) -> Officers:
    found: Counter[UUID | None] = Counter()
    for month in months:
        found.update(rated.get(month, {}))
    return found


def headers() -> list[str]:
    """The elements in the order and with the names of the law, in Indonesian for every reader."""
    with translation.override("id"):
        return [str(ELEMENTS[name]) for name in scoring.ELEMENTS]


def lines(unit: Unit, report: Report) -> Iterator[tuple[Pattern, int]]:
    """Every line with how often it occurs, ordered by the scores. A set of months has the same lines in every report."""
    found: Counter[Pattern] = Counter()
    for months in report.sets:
        patterns: Counter[Pattern] = Counter()
        for month in sorted(months):
            patterns.update(report.answers.get(month, {}))
        seed = f"{unit.code} {' '.join(month_key(month) for month in sorted(months))}"
        found.update(rules.lines(patterns, k=report.payload["k"], seed=seed))
    return iter(sorted(found.items(), key=lambda item: rules.in_order(item[0])))
