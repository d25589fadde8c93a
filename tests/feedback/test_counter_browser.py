"""The counter in a real browser: two clicks with and without scripts, narrow and wide, and nothing axe objects to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.feedback.models import Ticket
from teladan.people.permissions import Role
from teladan.services import actions, catalogue
from teladan.services.models import Counter, Service, ServiceEvent
from tests import axe, make

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
WIDTHS = [360, 1280]


@pytest.fixture
def city(transactional_db: None) -> SimpleNamespace:
    office = make.make_unit("DISDUKCAPIL", "Dinas Kependudukan dan Pencatatan Sipil")
    make.make_unit("DPMPTSPNAKER", "Dinas Penanaman Modal")
    catalogue.load(services_unit="DISDUKCAPIL", mall_unit="DPMPTSPNAKER", by="test")
    officer = make.make_staff(office, make.make_person(name="Afdal Koto"))
    counter = Counter.objects.get(code="MPP-DDK")
    services = list(Service.objects.order_by("id")[:4])
    now = clock.now()
    for index, outcome in enumerate(["granted", "refused", "incomplete", "granted"]):
        make.make_event(
            officer,
            services[index],
            counter,
            source=actions.counter_source(),
            number=f"MPP-DDK/{clock.today():%y%m%d}/DDK-{index + 1:03d}",
            met_at=now - timedelta(minutes=5 - index),
            outcome=outcome,
            finished_at=now if index == 3 else None,
        )
    make.make_event(officer, services[0], counter, number="MPP-DDK/x/DDK-017", met_at=now - timedelta(days=3))
    user = make.make_user(officer, role=Role.OFFICER, unit=office)
    return SimpleNamespace(counter=counter, user=user, officer=officer)


def signed_in(browser: Browser, live_server: Any, city: SimpleNamespace, width: int, **kw: Any) -> BrowserContext:
    client = Client()
    client.force_login(city.user)
    context = browser.new_context(viewport={"width": width, "height": 780}, locale="id-ID", **kw)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return context


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser, live_server: Any, city: SimpleNamespace) -> Iterator[Page]:
    context = signed_in(browser, live_server, city, request.param)
    yield context.new_page()
    context.close()


def clean(page: Page, name: str) -> None:
    assert axe.violations(page) == [], name
    assert axe.overflow(page) <= 0, name
    if folder := os.environ.get("TELADAN_PICTURES"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
        page.emulate_media(color_scheme="light")


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_two_clicks_serve_a_citizen(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    page.goto(f"{live_server.url}/loket")
    assert page.get_by_role("heading", level=1).inner_text() == "Antrean DDK-005"
    clean(page, "counter")
    page.locator("label.tile", has_text="Kartu identitas anak").click()
    press(page, "Cetak tiket")
    assert page.get_by_role("heading", level=1).inner_text() == "Tiket DDK-005 siap"
    assert page.locator(".slip svg.qr").is_visible()
    clean(page, "counter-ticket")
    page.emulate_media(media="print")
    assert not page.get_by_role("link", name="Layani warga berikutnya").is_visible()
    assert page.locator(".slip svg.qr").is_visible()
    paper = page.pdf(width="58mm", height="170mm", prefer_css_page_size=True)
    assert re.findall(rb"/MediaBox \[0 0 (\d+)", paper) == [b"165"], "one page as wide as the roll, not A4 made small"
    page.emulate_media(media="screen")
    assert (ServiceEvent.objects.get(number__endswith="DDK-005").service.code, Ticket.objects.count()) == ("KIA", 1)
    page.get_by_role("link", name="Layani warga berikutnya").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Antrean DDK-006"
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("Selesai ?: DDK-005")).click()
    assert "DDK-005 selesai." in page.locator(".messages").inner_text()
    assert ServiceEvent.objects.get(number__endswith="DDK-005").finished_at


def test_reload_of_the_slip_serves_nobody_twice(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    page.goto(f"{live_server.url}/loket/MPP-DDK")
    page.locator("label.tile").first.click()
    press(page, "Ditolak")
    before = page.locator(".slip-token").inner_text()
    page.reload()
    assert page.get_by_role("heading", level=1).inner_text() == "Tiket sudah dicetak"
    clean(page, "counter-printed")
    press(page, "Cetak ulang")
    assert page.locator(".slip-token").inner_text() != before
    assert Ticket.objects.count() == 1


def test_forgotten_service_is_asked_for(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    page.goto(f"{live_server.url}/loket/MPP-DDK")
    press(page, "Cetak tiket")
    assert "Pilih layanan dulu." in page.get_by_role("alert").inner_text()
    clean(page, "counter-error")
    page.get_by_text("Layanan lain (").click()
    page.locator("label.tile", has_text="Perubahan nama").click()
    page.get_by_text("Ubah nomor antrean").click()
    page.get_by_label("Nomor antrean").fill("X 1")
    press(page, "Belum lengkap")
    clean(page, "counter-number")
    assert page.locator("label.tile:has(:checked)").inner_text().startswith("Perubahan nama")
    assert page.locator("label.tile:has(:checked)").is_visible()


def test_choice_of_counters(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    make.make_counter(city.counter.unit, "L4", "Loket 4 Pencatatan Sipil", hall="Kantor Disdukcapil")
    page.goto(f"{live_server.url}/loket")
    clean(page, "counter-choice")
    page.locator("a.tile", has_text="Loket 4").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Antrean 001"
    clean(page, "counter-empty")


def test_catalogue_pages(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    for path, name in [
        ("/layanan", "services"),
        ("/layanan?q=zzz", "services-none"),
        ("/layanan/IKD", "service-none"),
        ("/layanan/KK-BARU", "service"),
        ("/layanan/loket", "counters"),
    ]:
        page.goto(live_server.url + path)
        clean(page, name)


def test_two_clicks_without_scripts(browser: Browser, live_server: Any, city: SimpleNamespace) -> None:
    context = signed_in(browser, live_server, city, 360, java_script_enabled=False, has_touch=True)
    page = context.new_page()
    page.goto(f"{live_server.url}/loket/MPP-DDK")
    page.locator("label.tile").first.tap()
    with page.expect_navigation():
        page.get_by_role("button", name="Cetak tiket").tap()
    assert page.locator(".slip svg.qr").is_visible()
    assert Ticket.objects.count() == 1
    context.close()


def test_print_button_is_in_reach_without_scrolling(page: Page, live_server: Any, city: SimpleNamespace) -> None:
    page.goto(f"{live_server.url}/loket/MPP-DDK")
    box = page.get_by_role("button", name="Cetak tiket").bounding_box()
    assert box
    assert page.viewport_size
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    assert box["height"] >= 44
