"""What opens the leaves of an open month: each rating with its key's numbers, and the file of them for the auditors."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

from django.db import connection

from teladan.core import sealedfile
from teladan.feedback import leaves
from teladan.feedback.leaves import Kind, Opening, Place
from teladan.feedback.models import CollectionMonth, MonthKey
from teladan.feedback.queries.auditors import auditor_keys, openings_path
from teladan.feedback.sql import statement

_AT_ONCE = 2000


class KeyGone(Exception):
    """The month is sealed: its key was destroyed, and no receipt of it can be made any more."""


def month_key(month: date) -> bytes:
    """The key of the month's receipts, made when it is first needed. KeyGone once the month is sealed."""
    held = MonthKey.objects.filter(month=month).values_list("key", flat=True).first()
    if held is None:
        if CollectionMonth.objects.filter(month=month, state=CollectionMonth.State.SEALED).exists():
            raise KeyGone
        held = MonthKey.objects.get_or_create(month=month, defaults={"key": secrets.token_bytes(32)})[0].key
    return bytes(held)


@dataclass(frozen=True)
class Staged:
    """A rating of an open month as it was read, and what stands or would stand in the log of it."""

    id: uuid.UUID
    version: str
    month: date
    leaf: bytes | None
    opening: Opening = field(repr=False)

    def values(self) -> dict[str, Any]:
        """What `finish` takes."""
        c = self.opening.c
        return {
            "rating": self.id,
            "version": self.version,
            "month": self.month,
            "leaf": c,
            "rating_line": leaves.line(Kind.RATING, self.month, c),
            "refusal_line": leaves.line(Kind.REFUSED, self.month, c),
        }


def read_row(values: dict[str, Any], key: bytes) -> Staged:
    """A row of `staged_rating` or `staged_month` with its opening."""
    place = place_of(values) if values["unit"] else None
    opened = leaves.opening(key, values["id"].bytes, values["month"], values, place)
    leaf = None if values["leaf"] is None else bytes(values["leaf"])
    return Staged(values["id"], values.get("version", ""), values["month"], leaf, opened)


def place_of(row: dict[str, Any]) -> Place:
    return Place(row["unit"], row["service"], row["officer"] or "-", row["channel"])


def staged_month(month: date, *, only_seen: bool = False) -> Iterator[list[tuple[Staged, dict[str, Any]]]]:
    """The ratings of an open month with their openings and rows, in random order, some at a time.

    `only_seen`: those without a leaf that a round has seen. Asked inside a transaction. What is written meanwhile changes
    nothing of what is read.
    """
    key = month_key(month)
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement("staged_month"), {"month": month, "only_seen": only_seen})
        names = [column.name for column in cursor.description or ()]
        while found := cursor.fetchmany(_AT_ONCE):
            rows = [dict(zip(names, row, strict=True)) for row in found]
            yield [(read_row(row, key), row) for row in rows]


# --- the auditors' file ----------------------------------------------------------------------------------------------


class OpeningsFile:
    """The auditors' file of a month, whole or not at all: it takes its place when the `with` block ends well.

    That is before the seal commits: if it is cut off in between, the next try writes the file anew. The month's row is
    locked, so nobody else writes the draft; and the folder is synced, so that no power cut takes the name away after the
    commit. Without auditors nothing is written, and `digest` (SHA-256 of the file) stays empty.
    """

    def __init__(self, month: date) -> None:
        self.digest = ""
        self._about, self._path = f"openings {month:%Y-%m}", openings_path(month)
        self._draft = self._path.with_name(f"{self._path.name}.draft")
        self._readers = auditor_keys()

    def __enter__(self) -> Self:
        if self._readers:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = open(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
            self._sealer = sealedfile.Sealer(self._file, readers=self._readers, about=self._about)
        return self

    def write(self, text: str) -> None:
        """More lines."""
        if self._readers:
            self._sealer.write(text.encode())

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if not self._readers:
            return
        with self._file as file:
            if kind:
                self._draft.unlink()
                return
            digest = self._sealer.close()
            file.flush()
            os.fsync(file.fileno())
        self._draft.replace(self._path)
        _sync_folder(self._path.parent)
        self.digest = digest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def salt_line(month: date, salt: bytes) -> str:
    """The first line: what the digest of the sealed rows begins with."""
    return json.dumps({"month": f"{month:%Y-%m}", "salt": salt.hex()}) + "\n"


def opening_line(staged: Staged, row: dict[str, Any]) -> str:
    """One rating as the auditors read it."""
    opened = staged.opening
    content = {
        "blind": opened.blind.hex(),
        "c": (staged.leaf or opened.c).hex(),
        "payload": opened.payload.decode(),
        "place": place_of(row).text(),
        "r": opened.r.hex(),
        "reason": row["reason"],
        "status": row["status"],
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False) + "\n"
