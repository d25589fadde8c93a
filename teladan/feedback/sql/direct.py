"""A statement sent by the lowest calls that psycopg documents (`psycopg.pq`): its cursor takes a fifth of a cast's time in Python.

Only outside a transaction and where nobody watches the statements. Whatever goes wrong is left to the cursor, which meets
the same, says it in Django's words, and can send the statement again: those sent here may be sent twice without harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Connection, Error
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]

_NAMED = re.compile(r"%\((\w+)\)s")
_prepared: WeakKeyDictionary[Connection[Any], set[bytes]] = WeakKeyDictionary()


@cache
def numbered(text: str) -> tuple[bytes, tuple[str, ...]]:
    """A text with %(name)s as PostgreSQL wants it, with $1, $2 …, and the names in that order."""
    names = tuple(dict.fromkeys(_NAMED.findall(text)))
    return _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%").encode(), names


def sent(database: BaseDatabaseWrapper, text: str, name: str, values: Mapping[str, str | None]) -> PGresult | None:
    """What the statement gave; None when it cannot be sent this way now, or was refused."""
    session: Connection[Any] | None = database.connection
    if session is None or database.in_atomic_block or database.queries_logged or database.execute_wrappers:
        return None
    query, names = numbered(text)
    given = [value if (value := values[one]) is None else value.encode() for one in names]
    if any(value and b"\0" in value for value in given):  # they would end there
        return None
    try:
        return _sent(session, name.encode(), query, given)
    except Error:  # there is no connection any more
        return None


def _sent(session: Connection[Any], name: bytes, query: bytes, given: list[bytes | None]) -> PGresult | None:
    prepared = _prepared.setdefault(session, set())
    if name not in prepared:
        if session.pgconn.prepare(name, query).status != ExecStatus.COMMAND_OK:
            return None
        prepared.add(name)
    found = session.pgconn.exec_prepared(name, given)  # type: ignore[arg-type]  # None is NULL; the stubs forget it
    if found.status == ExecStatus.TUPLES_OK:
        return found
    prepared.remove(name)  # its plan may have outlived a table as it was
    session.pgconn.exec_(b'DEALLOCATE "%b"' % name)
    return None


def row(database: BaseDatabaseWrapper, found: PGresult) -> Row | None:
    """The first row, its values as psycopg gives them."""
    if not found.ntuples:
        return None
    read = Transformer(database.connection)
    read.set_pgresult(found)
    return read.load_row(0, tuple)


def names(found: PGresult) -> list[str]:
    """Of its columns."""
    return [(found.fname(place) or b"").decode() for place in range(found.nfields)]
