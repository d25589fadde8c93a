"""Every page needs an account unless it stands on this list."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

SIGN_IN = {"account_login", "account_inactive", "account_logout", "set_language"}
CITIZEN = {"ticket-open", "rating-form", "rating-more", "rating-comment", "rating-official", "rating-done",
           "rating-readers", "rating-typed", "rating-receipt", "receipt-check", "receipt-again"}  # fmt: skip
KIOSK = {"kiosk-screen", "kiosk-outbox", "kiosk-typed", "kiosk-worker"}  # a tablet's secret opens these
SITE = {
    "public-home",
    "public-unit",
    "public-comments",
    "public-report",
    "public-report-pdf",
    "public-unit-csv",
    "public-awards",
    "public-how",
    "award-check",
    "award-verify",
}
LOG = {
    "ledger-checkpoint", "ledger-keys", "ledger-proof", "ledger-consistency", "ledger-tile",  # files that prove
    "leaf-months", "leaf-list", "leaf-log", "check-program",
}  # fmt: skip
COMPLAINANT = {
    "complaint-start", "complaint-form", "complaint-receipt", "complaint-check", "complaint-status",
    "complaint-withdraw", "complaint-leave",
}  # fmt: skip
DOOR = {"desk-home"}  # sends a stranger on to the public site
SYSTEMS = {"intake:event_send", "intake:ticket_replace", "intake:openapi-json"}  # a token of their own opens these
DEVELOPER = {"ui-gallery"}  # answers only where TELADAN_GALLERY is set
PUBLIC = SIGN_IN | CITIZEN | KIOSK | SITE | COMPLAINANT | LOG | DOOR | SYSTEMS | DEVELOPER


def patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from patterns(pattern, inner)
        else:
            yield f"{space}{pattern.name or pattern.pattern}", pattern


def test_public_pages_are_exactly_these() -> None:
    found = {name for name, one in patterns(get_resolver()) if getattr(one.callback, "login_required", True) is False}
    assert found == PUBLIC
