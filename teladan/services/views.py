"""Pages of the catalogue: services, one service with the history of its standard, counters."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from teladan.core import clock
from teladan.people import queries as people
from teladan.people.access import requires
from teladan.people.permissions import Permission
from teladan.services import access, queries


@require_safe
@requires(Permission.CATALOGUE_VIEW)
def service_list(request: HttpRequest) -> HttpResponse:
    text, day = request.GET.get("q", "").strip()[:100], clock.today()
    page = Paginator(queries.catalogue(text=text, on=day), 50).get_page(request.GET.get("page"))
    context = {"page": page, "text": text, "unit_names": people.unit_names(day)}
    return render(request, "services/service_list.html", context)


@require_safe
@requires(Permission.CATALOGUE_VIEW)
def service_detail(request: HttpRequest, code: str) -> HttpResponse:
    service, day = access.service_or_404(code), clock.today()
    standards = queries.standards_of(service)
    context = {
        "service": service,
        "owner": people.unit_name(service.unit, day),
        "standards": standards,
        "current": next((standard for standard in standards if queries.holds(standard, day)), None),
        "today": day,
    }
    return render(request, "services/service_detail.html", context)


@require_safe
@requires(Permission.CATALOGUE_VIEW)
def counter_list(request: HttpRequest) -> HttpResponse:
    rows = queries.owner_names(queries.counters(), people.unit_names(clock.today()))
    return render(request, "services/counter_list.html", {"counters": list(rows)})
