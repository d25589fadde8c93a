"""Closing a month, beside the bare `GROUP BY` of the same ratings: 10,000 and 1,000,000 of them, in one city.

Beside the time of the seal stands what it took of the processor, database included: that hardly depends on who else works
on the machine. Memory is that of the worker's process at its highest, and in brackets what it had before the closing.

The city is the same both times (units, officers, services), so that only the ratings grow. Everything of the month is
there: an event and a ticket for each rating, half of the citizens answer all nine elements, an auditor's file of openings.
"""

from __future__ import annotations

import os
import resource
from datetime import date
from time import perf_counter
from typing import Any

from bench import stack

SIZES = (10_000, 1_000_000)
UNITS, OFFICERS, SERVICES = 20, 12, 8
MONTH = date(2026, 10, 1)

# What a plain report would do: count the answers of each officer, service and channel, once over the table.
BARE = """
SELECT unit_id, officer_id, service_id, channel, month, count(*), sum(kompetensi), sum(perilaku),
       sum(kompetensi * kompetensi), sum(perilaku * perilaku)
FROM feedback_sealedrating WHERE month = %s GROUP BY 1, 2, 3, 4, 5
"""

PLACES = """
CREATE TABLE bench_place AS
SELECT row_number() OVER (ORDER BY c.id, o.number, s.id) - 1 AS place, c.unit_id, c.id AS counter_id, o.person_id,
       s.id AS service_id, o.quality
FROM services_counter c
JOIN (SELECT p.id AS person_id, b.unit_id, b.number, b.quality FROM bench_officer b JOIN people_person p ON p.id = b.person_id) o
  ON o.unit_id = c.unit_id
JOIN services_service s ON s.unit_id = c.unit_id
"""

EVENTS = """
INSERT INTO services_serviceevent
    (id, source_id, number, service_id, officer_id, counter_id, unit_id, channel, month, met_at, complete_at, finished_at, outcome)
SELECT gen_random_uuid(), %(source)s, 'B-' || i, p.service_id, p.person_id, p.counter_id, p.unit_id,
       CASE WHEN i %% 10 = 0 THEN 'keliling' ELSE 'loket' END, %(month)s, m, m, m + (5 + i %% 70) * interval '1 minute', 'granted'
FROM generate_series(1, %(n)s) i
JOIN bench_place p ON p.place = i %% %(places)s
CROSS JOIN LATERAL (SELECT %(month)s::timestamptz + (i %% 28) * interval '1 day' + interval '3 hours' AS m) t
"""

TICKETS = """
INSERT INTO feedback_ticket
    (id, token_hash, event_key, month, unit_id, service_id, officer_id, channel, expires_on, spent_on, typed_hash, typed_tries)
SELECT gen_random_uuid(), sha256(convert_to('t' || number, 'UTF8')), sha256(convert_to('e' || number, 'UTF8')), month,
       unit_id, service_id, officer_id, channel, %(month)s::date + 37, %(month)s::date + 20, '', 0
FROM services_serviceevent WHERE month = %(month)s
"""

RATINGS = """
INSERT INTO feedback_stagedrating
    (id, month, unit_id, service_id, officer_id, channel, overall, kompetensi, perilaku,
     persyaratan, prosedur, waktu, biaya, produk, pengaduan, sarana)
SELECT gen_random_uuid(), %(month)s, p.unit_id, p.service_id, p.person_id, CASE WHEN i %% 10 = 0 THEN 'keliling' ELSE 'loket' END,
       a[1], a[2], a[3], CASE WHEN rest THEN a[4] END, CASE WHEN rest THEN a[5] END, CASE WHEN rest THEN a[6] END,
       CASE WHEN rest THEN a[7] END, CASE WHEN rest THEN a[8] END, CASE WHEN rest THEN a[9] END, CASE WHEN rest THEN a[10] END
FROM (SELECT i, random() AS mood, i %% 2 = 0 AS rest FROM generate_series(1, %(n)s) i) g
JOIN bench_place p ON p.place = i %% %(places)s
CROSS JOIN LATERAL (
    SELECT array_agg(least(4, greatest(1, round(p.quality + 1.2 * (g.mood - .5) + 1.4 * (random() - .5) + 0 * k)))::smallint) AS a
    FROM generate_series(1, 10) k WHERE g.i > 0
) answers
"""

DAYS = "INSERT INTO feedback_issueday (month, officer_id, day) SELECT %(month)s, person_id, %(month)s::date + d FROM bench_officer, generate_series(0, 9) d"


def run(seconds: float, rounds: int) -> None:
    """One closing per size: a closing cannot be repeated, so rounds do not apply."""
    print(f"{UNITS} unit, {UNITS * OFFICERS} petugas, {UNITS * SERVICES} layanan; detik")
    print(
        f"{'penilaian':>10} {'GROUP BY':>9} {'segel':>7} {'prosesor':>9} {'baca':>7} {'hitung':>7} {'simpan':>7} {'lupakan':>8} {'seluruhnya':>10} {'kali':>6} {'MB':>5}"
    )
    for n in SIZES:
        # A fork for each size, so that memory is that size's own.
        if (child := os.fork()) == 0:
            with stack.database():
                _measure(n)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{n}: pengukuran gagal")


def _measure(n: int) -> None:
    from django.conf import settings

    from teladan.core import clock, sealedfile
    from teladan.evaluation.actions.closing import close_month

    settings.AUDITOR_KEYS = [sealedfile.public_key(sealedfile.new_private_key())]
    fill(n)
    marks: list[float] = []
    spent: list[float] = []

    def note(*_: object) -> None:
        marks.append(perf_counter())
        spent.append(stack.processor_seconds())

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        summary = close_month(month=MONTH, by="bench", on_progress=note)
    end = perf_counter()
    steps = [later - earlier for earlier, later in zip(marks, [*marks[1:], end], strict=True)]
    seal, read, compute, store, commit, forget = steps
    bare = min(_bare() for _ in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{n:>10,} {bare:>9.3f} {seal:>7.2f} {spent[1] - spent[0]:>9.2f} {read:>7.2f} {compute:>7.2f} {store + commit:>7.2f} {forget:>8.2f} "
        f"{summary.seconds:>10.2f} {summary.seconds / bare:>6.1f} {peak:>5.0f} ({before:.0f})  ({summary.counts['cells']:,} sel, "
        f"{summary.counts['award'] + summary.counts['evaluation']} nilai terpakai)",
        flush=True,
    )


def _bare() -> float:
    from django.db import connection

    start = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(BARE, [MONTH])
        cursor.fetchall()
    return perf_counter() - start


def fill(n: int) -> None:
    """A city with `n` events, tickets and ratings in MONTH."""
    from django.db import connection

    from teladan.feedback.actions import sealing
    from teladan.services.models import SourceSystem

    _city()
    sealing.open_month(MONTH)
    source = SourceSystem.objects.create(code="BENCH", name="Bench", issues_tickets=True)
    values: dict[str, Any] = {"n": n, "month": MONTH, "source": source.pk, "places": UNITS * OFFICERS * SERVICES}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.42)")
        cursor.execute("SET session_replication_role = replica")  # the rows fit; checking each takes minutes
        for statement in (PLACES, EVENTS, TICKETS, RATINGS, DAYS):
            cursor.execute(statement, values)
        cursor.execute("RESET session_replication_role")
        cursor.execute("ANALYZE")


def _city() -> None:
    """Units with a counter, services with a promise, officers who truly differ."""
    from django.db import connection

    from teladan.people.models import Person, Unit, UnitPeriod
    from teladan.services.models import Counter, Service, ServiceStandard

    since = date(2020, 1, 1)
    officers: list[tuple[Any, int, int, float]] = []
    for u in range(UNITS):
        unit = Unit.objects.create(code=f"U{u:02d}")
        UnitPeriod.objects.create(unit=unit, name=f"Unit {u}", kind="opd", valid_from=since)
        Counter.objects.create(code=f"L{u:02d}", name=f"Loket {u}", unit=unit)
        for s in range(SERVICES):
            service = Service.objects.create(code=f"U{u:02d}-{s}", name=f"Layanan {s}", unit=unit)
            ServiceStandard.objects.create(service=service, promised_minutes=60, valid_from=since)
        for o in range(OFFICERS):
            person = Person.objects.create(
                nip=f"19900101201503{1 + o % 2}{u * OFFICERS + o:03d}", name=f"Petugas {u}-{o}", born_on=date(1990, 1, 1),
                sex="LP"[o % 2], employment="PNS",
            )  # fmt: skip
            officers.append((person.pk, unit.pk, o, 3.0 + 0.6 * o / OFFICERS))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_officer (person_id uuid, unit_id bigint, number int, quality float8)")
        cursor.executemany("INSERT INTO bench_officer VALUES (%s, %s, %s, %s)", officers)
