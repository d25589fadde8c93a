"""Counting tries: what is refused, when it is allowed again, and what the table says of whom."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from teladan.core import clock, ratelimit
from teladan.core.ratelimit import allow

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, count FROM core_ratelimit ORDER BY key")
        return cursor.fetchall()


def test_refuses_after_the_limit_and_allows_when_the_window_is_over() -> None:
    with clock.at(clock.now()):
        assert [allow("door", 3, 60) for _ in range(5)] == [True, True, True, False, False]
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert allow("door", 3, 60)


def test_window_is_fixed_and_not_prolonged_by_more_tries() -> None:
    start = clock.now()
    for second in (0, 30, 59):
        with clock.at(start + timedelta(seconds=second)):
            allow("door", 1, 60)
    with clock.at(start + timedelta(seconds=60)):
        assert allow("door", 1, 60)


def test_keys_do_not_share_a_count() -> None:
    assert allow("a", 1, 60)
    assert allow("b", 1, 60)
    assert not allow("a", 1, 60)


def test_table_names_nobody() -> None:
    allow("192.0.2.7", 1, 60)
    assert "192.0.2.7" not in str(rows())
    assert len(rows()[0][0]) == 64


def test_old_windows_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit.secrets, "randbelow", lambda _: 0)
    allow("old", 1, 60)
    with clock.at(clock.now() + timedelta(hours=1)):
        allow("new", 1, 60)
    assert len(rows()) == 1


@pytest.mark.django_db(transaction=True)
def test_counts_at_once_are_exact() -> None:
    allowed: list[bool] = []

    def once() -> None:
        allowed.append(allow("crowd", 7, 3600))
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE core_ratelimit")
    threads = [threading.Thread(target=once) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 7
