"""The Inspektorat's look at the number: the months, and what one of them shows, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from teladan.core import clock
from teladan.evaluation.models import IntegrityReport
from teladan.evaluation.queries import watching as queries
from teladan.people import queries as people
from teladan.people.access import requires
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.ui import formats


@dataclass(frozen=True)
class UnitLine:
    """One unit's month."""

    name: str
    n: int
    coverage: float | None
    response: float | None
    findings: list[str]


@dataclass(frozen=True)
class DifferenceLine:
    """One level against the others of its trait."""

    level: str
    n: int | None
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    tone: str


@dataclass(frozen=True)
class AuditTable:
    title: str
    n: int
    bound: float | None
    lines: list[DifferenceLine]


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def integrity_list(request: HttpRequest) -> HttpResponse:
    """Every closed month and how much it shows."""
    lines = [(one.closing.month, _counted(one)) for one in queries.reports()]
    return render(request, "evaluation/integrity_list.html", {"lines": lines})


def _counted(report: IntegrityReport) -> tuple[int, int]:
    """Findings, and differences that are certain."""
    units, audits = report.payload["units"], report.payload["audits"]
    findings = sum(len(unit["findings"]) for unit in units)
    return findings, sum(one["verdict"] == "different" for audit in audits for one in audit["differences"])


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def integrity_detail(request: HttpRequest, month: date) -> HttpResponse:
    """One month: pressure on the number per unit, differences between groups."""
    found = queries.report_of(month)
    if found is None:
        raise Http404(_("Bulan ini belum ditutup."))
    names = people.names_by_code(clock.month_end(month))
    context = {
        "month": month,
        "closing": found.closing,
        "window": [clock.parse_month(one) for one in found.payload["window"]],
        "units": [_unit(one, names) for one in found.payload["units"]],
        "audits": [_audit(one, names) for one in found.payload["audits"]],
        "trail": [(_("Integritas"), reverse("integrity-list")), (formats.month(month), "")],
    }
    return render(request, "evaluation/integrity_detail.html", context)


def _unit(raw: Mapping[str, Any], names: Mapping[str, str]) -> UnitLine:
    service_names = services.names_by_code()
    return UnitLine(
        name=names.get(raw["unit"], raw["unit"]),
        n=raw["n"],
        coverage=raw["coverage"],
        response=raw["response"],
        findings=[_finding(one, service_names) for one in raw["findings"]],
    )


def _finding(one: Mapping[str, Any], service_names: Mapping[str, str]) -> str:
    value, limit, usual = one["value"], one["limit"], one["usual"]
    if one["code"] == "jump":
        words = {"value": formats.number(value, 2), "usual": formats.number(usual, 2)}
        return _("Indeks melompat: %(value)s, biasanya sekitar %(usual)s.") % words
    if one["code"] == "mix_drop":
        level = service_names.get(one["level"], one["level"])
        words = {"level": level, "value": formats.percent(value), "usual": formats.percent(usual)}
        return _("Bagian %(level)s turun: %(value)s dari jawaban, biasanya %(usual)s.") % words
    words = {"value": formats.percent(value), "limit": formats.percent(limit)}
    if one["code"] == "ceiling":
        return _("Hampir semua jawaban tertinggi: %(value)s, batas %(limit)s.") % words
    if one["code"] == "coverage":
        return _("Tiket untuk %(value)s layanan, batas %(limit)s.") % words
    return _("Tiket dipakai %(value)s, batas %(limit)s; petugasnya tidak dibandingkan.") % words


def _audit(raw: Mapping[str, Any], names: Mapping[str, str]) -> AuditTable:
    titles = {"sex": _("Menurut jenis kelamin petugas"), "age": _("Menurut umur petugas"), "unit": _("Menurut unit")}
    levels = {"L": _("laki-laki"), "P": _("perempuan"), "M": _("laki-laki"), "F": _("perempuan")}
    verdicts = {
        "equivalent": (_("setara"), "good"),
        "different": (_("berbeda"), "poor"),
        "unclear": (_("belum dapat dikatakan"), "neutral"),
    }
    lines = []
    for one in raw["differences"]:
        word, tone = verdicts[one["verdict"]]
        level = names.get(one["level"], levels.get(one["level"], one["level"]))
        lines.append(DifferenceLine(level, one["n"], one["estimate"], one["low"], one["high"], word, tone))
    return AuditTable(titles[raw["trait"]], raw["n"], raw["bound"], lines)
