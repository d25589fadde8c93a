"""What the pages and the workbook of a report show, made from its content alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from teladan import scoring
from teladan.core import clock
from teladan.core.spreadsheet import write_book
from teladan.evaluation.models import PastIndex
from teladan.evaluation.queries.skm import PeriodLine, State
from teladan.evaluation.queries.skm_document import document_values, period_name
from teladan.evaluation.rules.skm import Period, parse_period
from teladan.evaluation.rules.skm_answers import Withheld
from teladan.evaluation.views.words import GRADE_TONES
from teladan.evaluation.words import ELEMENTS, FOLLOW_UP_STATES, GRADES, Profile, profile_in_words
from teladan.ui import charts, formats
from teladan.ui.charts import Bar, Chart, Line, TrendPoint

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ElementLine:
    """One element in the table."""

    name: str
    n: int | None
    nrr: float | None
    weighted: float | None
    value: Decimal | None
    grade: str
    tone: str
    left_out: str


@dataclass(frozen=True)
class ServiceLine:
    """One service in the table."""

    name: str
    events: int
    n: int | None
    ikm: Decimal | None
    grade: str
    tone: str


@dataclass(frozen=True)
class PastLine:
    """One earlier period beside the computed one, with the regime it was graded by."""

    name: str
    ikm: Decimal
    grade: str
    basis: str
    grade_now: str
    n: int | None
    is_imported: bool
    note: str

    @property
    def is_graded_otherwise(self) -> bool:
        """Would today's bands give another grade?"""
        return self.grade != self.grade_now


@dataclass(frozen=True)
class Page:
    """A report on screen."""

    name: str
    unit: str
    first: date
    last: date
    ikm: Decimal | None
    low: float | None
    high: float | None
    grade: str
    grade_label: str
    tone: str
    basis: str
    k: int
    n: int | None
    events: int
    needed: int
    tickets: int | None
    spent: int | None
    response: float | None
    left_out: str
    elements: list[ElementLine]
    services: list[ServiceLine]
    strengths: list[ElementLine]
    weaknesses: list[ElementLine]
    elements_chart: Chart | None
    trend_chart: Chart | None
    past: list[PastLine]
    previous_plan: list[tuple[str, str, str, date, str]]
    profile: Profile
    closings: list[tuple[date, int, str]]

    @property
    def sample_reached(self) -> bool:
        return self.n is not None and self.n >= self.needed


def page(payload: Json) -> Page:
    """Everything a report's page needs."""
    period = parse_period(payload["period"])
    elements = {one["element"]: _element(one, payload["months_left_out"]) for one in payload["elements"]}
    return Page(
        name=period_name(period),
        unit=payload["unit_name"],
        first=period.first,
        last=clock.month_end(period.last),
        ikm=_decimal(payload["ikm"]),
        low=payload["low"],
        high=payload["high"],
        grade=payload["grade"],
        grade_label=str(GRADES[payload["grade"]]) if payload["grade"] else "",
        tone=GRADE_TONES.get(payload["grade"], "none"),
        basis=payload["legal_basis"],
        k=payload["k"],
        n=payload["n"],
        events=payload["events"],
        needed=payload["sample_needed"],
        tickets=payload["tickets"],
        spent=payload["spent"],
        response=payload["response_rate"],
        left_out=_months(payload["months_left_out"]),
        elements=list(elements.values()),
        services=[_service(one) for one in payload["services"]],
        strengths=[elements[name] for name in payload["strengths"]],
        weaknesses=[elements[name] for name in payload["weaknesses"]],
        elements_chart=_elements_chart(payload),
        trend_chart=_trend_chart(payload),
        past=[_past(one) for one in payload["trend"]["periods"]],
        previous_plan=[_plan(one) for one in payload["previous_plan"]],
        profile=profile_in_words(payload["profile"]),
        closings=[
            (clock.parse_month(one["month"]), one["version"], one["results_digest"]) for one in payload["closings"]
        ],
    )


def why_withheld(reason: Withheld | None, k: int) -> str:
    """Why there is no file of answers, in words; nothing where there is one."""
    if reason is None:
        return ""
    return {
        Withheld.NO_INDEX: _("laporan ini belum memuat indeks."),
        Withheld.UNEVEN: _("unsur-unsurnya berdasar pada bulan yang berbeda."),
        Withheld.FEW_OFFICERS: _(
            "petugas yang dinilai kurang dari tiga, atau selain seorang petugas hanya ada kurang dari %(k)s penilaian."
        )
        % {"k": k},
        Withheld.FORGOTTEN: _(
            "nama petugas pada penilaian lama sudah dilupakan, jadi jumlah petugas tidak dapat diperiksa."
        ),
    }[reason]


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _months(keys: Iterable[str]) -> str:
    return ", ".join(formats.month(clock.parse_month(key)) for key in keys)


def _element(one: Json, left_out: Sequence[str]) -> ElementLine:
    nrr, grade = one["nrr"], one["grade"]
    return ElementLine(
        name=str(ELEMENTS[one["element"]]),
        n=one["n"],
        nrr=nrr,
        weighted=None if nrr is None else nrr / len(scoring.ELEMENTS),
        value=_decimal(one["value"]),
        grade=grade,
        tone=GRADE_TONES.get(grade, "none"),
        left_out="" if one["left_out"] == left_out else _months(one["left_out"]),
    )


def _service(one: Json) -> ServiceLine:
    tone = GRADE_TONES.get(one["grade"], "none")
    return ServiceLine(one["name"], one["events"], one["n"], _decimal(one["ikm"]), one["grade"], tone)


def _past(one: Json) -> PastLine:
    return PastLine(
        name=period_name(parse_period(one["period"])),
        ikm=Decimal(one["ikm"]),
        grade=one["grade"],
        basis=scoring.regime_named(one["regime"]).legal_basis,
        grade_now=one["grade_now"],
        n=one["n"],
        is_imported=one["imported"],
        note=one["note"],
    )


def _plan(one: Json) -> tuple[str, str, str, date, str]:
    due_on = date.fromisoformat(one["due_on"])
    return str(ELEMENTS[one["element"]]), one["action"], one["responsible"], due_on, str(FOLLOW_UP_STATES[one["state"]])


def _elements_chart(payload: Json) -> Chart | None:
    rows = [
        Bar(str(ELEMENTS[one["element"]]), float(one["value"]) if one["value"] else None, one["grade"])
        for one in payload["elements"]
    ]
    known = any(row.value is not None for row in rows)
    return charts.bars(_("Nilai tiap unsur, 25 sampai 100"), rows, digits=2, maximum=100) if known else None


def _trend_chart(payload: Json) -> Chart | None:
    points = [
        TrendPoint(
            formats.month_short(clock.parse_month(one["month"])),
            float(one["ikm"]) if one["ikm"] else None,
            one["low"],
            one["high"],
            one["n"],
        )
        for one in payload["trend"]["months"]
    ]
    if sum(point.value is not None for point in points) < 2:
        return None
    best = scoring.regime_named(payload["regime"]).bands[0]
    limit = Line(float(best.minimum), _("batas mutu A"))
    return charts.trend(_("IKM dari bulan ke bulan"), points, threshold=limit, limits=(25, 100))


# --- lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PeriodRow:
    """One period on a unit's list."""

    line: PeriodLine
    key: str
    name: str
    mark: str
    word: str
    ikm: Decimal | None
    grade: str
    tone: str


def period_rows(lines: Iterable[PeriodLine]) -> list[PeriodRow]:
    """Periods with their state in words and, where published, their index."""
    return [_period_row(line) for line in lines]


def _period_row(line: PeriodLine) -> PeriodRow:
    words = {
        State.OPEN: ("todo", _("belum ditutup")),
        State.REOPENED: ("late", _("sedang ditutup ulang")),
        State.READY: ("now", _("siap diterbitkan")),
        State.PUBLISHED: ("done", _("terbit")),
        State.OUTDATED: ("late", _("terbit, lalu bulannya ditutup ulang")),
    }
    payload: Json = line.publication.payload if line.publication else {"ikm": None, "grade": ""}
    grade = payload["grade"]
    return PeriodRow(
        line,
        line.period.key,
        period_name(line.period),
        *words[line.state],
        _decimal(payload["ikm"]),
        grade,
        GRADE_TONES.get(grade, "none"),
    )


def past_lines(rows: Iterable[PastIndex]) -> list[PastLine]:
    """Imported indices, each read by its own regime and, for comparison, by today's."""
    return [
        PastLine(
            name=period_name(Period(row.first, row.span)),
            ikm=row.ikm,
            grade=scoring.band_of(row.ikm, row.regime).grade,
            basis=scoring.regime_named(row.regime).legal_basis,
            grade_now=scoring.band_of(row.ikm).grade,
            n=row.n,
            is_imported=True,
            note=row.note,
        )
        for row in rows
    ]


# --- the workbook ----------------------------------------------------------------------------------------------------


def workbook(payload: Json) -> bytes:
    """The report as a workbook: numbers as numbers, words as words; no cell is a formula."""
    return write_book(_sheets(payload))


def _sheets(payload: Json) -> Iterator[tuple[str, Sequence[str], list[Sequence[object]]]]:
    values = document_values(payload)
    names = {name: str(ELEMENTS[name]) for name in scoring.ELEMENTS}
    yield "Ringkasan", ("Hal", "Isi"), list(_summary(payload, values))
    yield "Unsur", ("Unsur", "Jawaban", "NRR", "NRR/9", "Nilai", "Mutu", "Tanpa bulan"), [
        (names[one["element"]], one["n"], one["nrr"], one["nrr"] / 9 if one["nrr"] is not None else None,
         _float(one["value"]), one["grade"], " ".join(one["left_out"]))
        for one in payload["elements"]
    ]  # fmt: skip
    yield "Layanan", ("Kode", "Layanan", "Layanan diberikan", "Responden", "IKM", "Mutu", *names.values()), [
        (one["code"], one["name"], one["events"], one["n"], _float(one["ikm"]), one["grade"],
         *(one["elements"][name] for name in names))
        for one in payload["services"]
    ]  # fmt: skip
    yield "Tindak lanjut", ("Unsur", "Tindakan", "Penanggung jawab", "Tenggat", "Keadaan"), values["plan"]
    yield "Perkembangan", ("Periode", "IKM", "Rentang bawah", "Rentang atas", "Mutu", "Aturan", "Responden"), [
        *((one["month"], _float(one["ikm"]), one["low"], one["high"], one["grade"], payload["regime"], one["n"])
          for one in payload["trend"]["months"]),
        *((one["period"], _float(one["ikm"]), None, None, one["grade"], one["regime"], one["n"])
          for one in payload["trend"]["periods"]),
    ]  # fmt: skip
    profile: list[Sequence[object]] = [(part["question"], *row) for part in values["profile"] for row in part["groups"]]
    yield "Profil responden", ("Pertanyaan", "Kelompok", "Responden"), profile or [(values["no_profile"], None, None)]


def _summary(payload: Json, values: Json) -> Iterator[Sequence[object]]:
    yield "Unit", payload["unit_name"]
    yield "Periode", values["period"]
    yield "IKM", _float(payload["ikm"])
    yield "Mutu", payload["grade"]
    yield "Aturan mutu", payload["legal_basis"]
    yield "Rentang 95% bawah", payload["low"]
    yield "Rentang 95% atas", payload["high"]
    yield "Layanan yang diberikan", payload["events"]
    yield "Ukuran sampel (Krejcie dan Morgan)", payload["sample_needed"]
    yield "Responden", payload["n"]
    yield "Tiket diserahkan", payload["tickets"]
    yield "Tiket dipakai", payload["spent"]
    yield "Tingkat jawaban", payload["response_rate"]
    yield "Bulan yang tidak ikut dihitung", " ".join(payload["months_left_out"])
    yield "Kelebihan", ", ".join(str(ELEMENTS[name]) for name in payload["strengths"])
    yield "Kelemahan", ", ".join(str(ELEMENTS[name]) for name in payload["weaknesses"])
    yield "Keterangan sampel", values["sample"]["words"]


def _float(text: str | None) -> float | None:
    return float(text) if text is not None else None
