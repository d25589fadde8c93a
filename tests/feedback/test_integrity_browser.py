"""The Inspektorat's pages in a real browser: both widths, both themes, many rows, nothing that axe objects to."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from teladan.core import clock
from teladan.feedback.actions import calling
from teladan.feedback.actions.holding import hold_same_device
from teladan.feedback.models import HeldCase, LatencyBucket
from teladan.ledger.models import Checkpoint
from teladan.people.models import User
from tests import axe, make
from tests.feedback.conftest import Office, make_office
from tests.feedback.test_holding import cast

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.fixture
def hall(transactional_db: None) -> Office:
    """A month with signs, 200 held cases and a sample."""
    office = make_office()
    office.source.issues_tickets = True
    office.source.save()
    device = uuid.uuid4()
    for index in range(8):
        officer = make.make_staff(office.unit)
        rated = office.tokens(12, officer=officer)
        for token in rated:
            cast(token, device if index == 0 else None, perilaku=4, kompetensi=4)
        for _ in range(4 if index == 1 else 0):
            office.event(officer=officer)
        LatencyBucket.objects.filter(officer=officer).delete()
        LatencyBucket.objects.create(
            month=clock.month_of(clock.today()), officer=officer, bucket=2 if index == 0 else 60, count=12
        )
    hold_same_device()
    month = clock.month_of(clock.today())
    HeldCase.objects.bulk_create(
        HeldCase(
            month=month, unit=office.unit, officer=office.officer, reason="own_unit", size=1, found_on=clock.today()
        )
        for _ in range(199)
    )
    since = clock.local(clock.add_months(month, 1))
    Checkpoint.objects.create(number=0, size=0, root=b"r" * 32, note="uji", at=since)
    calling.draw_sample(month=month)
    return office


@pytest.fixture
def inspectors(hall: Office) -> list[User]:
    unit = make.make_unit("INSPEKTORAT")
    return [make.make_user(make.make_staff(unit), role="inspector", password=make.PASSWORD) for _ in range(2)]


def sign_in(page: Page, address: str, user: User) -> None:
    page.context.clear_cookies()
    page.goto(f"{address}/akun/login/")
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", make.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")


def test_pages_are_clean_and_two_people_void(
    hall: Office, inspectors: list[User], live_server: Any, page: Page
) -> None:
    address = live_server.url
    first, second = inspectors
    sign_in(page, address, first)
    case = HeldCase.objects.get(reason="same_device")
    draw = calling.CallBackDraw.objects.get()
    call = draw.calls.get(place=1)
    month = f"{draw.month:%Y-%m}"
    found = []
    for theme, path in (
        ("light", "/integritas"),
        ("light", "/integritas/meja"),
        ("dark", "/integritas/meja"),
        ("light", "/integritas/ditahan?semua"),
        ("light", f"/integritas/ditahan/{case.pk}"),
        ("dark", f"/integritas/ditahan/{case.pk}"),
        ("light", "/integritas/telepon"),
        ("light", f"/integritas/telepon/{month}"),
        ("dark", f"/integritas/telepon/nomor/{call.pk}"),
    ):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{address}{path}")
            if (theme, width) in (("light", 1280), ("dark", 360)):
                found += [f"{path} {width} {theme}: {one}" for one in axe.violations(page)]
            if axe.overflow(page):
                found.append(f"{path} {width}: {axe.overflow(page)} px sideways")
    assert found == []

    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{address}/integritas/ditahan/{case.pk}")
    page.get_by_label("Alasan").fill("telepon jaga loket")
    page.get_by_label("Kata sandi").fill(make.PASSWORD)
    page.get_by_role("button", name="Usulkan pembatalan").click()
    page.get_by_text("diusulkan batal", exact=True).wait_for()
    sign_in(page, address, second)
    page.goto(f"{address}/integritas/ditahan/{case.pk}")
    page.get_by_label("Alasan").fill("dibenarkan kepala bidang")
    page.get_by_label("Kata sandi").fill(make.PASSWORD)
    page.get_by_role("button", name="Setujui dan batalkan").click()
    page.get_by_text("dibatalkan", exact=True).wait_for()
    case.refresh_from_db()
    assert (case.state, case.proposed_by, case.decided_by) == ("voided", first, second)
