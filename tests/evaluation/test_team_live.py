"""The team screen in a real browser: by keyboard with autosave, and without scripts. Interactions are counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from teladan.evaluation.models import Evaluation
from teladan.people.models import Person, User
from tests import axe
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

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OCTOBER = date(2026, 10, 1)
BUDGET = 40
"""Interactions that rating and signing a team of twelve may take (experience.md §1)."""


@pytest.fixture
def team(settings: Any) -> tuple[User, list[Person]]:
    settings.NAVIGATION = ""
    office = make_unit("DUK", "Dinas Dukcapil", make_unit("KOTA", kind="kota"))
    section = make_unit("DUK-1", "Bidang Pendaftaran", office, kind="bidang")
    user = make_user(make_head(section, post_kind="administrator"), "budi", password=PASSWORD)
    staff = [make_staff(section, make_person(name=f"Anggota {chr(65 + index)}")) for index in range(12)]
    closing = make_closing(OCTOBER)
    for person in staff[:6]:
        make_officer_result(closing, person, section)
    make_achievement(section, OCTOBER, user)
    return user, staff


def signed_in(context: BrowserContext, user: User, address: str) -> Page:
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    return context.new_page()


def tab_to(page: Page, identity: str) -> None:
    """Press Tab until the focus is inside the group of that radio."""
    for _press in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id").startswith(identity):
            return
    pytest.fail(f"{identity} is not reached by Tab")


def test_team_of_twelve_is_rated_by_keyboard_and_signed(
    live_server: Any, context: BrowserContext, team: tuple[User, list[Person]]
) -> None:
    user, staff = team
    page = signed_in(context, user, live_server.url)
    page.goto(f"{live_server.url}/tim")
    page.locator(f"#id_{staff[0].pk}-note").evaluate("note => note.closest('tr').querySelector('summary').focus()")
    interactions = 0
    for index, person in enumerate(staff):
        for name, steps in (("work", 1), ("behaviour", 2 if index % 3 == 0 else 1)):
            tab_to(page, f"id_{person.pk}-{name}")
            for _step in range(steps):
                page.keyboard.press("ArrowRight")
                interactions += 1
        chip = page.locator(f"[data-quadrant] li[data-key='{person.pk}']")
        expect(chip).to_have_count(1)  # there at once, and no older answer of the server takes it away
    page.get_by_text("12 dari 12 lengkap").wait_for()
    page.wait_for_load_state("networkidle")  # the last choice of each person has been answered
    assert axe.violations(page) == []
    expect(page.locator("[data-quadrant] [data-cell='2-3'] li")).to_have_count(4)
    assert Evaluation.objects.filter(work="meets", predicate="baik").count() == 12
    page.get_by_role("link", name="Tanda tangani 12 penilaian").click()
    page.get_by_label("Kata sandi").fill(PASSWORD)
    assert axe.violations(page) == []
    page.get_by_role("button", name="Tanda tangani 12 penilaian").click()
    page.get_by_text("12 penilaian ditandatangani.").wait_for()
    interactions += 3
    assert Evaluation.objects.filter(state="signed").count() == 12
    assert interactions <= BUDGET


def test_note_is_saved_when_one_leaves_it(
    live_server: Any, context: BrowserContext, team: tuple[User, list[Person]]
) -> None:
    user, staff = team
    page = signed_in(context, user, live_server.url)
    page.goto(f"{live_server.url}/tim")
    page.set_viewport_size({"width": 320, "height": 740})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert axe.overflow(page) == 0
    row = page.locator(f"tr[data-key='{staff[3].pk}']")
    row.locator("summary").click()
    with page.expect_response("**/nilai"):
        row.locator("textarea").fill("Tekun.")
        row.locator("textarea").blur()
    assert Evaluation.objects.get().note == "Tekun."


def test_failed_saving_says_so(live_server: Any, context: BrowserContext, team: tuple[User, list[Person]]) -> None:
    user, staff = team
    page = signed_in(context, user, live_server.url)
    page.goto(f"{live_server.url}/tim")
    context.set_offline(True)
    page.locator(f"label[for='id_{staff[0].pk}-work_1']").click()
    page.get_by_text("Belum tersimpan. Periksa sambungan").wait_for()
    assert not Evaluation.objects.exists()


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A phone without scripts."""
    context = browser.new_context(java_script_enabled=False, locale="id-ID", viewport={"width": 360, "height": 780})
    yield context
    context.close()


def test_team_is_rated_without_scripts(
    live_server: Any, plain: BrowserContext, team: tuple[User, list[Person]]
) -> None:
    user, staff = team
    page = signed_in(plain, user, live_server.url)
    page.goto(f"{live_server.url}/tim")
    for person in staff[:3]:
        page.locator(f"label[for='id_{person.pk}-work_2']").click()
        page.locator(f"label[for='id_{person.pk}-behaviour_2']").click()
    page.get_by_role("button", name="Simpan semua").click()
    page.get_by_text("3 dari 12 lengkap").wait_for()
    assert page.locator("[data-quadrant] [data-cell='3-3'] li").count() == 3
    assert Evaluation.objects.filter(predicate="sangat_baik").count() == 3


def test_leaving_the_suggestion_opens_the_field_for_its_reason(
    live_server: Any, context: BrowserContext, team: tuple[User, list[Person]]
) -> None:
    user, staff = team
    person = staff[11]  # without a result until now
    section = staff[0].officer_results.get().unit
    closing = staff[0].officer_results.get().closing
    make_officer_result(
        closing, person, section, suggestion="above", adjusted=3.8, adjusted_low=3.65, adjusted_high=3.95
    )
    page = signed_in(context, user, live_server.url)
    page.goto(f"{live_server.url}/tim")
    row = page.locator(f"tr[data-key='{person.pk}']")
    reason = row.get_by_label("Alasan menyimpang dari saran")
    assert not reason.is_visible()
    row.locator("input[name$='-work'][value=meets]").check(force=True)
    row.locator("input[name$='-behaviour'][value=meets]").check(force=True)
    row.get_by_text("Lain dari saran: tulis alasannya").wait_for()
    assert reason.is_visible()
    assert axe.violations(page) == []
    reason.fill("Baru pindah tugas.")
    reason.blur()
    row.get_by_text("tersimpan").wait_for()
    assert Evaluation.objects.get(person=person).suggestion_reason == "Baru pindah tugas."
    page.get_by_role("link", name="Tanda tangani 1 penilaian").wait_for()
