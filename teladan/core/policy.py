"""Values that law or the mayor may change: read by key and day, loaded as one pack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from teladan.core import audit, clock
from teladan.core.models import PolicyRow


class MissingPolicy(LookupError):
    """No value holds on that day."""


def _valid(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gt=on))


def rows_on(on: date) -> list[PolicyRow]:
    """Every row in force on a day, by key."""
    return list(PolicyRow.objects.filter(_valid(on)).order_by("key"))


def get(key: str, on: date) -> Any:
    """The value of `key` on a day. MissingPolicy names the key and what to do."""
    row = PolicyRow.objects.filter(_valid(on), key=key).first()
    if row is None:
        raise MissingPolicy(f"Aturan {key!r} belum berlaku pada {on}. Muat paket aturan: teladan load-policy FILE.")
    return row.value


def group(prefix: str, on: date) -> dict[str, Any]:
    """All values whose key begins with `prefix.`, by the rest of the key, in one query."""
    rows = PolicyRow.objects.filter(_valid(on), key__startswith=f"{prefix}.")
    return {row.key.removeprefix(f"{prefix}."): row.value for row in rows}


def version(on: date) -> str:
    """A short digest of all values in force on a day: two days with one version had the same rules."""
    return version_of(rows_on(on))


def version_of(rows: Iterable[PolicyRow]) -> str:
    """The digest of the rows of one day, by key."""
    text = json.dumps([[row.key, row.value, row.legal_basis] for row in rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def all_rows() -> list[PolicyRow]:
    """Every row there is, by key and day."""
    return list(PolicyRow.objects.order_by("key", "valid_from"))


# --- packs -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def load_pack(rows: Iterable[Mapping[str, Any]], *, by: object, not_before: date | None = None) -> int:
    """Add the rows that are not there yet; a changed value ends the old row the day the new one begins.

    ValueError names the key when its value of that day is another, or when a change would begin before `not_before`.
    """
    added = 0
    with connection.cursor() as cursor:  # of two loads at once the second finds what the first has added
        cursor.execute(f"LOCK TABLE {PolicyRow._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
    for row in rows:
        start = date.fromisoformat(row["valid_from"])
        current = _holding(row["key"], start)
        if current is not None:
            if current.value == row["value"]:
                continue
            if current.valid_from >= start:
                raise ValueError(f"Aturan {row['key']!r} sudah punya nilai lain sejak {current.valid_from}.")
            if not_before and start < not_before:
                raise ValueError(
                    f"Aturan {row['key']!r} tidak dapat berubah sejak {start}: aturan bulan yang sudah dibuka tetap. "
                    f"Paling awal {not_before}."
                )
        _begin(row["key"], row["value"], start, row["legal_basis"], row.get("description", ""), current)
        added += 1
    if added:
        audit.record(event=audit.Event.POLICY_LOADED, actor=by, subject="policy", after={"rows": added})
    return added


def as_pack(rows: Iterable[PolicyRow]) -> list[dict[str, Any]]:
    """Rows as a pack file holds them; `load_pack` of it gives the same rules."""
    return [
        {
            "key": row.key,
            "value": row.value,
            "valid_from": row.valid_from.isoformat(),
            "legal_basis": row.legal_basis,
            "description": row.description,
        }
        for row in rows
    ]


def pack_on(on: date, *, history: bool = False) -> list[dict[str, Any]]:
    """The pack of a day: what is in force and what is decided to come; with `history` also what was."""
    rows = PolicyRow.objects.order_by("key", "valid_from")
    return as_pack(rows if history else rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=on)))


# --- one change ------------------------------------------------------------------------------------------------------


class ChangeRefused(Exception):
    """The change does not fit the rows there are; the message says why."""


@transaction.atomic
def change(*, key: str, value: Any, valid_from: date, legal_basis: str, reason: str, by: object) -> PolicyRow:
    """Give a key another value from a day on; the old row ends there, the description stays. One audit event."""
    current = _holding(key, valid_from)
    if current is None:
        raise ChangeRefused(f"Aturan {key!r} belum berlaku pada {valid_from}.")
    if current.valid_from == valid_from:
        raise ChangeRefused(f"Aturan {key!r} sudah diubah mulai {valid_from}. Tarik dahulu perubahan itu.")
    if current.value == value:
        raise ChangeRefused(f"Aturan {key!r} pada {valid_from} sudah bernilai itu.")
    before = current.value
    row = _begin(key, value, valid_from, legal_basis, current.description, current)
    audit.record(
        event=audit.Event.POLICY_CHANGED,
        actor=by,
        subject=f"policy:{key}",
        before={"value": before},
        after={"value": value, "valid_from": valid_from.isoformat(), "legal_basis": legal_basis},
        reason=reason,
    )
    return row


@transaction.atomic
def withdraw(*, key: str, valid_from: date, reason: str, by: object) -> None:
    """Take back a change that is not in force yet; the value before it goes on. One audit event."""
    row = PolicyRow.objects.select_for_update().filter(key=key, valid_from=valid_from).first()
    before = PolicyRow.objects.select_for_update().filter(key=key, valid_until=valid_from).first()
    if row is None or before is None or valid_from <= clock.today():
        raise ChangeRefused(
            f"Aturan {key!r} sejak {valid_from} sudah berlaku atau tidak ada, jadi tidak dapat ditarik."
        )
    ends = row.valid_until
    row.delete()
    before.valid_until = ends
    before.save(update_fields=["valid_until"])
    audit.record(
        event=audit.Event.POLICY_WITHDRAWN,
        actor=by,
        subject=f"policy:{key}",
        before={"value": row.value, "valid_from": valid_from.isoformat(), "legal_basis": row.legal_basis},
        after={"value": before.value},
        reason=reason,
    )


def _holding(key: str, on: date) -> PolicyRow | None:
    """The row in force on a day, held for this transaction."""
    return PolicyRow.objects.select_for_update().filter(_valid(on), key=key).first()


def _begin(
    key: str, value: Any, start: date, legal_basis: str, description: str, current: PolicyRow | None
) -> PolicyRow:
    """A new row from `start` until the next one that is known; `current` ends there."""
    following = PolicyRow.objects.filter(key=key, valid_from__gt=start).order_by("valid_from").first()
    if current is not None:
        current.valid_until = start
        current.save(update_fields=["valid_until"])
    return PolicyRow.objects.create(
        key=key,
        value=value,
        valid_from=start,
        valid_until=following.valid_from if following else None,
        legal_basis=legal_basis,
        description=description,
    )
