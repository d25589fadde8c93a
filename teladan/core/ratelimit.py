"""`allow(...)`: at most so many times in so many seconds, counted in the database for all processes together.

Keys are kept as keyed hashes only, so nothing of a person or an address can be read from the table. Windows are fixed:
they begin with the first try and are forgotten when they end.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

from teladan.core import clock

_SALT = "teladan.core.ratelimit"
_SWEEP_ONE_IN = 256
_COUNT = """
INSERT INTO core_ratelimit AS r (key, until, count) VALUES (%(key)s, %(until)s, 1)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN r.until <= %(now)s THEN 1 ELSE r.count + 1 END,
    until = CASE WHEN r.until <= %(now)s THEN EXCLUDED.until ELSE r.until END
RETURNING count
"""


def allow(key: str, limit: int, seconds: int) -> bool:
    """Count one try under `key`; False once there were more than `limit` in the window of `seconds`.

    Call it outside a transaction that may be rolled back, or the try is forgotten with it.
    """
    now = clock.now()
    hashed = salted_hmac(_SALT, key, algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": hashed, "until": now + timedelta(seconds=seconds), "now": now})
        count: int = cursor.fetchone()[0]
        if secrets.randbelow(_SWEEP_ONE_IN) == 0:
            cursor.execute("DELETE FROM core_ratelimit WHERE until <= %s", [now])
    return count <= limit


def refuse(request: HttpRequest) -> HttpResponse:
    """The page that says: too often, wait a little."""
    return render(request, "429.html", status=429)
