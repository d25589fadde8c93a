"""Pure decisions about service events: promises in words, time against the promise, what a re-sent event means.

Also the words that event files and the API use for times, channels and outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

_PROMISE = re.compile(r"^\s*(\d+)\s*(menit|jam|hari)\b", re.IGNORECASE)
_MINUTES = {"menit": 1, "jam": 60, "hari": 24 * 60}
NUMBER_LENGTH = 60
EARLIEST_YEAR = 2000


def promised_minutes(text: str) -> int | None:
    """`24 jam (paling cepat 1 jam) …` as 1440; an empty promise is no standard; anything else is an error."""
    if not text.strip():
        return None
    found = _PROMISE.match(text)
    if found is None or int(found[1]) == 0:
        raise ValueError(f"Janji waktu {text!r} tidak dikenal. Tulis misalnya '30 menit', '24 jam' atau '3 hari'.")
    return int(found[1]) * _MINUTES[found[2].lower()]


def due_at(complete_at: datetime | None, minutes: int | None) -> datetime | None:
    """When the promise runs out; None without a complete file or a standard."""
    return complete_at + timedelta(minutes=minutes) if complete_at and minutes else None


def on_time(
    *, outcome: str, complete_at: datetime | None, finished_at: datetime | None, minutes: int | None, until: datetime
) -> bool | None:
    """Kept the promise as known at `until`? None where time is not judged: refused, incomplete, no standard, pending."""
    due = due_at(complete_at, minutes)
    if outcome != "granted" or due is None:
        return None
    if finished_at is not None and finished_at <= until:
        return finished_at <= due
    return False if due < until else None


@dataclass(frozen=True)
class EventFacts:
    """What an event says, apart from its source and number. Helpers as (person, role)."""

    service: int
    officer: UUID
    counter: int
    channel: str
    met_at: datetime
    complete_at: datetime | None
    finished_at: datetime | None
    outcome: str
    helpers: frozenset[tuple[UUID, str]] = frozenset()


class Change(StrEnum):
    """What an event sent again means for the one already there."""

    SAME = "same"
    PROGRESS = "progress"  # nothing contradicts; times that were empty are now known
    CONFLICT = "conflict"


def compare(old: EventFacts, new: EventFacts) -> Change:
    """A file may become complete and be finished later; who met whom, where and when never changes.

    An empty time says nothing, so the first message sent again after the file was finished is still the same.
    """
    meeting = ("service", "officer", "counter", "channel", "met_at", "helpers")
    if any(getattr(old, name) != getattr(new, name) for name in meeting):
        return Change.CONFLICT
    times = [(getattr(old, name), getattr(new, name)) for name in ("complete_at", "finished_at")]
    if any(before and after and before != after for before, after in times):
        return Change.CONFLICT
    if old.outcome != new.outcome and not _outcome_may_follow(old, new):
        return Change.CONFLICT
    return Change.PROGRESS if any(after and not before for before, after in times) else Change.SAME


def _outcome_may_follow(old: EventFacts, new: EventFacts) -> bool:
    """Accepted first and refused at the end, told in this order or sent again late."""
    first, last = (old, new) if new.finished_at else (new, old)
    return first.outcome == "granted" and first.finished_at is None and last.finished_at is not None


def faults(facts: EventFacts, *, now: datetime, slack: timedelta = timedelta(minutes=5)) -> list[tuple[str, str]]:
    """What is impossible about an event, as (field, sentence). `slack` forgives clocks of other machines."""
    found: list[tuple[str, str]] = []
    times = [("met_at", "Waktu temu"), ("complete_at", "Waktu berkas lengkap"), ("finished_at", "Waktu selesai")]
    for name, words in times:
        value: datetime | None = getattr(facts, name)
        if value is not None and value > now + slack:
            found.append((name, f"{words} ada di masa depan."))
        elif value is not None and value.year < EARLIEST_YEAR:
            found.append((name, f"{words} terlalu lama: tahun {value.year}."))
    if facts.finished_at is not None:
        if facts.complete_at is not None and facts.finished_at < facts.complete_at:
            found.append(("finished_at", "Waktu selesai lebih awal dari waktu berkas lengkap."))
        elif facts.finished_at < facts.met_at:
            found.append(("finished_at", "Waktu selesai lebih awal dari waktu temu."))
    if facts.outcome not in {"granted", "refused", "incomplete"}:
        found.append(("outcome", "Hasil harus dipenuhi, ditolak atau belum lengkap."))
    if facts.channel not in {"loket", "keliling", "daring"}:
        found.append(("channel", "Saluran harus loket, keliling atau daring."))
    if any(person == facts.officer for person, _ in facts.helpers):
        found.append(("helpers", "Petugas yang menemui warga tidak ditulis lagi sebagai petugas lain."))
    if not all(role and role.isprintable() for _, role in facts.helpers):
        found.append(("helpers", "Peran petugas lain kosong atau memuat huruf yang tidak terbaca."))
    if len({person for person, _ in facts.helpers}) < len(facts.helpers):
        found.append(("helpers", "Satu petugas lain ditulis dua kali."))
    return found


def number_fault(number: str) -> str:
    """Why an event number cannot be used; empty when it can."""
    if not number:
        return "Nomor kosong."
    if len(number) > NUMBER_LENGTH:
        return f"Nomor lebih panjang dari {NUMBER_LENGTH} huruf."
    if not number.isprintable():
        return "Nomor memuat huruf yang tidak terbaca."
    return ""


def counter_event_number(counter_code: str, day: date, queue_number: str) -> str:
    """Number of an event of the counter screen: a queue number is unique at its counter on its day only."""
    return f"{counter_code}/{day:%y%m%d}/{queue_number}"


def queue_number_of(event_number: str) -> str:
    """The queue number as people say it."""
    return event_number.rpartition("/")[2]


def next_queue_number(prefix: str, used: Iterable[str]) -> str:
    """`DDK-024` after `DDK-023`: one more than the highest of the day with this prefix."""
    lead = f"{prefix}-" if prefix else ""
    numbers = [text.removeprefix(lead) for text in used if text.startswith(lead)]
    highest = max((int(text) for text in numbers if text.isascii() and text.isdigit()), default=0)
    return f"{lead}{highest + 1:03d}"


# --- words of files and of the API -----------------------------------------------------------------------------------

CHANNELS = {"": "loket", "loket": "loket", "keliling": "keliling", "layanan keliling": "keliling", "daring": "daring"}
OUTCOMES = {"": "granted", "dipenuhi": "granted", "ditolak": "refused", "belum lengkap": "incomplete"}
_TIME = r"(\d{1,2})[.:](\d{2})(?:[.:](\d{2})(?:[.,]\d+)?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})[ T]{_TIME}\s*(Z|[+-]\d{{2}}:?\d{{2}})?")
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}})[ T,]\s*{_TIME}()")


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """`2026-10-05 09:30`, `05/10/2026 09.30`, also with seconds or a UTC offset; office time otherwise. ValueError."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found[1], found[2], found[3]
    else:
        raise ValueError("Waktu tidak terbaca; tulis hari dan jam, misalnya 2026-10-05 09:30.")
    hour, minute, second, offset = found[4], found[5], found[6], found[7]
    if offset:
        iso = f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}:{second or '00'}{offset}"
        try:
            return datetime.fromisoformat(iso).astimezone(UTC)
        except OverflowError as error:
            raise ValueError("Waktu di luar kalender.") from error
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)


_HELPER = re.compile(r"\s*(\d{18})\s*:\s*([^:;]{1,60}?)\s*")


def parse_helpers(text: str) -> list[tuple[str, str]]:
    """`NIP:peran; NIP:peran` as (NIP, role). ValueError names the part that is wrong."""
    found = []
    for part in filter(str.strip, text.split(";")):
        match = _HELPER.fullmatch(part)
        if match is None:
            raise ValueError(
                f"Petugas lain {part.strip()!r} tidak terbaca; tulis NIP:peran, pisahkan dengan titik koma."
            )
        found.append((match[1], match[2]))
    return found
