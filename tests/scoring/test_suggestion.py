"""Suggestions about behaviour: refusals, nothing without use, and never from one interval alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.scoring import Reason, Standing, Suggestion, suggest

ABOVE, MEETS, BELOW = (3.7, 3.9), (3.1, 3.5), (2.2, 2.9)


def test_suggestion_refuses_an_expectation_upside_down() -> None:
    with pytest.raises(ValueError, match="is above"):
        suggest(MEETS, MEETS, low=3.6, high=3.0)


def test_suggestion_refuses_an_interval_upside_down() -> None:
    with pytest.raises(ValueError, match="interval"):
        suggest((3.5, 3.1), MEETS)


def test_nothing_is_suggested_without_use_or_interval() -> None:
    nothing = Suggestion(None, Reason.NOT_USABLE)
    assert suggest(ABOVE, ABOVE, usable=False) == nothing
    assert suggest((None, None), ABOVE) == suggest(ABOVE, (3.7, None)) == nothing


@pytest.mark.parametrize(
    ("score", "adjusted", "standing", "reason"),
    [
        (ABOVE, ABOVE, Standing.ABOVE, Reason.BOTH),
        (BELOW, BELOW, Standing.BELOW, Reason.BOTH),
        (ABOVE, MEETS, Standing.MEETS, Reason.ONLY_ONE),
        (MEETS, BELOW, Standing.MEETS, Reason.ONLY_ONE),
        (MEETS, MEETS, Standing.MEETS, Reason.NEITHER),
        ((3.6, 3.9), (3.6, 3.9), Standing.MEETS, Reason.NEITHER),  # the edge itself still meets
        ((2.5, 3.9), (2.5, 3.9), Standing.MEETS, Reason.NEITHER),
    ],
)
def test_both_intervals_must_lie_beyond(
    score: tuple[float, float], adjusted: tuple[float, float], standing: Standing, reason: Reason
) -> None:
    assert suggest(score, adjusted) == Suggestion(standing, reason)


ends = st.tuples(st.floats(1, 4), st.floats(1, 4)).map(lambda pair: (min(pair), max(pair)))


@given(ends, ends)
def test_suggestion_never_rests_on_one_interval(score: tuple[float, float], adjusted: tuple[float, float]) -> None:
    found = suggest(score, adjusted)
    assert found == suggest(adjusted, score)
    assert (found.standing is Standing.ABOVE) == (min(score[0], adjusted[0]) > 3.6)
    assert (found.standing is Standing.BELOW) == (max(score[1], adjusted[1]) < 3.0)
