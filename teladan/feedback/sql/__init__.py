"""SQL too long or too exact for the ORM, one statement a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def one_row(name: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row of a statement that may be sent twice without harm.

    Nobody asks first whether the connection still lives: that costs as much as a cast spends in Python. When it died
    since the last request, the statement is sent again over a new one.
    """
    try:
        return _one_row(name, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _one_row(name, values)


def _one_row(name: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    connection.health_check_done = True  # type: ignore[attr-defined]  # Django's own field, missing in its stubs
    with prepared_cursor() as cursor:
        cursor.execute(statement(name), values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor whose statements are planned once per connection; planning a cast takes longer than running it.

    Values travel apart from the text, so the SQL must say the type of each. Not for statements that change often.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw = connection.connection
    usual = raw.cursor_factory
    raw.cursor_factory, raw.prepare_threshold = ServerBindingCursor, 0
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        raw.cursor_factory = usual
