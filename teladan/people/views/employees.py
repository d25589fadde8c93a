"""The list of employees, and one employee with the answer to "why this appraiser"."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from teladan.core import clock
from teladan.people import access, queries
from teladan.people.access import requires
from teladan.people.forms import SearchForm
from teladan.people.permissions import Permission

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@require_safe
@requires(Permission.PEOPLE_VIEW)
def employee_list(request: HttpRequest) -> HttpResponse:
    """Everybody whom the account may see, by name."""
    form, today = SearchForm(request.GET), clock.today()
    unit = access.unit_or_404(request.user, form.value("unit")) if form.value("unit") else None
    listing = queries.employees(
        on=today,
        units=[unit.pk] if unit else access.visible_units(request.user),
        search=form.value("cari") or "",
        active=form.active,
        letter=form.value("huruf") or "",
        after=form.value("sesudah"),
        before=form.value("sebelum"),
    )
    context = {
        "form": form,
        "listing": listing,
        "unit": unit,
        "unit_name": queries.unit_name(unit, today) if unit else "",
        "letters": LETTERS,
        "counted": queries.COUNTED,
        "may_import": access.can(request.user, Permission.PEOPLE_IMPORT),
        "may_appoint": access.can(request.user, Permission.APPRAISER_SET),
    }
    return render(request, "people/employee_list.html", context)


@require_safe
def employee_detail(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One employee: post, history, and why this appraiser."""
    person, today = access.person_or_404(request.user, person_id), clock.today()
    path = queries.appraiser_path(person, today)
    history = queries.history_of(person, today)
    unit = queries.unit_of(person, today)
    context = {
        "person": person,
        "history": history,
        "running": [row for row in history if row.is_running],
        "path": path,
        "steps": queries.explained(path, today),
        "may_appoint": access.can(request.user, Permission.APPRAISER_SET, unit),
        "may_grant": access.can(request.user, Permission.ROLE_GRANT),
        "may_list": access.can(request.user, Permission.PEOPLE_VIEW),
        "account": queries.account_of(person),
    }
    return render(request, "people/employee_detail.html", context)
