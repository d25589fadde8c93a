"""What an officer's score may be used for, given how much it rests on. Pure; the numbers are policy rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """From least to most: not shown, shown to the officer alone, feedback in evaluation, award shortlist."""

    HIDDEN = "hidden"
    SELF_ONLY = "self_only"
    EVALUATION = "evaluation"
    AWARD = "award"


@dataclass(frozen=True)
class Thresholds:
    """Ratings (n), distinct issue days and reliabilities in [0, 1] that open each use."""

    min_n: int = 10
    min_days: int = 3
    eval_n: int = 30
    eval_r: float = 0.70
    award_r: float = 0.80

    def __post_init__(self) -> None:
        if self.min_n < 1 or self.eval_n < self.min_n:
            raise ValueError(f"min_n={self.min_n}, eval_n={self.eval_n}: need 1 <= min_n <= eval_n")
        if not 0 <= self.eval_r <= self.award_r <= 1:
            raise ValueError(f"eval_r={self.eval_r}, award_r={self.award_r}: need 0 <= eval_r <= award_r <= 1")


DEFAULT_THRESHOLDS = Thresholds()


def allowed_use(
    n: int,
    issue_days: int,
    reliability: float | None,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    *,
    comparable: bool = True,
) -> Use:
    """Return the widest use allowed. An unknown reliability counts as zero; who is not comparable sees it alone.

    >>> allowed_use(9, 9, 1.0), allowed_use(500, 60, 0.69), allowed_use(30, 3, 0.80)
    (<Use.HIDDEN: 'hidden'>, <Use.SELF_ONLY: 'self_only'>, <Use.AWARD: 'award'>)
    """
    if n < thresholds.min_n or issue_days < thresholds.min_days:
        return Use.HIDDEN
    r = reliability or 0.0
    if n < thresholds.eval_n or r < thresholds.eval_r or not comparable:
        return Use.SELF_ONLY
    return Use.AWARD if r >= thresholds.award_r else Use.EVALUATION
