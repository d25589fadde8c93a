"""Recording and finishing: refusals, idempotence, many at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.services import actions, queries
from teladan.services.actions import EventConflict, EventRefused, NewEvent
from teladan.services.models import EventHelper, ServiceEvent
from teladan.services.rules import EventFacts
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-10-20T10:00:00+07:00")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def city() -> SimpleNamespace:
    unit = make.make_unit("DISDUKCAPIL")
    return SimpleNamespace(
        unit=unit,
        counter=make.make_counter(unit),
        service=make.make_service(unit),
        officer=make.make_person(),
        source=make.make_source(),
    )


def sent(city: SimpleNamespace, **kw: object) -> ServiceEvent:
    values = {
        "source": city.source,
        "number": "A-1",
        "service": city.service,
        "officer": city.officer,
        "counter": city.counter,
        "met_at": NOW - timedelta(hours=2),
        "complete_at": NOW - timedelta(hours=2),
        "by": "test",
    }
    return actions.record_event(**{**values, **kw})  # type: ignore[arg-type]


def test_record_refuses_counter_of_outside_body(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="bukan unit kota"):
        sent(city, counter=make.make_counter(None, "PLN"))
    assert not ServiceEvent.objects.exists()


@pytest.mark.parametrize("number", ["", "   ", "x" * 61])
def test_record_refuses_number(city: SimpleNamespace, number: str) -> None:
    with pytest.raises(EventRefused, match="Nomor"):
        sent(city, number=number)


def test_record_refuses_future(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="masa depan"):
        sent(city, met_at=NOW + timedelta(hours=1), complete_at=None)


def test_record_refuses_officer_as_own_helper(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="petugas lain"):
        sent(city, helpers=[(city.officer, "verifikator")])


def test_record_refuses_other_content_under_same_number(city: SimpleNamespace) -> None:
    sent(city)
    with pytest.raises(EventConflict, match="A-1"):
        sent(city, officer=make.make_person())
    assert ServiceEvent.objects.get().officer == city.officer


def test_record_twice_is_one_event_and_one_audit(city: SimpleNamespace) -> None:
    helper = make.make_person()
    first = sent(city, helpers=[(helper, "verifikator")])
    assert sent(city, helpers=[(helper, "verifikator")]) == first
    assert ServiceEvent.objects.count() == EventHelper.objects.count() == 1
    (audit,) = AuditEvent.objects.filter(subject=f"event:{first.pk}")
    assert audit.event == "services.event_recorded"


def test_record_knows_unit_and_office_month(city: SimpleNamespace) -> None:
    event = sent(city, met_at=datetime.fromisoformat("2026-09-30T17:30:00+00:00"), complete_at=None)
    assert (event.month.isoformat(), event.unit) == ("2026-10-01", city.unit)


def test_record_same_number_of_another_source_is_another_event(city: SimpleNamespace) -> None:
    assert sent(city) != sent(city, source=make.make_source("BERKAS"))


def test_record_again_with_times_finishes(city: SimpleNamespace) -> None:
    event = sent(city)
    assert sent(city, finished_at=NOW) == event
    event.refresh_from_db()
    assert event.finished_at == NOW
    assert AuditEvent.objects.filter(event="services.event_finished").count() == 1


def test_finish_refuses_before_the_file_was_complete(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="lebih awal"):
        actions.finish_event(event=sent(city), finished_at=NOW - timedelta(hours=3), by="test")


def test_finish_refuses_what_was_turned_away(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="ditolak atau belum lengkap"):
        actions.finish_event(event=sent(city, outcome="incomplete"), finished_at=NOW, by="test")


def test_finish_refuses_another_end(city: SimpleNamespace) -> None:
    event = sent(city)
    actions.finish_event(event=event, finished_at=NOW, by="test")
    with pytest.raises(EventConflict):
        actions.finish_event(event=event, finished_at=NOW - timedelta(minutes=1), by="test")


def test_finish_twice_changes_nothing(city: SimpleNamespace) -> None:
    event = sent(city)
    for _ in range(2):
        actions.finish_event(event=event, finished_at=NOW, by="test")
    assert AuditEvent.objects.filter(event="services.event_finished").count() == 1


def test_finish_may_refuse_in_the_end(city: SimpleNamespace) -> None:
    assert actions.finish_event(event=sent(city), finished_at=NOW, outcome="refused", by="test").outcome == "refused"


def test_database_refuses_end_before_complete_file(city: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError, match="event_finished_after_complete"), transaction.atomic():
        make.make_event(city.officer, city.service, city.counter, met_at=NOW, finished_at=NOW - timedelta(days=1))


def rows(city: SimpleNamespace, count: int) -> list[NewEvent]:
    facts = EventFacts(city.service.pk, city.officer.pk, city.counter.pk, "loket", NOW, NOW, None, "granted")
    return [NewEvent(f"B-{index}", city.unit.pk, facts) for index in range(count)]


def test_bulk_refuses_all_when_one_number_conflicts(city: SimpleNamespace) -> None:
    actions.record_events_bulk(rows(city, 2), source=city.source, by="test")
    other = replace(rows(city, 2)[1].facts, officer=make.make_person().pk)
    with pytest.raises(EventConflict) as refused:
        actions.record_events_bulk(
            [*rows(city, 1), NewEvent("B-1", city.unit.pk, other), NewEvent("B-9", city.unit.pk, other)],
            source=city.source,
            by="test",
        )
    assert refused.value.numbers == ["B-1"]
    assert ServiceEvent.objects.count() == 2


def test_bulk_refuses_number_twice(city: SimpleNamespace) -> None:
    with pytest.raises(EventRefused, match="dua kali"):
        actions.record_events_bulk(rows(city, 2) + rows(city, 1), source=city.source, by="test")


def test_bulk_twice_is_idempotent_and_finishes(city: SimpleNamespace) -> None:
    helper = make.make_person()
    first = [replace(row, facts=replace(row.facts, helpers=frozenset({(helper.pk, "x")}))) for row in rows(city, 3)]
    done = [replace(row, facts=replace(row.facts, finished_at=NOW)) for row in first[:1]]
    made = actions.record_events_bulk(first, source=city.source, by="test")
    again = actions.record_events_bulk(done + first[1:], source=city.source, by="test")
    assert (made.new, made.changed, made.unchanged) == (3, 0, 0)
    assert (again.new, again.changed, again.unchanged) == (0, 1, 2)
    assert made.ids == again.ids
    assert EventHelper.objects.count() == 3
    assert ServiceEvent.objects.get(number="B-0").finished_at == NOW
    assert AuditEvent.objects.filter(event="services.events_imported").count() == 2


def test_bulk_says_the_same_as_one_by_one(city: SimpleNamespace) -> None:
    actions.record_events_bulk(rows(city, 1), source=city.source, by="test")
    event = sent(city, number="B-0", met_at=NOW, complete_at=NOW)
    assert ServiceEvent.objects.count() == 1
    assert queries.facts_of(event) == rows(city, 1)[0].facts


@pytest.mark.slow
def test_bulk_records_20_000_in_a_few_seconds(city: SimpleNamespace) -> None:
    began = time.perf_counter()
    actions.record_events_bulk(rows(city, 20_000), source=city.source, by="test")
    assert time.perf_counter() - began < 8
    assert ServiceEvent.objects.count() == 20_000


@pytest.mark.django_db(transaction=True)
def test_record_in_parallel_is_one_event(city: SimpleNamespace) -> None:
    barrier, found = Barrier(6), []

    def work() -> None:
        barrier.wait()
        try:
            with clock.at(NOW):
                found.append(sent(city).pk)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == ServiceEvent.objects.count() == 1


def test_token_of_source_is_kept_as_hash_only(city: SimpleNamespace) -> None:
    token = actions.new_source_token(source=city.source, by="test")
    city.source.refresh_from_db()
    assert token not in str(city.source.__dict__)
    assert queries.source_with_token_hash(actions.token_hash(token)) == city.source
    assert not AuditEvent.objects.filter(after__icontains=token).exists()
    newer = actions.new_source_token(source=city.source, by="test")
    assert queries.source_with_token_hash(actions.token_hash(token)) is None
    assert queries.source_with_token_hash(actions.token_hash(newer)) == city.source
    assert queries.source_with_token_hash("") is None
