"""What the citizens' voice suggests about *perilaku*: only what two intervals agree on. Pure; the edges are policy rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """Where an officer stands against what is expected of behaviour."""

    ABOVE = "above"
    MEETS = "meets"
    BELOW = "below"


class Reason(StrEnum):
    """Why: both intervals beyond the expectation, only one, none; or nothing may be suggested at all."""

    BOTH = "both"
    ONLY_ONE = "only_one"
    NEITHER = "neither"
    NOT_USABLE = "not_usable"


@dataclass(frozen=True)
class Suggestion:
    """`standing` is None when nothing may be suggested. It decides nothing: the appraiser does."""

    standing: Standing | None
    reason: Reason


Interval = tuple[float | None, float | None]


def suggest(
    score: Interval, adjusted: Interval, *, low: float = 3.0, high: float = 3.6, usable: bool = True
) -> Suggestion:
    """Suggest a standing from the 95 % intervals of the fair score and of the adjusted mean.

    Parameters
    ----------
    score, adjusted : (float or None, float or None)
        Ends of the intervals, on 1-4; None where there is none.
    low, high : float
        The expectation: from `low` to `high` meets it.
    usable : bool
        Whether the score may be used in evaluation (`allowed_use`).

    Returns
    -------
    Suggestion
        Above or below only when both intervals lie wholly beyond the expectation; "meets" otherwise.

    Raises
    ------
    ValueError
        When `low` is above `high`, or an interval ends before it begins.

    Examples
    --------
    >>> suggest((3.62, 3.9), (3.65, 3.95)).standing, suggest((3.5, 3.8), (3.65, 3.95)).reason
    (<Standing.ABOVE: 'above'>, <Reason.ONLY_ONE: 'only_one'>)
    """
    if low > high:
        raise ValueError(f"low={low} is above high={high}")
    ends = [end for pair in (score, adjusted) for end in pair if end is not None]
    if not usable or len(ends) < 4:
        return Suggestion(None, Reason.NOT_USABLE)
    if ends[0] > ends[1] or ends[2] > ends[3]:
        raise ValueError(f"score={score}, adjusted={adjusted}: an interval ends before it begins")
    for standing, beyond in (
        (Standing.ABOVE, (ends[0] > high, ends[2] > high)),
        (Standing.BELOW, (ends[1] < low, ends[3] < low)),
    ):
        if all(beyond):
            return Suggestion(standing, Reason.BOTH)
        if any(beyond):
            return Suggestion(Standing.MEETS, Reason.ONLY_ONE)
    return Suggestion(Standing.MEETS, Reason.NEITHER)
