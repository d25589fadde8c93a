"""The gallery in a real browser: accessible and never wider than the screen, in both themes; the small comforts work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def _faults(page: Page) -> list[str]:
    """What is wrong with the page at each width in each theme."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if width > 320:
                found += [f"{scheme} {width}: {fault}" for fault in axe.violations(page)]
            if axe.overflow(page):
                found.append(f"{scheme} {width}: {axe.overflow(page)} px wider than the screen")
    return found


def test_pages_are_accessible_and_fit(live_server, page, settings):
    settings.GALLERY = True
    page.goto(f"{live_server.url}/gallery")
    page.eval_on_selector_all("details.more", "all => all.forEach(one => one.open = true)")
    assert _faults(page) == []
    for path in ("/akun/login/", "/tidak-ada"):
        page.goto(f"{live_server.url}{path}")
        assert _faults(page) == []


def test_small_comforts(live_server, page, settings):
    settings.GALLERY = True
    page.goto(f"{live_server.url}/tidak-ada")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "isi"

    page.goto(f"{live_server.url}/gallery")
    assert page.evaluate("document.activeElement.className") == "error-summary", "a refused form speaks first"

    page.locator(".masthead-in > details.menu > summary").click()
    assert page.locator(".masthead-in > details.menu").get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert page.locator(".masthead-in > details.menu").get_attribute("open") is None

    faces = page.locator("#id_a-overall input")
    faces.first.focus()
    page.keyboard.press("ArrowRight")
    assert faces.nth(1).is_checked()

    chart = page.locator("figure.chart").first
    for width, size in ((1280, "c-wide"), (360, "c-narrow")):
        page.set_viewport_size({"width": width, "height": 800})
        assert [svg.get_attribute("class") for svg in chart.locator("svg").all() if svg.is_visible()] == [size]
