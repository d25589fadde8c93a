"""What a unit's pages show: its figures, its trend, its nine elements, and how the index came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.access.results import Readable
from teladan.evaluation.models import UnitResult
from teladan.evaluation.queries import results
from teladan.evaluation.rules import closing as closing_rules
from teladan.evaluation.rules import funnels
from teladan.evaluation.views import words
from teladan.feedback import queries as feedback
from teladan.people import queries as people
from teladan.ui import charts, formats
from teladan.ui.charts import Bounds, Chart, Dot, Estimate, Line, Spot, TrendPoint


@dataclass(frozen=True)
class UnitLine:
    """One unit or service in a table."""

    name: str
    result: UnitResult
    tone: str

    @property
    def punctuality(self) -> float | None:
        return self.result.on_time / self.result.with_standard if self.result.with_standard else None

    @property
    def response(self) -> float | None:
        spent = self.result.spent
        return None if spent is None or not self.result.tickets else spent / self.result.tickets


def _line(result: UnitResult, name: str) -> UnitLine:
    return UnitLine(name, result, words.GRADE_TONES.get(result.grade, "none"))


def _name(result: UnitResult) -> str:
    name = people.unit_name(result.unit, clock.month_end(result.closing.month))
    return f"{result.service.name} · {name}" if result.service else name


def unit_lines(rows: Sequence[UnitResult], names: Mapping[int, str]) -> list[UnitLine]:
    """Units by name."""
    return sorted((_line(row, names.get(row.unit_id, row.unit.code)) for row in rows), key=lambda line: line.name)


@dataclass(frozen=True)
class UnitPage:
    """One unit's month."""

    line: UnitLine
    trend: Chart | None
    elements: Chart | None
    services: list[UnitLine]
    need: int
    among_services: Chart | None
    among_units: Chart | None
    people: People | None


def unit(result: UnitResult, peers: Sequence[UnitResult] = (), scores: Sequence[Readable] | None = None) -> UnitPage:
    """The page of a whole unit, or of one of its services. `peers`: whole units that the reader sees, for the funnel.

    `scores`: what the reader may read one by one; None where individuals are none of the reader's business.
    """
    history = [] if result.service else results.unit_history(result.unit)
    services = [] if result.service else results.service_results(result)
    return UnitPage(
        line=_line(result, _name(result)),
        trend=_unit_trend(history, result.regime) if sum(row.ikm is not None for row in history) > 1 else None,
        elements=_elements(result) if result.elements else None,
        services=[_line(row, row.service.name if row.service else "") for row in services],
        need=int(feedback.thresholds(result.closing.month)["disclosure.k"]),
        among_services=_funnel(
            _("Layanan terhadap banyaknya penilaian"),
            [(row.service.name if row.service else "", row, False) for row in services],
        ),
        among_units=among_units(peers, people.unit_names(clock.month_end(result.closing.month)), result)
        if len(peers) >= funnels.MINIMUM
        else None,
        people=_people(scores) if scores is not None else None,
    )


def among_units(rows: Sequence[UnitResult], names: Mapping[int, str], own: UnitResult | None = None) -> Chart | None:
    """The funnel of the units of a month; nothing below three with an index."""
    return _funnel(
        _("Unit terhadap banyaknya penilaian"),
        [(names.get(row.unit_id, ""), row, own is not None and row.pk == own.pk) for row in rows],
    )


def _funnel(title: str, rows: Sequence[tuple[str, UnitResult, bool]]) -> Chart | None:
    """The funnel of the rows that have an index and an interval."""
    known = [
        (
            name,
            row,
            mine,
            funnels.Figure(row.n, float(row.ikm), funnels.standard_error(row.low, row.high, float(row.ikm))),
        )
        for name, row, mine in rows
        if row.n and row.ikm is not None and row.low is not None and row.high is not None and row.low < row.high
    ]
    found = funnels.funnel([figure for *_rest, figure in known])
    if found is None:
        return None
    spots = [
        Spot(name, figure.n, figure.value, mine, beyond, reverse("unit-why", args=[row.pk]))
        for (name, row, mine, figure), beyond in zip(known, found.beyond, strict=True)
    ]
    curve = [Bounds(n, one.alarm_low, one.low, one.high, one.alarm_high) for n, one in found.curve]
    return charts.funnel(title, spots, centre=Line(found.centre, _("rata-rata")), curve=curve, limits=(25.0, 100.0))


@dataclass(frozen=True)
class People:
    """The officers beside each other; without a chart there are too few."""

    chart: Chart | None
    months: str
    need: int = closing_rules.COMPARED_OFFICERS
    need_n: int = closing_rules.COMPARED_N


def _people(scores: Sequence[Readable]) -> People:
    """Over the window of three months, never one month; only from eight people on."""
    rows = [one.result for one in scores]
    if len(rows) < closing_rules.COMPARED_OFFICERS:
        return People(None, "")
    months = formats.months(rows[0].window_from, rows[0].window_until)
    dots = [
        Dot(
            one.result.person.name,
            one.result.score or 0.0,
            one.result.low and max(1.0, one.result.low),
            one.result.high and min(4.0, one.result.high),
            url=reverse("evaluation-detail", args=[one.evaluation_id])
            if one.evaluation_id
            else reverse("result-why", args=[one.result.pk]),
        )
        for one in scores
    ]
    mean = next((row.group["mean"] for row in rows if row.group), fmean(dot.value for dot in dots))
    title = _("Petugas dan rentangnya, %(months)s") % {"months": months}
    return People(charts.caterpillar(title, dots, reference=Line(mean, _("rata-rata")), limits=(1.0, 4.0)), months)


def _unit_trend(history: Sequence[UnitResult], regime: str) -> Chart:
    best = scoring.regime_named(regime).bands[0]
    points = [
        TrendPoint(
            formats.month_short(row.closing.month),
            float(row.ikm) if row.ikm is not None else None,
            row.low,
            row.high,
            row.n,
        )
        for row in history[-18:]
    ]
    threshold = Line(float(best.minimum), _("batas mutu A"))
    return charts.trend(_("Kepuasan dari bulan ke bulan"), points, threshold=threshold, limits=(25, 100))


def _elements(result: UnitResult) -> Chart:
    rows = [
        charts.Bar(
            str(words.ELEMENTS[name]),
            result.elements[name]["mean"] * 25 if name in result.elements else None,
            _("%(n)s jawaban") % {"n": formats.number(result.elements[name]["n"])} if name in result.elements else "",
        )
        for name in scoring.ELEMENTS
    ]
    return charts.bars(_("Sembilan unsur, 25 sampai 100"), rows, digits=1, maximum=100)


@dataclass(frozen=True)
class ElementLine:
    """One element of an index: answers, their mean, that mean on 25-100."""

    name: str
    n: int | None
    mean: float | None
    value: float | None


@dataclass(frozen=True)
class UnitWhy:
    """One index explained."""

    line: UnitLine
    elements: list[ElementLine]
    total: float | None
    ninth: str
    bands: list[tuple[str, str, str, bool]]
    regime_basis: str
    chart: Chart | None
    sample_reached: bool
    withheld: list[str]
    need: int


def unit_index(result: UnitResult) -> UnitWhy:
    """Everything on the "why this index?" page."""
    regime = scoring.regime_named(result.regime)
    exact = {name: Fraction(found["sum"], found["n"]) for name, found in result.elements.items()}
    whole = len(exact) == len(scoring.ELEMENTS) and result.ikm is not None
    total = sum(exact.values(), Fraction(0)) if whole else None
    return UnitWhy(
        line=_line(result, _name(result)),
        elements=[_element_line(name, result.elements.get(name)) for name in scoring.ELEMENTS],
        total=float(total) if total is not None else None,
        ninth=formats.number(scoring.index(total), 4) if total is not None else "",
        bands=[
            (band.grade, formats.number(band.minimum, 2), str(words.GRADES[band.grade]), band.grade == result.grade)
            for band in regime.bands
        ],
        regime_basis=regime.legal_basis,
        chart=_index_chart(result),
        sample_reached=result.n is not None and result.n >= result.sample_needed,
        withheld=[str(words.ELEMENTS[name]) for name in scoring.ELEMENTS if name not in exact] if result.n else [],
        need=int(feedback.thresholds(result.closing.month)["disclosure.k"]),
    )


def _element_line(name: str, found: Mapping[str, Any] | None) -> ElementLine:
    if not found:
        return ElementLine(str(words.ELEMENTS[name]), None, None, None)
    return ElementLine(str(words.ELEMENTS[name]), found["n"], found["mean"], found["mean"] * 25)


def _index_chart(result: UnitResult) -> Chart | None:
    if result.ikm is None or result.low is None or result.high is None:
        return None
    return charts.interval(
        _("Indeks dan rentangnya, skala 25 sampai 100"),
        Estimate(float(result.ikm), result.low, result.high, _("IKM")),
        limits=(25.0, 100.0),
    )
