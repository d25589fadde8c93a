"""Pages nobody has filled in yet: the same for everyone, so they are drawn and packed once a day. No ticket comes near them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from teladan.core import clock


@dataclass(frozen=True)
class Drawn:
    """A page as text and as gzip: most of these phones are on slow and costly lines."""

    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, html: str) -> Drawn:
        return cls(html.encode(), gzip.compress(html.encode(), mtime=0))


def still(request: HttpRequest, page: Callable[..., str], *depends: object) -> HttpResponse:
    """The page that `page(language, *depends)` writes. It must depend on nothing else but the day."""
    draw = _draw.__wrapped__ if settings.DEBUG else _draw
    drawn = draw(page, get_language() or "", clock.today(), depends)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(drawn.packed if packed else drawn.plain)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


@lru_cache(maxsize=512)
def _draw(page: Callable[..., str], language: str, day: date, depends: tuple[object, ...]) -> Drawn:
    return Drawn.of(page(language, *depends))
