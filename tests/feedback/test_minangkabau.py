"""Minangkabau on the citizen's pages: complete, marked as awaiting review, and nowhere else."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation.template import templatize

from teladan.feedback.questionnaire import awaiting_review
from teladan.feedback.views.doorway import LANGUAGES
from tests.house.rooms import PACKAGE

FOLDER = PACKAGE / "locale" / "min" / "LC_MESSAGES"
PAGES = PACKAGE / "feedback" / "templates" / "feedback"
PARTS = PACKAGE / "ui" / "templates" / "ui"
TEMPLATES = [
    *sorted(PAGES.glob("rating_*.html")), *sorted(PAGES.glob("receipt*.*")), PAGES / "leaf_months.html", PAGES / "citizen.html", PAGES / "complaint.html",
    PAGES / "kiosk_frame.html", PAGES / "kiosk_screen.html", PAGES / "unreviewed.html",
    PAGES / "ticket_malformed.html", PARTS / "citizen.html",
    *(PARTS / "parts" / f"{name}.html" for name in ("faces", "field", "hint", "error_summary")),
]  # fmt: skip
MARKED = re.compile(r"(?:\b|_)(?:gettext|ngettext|pgettext|_)\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")")


def said_in_templates() -> set[str]:
    return {
        ast.literal_eval(mark)
        for path in TEMPLATES
        for mark in MARKED.findall(templatize(path.read_text(encoding="utf-8")))
    }


def said_in_code(path: Path) -> set[str]:
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    with open(FOLDER / "django.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key if isinstance(key, str) else key[0]: value for key, value in compiled.items()}


def test_every_sentence_of_the_citizens_pages_is_there(catalogue: dict[str, str]) -> None:
    said = said_in_templates() | {
        s for name in ("forms", "readers") for s in said_in_code(PAGES.parents[1] / f"{name}.py")
    }
    assert len(said) > 60
    assert "Kirim tambahan" in said
    assert said - set(catalogue) == set()


def test_what_runs_is_what_was_written(catalogue: dict[str, str]) -> None:
    written = (FOLDER / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid ("(?:.*)")\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? ("(?:.*)")$', written, re.M)
    assert {ast.literal_eval(key): ast.literal_eval(value) for key, value in pairs[1:]} == {
        key: value for key, value in catalogue.items() if key
    }


def test_places_for_numbers_are_kept(catalogue: dict[str, str]) -> None:
    for sentence, words in catalogue.items():
        assert re.findall(r"%\(\w+\)\w", sentence) == re.findall(r"%\(\w+\)\w", words) or not sentence


def test_staff_pages_do_not_offer_it() -> None:
    assert "min" in LANGUAGES
    assert "min" not in dict(settings.LANGUAGES)


def test_pages_say_that_it_awaits_review(client: Client) -> None:
    html = client.get("/n/ketik", {"bahasa": "min"}).content.decode()
    assert '<html lang="min">' in html
    assert "Katiak kode tiket" in html
    assert "alun dipareso" in html
    assert awaiting_review() == {"min"}
    assert "alun dipareso" not in client.get("/n/ketik", {"bahasa": "id"}).content.decode()


def test_remembered_choice_does_not_break_other_pages(client: Client, db: None) -> None:
    client.get("/n/ketik", {"bahasa": "min"})
    assert client.cookies["django_language"].value == "min"
    assert '<html lang="id"' in client.get("/akun/login/").content.decode()
    assert '<html lang="min">' in client.get("/n/siapa-membaca").content.decode()
