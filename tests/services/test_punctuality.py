"""Punctuality, case mix and silence, counted in the database."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teladan.core import clock
from teladan.services import actions, queries, rules
from teladan.services.models import ServiceEvent
from tests import make

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)
NOW = datetime.fromisoformat("2026-11-08T08:00:00+07:00")
MET = datetime.fromisoformat("2026-10-05T09:00:00+07:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def city() -> SimpleNamespace:
    unit = make.make_unit("DISDUKCAPIL")
    return SimpleNamespace(
        unit=unit, counter=make.make_counter(unit), service=make.make_service(unit), officer=make.make_person()
    )


def met(city: SimpleNamespace, when: datetime = MET, **kw: Any) -> ServiceEvent:
    return make.make_event(city.officer, kw.pop("service", city.service), city.counter, met_at=when, **kw)


def counted(month: date = OCTOBER, **kw: Any) -> tuple[int, int, int, int]:
    """(events, judged, on time, unfinished) of the one row."""
    (row,) = queries.punctuality(month, **kw)
    return row.events, row.with_standard, row.on_time, row.unfinished


def test_service_without_standard_is_not_counted(city: SimpleNamespace) -> None:
    met(city, service=make.make_service(city.unit, "IKD", minutes=None), finished_at=MET + 90 * DAY - 60 * DAY)
    assert counted() == (1, 0, 0, 0)


def test_refused_and_incomplete_are_events_but_not_judged(city: SimpleNamespace) -> None:
    met(city, outcome="refused")
    met(city, outcome="incomplete", complete_at=None)
    assert counted() == (2, 0, 0, 0)


def test_file_never_complete_is_not_judged(city: SimpleNamespace) -> None:
    met(city, complete_at=None)
    assert counted() == (1, 0, 0, 1)


def test_kept_to_the_minute_and_late_by_a_second(city: SimpleNamespace) -> None:
    met(city, finished_at=MET + 24 * HOUR)
    met(city, finished_at=MET + 24 * HOUR + timedelta(seconds=1))
    assert counted() == (2, 2, 1, 0)


def test_time_runs_from_the_complete_file(city: SimpleNamespace) -> None:
    met(city, complete_at=MET + 3 * DAY, finished_at=MET + 3 * DAY + 23 * HOUR)
    assert counted() == (1, 1, 1, 0)


def test_finished_days_later_in_the_next_month_counts_for_the_month_of_meeting(city: SimpleNamespace) -> None:
    met(city, clock.local(date(2026, 10, 31), 15), finished_at=clock.local(date(2026, 11, 3), 9))
    assert counted() == (1, 1, 0, 0)
    assert queries.punctuality(date(2026, 11, 1)) == []


def test_open_file_is_late_once_past_its_promise(city: SimpleNamespace) -> None:
    met(city)
    assert counted() == (1, 1, 0, 1)
    assert counted(until=MET + 24 * HOUR) == (1, 0, 0, 1)
    assert counted(until=MET + 24 * HOUR + timedelta(seconds=1)) == (1, 1, 0, 1)


def test_until_looks_back_in_time(city: SimpleNamespace) -> None:
    """What was finished after `until` is not known yet."""
    met(city, finished_at=MET + 20 * HOUR)
    assert counted() == (1, 1, 1, 0)
    assert counted(until=MET + 19 * HOUR) == (1, 0, 0, 1)


def test_standard_of_the_day_of_meeting_decides_when_it_changes_in_the_month(city: SimpleNamespace) -> None:
    actions.set_standard(service=city.service, valid_from=date(2026, 10, 15), promised_minutes=60)
    met(city, clock.local(date(2026, 10, 14), 23, 59), finished_at=clock.local(date(2026, 10, 15), 20))
    met(city, clock.local(date(2026, 10, 15), 0, 1), finished_at=clock.local(date(2026, 10, 15), 20))
    assert counted() == (2, 2, 1, 0)


def test_service_that_gets_its_first_standard_counts_from_then(city: SimpleNamespace) -> None:
    service = make.make_service(city.unit, "IKD", minutes=None)
    actions.set_standard(service=service, valid_from=date(2026, 10, 15), promised_minutes=60)
    met(city, MET, service=service, finished_at=MET + HOUR)
    met(city, MET + 15 * DAY, service=service, finished_at=MET + 15 * DAY + HOUR)
    assert counted() == (2, 1, 1, 0)


def test_rows_are_per_unit_service_and_officer_in_one_query(
    city: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    other = SimpleNamespace(**{**city.__dict__, "officer": make.make_person()})
    for place, service in [(city, city.service), (city, make.make_service(city.unit, "KIA")), (other, city.service)]:
        met(place, service=service)
    with django_assert_num_queries(1):
        found = queries.punctuality(OCTOBER)
    assert len(found) == 3
    assert sum(row.events for row in found) == 3


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_sql_agrees_with_the_rule(city: SimpleNamespace, data: st.DataObject) -> None:
    ServiceEvent.objects.all().delete()
    hours = st.integers(0, 60)
    until = MET + data.draw(st.integers(0, 200)) * HOUR
    expected: Tally[str] = Tally()
    for _ in range(data.draw(st.integers(1, 6))):
        complete = MET + data.draw(hours) * HOUR if data.draw(st.booleans()) else None
        finished = (complete or MET) + data.draw(hours) * HOUR if data.draw(st.booleans()) else None
        outcome = data.draw(st.sampled_from(["granted", "refused", "incomplete"]))
        met(city, complete_at=complete, finished_at=finished, outcome=outcome)
        kept = rules.on_time(outcome=outcome, complete_at=complete, finished_at=finished, minutes=1440, until=until)
        expected.update({"events": 1, "judged": kept is not None, "kept": bool(kept)})
    assert counted(until=until)[:3] == (expected["events"], expected["judged"], expected["kept"])


def test_case_mix_counts_services_and_channels(city: SimpleNamespace) -> None:
    other = make.make_unit("LAIN")
    met(city)
    met(city, channel="keliling")
    met(city, clock.local(date(2026, 8, 3), 9))
    mix = queries.case_mix([city.unit.pk, other.pk], [OCTOBER, date(2026, 9, 1)])
    assert mix == {city.unit.pk: [(city.service.pk, "keliling", 1), (city.service.pk, "loket", 1)]}


def test_ticketed_events_leave_out_sources_without_tickets(city: SimpleNamespace) -> None:
    met(city)
    met(city, source=make.make_source("LOKET", issues_tickets=True))
    assert queries.ticketed_events(OCTOBER) == {city.unit.pk: 1}


def test_readiness_names_who_fell_silent(city: SimpleNamespace) -> None:
    quiet = make.make_counter(city.unit, "L2")
    for _ in range(2):
        make.make_event(
            city.officer, city.service, quiet, met_at=MET - 30 * DAY, source=make.make_source("FILE"), number=""
        )
    met(city, MET - 30 * DAY)
    met(city)
    assert queries.readiness(OCTOBER) == [
        ("source", "FILE", "Sumber FILE", None, 2),
        ("counter", "L2", "Loket L2", city.unit.pk, 2),
    ]
    assert queries.readiness(date(2026, 9, 1)) == []
