"""What a unit's pages show: its figures, its trend, its nine elements, and how the index came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.models import UnitResult
from teladan.evaluation.queries import results
from teladan.evaluation.views import words
from teladan.feedback import queries as feedback
from teladan.people import queries as people
from teladan.ui import charts, formats
from teladan.ui.charts import Chart, Estimate, Line, TrendPoint


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


def unit(result: UnitResult) -> UnitPage:
    """The page of a whole unit, or of one of its services."""
    history = [] if result.service else results.unit_history(result.unit)
    services = [] if result.service else results.service_results(result)
    return UnitPage(
        line=_line(result, _name(result)),
        trend=_unit_trend(history, result.regime) if sum(row.ikm is not None for row in history) > 1 else None,
        elements=_elements(result) if result.elements else None,
        services=[_line(row, row.service.name if row.service else "") for row in services],
        need=int(feedback.thresholds(result.closing.month)["disclosure.k"]),
    )


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
