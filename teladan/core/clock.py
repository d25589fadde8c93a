"""The product's one clock. Days and months are those of the office (Asia/Jakarta); instants are stored in UTC.

Nothing else in the product asks the machine for the time, so that a past month can be lived again exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta

from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("fixed_clock", default=None)


def now() -> datetime:
    """The present instant, aware."""
    return _fixed.get() or timezone.now()


def today() -> date:
    """The present day at the office."""
    return day_of(now())


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Live at another instant inside this block (seeding and tests)."""
    token = _fixed.set(instant)
    try:
        yield
    finally:
        _fixed.reset(token)


def local(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """The aware instant of an office day and time."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute, second)))


def day_of(instant: datetime) -> date:
    """The office day of an instant."""
    return instant.astimezone(timezone.get_default_timezone()).date()


def seconds_left_of_day(instant: datetime) -> int:
    """Whole seconds until the office day of an instant is over, at least one."""
    return max(1, int((local(day_of(instant) + timedelta(days=1)) - instant).total_seconds()))


def month_of(moment: date | datetime) -> date:
    """First day of the office month in which a day or instant lies."""
    day = day_of(moment) if isinstance(moment, datetime) else moment
    return day.replace(day=1)


def add_months(month: date, count: int) -> date:
    """The first day of the month `count` months after (or before) `month`."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def month_end(month: date) -> date:
    """The last day of a month."""
    return add_months(month, 1) - timedelta(days=1)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Half-open instants [from, until) of an office month."""
    return local(month), local(add_months(month, 1))


def parse_month(text: str) -> date:
    """`2026-10` as the first day of that month; ValueError otherwise."""
    try:
        year, month = text.split("-")
        return date(int(year), int(month), 1)
    except ValueError as error:
        raise ValueError(f"Bulan harus ditulis TTTT-BB, misalnya 2026-10, bukan {text!r}.") from error
