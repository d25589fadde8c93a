"""Pages of the appraiser and of the person evaluated: the team, signing, evaluations, achievements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teladan.core import pdf
from teladan.core.stepup import StepUpForm
from teladan.evaluation.access import team as access
from teladan.evaluation.actions import rating
from teladan.evaluation.actions.rating import NotYours, Picks, RatingRefused
from teladan.evaluation.forms.team import AchievementForm, DepartureForm, PicksForm
from teladan.evaluation.models import Evaluation, Rating
from teladan.evaluation.queries import document
from teladan.evaluation.queries import team as queries
from teladan.evaluation.rules.officers import Policy
from teladan.evaluation.views import team_shapes as shapes
from teladan.feedback import queries as feedback
from teladan.people.models import User
from teladan.ui import formats


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _month(request: HttpRequest) -> tuple[date | None, list[date]]:
    months = queries.closed_months()
    asked = request.POST.get("bulan", "") or request.GET.get("bulan", "")
    return access.month_or_404(asked, months), months


def _address(name: str, month: date) -> str:
    return f"{reverse(name)}?{urlencode({'bulan': f'{month:%Y-%m}'})}"


# --- the team --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def team_rate(request: HttpRequest) -> HttpResponse:
    """One screen for a whole team; without JavaScript one button saves everything."""
    month, months = _month(request)
    appraiser = access.rating_person(request.user, month)
    if month is None:
        return render(request, "evaluation/team_none.html", {"month": None})
    found = queries.team(appraiser, month)
    if not found.rows:
        return render(request, "evaluation/team_none.html", {"month": month, "months": months})
    if request.method == "POST":
        return _save_all(request, found, months)
    forms = {row.key: PicksForm.showing(row.key, row.evaluation) for row in found.rows}
    return _team_page(request, found, months, forms)


def _team_page(
    request: HttpRequest, found: queries.Team, months: list[date], forms: Mapping[str, PicksForm], status: int = 200
) -> HttpResponse:
    lines = [(row, forms[row.key]) for row in found.rows]
    bad = [form for _row, form in lines if form.errors]
    limits = Policy.of(feedback.thresholds(found.month)).expectation
    context = {"months": months, "lines": lines, "bad": bad, "limits": limits, **_drawn(found)}
    return render(request, "evaluation/team_rate.html", context, status=status)


def _drawn(found: queries.Team) -> dict[str, Any]:
    """What both the page and the answer to one choice draw."""
    return {"team": found, "quadrant": shapes.team_quadrant(found.rows), "panels": shapes.panels(found)}


def _save_all(request: HttpRequest, found: queries.Team, months: list[date]) -> HttpResponse:
    forms = {
        row.key: PicksForm.showing(row.key, row.evaluation)
        if row.is_signed
        else PicksForm(request.POST, prefix=row.key)
        for row in found.rows
    }
    if not all(form.is_valid() for form in forms.values()):
        return _team_page(request, found, months, forms, 422)
    picks = {row.person.pk: Picks(**forms[row.key].cleaned_data) for row in found.rows if not row.is_signed}
    try:
        rating.rate_team(month=found.month, picks=picks, by=_user(request))
    except RatingRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Tersimpan."))
    return redirect(_address("team-rate", found.month))


@require_POST
def person_rate(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Save one person as soon as something is chosen; answers with what changed elsewhere on the screen."""
    month, _months = _month(request)
    if month is None:
        raise Http404
    appraiser = access.rating_person(request.user, month)
    form = PicksForm(request.POST, prefix=str(person_id))
    context: dict[str, Any] = {"person_key": str(person_id)}
    if not form.is_valid():
        context["problem"] = " ".join(str(text) for errors in form.errors.values() for text in errors)
        return render(request, "evaluation/team_saved.html", context, status=422)
    try:
        rating.rate_team(month=month, picks={person_id: Picks(**form.cleaned_data)}, by=_user(request))
    except NotYours as error:
        raise Http404(str(error)) from error
    except RatingRefused as error:
        return render(request, "evaluation/team_saved.html", context | {"problem": str(error)}, status=422)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(_address("team-rate", month))
    found = queries.team(appraiser, month)
    row = next((row for row in found.rows if row.person.pk == person_id), None)
    return render(request, "evaluation/team_saved.html", context | {"row": row, **_drawn(found)})


@require_POST
def departure_explain(request: HttpRequest) -> HttpResponse:
    """Keep the reason for a departure from the guideline."""
    month, _months = _month(request)
    if month is None:
        raise Http404
    appraiser = access.rating_person(request.user, month)
    found = queries.team(appraiser, month)
    spread = next((one for one in found.spreads if one.unit.code == request.POST.get("unit")), None)
    if spread is None:
        raise Http404
    form = DepartureForm(request.POST)
    if form.is_valid():
        rating.explain_departure(unit=spread.unit, month=month, reason=form.cleaned_data["reason"], by=_user(request))
        messages.success(request, _("Alasan tersimpan."))
    else:
        messages.error(request, " ".join(str(text) for text in form.errors["reason"]))
    back = "team-sign" if request.POST.get("dari") == "tanda-tangan" else "team-rate"
    return redirect(_address(back, month))


@require_http_methods(["GET", "POST"])
def team_sign(request: HttpRequest) -> HttpResponse:
    """Sign all complete drafts with the password, after seeing exactly what will be signed."""
    month, _months = _month(request)
    appraiser = access.rating_person(request.user, month)
    if month is None:
        return redirect("team-rate")
    user, found = _user(request), queries.team(appraiser, month)
    statement = rating.signing_statement(user, month, len(found.signable))
    form = StepUpForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            signed = rating.sign_team(month=month, by=user, statement=statement, seen=request.POST.get("dilihat", ""))
        except RatingRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(n)d penilaian ditandatangani.") % {"n": len(signed)})
            return redirect(_address("team-rate", month))
    context = {"form": form, "statement": statement, "seen": rating.seen_digest(found.signable), **_drawn(found)}
    return render(request, "evaluation/team_sign.html", context, status=422 if form.errors else 200)


# --- evaluations -----------------------------------------------------------------------------------------------------


@require_GET
def evaluation_list(request: HttpRequest) -> HttpResponse:
    """One's own evaluations."""
    person = _user(request).person
    rows = list(queries.evaluations_of(person)) if person else []
    return render(request, "evaluation/evaluation_list.html", {"evaluations": rows, "person": person})


@require_GET
def evaluation_detail(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """One signed evaluation: the result, what it rests on, who decided, and what one can do."""
    found = access.evaluation_or_404(request.user, evaluation_id)
    own = _user(request).person_id == found.person_id
    context = {
        "evaluation": found,
        "own": own,
        "may_acknowledge": own and found.state == Evaluation.State.SIGNED,
        "quadrant": shapes.quadrant(
            [shapes.place(found.work, found.behaviour, *shapes.short_names([found.person.name]))]
        ),
        "versions": list(queries.versions_of(found)),
        "parties": found.evidence["document"],
        "suggestion_label": _suggestion_label(found),
        "regional_head": document.regional_head(),
    }
    return render(request, "evaluation/evaluation_detail.html", context)


def _suggestion_label(evaluation: Evaluation) -> str:
    suggested = (evaluation.evidence.get("citizens") or {}).get("suggestion")
    return str(Rating(suggested).label) if suggested else ""


@require_POST
def evaluation_acknowledge(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """The employee says that the document has been received."""
    found = access.own_evaluation_or_404(request.user, evaluation_id)
    try:
        rating.acknowledge(evaluation=found, by=_user(request))
    except RatingRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Tercatat: Anda sudah menerima dokumen ini."))
    return redirect("evaluation-detail", evaluation_id=found.pk)


@require_GET
def evaluation_document(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Form D.1.1 as PDF. An unchanged document is not made twice for the same browser."""
    found = access.evaluation_or_404(request.user, evaluation_id)
    values = document.document_values(found)
    tag = f'"{pdf.fingerprint(document.SOURCE, values)}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    content = pdf.render(document.SOURCE, values, at=found.acknowledged_at or found.signed_at)
    name = f"D11-{found.month:%Y-%m}-{found.person.nip}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "ETag": tag, "Cache-Control": "private, no-cache"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


# --- achievements ----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def achievement_list(request: HttpRequest) -> HttpResponse:
    """Set the achievement of the units right below one's own level, all on one page."""
    deep = "semua" in request.GET.get("tingkat", "")
    above = access.levels_above(request.user, deep=deep)
    month, months = _month(request)
    user = _user(request)
    lines = queries.achievement_lines(above, month, without=user.person) if month else []
    forms = {line.key: _achievement_form(request, line) for line in lines}
    status = 200
    if request.method == "POST" and month:
        if all(form.is_valid() for form in forms.values() if form.is_bound):
            _save_achievements(request, lines, forms, month)
            return redirect(_address("achievement-list", month))
        status = 422
    context: dict[str, Any] = {"month": month, "months": months, "deep": deep}
    context["lines"] = [(line, forms[line.key]) for line in lines]
    context["bad"] = [form for form in forms.values() if form.is_bound and form.errors]
    return render(request, "evaluation/achievement_list.html", context, status=status)


def _achievement_form(request: HttpRequest, line: queries.UnitLine) -> AchievementForm:
    saved = line.achievement
    initial = {"value": saved.value, "reason": saved.reason} if saved else {}
    data = request.POST if request.method == "POST" and not line.is_fixed else None
    return AchievementForm(data, prefix=line.key, initial=initial)


def _save_achievements(
    request: HttpRequest, lines: list[queries.UnitLine], forms: Mapping[str, AchievementForm], month: date
) -> None:
    saved = 0
    for line in lines:
        form = forms[line.key]
        if not form.is_bound or not form.has_changed() or not form.cleaned_data["value"]:
            continue
        try:
            rating.set_achievement(unit=line.unit, month=month, by=_user(request), **form.cleaned_data)
        except RatingRefused as error:
            messages.error(request, f"{line.name}: {error}")
        else:
            saved += 1
    if saved:
        messages.success(
            request,
            _("%(n)d capaian untuk %(month)s tersimpan.") % {"n": saved, "month": formats.month(month)},
        )
