"""SQL too long or too exact for the ORM, one statement a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


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
