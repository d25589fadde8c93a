"""The Inspektorat's look at the number: the months, and what one of them shows, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class OfficerLine:
    """One officer with a sign, and the figures behind it in words."""

    name: str
    unit: str
    signs: list[str]


@dataclass(frozen=True)
class HeldLine:
    """Ratings of a unit that were held, by what became of them."""

    name: str
    held: int
    voided: int
    released: int


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


def _counted(report: IntegrityReport) -> tuple[int, int, int]:
    """Findings, officers with a sign, and differences that are certain."""
    units, audits = report.payload["units"], report.payload["audits"]
    findings = sum(len(unit["findings"]) for unit in units)
    officers = len(report.payload.get("officers", []))
    return findings, officers, sum(one["verdict"] == "different" for audit in audits for one in audit["differences"])


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
        "officers": _officers(found.payload.get("officers", []), names),
        "held": [HeldLine(names.get(unit, unit), **one) for unit, one in found.payload.get("held", {}).items()],
        "audits": [_audit(one, names) for one in found.payload["audits"]],
        "trail": [(_("Integritas"), reverse("integrity-list")), (formats.month(month), "")],
    }
    return render(request, "evaluation/integrity_detail.html", context)


def _officers(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[OfficerLine]:
    officers = people.names_by_nip(row["officer"] for row in rows)
    return [
        OfficerLine(
            officers.get(row["officer"], formats.MISSING),
            names.get(row["unit"], row["unit"]),
            [_sign(sign, row) for sign in row["signs"]],
        )
        for row in rows
    ]


def _sign(sign: str, row: Mapping[str, Any]) -> str:
    one = row[sign]
    if sign == "coverage":
        words = {"tickets": formats.number(one["tickets"]), "events": formats.number(one["events"])}
        text = _("Tiket untuk %(tickets)s dari %(events)s layanan.") % words
        return text if one["is_certain"] else f"{text} {_('Bisa juga kebetulan.')}"
    word = _("Cepat dipakai") if sign == "quick" else _("Jawaban seragam")
    if one is None:
        return f"{word}."
    words = {
        "word": word,
        "events": formats.number(one["events"]),
        "n": formats.number(one["n"]),
        "low": formats.percent(one["low"]),
        "high": formats.percent(one["high"]),
        "usual": formats.percent(one["usual"]),
    }
    return _("%(word)s: %(events)s dari %(n)s (rentang 95%% %(low)s sampai %(high)s; lainnya %(usual)s).") % words


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
        words = {"level": _level(one, service_names), "value": formats.percent(value), "usual": formats.percent(usual)}
        return _("Bagian %(level)s turun: %(value)s dari jawaban, biasanya %(usual)s.") % words
    if one["code"] == "mix_rise":
        words = {"level": _level(one, service_names), "value": formats.percent(value), "usual": formats.percent(usual)}
        return _("Bagian %(level)s naik: %(value)s dari jawaban, biasanya %(usual)s.") % words
    words = {"value": formats.percent(value), "limit": formats.percent(limit)}
    if one["code"] == "ceiling":
        return _("Hampir semua jawaban tertinggi: %(value)s, batas %(limit)s.") % words
    if one["code"] == "coverage":
        return _("Tiket untuk %(value)s layanan, batas %(limit)s.") % words
    return _("Tiket dipakai %(value)s, batas %(limit)s; petugasnya tidak dibandingkan.") % words


def _level(one: Mapping[str, Any], service_names: Mapping[str, str]) -> str:
    """A channel, a service, or which staff questions were answered."""
    if one["factor"] != "pattern":
        return str(service_names.get(one["level"], one["level"]))
    patterns = {
        "both": _("yang menjawab kedua unsur petugas"),
        "kompetensi": _("yang hanya menjawab kompetensi"),
        "perilaku": _("yang hanya menjawab perilaku"),
    }
    return patterns.get(one["level"], str(one["level"]))


def _audit(raw: Mapping[str, Any], names: Mapping[str, str]) -> AuditTable:
    titles = {"sex": _("Menurut jenis kelamin petugas"), "age": _("Menurut umur petugas"), "unit": _("Menurut unit")}
    levels = {
        "L": _("laki-laki"),
        "P": _("perempuan"),
        "M": _("laki-laki"),
        "F": _("perempuan"),
        "<35": _("di bawah 35 tahun"),
        "35-44": _("35 sampai 44 tahun"),
        "45+": _("45 tahun ke atas"),
    }
    verdicts = {
        "equivalent": (_("setara"), "good"),
        "different": (_("berbeda"), "poor"),
        "unclear": (_("belum dapat dikatakan"), "neutral"),
    }
    lines = []
    for one in sorted(raw["differences"], key=lambda one: (one["level"] != "<35", one["level"])):
        word, tone = verdicts[one["verdict"]]
        level = names.get(one["level"], levels.get(one["level"], one["level"]))
        lines.append(DifferenceLine(level, one["n"], one["estimate"], one["low"], one["high"], word, tone))
    return AuditTable(titles[raw["trait"]], raw["n"], raw["bound"], lines)
