"""The moderator's page in a real browser: by keyboard alone, narrow and wide, and nothing axe objects to."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from teladan.feedback.models import SealedComment
from tests import axe, make
from tests.feedback.conftest import make_office

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
MONTH = date(2026, 10, 1)


@pytest.mark.parametrize("width", [360, 1280])
def test_moderator_decides_a_page_by_keyboard(browser: Browser, live_server: Any, width: int) -> None:
    office = make_office()
    top = make.make_unit("KOTA", kind="kota")
    office.unit.periods.update(parent=top)
    user = make.make_user(make.make_staff(make.make_unit("KOMINFO", parent=top)), role="moderator")
    for number in range(3):
        text = f"Pak Afdal lama {number}"
        SealedComment.objects.create(
            month=MONTH, unit=office.unit, service=office.service, officer=office.officer, text=text
        )
    client = Client()
    client.force_login(user)
    context = browser.new_context(viewport={"width": width, "height": 780}, locale="id-ID")
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/komentar")
    assert axe.violations(page) == []
    assert axe.overflow(page) == 0
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("ArrowRight")  # remove
    page.locator("button", has_text="Simpan 3 keputusan").focus()
    page.keyboard.press("Enter")
    page.get_by_role("alert").or_(page.locator(".error-summary")).first.wait_for()
    assert axe.violations(page) == []
    page.locator("select").first.focus()
    page.keyboard.type("maki")
    page.locator("button", has_text="Simpan 3 keputusan").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Semua sudah diperiksa").wait_for()
    assert axe.violations(page) == []
    context.close()
    found = sorted(SealedComment.objects.values_list("state", flat=True))
    assert found == ["masked", "masked", "removed"]
