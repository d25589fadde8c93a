"""States, clocks at their edges, ties, files by their bytes, and what the public may count."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.complaints import files, rules
from teladan.complaints.files import Kind, Trouble
from teladan.complaints.rules import State, Tie
from teladan.core import codes
from tests.complaints.conftest import PDF, jpeg, png

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


# --- states ----------------------------------------------------------------------------------------------------------


def test_every_state_has_its_line_and_ends_lead_nowhere() -> None:
    assert set(rules.TRANSITIONS) == set(State)
    assert {State.DELIVERED, State.WITHDRAWN, State.ESCALATED, State.FORWARDED} == rules.ENDS
    assert all(rules.whose_turn(state) is None for state in rules.ENDS)


def test_nothing_is_delivered_undecided_and_nothing_decided_is_taken_back() -> None:
    assert [before for before in State if rules.may_move(before, State.DELIVERED)] == [State.DECIDED]
    assert [before for before in State if rules.may_move(before, State.DECIDED)] == [State.EXAMINED]
    assert rules.TRANSITIONS[State.DECIDED] == {State.DELIVERED}


def test_every_end_can_be_reached() -> None:
    seen, todo = set(), [State.RECEIVED]
    while todo:
        here = todo.pop()
        seen.add(here)
        todo += [after for after in rules.TRANSITIONS[here] if after not in seen]
    assert seen == set(State)


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "length", "last"),
    [
        (date(2026, 1, 31), 14, date(2026, 2, 14)),
        (date(2026, 1, 31), 30, date(2026, 3, 2)),
        (date(2028, 1, 30), 30, date(2028, 2, 29)),  # a leap year
        (date(2026, 11, 9), 60, date(2027, 1, 8)),
        (date(2026, 12, 18), 14, date(2027, 1, 1)),  # ends on a holiday: calendar days do not move
    ],
)
def test_a_clock_ends_on_its_last_calendar_day(start: date, length: int, last: date) -> None:
    assert rules.due(start, length) == last
    assert not rules.is_overdue(last, last)
    assert rules.is_overdue(last, last + timedelta(days=1))


def test_no_clock_is_never_overdue() -> None:
    assert not rules.is_overdue(None, date(2030, 1, 1))


@pytest.mark.parametrize(("received", "late"), [(date(2026, 3, 2), False), (date(2026, 3, 3), True)])
def test_filing_on_the_thirtieth_day_is_in_time(received: date, late: bool) -> None:
    assert rules.is_filed_late(date(2026, 1, 31), received, 30) is late


def test_silence_does_not_stop_the_decision_clock() -> None:
    due_on = date(2026, 11, 23)
    assert rules.decision_due(date(2026, 11, 10), due_on, 60) == date(2027, 1, 9)
    assert rules.decision_due(date(2026, 12, 31), due_on, 60) == date(2027, 1, 22)


@given(days, days, st.integers(1, 90))
def test_the_decision_is_never_due_later_than_from_the_check(declared: date, check: date, length: int) -> None:
    assert rules.decision_due(declared, check, length) <= rules.due(check, length)


# --- who may judge ---------------------------------------------------------------------------------------------------

TREE = {1: None, 2: 1, 3: 2, 4: 3, 5: 1}


@pytest.mark.parametrize(("unit", "office"), [(1, 1), (2, 2), (3, 2), (4, 2), (5, 5), (9, 9)])
def test_an_office_stands_right_below_the_top(unit: int, office: int) -> None:
    assert rules.office_of(unit, TREE) == office


def test_a_circle_in_the_tree_ends() -> None:
    assert rules.office_of(1, {1: 2, 2: 1}) in {1, 2}


@pytest.mark.parametrize(
    ("judge", "offices", "superiors", "accused", "tie"),
    [
        (None, {5}, set(), set(), Tie.NO_PLACE),
        ("a", set(), set(), set(), Tie.NO_PLACE),
        ("a", {2}, set(), set(), Tie.OFFICE),
        ("a", {5, 2}, set(), set(), Tie.OFFICE),  # acting there counts, too
        ("a", {5}, set(), {"a"}, Tie.SELF),
        ("a", {5}, {"b"}, {"b"}, Tie.SUBORDINATE),
        ("a", {5}, {"b"}, {"c"}, None),
    ],
)
def test_ties(judge: str | None, offices: set[int], superiors: set[str], accused: set[str], tie: Tie | None) -> None:
    found = rules.tie(judge=judge, offices=offices, superiors=superiors, office=2, complained_of=accused)
    assert found is tie


# --- what the public may count ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decided", "upheld", "shown"),
    [
        (9, 9, (None, None)),
        (10, 10, (10, 10)),
        (20, 10, (20, 10)),
        (19, 10, (19, None)),  # nine others would be known by subtraction
        (19, 9, (19, None)),
        (20, 0, (20, None)),
    ],
)
def test_upheld_are_withheld_with_their_complement(decided: int, upheld: int, shown: tuple[int, int]) -> None:
    counts = rules.counts(30, [7] * decided, upheld, k=10)
    assert (counts.decided, counts.upheld) == shown
    assert (counts.median_days is None) == (counts.decided is None)


@given(st.integers(0, 40), st.lists(st.integers(0, 90), max_size=40), st.integers(0, 40), st.integers(2, 12))
def test_no_shown_number_or_difference_is_smaller_than_k(received: int, spans: list[int], hits: int, k: int) -> None:
    upheld = min(hits, len(spans))
    counts = rules.counts(received, spans, upheld, k=k)
    assert all(one is None or one >= k for one in (counts.received, counts.decided, counts.upheld))
    if counts.decided is not None and counts.upheld is not None:
        assert counts.decided - counts.upheld == 0 or counts.decided - counts.upheld >= k


def test_the_median_of_days() -> None:
    assert rules.counts(0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 40], 10, k=10).median_days == 5.5


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"", Trouble.EMPTY),
        (b"MZ" + b"\0" * 100, Trouble.UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Trouble.UNKNOWN),
        (b"<html><script>1</script>", Trouble.UNKNOWN),
        (b"PK\3\4" + b"\0" * 100, Trouble.UNKNOWN),
        (b"GIF89a" + b"\0" * 100, Trouble.UNKNOWN),
        (b" " + PDF, Trouble.UNKNOWN),
        (png()[:-4], Trouble.BROKEN),
        (b"\x89PNG\r\n\x1a\n", Trouble.BROKEN),
        (png(0, 5), Trouble.BROKEN),
        (png(50_000, 50_000), Trouble.TOO_MANY_PIXELS),  # a bomb: small on disk, ten gigabytes when opened
        (jpeg(65_000, 65_000), Trouble.TOO_MANY_PIXELS),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 40, Trouble.BROKEN),
        (b"\xff\xd8\xff\xff\xff\xff", Trouble.BROKEN),
        (PDF[:-8], Trouble.BROKEN),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction 2 0 R"), Trouble.ACTIVE),
        (PDF.replace(b"/Catalog", b"/Catalog/AA<</S/JavaScript>>"), Trouble.ACTIVE),
        (png() + b"\0" * files.MAX_BYTES, Trouble.TOO_LARGE),
    ],
    ids=lambda value: str(value) if isinstance(value, Trouble) else "",
)
def test_files_are_refused_by_their_bytes(content: bytes, trouble: Trouble) -> None:
    looked = files.look(content)
    assert (looked.kind, looked.trouble) == (None, trouble)


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, Kind.PDF), (png(3000, 2000), Kind.PNG), (jpeg(4000, 3000), Kind.JPEG)]
)
def test_files_are_known_by_their_bytes(content: bytes, kind: Kind) -> None:
    assert files.look(content) == files.Looked(kind)


@given(st.binary(max_size=200), st.sampled_from([b"", files.PNG_HEAD, files.JPEG_HEAD, files.PDF_HEAD]))
def test_looking_never_fails(content: bytes, head: bytes) -> None:
    looked = files.look(head + content)
    assert (looked.kind is None) != (looked.trouble is None)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.png", "passwd.pdf"),
        ("C:\\Users\\x\\foto.jpg", "foto.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a__Set-Cookie_ x.pdf"),
        (".png", "lampiran.pdf"),
        ("", "lampiran.pdf"),
    ],
)
def test_the_senders_name_is_never_a_path(sent: str, shown: str) -> None:
    assert files.shown_name(sent, Kind.PDF) == shown


# --- codes -----------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=10, max_size=10))
def test_codes_forgive_what_hands_confuse(secret: bytes) -> None:
    code = codes.encode(secret)
    assert len(code) == codes.CODE_CHARS
    assert codes.normal(codes.grouped(code).lower().replace("0", "o").replace("1", "l")) == code


def test_codes_need_ten_bytes() -> None:
    with pytest.raises(ValueError, match="sepuluh"):
        codes.encode(b"123")
