"""Processes of a test that die in the middle of their work."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable

from django.db import connection


def child(work: Callable[[], object]) -> int:
    """The id of a new process that does `work` over a database connection of its own: exit code 0, or 1 after a traceback.

    A browser's event loop runs in the parent only, and Django keeps connections per loop: what the child finds as
    `connection` may be another of the parent's, still open there. It is put aside, not closed.
    """
    if pid := os.fork():
        return pid
    code = 1
    try:
        connection.connection = None
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
