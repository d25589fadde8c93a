"""The citizen's short way carries the same protection as the full one, and nothing else takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from teladan.config import wsgi

pytestmark = pytest.mark.django_db

PROTECTION = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy")


@pytest.fixture(autouse=True)
def _connection_stays() -> Iterator[None]:
    """A request ends by closing old connections; the test's own must stay, as Django's test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(handler: Any, path: str) -> tuple[int, dict[str, str]]:
    answer: list[Any] = []
    environ = RequestFactory().get(path, headers={"host": "127.0.0.1"}).environ
    handler(environ, lambda status, headers: answer.append((int(status[:3]), dict(headers))))
    found: tuple[int, dict[str, str]] = answer[0]
    return found


@pytest.mark.parametrize("path", ["/n", "/n/ketik", "/n/siapa-membaca", "/n/tidak-ada"])
def test_short_way_answers_as_the_full_one(path: str) -> None:
    short, full = ask(wsgi.application, path), ask(wsgi.WSGIHandler(), path)
    assert short[0] == full[0]
    assert [short[1].get(name) for name in PROTECTION] == [full[1].get(name) for name in PROTECTION]
    assert "sessionid" not in str(short[1])


def test_other_host_is_refused_on_the_short_way() -> None:
    environ = RequestFactory().get("/n/ketik", headers={"host": "jahat.example"}).environ
    answer: list[str] = []
    wsgi.application(environ, lambda status, _headers: answer.append(status))
    assert answer[0].startswith("400")


@pytest.mark.parametrize("path", ["/nilai-saya", "/pegawai", "/nn"])
def test_everything_else_keeps_the_full_way(path: str) -> None:
    status, headers = ask(wsgi.application, path)
    assert status in {302, 404}
    if status == 302:
        assert "/akun/login/" in headers["Location"]
