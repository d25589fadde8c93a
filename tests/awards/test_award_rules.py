"""Eligibility, ties, refusals of a decision, numbers and codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.awards import rules
from teladan.awards.rules import Ballot, Obstacle, Refusal, Tie

FAIR = Ballot(
    candidates={1, 2},
    winners={1: "Cekatan"},
    reason="Bukti",
    stated={1: False, 2: False},
    tied=(),
    already=(),
    places=1,
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reason": " \n"}, [Refusal.NO_REASON]),
        ({"winners": {3: "Orang lain"}}, [Refusal.UNKNOWN]),
        ({"winners": {1: "a", 2: "b"}}, [Refusal.TOO_MANY]),
        ({"winners": {1: "  "}}, [Refusal.NO_CITATION]),
        ({"stated": {1: False}}, [Refusal.NOT_STATED]),
        ({"stated": {}, "reason": ""}, [Refusal.NO_REASON, Refusal.NOT_STATED]),
        ({"stated": {1: False, 2: True}}, [Refusal.CONFLICTED]),
        ({"tied": {2}}, [Refusal.CONFLICTED]),
        ({"already": {1}}, [Refusal.TWICE]),
    ],
)
def test_decision_refuses(change: dict[str, object], expected: list[Refusal]) -> None:
    assert rules.refusals(replace(FAIR, **change)) == expected  # type: ignore[arg-type]


def test_decision_may_choose_somebody_or_nobody() -> None:
    assert rules.refusals(FAIR) == []
    assert rules.refusals(replace(FAIR, winners={})) == []
    assert rules.refusals(replace(FAIR, candidates=(), stated={}, winners={})) == []


keys = st.integers(1, 6)


@given(
    candidates=st.frozensets(keys),
    winners=st.dictionaries(keys, st.sampled_from(["", "Cekatan"])),
    reason=st.sampled_from(["", "Bukti"]),
    stated=st.dictionaries(keys, st.booleans()),
    tied=st.frozensets(keys),
    already=st.frozensets(keys),
    places=st.integers(1, 3),
)
def test_no_decision_without_reason_by_a_conflicted_voice_or_twice(
    candidates: frozenset[int],
    winners: dict[int, str],
    reason: str,
    stated: dict[int, bool],
    tied: frozenset[int],
    already: frozenset[int],
    places: int,
) -> None:
    if rules.refusals(Ballot(candidates, winners, reason, stated, tied, already, places)):
        return
    assert reason
    assert set(winners) <= candidates - already
    assert len(winners) <= places
    assert all(winners.values())
    assert all(key in stated and not stated[key] and key not in tied for key in candidates)


def test_obstacles() -> None:
    assert rules.obstacle(may_be_used=False, punctuality=1.0, minimum=0.9) is Obstacle.USE
    assert rules.obstacle(may_be_used=True, punctuality=0.8999, minimum=0.9) is Obstacle.PUNCTUALITY
    assert rules.obstacle(may_be_used=True, punctuality=0.9, minimum=0.9) is None
    assert rules.obstacle(may_be_used=True, punctuality=None, minimum=0.9) is None  # no promised time: never late


@pytest.mark.parametrize(("share", "stable"), [(None, True), (1.0, True), (0.8, True), (0.79, False)])
def test_stability_flag(share: float | None, stable: bool) -> None:
    assert rules.is_stable(share) is stable


def test_ties_are_known_in_order_of_strength() -> None:
    def tie(
        member: str | None, appraiser: str | None = None, offices: tuple[int | None, int | None] = (1, 2)
    ) -> object:
        return rules.known_tie(
            member=member, candidate="mega", appraiser=appraiser, member_office=offices[0], office=offices[1]
        )

    assert tie("mega", "mega") is Tie.SELF
    assert tie("budi", "budi", (1, 1)) is Tie.APPRAISER
    assert tie("rani", "budi", (1, 1)) is Tie.OFFICE
    assert tie("rani", "budi") is None
    assert tie("rani", "budi", (None, None)) is None
    assert tie(None) is None


def test_office_is_the_unit_below_the_top() -> None:
    parents = {1: None, 2: 1, 3: 2, 4: 3, 9: 9}
    assert [rules.office_of(unit, parents) for unit in (1, 2, 3, 4, 7)] == [1, 2, 2, 2, 7]
    assert rules.office_of(9, parents) == 9  # a cycle ends


def test_number_of_a_certificate() -> None:
    assert rules.award_number(3, "petugas-teladan", date(2026, 10, 1)) == "003/PETUGAS-TELADAN/X/2026"


@given(st.binary(min_size=10, max_size=10))
def test_code_survives_paper_and_typing(random: bytes) -> None:
    code = rules.code_from(random)
    assert len(code) == 16
    assert rules.normalised_code(rules.written_code(code).lower()) == code
    misread = code.replace("0", "O").replace("1", "l")
    assert rules.normalised_code(f"  {misread} ") == code


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_codes_differ_when_their_bytes_do(one: bytes, other: bytes) -> None:
    assert (rules.code_from(one) == rules.code_from(other)) is (one == other)


def test_code_needs_ten_bytes() -> None:
    with pytest.raises(ValueError, match="sepuluh"):
        rules.code_from(b"123")
