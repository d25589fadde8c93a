"""What a published survey report shows, made from its frozen content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from teladan import scoring
from teladan.evaluation.queries.skm_document import period_name
from teladan.evaluation.rules.skm import parse_period
from teladan.evaluation.words import FOLLOW_UP_STATES, Profile, profile_in_words
from teladan.transparency.charts import element_name
from teladan.transparency.queries import Comments, Report

REASONS = {
    "abuse": _("makian atau ancaman"),
    "hatred": _("merendahkan suku, agama, ras, atau golongan"),
    "private": _("rahasia pribadi yang tidak dapat ditutup"),
    "accusation": _("tuduhan pelanggaran, jalurnya pengaduan"),
    "unrelated": _("bukan tentang layanan, atau iklan"),
    "unreadable": _("tidak dapat dibaca"),
}
"""Why a comment was removed, for citizens."""
TONES = {"A": "good", "B": "good", "C": "fair", "D": "poor"}


@dataclass(frozen=True)
class Element:
    """One element of a report."""

    name: str
    n: int | None
    nrr: float | None
    value: Decimal | None
    grade: str
    tone: str


@dataclass(frozen=True)
class Action:
    """One line of the follow-up plan."""

    element: str
    action: str
    responsible: str
    due_on: date
    state: str


@dataclass(frozen=True)
class Past:
    """An earlier index with the regime it was graded by."""

    name: str
    ikm: Decimal
    grade: str
    basis: str
    grade_now: str
    is_imported: bool


def elements(report: Report) -> list[Element]:
    """The nine elements in the order of the law."""
    return [
        Element(
            element_name(one["element"]),
            one["n"],
            one["nrr"],
            Decimal(one["value"]) if one["value"] else None,
            one["grade"],
            TONES.get(one["grade"], "none"),
        )
        for one in report.elements
    ]


def named(report: Report, names: Iterable[str]) -> list[Element]:
    """These elements, in the order given."""
    found = {one["element"]: shown for one, shown in zip(report.elements, elements(report), strict=True)}
    return [found[name] for name in names]


def plan(report: Report) -> list[Action]:
    """What the unit promised."""
    return [
        Action(
            element_name(one["element"]),
            one["action"],
            one["responsible"],
            date.fromisoformat(one["due_on"]),
            str(FOLLOW_UP_STATES[one["state"]]),
        )
        for one in report.plan
    ]


def past(report: Report) -> list[Past]:
    """Earlier periods, each read by the bands of its time."""
    return [
        Past(
            period_name(parse_period(one["period"])),
            Decimal(one["ikm"]),
            one["grade"],
            scoring.regime_named(one["regime"]).legal_basis,
            one["grade_now"],
            one["imported"],
        )
        for one in report.trend["periods"]
    ]


def profile(report: Report) -> Profile:
    """Who answered, where it was asked."""
    return profile_in_words(report.profile)


def removed(comments: Comments) -> list[tuple[str, int]]:
    """How many comments were removed for which reason, where enough were."""
    return [(str(REASONS.get(reason, reason)), n) for reason, n in comments.removed]


def comment_cards(found: Iterable[Comments]) -> list[tuple[Comments, list[tuple[str, int]]]]:
    """Each release of comments with its removals in words."""
    return [(one, removed(one)) for one in found]
