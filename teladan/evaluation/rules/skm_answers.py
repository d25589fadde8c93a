"""Pure decisions about the answers behind a report, line by line: when they may be given, and in what form.

A line holds the nine scores of one rating and nothing else. docs/rules/skm.md proves what the lines cannot tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from random import Random
from typing import Any

from teladan.scoring import UNANSWERED, Pattern, tally

OFFICERS = 3
"""Below three, an officer could take his own answers away and read those of the other."""


class Withheld(StrEnum):
    """Why a report's answers are not given line by line."""

    NO_INDEX = "no_index"
    UNEVEN = "uneven"  # elements rest on different months: an empty column would tell a line's month
    FEW_OFFICERS = "few_officers"  # the answers would be one person's
    FORGOTTEN = "forgotten"  # nobody can tell any more whose they would be


def withheld(
    *,
    has_index: bool,
    left_out: Iterable[str],
    left_out_of: Iterable[Iterable[str]],
    officers: Iterable[Mapping[Any, int]],
    k: int,
) -> Withheld | None:
    """The reason, or None: the report has an index, every element rests on the report's own months, and in each set of
    months that came in together three officers were rated, the most rated one left out still with k ratings."""
    if not has_index:
        return Withheld.NO_INDEX
    whole = list(left_out)
    if any(list(one) != whole for one in left_out_of):
        return Withheld.UNEVEN
    for rated in officers:
        if rated.get(None):
            return Withheld.FORGOTTEN
        if len(rated) < OFFICERS or sum(rated.values()) - max(rated.values()) < k:
            return Withheld.FEW_OFFICERS
    return None


def lines(patterns: Mapping[Pattern, int], *, k: int, seed: str) -> Counter[Pattern]:
    """A set of ratings as lines of which each is shared by k citizens or is nobody's.

    Combinations that k citizens gave stay as they are. The others are mixed: as many lines, every element with the same
    answers, dealt anew from the counts alone. Sums, means and the number of lines stay exact.
    """
    given = {pattern: n for pattern, n in patterns.items() if n and pattern != UNANSWERED}
    common = sorted((pattern for pattern in given if given[pattern] >= k), key=lambda one: (given[one], in_order(one)))
    rare = {pattern: n for pattern, n in given.items() if n < k}
    while common and 0 < sum(rare.values()) < k:
        fewest = common.pop(0)
        rare[fewest] = given[fewest]
    found = Counter({pattern: given[pattern] for pattern in common})
    found.update(_dealt(rare, Random(seed)))
    return found


def _dealt(patterns: Mapping[Pattern, int], random: Random) -> Iterable[Pattern]:
    """The answers of these lines dealt anew, element after element around the table, so that no line stays empty."""
    size, at = sum(patterns.values()), 0
    columns: list[list[int | None]] = []
    for counts in tally(patterns) if patterns else ():
        answers = [score for score in range(1, 5) for _ in range(counts[score])]
        random.shuffle(answers)
        column: list[int | None] = [*answers, *[None] * (size - len(answers))]
        columns.append(column[size - at :] + column[: size - at])
        at = (at + len(answers)) % size
    return zip(*columns, strict=True)


def in_order(pattern: Pattern) -> tuple[int, ...]:
    """By the scores, an empty one first: no other order of lines tells less."""
    return tuple(score or 0 for score in pattern)
