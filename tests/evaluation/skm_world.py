"""A unit with a closed third quarter, its survey report and its plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.evaluation.actions import skm as actions
from teladan.evaluation.actions.closing import close_month
from teladan.evaluation.models import PastIndex, SkmFollowUp, SkmPublication
from teladan.evaluation.queries.skm_report import report_payload
from teladan.evaluation.rules.skm import parse_period
from teladan.feedback.models import SealedRating
from teladan.people.models import User
from teladan.scoring import ELEMENTS
from tests import make
from tests.evaluation.small_city import City, make_city

JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (7, 8, 9, 10))


QUARTER, SEMESTER = parse_period("2026-T3"), parse_period("2026-S2")


TODAY = clock.local(date(2026, 11, 9), 9)


PASSWORD = "kata-sandi-untuk-uji-coba"


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""
    with clock.at(TODAY):
        yield


@dataclass
class World:
    city: City
    head: User
    operator: User
    stranger: User

    @property
    def unit(self) -> Any:
        return self.city.unit


def close(*months: date) -> None:
    for month in months:
        with clock.at(clock.local(clock.add_months(month, 1).replace(day=9), 9)):
            close_month(month=month, by="uji")


def make_world(*, services: int = 2) -> World:
    city = make_city(officers=2, services=services)
    head = make.make_user(make.make_head(city.unit), "kepala", role="unit_head", unit=city.unit, password=PASSWORD)
    operator = make.make_user(make.make_staff(city.unit), "operator", role="operator", unit=city.unit)
    other = make.make_unit("LAIN", "Dinas Lain")
    stranger = make.make_user(make.make_staff(other), "orang-lain", role="unit_head", unit=other)
    return World(city, head, operator, stranger)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """July with 40 ratings, August with 6, September with 5; made once, every test rolls back to it.

    No test of this module may start the browser: from then on Django would use another connection.
    """
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # as Django's own TestCase: durable blocks may be inside
    with django_db_blocker.unblock(), whole, clock.at(TODAY):
        world = make_world()
        for month, n in ((JULY, {0: 24, 1: 16}), (AUGUST, {0: 6}), (SEPTEMBER, {1: 5})):
            world.city.serve(month, n)
        close(JULY, AUGUST, SEPTEMBER)
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def world(made: World) -> World:
    return made


def plan_for(world: World, payload: dict[str, Any] | None = None) -> None:
    for element in (payload or report_payload(world.unit, QUARTER))["weaknesses"]:
        follow_up(world, element)


def follow_up(world: World, element: str = "sarana", **kw: Any) -> SkmFollowUp:
    values: dict[str, Any] = {
        "action": "Menambah kursi tunggu.",
        "responsible": "Kepala Subbagian Umum",
        "due_on": date(2026, 12, 15),
        "by": world.operator,
        **kw,
    }
    return actions.write_follow_up(unit=world.unit, period=QUARTER, element=element, **values)


def sealed(world: World, *months: date) -> list[dict[str, Any]]:
    return list(SealedRating.objects.filter(unit=world.unit, month__in=months).values(*ELEMENTS))


def past(world: World, **kw: Any) -> PastIndex:
    values = {"unit": world.unit, "first": date(2015, 1, 1), "span": 12, "regime": "kepmenpan-25-2004", "ikm": "64.50",
              "imported_at": clock.now(), "imported_by": "uji", **kw}  # fmt: skip
    return PastIndex.objects.create(**values)


def publish(world: World, **kw: Any) -> SkmPublication:
    return actions.publish_report(unit=world.unit, period=QUARTER, by=world.head, **kw)


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(world: World, name: str = "skm-report", period: str = "2026-T3", *rest: object) -> str:
    return reverse(name, args=[world.unit.code, period, *rest])
