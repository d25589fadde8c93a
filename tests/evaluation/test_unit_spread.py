"""The unit's page with people and services beside each other: who sees whom, from how many on, what is outside."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.evaluation.access import results as access
from teladan.evaluation.models import Closing, Evaluation, OfficerResult, UnitResult
from teladan.evaluation.rules import funnels
from teladan.people.models import Person, Unit, User
from teladan.services.models import Service
from tests import axe, make
from tests.evaluation.small_city import OCTOBER, closing_time
from tests.evaluation.test_results_pages import make_score, make_unit_result

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db

CHART = "Petugas dan rentangnya, Agustus–Oktober 2026"
TOO_FEW = "Belum cukup petugas"
NO_INDEX: dict[str, Any] = {"n": None, "ikm": None, "low": None, "high": None, "grade": "", "elements": {},
                            "overall": None, "overall_n": None, "spent": None, "is_published": False}  # fmt: skip


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""
    with clock.at(closing_time()):
        yield


@dataclass
class World:
    office: Unit
    unit: Unit
    boss: User
    superior: User
    closing: Closing
    result: UnitResult
    officers: list[Person]
    scores: list[OfficerResult]

    @property
    def path(self) -> str:
        return f"/hasil-unit/{self.result.pk}"


def make_world(officers: int = 8, services: int = 3, first: dict[str, Any] | None = None) -> World:
    """`first`: what is different about the first officer's result; results never change once they are there."""
    office = make.make_unit("DUK", "Dinas Kependudukan")
    unit = make.make_unit("DUK-1", "Bidang Pendaftaran", office, kind="bidang")
    closing = make.make_closing(OCTOBER)
    people = [make.make_staff(unit) for _ in range(officers)]
    scores = [
        make_score(closing, one, unit, score=3.2 + 0.05 * i, **(first or {} if i == 0 else {}))
        for i, one in enumerate(people)
    ]
    for i in range(services):
        make_service_result(closing, unit, i)
    boss, superior = make.make_head(unit), make.make_head(office)
    return World(
        office,
        unit,
        make.make_user(boss, role="unit_head", unit=unit),
        make.make_user(superior, role="superior", unit=office),
        closing,
        make_unit_result(closing, unit),
        people,
        scores,
    )


def make_service_result(closing: Closing, unit: Unit, i: int, **kw: Any) -> UnitResult:
    service = Service.objects.create(code=f"{unit.code}-S{i}", name=f"Layanan {i}", unit=unit)
    return make_unit_result(closing, unit, service=service, **{"n": 40 + 20 * i, **kw})


@pytest.fixture
def world() -> World:
    return make_world()


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def names_in(text: str, world: World) -> list[str]:
    return [one.name for one in world.officers if one.name in text]


# --- individuals: refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["bkpsdm", "mayor", "pyb", "unit_head", "superior"])
def test_people_hide_from_everybody_who_may_read_the_unit_only(world: World, role: str) -> None:
    for user in (make.make_user(make.make_person(), role=role), make.make_user(role=role)):
        text = page(user, world.path)
        assert names_in(text, world) == []
        assert CHART not in text
        assert TOO_FEW not in text  # nor that there is something


def test_people_hide_from_the_boss_of_another_unit_and_a_later_boss(world: World) -> None:
    other = make.make_head(make.make_unit("LAIN", "Dinas Lain"))
    later = make.make_head(world.unit, kind="plh", valid_from=date(2026, 11, 1))
    for person in (other, later):
        assert names_in(page(make.make_user(person, role="unit_head"), world.path), world) == []


def test_people_hide_from_a_colleague_who_may_read_the_unit(world: World) -> None:
    colleague = make.make_user(world.officers[0], role="unit_head")
    text = page(colleague, world.path).split("<main")[1]  # the masthead greets its reader by name
    assert names_in(text, world) == []


def test_people_hide_from_the_superior_until_the_evaluation_is_signed(world: World) -> None:
    text = page(world.superior, world.path)
    assert names_in(text, world) == []
    assert TOO_FEW in text


@pytest.mark.parametrize(
    "without",
    [
        {"use": "self_only"},
        {"n": 29},
        {"is_comparable": False},
        {"window_from": date(2026, 7, 1), "window_until": date(2026, 9, 1)},  # a window that was held
    ],
)
def test_people_wait_for_the_eighth(without: dict[str, Any]) -> None:
    world = make_world(first=without)
    text = page(world.boss, world.path)
    assert names_in(text, world) == []
    assert TOO_FEW in text


def test_people_of_an_old_version_and_on_a_services_page_are_not_shown(world: World) -> None:
    service = UnitResult.objects.filter(service__isnull=False)[0]
    assert names_in(page(world.boss, f"/hasil-unit/{service.pk}"), world) == []
    Closing.objects.update(is_current=False)
    assert names_in(page(world.boss, world.path), world) == []


# --- individuals: shown ----------------------------------------------------------------------------------------------


def test_the_appraiser_sees_eight_people_over_the_window_each_with_its_why(world: World) -> None:
    text = page(world.boss, world.path)
    assert CHART in text
    assert len(names_in(text, world)) == 8
    for score in world.scores:
        assert f'href="/nilai/{score.pk}/mengapa"' in text
        assert Client().get(f"/nilai/{score.pk}/mengapa").status_code == 302
    assert "Ini bukan peringkat" in text


def test_the_appraiser_sees_own_people_only(world: World) -> None:
    """A ninth officer whom somebody else appraises is no point in the picture."""
    stranger = make.make_staff(make.make_unit("LAIN", "Dinas Lain"))
    make_score(world.closing, stranger, world.unit)
    assert stranger.name not in page(world.boss, world.path)


def sign(world: World, people: list[Person], by: Person | None = None) -> list[Evaluation]:
    appraiser = by or world.boss.person
    assert appraiser is not None
    return [
        Evaluation.objects.create(person=one, appraiser=appraiser, unit=world.unit, month=OCTOBER, state="signed", work="meets",
                                  behaviour="meets", predicate="baik", digest="d" * 64, updated_at=clock.now(),
                                  signed_at=clock.now(), signed_by=world.boss)
        for one in people
    ]  # fmt: skip


def test_the_superior_sees_what_was_signed_by_the_appraiser(world: World) -> None:
    sign(world, world.officers[:7])
    assert TOO_FEW in page(world.superior, world.path)
    (last,) = sign(world, world.officers[7:])
    text = page(world.superior, world.path)
    assert len(names_in(text, world)) == 8
    assert f'href="/evaluasi/{last.pk}"' in text


def test_the_superior_sees_nothing_signed_by_another_hand(world: World) -> None:
    sign(world, world.officers[:7])
    sign(world, world.officers[7:], make.make_person())
    assert names_in(page(world.superior, world.path), world) == []


def test_the_picture_shows_nobody_whom_the_reader_may_not_open() -> None:
    """What stands beside each other is exactly what opens one by one."""
    world = make_world(9, first={"use": "self_only"})
    for user in (world.boss, world.superior, make.make_user(world.officers[0]), make.make_user(role="bkpsdm")):
        shown = {one.result.pk for one in access.readable_scores(user, world.result) or []}
        client = Client()
        client.force_login(user)
        opened = {one.pk for one in world.scores if client.get(f"/nilai/{one.pk}/mengapa").status_code == 200}
        assert shown <= opened
        if user == world.boss:
            assert shown == opened


# --- funnels ---------------------------------------------------------------------------------------------------------


def test_funnel_of_services_names_the_outsider_and_links_it(world: World) -> None:
    for i in range(3, 9):
        make_service_result(world.closing, world.unit, i)
    far = make_service_result(world.closing, world.unit, 9, ikm="60.00", low=57.0, high=63.0)
    text = page(world.boss, world.path)
    assert "10 titik, 1 di luar batas kebetulan: Layanan 9." in text
    assert f'href="/hasil-unit/{far.pk}/mengapa"' in text


def test_funnel_waits_for_three_services_with_an_index() -> None:
    world = make_world(services=2)
    make_service_result(world.closing, world.unit, 9, **NO_INDEX)
    text = page(world.boss, world.path)
    assert "Belum cukup layanan" in text
    assert "mulai tiga layanan" in text


def test_funnel_of_units_is_for_those_who_see_several(world: World) -> None:
    for i in range(3):
        make_unit_result(world.closing, make.make_unit(f"U{i}"), n=100 + i)
    title = "Unit terhadap banyaknya penilaian"
    everyone = make.make_user(make.make_person(), role="bkpsdm")
    assert title not in page(world.boss, world.path)
    assert title in page(everyone, world.path)
    assert title in page(everyone, "/hasil-unit")
    assert title not in page(world.boss, "/hasil-unit")


def test_funnel_by_hand() -> None:
    """Equal weights: the centre is the mean, 80, and nothing separates the three beyond chance."""
    found = funnels.funnel([funnels.Figure(100, v, 1.5) for v in (79.0, 80.0, 81.0)])
    assert found is not None
    assert found.centre == pytest.approx(80.0)
    assert found.beyond == (0, 0, 0)
    n, first = found.curve[0]
    assert n == pytest.approx(100)
    assert first.high == pytest.approx(80 + 1.959963984540054 * 1.5)
    assert first.alarm_low == pytest.approx(80 - 3.090232306167813 * 1.5)
    assert found.curve[-1][1].high - 80 == pytest.approx((first.high - 80) / math.sqrt(1.5))


def test_funnel_keeps_the_order_of_its_figures() -> None:
    figures = [funnels.Figure(400, 80.0 + i % 2, 1.0) for i in range(12)]
    figures[4] = funnels.Figure(400, 60.0, 1.0)
    found = funnels.funnel(figures)
    assert found is not None
    assert [place for place, beyond in enumerate(found.beyond) if beyond == 2] == [4]


@pytest.mark.parametrize("figures", [[], [funnels.Figure(10, 80.0, 1.0)] * 2, [funnels.Figure(10, 80.0, 0.0)] * 3])
def test_funnel_of_too_little_is_none(figures: list[funnels.Figure]) -> None:
    assert funnels.funnel(figures) is None


def test_standard_error_comes_from_the_side_that_was_not_cut() -> None:
    assert funnels.standard_error(94.0, 100.0, 99.0) == pytest.approx(5 / 1.959963984540054)


# --- cost ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("officers", "services"), [(8, 1), (10, 3)])
def test_unit_page_costs_a_fixed_number_of_queries(
    officers: int, services: int, django_assert_num_queries: Any
) -> None:
    world = make_world(officers, services)
    client = Client()
    client.force_login(world.boss)
    with django_assert_num_queries(25):
        assert client.get(world.path).status_code == 200


@pytest.mark.journey
@pytest.mark.django_db(transaction=True)
def test_unit_page_is_clean_in_the_browser(live_server: Any, browser: Browser) -> None:
    world = make_world(9, 6)
    client = Client()
    client.force_login(world.boss)
    context = browser.new_context(viewport={"width": 360, "height": 900}, locale="id-ID")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    tab = context.new_page()
    tab.goto(live_server.url + world.path)
    tab.eval_on_selector_all("details.more", "all => all.forEach(one => one.open = true)")
    for width in (360, 1280):
        tab.set_viewport_size({"width": width, "height": 900})
        assert axe.violations(tab) == []
        assert axe.overflow(tab) <= 0
    context.close()
