"""A plain rating, straight from the web server to the database: the two POSTs that all citizens make within the same hours.

Django's way from a socket to `citizen.rating_form` or `citizen.rating_done` and back costs more than the rating. What is in good
order in every respect takes this one instead; anything else, and any trouble, is left to the view, which finds it again, since a
form sent twice is one rating and finishing twice is one receipt. The answer is what the view would have given, but for the cookie's
date, which Max-Age makes needless: the headers are copied from what the handler sends with a redirect of the citizen's pages.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import parse_cookie

from teladan.core.lanes import citizen_is_here
from teladan.feedback.actions.casting import DifferentAnswers, EditClosed, cast_rating
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.forms import given_answers
from teladan.feedback.queries import first_page_month, plan_for
from teladan.feedback.views import doorway

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Handler = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

STATUS = "303 See Other"
_FORM = "application/x-www-form-urlencoded"
_LONGEST = 1000
_GIVEN = (
    "HTTP_HOST",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_X_FORWARDED_PROTO",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
)
"""All that the headers of an answer without a body depend on, beside the language chosen before."""


def straight_through(handler: Handler) -> Callable[[Environ], Headers | None]:
    """What answers a plain POST with the headers of its 303, and everything else with None; then `handler` is to be asked."""
    headers_for = lru_cache(maxsize=256)(lambda *given: _headers(handler, given))
    acts = {doorway.address("rating-form"): _rated, doorway.address("rating-done"): _finished}

    def answered(environ: Environ) -> Headers | None:
        act = acts.get(environ.get("PATH_INFO", ""))
        if act is None or (body := _form(environ)) is None:
            return None
        cookies = parse_cookie(environ.get("HTTP_COOKIE", ""))
        if settings.SESSION_COOKIE_NAME in cookies:
            return None
        given = (cookies.get(settings.LANGUAGE_COOKIE_NAME, ""), *(environ.get(name) for name in _GIVEN))
        if sum(len(value or "") for value in given) > _LONGEST:  # they are remembered
            return None
        headers = headers_for(*given)
        if headers is None or (done := act(body, cookies)) is None:
            return None
        return [*headers, *done]

    def answered_or_left(environ: Environ) -> Headers | None:
        try:
            return answered(environ)
        except (DifferentAnswers, EditClosed):
            return None
        except (
            Exception
        ) as trouble:  # the view meets the same and has a page for it, or it is ours alone and must not stay unknown
            logger.warning(
                "Penilaian tidak dapat dijawab langsung (%s); dijawab lewat halaman biasa.", type(trouble).__name__
            )
            return None

    return answered_or_left


def _rated(body: str, cookies: dict[str, str]) -> Headers | None:
    """The first page, sent with a ticket in hand."""
    hand = doorway.hand_among(cookies)
    if hand is None or hand.again:
        return None
    first_page = plan_for(first_page_month(hand.token_hash)).questionnaire.first_page
    answers = given_answers(dict(parse_qsl(body, keep_blank_values=True)), first_page)
    if answers is None:
        return None
    citizen_is_here()
    cast = cast_rating(
        token_hash=hand.token_hash,
        answers=answers,
        nonce=hand.nonce,
        order=hand.order,
        device=doorway.device_among(cookies),
    )
    return [("Location", doorway.address("rating-more")), ("Set-Cookie", doorway.edit_cookie(cast.edit_key))]


def _finished(body: str, cookies: dict[str, str]) -> Headers:
    """The last page's button. EditClosed when there is nothing to finish any more."""
    citizen_is_here()
    finish_rating(edit_key=doorway.edit_key_among(cookies))
    return [("Location", doorway.address("rating-done"))]


def _form(environ: Environ) -> str | None:
    """The body of a short form sent from a page of ours; it can be read again afterwards."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if (
        environ["REQUEST_METHOD"] != "POST"
        or environ.get("QUERY_STRING")
        or environ.get("CONTENT_TYPE") != _FORM
        or not (length.isdecimal() and 0 < int(length) < _LONGEST)
        or doorway.is_elsewhere(environ.get("HTTP_SEC_FETCH_SITE"))
    ):
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body.decode() if body.isascii() and len(body) == int(length) else None


def _headers(handler: Handler, given: tuple[str | None, ...]) -> Headers | None:
    """What the handler sends along with a 303 to a citizen; None where it would not come to the view at all."""
    language, *values = given
    answered: list[tuple[str, Headers]] = []
    asked: Environ = {name: value for name, value in zip(_GIVEN, values, strict=True) if value is not None}
    asked |= {"REQUEST_METHOD": "GET", "PATH_INFO": doorway.address("rating-form"), "wsgi.input": io.BytesIO()}
    asked["HTTP_COOKIE"] = f"{settings.LANGUAGE_COOKIE_NAME}={language}"
    handler(asked, lambda status, headers: answered.append((status, headers)))
    ((status, headers),) = answered
    if status != STATUS:
        return None
    return [(name, value) for name, value in headers if name != "Location"]
