"""Finishing a rating: its leaf goes to the log, and the citizen gets a receipt with a signed promise.

Refused casts walk the same way. Nothing here tells one from the other; only the log does, within a day.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction

from teladan.core import clock
from teladan.feedback import leaves
from teladan.feedback.actions.casting import EditClosed, read_edit_key
from teladan.feedback.actions.openings import KeyGone, Staged, month_key, read_row, staged_month
from teladan.feedback.actions.sealing import open_month
from teladan.feedback.leaves import Kind
from teladan.feedback.models import CollectionMonth, RefusedRating, SettleRound, StagedRating
from teladan.feedback.queries import collection_rules
from teladan.feedback.sql import named_row, one_row, plain, planned_cursor, statement
from teladan.ledger import keys as ledger_keys

_TRIES = 5  # against the citizen's own other page; each needs another change of the same rating in between


@dataclass(frozen=True)
class Receipt:
    """What the citizen takes home. The same bytes whenever it is asked for. There is one only of a leaf that is queued."""

    month: date
    payload: str = field(repr=False)
    r: bytes = field(repr=False)
    c: bytes = field(repr=False)

    @property
    def promise(self) -> str:
        """Signed when it is read: most receipts are made once more, by the page that shows them."""
        return ledger_keys.sign_promise(leaves.leaf_hash(leaves.line(Kind.RATING, self.month, self.c)))

    @property
    def code(self) -> str:
        return leaves.code_of(self.c)

    def answers(self) -> dict[str, int]:
        """What was answered, as it stands in the payload."""
        found: dict[str, int] = json.loads(self.payload)["answers"]
        return found


def finish_rating(*, edit_key: str) -> Receipt:
    """Nothing is added any more: queue the leaf and promise it. Asked again, the same receipt. EditClosed as for other pages.

    The promise is signed when the statement that queued the leaf has been committed, never before.
    """
    key = read_edit_key(edit_key)
    for _ in range(_TRIES):
        found = _staged(key.rating)
        if found is None:
            raise EditClosed
        if found.leaf is not None:
            return _receipt(found)
        (done,) = one_row("finish", found.values())
        if done:
            return _receipt(found)
    raise EditClosed


def receipt_for(*, edit_key: str) -> Receipt | None:
    """The receipt of a finished rating, as long as its key holds; none before the citizen has finished."""
    found = _staged(read_edit_key(edit_key).rating)
    return _receipt(found) if found is not None and found.leaf is not None else None


def _receipt(found: Staged) -> Receipt:
    """A rating changed behind our back keeps no promise: the leaf given away is the one that was queued."""
    opening = found.opening
    if found.leaf not in (None, opening.c):
        raise EditClosed
    return Receipt(found.month, opening.payload.decode(), opening.r, opening.c)


def _staged(rating: uuid.UUID) -> Staged | None:
    values = named_row("staged_rating", {"rating": rating})
    if values is None:
        return None
    return read_row(values, bytes(values["key"]) if values["key"] is not None else _key_of(values["month"]))


def _key_of(month: date) -> bytes:
    """For months opened before receipts were given, or by nobody but unknown tickets so far."""
    open_month(month)
    try:
        return month_key(month)
    except KeyGone as error:
        raise EditClosed from error


# --- those who did not finish ----------------------------------------------------------------------------------------


def settle_unfinished() -> int:
    """Finish what nobody finished and nobody can add to any more; returns how many ratings got their leaf.

    No time is stored with a rating: what one round has seen, the next one finishes, if it comes later than the time for
    adding. Refused casts nobody finished were promised nothing, and go.
    """
    now = clock.now()
    with transaction.atomic():
        if not _round_is_due(now):
            return 0
        count = _finish_seen()
        StagedRating.objects.filter(leaf__isnull=True, seen=False).update(seen=True)
        RefusedRating.objects.filter(seen=True).delete()
        RefusedRating.objects.update(seen=True)
    return count


def _round_is_due(now: datetime) -> bool:
    """Whether whoever was seen by the last round has had the whole time; a clock that went back begins anew."""
    last, is_first = SettleRound.objects.select_for_update().get_or_create(id=1, defaults={"at": now})
    minutes = int(collection_rules(clock.month_of(now))["collection.edit_minutes"])
    if not is_first and last.at <= now <= last.at + timedelta(minutes=minutes):
        return False
    if now < last.at:
        StagedRating.objects.filter(leaf__isnull=True, seen=True).update(seen=False)
    last.at = now
    last.save(update_fields=["at"])
    return True


def _finish_seen() -> int:
    """Every seen rating of an open month that has no leaf yet."""
    count = 0
    for month in CollectionMonth.objects.filter(state=CollectionMonth.State.OPEN).values_list("month", flat=True):
        if not StagedRating.objects.filter(month=month, leaf__isnull=True, seen=True).exists():
            continue
        for found in staged_month(month, only_seen=True):
            planned_cursor().executemany(statement("finish"), [plain(one.values()) for one, _ in found])
            count += len(found)
    return count
