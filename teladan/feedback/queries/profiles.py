"""Who answered, as counts: what respondents said of themselves, with every small cell and its complement hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum
from django.utils.translation import get_language

from teladan.feedback import rules
from teladan.feedback.models import CollectionMonth, ProfileCount, SealedRating
from teladan.feedback.questionnaire import FALLBACK, ProfileQuestion, versions
from teladan.people.models import Unit

UNSAID = ""
"""The value of the cell of those who did not say; most citizens answer without the official form."""


@dataclass(frozen=True)
class ProfileCell:
    """Respondents who gave one answer; `n` is None where too few did, or where the number would give others away."""

    value: str
    label: str
    n: int | None


@dataclass(frozen=True)
class ProfileTable:
    """One attribute of the respondents. `total` counts all ratings, None when even they are too few."""

    attribute: str
    label: str
    cells: tuple[ProfileCell, ...]
    unsaid: int | None
    total: int | None


def profile_counts(unit: Unit | int, months: Iterable[date]) -> list[ProfileTable]:
    """Sex, age band, education and job of a unit's respondents over the sealed ones of these months.

    Periods of one report must not overlap those of another: the difference of two tables is a table that nobody checked.
    """
    sealed = CollectionMonth.objects.filter(month__in=list(months), state=CollectionMonth.State.SEALED)
    policies = dict(sealed.values_list("month", "policy"))
    minimum = max((int(policy["disclosure.k"]) for policy in policies.values()), default=1)
    total = SealedRating.objects.filter(unit=unit, month__in=policies).count()
    rows = ProfileCount.objects.filter(unit=unit, month__in=policies).values_list("attribute", "value")
    counts = {(attribute, value): n for attribute, value, n in rows.annotate(n=Sum("count"))}
    return [_table(question, counts, total, minimum) for question in versions()[-1].profile]


def _table(question: ProfileQuestion, counts: dict[tuple[str, str], int], total: int, minimum: int) -> ProfileTable:
    language = get_language() or FALLBACK
    cells = {code: counts.get((question.attribute, code), 0) for code in question.options}
    cells[UNSAID] = max(0, total - sum(cells.values()))  # those whose rating is held have said who they are, too
    shown = rules.suppressed(cells, minimum=minimum)
    return ProfileTable(
        question.attribute,
        question.text(language),
        tuple(ProfileCell(code, words, shown[code]) for code, words in question.choices(language)),
        unsaid=shown[UNSAID],
        total=total if rules.may_publish(total, minimum=minimum) else None,
    )
