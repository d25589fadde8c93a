"""Who waits when there is too much to do: files to download, never the citizens' answers.

A server has few threads. Files take long; so only some threads may make them at a time, and whoever asks for one more is
told at once to come back, instead of holding a thread that a citizen's rating needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

FILES = (".pdf", ".xlsx", ".csv", ".txt")
FILES_AT_ONCE = 2  # of the four threads of a server
RETRY_SECONDS = 5
_lane = threading.BoundedSemaphore(FILES_AT_ONCE)

Answer = Callable[[HttpRequest], HttpResponseBase]


def few_files_at_once(get_response: Answer) -> Answer:
    """Middleware: 503 with Retry-After for a file too many. The receipt in a citizen's hand is no such file."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.path.endswith(FILES) or request.path.startswith("/n/"):
            return get_response(request)
        if not _lane.acquire(blocking=False):
            busy = render(request, "503.html", status=503)
            busy.headers["Retry-After"] = str(RETRY_SECONDS)
            return busy
        try:
            response = get_response(request)
        except BaseException:
            _lane.release()
            raise
        if response.streaming:
            vars(response)["_resource_closers"].append(_lane.release)  # what is still being sent is still being made
        else:
            _lane.release()
        return response

    return answer
