"""NIP: what no digit may say, and what the digits do say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.people.rules import NipError, parse_nip

TODAY = date(2026, 11, 9)
BORN = st.dates(date(1950, 1, 1), date(2005, 12, 31))


def text_of(born: date, year: int, month: int, sex: int, sequence: int) -> str:
    return f"{born:%Y%m%d}{year}{month:02d}{sex}{sequence:03d}"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "1.98E+17",
        "19900101201503100",
        "1990010120150310011",
        "19900101 2015031001",
        "199013012015031001",  # month 13
        "199002302015031001",  # 30 February
        "189901012015031001",  # nobody is that old
        "203001012015031001",  # born tomorrow
        "199001012015131001",  # appointed in month 13
        "199001012015001001",
        "199001012015221001",
        "199001011999031001",  # appointed as a child
        "199001012099031001",  # appointed in the far future
        "199001012015033001",  # sex 3
        "199001012015030001",
        "١٩٩٠٠١٠١٢٠١٥٠٣١٠٠١",  # digits, but not those
    ],
)
def test_nip_refuses(wrong: str) -> None:
    with pytest.raises(NipError) as caught:
        parse_nip(wrong, on=TODAY)
    assert caught.value.what
    assert caught.value.todo


@given(BORN, st.integers(16, 40), st.integers(1, 12), st.integers(1, 2), st.integers(0, 999))
def test_nip_says_what_it_was_made_of(born: date, years: int, month: int, sex: int, sequence: int) -> None:
    year = min(born.year + years, TODAY.year)
    found = parse_nip(text_of(born, year, month, sex, sequence), on=TODAY)
    assert (found.born_on, found.year, found.month, found.sequence) == (born, year, month, sequence)
    assert found.sex == "LP"[sex - 1]
    assert not found.is_pppk


@given(BORN, st.integers(1, 2))
def test_month_21_means_pppk(born: date, sex: int) -> None:
    assert parse_nip(text_of(born, 2024, 21, sex, 901), on=TODAY).is_pppk


@given(st.from_regex(r"[0-9]{18}", fullmatch=True))
def test_eighteen_digits_are_taken_apart_exactly_or_refused(text: str) -> None:
    try:
        found = parse_nip(text, on=TODAY)
    except NipError:
        return
    month = 21 if found.is_pppk else found.month
    assert text == text_of(found.born_on, found.year, month or 0, "LP".index(found.sex) + 1, found.sequence)


@given(st.text(max_size=30))
def test_any_text_is_a_nip_or_refused(text: str) -> None:
    try:
        assert parse_nip(text, on=TODAY).text == text
    except NipError as error:
        assert error.todo  # noqa: PT017 - either way is right


@given(st.dates(TODAY, TODAY + timedelta(days=10_000)))
def test_nobody_is_born_in_the_future(born: date) -> None:
    with pytest.raises(NipError):
        parse_nip(text_of(born, 2024, 1, 1, 1), on=TODAY)
