"""The policy decides: elements, window, thresholds, q and covariates are each read from the month's rules when it closes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from teladan.core import clock
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.actions.freezing import OfficerDraft, freeze
from teladan.evaluation.queries.inputs import read
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

pytestmark = pytest.mark.django_db
SEPTEMBER = date(2026, 9, 1)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city() -> City:
    """Ten officers, two months, two channels that half of them serve unequally."""
    city = make_city(officers=10, services=2, spread=1.2)
    city.serve(SEPTEMBER, everyone(city, 20))
    city.serve(OCTOBER, everyone(city, 20))
    city.serve(OCTOBER, dict.fromkeys(range(5), 12), channel="daring", value=4)
    for month in (SEPTEMBER, OCTOBER):
        close_month(month=month, by="uji")
    return city


def closed(**changed: Any) -> dict[str, OfficerDraft]:
    """October's officers under these rules in place of the frozen ones."""
    values = {key.replace("__", "."): value for key, value in changed.items()}
    return {one.officer: one for one in freeze(read(OCTOBER, changed=values)).officers}


def test_every_rule_of_the_score_changes_the_closing(city: City) -> None:
    plain = closed()
    assert {one.draft.use for one in plain.values()} & {"evaluation", "award"}
    assert closed() == plain
    scores = {name: one.draft.score for name, one in plain.items()}

    elements = closed(score__elements=["kompetensi"])
    assert {name: one.draft.score for name, one in elements.items()} != scores

    window = closed(score__window_months=1)
    assert {one.draft.n for one in window.values()} != {one.draft.n for one in plain.values()}
    assert {one.draft.months for one in window.values()} == {("2026-10",)}

    covariates = closed(score__covariates=["month", "pattern"])
    assert {name: one.draft.score for name, one in covariates.items()} != scores

    thresholds = closed(score__evaluation_n=500)
    assert {one.draft.use for one in thresholds.values()} == {"self_only"}
    assert {one.draft.use for one in closed(score__min_n=500, score__evaluation_n=500).values()} == {"hidden"}

    none, all_ = (
        {name for name, one in closed(award__q=q).items() if one.draft.ranks and one.draft.ranks["selected"]}
        for q in (0.0, 1.0)
    )
    assert len(none) < len(all_) == 10
