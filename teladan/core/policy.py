"""Values that law or the mayor may change: read by key and day, loaded as one pack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from teladan.core import audit
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
    text = json.dumps([[row.key, row.value, row.legal_basis] for row in rows_on(on)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@transaction.atomic
def load_pack(rows: Iterable[Mapping[str, Any]], *, by: object) -> int:
    """Add the rows that are not there yet; a changed value ends the old row the day the new one begins."""
    added = 0
    for row in rows:
        start = date.fromisoformat(row["valid_from"])
        current = PolicyRow.objects.filter(_valid(start), key=row["key"]).first()
        if current is not None:
            if current.value == row["value"]:
                continue
            if current.valid_from >= start:
                raise ValueError(f"Aturan {row['key']!r} sudah punya nilai lain sejak {current.valid_from}.")
            current.valid_until = start
            current.save(update_fields=["valid_until"])
        PolicyRow.objects.create(
            key=row["key"],
            value=row["value"],
            valid_from=start,
            legal_basis=row["legal_basis"],
            description=row.get("description", ""),
        )
        added += 1
    if added:
        audit.record(event=audit.Event.POLICY_LOADED, actor=by, subject="policy", after={"rows": added})
    return added
