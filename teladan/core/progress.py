"""How far a long piece of work is, written so that a waiting page sees it before the work commits.

Work usually runs inside one transaction, whose writes nobody else can read. So each step goes out on a connection of its
own; a rollback of the work does not take it back. Never touch `Progress` rows from the work's own transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from teladan.core import clock
from teladan.core.models import Progress

_UPSERT = """
INSERT INTO core_progress (key, state, done, total, message, updated_at) VALUES (%s, %s, 0, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, done = 0, total = excluded.total,
    message = excluded.message, updated_at = excluded.updated_at
"""
_STEP = "UPDATE core_progress SET state = 'running', done = %s, message = %s, updated_at = %s WHERE key = %s"
_FINISH = "UPDATE core_progress SET state = 'done', done = total, message = %s, updated_at = %s WHERE key = %s"
_FAIL = "UPDATE core_progress SET state = 'failed', message = %s, updated_at = %s WHERE key = %s"
_LONGEST = 300
_SILENT_SECONDS = 600


def start(key: str, total: int = 0, message: str = "", *, waiting: bool = False) -> None:
    """Begin, or begin again. `waiting`: the job is queued and nobody works on it yet."""
    state = Progress.State.WAITING if waiting else Progress.State.RUNNING
    _write(_UPSERT, key, state, total, message[:_LONGEST], clock.now())


def step(key: str, done: int, message: str = "") -> None:
    """So much is done. A few times a second at most: each call is one small transaction."""
    _write(_STEP, done, message[:_LONGEST], clock.now(), key)


def finish(key: str, message: str = "") -> None:
    _write(_FINISH, message[:_LONGEST], clock.now(), key)


def fail(key: str, message: str) -> None:
    """`message` says what happened and what to do: the waiting person reads it."""
    _write(_FAIL, message[:_LONGEST], clock.now(), key)


def of(key: str) -> Progress | None:
    """The row for a page; None when such work was never started."""
    return Progress.objects.filter(key=key).first()


def is_working(row: Progress | None) -> bool:
    """Is such work queued or under way? A row that nobody has touched for ten minutes tells of a dead worker."""
    if row is None or row.state not in (Progress.State.WAITING, Progress.State.RUNNING):
        return False
    return (clock.now() - row.updated_at).total_seconds() < _SILENT_SECONDS


def reporter(key: str) -> Callable[[int, str], None]:
    """`step` bound to a key, for actions that take `on_progress`."""
    return lambda done, message: step(key, done, message)


def _write(sql: str, *values: Any) -> None:
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
        return
    own = connections.create_connection(connection.alias)
    try:
        with own.cursor() as cursor:
            cursor.execute(sql, values)
    finally:
        own.close()
