"""Pages of the rules: in force, their versions, one rule, a proposed change with its effect, the pack to take along."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teladan.core import clock, policy
from teladan.evaluation.access import rulebook as access
from teladan.evaluation.actions import proposing as actions
from teladan.evaluation.actions.closing import code_version
from teladan.evaluation.actions.proposing import ProposalRefused
from teladan.evaluation.forms.rulebook import AdoptForm, ProposalForm, WithdrawForm, value_field
from teladan.evaluation.models import PolicyProposal
from teladan.evaluation.queries import rulebook as queries
from teladan.evaluation.queries.rulebook import Rule
from teladan.evaluation.views import rule_shapes as shapes
from teladan.evaluation.views import rule_words as words
from teladan.people.access import requires
from teladan.people.permissions import Permission
from teladan.ui import formats

State = PolicyProposal.State


@require_GET
@requires(Permission.POLICY_VIEW)
def policy_list(request: HttpRequest) -> HttpResponse:
    """The rules in force, by group, with what is decided or proposed."""
    context = {
        "groups": shapes.groups(queries.rules()),
        "version": policy.version(clock.today()),
        "may_change": access.may_change(request.user),
    }
    return render(request, "evaluation/policy_list.html", context)


@require_GET
@requires(Permission.POLICY_VIEW)
def policy_history(request: HttpRequest) -> HttpResponse:
    """Every day on which the rules changed."""
    context = {"versions": shapes.versions(queries.versions()), "trail": [*_trail(), (_("Riwayat"), "")]}
    return render(request, "evaluation/policy_history.html", context)


@require_GET
@requires(Permission.POLICY_VIEW)
def policy_pack(request: HttpRequest) -> HttpResponse:
    """The pack file that `teladan load-policy` reads."""
    day = clock.today()
    response = JsonResponse(policy.pack_on(day), safe=False, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response.headers["Content-Disposition"] = f'attachment; filename="aturan-{day:%Y-%m-%d}.json"'
    return response


@require_GET
def policy_detail(request: HttpRequest, key: str) -> HttpResponse:
    """One rule: what it decides, its value, its versions, its proposals."""
    return _rule_page(request, access.rule_or_404(request.user, key))


def _rule_page(request: HttpRequest, rule: Rule, form: WithdrawForm | None = None) -> HttpResponse:
    may_change = access.may_change(request.user)
    first = queries.earliest_change()
    if form is None and may_change:
        form = WithdrawForm(user=access.changer(request.user))
    context = {
        "rule": shapes.line(rule),
        "history": shapes.history(rule),
        "proposals": shapes.proposals(queries.proposals_of(rule.key)),
        "withdrawable": [row for row in rule.upcoming if row.valid_from >= first],
        "may_change": may_change,
        "form": form,
        "trail": [*_trail(), (words.name_of(rule.key), "")],
    }
    return render(request, "evaluation/policy_detail.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "POST"])
def policy_propose(request: HttpRequest, key: str) -> HttpResponse:
    """Write down a change of one rule; its trial on the last closed month starts at once."""
    rule = access.rule_or_404(request.user, key)
    by = access.changer(request.user)
    if rule.spec is None or not rule.spec.is_typed or rule.draft or rule.current is None:
        return redirect("policy-detail", key)
    form = _proposal_form(request, rule)
    if request.method == "POST" and form.is_valid():
        try:
            found = actions.propose(key=key, by=by, **form.cleaned_data)
        except ProposalRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return redirect("proposal-detail", found.pk)
    trail = [*_trail(), (words.name_of(key), reverse("policy-detail", args=[key])), (_("Usulkan perubahan"), "")]
    context = {"rule": shapes.line(rule), "form": form, "trail": trail}
    return render(request, "evaluation/policy_propose.html", context, status=422 if form.errors else 200)


def _proposal_form(request: HttpRequest, rule: Rule) -> ProposalForm:
    assert rule.spec is not None
    assert rule.current is not None
    names = {name: words.choice_words(name) for name in getattr(rule.spec.kind, "names", ())}
    percent = str(words.RULES[rule.key].unit) == "%"
    field = value_field(rule.spec, names=names, percent=percent, hint=words.bounds(rule.key))
    months = queries.months_to_begin(queries.earliest_change())
    return ProposalForm(request.POST or None, field=field, months=months, initial={"value": rule.current.value})


@require_GET
def proposal_detail(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """A proposed change and its effect. While it is being tried the page asks again; at the end it loads anew."""
    found = access.proposal_or_404(request.user, proposal_id)
    if request.htmx:  # type: ignore[attr-defined]
        work = queries.progress_of(found)
        response = render(request, "evaluation/proposal_detail.html#progress", {"proposal": found, "work": work})
        if not queries.is_working(found, work):
            response.headers["HX-Refresh"] = "true"
        return response
    return _proposal_page(request, found)


def _proposal_page(request: HttpRequest, found: PolicyProposal, form: AdoptForm | None = None) -> HttpResponse:
    may_change = access.may_change(request.user)
    is_open = found.state == State.DRAFT
    work = queries.progress_of(found)
    if form is None and may_change and is_open:
        form = AdoptForm(user=access.changer(request.user))
    context: dict[str, Any] = {
        "proposal": found,
        "change": shapes.proposal(found),
        "effect": shapes.effect(found) if found.effect else None,
        "is_open": is_open,
        "work": work,
        "working": queries.is_working(found, work),
        "needs_trial": is_open and queries.needs_trial(found, code_version=code_version()),
        "may_change": may_change,
        "form": form,
        "trail": [*_trail(), (words.name_of(found.key), reverse("policy-detail", args=[found.key])), (_("Usulan"), "")],
    }
    return render(request, "evaluation/proposal_detail.html", context, status=422 if form and form.errors else 200)


@require_POST
def proposal_try(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Try the proposal again."""
    found = access.proposal_or_404(request.user, proposal_id)
    access.changer(request.user)
    try:
        actions.request_trial(proposal=found)
    except ProposalRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("proposal-detail", found.pk)


@require_POST
def proposal_adopt(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Make the proposal a rule, with the password once more."""
    found = access.proposal_or_404(request.user, proposal_id)
    by = access.changer(request.user)
    form = AdoptForm(request.POST, user=by)
    if not form.is_valid():
        return _proposal_page(request, found, form)
    try:
        actions.adopt(proposal=found, by=by)
    except ProposalRefused as refusal:
        form.add_error(None, str(refusal))
        return _proposal_page(request, found, form)
    messages.success(request, _("Ditetapkan. Berlaku mulai %(day)s.") % {"day": formats.day(found.valid_from)})
    return redirect("policy-detail", found.key)


@require_POST
def proposal_drop(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Give the proposal up."""
    found = access.proposal_or_404(request.user, proposal_id)
    try:
        actions.drop(proposal=found, by=access.changer(request.user))
    except ProposalRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Usulan dibatalkan. Aturan tidak berubah."))
    return redirect("policy-detail", found.key)


@require_POST
def policy_withdraw(request: HttpRequest, key: str, month: date) -> HttpResponse:
    """Take back a decided change before its month opens."""
    rule = access.rule_or_404(request.user, key)
    by = access.changer(request.user)
    form = WithdrawForm(request.POST, user=by)
    if not form.is_valid():
        return _rule_page(request, rule, form)
    try:
        actions.withdraw(key=key, valid_from=month, reason=form.cleaned_data["reason"], by=by)
    except ProposalRefused as refusal:
        form.add_error(None, str(refusal))
        return _rule_page(request, rule, form)
    messages.success(request, _("Perubahan ditarik. Nilai sebelumnya tetap berlaku."))
    return redirect("policy-detail", key)


def _trail() -> list[tuple[str, str]]:
    return [(_("Aturan"), reverse("policy-list"))]
