"""Numbers and dates as people read them: half-up rounding, decimal comma, real minus sign, months by name.

They follow the active language; Indonesian is the default. Rooms may call these from Python, templates use the tags.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

Number = int | float | Decimal | Fraction

MISSING = "–"
MINUS = "−"


def rounded(value: Number, digits: int = 0) -> Decimal:
    """Half-up (away from zero) at `digits` decimals, from the shortest decimal that names the value."""
    if isinstance(value, Fraction):
        scaled = value * 10**digits
        whole = int(abs(scaled) + Fraction(1, 2))
        return Decimal(whole if scaled >= 0 else -whole).scaleb(-digits)
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)) if isinstance(value, float) else value)
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def number(value: Number | None, digits: int = 0) -> str:
    """`3.405 → 3,41`; thousands grouped; nothing becomes a dash."""
    if value is None:
        return MISSING
    short = rounded(value, digits)
    text = number_format(abs(short), decimal_pos=digits, use_l10n=True, force_grouping=True)
    return f"{MINUS}{text}" if short < 0 else text


def signed(value: Number | None, digits: int = 2) -> str:
    """A difference: `+0,12`, `−0,08`, `0,00`."""
    if value is None:
        return MISSING
    text = number(value, digits)
    return f"+{text}" if rounded(value, digits) > 0 else text


def percent(share: Number | None, digits: int = 0) -> str:
    """A share in [0, 1] as per cent: `0.39 → 39%`."""
    if share is None:
        return MISSING
    hundred = Decimal(repr(float(share))) * 100 if isinstance(share, float) else share * 100
    return f"{number(hundred, digits)}%"


def interval(low: Number | None, high: Number | None, digits: int = 2) -> str:
    """`3,29–3,53`; beside minus signs a dash would read as one more: `−0,15 sampai 0,25`."""
    if low is None or high is None:
        return MISSING
    ends = {"low": number(low, digits), "high": number(high, digits)}
    return (_("%(low)s sampai %(high)s") if MINUS in "".join(ends.values()) else "%(low)s–%(high)s") % ends


def before_stop(name: object) -> str:
    """A name that ends a sentence: `S.H.` brings its own full stop."""
    return str(name).removesuffix(".")


def _local(moment: date | datetime) -> date | datetime:
    return timezone.localtime(moment) if isinstance(moment, datetime) and timezone.is_aware(moment) else moment


def day(moment: date | datetime | None) -> str:
    """`9 November 2026`."""
    return date_format(_local(moment), "j F Y") if moment else MISSING


def day_short(moment: date | datetime | None) -> str:
    """`9 Nov 2026`."""
    return date_format(_local(moment), "j M Y") if moment else MISSING


def weekday(moment: date | datetime | None) -> str:
    """`Senin, 9 November 2026`."""
    return date_format(_local(moment), "l, j F Y") if moment else MISSING


def month(moment: date | datetime | None) -> str:
    """`Oktober 2026`."""
    return date_format(_local(moment), "F Y") if moment else MISSING


def month_short(moment: date | datetime | None) -> str:
    """`Okt 2026`."""
    return date_format(_local(moment), "M Y") if moment else MISSING


def months(first: date, last: date) -> str:
    """`Agustus–Oktober 2026`, `Desember 2025–Februari 2026`, `Oktober 2026`."""
    if (first.year, first.month) == (last.year, last.month):
        return month(last)
    return f"{date_format(first, 'F') if first.year == last.year else month(first)}–{month(last)}"


def clock_time(moment: datetime | None) -> str:
    """`10.42`, office time, with the Indonesian full stop."""
    return date_format(_local(moment), "H.i") if moment else MISSING
