"""Headers, size and logs of the citizen's pages."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from django.urls import reverse

from bench import citizen_page
from teladan.core.redact import TokenFilter
from teladan.feedback import tokens
from teladan.feedback.actions.tickets import issue_ticket
from teladan.feedback.views import citizen
from teladan.feedback.views.doorway import LANGUAGES
from tests.feedback.citizen_way import UNKNOWN, opened
from tests.feedback.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]


def every_page(client: Client, office: Office) -> Iterator[Any]:
    address = reverse("ticket-open", args=[tokens.encode(office.token())])
    yield from (client.get(address), client.get("/n"), client.post("/n", {}), client.post("/n", {"overall": "1"}))
    yield from (client.get("/n/lanjut"), client.post("/n/lanjut", {"waktu": "9"}), client.get("/n/selesai"))
    yield from (client.get("/n/pesan"), client.post("/n/pesan", {"comment": "x" * 2000}), client.get("/n/lengkap"))
    yield from (client.post("/n/lengkap", {}), client.post("/n/lengkap", {"overall": "2"}))
    yield from (client.get("/n/siapa-membaca"), client.get("/n/ketik"), client.post("/n/ketik", {}))
    yield from (client.get("/n/salah"), client.post("/n/lanjut", {"waktu": "1"}))
    client.cookies.clear()
    yield client.get("/n/lanjut")


def test_every_page_is_strict_and_silent(client: Client, office: Office) -> None:
    for response in every_page(client, office):
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        policy = response["Content-Security-Policy"]
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        html = response.content.decode()
        assert "<script" not in html
        assert "style=" not in html
        for name in ("sessionid", "csrftoken"):
            assert name not in response.cookies


def short_way(path: str, method: str = "GET", **environ: str) -> tuple[str, dict[str, str]]:
    """Status and headers of the application that is served in production."""
    from teladan.config.wsgi import application

    found: list[Any] = []
    base = RequestFactory()._base_environ(PATH_INFO=path, REQUEST_METHOD=method, **environ)
    b"".join(application(base, lambda status, headers, *_: found.extend((status, dict(headers)))))
    return found[0], found[1]


def test_errors_are_strict_on_the_way_that_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(citizen, "hold_ticket", broken)
    for status, answer in {
        "404": short_way("/n/salah"),
        "405": short_way("/n", "PUT"),
        "403": short_way("/n/ketik", "POST", HTTP_SEC_FETCH_SITE="cross-site"),
        "500": short_way(f"/n/{UNKNOWN}"),
        "303": short_way("/n/"),
    }.items():
        assert answer[0].startswith(status)
        assert answer[1]["Referrer-Policy"] == "no-referrer"
        assert answer[1]["Cache-Control"] == "no-store"
        assert answer[1]["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")


def test_cookies_are_strict(client: Client, office: Office, settings: Any) -> None:
    address = reverse("ticket-open", args=[tokens.encode(office.token())])
    plain = client.get(address).cookies["tiket"]
    assert (plain["httponly"], plain["samesite"], plain["path"]) == (True, "Lax", "/")
    settings.TLS = True
    safe = client.get(address, secure=True).cookies["__Host-tiket"]
    assert (safe["secure"], safe["httponly"], safe["path"], safe["domain"]) == (True, True, "/", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_keep_to_their_budgets(client: Client, office: Office, language: str) -> None:
    """Bytes as they travel, requests and taps of the longest way, in every language."""
    static = Path(django_settings.ROOT) / "ui" / "static"

    def fetched(address: str) -> bytes:
        return gzip.compress((static / address.removeprefix("/static/")).read_bytes())

    def page(path: str) -> citizen_page.Page:
        return citizen_page.weigh(path, client.get(path, headers={"accept-encoding": "gzip"}).content, fetched)

    client.get(f"/n?bahasa={language}")
    opened(client, office.token(service=office.paid))
    official = page("/n/lengkap")
    pages = [page("/n")]
    client.post("/n", {"overall": "1"})
    pages += [page("/n/lanjut"), page("/n/pesan"), page("/n/selesai")]
    assert [one.questions for one in (*pages, official)] == [3, 7, 0, 0, 10]
    assert pages[0].whole <= citizen_page.FIRST_PAGE_BYTES
    assert citizen_page.journey_bytes(pages) <= citizen_page.JOURNEY_BYTES
    assert {one.requests for one in (*pages, official)} == {citizen_page.PAGE_REQUESTS}
    assert citizen_page.taps(pages) <= citizen_page.TAPS
    assert 1 + citizen_page.taps([official]) <= citizen_page.TAPS


def test_packed_page_is_the_page(client: Client, office: Office) -> None:
    opened(client, office.token())
    plain, packed = client.get("/n"), client.get("/n", headers={"accept-encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed["Content-Length"]) == len(packed.content)


def test_canary_token_appears_in_no_log_and_no_error(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-10: open, cast and fail with a known token while everything is logged at the finest level."""
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(TokenFilter())
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.addHandler(handler)
    pages = []
    try:
        client.raise_request_exception = False
        pages.append(client.get(f"/n/{issued.token}"))
        pages.append(client.post("/n", {"overall": "1"}))
        pages.append(client.get(f"/n/{issued.token[:-1]}"))
        pages.append(client.post(f"/n/{issued.token}", {"x": "y"}))

        def broken(*_: Any, **__: Any) -> Any:
            raise RuntimeError("the database is away")

        monkeypatch.setattr(citizen, "cast_rating", broken)
        monkeypatch.setattr(citizen, "hold_ticket", broken)
        pages.append(client.get(f"/n/{issued.token}"))
        pages.append(client.post("/n", {"overall": "1"}, headers={"referer": f"http://testserver/n/{issued.token}"}))
    finally:
        root.removeHandler(handler)
    text = written.getvalue()
    assert [page.status_code for page in pages] == [303, 303, 404, 303, 500, 500]
    assert "the database is away" in text
    assert "/n/…" in text
    for secret in (issued.token, issued.token[:-1], issued.typed_code):
        assert secret not in text
        assert not any(secret in unescape(page.content.decode()) for page in pages)
        assert not any(secret in str(page.headers) for page in pages)
