"""The public site. No script, nobody signed in, only what was released."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from teladan.core.spreadsheet import write_csv
from teladan.scoring.ikm import REGIMES
from teladan.transparency import charts, queries
from teladan.ui.pages import public


@public
@require_safe
def public_home(request: HttpRequest) -> HttpResponse:
    months = queries.months()
    units = queries.units_in(months[0]) if months else []
    context = {
        "here": "home",
        "month": months[0] if months else None,
        "units": units,
        "winners": queries.winners()[:3],
        "complaints": queries.complaints_in(months[0]) if months else None,
    }
    return render(request, "transparency/public_home.html", context)


@public
@require_safe
def public_unit(request: HttpRequest, code: str) -> HttpResponse:
    history = _history_or_404(code)
    last = history[-1]
    context = {
        "here": "home",
        "unit": last,
        "trend": charts.ikm_trend(history),
        "elements": charts.element_bars(last) if last.elements else None,
        "basis": REGIMES[last.regime].legal_basis if last.regime in REGIMES else last.regime,
        "weakest": charts.element_name(last.weakest) if last.weakest else "",
    }
    return render(request, "transparency/public_unit.html", context)


@public
@require_safe
def public_unit_csv(request: HttpRequest, code: str) -> HttpResponse:
    headers = ["bulan", "unit", "ikm", "bawah", "atas", "mutu", "aturan", "jawaban", "tiket", "layanan", "berstandar",
               "tepat_waktu"]  # fmt: skip
    rows = [
        [f"{row.month:%Y-%m}", row.name, row.ikm, row.low, row.high, row.grade, row.regime, row.n, row.tickets,
         row.events, row.with_standard, row.on_time]
        for row in _history_or_404(code)
    ]  # fmt: skip
    response = HttpResponse(write_csv(headers, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="teladan-{code.lower()}.csv"'
    return response


@public
@require_safe
def public_awards(request: HttpRequest) -> HttpResponse:
    return render(request, "transparency/public_awards.html", {"here": "awards", "winners": queries.winners()})


@public
@require_safe
def public_how(request: HttpRequest) -> HttpResponse:
    return render(request, "transparency/public_how.html", {"here": "how"})


def _history_or_404(code: str) -> list[queries.UnitMonth]:
    history = queries.unit_history(code)
    if not history:
        raise Http404
    return history
