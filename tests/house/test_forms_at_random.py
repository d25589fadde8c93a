"""Every form of every room, found by walking the site as somebody with every role: whatever is sent, nobody ever sees a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve

from teladan.core import clock
from teladan.evaluation.actions.closing import close_month
from teladan.people.permissions import Role
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city
from tests.house.test_public_pages import patterns

pytestmark = pytest.mark.django_db

NASTY = (
    "", " ", "\0", "a\0b", "-1", "0", "1e9", "99999999999999999999", "NaN", "١٢٣", "true", "' OR 1=1 --", "{{ 7 }}", "<b>",
    "\u202e", "\ud7ff\U0001f600", "x" * 5_000, "2026-13-45", "0001-01-01", "9999-12-31", "31-02-2026", "2026-10",
    "2026-11-09T25:61", "00000000-0000-0000-0000-000000000000", "../../etc/passwd", "%00", "None", "[]", '{"a":1}',
)  # fmt: skip
SINGLE = {
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
}  # of another house, and end the session
PASSED_BY = {"set_language", "rating-form"}  # tried in tests/feedback/test_citizen_fuzz.py
WALKED = {
    "award-open", "closing-reopen", "complaint-check", "complaint-form", "counter-screen", "kiosk-list", "learning-pulse",
    "learning-rules", "lesson-detail", "people-account-make", "people-account-new", "people-appraiser", "people-import",
    "policy-propose", "rating-typed", "receipt-check", "skm-import", "team-rate", "units-acting",
}  # fmt: skip
"""Forms that links lead to in a city with closed months; those of other states: tests/house/test_forms_in_every_state.py."""
SENT_TO = WALKED | {
    "skm-plan", "people-account-password", "people-account-close", "people-account-open", "source-list", "source-detail", "source-token", "source-revoke", "source-stop",
    "source-resume", "events-import", "events-import-run",
    "account_login", "achievement-list", "award-conflict", "award-decide", "call-record", "closing-start", "comment-reply",
    "complaint-act", "complaint-leave", "complaint-receipt", "complaint-record", "complaint-release", "complaint-statement",
    "complaint-status", "complaint-take", "complaint-withdraw", "counter-finish", "counter-reprint",
    "evaluation-acknowledge", "held-judge", "intake:event_send", "intake:ticket_replace", "kiosk-code", "kiosk-outbox",
    "kiosk-revoke", "kiosk-screen", "kiosk-typed", "moderation-queue", "moderation-replies", "people-account",
    "people-appraiser-end", "people-gap", "people-grant-end", "people-import-run", "policy-withdraw", "proposal-adopt",
    "proposal-drop", "proposal-try", "rating-comment", "rating-done", "rating-form", "rating-more", "rating-official",
    "receipt-again", "set_language", "skm-import-run", "skm-plan-change", "skm-publish", "team-departure",
    "team-rate-person", "team-sign", "units-acting-end",
}  # fmt: skip
"""Addresses that take a POST; each one's form must be found in some state."""
READ_ONLY = {  # a POST is answered as a GET, or by nobody
    "account_confirm_login_code", "account_email", "account_email_verification_sent", "account_inactive",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key_done", "account_set_password",
    "account_signup", "account_confirm_email", "account_reset_password_from_key", "check-program", "leaf-list", "leaf-log",
    "leaf-months", "rating-readers", "rating-receipt", "ticket-open", "ui-gallery", "intake:openapi-json",
    "intake:api-root",
}  # fmt: skip
MOST = 2  # pages of one address pattern; what differs between them is data


@dataclass
class Form:
    """A form as it stood on a page."""

    page: str
    action: str
    files: bool
    fields: dict[str, list[str]] = field(default_factory=dict)  # the values that stood in it


class Page(HTMLParser):
    """Links and forms."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.links = path, list[str]()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and found.get("href", "").startswith(("/", "?")):
            self.links.append(found["href"] if found["href"][0] == "/" else urlsplit(self.path).path + found["href"])
        if tag == "form":
            self._open = None
            if found.get("method", "").lower() == "post":
                action = found.get("action") or self.path
                self._open = Form(self.path, action, "multipart" in found.get("enctype", ""))
                self.forms.append(self._open)
        if self._open is None:
            return
        if tag == "select":
            self._select = found.get("name", "")
        name = self._select if tag == "option" else found.get("name", "")
        if name and tag in ("input", "textarea", "button", "select", "option"):
            self._open.fields.setdefault(name, []).append(found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""


@pytest.fixture
def city() -> Iterator[City]:
    """One closed month, so that there is something behind most addresses."""
    with clock.at(closing_time()):
        city = make_city(officers=3, services=2)
        for month in (date(2026, 9, 1), OCTOBER):
            city.serve(month, everyone(city, 14))
            close_month(month=month, by="uji")
        yield city


@pytest.fixture
def everybody(city: City, client: Client) -> Client:
    """Signed in with every role there is, as head of the unit."""
    head = make.make_head(city.unit)
    user = make.make_user(head, "semua", password=make.PASSWORD)
    for role in Role:
        if role is not Role.CITIZEN:
            make.make_grant(user, role)
    client.force_login(user)
    client.raise_request_exception = True
    return client


def to_the_end(response: Any) -> None:
    """A file that is not read to its end holds its lane."""
    if response.streaming:
        b"".join(response.streaming_content)


def name_of(path: str) -> str | None:
    try:
        found = resolve(urlsplit(path).path)
    except Resolver404:
        return None
    return ":".join([*found.namespaces, found.url_name or ""])


def walk(client: Client, *starts: str, most: int = MOST) -> dict[tuple[str, ...], Form]:
    """Every form that links lead to, by address pattern and field names."""
    waiting, seen, often = list(starts), set(starts), dict[str, int]()
    found: dict[tuple[str, ...], Form] = {}
    while waiting:
        path = waiting.pop(0)
        name = name_of(path)
        if name is None or often.get(name, 0) >= most:
            continue
        often[name] = often.get(name, 0) + 1
        response = client.get(path)
        to_the_end(response)
        assert response.status_code < 500, path
        if (further := response.headers.get("Location", "")).startswith("/") and further not in seen:
            seen.add(further)
            waiting.append(further)
        if "text/html" not in response.headers.get("Content-Type", ""):
            continue
        page = Page(path)
        page.feed(response.content.decode())
        for form in page.forms:
            key = (name_of(form.action) or form.action, *sorted(form.fields))
            found.setdefault(key, form)
        for link in page.links:
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return found


def sent(draw: Random, form: Form) -> dict[str, object]:
    """What stood there, some of it left out, some of it made nasty, and something that nobody asked for."""
    data: dict[str, object] = {}
    for name, values in form.fields.items():
        kind = draw.random()
        if kind < 0.15:
            continue
        if name == "password":
            data[name] = make.PASSWORD if kind < 0.8 else draw.choice(NASTY)
        elif kind < 0.55:
            data[name] = draw.choice(values)
        elif kind < 0.95:
            data[name] = draw.choice(NASTY)
        else:
            data[name] = [draw.choice(NASTY), draw.choice(values)]
        if form.files and name in ("file", "files", "berkas") and draw.random() < 0.7:
            content = draw.choice((b"", b"\0\1\2", b"a;b\n1;2\n", b"PK\3\4" + bytes(40), b"%PDF-1.7", b"\xff\xfe" * 20))
            data[name] = SimpleUploadedFile(draw.choice(("a.csv", "b.xlsx", "c.pdf", "d")), content)
    data[draw.choice(("x", "csrfmiddlewaretoken", "id"))] = draw.choice(NASTY)
    return data


def attack(client: Client, forms: dict[tuple[str, ...], Form], times: int, seed: int) -> int:
    draw = Random(seed)
    count = 0
    for key, form in sorted(forms.items()):
        if key[0] in SINGLE | PASSED_BY:
            continue
        for _ in range(times):
            data = sent(draw, form)
            with transaction.atomic():  # each finds the site as it was
                response = client.post(form.action, data)
                to_the_end(response)
                assert response.status_code < 500, (form.action, data)
                assert not connection.needs_rollback, (form.action, data)
                transaction.set_rollback(True)
            count += 1
    return count


def doors() -> list[str]:
    """Every address that needs nothing to be known: whatever a role sees lies behind one of them."""
    return [
        f"/{one.pattern}"
        for name, one in patterns(get_resolver())
        if "<" not in str(one.pattern) and name not in SINGLE
    ]


@pytest.mark.slow
def test_every_form_that_can_be_found_fails_nowhere(everybody: Client) -> None:
    forms = walk(everybody, *doors(), most=1)
    assert {key[0] for key in forms} >= WALKED
    attack(everybody, forms, 1, seed=1)


@pytest.mark.crash
@pytest.mark.parametrize("seed", range(5))
def test_every_form_that_can_be_found_fails_nowhere_thousands_of_times(everybody: Client, seed: int) -> None:
    assert attack(everybody, walk(everybody, *doors()), 40, seed) > 700


PARTS = {
    "str": ("x", "2026-10", "-", "%00", "%C3%A9", "a" * 300, "0", "DISDUK"),
    "int": ("0", "1", "99999999999999999999"),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "month": ("2026-10", "2030-01"),
    "period": ("2026-10", "2026-T4", "2026"),
}


ASKED = ("page", "cari", "bulan", "tingkat", "semua", "q", "links", "kode", "jenis", "unit")


def addresses(draw: Random) -> Iterator[tuple[str, str]]:
    """Every address of the site with its name, its parts at random: also those to which no link led."""
    for name, pattern in patterns(get_resolver()):
        if name not in SINGLE:
            route = str(pattern.pattern)
            yield (
                name,
                "/"
                + re.sub(
                    r"<(?:(\w+):)?\w+>", lambda part: draw.choice(PARTS.get(part[1] or "str", PARTS["str"])), route
                ),
            )


@pytest.mark.slow
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_fails_nowhere(everybody: Client, method: str) -> None:
    taking = set()
    for name, path in addresses(Random(7)):
        with transaction.atomic():
            asked = {name: NASTY[(len(path) + place) % len(NASTY)] for place, name in enumerate(ASKED)}
            response = getattr(everybody, method)(path, asked)
            to_the_end(response)
            assert response.status_code < 500, path
            assert not connection.needs_rollback, path
            transaction.set_rollback(True)
        if response.status_code != 405 and name_of(path) == name:
            taking.add(name)
    if method == "post":
        assert taking <= SENT_TO | READ_ONLY, "another address takes a POST: add a scene in which its form stands"
