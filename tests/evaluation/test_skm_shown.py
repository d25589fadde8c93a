"""What a longer period really shows, over closed months: nothing that a subtraction could narrow to fewer than k."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from teladan import scoring
from teladan.core import clock
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.models import UnitResult
from teladan.evaluation.queries.skm_report import report_payload
from teladan.evaluation.rules.skm import parse_period
from teladan.feedback import queries as feedback
from teladan.feedback.models import SealedRating
from teladan.scoring import ELEMENTS, tally
from tests.evaluation.small_city import City, make_city
from tests.evaluation.test_skm_rules import K, smallest_derivable

pytestmark = pytest.mark.django_db

JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (7, 8, 9, 10))
STAFF = ("kompetensi", "perilaku")


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        yield


def close(*months: date) -> None:
    for month in months:
        with clock.at(clock.local(clock.add_months(month, 1).replace(day=9), 9)):
            close_month(month=month, by="uji")


def sealed(city: City, *months: date) -> list[dict[str, Any]]:
    return list(SealedRating.objects.filter(unit=city.unit, month__in=months).values(*ELEMENTS))


def test_a_month_under_k_is_left_out_where_a_subtraction_would_tell_it() -> None:
    city = make_city(officers=2, services=2)
    city.serve(JULY, {0: 24, 1: 16})
    city.serve(AUGUST, {0: 6})
    city.serve(SEPTEMBER, {1: 20})
    close(JULY, AUGUST, SEPTEMBER)
    found = report_payload(city.unit, parse_period("2026-T3"))
    assert (found["n"], found["spent"], found["months_left_out"]) == (60, 60, ["2026-08"])
    assert found["ikm"] == str(scoring.ikm(sealed(city, JULY, SEPTEMBER)).value)
    assert found["events"] == 132  # how many were served is no secret


def test_an_element_too_few_answered_in_a_month_is_left_out_alone() -> None:
    """Sarana has 30 answers in July and 4 in August: the quarter's is July's alone, the other elements have both months."""
    city = make_city(officers=2, services=2)
    city.serve(JULY, {0: 30})
    city.serve(AUGUST, {0: 20}, elements=tuple(name for name in ELEMENTS if name != "sarana"))
    city.serve(AUGUST, {1: 4})
    close(JULY, AUGUST)
    august = report_payload(city.unit, parse_period("2026-08"))
    assert (august["n"], august["ikm"]) == (24, None)  # eight elements and the index would tell the ninth
    found = report_payload(city.unit, parse_period("2026-T3"))
    elements = {one["element"]: one for one in found["elements"]}
    assert (elements["sarana"]["n"], elements["sarana"]["left_out"]) == (30, ["2026-08"])
    assert (elements["waktu"]["n"], elements["waktu"]["left_out"]) == (54, [])
    assert found["n"] == 54
    rows = [{**row, "sarana": None} for row in sealed(city, AUGUST)] + sealed(city, JULY)
    assert found["ikm"] == str(scoring.ikm(rows).value)


@pytest.mark.slow
def test_all_published_numbers_of_a_unit_and_its_services_together_tell_no_set_under_k() -> None:
    """Brute force over what is really published: for every element, every month, quarter and semester, unit and service."""
    city = make_city(officers=2, services=2)
    plan = {JULY: ({0: 12, 1: 3}, 0), AUGUST: ({0: 4}, 1), SEPTEMBER: ({1: 7}, 0), OCTOBER: ({0: 30}, 1)}
    for month, (n, service) in plan.items():
        city.serve(month, n, service=service)
        city.serve(month, {0: 5}, service=1 - service, only_staff=True)
    close(*plan)
    keys = ["2026-07", "2026-08", "2026-09", "2026-10", "2026-T3", "2026-T4", "2026-S2", "2026"]
    payloads = [report_payload(city.unit, parse_period(key)) for key in keys]
    answers = feedback.period_answers(city.unit.pk, plan)
    codes = {service.pk: service.code for service in city.services}
    for element in ELEMENTS:
        table: dict[tuple[str, date], int] = {}
        for found in answers:
            n = sum(found.patterns.values()) - tally(found.patterns)[ELEMENTS.index(element)][0]
            table[codes[found.service_id], found.month] = n
        sets = []
        for payload in payloads:
            months = [clock.parse_month(one["month"]) for one in payload["closings"]]
            one = next(one for one in payload["elements"] if one["element"] == element)
            if one["n"] is not None:
                used = [month for month in months if f"{month:%Y-%m}" not in one["left_out"]]
                whole = frozenset(cell for cell in table if cell[1] in used)
                assert sum(table[cell] for cell in whole) == one["n"]
                sets.append(whole)
            for part in payload["services"]:
                if part["elements"][element] is not None:
                    shown = UnitResult.objects.filter(service__code=part["code"], elements__has_key=element)
                    used = [month for month in shown.values_list("closing__month", flat=True) if month in months]
                    sets.append(frozenset((part["code"], month) for month in used))
        smallest = smallest_derivable(table, iter(sets))
        assert smallest is not None
        assert smallest >= K, element


@pytest.mark.parametrize("services", [1, 3])
def test_report_query_count(services: int, django_assert_num_queries: Any) -> None:
    city = make_city(officers=2, services=services)
    months = (JULY, AUGUST)[: 1 if services == 1 else 2]
    for month in months:
        city.serve(month, {0: 24})
    close(*months)
    with django_assert_num_queries(11 + 3 * len(months)):  # three of each month's respondents; none per service
        report_payload(city.unit, parse_period("2026-T3"))
