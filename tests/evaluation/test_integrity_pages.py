"""The Inspektorat's look at bias and pressure: who may read it, that it is frozen, that it finds what was planted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from teladan.core import clock
from teladan.evaluation.actions import closing as actions
from teladan.evaluation.models import IntegrityReport
from teladan.evaluation.rules import watching
from teladan.evaluation.rules.units import Answers
from teladan.evaluation.rules.watching import Past, Watched
from teladan.feedback.models import HeldCase, Ticket
from teladan.scoring import ELEMENTS
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

PAGES = ("/integritas", "/integritas/2026-10")
WINDOW = ("2026-08", "2026-09", "2026-10")


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city(db: None) -> City:
    city = make_city(officers=4, services=2)
    city.serve(OCTOBER, everyone(city, 12))
    return city


def inspector() -> Client:
    client = Client()
    client.force_login(make.make_user(make.make_person(), role="inspector"))
    return client


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_integrity_needs_login(city: City, client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("role", ["officer", "appraiser", "unit_head", "bkpsdm", "mayor", "committee", "admin"])
@pytest.mark.parametrize("path", PAGES)
def test_integrity_refuses_other_roles(city: City, role: str, path: str) -> None:
    client = Client()
    client.force_login(make.make_user(make.make_person(), role=role))
    assert client.get(path).status_code == 403


def test_integrity_hides_months_that_are_not_closed(city: City) -> None:
    assert inspector().get("/integritas/2026-10").status_code == 404
    assert inspector().post("/integritas/2026-10").status_code == 405


# --- what a closing leaves ---------------------------------------------------------------------------------------------


def test_closing_freezes_a_report_that_the_inspector_reads(city: City) -> None:
    actions.close_month(month=OCTOBER, by="uji")
    client = inspector()
    assert "Oktober 2026" in client.get("/integritas").content.decode()
    text = client.get("/integritas/2026-10").content.decode()
    assert "Menurut jenis kelamin petugas" in text
    assert "bukan bukti pelanggaran" in text
    for officer in city.officers:
        assert officer.nip not in text
        assert officer.name not in text
    row = IntegrityReport.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        IntegrityReport.objects.filter(pk=row.pk).update(payload={})


def test_report_names_nobody_and_counts_for_the_digest(city: City) -> None:
    closing = actions.close_month(month=OCTOBER, by="uji")
    text = json.dumps(IntegrityReport.objects.get().payload)
    assert not any(officer.nip in text for officer in city.officers)
    actions.reopen_month(month=OCTOBER, by="uji", reason="Uji")
    again = actions.close_month(month=OCTOBER, by="uji")
    assert again.results_digest == closing.results_digest


@pytest.mark.parametrize("months", [1, 3])
def test_integrity_list_costs_five_queries(city: City, months: int, django_assert_num_queries: Any) -> None:
    for month in (date(2026, 8, 1), date(2026, 9, 1))[: months - 1]:
        city.serve(month, everyone(city, 10))
        actions.close_month(month=month, by="uji")
    actions.close_month(month=OCTOBER, by="uji")
    client = inspector()
    with django_assert_num_queries(5):
        assert client.get("/integritas").status_code == 200


# --- what it finds -----------------------------------------------------------------------------------------------------


def rows(unit: str, officers: list[str], mean: dict[str, float], n: int = 40) -> list[dict[str, Any]]:
    """Each officer has `n` ratings of each of two services in each month of the window, around a mean."""
    return [
        {"officer": nip, "service": service, "channel": "loket", "month": month, "pattern": "11", "n": n,
         "sum": n * mean[nip], "sumsq": n * (mean[nip] ** 2 + 0.25)}
        for month in WINDOW for service in ("KTP", "KK") for nip in officers
    ]  # fmt: skip


def people(count: int, sex: int) -> list[str]:
    return [f"19{70 + i:02d}010120100{i % 9 + 1}{sex}{900 + i:03d}" for i in range(count)]


def watched(**kw: Any) -> Watched:
    usual = {"code": "A", "answers": answers(3, 60), "rows": [], "tickets": (100, 60), "events": 100, "past": ()}
    return Watched(**{**usual, **kw})


def answers(value: int, n: int) -> Answers:
    return Answers([{**dict.fromkeys(ELEMENTS, value), "count": n}])


def found(report: dict[str, Any]) -> set[str]:
    return {finding["code"] for unit in report["units"] for finding in unit["findings"]}


def difference(report: dict[str, Any], trait: str) -> list[dict[str, Any]]:
    return next(audit["differences"] for audit in report["audits"] if audit["trait"] == trait)


def test_equal_officers_are_equivalent_and_planted_bias_is_found() -> None:
    men, women = people(12, 1), people(12, 2)
    same = {nip: 3.2 + 0.02 * (i % 3 - 1) for group in (men, women) for i, nip in enumerate(group)}
    fair = watching.report("2026-10", WINDOW, [watched(rows=rows("A", [*men, *women], same))])
    assert [one["verdict"] for one in difference(fair, "sex")] == ["equivalent"]
    worse = {nip: mean - (0.5 if nip in women else 0) for nip, mean in same.items()}
    unfair = watching.report("2026-10", WINDOW, [watched(rows=rows("A", [*men, *women], worse))])
    (one,) = difference(unfair, "sex")
    assert one["verdict"] == "different"
    assert abs(abs(one["estimate"]) - 0.5) < 0.05


def test_few_officers_are_not_audited() -> None:
    few = [*people(2, 1), *people(2, 2)]
    report = watching.report("2026-10", WINDOW, [watched(rows=rows("A", few, dict.fromkeys(few, 3.0)))])
    assert {(one["n"], one["officers"], one["why"]) for one in difference(report, "sex")} == {
        (None, None, "few_officers")
    }


def test_pressure_is_found_where_it_was_planted_and_not_elsewhere() -> None:
    past = [Past(f"2026-{month:02d}", 60, 80 + month % 2, 1.0) for month in range(4, 10)]
    calm = watched(answers=Answers([{**dict.fromkeys(ELEMENTS, v), "count": 30} for v in (3, 4, 3)]), past=past)
    assert found(watching.report("2026-10", WINDOW, [calm])) <= {"jump"}
    report = watching.report("2026-10", WINDOW, [watched(answers=answers(4, 200), tickets=(80, 5), past=past)])
    assert found(report) >= {"ceiling", "coverage", "response"}
    empty = watching.report("2026-10", WINDOW, [watched(answers=Answers([]), tickets=(0, 0), events=0)])
    assert found(empty) == set()
    assert empty["units"][0]["coverage"] is None


# --- officers and held ratings -----------------------------------------------------------------------------------------


def test_the_report_names_officers_with_a_sign_and_counts_what_was_held(city: City) -> None:
    picky = city.officers[0]
    Ticket.objects.filter(pk__in=Ticket.objects.filter(officer=picky, spent_on=None).values("pk")[:4]).delete()
    HeldCase.objects.create(
        month=OCTOBER, unit=city.unit, officer=picky, reason="own_unit", size=2, found_on=date(2026, 10, 12)
    )
    actions.close_month(month=OCTOBER, by="uji")
    payload = IntegrityReport.objects.get().payload
    assert [(one["officer"], one["signs"]) for one in payload["officers"]] == [(picky.nip, ["coverage"])]
    assert payload["held"] == {city.unit.code: {"held": 2, "voided": 0, "released": 0}}
    text = inspector().get("/integritas/2026-10").content.decode()
    assert "Tiket untuk 20 dari 24 layanan." in text
    assert picky.name in text
    assert picky.nip not in text
    assert "Ditahan dan tidak dihitung" in Client().get("/publik").content.decode()


def test_reports_frozen_before_officers_were_looked_at_still_open(city: City) -> None:
    actions.close_month(month=OCTOBER, by="uji")
    closing = IntegrityReport.objects.get().closing
    old = make.make_closing(date(2026, 9, 1), version=1)
    payload = {"month": "2026-09", "window": ["2026-09"], "units": [], "audits": []}
    IntegrityReport.objects.create(closing=old, payload=payload)
    assert closing.month == OCTOBER
    assert inspector().get("/integritas/2026-09").status_code == 200


def test_a_rising_share_is_named_when_nothing_fell(city: City) -> None:
    def rows(month: str, **channels: int) -> list[dict[str, Any]]:
        return [
            {"month": month, "service": "A", "pattern": "both", "channel": name, "n": n} for name, n in channels.items()
        ]

    before = rows("2026-09", a=20, b=20, c=20, d=20, e=20)
    now = rows("2026-10", a=16, b=16, c=16, d=16, e=16, kios=20)
    past = (Past("2026-09", 100, 80.0, 2.0),)
    unit = Watched("U", Answers([]), [*before, *now], (0, 0), 0, past)
    found = watching._unit("2026-10", unit)["findings"]
    assert [(one["code"], one["level"]) for one in found] == [("mix_rise", "kios")]
