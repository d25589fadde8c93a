"""The questionnaire as data: versions over time, questions in each language, elements by name and never by number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

PATH = Path(__file__).parent / "data" / "questionnaire.json"
FALLBACK = "id"


@dataclass(frozen=True)
class Question:
    """One question and its four answers, from 1 to 4."""

    text: str
    labels: tuple[str, str, str, str]


@dataclass(frozen=True)
class Questionnaire:
    """One version: which questions stand on which page, and how they are asked in each language."""

    version: str
    valid_from: date
    first_page: tuple[str, ...]
    second_page: tuple[str, ...]
    questions: Mapping[str, Mapping[str, Question]]

    def question(self, element: str, language: str) -> Question:
        """The question in a language, or in Indonesian where it has none."""
        wordings = self.questions[element]
        return wordings.get(language) or wordings[FALLBACK]


@cache
def versions() -> tuple[Questionnaire, ...]:
    """Every version, oldest first."""
    raw = json.loads(PATH.read_text(encoding="utf-8"))["versions"]
    return tuple(sorted((_read(version) for version in raw), key=lambda one: one.valid_from))


def _read(raw: dict[str, object]) -> Questionnaire:
    questions: dict[str, dict[str, dict[str, object]]] = raw["questions"]  # type: ignore[assignment]
    return Questionnaire(
        version=str(raw["version"]),
        valid_from=date.fromisoformat(str(raw["valid_from"])),
        first_page=tuple(raw["first_page"]),  # type: ignore[arg-type]
        second_page=tuple(raw["second_page"]),  # type: ignore[arg-type]
        questions={
            element: {language: Question(str(q["text"]), tuple(q["labels"])) for language, q in wordings.items()}  # type: ignore[arg-type]
            for element, wordings in questions.items()
        },
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
