"""Every rule that policy decides: what kind of value it takes, within which bounds, and what a change of it touches.

Bounds are promises, not taste: what citizens and officers were told (trust.md §2 step 8) can be made stricter here and
never looser. Docs: docs/rules/policy.md.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from teladan import scoring
from teladan.complaints.rules import LEVELS
from teladan.complaints.rules import ORDER as STAND_INS
from teladan.evaluation.rules.officers import FIXED
from teladan.feedback.questionnaire import versions


class Group(StrEnum):
    """Under which heading a rule stands, in the order of a rating's life."""

    COLLECTING = "collecting"
    INTEGRITY = "integrity"
    DISCLOSURE = "disclosure"
    UNIT = "unit"
    OFFICER = "officer"
    AWARD = "award"
    EVALUATION = "evaluation"
    COMPLAINTS = "complaints"
    KEEPING = "keeping"
    OTHER = "other"


class Effect(StrEnum):
    """What a change touches, and so what a preview on a closed month can tell."""

    RESULTS = "results"  # a closed month computed again shows it
    COLLECTING = "collecting"  # citizens would have met other rules: the past cannot tell
    AWARD = "award"  # applied later, by the award committee's session
    NONE = "none"  # no figure depends on it


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    minimum: int
    maximum: int

    def problem(self, value: object) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            return "harus bilangan bulat"
        return "" if self.minimum <= value <= self.maximum else f"harus {self.minimum} sampai {self.maximum}"


@dataclass(frozen=True)
class Number:
    """A number within bounds; shares lie between 0 and 1."""

    minimum: float
    maximum: float

    def problem(self, value: object) -> str:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "harus bilangan"
        return "" if self.minimum <= value <= self.maximum else f"harus {self.minimum:g} sampai {self.maximum:g}"


@dataclass(frozen=True)
class Some:
    """Names out of a known list, each once; at least `least` of them."""

    names: tuple[str, ...]
    least: int

    def problem(self, value: object) -> str:
        if not isinstance(value, list) or len(set(map(str, value))) != len(value):
            return "harus daftar nama, tiap nama sekali"
        if unknown := [str(one) for one in value if one not in self.names]:
            return f"tidak mengenal {', '.join(unknown)}; yang dikenal: {', '.join(self.names)}"
        return "" if len(value) >= self.least else f"memerlukan paling sedikit {self.least} nama"


@dataclass(frozen=True)
class OneOf:
    """One name out of a known list."""

    names: tuple[str, ...]

    def problem(self, value: object) -> str:
        return "" if value in self.names else f"harus salah satu dari {', '.join(self.names)}"


@dataclass(frozen=True)
class Guideline:
    """A table from an annex of the law; it comes with a policy pack and is not typed on a page."""

    def problem(self, value: object) -> str:
        if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
            return "harus tabel pedoman"
        return ""


Kind = Whole | Number | Some | OneOf | Guideline


@dataclass(frozen=True)
class Spec:
    """One rule."""

    key: str
    group: Group
    kind: Kind
    effect: Effect = Effect.RESULTS

    @property
    def is_typed(self) -> bool:
        """Can it be changed on a page?"""
        return not isinstance(self.kind, Guideline)


_SPECS = (
    Spec("collection.ticket_days", Group.COLLECTING, Whole(3, 31), Effect.COLLECTING),
    Spec("collection.grace_days", Group.COLLECTING, Whole(3, 20), Effect.COLLECTING),
    Spec("collection.edit_minutes", Group.COLLECTING, Whole(5, 120), Effect.COLLECTING),
    Spec(
        "collection.questionnaire", Group.COLLECTING, OneOf(tuple(one.version for one in versions())), Effect.COLLECTING
    ),
    Spec("collection.other_elements", Group.COLLECTING, Whole(1, 7), Effect.COLLECTING),
    Spec("integrity.same_device", Group.INTEGRITY, Whole(2, 10), Effect.COLLECTING),
    Spec("integrity.callback_sample", Group.INTEGRITY, Whole(29, 500), Effect.NONE),
    Spec("integrity.callback_seed_day", Group.INTEGRITY, Whole(1, 7), Effect.NONE),
    Spec("disclosure.k", Group.DISCLOSURE, Whole(10, 100)),
    Spec("disclosure.issue_days", Group.DISCLOSURE, Whole(3, 20)),
    Spec("disclosure.band_officers", Group.DISCLOSURE, Whole(8, 50)),
    Spec("disclosure.response_tickets", Group.DISCLOSURE, Whole(50, 500)),
    Spec("disclosure.response_minimum", Group.DISCLOSURE, Number(0.0, 0.5)),
    Spec("disclosure.coverage", Group.DISCLOSURE, Number(0.5, 1.0), Effect.NONE),
    Spec("ikm.regime", Group.UNIT, OneOf(tuple(sorted(scoring.REGIMES)))),
    Spec("score.elements", Group.OFFICER, Some((*scoring.STAFF_ELEMENTS, "waktu"), 1)),
    Spec("score.covariates", Group.OFFICER, Some(FIXED, 0)),
    Spec("score.window_months", Group.OFFICER, Whole(2, 12)),
    Spec("score.min_n", Group.OFFICER, Whole(10, 200)),
    Spec("score.evaluation_n", Group.OFFICER, Whole(10, 500)),
    Spec("score.evaluation_reliability", Group.OFFICER, Number(0.5, 0.99)),
    Spec("score.prior_scale", Group.OFFICER, Number(0.05, 1.0)),
    Spec("score.expectation_low", Group.OFFICER, Number(1.0, 4.0)),
    Spec("score.expectation_high", Group.OFFICER, Number(1.0, 4.0)),
    Spec("score.pool_ratings", Group.OFFICER, Whole(1, 500)),
    Spec("score.pool_officers", Group.OFFICER, Whole(1, 20)),
    Spec("score.award_reliability", Group.AWARD, Number(0.5, 0.99)),
    Spec("award.q", Group.AWARD, Number(0.01, 0.5)),
    Spec("award.min_group", Group.AWARD, Whole(8, 100)),
    Spec("award.min_punctuality", Group.AWARD, Number(0.0, 1.0), Effect.AWARD),
    Spec("evaluation.distribution", Group.EVALUATION, Guideline(), Effect.NONE),
    # UU 25/2009 gives the longest days; a city may be quicker, and more patient with the complainant.
    Spec("complaints.filing_days", Group.COMPLAINTS, Whole(30, 365), Effect.NONE),
    Spec("complaints.check_days", Group.COMPLAINTS, Whole(1, 14), Effect.NONE),
    Spec("complaints.completion_days", Group.COMPLAINTS, Whole(30, 90), Effect.NONE),
    Spec("complaints.decision_days", Group.COMPLAINTS, Whole(1, 60), Effect.NONE),
    Spec("complaints.delivery_days", Group.COMPLAINTS, Whole(1, 14), Effect.NONE),
    Spec("complaints.statement_working_days", Group.COMPLAINTS, Whole(3, 14), Effect.NONE),
    *(Spec(key, Group.COMPLAINTS, OneOf(tuple(map(str, LEVELS))), Effect.NONE) for key in STAND_INS),
    Spec("learning.minimum_group", Group.KEEPING, Whole(5, 50), Effect.NONE),
    Spec("retention.import_days", Group.KEEPING, Whole(1, 365), Effect.NONE),
    Spec("retention.ticket_months", Group.KEEPING, Whole(1, 24), Effect.NONE),
    Spec("retention.comment_days", Group.KEEPING, Whole(1, 90), Effect.NONE),
    Spec("retention.officer_months", Group.KEEPING, Whole(12, 60), Effect.NONE),
)
SPECS: dict[str, Spec] = {spec.key: spec for spec in _SPECS}

NOT_ABOVE = (
    ("score.min_n", "score.evaluation_n"),
    ("disclosure.k", "score.evaluation_n"),
    ("score.evaluation_reliability", "score.award_reliability"),
    ("score.expectation_low", "score.expectation_high"),
)
"""Pairs in which the first may not exceed the second: a stricter use never asks for less than a looser one, and no range is upside down."""


def problem(key: str, value: object) -> str:
    """What is wrong with a value, to follow the rule's name in a sentence; nothing when it fits or the key is unknown."""
    spec = SPECS.get(key)
    return spec.kind.problem(value) if spec else ""


def nearest(key: str) -> str:
    """The known key that an unknown one looks like; empty when it looks like none."""
    return next(iter(difflib.get_close_matches(key, SPECS, 1)), "")


def conflicts(values: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """Pairs of `NOT_ABOVE` with `key` in them that these values break."""
    for low, high in NOT_ABOVE:
        if key in (low, high) and low in values and high in values and values[low] > values[high]:
            yield low, high


def earliest(today: date, opened: date | None) -> date:
    """First day of the earliest month that a change may begin with: not begun, and not opened (rules freeze then)."""
    last = max(today.replace(day=1), opened or today.replace(day=1))
    return date(last.year + last.month // 12, last.month % 12 + 1, 1)


# --- the life of a proposal ------------------------------------------------------------------------------------------

DRAFT, ADOPTED, WITHDRAWN, DROPPED = "draft", "adopted", "withdrawn", "dropped"
TRANSITIONS: dict[str, frozenset[str]] = {
    DRAFT: frozenset({ADOPTED, DROPPED}),
    ADOPTED: frozenset({WITHDRAWN}),
    WITHDRAWN: frozenset(),
    DROPPED: frozenset(),
}
