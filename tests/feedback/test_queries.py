"""Cells and patterns: they hold exactly what the rows hold, and the rule for free services is applied where it holds."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from teladan import scoring
from teladan.feedback import queries
from teladan.feedback.models import ELEMENTS, CollectionMonth, SealedRating
from teladan.services.models import ServiceStandard
from tests import make
from tests.feedback.conftest import OCTOBER, Office

pytestmark = pytest.mark.django_db

SEPTEMBER = date(2026, 9, 1)


def sealed(office: Office, month: date = OCTOBER, **values: Any) -> SealedRating:
    defaults = {"service": office.service, "officer": office.officer, "unit": office.unit, "channel": "loket"}
    return SealedRating.objects.create(month=month, **{**defaults, **values})


def test_cells_refuse_elements_that_are_not_staffs() -> None:
    for wrong in (["sarana"], [], ["kompetensi", "biaya"]):
        with pytest.raises(ValueError, match="elements"):
            queries.cells(months=[OCTOBER], elements=wrong)


def test_cells_of_nothing_are_nothing(office: Office) -> None:
    sealed(office, overall=4)  # no staff element answered
    sealed(office, officer=None, perilaku=4)  # officer forgotten
    assert queries.cells(months=[OCTOBER]) == []
    assert queries.cells(months=[]) == []


def test_cells_hold_count_sum_and_squares_of_the_mean(office: Office) -> None:
    for kompetensi, perilaku in product((None, 1, 2, 3, 4), repeat=2):
        sealed(office, kompetensi=kompetensi, perilaku=perilaku)
    found = {cell.pattern: (cell.n, cell.sum, cell.sumsq) for cell in queries.cells(months=[OCTOBER])}
    both = [(k + p) / 2 for k, p in product((1, 2, 3, 4), repeat=2)]
    one = [1, 2, 3, 4]
    assert found == {
        "both": (16, sum(both), sum(y * y for y in both)),
        "kompetensi": (4, sum(one), 30.0),
        "perilaku": (4, sum(one), 30.0),
    }


def test_cells_are_apart_by_everything_that_predicts(office: Office) -> None:
    other = make.make_staff(office.unit)
    elsewhere = make.make_unit("MPP")
    for change in ({}, {"officer": other}, {"service": office.paid}, {"channel": "daring"}, {"unit": elsewhere}):
        sealed(office, perilaku=4, **change)
        sealed(office, perilaku=2, **change)
    sealed(office, month=SEPTEMBER, perilaku=1)
    cells = queries.cells(months=[OCTOBER, SEPTEMBER])
    assert len(cells) == 6
    assert sorted(cell.n for cell in cells) == [1, 2, 2, 2, 2, 2]
    assert {cell.month for cell in queries.cells(months=[SEPTEMBER])} == {SEPTEMBER}
    assert {cell.unit_id for cell in queries.cells(months=[OCTOBER], unit_ids=[elsewhere.pk])} == {elsewhere.pk}
    assert queries.cells(months=[OCTOBER], unit_ids=[]) == []


def test_cells_may_count_time_where_policy_says_so(office: Office) -> None:
    sealed(office, kompetensi=4, perilaku=3, waktu=1)
    sealed(office, waktu=2)
    found = {
        cell.pattern: (cell.n, cell.sum)
        for cell in queries.cells(months=[OCTOBER], elements=["kompetensi", "perilaku", "waktu"])
    }
    assert found["both+waktu"] == (1, pytest.approx(8 / 3))
    assert found["waktu"] == (1, 2.0)
    assert {cell.pattern for cell in queries.cells(months=[OCTOBER])} == {"both"}


def test_cells_feed_the_model(office: Office) -> None:
    for officer, score in ((office.officer, 4), (make.make_staff(office.unit), 2)):
        for value in (score, score, 3):
            sealed(office, officer=officer, perilaku=value, kompetensi=value)
    rows = [
        {"n": c.n, "sum": c.sum, "sumsq": c.sumsq, "officer": str(c.officer_id), "channel": c.channel}
        for c in queries.cells(months=[OCTOBER])
    ]
    cells = scoring.cells_from_counts(rows, fixed=["channel"], groups=["officer"])
    assert cells.total == 6


def of_unit(office: Office, service: int | None = None) -> queries.UnitAnswers:
    return next(
        one for one in queries.unit_moments(OCTOBER) if (one.unit_id, one.service_id) == (office.unit.pk, service)
    )


def test_unit_answers_go_to_the_index_as_they_are(office: Office) -> None:
    full = dict.fromkeys(ELEMENTS, 3)
    for _ in range(3):
        sealed(office, overall=4, **full)
    sealed(office, overall=1, service=office.paid, **{**full, "waktu": 1})
    sealed(office, month=SEPTEMBER, overall=1, **full)
    unit = of_unit(office)
    assert (unit.ratings, unit.overall_n, unit.overall_mean) == (4, 4, 3.25)
    assert sum(row["count"] or 0 for row in unit.rows) == 4
    result = scoring.ikm(unit.rows)
    assert result.n == 4
    assert {e.element: e.mean for e in result.elements}["waktu"] == 2.5
    assert scoring.ikm(of_unit(office, office.service.pk).rows).value == 75
    assert {one.service_id for one in queries.unit_moments(OCTOBER)} == {None, office.service.pk, office.paid.pk}


def costs(office: Office, service: Any) -> list[int | None]:
    sealed(office, service=service, waktu=3)
    sealed(office, service=service, overall=3)
    sealed(office, service=service, biaya=2)
    return sorted((row["biaya"] for row in of_unit(office, service.pk).rows), key=str)


def test_free_service_counts_four_for_those_who_answered_something_else(office: Office) -> None:
    assert costs(office, office.service) == [2, 4, None]


def test_paid_service_counts_only_what_was_answered(office: Office) -> None:
    assert costs(office, office.paid) == [2, None, None]


def test_service_without_standard_is_not_taken_for_free(office: Office) -> None:
    ServiceStandard.objects.filter(service=office.service).delete()
    assert 4 not in costs(office, office.service)


def test_service_that_became_paid_within_the_month_is_not_taken_for_free(office: Office) -> None:
    ServiceStandard.objects.filter(service=office.service).update(valid_until=date(2026, 10, 20))
    ServiceStandard.objects.create(service=office.service, valid_from=date(2026, 10, 20), fee=5000)
    assert 4 not in costs(office, office.service)


def test_service_that_becomes_paid_next_month_is_free(office: Office) -> None:
    ServiceStandard.objects.filter(service=office.service).update(valid_until=date(2026, 11, 1))
    ServiceStandard.objects.create(service=office.service, valid_from=date(2026, 11, 1), fee=5000)
    assert 4 in costs(office, office.service)


def test_counts_speak_only_of_sealed_months(office: Office) -> None:
    sealed(office, perilaku=4)
    sealed(office, perilaku=2)
    assert queries.rating_counts([OCTOBER]) == []
    CollectionMonth.objects.create(
        month=OCTOBER, state="sealed", policy={}, policy_version="x", opened_at="2026-10-01T00:00Z",
        sealed_at="2026-11-08T00:00Z", sealed_by="test", seal_digest="0" * 64,
    )  # fmt: skip
    assert queries.rating_counts([OCTOBER]) == [
        queries.RatingCount(OCTOBER, office.unit.pk, office.service.pk, office.officer.pk, 2)
    ]
