"""Who answered, by sex, age, education and work, where the survey asks.

The seam: `feedback.queries.profile_counts(unit, months)` gives a table per question, its small cells and their complements
hidden. Tables of overlapping periods could be subtracted from each other, and reports of a quarter, a semester and a year do
overlap. So each month is asked for by itself, and a group is summed over the months in which it was shown itself: the rule of
every part of a whole (docs/rules/skm.md). While that query does not exist, the profile is "not collected".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Protocol

from django.utils import translation

from teladan.evaluation.words import UNSAID
from teladan.feedback import queries as feedback
from teladan.people.models import Unit

Question = dict[str, Any]


class Cell(Protocol):
    """How many gave one answer in a month; None where that may not be shown."""

    @property
    def label(self) -> str: ...
    @property
    def n(self) -> int | None: ...


class Table(Protocol):
    """One question in one month."""

    @property
    def attribute(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def cells(self) -> Sequence[Cell]: ...
    @property
    def unsaid(self) -> int | None: ...


Ask = Callable[[Unit, Iterable[date]], Sequence[Table]]


def profile_of(unit: Unit, months: Iterable[date]) -> list[Question] | None:
    """Per question its groups with their counts (None: withheld in every month); nothing where nobody was asked."""
    ask: Ask | None = getattr(feedback, "profile_counts", None)
    if ask is None:
        return None
    with translation.override("id"):
        found = _summed(table for month in months for table in ask(unit, [month]))
    said = any(n for one in found for label, n in one["groups"] if label != UNSAID)
    return found if said else None


def _summed(tables: Iterable[Table]) -> list[Question]:
    questions: dict[str, tuple[str, dict[str, int | None]]] = {}
    for table in tables:
        _label, groups = questions.setdefault(table.attribute, (table.label, {}))
        for label, n in [*((cell.label, cell.n) for cell in table.cells), (UNSAID, table.unsaid)]:
            groups[label] = groups.get(label) if n is None else (groups.get(label) or 0) + n
    return [
        {"question": label, "groups": [list(row) for row in groups.items()]} for label, groups in questions.values()
    ]
