"""Reading what was released: unit results over time and award winners. Nothing here touches another room's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from teladan.awards import queries as awards
from teladan.core import clock
from teladan.evaluation.models import SkmPublication
from teladan.evaluation.queries import releases, skm
from teladan.evaluation.queries.skm_document import period_name
from teladan.evaluation.rules.skm import parse_period


@dataclass(frozen=True)
class UnitMonth:
    """One unit in one month, as released. `ikm` is None where too few rated."""

    month: date
    code: str
    payload: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.payload[name]
        except KeyError as error:
            raise AttributeError(name) from error

    @property
    def punctuality(self) -> float | None:
        """Share on time among services with a standard, 0-1."""
        counted = self.payload["with_standard"]
        return self.payload["on_time"] / counted if counted else None

    @property
    def without_standard(self) -> int:
        return int(self.payload["events"] - self.payload["with_standard"])

    @property
    def enough_for_sample(self) -> bool:
        """Whether the number of answers reaches Krejcie and Morgan's sample size."""
        return bool((self.payload["n"] or 0) >= self.payload["sample_needed"])


def months() -> list[date]:
    """Released months, latest first."""
    return sorted(releases.released_months(), reverse=True)


def units_in(month: date) -> list[UnitMonth]:
    """Every released unit of a month, by name."""
    rows = [UnitMonth(month, row.key, row.payload) for row in releases.of_kind("unit", month)]
    return sorted(rows, key=lambda row: row.payload["name"])


def city_in(month: date) -> dict[str, Any]:
    """What was released of the whole city in a month; empty before its release. Older releases know fewer things."""
    return releases.release(releases.CITY, releases.CITY_KEY, month) or {}


def unit_history(code: str) -> list[UnitMonth]:
    """A unit's released months, oldest first."""
    return [UnitMonth(month, code, payload) for month, payload in releases.history("unit", code)]


@dataclass(frozen=True)
class Report:
    """A published report of the satisfaction survey, as it was frozen."""

    key: str
    name: str
    version: int
    published_on: date
    digest: str
    payload: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.payload[name]
        except KeyError as error:
            raise AttributeError(name) from error

    @property
    def index(self) -> Decimal:
        return Decimal(self.payload["ikm"])

    @property
    def enough_for_sample(self) -> bool:
        return bool(self.payload["n"] >= self.payload["sample_needed"])


def reports(code: str) -> list[Report]:
    """Published survey reports of a unit, latest first."""
    return [_report(row) for row in skm.published(code)]


def report(code: str, key: str) -> Report | None:
    """One published report; None where nothing is published under that key."""
    row = _publication(code, key)
    return _report(row) if row else None


def report_document(code: str, key: str) -> tuple[bytes, str] | None:
    """The frozen PDF of a published report, and its digest."""
    row = _publication(code, key)
    return (bytes(row.document), row.document_digest) if row else None


def _publication(code: str, key: str) -> SkmPublication | None:
    try:
        return skm.publication(code, parse_period(key))
    except ValueError:
        return None


def _report(row: SkmPublication) -> Report:
    key = row.payload["period"]
    day = clock.day_of(row.published_at)
    return Report(key, period_name(parse_period(key)), row.version, day, row.digest, row.payload)


@dataclass(frozen=True)
class Comments:
    """Comments of a unit that came out together, with replies and what was removed."""

    first_month: date
    last_month: date
    received: int
    masked: int
    removed_in_all: int
    removed: list[tuple[str, int]]
    comments: list[dict[str, str]]


def comments(code: str) -> list[Comments]:
    """The released comments of a unit, latest first."""
    return [
        Comments(
            first_month=clock.parse_month(found["first_month"]),
            last_month=clock.parse_month(found["last_month"]),
            received=found["received"],
            masked=found["masked"],
            removed_in_all=found.get("removed_in_all", sum(found["removed"].values())),
            removed=list(found["removed"].items()),
            comments=found["comments"],
        )
        for found in releases.comments_of(code)
    ]


def winners() -> list[awards.PublicAward]:
    """Granted awards with their public reasons, latest first."""
    return awards.public_winners(months())
