"""Results: an officer's own page, "why this number?" for officers and units, the recompute file, a unit's figures."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from teladan.core import clock
from teladan.evaluation.access import results as access
from teladan.evaluation.access.results import Reader
from teladan.evaluation.actions import explaining as actions
from teladan.evaluation.models import UnitResult
from teladan.evaluation.queries import releases, results
from teladan.evaluation.views import explained, explained_units
from teladan.people import queries as people
from teladan.people.access import requires, units_where
from teladan.people.permissions import Permission


@require_GET
def result_own(request: HttpRequest) -> HttpResponse:
    """The officer's own page: now, over time, and what is still missing."""
    person = access.own_person(request.user)
    rows = results.own_results(person)
    places = explained.places(rows, people.unit_names(clock.today()))
    return render(request, "evaluation/result_own.html", {"person": person, "places": places})


@require_GET
def result_why(request: HttpRequest, result_id: int) -> HttpResponse:
    """Why this score: in full for the officer, in short for appraiser and committee."""
    seen = access.result_or_404(request.user, result_id)
    context = explained.officer(seen)
    template = "evaluation/why_hidden.html" if seen.result.score is None else "evaluation/why_officer.html"
    trail = [(_("Nilai saya"), reverse("result-own")), (context.months, "")]
    return render(request, template, {"why": context, "own": seen.reader is Reader.SELF, "trail": trail})


@require_GET
def result_recompute(request: HttpRequest, result_id: int) -> HttpResponse:
    """The file from which the officer redoes the score; the download is noted."""
    result = access.own_result_or_404(request.user, result_id)
    actions.note_download(result=result, by=request.user)
    response = JsonResponse(explained.recompute_file(result), json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"hitung-ulang-{result.closing.month:%Y-%m}-{result.unit.code}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
def recompute_script(request: HttpRequest) -> HttpResponse:
    """The program that redoes a score from its file: Python alone, nothing of ours."""
    headers = {"Content-Disposition": 'attachment; filename="hitung_ulang.py"'}
    return HttpResponse(explained.SCRIPT.read_bytes(), content_type="text/x-python; charset=utf-8", headers=headers)


@require_GET
@requires(Permission.UNIT_RESULT_VIEW)
def unit_results(request: HttpRequest) -> HttpResponse:
    """The units that this account may read, for one month."""
    months = releases.released_months()[::-1]
    if not months:
        return render(request, "evaluation/unit_results.html", {"months": []})
    try:
        month = clock.parse_month(request.GET["bulan"]) if request.GET.get("bulan") else months[0]
    except ValueError as error:
        raise Http404(str(error)) from error
    if month not in months:
        raise Http404(_("Bulan ini belum ditutup."))
    rows = results.unit_results_of(month, units_where(request.user, Permission.UNIT_RESULT_VIEW))
    names = people.unit_names(clock.month_end(month))
    context = {
        "months": months,
        "month": month,
        "lines": explained_units.unit_lines(rows, names),
        "funnel": explained_units.among_units(rows, names),
    }
    return render(request, "evaluation/unit_results.html", context)


@require_GET
def unit_detail(request: HttpRequest, result_id: int) -> HttpResponse:
    """One unit's month with its services and its trend."""
    result = access.unit_result_or_404(request.user, result_id)
    peers: list[UnitResult] = []
    if result.closing.is_current and not result.service_id:
        peers = results.unit_results_of(result.closing.month, units_where(request.user, Permission.UNIT_RESULT_VIEW))
    page = explained_units.unit(result, peers, access.readable_scores(request.user, result))
    return render(request, "evaluation/unit_detail.html", {"unit": page, "trail": _trail(result, page.line.name)})


@require_GET
def unit_why(request: HttpRequest, result_id: int) -> HttpResponse:
    """Why this index: elements, the exact ninth, the interval, the sample, the band."""
    result = access.unit_result_or_404(request.user, result_id)
    why = explained_units.unit_index(result)
    trail = [*_trail(result, why.line.name, reverse("unit-result", args=[result.pk])), (_("Mengapa"), "")]
    return render(request, "evaluation/why_unit.html", {"why": why, "trail": trail})


def _trail(result: UnitResult, name: str, url: str = "") -> list[tuple[str, str]]:
    months = f"{reverse('unit-results')}?bulan={result.closing.month:%Y-%m}"
    return [(_("Hasil unit"), months), (name, url)]
