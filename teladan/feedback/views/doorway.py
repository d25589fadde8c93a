"""What every citizen's page shares: open to all, no session, one language, strict headers, and two small cookies.

A ticket in hand is a signed reference in a cookie, the same for a scanned and a typed ticket; the later pages have a signed
key in another. Nothing of it is looked up here, so a used, an expired and an unknown ticket open the same door.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from teladan.core import clock
from teladan.feedback.keys import Seal

LANGUAGES = ("id", "min", "en")
TICKET_SECONDS = 60 * 60
EDIT_SECONDS = 30 * 60
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": CSP,
}
_signer = Seal(salt="teladan.feedback.ticket")
_device_signer = Seal(salt="teladan.feedback.device")

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Hand:
    """A ticket in the citizen's hand: its stored hash, a random number that only this browser has, its order of questions.

    `again`: it is a receipt of that month instead, and the hash is the number on it.
    """

    token_hash: bytes
    nonce: bytes = field(repr=False)
    order: int = field(repr=False)
    again: date | None = None


def strict_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, outermost on the citizen's short way: errors too tell nobody where they came from."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        return response if response.headers.get("Content-Security-Policy") == CSP else _strict(response)

    return answer


def _strict(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response


def citizen_page(view: View) -> View:
    """Open to everyone, in the citizen's language, with headers that tell nobody where they came from.

    No CSRF token: the cookies are SameSite=Lax, and a form sent from another site is refused by what browsers say of it.
    """
    guarded = require_http_methods(["GET", "HEAD", "POST"])(view)

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kw: Any) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            if request.method == "POST" and is_elsewhere(request.headers.get("Sec-Fetch-Site")):
                response = render(request, "feedback/rating_elsewhere.html", status=403)
            else:
                response = guarded(request, *args, **kw)
        response.headers["Content-Language"] = language
        if request.GET.get("bahasa") in LANGUAGES:
            _set(response, settings.LANGUAGE_COOKIE_NAME, request.GET["bahasa"], None)
        return _strict(response)

    return page


def is_elsewhere(site: str | None) -> bool:
    """Whether a form comes from another site's page, by what the browser says of it (Sec-Fetch-Site)."""
    return site not in (None, "same-origin", "none")


def language_of(request: HttpRequest) -> str:
    """Chosen by link, else remembered, else the browser's, else Indonesian."""
    for choice in (request.GET.get("bahasa"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if choice in LANGUAGES:
            return choice
    found = translation.get_language_from_request(request)
    return found if found in LANGUAGES else LANGUAGES[0]


def see_other(name: str) -> HttpResponse:
    """On to another page, by GET, whatever the method was."""
    return HttpResponse(status=303, headers={"Location": address(name)})


address = cache(reverse)


def _cookie(name: str) -> str:
    return f"__Host-{name}" if settings.TLS else name


def _set(response: HttpResponse, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=settings.TLS, httponly=True, samesite="Lax")


def hold_ticket(
    request: HttpRequest, response: HttpResponse, token_hash: bytes, order: int, again: date | None = None
) -> None:
    """Put a ticket into the citizen's hand. The same ticket taken again keeps its way to the rating already given."""
    hand = ticket_in_hand(request)
    if hand is None or hand.token_hash != token_hash:
        hand = Hand(token_hash, secrets.token_bytes(16), order, again)
    text = f"{hand.token_hash.hex()}.{hand.nonce.hex()}.{hand.order:04d}.{again or ''}"
    _set(response, _cookie("tiket"), _signer.sign(text), TICKET_SECONDS)


def ticket_in_hand(request: HttpRequest) -> Hand | None:
    """The ticket in hand, or nothing."""
    return hand_among(request.COOKIES)


def hand_among(cookies: Mapping[str, str]) -> Hand | None:
    """The ticket in hand among a browser's cookies, or nothing."""
    try:
        token_hash, nonce, order, again = _signer.unsign(cookies.get(_cookie("tiket"), "")).split(".")
        month = date.fromisoformat(again) if again else None
        return Hand(bytes.fromhex(token_hash), bytes.fromhex(nonce), int(order), month)
    except (BadSignature, ValueError):
        return None


def mark_device(request: HttpRequest, response: HttpResponse) -> None:
    """Let this browser carry a random number until midnight, so that many tickets from one device in a day show.

    A new one every day: no browser can be known again. Enrolled kiosks never come this way.
    """
    if device_in_hand(request) is None:
        now = clock.now()
        value = _device_signer.sign(f"{clock.day_of(now).isoformat()}.{uuid.uuid4().hex}")
        _set(response, _cookie("perangkat"), value, clock.seconds_left_of_day(now))


def device_in_hand(request: HttpRequest) -> uuid.UUID | None:
    """Today's random number of this browser, or nothing."""
    return device_among(request.COOKIES)


def device_among(cookies: Mapping[str, str]) -> uuid.UUID | None:
    """Today's random number among a browser's cookies, or nothing."""
    try:
        day, number = _device_signer.unsign(cookies.get(_cookie("perangkat"), "")).split(".")
        return uuid.UUID(hex=number) if day == clock.today().isoformat() else None
    except (BadSignature, ValueError):
        return None


def hold_edit_key(response: HttpResponse, edit_key: str) -> None:
    """Let the citizen add to the rating just given."""
    _set(response, _cookie("lanjut"), edit_key, EDIT_SECONDS)


def edit_cookie(edit_key: str) -> str:
    """What `hold_edit_key` sends, as one line and without the date that Max-Age makes needless."""
    secure = "; Secure" if settings.TLS else ""
    return f"{_cookie('lanjut')}={edit_key}; HttpOnly; Max-Age={EDIT_SECONDS}; Path=/; SameSite=Lax{secure}"


def edit_key_in_hand(request: HttpRequest) -> str:
    """The key of the later pages, or an empty text."""
    return edit_key_among(request.COOKIES)


def edit_key_among(cookies: Mapping[str, str]) -> str:
    """The key of the later pages among a browser's cookies, or an empty text."""
    return cookies.get(_cookie("lanjut"), "")
