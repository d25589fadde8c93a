"""Pages: my learning, a lesson with its check, the rules in force, the pulse, the overview for BKPSDM."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from teladan.core import clock
from teladan.evaluation.queries import rulebook
from teladan.evaluation.views import rule_shapes
from teladan.learning import actions, queries
from teladan.learning.content import html_of, lessons
from teladan.learning.forms import CheckForm, PulseForm
from teladan.learning.rules import Lesson, quarter_of
from teladan.people.access import requires
from teladan.people.models import User
from teladan.people.permissions import Permission


def _lesson_or_404(slug: str) -> Lesson:
    try:
        return lessons()[slug]
    except KeyError as error:
        raise Http404 from error


@require_safe
@requires(Permission.LEARNING_TAKE)
def learning_home(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    context = {
        "assigned": queries.assigned(user),
        "acknowledged": queries.has_acknowledged(user),
        "pulse_open": queries.office_of(user) is not None and not queries.has_answered_pulse(user),
    }
    return render(request, "learning/learning_home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.LEARNING_TAKE)
def lesson_detail(request: HttpRequest, slug: str) -> HttpResponse:
    lesson = _lesson_or_404(slug)
    form = CheckForm(lesson, request.POST or None)
    context = {"lesson": lesson, "html": html_of(slug), "form": form}
    if request.method == "POST":
        if not form.is_valid():
            return render(request, "learning/lesson_detail.html", context, status=422)
        answers = form.answers()
        attempt = actions.take_check(lesson=lesson, answers=answers, by=cast(User, request.user))
        context |= {"attempt": attempt, "reviewed": _review(lesson, answers)}
    return render(request, "learning/lesson_detail.html", context)


def _review(lesson: Lesson, answers: list[int | None]) -> list[dict[str, object]]:
    return [
        {"question": question, "chosen": question.choices[given], "right": question.choices[question.right]}
        for question, given in zip(lesson.questions, answers, strict=True)
        if given is not None
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.LEARNING_TAKE)
def rules_page(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if request.method == "POST":
        actions.acknowledge_rules(by=user)
        messages.success(request, _("Terima kasih. Tercatat bahwa Anda sudah membaca aturan ini."))
        return redirect("learning-home")
    context = {
        "groups": rule_shapes.groups(rulebook.rules()),
        "version": queries.rules_version(),
        "acknowledged": queries.has_acknowledged(user),
    }
    return render(request, "learning/rules_page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.LEARNING_TAKE)
def pulse_form(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if queries.has_answered_pulse(user) or queries.office_of(user) is None:
        return redirect("learning-home")
    form = PulseForm(request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.answer_pulse(answers=form.cleaned_data, by=user)
            except actions.AlreadyAnswered:
                messages.info(request, _("Anda sudah menjawab triwulan ini."))
            else:
                messages.success(request, _("Terima kasih. Jawaban Anda tersimpan tanpa nama."))
            return redirect("learning-home")
        return render(request, "learning/pulse_form.html", {"form": form}, status=422)
    return render(request, "learning/pulse_form.html", {"form": form})


@require_safe
@requires(Permission.LEARNING_MONITOR)
def learning_monitor(request: HttpRequest) -> HttpResponse:
    quarter = quarter_of(clock.today())
    context = {"offices": queries.by_office(), "pulse": queries.pulse_by_office(quarter), "quarter": quarter}
    return render(request, "learning/learning_monitor.html", context)
