"""Which leaves of the queue go into a batch, and when somebody should worry.

Two kinds wait. A leaf that follows nothing is taken at once. A leaf that follows others waits until a checkpoint covers all
that was queued before it, and is then drawn: half of those waiting in each round, all that have waited long. So its place in
the log tells its time only roughly, and everybody is in well within the promised day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PROMISE = timedelta(hours=24)
ALARM = timedelta(hours=20)
URGENT = timedelta(hours=12)
SHARE = 0.5
RENEW = timedelta(hours=23)  # a checkpoint this old is signed anew, so that everybody sees the log is alive


@dataclass(frozen=True)
class Waiting:
    """What the queue knows of a leaf: the tree it waits for (None: not said yet) and from when on, at the most, it waits."""

    after_size: int | None
    since: datetime | None


def may_enter(one: Waiting, *, size: int, now: datetime, drawn: bool) -> bool:
    """Whether the leaf goes into the batch after the checkpoint of `size`."""
    if one.after_size is None or one.after_size > size:
        return False
    follows_nothing = one.after_size == 0 and one.since is None  # it would not have been left by an earlier round
    return follows_nothing or drawn or is_over(one.since, URGENT, now=now)


def is_over(since: datetime | None, limit: timedelta, *, now: datetime) -> bool:
    """Whether so much time has passed; also when the clock went back behind `since`, for then nobody knows."""
    return since is not None and not since <= now < since + limit
