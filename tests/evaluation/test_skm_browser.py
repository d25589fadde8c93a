"""The pages of survey reports in a real browser: clean for axe, no sideways scrolling, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.evaluation.models import SkmFollowUp
from teladan.people.models import User
from tests import axe, make
from tests.evaluation.skm_world import (
    AUGUST,
    JULY,
    SEPTEMBER,
    TODAY,
    address,
    at,
    close,
    follow_up,
    make_world,
    past,
    plan_for,
    publish,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db


def check_pages(user: User | None, paths: list[str], browser: Browser) -> None:
    """Serve what the test client gets to a real browser: the rows live in a transaction that no other thread sees."""
    with time_machine.travel(TODAY), clock.at(None):  # type: ignore[arg-type]  # no note about a moved clock
        client = at(user) if user else Client()
        made = {path: client.get(path) for path in paths}
    context = browser.new_context(viewport={"width": 360, "height": 900}, locale="id-ID", bypass_csp=True)
    page = context.new_page()

    def answer(route: Any) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/"))):
            route.fulfill(path=str(file))
        elif path.startswith("/static/"):
            route.fulfill(status=404)
        else:
            found = made[path]
            route.fulfill(status=found.status_code, body=found.content, content_type=found["Content-Type"])

    page.route("**/*", answer)
    for path in paths:
        for scheme in ("light", "dark") if path.endswith("T3") else ("light",):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            response = page.goto(f"http://teladan.test{path}")
            assert response is not None
            assert response.status == 200, path
            assert axe.violations(page) == [], (path, scheme)
            for width in (360, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                assert axe.overflow(page) <= 0, (path, width)
    context.close()


@pytest.mark.journey
def test_pages_are_clean_in_the_browser(browser: Browser, settings: Any) -> None:
    """The pages as the server sends them, each with its styles, at 360 and 1280 px, light and dark."""
    settings.NAVIGATION = ""
    with clock.at(TODAY):
        _walk(browser)


def _walk(browser: Browser) -> None:
    world = make_world()
    for month, n in ((JULY, {0: 24, 1: 16}), (AUGUST, {0: 6}), (SEPTEMBER, {1: 20})):
        world.city.serve(month, n)
    close(JULY, AUGUST, SEPTEMBER)
    past(world)
    follow_up(world)
    bkpsdm = make.make_user(make.make_person(), role="bkpsdm")
    row = SkmFollowUp.objects.get()
    pages = {
        world.head: [reverse("skm-list"), reverse("skm-unit", args=["DISDUK"]), address(world),
                     address(world, "skm-report", "2026-T4")],
        world.operator: [address(world, "skm-plan-change", "2026-T3", row.pk)],
        bkpsdm: [reverse("skm-import")],
    }  # fmt: skip
    for user, paths in pages.items():
        check_pages(user, paths, browser)
    plan_for(world)
    publish(world)
    check_pages(None, ["/publik/unit/DISDUK", "/publik/unit/DISDUK/skm/2026-T3"], browser)
