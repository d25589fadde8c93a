"""When a change of post takes effect, and what it does to the placement before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Move:
    """The new placement begins on `start`; `replaces` says that it takes the place of one that never came into force."""

    start: date
    replaces: bool = False
    dated_by_file: bool = True


def move(*, tmt: date | None, last_from: date | None, last_until: date | None, today: date) -> Move:
    """From the date in the file when it is newer than what is recorded, else from today: TMT JABATAN often stays old
    when somebody moves to another unit with the same post, and recorded history is never rewritten by a file."""
    if last_from is None:
        return Move(tmt or today, dated_by_file=tmt is not None)
    if last_until is not None:
        if tmt and tmt >= last_until:
            return Move(tmt)
        return Move(max(last_until, today), dated_by_file=False)
    if tmt and tmt > last_from:
        return Move(tmt)
    if today > last_from:
        return Move(today, dated_by_file=False)
    return Move(last_from, replaces=True, dated_by_file=False)
