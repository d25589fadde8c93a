"""A plain rating straight through: it takes nothing out of the ordinary, and answers what the view would have answered."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.translation import get_language

from teladan.config import wsgi
from teladan.core import clock, lanes
from teladan.feedback import tokens
from teladan.feedback.models import RefusedRating, StagedRating, Ticket
from teladan.feedback.views import doorway, straight
from teladan.ledger.models import QueuedLeaf
from tests.feedback.conftest import DAY, Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

FORM = {"overall": "4", "kompetensi": "3"}
Environ = dict[str, Any]


@pytest.fixture(autouse=True)
def _connection_stays() -> Iterator[None]:
    """A request ends by closing old connections; the test's own must stay, as Django's test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def hand(token: bytes, device: bool = False, again: bool = False) -> str:
    """The cookies of a browser that opened this ticket's link."""
    response = HttpResponse()
    month = DAY.replace(day=1) if again else None
    doorway.hold_ticket(HttpRequest(), response, tokens.token_hash(token), tokens.order_of(token), month)
    if device:
        doorway.mark_device(HttpRequest(), response)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def sent(cookies: str, form: Mapping[str, str] | None = None, path: str = "/n", **more: Any) -> Environ:
    """What the server makes of a browser's POST."""
    body = "&".join(f"{name}={value}" for name, value in (form or FORM).items())
    environ = RequestFactory().post(path, body, content_type="application/x-www-form-urlencoded").environ
    environ |= {"HTTP_HOST": "127.0.0.1", "HTTP_COOKIE": cookies, "wsgi.input": io.BytesIO(body.encode())}
    return {name: value for name, value in (environ | more).items() if value is not None}


def answer(handler: Any, environ: Environ) -> tuple[str, list[tuple[str, str]], SimpleCookie]:
    """Status, headers in order of their names, and the cookies apart, without the date that Max-Age makes needless."""
    found: list[Any] = []
    list(handler(fresh(environ), lambda status, headers: found.append((status, headers))))
    ((status, headers),) = found
    cookies = SimpleCookie()
    for name, value in headers:
        if name == "Set-Cookie":
            cookies.load(value)
    for morsel in cookies.values():
        morsel["expires"] = ""
    return status, sorted(pair for pair in headers if pair[0] != "Set-Cookie"), cookies


def fresh(environ: Environ) -> Environ:
    """The same request once more, its body unread."""
    return environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"].getvalue())}


def finishing(cookies: str, **more: Any) -> Environ:
    """The last page's button."""
    return sent(cookies, {"selesai": "1"}, "/n/selesai", **more)


def key_of(token: bytes) -> str:
    """The cookies of a browser that has just rated with this ticket."""
    cookies = hand(token, device=True)
    _, _, given = answer(wsgi.application, sent(cookies))
    return f"{cookies}; lanjut={given['lanjut'].value}"


def rated(environ: Environ) -> bool:
    return wsgi._straight(fresh(environ)) is not None


# --- what is left to the view ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"REQUEST_METHOD": "GET"},
        {"REQUEST_METHOD": "PUT"},
        {"QUERY_STRING": "bahasa=en"},
        {"CONTENT_TYPE": "multipart/form-data; boundary=x"},
        {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=latin-1"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": None},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "2000"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_HOST": "jahat.example"},
        {"HTTP_COOKIE": ""},
        {"HTTP_COOKIE": "tiket=00:forged"},
    ],
)
def test_what_is_out_of_the_ordinary_is_left(office: Office, more: Environ) -> None:
    assert not rated(sent(hand(office.token()), **more))
    assert StagedRating.objects.count() == RefusedRating.objects.count() == 0


@pytest.mark.parametrize(
    "form", [{"kompetensi": "4"}, {"overall": "5"}, {"overall": "4", "perilaku": "x"}, {"overall": ""}]
)
def test_answers_with_something_to_complain_about_are_left(office: Office, form: dict[str, str]) -> None:
    environ = sent(hand(office.token()), form)
    assert not rated(environ)
    assert answer(wsgi.application, environ)[0].startswith("422")
    assert StagedRating.objects.count() == 0


def test_a_receipt_and_an_employee_are_left(office: Office) -> None:
    assert not rated(sent(hand(office.token(), again=True)))
    assert not rated(sent(f"{hand(office.token())}; {django_settings.SESSION_COOKIE_NAME}=x"))
    assert StagedRating.objects.count() == 0


def test_the_view_reads_the_form_again(office: Office) -> None:
    environ = sent(hand(office.token()), {"overall": "9"})
    assert wsgi._straight(environ) is None
    assert environ["wsgi.input"].read() == b"overall=9"


@pytest.mark.parametrize("pad", ["", "&x=" + "y" * 1000], ids=["straight", "view"])
def test_a_form_cut_off_on_the_way_casts_nothing_and_can_be_sent_again(office: Office, pad: str) -> None:
    cookies = hand(office.token())
    body = f"overall=4&kompetensi=3{pad}".encode()
    cut = sent(cookies, CONTENT_LENGTH=str(len(body) + 11)) | {"wsgi.input": io.BytesIO(body)}
    assert answer(wsgi.application, cut)[0].startswith("400")
    assert not StagedRating.objects.exists()
    assert (
        answer(wsgi.application, sent(cookies, {"overall": "4", "kompetensi": "3", "perilaku": "2"}))[0]
        == straight.STATUS
    )


@pytest.mark.parametrize("body", ["overall=4&overall=", "overall=&overall=4", "overall=4&kompetensi=3&kompetensi=", "overall=4&overall=9",
                                  "overall=1&overall=4", "overall", "overall=4=4", "%6fverall=4", "overall=%34&kompetensi=%ff"])  # fmt: skip
def test_a_field_given_twice_or_oddly_is_read_as_the_view_reads_it(office: Office, body: str) -> None:
    both = []
    for pad in ("", "&x=" + "y" * 1000):
        whole = (body + pad).encode()
        environ = sent(hand(office.token()), CONTENT_LENGTH=str(len(whole))) | {"wsgi.input": io.BytesIO(whole)}
        status = answer(wsgi.application, environ)[0]
        both.append((status, list(StagedRating.objects.values_list("overall", "kompetensi"))))
        StagedRating.objects.all().delete()
    assert both[0] == both[1]


def test_no_host_is_refused_as_by_the_view(office: Office) -> None:
    environ = sent(hand(office.token()), HTTP_HOST="")
    assert not rated(environ)
    assert answer(wsgi.application, environ)[0].startswith("400")


@pytest.mark.parametrize(
    "more", [{"HTTP_ACCEPT_LANGUAGE": "id," + "x" * 1000}, {"cookie": "; django_language=" + "x" * 1000}]
)
def test_nothing_long_is_remembered(office: Office, more: Environ) -> None:
    environ = sent(hand(office.token()) + more.pop("cookie", ""), **more)
    assert not rated(environ)
    assert answer(wsgi.application, environ)[0] == straight.STATUS


def test_other_answers_of_the_same_form_are_told_by_the_view(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    cookies = hand(office.token())
    assert rated(sent(cookies))
    assert not rated(sent(cookies, {"overall": "1"}))
    assert not caplog.text
    assert answer(wsgi.application, sent(cookies, {"overall": "1"}))[0].startswith("409")
    assert StagedRating.objects.get().overall == 4


def test_trouble_is_left_to_the_view_and_does_not_stay_unknown(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(**_: Any) -> None:
        raise OperationalError("RAHASIA")

    monkeypatch.setattr(straight, "cast_rating", fails)
    environ = sent(hand(office.token()))
    assert not rated(environ)
    assert answer(wsgi.application, environ)[0] == straight.STATUS
    assert StagedRating.objects.count() == 1
    assert "OperationalError" in caplog.text
    assert "RAHASIA" not in caplog.text


# --- and what is not -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ticket", ["good", "paid", "used", "expired", "unknown"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.8"},
        {"HTTP_ACCEPT_LANGUAGE": "fr"},
        {"HTTP_SEC_FETCH_SITE": "same-origin"},
        {"cookie": "; django_language=min"},
    ],
    ids=["plain", "english", "french", "browser", "minangkabau"],
)
def test_it_answers_as_the_view(office: Office, ticket: str, more: Environ) -> None:
    token = office.token(service=office.paid) if ticket == "paid" else office.token()
    if ticket == "unknown":
        token = bytes(16)
    if ticket == "used":
        assert rated(sent(hand(token)))
    if ticket == "expired":
        Ticket.objects.update(expires_on="2026-10-01")
    cookies = hand(token, device=True) + more.get("cookie", "")
    environ = sent(cookies, **{name: value for name, value in more.items() if name != "cookie"})

    first = answer(wsgi.application, environ)
    assert first == answer(wsgi._citizen, environ) == answer(wsgi.application, environ)
    assert rated(environ)
    assert (first[0], StagedRating.objects.count()) == (straight.STATUS, ticket in {"good", "paid", "used"})


def test_what_it_stages_is_what_the_view_stages(office: Office) -> None:
    for handler in (wsgi.application, wsgi._citizen):
        answer(handler, sent(hand(office.token(), device=True)))
    names = [field.attname for field in StagedRating._meta.fields if field.name not in {"id", "device_group"}]
    straight_one, by_the_view = StagedRating.objects.values(*names)
    assert straight_one == by_the_view
    groups = set(StagedRating.objects.values_list("device_group", flat=True))
    assert len(groups) == 2
    assert None not in groups


def test_behind_tls_it_carries_the_same_promises(office: Office, settings: Any) -> None:
    settings.TLS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    handler = wsgi.CitizenHandler()
    secured = straight.straight_through(handler)
    assert secured(sent(hand(office.token()))) is None  # plain http is redirected

    environ = sent(hand(office.token()), HTTP_X_FORWARDED_PROTO="https")
    headers = secured(environ) or []
    _, by_the_view, cookies = answer(handler, environ)
    assert sorted(pair for pair in headers if pair[0] != "Set-Cookie") == by_the_view
    assert dict(headers)["Strict-Transport-Security"].startswith("max-age=31536000")
    assert SimpleCookie(dict(headers)["Set-Cookie"])["__Host-lanjut"]["secure"]
    assert list(cookies) == ["__Host-lanjut"]


def test_it_leaves_the_language_of_the_thread_alone(office: Office) -> None:
    before = get_language()
    assert rated(sent(hand(office.token()), HTTP_ACCEPT_LANGUAGE="en"))
    assert get_language() == before


def test_files_wait_for_those_who_rate_and_finish(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = hand(office.token())
    key = key_of(office.token())
    for environ in (sent(cookies), finishing(key)):
        monkeypatch.setattr(lanes, "_citizen_at", float("-inf"))
        assert rated(environ)
        assert lanes._citizen_at > float("-inf")


# --- finishing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ticket", ["good", "used", "unknown"])
@pytest.mark.parametrize("more", [{}, {"HTTP_ACCEPT_LANGUAGE": "en-GB"}, {"HTTP_SEC_FETCH_SITE": "same-origin"}])
def test_finishing_answers_as_the_view(office: Office, ticket: str, more: Environ) -> None:
    token = bytes(16) if ticket == "unknown" else office.token()
    if ticket == "used":
        assert rated(sent(hand(token)))
    environ = finishing(key_of(token), **more)

    assert rated(environ)
    assert QueuedLeaf.objects.count() == (2 if ticket != "unknown" else 1)  # that of the ticket too
    first = answer(wsgi.application, environ)
    assert first == answer(wsgi._citizen, environ)
    assert first[0] == straight.STATUS
    assert not first[2]
    assert QueuedLeaf.objects.count() == (2 if ticket != "unknown" else 1)


def test_it_finishes_what_the_view_finishes(office: Office) -> None:
    for handler in (wsgi.application, wsgi._citizen):
        answer(handler, finishing(key_of(office.token())))
    assert StagedRating.objects.filter(leaf__isnull=False).count() == 2
    assert QueuedLeaf.objects.count() == 4


@pytest.mark.parametrize(
    "more",
    [
        {"REQUEST_METHOD": "GET"},
        {"QUERY_STRING": "bahasa=en"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_HOST": "jahat.example"},
        {"CONTENT_LENGTH": "2000"},
    ],
)
def test_finishing_out_of_the_ordinary_is_left(office: Office, more: Environ) -> None:
    assert not rated(finishing(key_of(office.token()), **more))
    assert not StagedRating.objects.filter(leaf__isnull=False).exists()


@pytest.mark.parametrize("cookies", ["", "lanjut=", "lanjut=00:forged"])
def test_nothing_to_finish_is_told_by_the_view(cookies: str, caplog: pytest.LogCaptureFixture) -> None:
    assert not rated(finishing(cookies))
    assert not caplog.text
    assert answer(wsgi.application, finishing(cookies)) == answer(wsgi._citizen, finishing(cookies))


def test_after_the_half_hour_the_view_says_that_it_is_closed(office: Office) -> None:
    cookies = key_of(office.token())
    with clock.at(clock.now() + timedelta(minutes=31)):
        assert not rated(finishing(cookies))
        assert answer(wsgi.application, finishing(cookies))[0].startswith("410")
