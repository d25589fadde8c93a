"""Pure rules of learning: how a lesson's text is read, when a check is passed, when a group may be shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

PASS_SHARE = 2 / 3
"""A check is passed with two thirds right; it may be repeated at will."""
MAX_MINUTES = 7


class LessonError(ValueError):
    """A lesson file does not have the expected form; the message names file and line."""


@dataclass(frozen=True)
class Choice:
    text: str
    is_right: bool
    explanation: str


@dataclass(frozen=True)
class Question:
    text: str
    choices: tuple[Choice, ...]

    @property
    def right(self) -> int:
        """Index of the right choice."""
        return next(index for index, choice in enumerate(self.choices) if choice.is_right)


@dataclass(frozen=True)
class Lesson:
    """One lesson. `roles` is empty where it is for everybody; `version` changes with every change of its text."""

    slug: str
    title: str
    roles: frozenset[str]
    minutes: int
    text: str
    questions: tuple[Question, ...]
    version: str


_CHOICE = re.compile(r"\((?P<mark>[ x])\) (?P<text>.+?) \| (?P<why>.+)")


def parse_lesson(name: str, content: str) -> Lesson:
    """A lesson from its file: `key: value` lines, `---`, Markdown, then `=== question` blocks with `(x) … | …`."""
    head, divider, rest = content.partition("\n---\n")
    if not divider:
        raise LessonError(f"{name}: garis '---' setelah kepala tidak ditemukan.")
    meta = dict(line.split(": ", 1) for line in head.strip().splitlines())
    text, *blocks = re.split(r"^=== ", rest, flags=re.MULTILINE)
    roles = [role.strip() for role in meta["peran"].split(",")]
    lesson = Lesson(
        slug=re.sub(r"^\d+-", "", name.removesuffix(".md")),
        title=meta["judul"],
        roles=frozenset() if roles == ["semua"] else frozenset(roles),
        minutes=int(meta["menit"]),
        text=text.strip(),
        questions=tuple(_question(name, block) for block in blocks),
        version=hashlib.sha256(content.encode()).hexdigest()[:12],
    )
    if not lesson.questions or lesson.minutes > MAX_MINUTES:
        raise LessonError(f"{name}: perlu paling sedikit satu pertanyaan dan paling lama {MAX_MINUTES} menit.")
    return lesson


def _question(name: str, block: str) -> Question:
    title, *lines = block.strip().splitlines()
    choices = []
    for line in lines:
        if not line.strip():
            continue
        match = _CHOICE.fullmatch(line.strip())
        if match is None:
            raise LessonError(f"{name}: pilihan tidak terbaca: {line!r}")
        choices.append(Choice(match["text"], match["mark"] == "x", match["why"]))
    if sum(choice.is_right for choice in choices) != 1:
        raise LessonError(f"{name}: {title!r} harus punya tepat satu jawaban benar.")
    return Question(title, tuple(choices))


def right_answers(lesson: Lesson, answers: Sequence[int | None]) -> int:
    """How many of the answers (index of the choice, or None) are right."""
    return sum(given == question.right for question, given in zip(lesson.questions, answers, strict=True))


def is_passed(right: int, asked: int) -> bool:
    """Whether a check with `right` of `asked` is passed."""
    return asked > 0 and right / asked >= PASS_SHARE


def is_for(lesson: Lesson, roles: set[str]) -> bool:
    """Whether somebody with these roles is asked to take the lesson."""
    return not lesson.roles or bool(lesson.roles & roles)


def quarter_of(day: date) -> date:
    """First day of the quarter of a day."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def may_show(people: int, minimum: int) -> bool:
    """Whether a group of this many people may be shown."""
    return people >= minimum
