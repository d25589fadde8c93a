"""Results of outside sources, each on its own scale. Stars stay stars; nothing here reaches a person or the public."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from teladan.feedback.models import ELEMENTS, ExternalSource

TOP = {ExternalSource.Scale.STARS: 5, ExternalSource.Scale.ELEMENTS: 4}

_COUNTS = """
SELECT r.source_id, r.subject, a.name, a.value::int, count(*), min(r.month), max(r.month)
FROM feedback_externalrating r
CROSS JOIN LATERAL (
    SELECT 'stars' AS name, r.stars::text AS value WHERE r.stars IS NOT NULL
    UNION ALL
    SELECT key, value FROM jsonb_each_text(r.answers)
) a
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Distribution:
    """Answers to one question on its own scale."""

    name: str
    top: int
    counts: tuple[int, ...]  # for 1, 2, …, top

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        return sum(value * count for value, count in enumerate(self.counts, 1)) / self.n if self.n else None

    @property
    def rows(self) -> list[tuple[int, int, float]]:
        """(value, count, share), best first."""
        return [(value, self.counts[value - 1], self.counts[value - 1] / self.n) for value in range(self.top, 0, -1)]


@dataclass(frozen=True)
class ExternalSummary:
    """One outside source: how many ratings, of when, and how they are spread."""

    code: str
    name: str
    scale: str
    note: str
    n: int
    first: date | None
    last: date | None
    questions: tuple[Distribution, ...]  # one for stars; one per element that was answered
    subjects: tuple[tuple[str, Distribution], ...]  # stars only, largest first


def external_summary() -> list[ExternalSummary]:
    """Every outside source, by name; two queries and one count."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        rows = cursor.fetchall()
        cursor.execute("SELECT source_id, count(*) FROM feedback_externalrating GROUP BY 1")
        totals = dict(cursor.fetchall())
    by_source: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for source, *rest in rows:
        by_source[source].append(tuple(rest))
    return [
        _summary(source, totals.get(source.pk, 0), by_source[source.pk])
        for source in ExternalSource.objects.order_by("name")
    ]


def _summary(source: ExternalSource, n: int, rows: list[tuple[Any, ...]]) -> ExternalSummary:
    top = TOP[ExternalSource.Scale(source.scale)]
    names = [name for name in ("stars", *ELEMENTS) if any(row[1] == name for row in rows)]
    subjects = sorted({row[0] for row in rows if row[0]}) if source.scale == ExternalSource.Scale.STARS else []
    per_subject = [(subject, _spread("stars", top, [r for r in rows if r[0] == subject])) for subject in subjects]
    return ExternalSummary(
        source.code, source.name, source.scale, source.note, n,
        first=min((row[4] for row in rows), default=None),
        last=max((row[5] for row in rows), default=None),
        questions=tuple(_spread(name, top, [row for row in rows if row[1] == name]) for name in names),
        subjects=tuple(sorted(per_subject, key=lambda pair: -pair[1].n)),
    )  # fmt: skip


def _spread(name: str, top: int, rows: list[tuple[Any, ...]]) -> Distribution:
    counts = [0] * top
    for row in rows:
        counts[row[2] - 1] += row[3]
    return Distribution(name, top, tuple(counts))
