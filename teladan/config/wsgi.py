"""The WSGI application that granian serves: plain ratings straight through, the citizen's pages on a short way, the rest on the full one.

The citizen's pages use no session, account, message, or CSRF cookie (`feedback.views.doorway`), and on a busy day they are
most of the traffic; the middleware they do not need costs more than the pages themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teladan.config.settings")

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

Start = Callable[..., Any]


class CitizenHandler(WSGIHandler):
    """Django with the middleware of `settings.CITIZEN_MIDDLEWARE`."""

    def load_middleware(self, is_async: bool = False) -> None:
        full = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.CITIZEN_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = full


django.setup(set_prefix=False)
from teladan.core import bodies  # noqa: E402
from teladan.feedback.views import straight  # noqa: E402  # its models need the settings

_citizen = CitizenHandler()
_full = WSGIHandler()
_straight = straight.straight_through(_citizen)


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    path = environ.get("PATH_INFO", "")
    if (headers := _straight(environ)) is not None:
        start_response(straight.STATUS, headers)
        return (b"",)
    bodies.refuse_broken(environ)
    handler = _citizen if path.split("/", 2)[1:2] in (["n"], ["cek"]) else _full
    return handler(environ, start_response)
