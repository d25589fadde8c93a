"""Results as pages: who may read what, the officer's own page, units, query counts, the browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.evaluation.models import Closing, OfficerResult, UnitResult
from teladan.people.models import Person, Unit, User
from tests import axe, make
from tests.evaluation.small_city import OCTOBER, closing_time

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db

ELEMENTS = {
    name: {"n": 100, "sum": 320 + i, "mean": (320 + i) / 100}
    for i, name in enumerate(
        ("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana")
    )
}
GRID = {"weight": 1.0, "mu": 3.36, "sigma2_a": 0.05, "sigma2_e": 0.64, "offset": 3.32, "lam": 0.625, "variance": 0.004}


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(closing_time()):
        yield


def make_score(closing: Closing, person: Person, unit: Unit, use: str = "evaluation", **kw: Any) -> OfficerResult:
    """A result whose parts fit together: 3.36 + 0.625 × (3.40 − 3.32) = 3.41."""
    whole: dict[str, Any] = {
        "raw_mean": 3.40,
        "case_mix_shift": 0.04,
        "shrinkage_shift": -0.03,
        "score": 3.41,
        "recompute": {"n": 64, "raw_mean": 3.40, "grid": [GRID]},
        "response": {"rate": 0.41, "band": None},
    }
    return make.make_officer_result(closing, person, unit, use, **({} if use == "hidden" else whole) | kw)


def make_unit_result(closing: Closing, unit: Unit, **kw: Any) -> UnitResult:
    """A published month of a unit: 25 × 29.16 ÷ 9 = 81.00."""
    defaults: dict[str, Any] = {
        "n": 100,
        "ikm": "81.00",
        "low": 79.5,
        "high": 82.5,
        "grade": "B",
        "regime": "permenpanrb-14-2017",
        "elements": ELEMENTS,
        "overall": 3.3,
        "overall_n": 100,
        "is_published": True,
        "tickets": 240,
        "spent": 100,
        "events": 240,
        "with_standard": 200,
        "on_time": 190,
        "sample_needed": 148,
    }
    return UnitResult.objects.create(closing=closing, unit=unit, **{**defaults, **kw})


def hidden_unit_result(closing: Closing, unit: Unit) -> UnitResult:
    empty = dict.fromkeys(("n", "ikm", "low", "high", "overall", "overall_n", "spent"))
    return make_unit_result(closing, unit, **empty, grade="", elements={}, is_published=False)


@dataclass
class World:
    unit: Unit
    officer: User
    colleague: User
    boss: User
    closing: Closing
    result: OfficerResult


@pytest.fixture
def world() -> World:
    office = make.make_unit("DUK", "Dinas Kependudukan")
    unit = make.make_unit("DUK-1", "Bidang Pendaftaran", office, kind="bidang")
    officer, colleague = make.make_staff(unit), make.make_staff(unit)
    head = make.make_head(unit)
    counts = dict.fromkeys(
        ("events", "tickets", "ratings", "officers", "units", "units_published", "services", "services_published",
         "award", "evaluation", "self_only", "hidden"), 1
    )  # fmt: skip
    closing = make.make_closing(OCTOBER, counts=counts)
    return World(
        unit,
        make.make_user(officer, "petugas", role="officer"),
        make.make_user(colleague, "rekan", role="officer"),
        make.make_user(head, "kepala"),
        closing,
        make_score(closing, officer, unit),
    )


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def why(result: OfficerResult) -> str:
    return reverse("result-why", args=[result.pk])


def recompute(result: OfficerResult) -> str:
    return reverse("result-recompute", args=[result.pk])


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/nilai-saya",
        "/nilai/1/mengapa",
        "/nilai/1/hitung-ulang.json",
        "/hasil-unit",
        "/hasil-unit/1",
        "/hasil-unit/1/mengapa",
    ],
)
def test_results_need_login(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", ["/nilai-saya", "/nilai/1/mengapa", "/hasil-unit", "/hasil-unit/1"])
def test_results_refuse_the_wrong_method(world: World, path: str) -> None:
    assert at(world.officer).post(path).status_code == 405


def test_score_hides_from_colleague_stranger_and_every_role(world: World) -> None:
    assert at(world.colleague).get(why(world.result)).status_code == 404
    for role in ("bkpsdm", "admin", "inspector", "mayor", "pyb", "unit_head", "superior", "operator", "committee"):
        stranger = make.make_user(make.make_person(), role=role)
        assert at(stranger).get(why(world.result)).status_code == 404, role
        assert at(stranger).get(recompute(world.result)).status_code == 404, role


def test_score_hides_from_the_boss_below_the_evaluation_threshold(world: World) -> None:
    own = make_score(make.make_closing(date(2026, 9, 1)), world.result.person, world.unit, use="self_only")
    assert at(world.boss).get(why(own)).status_code == 404
    assert at(world.officer).get(why(own)).status_code == 200


def test_score_hides_from_the_boss_of_another_unit_and_a_later_boss(world: World) -> None:
    other = make.make_head(make.make_unit("LAIN", "Dinas Lain"))
    assert at(make.make_user(other)).get(why(world.result)).status_code == 404
    make.make_unit("BARU", "Bidang Baru")
    later = make.make_head(world.unit, kind="plh", valid_from=date(2026, 11, 1))
    assert at(make.make_user(later)).get(why(world.result)).status_code == 404


def test_superseded_score_hides_from_the_boss_and_not_from_the_officer(world: World) -> None:
    Closing.objects.filter(pk=world.closing.pk).update(is_current=False)
    assert at(world.boss).get(why(world.result)).status_code == 404
    text = at(world.officer).get(why(world.result)).content.decode()
    assert "sudah diganti versi baru" in text


def test_recompute_file_is_refused_to_the_boss(world: World) -> None:
    assert at(world.boss).get(why(world.result)).status_code == 200
    assert at(world.boss).get(recompute(world.result)).status_code == 403


def test_committee_sees_selected_candidates_only(world: World) -> None:
    member = make.make_user(make.make_person(), role="committee")
    chosen, other = make.make_staff(world.unit), make.make_staff(world.unit)
    ranks = {"J": 9, "k": 3, "p_top": 0.9, "selected": True}
    yes = make_score(world.closing, chosen, world.unit, "award", ranks=ranks)
    no = make_score(world.closing, other, world.unit, "award", ranks={**ranks, "p_top": 0.2, "selected": False})
    assert at(member).get(why(yes)).status_code == 200
    assert at(member).get(why(no)).status_code == 404
    assert at(make.make_user(make.make_person(), role="bkpsdm")).get(why(yes)).status_code == 404


def test_own_page_refuses_accounts_of_nobody() -> None:
    assert at(make.make_user(role="admin")).get("/nilai-saya").status_code == 403


def test_unit_results_refuse_those_without_the_permission(world: World) -> None:
    assert at(world.officer).get("/hasil-unit").status_code == 403


def test_unit_result_hides_from_another_unit(world: World) -> None:
    result = make_unit_result(world.closing, world.unit)
    elsewhere = make.make_user(make.make_person(), role="unit_head", unit=make.make_unit("LAIN", "Dinas Lain"))
    for name in ("unit-result", "unit-why"):
        assert at(elsewhere).get(reverse(name, args=[result.pk])).status_code == 404
        assert at(world.officer).get(reverse(name, args=[result.pk])).status_code == 404
    assert at(elsewhere).get("/hasil-unit").status_code == 200
    assert "Bidang Pendaftaran" not in at(elsewhere).get("/hasil-unit").content.decode()


@pytest.mark.parametrize("month", ["2026-99", "apa", "2020-01"])
def test_unit_results_hide_months_that_are_not_closed(world: World, month: str) -> None:
    user = make.make_user(make.make_person(), role="bkpsdm")
    assert at(user).get("/hasil-unit", {"bulan": month}).status_code == 404


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_own_page_shows_score_interval_volume_and_punctuality(world: World) -> None:
    text = at(world.officer).get("/nilai-saya").content.decode()
    for words in ("3,41", "antara 3,29 dan 3,53", "64 penilaian", "412", "97%", "data cukup untuk evaluasi"):
        assert words in text, words


def test_own_page_before_any_closing_says_when() -> None:
    text = at(make.make_user(make.make_person())).get("/nilai-saya").content.decode()
    assert "Belum ada hasil" in text
    assert "tujuh hari" in text


def test_own_page_shows_the_state_of_too_few_ratings(world: World) -> None:
    make_score(world.closing, world.colleague.person, world.unit, use="hidden")  # type: ignore[arg-type]
    text = at(world.colleague).get("/nilai-saya").content.decode()
    assert "Belum cukup data" in text
    assert "3,41" not in text


def test_own_page_draws_windows_that_share_no_month_and_names_a_real_change(world: World) -> None:
    for month, score in ((7, 3.10), (8, 3.2), (9, 3.3)):
        make_score(make.make_closing(date(2026, month, 1)), world.result.person, world.unit, score=score)
    text = at(world.officer).get("/nilai-saya").content.decode()
    assert "Mei–Jul 2026" in text
    assert "Jun–Agu 2026" not in text
    assert "Naik +0,31" in text


@pytest.mark.parametrize("months", [1, 3])
def test_own_page_costs_seven_queries(world: World, months: int, django_assert_num_queries: Any) -> None:
    for month in (8, 9)[: months - 1]:
        make_score(make.make_closing(date(2026, month, 1)), world.result.person, world.unit)
    client = at(world.officer)
    with django_assert_num_queries(7):
        client.get("/nilai-saya")


@pytest.mark.parametrize("units", [1, 3])
def test_unit_results_cost_seven_queries(units: int, django_assert_num_queries: Any) -> None:
    closing = make.make_closing(OCTOBER)
    for i in range(units):
        make_unit_result(closing, make.make_unit(f"U{i}"))
    client = at(make.make_user(make.make_person(), role="bkpsdm"))
    with django_assert_num_queries(7):
        assert client.get("/hasil-unit").content.decode().count('data-label="IKM">81,00') == units


def test_unit_page_without_figures_says_so(world: World) -> None:
    result = hidden_unit_result(world.closing, world.unit)
    head = make.make_user(make.make_person(), role="unit_head", unit=world.unit)
    for name in ("unit-result", "unit-why"):
        text = at(head).get(reverse(name, args=[result.pk])).content.decode()
        assert "None" not in text
        assert "81,00" not in text
    assert "Belum cukup data" in at(head).get(reverse("unit-result", args=[result.pk])).content.decode()


def test_unit_page_names_a_withheld_element(world: World) -> None:
    eight = {name: found for name, found in ELEMENTS.items() if name != "pengaduan"}
    result = make_unit_result(world.closing, world.unit, elements=eight, ikm=None, low=None, high=None, grade="")
    head = make.make_user(make.make_person(), role="unit_head", unit=world.unit)
    text = at(head).get(reverse("unit-why", args=[result.pk])).content.decode()
    assert "Penanganan pengaduan, saran, dan masukan" in text.split("</h1>")[1].split("</p>")[0]
    assert "indeksnya ikut ditahan" in text


# --- in the browser --------------------------------------------------------------------------------------------------


@pytest.mark.journey
@pytest.mark.django_db(transaction=True)
def test_pages_are_clean_in_the_browser(world: World, live_server: Any, browser: Browser) -> None:
    unit = make_unit_result(world.closing, world.unit)
    make_score(make.make_closing(date(2026, 7, 1)), world.result.person, world.unit, score=3.2)
    head = make.make_user(make.make_person(), role="bkpsdm")
    pages = {
        world.officer: ["/nilai-saya", why(world.result)],
        world.boss: [why(world.result)],
        head: ["/bulan", "/bulan/2026-10", "/hasil-unit", f"/hasil-unit/{unit.pk}", f"/hasil-unit/{unit.pk}/mengapa"],
    }
    for user, paths in pages.items():
        context = browser.new_context(viewport={"width": 360, "height": 900}, locale="id-ID")
        cookie = at(user).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        for path in paths:
            response = page.goto(live_server.url + path)
            assert response is not None
            assert response.status == 200, path
            assert axe.violations(page) == [], path
            assert axe.overflow(page) <= 0, path
            page.set_viewport_size({"width": 1280, "height": 900})
            assert axe.overflow(page) <= 0, path
            page.set_viewport_size({"width": 360, "height": 900})
        context.close()
