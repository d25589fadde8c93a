"""Numbers and dates as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from teladan.ui import formats


@pytest.fixture(autouse=True)
def _indonesian():
    with translation.override("id"):
        yield


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (3.405, 2, "3,41"),  # half-up on the decimal that is written, not on the binary below it
        (2.5, 0, "3"),
        (0.125, 2, "0,13"),
        (-2.5, 0, "−3"),
        (88.715, 2, "88,72"),
        (Decimal("88.305"), 2, "88,31"),
        (Fraction(1, 3), 4, "0,3333"),
        (Fraction(-5, 2), 0, "−3"),
        (1480, 0, "1.480"),
        (1234567.891, 1, "1.234.567,9"),
        (-0.001, 2, "0,00"),
        (0, 0, "0"),
        (None, 2, "–"),
    ],
)
def test_number_rounds_half_up_with_decimal_comma(value, digits, text):
    assert formats.number(value, digits) == text


def test_number_follows_the_language():
    with translation.override("en"):
        assert formats.number(1480.5, 1) == "1,480.5"


@pytest.mark.parametrize(("value", "text"), [(0.12, "+0,12"), (-0.084, "−0,08"), (0.001, "0,00"), (None, "–")])
def test_signed_names_the_direction(value, text):
    assert formats.signed(value) == text


@pytest.mark.parametrize(
    ("share", "digits", "text"), [(0.385, 0, "39%"), (1, 0, "100%"), (0.9615, 1, "96,2%"), (None, 0, "–")]
)
def test_percent_from_share(share, digits, text):
    assert formats.percent(share, digits) == text


def test_interval_needs_both_ends():
    assert formats.interval(3.285, 3.5349) == "3,29–3,53"
    assert formats.interval(None, 3.5) == "–"
    assert formats.interval(-0.15, 0.25) == "−0,15 sampai 0,25"  # a dash beside a minus is a riddle


def test_dates_in_indonesian():
    day = date(2026, 11, 9)
    assert formats.day(day) == "9 November 2026"
    assert formats.weekday(day) == "Senin, 9 November 2026"
    assert formats.month(date(2026, 10, 1)) == "Oktober 2026"
    assert formats.month_short(date(2026, 10, 1)) == "Okt 2026"
    assert formats.day(None) == "–"


def test_instants_are_shown_in_office_time():
    late = datetime(2026, 11, 9, 20, 5, tzinfo=UTC)
    assert formats.day(late) == "10 November 2026"
    assert formats.clock_time(late) == "03.05"


def test_a_title_at_the_end_of_a_sentence_brings_one_full_stop():
    assert f"Menunggu {formats.before_stop('Rina Jambak, S.H.')}." == "Menunggu Rina Jambak, S.H."
    assert f"Menunggu {formats.before_stop('Rina Jambak')}." == "Menunggu Rina Jambak."


def test_months_name_the_year_once():
    assert formats.months(date(2026, 8, 1), date(2026, 10, 1)) == "Agustus–Oktober 2026"
    assert formats.months(date(2025, 12, 1), date(2026, 2, 1)) == "Desember 2025–Februari 2026"
    assert formats.months(date(2026, 10, 1), date(2026, 10, 31)) == "Oktober 2026"


@given(st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 6))
def test_rounding_never_moves_further_than_half_a_step(value, digits):
    moved = abs(formats.rounded(value, digits) - Decimal(repr(value)))
    assert moved <= Decimal(5).scaleb(-digits - 1)
