"""English is complete: every sentence of the templates has its translation, and what runs is what was written."""

from __future__ import annotations

import ast
import gettext
import re

import pytest
from django.utils.translation.template import templatize

from tests.house.rooms import PACKAGE

FOLDER = PACKAGE / "locale" / "en" / "LC_MESSAGES"
STRING = r'"(?:[^"\\\n]|\\.)*"'
ENTRY = re.compile(
    rf"(?:^msgctxt ({STRING})\n)?^msgid ((?:{STRING}\n?)+)(?:msgid_plural ((?:{STRING}\n?)+))?((?:msgstr.*\n(?:{STRING}\n?)*)+)",
    re.M,
)
MARKED = re.compile(r"\b(?:gettext|ngettext|pgettext)\((u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")")


def text(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.split("\n") if line)


def catalogue() -> dict[str, list[str]]:
    """Indonesian sentence to its English forms."""
    source = (FOLDER / "django.po").read_text(encoding="utf-8")
    found = {}
    for match in ENTRY.finditer(source):
        forms = re.split(r"^msgstr(?:\[\d\])? ", match[4], flags=re.M)[1:]
        context = f"{text(match[1])}\x04" if match[1] else ""
        found[context + text(match[2])] = [text(form) for form in forms]
    assert len(found) > 1000
    return found


def test_every_sentence_is_translated() -> None:
    assert [sentence for sentence, forms in catalogue().items() if not all(forms)] == []


def test_no_translation_is_a_guess() -> None:
    assert "#, fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")


def test_what_runs_is_what_was_written() -> None:
    with open(FOLDER / "django.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    flat = {
        key if isinstance(key, str) else key[0]: value
        for key, value in compiled.items()
        if not isinstance(key, tuple) or key[1] == 0
    }
    assert {key: forms[0] for key, forms in catalogue().items() if key} == {k: v for k, v in flat.items() if k}


@pytest.mark.parametrize("room", sorted(path.parent.name for path in PACKAGE.glob("*/templates")))
def test_templates_say_nothing_untranslated(room: str) -> None:
    known = catalogue()
    missing = {
        sentence
        for path in sorted((PACKAGE / room / "templates").rglob("*.html"))
        for mark in MARKED.findall(templatize(path.read_text(encoding="utf-8")))
        if (sentence := ast.literal_eval(mark)) not in known
    }
    assert not missing
