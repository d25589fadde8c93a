"""Promises in words, what a re-sent event means, what is impossible."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.services import rules
from teladan.services.rules import Change, EventFacts

MET = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
ANI, BUDI = UUID(int=1), UUID(int=2)
FACTS = EventFacts(1, ANI, 1, "loket", MET, MET, None, "granted")


@pytest.mark.parametrize("text", ["segera", "0 jam", "satu hari", "24"])
def test_promise_refuses_what_it_does_not_understand(text: str) -> None:
    with pytest.raises(ValueError, match="Janji waktu"):
        rules.promised_minutes(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("24 jam (paling cepat 1 jam) setelah berkas lengkap", 1440),
        ("", None),
        ("  ", None),
        ("30 menit", 30),
        ("14 hari", 14 * 1440),
        ("1 Jam", 60),
    ],
)
def test_promise_in_minutes(text: str, minutes: int | None) -> None:
    assert rules.promised_minutes(text) == minutes


@pytest.mark.parametrize(
    "change",
    [
        {"service": 2},
        {"officer": BUDI},
        {"counter": 2},
        {"channel": "daring"},
        {"met_at": MET + timedelta(minutes=1)},
        {"helpers": frozenset({(BUDI, "verifikator")})},
        {"complete_at": MET + timedelta(hours=1)},
        {"outcome": "refused"},
    ],
)
def test_compare_finds_conflict(change: dict[str, object]) -> None:
    assert rules.compare(FACTS, replace(FACTS, **change)) is Change.CONFLICT


def test_compare_finished_event_does_not_end_twice() -> None:
    done = replace(FACTS, finished_at=MET + timedelta(hours=1))
    assert rules.compare(done, replace(done, finished_at=MET + timedelta(hours=2))) is Change.CONFLICT
    assert rules.compare(done, replace(done, outcome="refused")) is Change.CONFLICT


def test_compare_lets_times_be_filled_in() -> None:
    opened = replace(FACTS, complete_at=None)
    assert rules.compare(opened, FACTS) is Change.PROGRESS
    assert rules.compare(FACTS, replace(FACTS, finished_at=MET)) is Change.PROGRESS
    assert rules.compare(FACTS, replace(FACTS, finished_at=MET, outcome="refused")) is Change.PROGRESS


def test_compare_first_message_sent_again_is_the_same() -> None:
    done = replace(FACTS, finished_at=MET + timedelta(hours=1))
    refused = replace(done, outcome="refused")
    assert rules.compare(FACTS, FACTS) is Change.SAME
    assert rules.compare(done, FACTS) is Change.SAME
    assert rules.compare(refused, FACTS) is Change.SAME


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"met_at": MET + timedelta(minutes=6)}, "met_at"),
        ({"complete_at": MET + timedelta(hours=1)}, "complete_at"),
        ({"finished_at": MET + timedelta(days=1)}, "finished_at"),
        ({"finished_at": MET - timedelta(minutes=1)}, "finished_at"),
        ({"complete_at": None, "finished_at": MET - timedelta(minutes=1)}, "finished_at"),
        ({"outcome": "lost"}, "outcome"),
        ({"channel": "pos"}, "channel"),
        ({"helpers": frozenset({(ANI, "verifikator")})}, "helpers"),
        ({"helpers": frozenset({(BUDI, "verifikator"), (BUDI, "pencetak")})}, "helpers"),
    ],
)
def test_faults_name_the_field(change: dict[str, object], where: str) -> None:
    assert [name for name, _ in rules.faults(replace(FACTS, **change), now=MET)] == [where]


def test_faults_forgive_a_clock_that_is_a_little_ahead() -> None:
    assert not rules.faults(replace(FACTS, met_at=MET + timedelta(minutes=5)), now=MET)


@pytest.mark.parametrize("number", ["", "x" * 61, "A\nB", "A\x00B"])
def test_number_refuses(number: str) -> None:
    assert rules.number_fault(number)


def test_on_time_is_not_judged() -> None:
    later = MET + timedelta(days=9)
    base = {"complete_at": MET, "finished_at": MET, "minutes": 60, "until": later}
    assert rules.on_time(outcome="refused", **base) is None
    assert rules.on_time(outcome="incomplete", **base) is None
    assert rules.on_time(outcome="granted", **{**base, "minutes": None}) is None
    assert rules.on_time(outcome="granted", **{**base, "complete_at": None}) is None
    assert rules.on_time(outcome="granted", **{**base, "finished_at": None, "until": MET}) is None


def test_on_time_open_file_is_late_once_the_promise_has_run_out() -> None:
    due = MET + timedelta(hours=1)
    ask = {"outcome": "granted", "complete_at": MET, "finished_at": None, "minutes": 60}
    assert rules.on_time(**ask, until=due) is None
    assert rules.on_time(**ask, until=due + timedelta(seconds=1)) is False


def test_on_time_to_the_minute() -> None:
    ask = {"outcome": "granted", "complete_at": MET, "minutes": 60, "until": MET + timedelta(days=1)}
    assert rules.on_time(**ask, finished_at=MET + timedelta(minutes=60)) is True
    assert rules.on_time(**ask, finished_at=MET + timedelta(minutes=60, seconds=1)) is False


def test_queue_number_counts_on() -> None:
    assert rules.next_queue_number("DDK", []) == "DDK-001"
    assert rules.next_queue_number("DDK", ["DDK-009", "DDK-023", "X-99", "DDK-2B"]) == "DDK-024"
    assert rules.next_queue_number("", ["007"]) == "008"
    assert rules.next_queue_number("DDK", ["DDK-999"]) == "DDK-1000"


def test_counter_event_number_is_of_one_day() -> None:
    number = rules.counter_event_number("MPP-DDK", date(2026, 11, 23), "DDK-024")
    assert number == "MPP-DDK/261123/DDK-024"
    assert rules.queue_number_of(number) == "DDK-024"


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 5_000), st.integers(0, 20_000))
def test_on_time_never_turns_from_late_to_kept(complete: int, took: int, minutes: int, until: int) -> None:
    """What was late at one instant is late at every later one."""
    start = MET + timedelta(minutes=complete)
    ask = {"outcome": "granted", "complete_at": start, "finished_at": start + timedelta(minutes=took)}
    first = rules.on_time(**ask, minutes=minutes, until=MET + timedelta(minutes=until))
    last = rules.on_time(**ask, minutes=minutes, until=MET + timedelta(days=999))
    assert first is None or first == last
