"""Reading what was released: unit results over time and award winners. Nothing here touches another room's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from teladan.awards import queries as awards
from teladan.evaluation.queries import releases


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


def complaints_in(month: date) -> dict[str, Any] | None:
    """What was released of a month's complaints: counts, None where too few; nothing for releases without them."""
    city = releases.release(releases.CITY, releases.CITY_KEY, month)
    found: dict[str, Any] | None = (city or {}).get("complaints") or None
    return found


def unit_history(code: str) -> list[UnitMonth]:
    """A unit's released months, oldest first."""
    return [UnitMonth(month, code, payload) for month, payload in releases.history("unit", code)]


def winners() -> list[awards.PublicAward]:
    """Granted awards with their public reasons, latest first."""
    return awards.public_winners(months())
