"""What the complainant's pages share: open to all, no script, never stored, and the case in hand in a short-lived cookie.

The cookie names the case and is signed; it carries neither number nor code. Pages say `same-origin` as their referrer:
forms need it, and no address here holds a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from teladan.complaints.models import Complaint
from teladan.complaints.queries import case_for_complainant
from teladan.ui.pages import public

SECONDS = 30 * 60
_signer = TimestampSigner(salt="teladan.complaints.case")

View = Callable[..., HttpResponse]


def complainant_page(view: View) -> View:
    """A public page whose content belongs to one person: kept by no cache and no search engine, its form in no report."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kw: Any) -> HttpResponse:
        response = view(request, *args, **kw)
        response.headers["Cache-Control"] = "no-store, private"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return public(sensitive_post_parameters()(page))


def _cookie() -> str:
    return "__Host-pengaduan" if settings.TLS else "pengaduan"


def hold_case(response: HttpResponse, complaint: Complaint) -> None:
    """Let this browser open the case for half an hour."""
    response.set_cookie(
        _cookie(),
        _signer.sign(complaint.pk.hex),
        max_age=SECONDS,
        path="/",
        secure=settings.TLS,
        httponly=True,
        samesite="Lax",
    )


def let_go(response: HttpResponse) -> None:
    """Close the case in this browser."""
    response.set_cookie(_cookie(), "", max_age=0, path="/", secure=settings.TLS, httponly=True, samesite="Lax")


def case_in_hand(request: HttpRequest) -> Complaint | None:
    """The case that this browser has opened, or nothing."""
    try:
        key = _signer.unsign(request.COOKIES.get(_cookie(), ""), max_age=SECONDS)
        return case_for_complainant(UUID(key))
    except (BadSignature, ValueError):
        return None
