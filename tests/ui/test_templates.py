"""House style of every template in the product: the policy allows no inline code, and neither do we."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import teladan

ROOMS = Path(teladan.__file__).parent
TEMPLATES = sorted(path for path in ROOMS.glob("*/templates/**/*.html"))

FORBIDDEN = {
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc\s*=)", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "a file from elsewhere": re.compile(
        r"<(?:script|link|img|iframe|source|use)\b[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE
    ),
}


def _markup(text: str) -> str:
    text = re.sub(r"{%\s*comment.*?{%\s*endcomment\s*%}", "", text, flags=re.DOTALL)
    text = re.sub(r"{#.*?#}", "", text)
    return re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)  # `as on=` inside a tag is no attribute


def _faults(text: str) -> list[str]:
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(_markup(text))]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOMS))


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_template_has_no_inline_style_or_script(path):
    assert _faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color:red">',
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        '<a href="#" onclick="x()">',
        '<a href="javascript:x()">',
        '<form hx-on:submit="x()">',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<script src="//example.org/x.js"></script>',
    ],
)
def test_house_style_finds_faults(text):
    assert _faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script src=\"{% static 'ui/x.js' %}\" defer></script>",
        '<a href="https://peraturan.go.id">ps. 18</a>',
        "{# style= is forbidden #}<p>x</p>",
        "<p>{% blocktranslate with on=day %}x{% endblocktranslate %}</p>",
        '<button type="button" data-condition="x">',
    ],
)
def test_house_style_lets_good_text_pass(text):
    assert _faults(text) == []


def test_every_room_is_read():
    assert {path.relative_to(ROOMS).parts[0] for path in TEMPLATES} >= {"ui"}
    assert len(TEMPLATES) > 30


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_template_extends_its_room_or_ui(path):
    room = path.relative_to(ROOMS).parts[0]
    for parent in re.findall(r"{%\s*extends\s+[\"']([^\"']+)", path.read_text(encoding="utf-8")):
        assert parent.split("/")[0] in {"ui", room}
