"""What changes when one month is computed under two sets of rules: counts, and names of nobody.

A person is never a line here. A unit is named only where the public knows its figures already; one that would be shown
for the first time is counted, because its name would tell about how many answered. Docs: docs/rules/policy.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

USES = ("hidden", "self_only", "evaluation", "award")
SUGGESTIONS = ("below", "meets", "above")
VISIBLE_SHIFT = 0.05  # on the scale of 1-4; smaller differences do not survive two decimals and an interval


@dataclass(frozen=True)
class Standing:
    """Where an officer stands under one set of rules."""

    use: str
    score: float | None = None
    on_shortlist: bool = False
    suggestion: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One month under one set of rules: officers by (unit, officer), units by code, services by (unit, service).

    A unit's or service's value is its grade where the index is shown, "" where only parts of it are, None where nothing is.
    """

    officers: Mapping[tuple[str, str], Standing]
    units: Mapping[str, str | None]
    services: Mapping[tuple[str, str], str | None]
    held: int = 0


def compare(before: Outcome, after: Outcome, *, names: Mapping[str, str], least: int) -> dict[str, Any]:
    """The effect as plain values for a page. How many scores moved is told from `least` scores on, that stand in both."""
    return {
        "officers": len(before.officers.keys() | after.officers.keys()),
        "uses": _uses(before, after),
        "raised": _steps(before, after, up=True),
        "lowered": _steps(before, after, up=False),
        "held": [before.held, after.held],
        "scores": _scores(before, after, least),
        "shortlist": _shortlist(before, after),
        "suggestions": _suggestions(before, after),
        "units": {
            **_shown(before.units, after.units),
            "hidden": sorted(names[code] for code in _lost(before.units, after.units)),
            "regraded": sorted(
                names[code]
                for code, grade in before.units.items()
                if grade and (after.units.get(code) or grade) != grade
            ),
        },
        "services": _shown(before.services, after.services),
    }


def is_nothing(effect: Mapping[str, Any]) -> bool:
    """Nothing of what is compared has changed."""
    return (
        not effect["raised"]
        and not effect["lowered"]
        and effect["held"][0] == effect["held"][1]
        and not (effect["scores"] or {}).get("moved")
        and not effect["shortlist"]["enter"]
        and not effect["shortlist"]["leave"]
        and all(old == new for old, new in effect["suggestions"].values())
        and not effect["units"]["regraded"]
        and not any(effect[part][way] for part in ("units", "services") for way in ("lost", "gained"))
    )


def _uses(before: Outcome, after: Outcome) -> dict[str, list[int]]:
    old, new = (Counter(one.use for one in side.officers.values()) for side in (before, after))
    return {use: [old[use], new[use]] for use in USES}


def _suggestions(before: Outcome, after: Outcome) -> dict[str, list[int]]:
    old, new = (Counter(one.suggestion for one in side.officers.values()) for side in (before, after))
    return {standing: [old[standing], new[standing]] for standing in SUGGESTIONS}


def _steps(before: Outcome, after: Outcome, *, up: bool) -> int:
    """Officers whose result may be used for more (or for less) than before."""
    found = 0
    for key in before.officers.keys() | after.officers.keys():
        old, new = (USES.index(side.officers[key].use) if key in side.officers else 0 for side in (before, after))
        found += new > old if up else new < old
    return found


def _scores(before: Outcome, after: Outcome, least: int) -> dict[str, int] | None:
    shifts = [
        abs(new.score - old.score)
        for key, old in before.officers.items()
        if old.score is not None and (new := after.officers.get(key)) is not None and new.score is not None
    ]
    if len(shifts) < least:
        return None
    return {"compared": len(shifts), "moved": sum(round(shift, 9) > VISIBLE_SHIFT for shift in shifts)}


def _shortlist(before: Outcome, after: Outcome) -> dict[str, int]:
    old, new = ({key for key, one in side.officers.items() if one.on_shortlist} for side in (before, after))
    return {"before": len(old), "after": len(new), "enter": len(new - old), "leave": len(old - new)}


def _lost(before: Mapping[Any, str | None], after: Mapping[Any, str | None]) -> set[Any]:
    return {key for key, shown in before.items() if shown is not None and after.get(key) is None}


def _shown(before: Mapping[Any, str | None], after: Mapping[Any, str | None]) -> dict[str, int]:
    """How many are shown under each set of rules, and how many are shown under one of them alone."""
    return {
        "before": sum(shown is not None for shown in before.values()),
        "after": sum(shown is not None for shown in after.values()),
        "lost": len(_lost(before, after)),
        "gained": len(_lost(after, before)),
    }
