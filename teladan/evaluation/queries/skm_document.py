"""The values of the printed report, made from its content alone. Written in Indonesian whatever the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import translation

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.models import SkmFollowUp
from teladan.evaluation.rules.closing import digest
from teladan.evaluation.rules.skm import MONTH, QUARTER, SEMESTER, YEAR, Period, parse_period
from teladan.evaluation.words import ELEMENTS, GRADES
from teladan.ui import formats

Json = Mapping[str, Any]
SOURCE = Path(__file__).resolve().parent.parent / "documents" / "skm.typ"
DRAFT = "KONSEP\nbelum terbit"
_ROMAN = ("", "I", "II", "III", "IV")
NO_PROFILE = "Profil responden belum dikumpulkan."


def period_name(period: Period) -> str:
    """`Triwulan III 2026`, `Semester I 2026`, `Tahun 2026`, `Juli 2026`; the law's words in every language."""
    if period.span == MONTH:
        return formats.month(period.first)
    names = {QUARTER: "Triwulan", SEMESTER: "Semester", YEAR: "Tahun"}
    number = "" if period.span == YEAR else f" {_ROMAN[period.number]}"
    return f"{names[period.span]}{number} {period.first.year}"


def document_values(payload: Json, *, published_by: str = "", published_on: date | None = None) -> dict[str, Any]:
    """Everything the template reads; a draft carries its watermark."""
    with translation.override("id"):
        return _values(payload, published_by, published_on)


def _values(payload: Json, published_by: str, published_on: date | None) -> dict[str, Any]:
    period = parse_period(payload["period"])
    name = period_name(period)
    place = settings.GOVERNMENT_NAME.partition(" ")[2] or settings.GOVERNMENT_NAME
    end = clock.month_end(period.last)
    return {
        "title": f"Laporan Survei Kepuasan Masyarakat {payload['unit_name']}, {name}",
        "watermark": "" if published_on else DRAFT,
        "government": f"Pemerintah {settings.GOVERNMENT_NAME}",
        "office": payload["office"],
        "unit": payload["unit_name"],
        "period": name,
        "days": f"{formats.day(period.first)} sampai {formats.day(end)}",
        "place": f"{place}, {formats.day(published_on)}" if published_on else "",
        "published_by": published_by,
        "footer": f"Sidik isi {digest(payload)[:16]}",
        "ikm": _number(payload["ikm"], 2),
        "interval": formats.interval(payload["low"], payload["high"], 2),
        "grade": payload["grade"] or "–",
        "grade_label": str(GRADES[payload["grade"]]) if payload["grade"] else "",
        "legal_basis": payload["legal_basis"],
        "bands": [
            [band.grade, _number(band.minimum, 2), band.label] for band in scoring.regime_named(payload["regime"]).bands
        ],
        "k": payload["k"],
        "sample": _sample(payload),
        "left_out": [formats.month(clock.parse_month(month)) for month in payload["months_left_out"]],
        "elements": [_element(one, payload["months_left_out"]) for one in payload["elements"]],
        "sum_nrr": _number(payload["sum_nrr"], 3),
        "services": [_service(one) for one in payload["services"]],
        "strengths": [_named(payload, name) for name in payload["strengths"]],
        "weaknesses": [_named(payload, name) for name in payload["weaknesses"]],
        "plan": [_plan(one) for one in payload["plan"]],
        "previous_plan": [_plan(one) for one in payload["previous_plan"]],
        "trend": [_month(one) for one in payload["trend"]["months"]],
        "periods": [_period(one) for one in payload["trend"]["periods"]],
        "profile": _profile(payload["profile"]),
        "no_profile": NO_PROFILE,
        "questions": [
            [_short(one["element"]), one["text"], ", ".join(f"{i} {label}" for i, label in enumerate(one["labels"], 1))]
            for one in payload["questions"]
        ],
        "closings": [
            [formats.month(clock.parse_month(one["month"])), str(one["version"]), one["results_digest"][:16]]
            for one in payload["closings"]
        ],
    }


def _number(value: str | Decimal | float | None, digits: int) -> str:
    return formats.number(Decimal(value) if isinstance(value, str) else value, digits)


def _short(element: str) -> str:
    return str(ELEMENTS[element])


def _sample(payload: Json) -> dict[str, Any]:
    n, need = payload["n"], payload["sample_needed"]
    return {
        "events": formats.number(payload["events"]),
        "need": formats.number(need),
        "n": formats.number(n),
        "tickets": formats.number(payload["tickets"]),
        "spent": formats.number(payload["spent"]),
        "response": formats.percent(payload["response_rate"]),
        "words": sample_words(n, need),
    }


def sample_words(n: int | None, need: int) -> str:
    """What n against the sample size means."""
    if n is None:
        return "Belum cukup jawaban untuk menampilkan angka."
    if n >= need:
        return (
            f"Jumlah responden ({formats.number(n)}) memenuhi ukuran sampel ({formats.number(need)}). Ukuran itu mengandaikan "
            "yang menjawab tidak berbeda dari yang tidak menjawab; karena itu tingkat jawaban dicantumkan."
        )
    return (
        f"Jumlah responden ({formats.number(n)}) belum mencapai ukuran sampel ({formats.number(need)}). Bacalah indeks "
        "bersama rentangnya; ia belum cukup untuk membandingkan."
    )


def _element(one: Json, left_out: Sequence[str]) -> dict[str, Any]:
    """`left_out` of the whole report is said once; only what differs is said of an element."""
    apart = [] if one["left_out"] == left_out else one["left_out"]
    value = Decimal(one["value"]) if one["value"] else None
    nrr = one["nrr"]
    return {
        "name": _short(one["element"]),
        "n": formats.number(one["n"]),
        "nrr": formats.number(nrr, 3),
        "weighted": formats.number(nrr / 9, 3) if nrr is not None else formats.MISSING,
        "value": formats.number(value, 2),
        "grade": one["grade"] or "–",
        "share": float((value - 25) / 75) if value is not None else 0.0,
        "left_out": ", ".join(formats.month(clock.parse_month(month)) for month in apart),
    }


def _service(one: Json) -> dict[str, Any]:
    return {
        "name": one["name"],
        "n": formats.number(one["n"]),
        "ikm": _number(one["ikm"], 2),
        "grade": one["grade"] or "–",
        "events": formats.number(one["events"]),
        "elements": [formats.number(one["elements"][name], 2) for name in scoring.ELEMENTS],
    }


def _named(payload: Json, element: str) -> list[str]:
    found = next(one for one in payload["elements"] if one["element"] == element)
    return [_short(element), _number(found["value"], 2), found["grade"]]


def _plan(one: Json) -> list[str]:
    state = SkmFollowUp.State(one["state"]).label
    return [
        _short(one["element"]),
        one["action"],
        one["responsible"],
        formats.day(date.fromisoformat(one["due_on"])),
        str(state),
    ]


def _month(one: Json) -> dict[str, Any]:
    value = Decimal(one["ikm"]) if one["ikm"] else None
    return {
        "label": formats.month_short(clock.parse_month(one["month"])),
        "ikm": formats.number(value, 2),
        "interval": formats.interval(one["low"], one["high"], 1),
        "grade": one["grade"] or "–",
        "n": formats.number(one["n"]),
        "value": float(value) if value is not None else None,
    }


def _period(one: Json) -> list[str]:
    basis = scoring.regime_named(one["regime"]).legal_basis
    return [
        period_name(parse_period(one["period"])),
        _number(one["ikm"], 2),
        f"{one['grade']} menurut {basis}",
        one["grade_now"],
        formats.number(one["n"]),
        "laporan lama" if one["imported"] else "laporan terbit",
    ]


def _profile(profile: Sequence[Json] | None) -> list[dict[str, Any]]:
    return [
        {
            "question": one["question"],
            "groups": [[label, "ditahan" if n is None else formats.number(n)] for label, n in one["groups"]],
        }
        for one in profile or ()
    ]
