"""A section with its head, the ranks above, and a team to be rated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.evaluation.actions import rating
from teladan.evaluation.models import Closing, Evaluation
from teladan.people.models import Person, Unit, User
from tests.make import (
    PASSWORD,
    make_achievement,
    make_closing,
    make_head,
    make_officer_result,
    make_person,
    make_staff,
    make_unit,
    make_user,
)

OCTOBER = date(2026, 10, 1)


@dataclass
class World:
    office: Unit
    section: Unit
    staff: list[Person]
    user: User
    chief_user: User
    employee: User
    mayor: User
    closing: Closing


@pytest.fixture(autouse=True)
def _november(settings: Any) -> Any:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(clock.local(date(2026, 11, 9), 10, 42)):
        yield


SUGGESTED = {
    "suggestion": "above", "score": 3.75, "low": 3.62, "high": 3.88, "adjusted": 3.8, "adjusted_low": 3.65, "adjusted_high": 3.95,
}  # fmt: skip


def build(size: int = 3, first: dict[str, Any] | None = None) -> World:
    city = make_unit("KOTA", "Kota Sawahlunto", kind="kota")
    office = make_unit("DUK", "Dinas Kependudukan dan Pencatatan Sipil", city)
    section = make_unit("DUK-1", "Bidang Pendaftaran Penduduk", office, kind="bidang")
    chief = make_head(office, make_person(name="Ratna Dewi"), post_kind="jpt")
    head = make_head(section, make_person(name="Budi Santoso"), post_kind="administrator")
    staff = [make_staff(section, make_person(name=f"Anggota {index:02d}")) for index in range(size)]
    closing = make_closing(OCTOBER)
    for index, person in enumerate(staff):
        make_officer_result(closing, person, section, **((first or {}) if index == 0 else {}))
    return World(
        office,
        section,
        staff,
        user=make_user(head, "budi", "appraiser", section, password=PASSWORD),
        chief_user=make_user(chief, "ratna", "superior", office),
        employee=make_user(staff[0], "anggota"),
        mayor=make_user(username="walikota", role="mayor"),
        closing=closing,
    )


@pytest.fixture
def world() -> World:
    return build()


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rate(world: World, *persons: Person, work: str = "meets", behaviour: str = "meets") -> None:
    for person in persons or world.staff:
        rating.rate_person(person=person, month=OCTOBER, work=work, behaviour=behaviour, by=world.user)


def signed(world: World) -> Evaluation:
    rate(world, world.staff[0])
    make_achievement(world.section, OCTOBER, world.mayor)
    return rating.sign_team(month=OCTOBER, by=world.user, statement="Saya menyatakan.")[0]


def picks(person: Person, work: str = "meets", behaviour: str = "above", note: str = "") -> dict[str, str]:
    return {f"{person.pk}-work": work, f"{person.pk}-behaviour": behaviour, f"{person.pk}-note": note}
