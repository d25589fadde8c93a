"""The map of addresses. Each room keeps its own list."""

from typing import Any

from allauth.account.urls import urlpatterns as account_patterns
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, include, path
from django.views.i18n import set_language

SIGN_IN = {
    "account_login", "account_inactive", "account_logout", "account_change_password", "account_reauthenticate",
}  # fmt: skip


def not_here(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Accounts are made by the personnel agency: nobody signs up or gets a password by e-mail."""
    raise Http404


# allauth builds links to all of its pages, so each keeps its name; only those we want answer.
accounts = [
    pattern if pattern.name in SIGN_IN else URLPattern(pattern.pattern, not_here, pattern.default_args, pattern.name)
    for pattern in account_patterns
]

urlpatterns = [
    path("", include("teladan.feedback.urls")),  # first: most requests of a busy day are citizens'
    path("akun/", include(accounts)),
    path("bahasa", login_not_required(set_language), name="set_language"),
    path("", include("teladan.ui.urls")),
    path("", include("teladan.ledger.urls")),
    path("", include("teladan.people.urls")),
    path("", include("teladan.services.urls")),
    path("", include("teladan.complaints.urls")),
    path("", include("teladan.evaluation.urls")),
    path("", include("teladan.awards.urls")),
    path("", include("teladan.learning.urls")),
    path("", include("teladan.transparency.urls")),
    path("", include("teladan.desk.urls")),
]
