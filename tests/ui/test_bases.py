"""Bases, sign-in and error pages as the browser gets them, and how heavy they are."""

from __future__ import annotations

import gzip
import re
from http import HTTPStatus

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views import defaults

from teladan.core import clock
from teladan.ui import context
from teladan.ui.gallery import SampleForm
from tests import make

CITIZEN_BUDGET = 14 * 1024


def _request(user=None):
    request = RequestFactory().get("/halaman")
    request.user = user or AnonymousUser()
    return request


def _static(name: str) -> bytes:
    path = finders.find(name)
    assert path
    with open(path, "rb") as file:
        return file.read()


# --- gallery ---


def test_gallery_hides_when_switched_off(client, settings):
    settings.GALLERY = False
    assert client.get(reverse("ui-gallery")).status_code == HTTPStatus.NOT_FOUND


def test_gallery_shows_without_login_when_switched_on(client, settings):
    settings.GALLERY = True
    response = client.get(reverse("ui-gallery"))
    assert response.status_code == HTTPStatus.OK
    assert "Galeri komponen" in response.text


# --- error pages ---


@pytest.mark.parametrize(
    ("view", "error", "status", "words"),
    [
        (defaults.bad_request, SuspiciousOperation("x"), 400, "Permintaan ini tidak terbaca"),
        (defaults.permission_denied, PermissionDenied("x"), 403, "Anda tidak berwenang melakukan ini"),
        (defaults.page_not_found, Http404("x"), 404, "Halaman ini tidak ada"),
    ],
)
def test_error_page_says_what_happened(view, error, status, words):
    with translation.override("id"):
        response = view(_request(), error)
    assert response.status_code == status
    assert words in response.text
    assert response.text.count("<h1>") == 1


def test_error_page_500_needs_neither_request_nor_database():
    with translation.override("id"):
        response = defaults.server_error(_request())
    assert response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Ada kesalahan pada sistem kami" in response.text


@pytest.mark.parametrize("name", ["403_csrf.html", "429.html"])
def test_other_error_pages_render(name):
    assert "<h1>" in render_to_string(name, {}, _request())


def test_message_page_says_what_to_do():
    html = render_to_string(
        "ui/message.html",
        {"title": "Sudah diterima", "message": "Terima kasih.", "action_url": "/", "action_label": "Ke depan"},
        _request(),
    )
    assert "<h1>Sudah diterima</h1>" in html
    assert '<a class="button" href="/">Ke depan</a>' in html


# --- sign-in ---


def test_login_page_is_ours_and_has_no_script(client):
    response = client.get(reverse("account_login"))
    assert "Warga menilai layanan tanpa akun." in response.text
    assert "<script" not in response.text
    assert 'autocomplete="current-password"' in response.text


@pytest.mark.django_db
def test_login_refuses_wrong_password_with_a_summary(client):
    response = client.post(reverse("account_login"), {"login": "tidak-ada", "password": "salah"})
    assert 'class="error-summary"' in response.text


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_logout", "account_change_password", "account_reauthenticate"])
def test_account_pages_wear_our_frame(client, name):
    client.force_login(make.make_user(password="kata sandi yang panjang"))
    response = client.get(reverse(name))
    assert response.status_code == HTTPStatus.OK
    assert 'class="masthead"' in response.text
    assert response.text.count("<h1>") == 1


# --- frame ---


def _staff_page(user=None, **values):
    return render_to_string("ui/base.html", values, _request(user))


def test_base_loads_only_own_files():
    html = _staff_page()
    assert "ui/teladan.css" in html
    assert "htmx" in html
    assert "https://" not in html


def test_base_is_in_the_readers_language():
    with translation.override("id"):
        assert '<html lang="id">' in _staff_page()
    with translation.override("en"):
        assert '<html lang="en">' in _staff_page()


def test_base_shows_navigation_from_the_named_callable(settings):
    settings.NAVIGATION = f"{__name__}.links_of_a_test"

    class Someone:
        is_authenticated = True

        def get_short_name(self):
            return "Afdal Koto"

    html = _staff_page(Someone())
    assert '<a href="/pegawai" aria-current="page">Pegawai</a>' in html
    assert "Afdal Koto" in " ".join(re.sub(r"</?span[^>]*>", "", html).split())  # a telephone shows the first name
    assert reverse("account_logout") in html


def links_of_a_test(_request):
    return [("Meja saya", "/", False), ("Pegawai", "/pegawai", True)]


@pytest.mark.parametrize(("count", "css"), [(3, None), (4, "folds few"), (5, "folds"), (6, "folds"), (7, "folds many")])
def test_navigation_folds_when_it_is_long(count, css):
    html = _navigation([context.NavLink(f"Ruang {index}", f"/{index}") for index in range(count)])
    assert (f'<nav class="{css}"' in html) if css else "class=" not in html.partition(">")[0]
    assert html.count('href="/0"') == (2 if css else 1)
    assert ("Lainnya" in html) == (count > 6)
    assert html.count(f'href="/{count - 1}"') == html.count('href="/0"')


def test_a_long_navigation_says_when_the_page_lies_under_more():
    links = [context.NavLink(f"Ruang {index}", f"/{index}", index == 6) for index in range(8)]
    assert 'class="menu here"' in _navigation(links)
    assert 'class="menu here"' not in _navigation([link._replace(active=link.url == "/0") for link in links])


def _navigation(links):
    return " ".join(render_to_string("ui/parts/nav.html", {"navigation": links}).split())


def test_navigation_is_empty_for_strangers(settings):
    settings.NAVIGATION = f"{__name__}.links_of_a_test"
    assert context.navigation(_request()) == []


def test_navigation_of_a_missing_module_is_empty_but_a_broken_one_is_an_error(settings):
    class Someone:
        is_authenticated = True

    settings.NAVIGATION = "teladan.nowhere.links"
    assert context.navigation(_request(Someone())) == []
    settings.NAVIGATION = "teladan.ui.context.nothing_here"
    with pytest.raises(ImportError):
        context.navigation(_request(Someone()))


def test_base_says_when_the_clock_was_moved():
    with translation.override("id"):
        assert 'class="clock"' not in _staff_page()
        with clock.at(clock.local(clock.parse_month("2026-10"), 9)):
            assert "hari ini Kamis, 1 Oktober 2026" in _staff_page()


def test_public_and_citizen_bases_carry_no_script():
    for name in ("ui/public.html", "ui/citizen.html", "ui/entrance.html", "ui/print.html"):
        assert "<script" not in render_to_string(name, {}, _request())


# --- weight ---

CITIZEN_PAGE = """{% extends "ui/citizen.html" %}{% load ui %}
{% block heading %}Bagaimana layanan yang Anda terima hari ini?{% endblock %}
{% block content %}<form method="post">{% faces form.overall %}{% faces form.attitude %}{% faces form.attitude %}
<button class="button">Kirim</button></form>{% endblock %}"""


def test_citizen_page_fits_its_budget():
    request = _request()
    html = Template(CITIZEN_PAGE).render(Context({"form": SampleForm(), "request": request})).encode()
    files = [_static("ui/citizen.css"), _static("ui/songket.svg")]
    assert html.count(b'rel="stylesheet"') == 1
    assert b"<img" not in html
    assert sum(len(gzip.compress(part)) for part in [html, *files]) < CITIZEN_BUDGET * 0.6


def test_citizen_style_asks_for_one_picture_only():
    assert _static("ui/citizen.css").count(b"url(") == 1


def test_staff_assets_fit_their_budget():
    names = ("ui/teladan.css", "ui/charts.css", "ui/teladan.js", "ui/mark.svg", "django_htmx/htmx-2.min.js")
    assert sum(len(gzip.compress(_static(name))) for name in names) < 60 * 1024
