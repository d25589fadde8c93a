"""The shortlist rule: refusals, the three good reasons to be empty, the largest set within q."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.scoring import Empty, shortlist, top_k


@pytest.mark.parametrize("q", [-0.1, 1.1])
def test_shortlist_refuses_q_that_is_no_share(q: float) -> None:
    with pytest.raises(ValueError, match="q="):
        shortlist({"a": 0.5}, q=q)


def test_shortlist_refuses_p_that_is_no_probability_and_names_it() -> None:
    with pytest.raises(ValueError, match="budi"):
        shortlist({"ani": 0.5, "budi": 1.5})


def group(*chances: float, size: int = 10) -> dict[str, float]:
    return {f"o{i}": p for i, p in enumerate([*chances, *[0.0] * (size - len(chances))])}


@pytest.mark.parametrize(("size", "k"), [(0, 3), (8, 3), (12, 3), (13, 4), (16, 4), (17, 5), (100, 25)])
def test_top_is_a_quarter_and_at_least_three(size: int, k: int) -> None:
    assert top_k(size) == k


def test_group_below_eight_has_no_shortlist() -> None:
    found = shortlist(group(1.0, 1.0, 1.0, size=7))
    assert (found.members, found.reason) == ((), Empty.SMALL_GROUP)


def test_no_clear_difference_is_a_good_answer() -> None:
    found = shortlist(group(*[0.3] * 10))
    assert (found.selected, found.reason, found.expected_error) == ((), Empty.NO_CLEAR_DIFFERENCE, None)


def test_largest_set_within_q_may_hold_one_below_the_line() -> None:
    found = shortlist(group(0.99, 0.9, 0.55, 0.5))
    assert found.members == ("o0", "o1", "o2")  # doubts .01 + .1 + .45 = .56, mean .187; the fourth would make .265
    assert found.expected_error == pytest.approx(0.56 / 3)


def test_eligibility_filters_afterwards_and_moves_nobody_up() -> None:
    found = shortlist(group(0.99, 0.9, 0.55, 0.5), eligible={"o1", "o3"})
    assert found.members == ("o1",)
    assert found.selected == ("o0", "o1", "o2")
    nobody = shortlist(group(0.99, 0.9, 0.55), eligible=())
    assert (nobody.members, nobody.reason) == ((), Empty.NONE_ELIGIBLE)


def test_equal_chances_are_taken_or_left_together() -> None:
    assert shortlist(group(1.0, 0.7, 0.7, 0.7)).members == ("o0",)  # with one .7: .15, with all three .225
    assert shortlist(group(1.0, 0.8, 0.8, 0.6)).members == ("o0", "o1", "o2", "o3")
    assert shortlist(group(0.8, 0.8, 0.8)).members == ("o0", "o1", "o2")  # exactly q


@given(st.lists(st.floats(0, 1), min_size=8, max_size=40), st.floats(0, 1))
def test_set_is_within_q_and_no_larger_set_is(chances: list[float], q: float) -> None:
    found = shortlist(group(*chances, size=len(chances)), q=q)
    ordered = sorted(chances, reverse=True)
    size = len(found.selected)
    if size:
        assert found.expected_error is not None
        assert found.expected_error <= q + 1e-9
    larger = [m for m in range(size + 1, len(ordered) + 1) if m == len(ordered) or ordered[m] < ordered[m - 1]]
    assert all(sum(1 - p for p in ordered[:m]) / m > q for m in larger)
