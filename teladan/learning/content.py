"""The lessons as files beside this module, read once, and their Markdown as safe HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

from teladan.learning.rules import Lesson, parse_lesson

FOLDER = Path(__file__).parent / "lessons"


@cache
def lessons() -> dict[str, Lesson]:
    """All lessons by slug, in the order of their files."""
    found = [parse_lesson(path.name, path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.md"))]
    return {lesson.slug: lesson for lesson in found}


@cache
def html_of(slug: str) -> SafeString:
    """A lesson's text as HTML; raw HTML in the file is shown as text."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return mark_safe(str(markdown.render(lessons()[slug].text)))  # noqa: S308 - our own files, HTML disabled
