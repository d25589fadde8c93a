"""Pages of the source systems: which speak, who keeps them, their API tokens. A token is shown on one answer only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from teladan.core import clock
from teladan.core.audit import Event
from teladan.feedback import access
from teladan.feedback.forms_sources import NewSourceForm, ReasonForm, SourceForm
from teladan.feedback.queries import sources as queries
from teladan.people import queries as people
from teladan.people.access import can, require
from teladan.people.permissions import Permission
from teladan.services import actions
from teladan.services.actions import SourceRefused
from teladan.services.models import SourceSystem
from teladan.services.queries import COUNTER_SOURCE


@require_http_methods(["GET", "HEAD", "POST"])
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source with what it sent this month; for their keepers the form for another."""
    access.require_watching(request.user)
    keeps = can(request.user, Permission.SOURCE_MANAGE)
    form = NewSourceForm(request.POST or None) if keeps else None
    if request.method == "POST":
        require(request.user, Permission.SOURCE_MANAGE)
        if form and form.is_valid():
            try:
                source = actions.create_source(**form.cleaned_data, by=request.user)
                return redirect("source-detail", source.code)
            except SourceRefused as refusal:
                form.add_error("code", str(refusal))
    context = {
        "month": clock.month_of(clock.today()),
        "rows": queries.watched(clock.month_of(clock.today())),
        "form": form,
        "may_import": can(request.user, Permission.EVENTS_IMPORT),
    }
    return render(request, "feedback/source_list.html", context, status=422 if form and form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def source_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One source; POST gives it another name, or says whether it hands out tickets."""
    source = access.source_or_404(request.user, code)
    if request.method != "POST":
        return _detail(request, source)
    source = access.source_to_change_or_404(request.user, code)
    form = SourceForm(request.POST)
    if form.is_valid():
        return _done(request, source, _("Perubahan disimpan."), actions.change_source, **form.cleaned_data)
    return _detail(request, source, form=form)


@require_POST
@never_cache
def source_token(request: HttpRequest, code: str) -> HttpResponse:
    """A fresh token, shown on this answer only; the one before stops at once."""
    source = access.source_to_change_or_404(request.user, code)
    try:
        fresh = actions.new_source_token(source=source, by=request.user)
    except SourceRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("source-detail", code)
    had = bool(source.token_hash)
    return _detail(request, access.source_or_404(request.user, code), fresh=fresh, had=had)


@require_POST
def source_revoke(request: HttpRequest, code: str) -> HttpResponse:
    """Shut the API to a source."""
    return _with_reason(request, code, "revoke_form", _("Tokennya dicabut."), actions.revoke_source_token)


@require_POST
def source_stop(request: HttpRequest, code: str) -> HttpResponse:
    """Take nothing from a source any more."""
    return _with_reason(request, code, "stop_form", _("Sumber ini berhenti."), actions.stop_source)


@require_POST
def source_resume(request: HttpRequest, code: str) -> HttpResponse:
    """Use a stopped source again."""
    source = access.source_to_change_or_404(request.user, code)
    return _done(request, source, _("Sumber ini dipakai lagi. Buat token baru untuk API."), actions.resume_source)


def _with_reason(request: HttpRequest, code: str, name: str, said: str, act: Any) -> HttpResponse:
    source = access.source_to_change_or_404(request.user, code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        return _done(request, source, said, act, reason=form.cleaned_data["reason"])
    wrong: dict[str, Any] = {name: form}
    return _detail(request, source, **wrong)


def _done(request: HttpRequest, source: SourceSystem, said: str, act: Any, **values: Any) -> HttpResponse:
    try:
        act(source=source, **values, by=request.user)
        messages.success(request, said)
    except SourceRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("source-detail", source.code)


def _history(source: SourceSystem) -> list[tuple[str, datetime, str, str]]:
    words = {
        Event.SOURCE_CREATED: _("Didaftarkan"),
        Event.SOURCE_CHANGED: _("Nama atau tiketnya diubah"),
        Event.SOURCE_STOPPED: _("Dihentikan"),
        Event.SOURCE_RESUMED: _("Dipakai lagi"),
        Event.SOURCE_API_OPENED: _("Token dibuat"),
        Event.SOURCE_API_SHUT: _("Token dicabut"),
    }
    rows = people.events_of(actions.source_subject(source))
    names = {actor: people.name_of_actor(actor) for actor in {row.actor for row in rows}}
    return [(words.get(Event(row.event), row.event), row.at, names[row.actor], row.reason) for row in rows]


def _detail(
    request: HttpRequest, source: SourceSystem, *, fresh: str = "", had: bool = False, **forms: Any
) -> HttpResponse:
    line = next(one for one in queries.watched(clock.month_of(clock.today())) if one.source.pk == source.pk)
    own = source.code != COUNTER_SOURCE
    content = {"name": source.name, "issues_tickets": source.issues_tickets}
    context = {
        "line": line,
        "source": source,
        "fresh": fresh,
        "had": had,
        "keeps": own and can(request.user, Permission.SOURCE_MANAGE),
        "is_counter": not own,
        "api": settings.PUBLIC_ADDRESS + "/api/v1/peristiwa",
        "form": SourceForm(initial=content),
        "revoke_form": ReasonForm(auto_id="cabut_%s"),
        "stop_form": ReasonForm(auto_id="henti_%s"),
        "history": _history(source),
        "month": clock.month_of(clock.today()),
        "trail": [(_("Sumber data"), reverse("source-list")), (source.name, "")],
        **forms,
    }
    context["wrong"] = wrong = [form for form in forms.values() if form.errors]
    return render(request, "feedback/source_detail.html", context, status=422 if wrong else 200)
