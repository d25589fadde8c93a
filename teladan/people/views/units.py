"""The tree of units, one unit, and who acts as its head."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.core import clock
from teladan.people import access, actions, queries
from teladan.people.access import requires
from teladan.people.actions import Refused
from teladan.people.forms import ActingForm
from teladan.people.models import Unit
from teladan.people.permissions import Permission


@require_safe
@requires(Permission.PEOPLE_VIEW)
def unit_list(request: HttpRequest) -> HttpResponse:
    """The tree, with heads and numbers of people."""
    allowed = access.visible_units(request.user)
    tops = queries.branches(clock.today())
    context = {
        "tops": tops if allowed is None else queries.only(tops, set(allowed)),
        "may_import": access.everywhere(request.user, Permission.PEOPLE_IMPORT),
    }
    return render(request, "people/unit_list.html", context)


@require_safe
def unit_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One unit: its head, its place in the tree, its past names."""
    unit, today = access.unit_or_404(request.user, code), clock.today()
    above = queries.ancestors(unit, today)
    context = {
        "facts": queries.unit_facts(unit, today),
        "above": [(one, queries.unit_name(one, today)) for one in reversed(above)],
        "may_appoint": access.can(request.user, Permission.APPRAISER_SET, unit),
    }
    return render(request, "people/unit_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def acting_set(request: HttpRequest, code: str) -> HttpResponse:
    """Let somebody act as head of a unit."""
    unit, today = access.unit_to_appoint_or_404(request.user, code), clock.today()
    facts = queries.unit_facts(unit, today)
    if facts.current is None or facts.current.head_post is None:
        messages.error(request, _("Unit ini tidak punya jabatan kepala. Lengkapi dulu lewat berkas unit."))
        return redirect("units-detail", unit.code)
    search = request.GET.get("cari", "").strip()[:100]
    candidates = queries.candidates_to_act(unit, today, search)
    form = ActingForm(request.POST or None, candidates=candidates)
    if request.method == "POST" and form.is_valid() and _act(request, form, unit):
        return redirect("units-detail", unit.code)
    context = {"form": form, "facts": facts, "search": search, "found": bool(candidates)}
    return render(request, "people/acting_set.html", context, status=422 if form.errors else 200)


def _act(request: HttpRequest, form: ActingForm, unit: Unit) -> bool:
    data = form.cleaned_data
    try:
        actions.place_acting_head(
            unit=unit,
            person=access.person_or_404(request.user, data["person"]),
            kind=data["kind"],
            by=request.user,
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )
    except Refused as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Penugasan disimpan. Penilai unit ini langsung mengikuti."))
    return True


@require_POST
def acting_end(request: HttpRequest, placement_id: int) -> HttpResponse:
    """End an acting post today."""
    placement = access.acting_or_404(request.user, placement_id)
    try:
        actions.end_acting(placement=placement, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Penugasan diakhiri hari ini."))
    return redirect("units-detail", placement.post.unit.code)
