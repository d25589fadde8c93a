"""The public site. No script, nobody signed in, only what was released."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from teladan.core.spreadsheet import write_csv
from teladan.scoring.ikm import REGIMES
from teladan.transparency import charts, queries, shapes
from teladan.ui.pages import public


@public
@require_safe
def public_home(request: HttpRequest) -> HttpResponse:
    months = queries.months()
    units = queries.units_in(months[0]) if months else []
    city = queries.city_in(months[0]) if months else {}
    context = {
        "here": "home",
        "month": months[0] if months else None,
        "units": units,
        "winners": queries.winners()[:3],
        "holding": city.get("holding"),
        "complaints": city.get("complaints"),
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
        "reports": queries.reports(code),
        "comments": shapes.comment_cards(queries.comments(code)),
    }
    return render(request, "transparency/public_unit.html", context)


@public
@require_safe
def public_comments(request: HttpRequest, code: str) -> HttpResponse:
    """Every released comment of a unit, a page for each release."""
    last = _history_or_404(code)[-1]
    page = Paginator(shapes.comment_cards(queries.comments(code)), 3).get_page(request.GET.get("page"))
    return render(request, "transparency/public_comments.html", {"here": "home", "unit": last, "page": page})


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
def public_report(request: HttpRequest, code: str, key: str) -> HttpResponse:
    found = queries.report(code, key)
    if found is None:
        raise Http404
    context = {
        "here": "home",
        "report": found,
        "code": code,
        "elements": charts.report_elements(found),
        "trend": charts.report_trend(found),
        "rows": shapes.elements(found),
        "strong": shapes.named(found, found.strengths),
        "weak": shapes.named(found, found.weaknesses),
        "plan": shapes.plan(found),
        "past": shapes.past(found),
        "profile": shapes.profile(found),
    }
    return render(request, "transparency/public_report.html", context)


@public
@require_safe
def public_report_pdf(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """The report byte for byte as it was published."""
    found = queries.report_document(code, key)
    if found is None:
        raise Http404
    content, digest = found
    tag = f'"{digest[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers=headers)
    headers["Content-Disposition"] = f'inline; filename="SKM-{code}-{key}.pdf"'
    return HttpResponse(content, content_type="application/pdf", headers=headers)


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
