"""Addresses that cannot lead anywhere."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.defaults import page_not_found


class NullBytes:
    """Middleware: where a null byte in an address came as far as the database, it leads nowhere (404).

    No text in PostgreSQL holds one. Pages that look at their address themselves say what they have to say.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        there = "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", "")
        if there and isinstance(exception, (DataError, ValueError)):
            return page_not_found(request, Http404())
        return None
