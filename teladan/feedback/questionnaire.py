"""The questionnaire as data: versions over time, questions in each language, elements by name and never by number.

A month asks what its frozen rules say (`plan_of`): one version, and all of the elements beside the staff's or only some
of them for each citizen, drawn by the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from teladan.feedback import rules

PATH = Path(__file__).parent / "data" / "questionnaire.json"
FALLBACK = "id"


@dataclass(frozen=True)
class Question:
    """One question and its four answers, from 1 to 4."""

    text: str
    labels: tuple[str, str, str, str]
    hint: str = ""


@dataclass(frozen=True)
class ProfileQuestion:
    """What a respondent may say of themselves: one attribute, its wording and its answers by code, in each language."""

    attribute: str
    texts: Mapping[str, str]
    options: Mapping[str, Mapping[str, str]]

    def text(self, language: str) -> str:
        return self.texts.get(language) or self.texts[FALLBACK]

    def choices(self, language: str) -> list[tuple[str, str]]:
        """(code, words) of every answer."""
        return [(code, words.get(language) or words[FALLBACK]) for code, words in self.options.items()]


@dataclass(frozen=True)
class Questionnaire:
    """One version: which questions stand on which page, and how they are asked in each language."""

    version: str
    valid_from: date
    first_page: tuple[str, ...]
    second_page: tuple[str, ...]
    questions: Mapping[str, Mapping[str, Question]]
    profile: tuple[ProfileQuestion, ...]

    def question(self, element: str, language: str) -> Question:
        """The question in a language, or in Indonesian where it has none."""
        wordings = self.questions[element]
        return wordings.get(language) or wordings[FALLBACK]


@dataclass(frozen=True)
class Plan:
    """What a month asks: a version, and how many of the elements of its second page each citizen is asked."""

    questionnaire: Questionnaire
    others: int

    @property
    def share(self) -> Fraction:
        """The chance of each element of the second page to be asked."""
        return Fraction(self.others, len(self.questionnaire.second_page))

    def second_page(self, *, order: int, asks_cost: bool) -> tuple[str, ...]:
        """What the second page asks of the ticket that drew this order. A free service's cost is drawn but not asked."""
        asked = rules.drawn(self.questionnaire.second_page, order=order, count=self.others)
        return tuple(name for name in asked if name != "biaya" or asks_cost)


class UnknownPlan(LookupError):
    """The rules name a questionnaire or a number of elements that does not exist."""


def plan_of(policy: Mapping[str, Any], month: date) -> Plan:
    """The plan of a month by its rules. Months opened before there were such rules ask everything of the version in force."""
    name = policy.get("collection.questionnaire")
    found = questionnaire_on(month) if name is None else _named_in_rules(str(name))
    others = policy.get("collection.other_elements", len(found.second_page))
    if not isinstance(others, int) or not 1 <= others <= len(found.second_page):
        raise UnknownPlan(
            f"Aturan collection.other_elements berisi {others!r}; isi 1 sampai {len(found.second_page)} unsur."
        )
    return Plan(found, others)


def _named_in_rules(name: str) -> Questionnaire:
    try:
        return version_named(name)
    except LookupError:
        known = ", ".join(version.version for version in versions())
        raise UnknownPlan(f"Aturan collection.questionnaire menyebut {name!r}; yang ada: {known}.") from None


@cache
def versions() -> tuple[Questionnaire, ...]:
    """Every version, oldest first."""
    raw = _raw()["versions"]
    return tuple(sorted((_read(version) for version in raw), key=lambda one: one.valid_from))


@cache
def awaiting_review() -> frozenset[str]:
    """Languages whose wording native speakers have not reviewed yet."""
    return frozenset(_raw()["awaiting_review"])


def profile_words(text: str, language: str) -> str:
    """A question of the profile or an answer to it, kept in Indonesian by what has been published, in another language."""
    for version in versions():
        for question in version.profile:
            for words in (question.texts, *question.options.values()):
                if words[FALLBACK] == text:
                    return words.get(language) or text
    return text


def _raw() -> Any:
    return json.loads(PATH.read_text(encoding="utf-8"))


def _read(raw: Mapping[str, Any]) -> Questionnaire:
    return Questionnaire(
        version=raw["version"],
        valid_from=date.fromisoformat(raw["valid_from"]),
        first_page=tuple(raw["first_page"]),
        second_page=tuple(raw["second_page"]),
        questions={
            element: {
                language: Question(q["text"], tuple(q["labels"]), q.get("hint", "")) for language, q in wordings.items()
            }
            for element, wordings in raw["questions"].items()
        },
        profile=tuple(ProfileQuestion(name, one["text"], one["options"]) for name, one in raw["profile"].items()),
    )


def questionnaire_on(day: date) -> Questionnaire:
    """The version in force on a day; the first one for days before it."""
    found = versions()[0]
    for version in versions():
        if version.valid_from <= day:
            found = version
    return found


def version_named(name: str) -> Questionnaire:
    """The version of that name; LookupError when there is none."""
    found = next((version for version in versions() if version.version == name), None)
    if found is None:
        raise LookupError(f"questionnaire {name!r}")
    return found
