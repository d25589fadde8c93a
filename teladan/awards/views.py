"""Pages of the award committee, of whoever holds a certificate, and of whoever checks one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teladan.awards import access, actions, certificate, pictures, queries
from teladan.awards.actions import AwardRefused, Statement
from teladan.awards.forms import SOME, DecisionForm, StatementForm
from teladan.awards.models import Candidate, ConflictStatement, Round
from teladan.core import clock, pdf
from teladan.people.access import can, requires
from teladan.people.models import User
from teladan.people.permissions import Permission


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


# --- the committee ---------------------------------------------------------------------------------------------------


@requires(Permission.AWARD_VIEW)
@require_GET
def award_list(request: HttpRequest) -> HttpResponse:
    """Every closed month: not opened, discussed, decided."""
    context = {"lines": queries.lines(), "may_open": access.may_open(request.user)}
    return render(request, "awards/award_list.html", context)


@require_POST
def round_open(request: HttpRequest) -> HttpResponse:
    """Put the shortlists of a month before the committee."""
    if not access.may_open(request.user):
        raise PermissionDenied(_("Putaran dibuka oleh BKPSDM atau tim penghargaan."))
    try:
        month = clock.parse_month(request.POST.get("bulan", ""))
        opened = actions.open_rounds(month=month, by=_user(request))
    except (ValueError, AwardRefused) as error:
        messages.error(request, str(error))
        return redirect("award-list")
    if not opened:
        messages.error(request, _("Tidak ada program penghargaan yang berlaku pada bulan itu."))
    return redirect("award-round", round_id=opened[0].pk) if len(opened) == 1 else redirect("award-list")


@require_GET
def award_round(request: HttpRequest, round_id: int) -> HttpResponse:
    """Candidates with their evidence, the rule that brought them, statements, and the decision."""
    found = access.round_or_404(request.user, round_id)
    context = _round_context(request, found)
    if context["may_state"]:
        context["statements"] = _statement_forms(found, context["voice"])
    return render(request, "awards/award_round.html", context)


def _round_context(request: HttpRequest, found: Round) -> dict[str, Any]:
    candidates = list(found.candidates.all())
    appraisals = queries.appraisals(found)
    names = queries.unit_names(found)
    user = _user(request)
    decides = can(user, Permission.AWARD_DECIDE)
    is_open = found.state == Round.State.OPEN
    return {
        "round": found,
        "has_winner": any(hasattr(one, "award") for one in candidates),
        "cards": [(one, names.get(one.unit.code, one.unit.code), appraisals.get(one.person_id)) for one in candidates],
        "groups": [(group, names.get(group["unit"], group["unit"])) for group in found.parameters["groups"]],
        "too_small": [names.get(code, code) for code in found.parameters["too_small"]],
        "picture": pictures.compared(candidates),
        "may_state": decides and is_open and bool(candidates),
        "may_decide": decides and is_open,
        "voice": queries.voice(found, user) if decides else None,
    }


def _statement_forms(
    found: Round, voice: queries.Voice, data: QueryDict | None = None
) -> list[tuple[Candidate, StatementForm, str]]:
    rows = []
    for candidate in found.candidates.all():
        tie, prefix = voice.ties.get(candidate.pk), f"c{candidate.pk}"
        words = queries.tie_words(tie)
        shown = _prefilled(prefix, voice.statements.get(candidate.pk), words) if data is None else data
        rows.append((candidate, StatementForm(shown, prefix=prefix, tied=bool(tie)), words))
    return rows


def _prefilled(prefix: str, saved: ConflictStatement | None, tie_words: str) -> dict[str, str] | None:
    """What was stated before, else the tie we know of, else nothing chosen."""
    if saved is not None:
        answer = SOME if saved.has_conflict else "tidak"
        return {f"{prefix}-answer": answer, f"{prefix}-explanation": saved.explanation}
    return {f"{prefix}-answer": SOME, f"{prefix}-explanation": tie_words} if tie_words else None


@require_POST
def conflict_state(request: HttpRequest, round_id: int) -> HttpResponse:
    """A member states conflicts of interest about every candidate at once."""
    found = access.round_to_decide(request.user, round_id)
    rows = _statement_forms(found, queries.voice(found, _user(request)), request.POST)
    bad = [form for _candidate, form, _tie in rows if not form.is_valid()]
    if bad:
        context = {**_round_context(request, found), "statements": rows, "bad": bad}
        return render(request, "awards/award_round.html", context, status=422)
    statements = {
        candidate.pk: Statement(form.cleaned_data["answer"] == SOME, form.cleaned_data["explanation"])
        for candidate, form, _tie in rows
    }
    try:
        actions.state_conflicts(round=found, statements=statements, by=_user(request))
    except AwardRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Pernyataan Anda tersimpan."))
    return redirect("award-round", round_id=found.pk)


@require_http_methods(["GET", "POST"])
def round_decide(request: HttpRequest, round_id: int) -> HttpResponse:
    """The decision with its reasons and the password; also when nobody is chosen."""
    found, user = access.round_to_decide(request.user, round_id), _user(request)
    if found.state != Round.State.OPEN:
        return redirect("award-round", round_id=found.pk)
    candidates = [(one.pk, one.person.full_name) for one in found.candidates.all()]
    form = DecisionForm(request.POST or None, user=user, candidates=candidates)
    if request.method == "POST" and form.is_valid():
        try:
            actions.decide(round=found, winners=form.winners, reason=form.cleaned_data["reason"], by=user)
        except AwardRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Putusan tercatat."))
            return redirect("award-round", round_id=found.pk)
    context = {"form": form, **_round_context(request, found)}
    return render(request, "awards/award_decide.html", context, status=422 if form.errors else 200)


# --- certificates ----------------------------------------------------------------------------------------------------


@require_GET
def award_own(request: HttpRequest) -> HttpResponse:
    """One's own awards with their certificates."""
    person = _user(request).person
    awards = list(queries.awards_of(person)) if person else []
    return render(request, "awards/award_own.html", {"awards": awards})


@require_GET
def award_certificate(request: HttpRequest, award_id: UUID) -> HttpResponse:
    """The certificate as PDF, for its holder and the committee."""
    found = access.award_or_404(request.user, award_id)
    values = certificate.certificate_values(found)
    tag = f'"{pdf.fingerprint(certificate.SOURCE, values)}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    content = pdf.render(certificate.SOURCE, values, at=found.granted_at)
    name = f"piagam-{found.number.replace('/', '-')}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "ETag": tag, "Cache-Control": "private, no-cache"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@login_not_required
@require_GET
def award_check(request: HttpRequest) -> HttpResponse:
    """Type the code of a certificate."""
    if code := request.GET.get("kode", "").strip():
        return redirect("award-verify", code=queries.normalised(code) or "-")
    return render(request, "awards/award_verify.html", {"award": None, "code": ""})


@login_not_required
@require_GET
def award_verify(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a certificate is real, and what it says; for everybody."""
    found = queries.public_award(code)
    context = {"award": found, "code": code}
    return render(request, "awards/award_verify.html", context, status=200 if found else 404)
