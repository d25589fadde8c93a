"""Who waits when there is too much to do: files to download, never the citizens' answers.

A server has few threads and one interpreter. Files take long; so one is made at a time, one more may wait a moment for
its turn, and whoever asks besides is told at once to come back, instead of holding a thread that a citizen's rating needs.
Two made at once would be ready no sooner, and ratings would wait for both. Where citizens rated while a file was made, the
next one waits as long again: the machine is theirs at least half of the time. The answer to those who shall come back asks no database, so it
is the same for everybody and every address and tells nobody whether there is such a file.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation

logger = logging.getLogger(__name__)

FILES = (".pdf", ".xlsx", ".csv", ".txt")
FILES_AT_ONCE = 2  # of the four threads of a server: one makes, one waits or sends
PATIENCE_SECONDS = 2.0
REST_SECONDS = 1.0  # at most; less than anybody's patience
RETRY_SECONDS = 5
TELL_SECONDS = 60
_lane = threading.BoundedSemaphore(FILES_AT_ONCE)
_turn = threading.BoundedSemaphore(1)
_citizen_at = float("-inf")
_told_at = float("-inf")

Answer = Callable[[HttpRequest], HttpResponseBase]


def few_files_at_once(get_response: Answer) -> Answer:
    """Middleware: 503 with Retry-After for a file too many. The receipt in a citizen's hand is no such file."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if request.path == "/n" or request.path.startswith("/n/"):
            citizen_is_here()
            return get_response(request)
        if not request.path.endswith(FILES):
            return get_response(request)
        if not _lane.acquire(blocking=False):
            return _come_back(request)
        try:
            response = _in_turn(get_response, request)
        except BaseException:
            _lane.release()
            raise
        if response.streaming:
            vars(response)["_resource_closers"].append(_lane.release)  # what is still being sent is still being made
        else:
            _lane.release()
        return response

    return answer


def citizen_is_here() -> None:
    """Citizens are rating just now: the next file waits longer."""
    global _citizen_at
    _citizen_at = time.monotonic()


def _in_turn(get_response: Answer, request: HttpRequest) -> HttpResponseBase:
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        return _come_back(request)
    began = time.monotonic()
    try:
        return get_response(request)
    finally:
        _next_turn(began)


def _next_turn(began: float) -> None:
    if _citizen_at < began:
        _turn.release()
        return
    rest = threading.Timer(min(time.monotonic() - began, REST_SECONDS), _turn.release)
    rest.daemon = True
    rest.start()


def _come_back(request: HttpRequest) -> HttpResponse:
    page = _page(translation.get_language_from_request(request))
    response = HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"})
    vars(response)["_has_been_logged"] = True  # Django logs every 5xx as an error of ours; this one is meant
    _tell()
    return response


@cache
def _page(language: str) -> bytes:
    """Made once per language, from a request that is nobody's."""
    with translation.override(language):
        return render_to_string("503.html", request=HttpRequest()).encode()


def _tell() -> None:
    """Once a minute is enough to know that files are wanted faster than they are made."""
    global _told_at
    if (now := time.monotonic()) - _told_at >= TELL_SECONDS:
        _told_at = now
        logger.warning(
            "Berkas diminta lebih cepat daripada dibuat; yang berlebih dijawab 503, penilaian warga didahulukan."
        )
