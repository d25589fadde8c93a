"""Missing superiors and who fixes them: naming an appraiser by hand, for one person or for a whole unit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.core import clock
from teladan.people import access, actions, queries
from teladan.people.access import requires
from teladan.people.actions import Refused
from teladan.people.forms import AppraiserForm, ReasonForm
from teladan.people.models import Person, Unit, User
from teladan.people.permissions import Permission


@require_safe
@requires(Permission.APPRAISER_SET)
def gap_list(request: HttpRequest) -> HttpResponse:
    """Units whose people lack an appraiser, and what helps."""
    units = access.units_where(request.user, Permission.APPRAISER_SET).values_list("id", flat=True)
    allowed = None if access.everywhere(request.user, Permission.APPRAISER_SET) else set(units)
    gaps = [gap for gap in queries.gaps(clock.today()) if allowed is None or gap.unit.pk in allowed]
    context = {"gaps": gaps, "total": sum(len(gap.people) for gap in gaps)}
    return render(request, "people/gap_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def gap_fix(request: HttpRequest, code: str) -> HttpResponse:
    """One appraiser for everybody in a unit who lacks one."""
    unit = access.unit_to_appoint_or_404(request.user, code)
    gap = next((gap for gap in queries.gaps(clock.today()) if gap.unit == unit), None)
    if gap is None:
        messages.info(request, _("Semua pegawai di unit ini sudah punya penilai."))
        return redirect("people-gaps")
    people = [person for person, _title in gap.people]
    return _choose(request, people, unit, {"unit": unit, "name": gap.name, "back": "people-gaps"})


@require_http_methods(["GET", "HEAD", "POST"])
def appraiser_set(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """The appraiser of one person, by hand."""
    person = access.person_to_appoint_or_404(request.user, person_id)
    unit = queries.unit_of(person, clock.today())
    return _choose(request, [person], unit, {"person": person, "back": "people-detail"})


def _choose(request: HttpRequest, people: list[Person], unit: Unit | None, context: dict[str, Any]) -> HttpResponse:
    """Candidates by search or from the tree; saved when the form is complete."""
    search = request.GET.get("cari", "").strip()[:100]
    own = {people[0].pk} if len(people) == 1 else set()
    candidates = [row for row in queries.candidates(unit, clock.today(), search) if row.person.pk not in own]
    form = AppraiserForm(request.POST or None, candidates=candidates)
    if request.method == "POST" and form.is_valid() and _save(request, form, people):
        person = context.get("person")
        return redirect(context["back"], person.pk) if person else redirect(context["back"])
    context |= {"form": form, "people": people, "search": search, "found": bool(candidates)}
    return render(request, "people/appraiser_set.html", context, status=422 if form.errors else 200)


def _save(request: HttpRequest, form: AppraiserForm, people: list[Person]) -> bool:
    assert isinstance(request.user, User)
    data = form.cleaned_data
    try:
        count = actions.set_appraiser_for(
            people=people,
            appraiser=access.person_or_404(request.user, data["penilai"]),
            reason=data["alasan"],
            by=request.user,
            valid_from=data["mulai"],
            valid_until=data["sampai"],
        )
    except Refused as error:
        form.add_error(None, str(error))
        return False
    text = ngettext("Penilai ditetapkan untuk %(n)d pegawai.", "Penilai ditetapkan untuk %(n)d pegawai.", count)
    messages.success(request, text % {"n": count})
    return True


@require_POST
def override_end(request: HttpRequest, override_id: int) -> HttpResponse:
    """Back to the appraiser that the tree gives."""
    override = access.override_or_404(request.user, override_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Tuliskan alasannya."))
    elif isinstance(request.user, User):
        try:
            actions.end_override(override=override, by=request.user, reason=form.cleaned_data["alasan"])
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Penetapan diakhiri. Penilai kembali mengikuti pohon unit."))
    return redirect("people-detail", override.person_id)
