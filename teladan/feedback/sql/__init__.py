"""SQL too long or too exact for the ORM, one statement a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor

from teladan.feedback.sql import direct

_FOLDER = Path(__file__).parent
_COMMENT = re.compile("--.*")


@cache
def statement(name: str) -> str:
    """The text of `name`.sql without what only readers need: psycopg reads texts beyond 4,096 letters anew at every call."""
    lines = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(text for line in lines if (text := _COMMENT.sub("", line).strip()))


def one_row(name: str, values: Mapping[str, Any]) -> Any:
    """The row of a statement that may be sent twice without harm, or None.

    Nobody asks first whether the connection still lives: that costs as much as a cast spends in Python. When it died
    since the last request, the statement is sent again over a new one.
    """
    database, given = connections[DEFAULT_DB_ALIAS], plain(values)
    found = direct.sent(database, statement(name), name, given)
    return _sent(name, given).fetchone() if found is None else direct.row(database, found)


def named_row(name: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """`one_row` with the names of its columns."""
    database, given = connections[DEFAULT_DB_ALIAS], plain(values)
    found = direct.sent(database, statement(name), name, given)
    if found is None:
        cursor = _sent(name, given)
        row, names = cursor.fetchone(), [column.name for column in cursor.description or ()]
    else:
        row, names = direct.row(database, found), direct.names(found)
    return row and dict(zip(names, row, strict=True))


def _sent(name: str, values: Mapping[str, str | None]) -> CursorWrapper:
    try:
        return _sent_once(name, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _sent_once(name, values)


def _sent_once(name: str, values: Mapping[str, str | None]) -> CursorWrapper:
    connection.health_check_done = True  # type: ignore[attr-defined]  # Django's own field, missing in its stubs
    cursor = planned_cursor()
    cursor.execute(statement(name), values)
    return cursor


def plain(values: Mapping[str, Any]) -> dict[str, str | None]:
    """Values for `planned_cursor`: text, or nothing.

    psycopg keeps a plan for every combination of Python types, and nothing is a type of its own: with nine answers that
    may be left open one statement would be planned five hundred times over. Of text PostgreSQL asks the statement.
    """
    return {name: value if value is None else _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, list | tuple):
        return f"{{{','.join(map(str, value))}}}"
    return str(value)


class _PlannedCursor(Cursor[Any]):
    """Its statements are planned once per connection; planning a cast takes longer than running it."""

    def execute(self, *statement: Any, **how: Any) -> Self:
        usual, self.connection.prepare_threshold = self.connection.prepare_threshold, 0
        try:
            return super().execute(*statement, **how)
        finally:
            self.connection.prepare_threshold = usual

    def executemany(self, *statement: Any, **how: Any) -> None:
        usual, self.connection.prepare_threshold = self.connection.prepare_threshold, 0
        try:
            super().executemany(*statement, **how)
        finally:
            self.connection.prepare_threshold = usual


def planned_cursor() -> CursorWrapper:
    """The connection's cursor for statements that never change, always the same one: making it takes as long as a signature.

    Values travel apart from the text, so the SQL must say the type of each, and as `plain` makes them.
    """
    database = connections[DEFAULT_DB_ALIAS]  # not by the proxy `connection`, which looks for it at every step
    database.close_if_health_check_failed()
    database.ensure_connection()
    kept = vars(database).get("_planned")
    if kept is None or kept.connection is not database.connection:
        kept = vars(database)["_planned"] = _PlannedCursor(database.connection)
    wrap: Callable[[Any], CursorWrapper] = (
        database.make_debug_cursor if database.queries_logged else database.make_cursor
    )
    return wrap(kept)
