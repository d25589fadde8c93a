"""Addresses that cannot lead anywhere."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]


def no_null_bytes(get_response: Answer) -> Answer:
    """Middleware: 404 where a null byte stands in an address. No text in PostgreSQL holds one, so asking it is an error."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        return get_response(request)

    return answer
