"""The home page: strangers go to the public site; everybody else sees what waits, and who can fix what is stuck."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.desk.navigation import links
from teladan.people.models import Unit
from teladan.people.permissions import Role
from tests.make import make_counter, make_event, make_head, make_service, make_staff, make_unit, make_user
from tests.transparency.test_public import make_closing

pytestmark = pytest.mark.django_db
DESK_QUERIES = 46


@pytest.fixture
def office() -> Unit:
    return make_unit("DINAS", parent=make_unit("KOTA", kind="kota"))


def last_month() -> date:
    return clock.add_months(clock.month_of(clock.today()), -1)


def test_desk_sends_strangers_to_the_public_site(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/publik")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CITIZEN])
def test_desk_opens_for_every_role(client: Client, office: Unit, role: Role) -> None:
    client.force_login(make_user(make_staff(office), role=role))
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("role", "is_employee"),
    [(role, True) for role in (Role.BKPSDM, Role.OFFICER, Role.MAYOR, Role.COMMITTEE)]
    + [(role, False) for role in (Role.OFFICER, Role.APPRAISER, Role.UNIT_HEAD)],
)
def test_desk_navigation_leads_only_where_the_role_may_go(
    client: Client, office: Unit, role: Role, is_employee: bool, rf: Any
) -> None:
    user = make_user(make_staff(office) if is_employee else None, role=role)
    client.force_login(user)
    request = rf.get("/")
    request.user = user
    for label, url, _ in links(request):
        assert client.get(url, follow=True).status_code == 200, label


def test_desk_names_who_can_fix_a_missing_superior(client: Client, office: Unit) -> None:
    client.force_login(make_user(make_staff(office), role="employee"))
    text = client.get("/").content.decode()
    assert "Atasan penilai Anda belum tercatat" in text
    assert "BKPSDM dapat menetapkannya" in text


def test_desk_of_bkpsdm_lists_people_without_superior(client: Client, office: Unit) -> None:
    name = make_staff(office).name
    client.force_login(make_user(role="bkpsdm"))
    text = client.get("/").content.decode()
    assert "Satu pegawai tanpa atasan penilai" in text
    assert name in text


def test_desk_of_an_employee_names_the_appraiser_awaited(client: Client, office: Unit) -> None:
    head = make_head(office)
    make_closing(last_month(), closed_at=clock.now() - timedelta(days=1))
    client.force_login(make_user(make_staff(office), role="employee"))
    text = client.get("/").content.decode()
    assert f"Menunggu {head.full_name}" in text


def test_desk_of_an_appraiser_counts_the_team(client: Client, office: Unit) -> None:
    head = make_head(office)
    make_staff(office)
    make_staff(office)
    make_closing(last_month())
    client.force_login(make_user(head, role="appraiser", unit=office))
    assert "Tim Anda: 0 dari 2 ditandatangani" in client.get("/").content.decode()
    assert "0 dari 2" not in Client().get("/", follow=True).content.decode()


def test_desk_shows_where_the_month_stands(client: Client, office: Unit) -> None:
    client.force_login(make_user(role="bkpsdm"))
    text = client.get("/").content.decode()
    assert "Belum ada layanan tercatat" in text  # nothing to close yet: no stage claims to be done
    assert "Penutupan bulan" not in text
    make_closing(last_month())
    assert "ditutup" in client.get("/").content.decode().split("Penutupan bulan")[1][:160]


def test_desk_tells_how_many_were_served_as_the_closing_froze_it(client: Client, office: Unit) -> None:
    month = last_month()
    officer, service, counter = make_staff(office), make_service(office), make_counter(office)
    make_event(officer, service, counter, met_at=clock.month_bounds(month)[0])
    client.force_login(make_user(role="bkpsdm"))
    assert "1 layanan" in client.get("/").content.decode()
    make_closing(month, counts={"events": 1234})
    assert "1.234 layanan" in client.get("/").content.decode()


@pytest.mark.parametrize("size", [1, 3])
def test_desk_queries_do_not_grow(client: Client, office: Unit, size: int, django_assert_num_queries: Any) -> None:
    """Neither with people and their heads nor with months to close and months closed."""
    service, counter = make_service(office), make_counter(office)
    for number in range(size):
        section = make_unit(f"S{number}", parent=office, kind="seksi")
        make_head(section)
        officer = make_staff(section)
        make_staff(section)
        make_closing(clock.add_months(last_month(), -number))
        for back in (-1, 5):  # one month still collecting, some not closed
            met_at = clock.month_bounds(clock.add_months(last_month(), -number - back if back > 0 else 1))[0]
            make_event(officer, service, counter, met_at=met_at)
    client.force_login(make_user(role="bkpsdm"))
    client.get("/")
    with django_assert_num_queries(DESK_QUERIES):
        client.get("/")
