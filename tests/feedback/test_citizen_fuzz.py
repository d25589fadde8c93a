"""Whatever arrives at the citizen's pages, nobody ever sees a failure: bytes, fields, cookies, addresses at random."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teladan.feedback import tokens, urls
from teladan.feedback.forms import QuestionsForm, given_answers
from teladan.feedback.models import ELEMENTS, PROFILE, StagedRating, WaitingProfile
from teladan.feedback.questionnaire import versions
from tests.feedback.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]
POSTED = [
    "/n",
    "/n/lanjut",
    "/n/pesan",
    "/n/lengkap",
    "/n/ketik",
    "/n/selesai",
    "/n/siapa-membaca",
    "/n/tidak-ada",
    "/n/tanda-terima.txt",
    "/cek",
    "/cek/ulang",
    "/cek/bulan",
]
QUESTIONNAIRE = versions()[-1]
FIELDS = ["overall", *ELEMENTS, *PROFILE, "comment", "number", "code", "kunci"]
quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["\0", "4\0", "१", "４", "true", "-0", "1e0", "\u202e", "'; DROP TABLE", "{{ 1 }}", "%00"]
)


@pytest.fixture
def rated(client: Client, office: Office) -> Client:
    """A citizen with a ticket in hand who has rated, so that every page is open."""
    client.raise_request_exception = False
    client.get(f"/n/{tokens.encode(office.token(service=office.paid))}")
    client.post("/n", {"overall": "4"})
    return client


def test_every_citizens_page_is_attacked() -> None:
    pages = {f"/{one.pattern}".rstrip("/") for one in urls.urlpatterns if isinstance(one, URLPattern)}
    ours = {page for page in pages if re.match(r"/(n|cek)(/|$)", page) and "<" not in page}
    assert {page for page in ours if not page.endswith((".txt", ".py"))} <= set(POSTED)


@settings(max_examples=200, deadline=None)
@given(data=st.dictionaries(st.sampled_from(FIELDS), st.lists(TEXT | st.sampled_from(["", *"01234"]), max_size=3)))
def test_answers_are_read_as_the_form_reads_them(data: dict[str, list[str]]) -> None:
    posted = QueryDict(mutable=True)
    for name, values in data.items():
        posted.setlist(name, values)
    for names in (QUESTIONNAIRE.first_page, QUESTIONNAIRE.second_page):
        form = QuestionsForm(posted, questionnaire=QUESTIONNAIRE, names=names, language="id")
        assert given_answers(posted, names) == (form.answers() if form.is_valid() else None)


def stands(response: Any) -> None:
    assert response.status_code < 500
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert not connection.needs_rollback


@quick
@given(
    path=st.sampled_from(POSTED),
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=nonsense",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/json",
            "",
            "\u00ff/\u00ff",
        ]
    ),
)
def test_bytes_at_random_fail_nowhere(rated: Client, path: str, body: bytes, kind: str) -> None:
    response = rated.generic("POST", path, body, content_type=kind)
    assert response.status_code < 500
    assert not connection.needs_rollback


@quick
@given(
    path=st.sampled_from(POSTED),
    fields=st.lists(st.tuples(st.sampled_from(FIELDS) | TEXT, st.sampled_from("01234PL") | TEXT), max_size=12),
)
def test_fields_at_random_fail_nowhere(rated: Client, path: str, fields: list[tuple[str, str]]) -> None:
    response = rated.generic("POST", path, urlencode(fields), content_type="application/x-www-form-urlencoded")
    assert response.status_code < 500
    assert not connection.needs_rollback
    for row in StagedRating.objects.values("overall", *ELEMENTS):
        assert set(row.values()) <= {None, 1, 2, 3, 4}
    assert WaitingProfile.objects.count() <= 1


@quick
@given(
    cookies=st.dictionaries(
        st.sampled_from(["tiket", "lanjut", "django_language"]), st.text("0123456789abcdef.:-_ é", max_size=60)
    ),
    path=st.sampled_from(POSTED),
    language=TEXT,
)
def test_cookies_and_languages_at_random_fail_nowhere(cookies: dict[str, str], path: str, language: str) -> None:
    client = Client(raise_request_exception=False)
    for name, value in cookies.items():
        client.cookies[name] = value
    stands(client.get(path, {"bahasa": language}, headers={"accept-language": "min;q=x, \u00e9"}))
    stands(client.post(path, {"overall": "4"}))


@quick
@given(text=TEXT)
def test_addresses_at_random_fail_nowhere(text: str) -> None:
    client = Client(raise_request_exception=False)
    assert client.get(f"/n/{quote(text, safe='')}").status_code < 500


def test_too_many_and_too_large_fields_are_refused(rated: Client) -> None:
    many = urlencode([("overall", "4")] * 2000)
    large = urlencode({"comment": "a" * 3_000_000})
    for path in ("/n", "/n/pesan", "/n/lengkap"):
        for body in (many, large):
            response = rated.generic("POST", path, body, content_type="application/x-www-form-urlencoded")
            assert response.status_code in (400, 413)
