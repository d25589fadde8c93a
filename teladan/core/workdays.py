"""Counting working days: Monday to Friday, without the free days given. Pure; who knows the free days hands them in.

A period of n working days after a day ends on the n-th working day that follows it; the day itself never counts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

SATURDAY = 5
ONE = timedelta(days=1)


def is_working_day(day: date, free: Collection[date]) -> bool:
    """Neither a weekend nor a free day."""
    return day.weekday() < SATURDAY and day not in free


def add_working_days(start: date, count: int, free: Collection[date]) -> date:
    """The `count`-th working day after `start`; for nought, `start` itself. ValueError for a negative count."""
    if count < 0:
        raise ValueError("Jumlah hari kerja tidak boleh negatif.")
    day = start
    while count:
        day += ONE
        count -= is_working_day(day, free)
    return day


def working_days_between(start: date, end: date, free: Collection[date]) -> int:
    """Working days after `start` up to and with `end`; negative when `end` lies before `start`."""
    if end < start:
        return -working_days_between(end, start, free)
    days = (start + timedelta(days=shift) for shift in range(1, (end - start).days + 1))
    return sum(is_working_day(day, free) for day in days)
