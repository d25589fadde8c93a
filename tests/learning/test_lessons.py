"""Lessons as files: what is refused, what the shipped ones look like, and how a check is marked."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from teladan.core.models import AuditEvent
from teladan.learning.content import html_of, lessons
from teladan.learning.models import Attempt
from teladan.learning.rules import LessonError, is_passed, parse_lesson, right_answers
from tests.make import make_staff, make_unit, make_user

GOOD = """judul: Coba
peran: officer, bkpsdm
menit: 3
---
## Satu
Isi.

=== Berapa?
( ) Dua | Bukan dua.
(x) Tiga | Benar.
"""


@pytest.mark.parametrize(
    "broken",
    [
        GOOD.replace("---\n", ""),
        GOOD.replace("(x) Tiga", "( ) Tiga"),
        GOOD.replace("( ) Dua", "(x) Dua"),
        GOOD.replace(" | Benar.", ""),
        GOOD.replace("menit: 3", "menit: 8"),
        GOOD.split("===")[0],
    ],
)
def test_lesson_with_a_broken_form_is_refused_by_name(broken: str) -> None:
    with pytest.raises(LessonError, match=r"coba\.md"):
        parse_lesson("9-coba.md", broken)


def test_lesson_version_changes_with_its_text() -> None:
    lesson = parse_lesson("9-coba.md", GOOD)
    assert (lesson.slug, lesson.roles, lesson.questions[0].right) == ("coba", {"officer", "bkpsdm"}, 1)
    assert parse_lesson("9-coba.md", GOOD + "\n").version != lesson.version


def test_check_needs_two_thirds() -> None:
    lesson = next(iter(lessons().values()))
    right: list[int | None] = [question.right for question in lesson.questions]
    assert right_answers(lesson, right) == 3
    assert right_answers(lesson, [None, *right[1:]]) == 2
    assert [is_passed(n, 3) for n in range(4)] == [False, False, True, True]
    assert not is_passed(0, 0)


def test_shipped_lessons_can_be_read_in_the_time_they_name() -> None:
    assert len(lessons()) >= 3
    for lesson in lessons().values():
        words = len(lesson.text.split()) + sum(len(q.text.split()) + 25 for q in lesson.questions)
        assert words / 130 <= lesson.minutes <= 7, lesson.slug
        assert "<script" not in html_of(lesson.slug)


def test_lesson_raw_html_is_shown_as_text() -> None:
    from markdown_it import MarkdownIt

    assert "&lt;b" in MarkdownIt("commonmark", {"html": False}).render("<b>x</b>")


@pytest.mark.parametrize("name", ["learning-home", "learning-rules", "learning-pulse", "learning-monitor"])
def test_learning_pages_need_login(client: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302


@pytest.mark.django_db
def test_learning_monitor_refuses_an_officer(client: Client) -> None:
    client.force_login(make_user(role="officer"))
    assert client.get(reverse("learning-monitor")).status_code == 403


@pytest.mark.django_db
def test_lesson_unknown_slug_is_not_found(client: Client) -> None:
    client.force_login(make_user(role="officer"))
    assert client.get("/belajar/tidak-ada").status_code == 404


@pytest.mark.django_db
def test_lesson_check_without_answers_names_each_question(client: Client) -> None:
    client.force_login(make_user(role="officer"))
    response = client.post("/belajar/membaca-nilai-saya", {"q0": "1"})
    assert response.status_code == 422
    assert Attempt.objects.count() == 0
    assert response.content.decode().count("Pilih satu jawaban.") >= 2


@pytest.mark.django_db
def test_lesson_roles_decide_who_is_asked(client: Client) -> None:
    unit = make_unit("KOTA", kind="kota")
    client.force_login(make_user(make_staff(make_unit("A", parent=unit)), role="employee"))
    text = client.get(reverse("learning-home")).content.decode()
    assert lessons()["mengapa-dan-bagaimana"].title in text
    assert lessons()["melayani-dan-memberi-tiket"].title not in text


@pytest.mark.django_db
def test_lesson_failed_then_passed(client: Client) -> None:
    user = make_user(role="officer")
    client.force_login(user)
    lesson = lessons()["melayani-dan-memberi-tiket"]
    wrong = {f"q{i}": (q.right + 1) % 3 for i, q in enumerate(lesson.questions)}
    text = client.post(f"/belajar/{lesson.slug}", wrong).content.decode()
    assert "0 dari 3 benar" in text
    assert lesson.questions[0].choices[lesson.questions[0].right].explanation in text
    assert AuditEvent.objects.filter(event="learning.lesson_passed").count() == 0
    right = {f"q{i}": q.right for i, q in enumerate(lesson.questions)}
    assert "Anda lulus: 3 dari 3 benar." in client.post(f"/belajar/{lesson.slug}", right).content.decode()
    assert list(Attempt.objects.filter(user=user).order_by("at").values_list("passed", flat=True)) == [False, True]
    assert AuditEvent.objects.filter(event="learning.lesson_passed").count() == 1
