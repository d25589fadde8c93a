"""Who answered, by sex, age, education and work, where the survey collects it.

The seam: `feedback.queries.profile_counts(unit_id, months)` gives `{month: {question: {group: how many}}}` of sealed
months, from counts alone. While that query does not exist the profile is "not collected", which the report says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from teladan.evaluation.rules import skm as rules
from teladan.evaluation.rules.closing import disclosed
from teladan.evaluation.rules.skm import Cell, Period
from teladan.feedback import queries as feedback
from teladan.people.models import Unit

Counts = Mapping[date, Mapping[str, Mapping[str, int]]]
QUESTIONS = ("sex", "age", "education", "job")


def profile_of(unit: Unit, period: Period, k: int) -> dict[str, dict[str, int | None]] | None:
    """Per question how many of each group; a group that may not be shown is None. Nothing where none was collected."""
    ask = getattr(feedback, "profile_counts", None)
    counts: Counts = ask(unit.pk, period.months) if ask else {}
    found = {question: shown(counts, question, period, k) for question in QUESTIONS}
    return {question: groups for question, groups in found.items() if groups} or None


def shown(counts: Counts, question: str, period: Period, k: int) -> dict[str, int | None]:
    """The groups of one question over a period: each is summed over the months in which it could be shown by itself."""
    months = {month: dict(found.get(question, {})) for month, found in counts.items()}
    open_in = {month: disclosed(groups, k) if sum(groups.values()) >= k else () for month, groups in months.items()}
    found: dict[str, int | None] = {}
    for group in sorted({group for groups in months.values() for group in groups}):
        cells = {month: Cell(groups.get(group, 0), group in open_in[month]) for month, groups in months.items()}
        used = rules.months_of_part(period, cells)
        found[group] = sum(cells[month].n for month in used) if used else None
    return found
