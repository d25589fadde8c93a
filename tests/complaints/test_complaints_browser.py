"""The complainant's way in a real browser without script on a small screen, and nothing that axe objects to on any page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from teladan.complaints.actions import filing, handling
from teladan.complaints.models import Complaint
from teladan.people.models import User
from tests import axe
from tests.complaints.conftest import NAME, STORY, Town, make_town, picture, png
from tests.make import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.fixture
def hall(transactional_db: None) -> Town:
    return make_town()


@pytest.fixture
def no_script(browser: Browser) -> Iterator[BrowserContext]:
    """A cheap phone with scripts off."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="id-ID", java_script_enabled=False, has_touch=True
    )
    yield context
    context.close()


def test_a_complaint_without_account_and_script(hall: Town, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    page.goto(f"{live_server.url}{reverse('complaint-start')}")
    page.get_by_role("link", name="Buat pengaduan").tap()
    page.get_by_label("Layanan atau kantor").select_option("s:KK-BARU")
    page.get_by_label("Kapan Anda dilayani?").fill("2026-11-02")
    page.get_by_label("Apa yang terjadi?").fill(STORY)
    page.get_by_label("Apa yang Anda minta?").fill("Uang dikembalikan.")
    page.get_by_label("Nama Anda").fill(NAME)
    page.get_by_label("Telepon atau WhatsApp").check()
    page.get_by_label("Nomor, surel, atau alamat itu").fill("0812 7777 4242")
    page.locator("[name=attachments]").set_input_files(
        [{"name": "bukti.png", "mimeType": "image/png", "buffer": png()}]
    )
    with page.expect_navigation():
        page.get_by_role("button", name="Kirim pengaduan").tap()
    assert page.get_by_role("heading", level=1).inner_text() == "Pengaduan Anda sudah kami terima"
    number, code = page.locator(".secret").all_inner_texts()
    case = Complaint.objects.get()
    assert (number, case.attachments.count()) == (case.shown_number, 1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Simpan sebagai berkas teks").tap()
    assert code in download.value.path().read_text(encoding="utf-8")
    page.goto(f"{live_server.url}{reverse('complaint-check')}")
    page.get_by_label("Nomor pengaduan").fill(number)
    page.get_by_label("Kode rahasia").fill(code.lower().replace("-", " "))
    with page.expect_navigation(url=f"**{reverse('complaint-status')}"):
        page.get_by_role("button", name="Buka").tap()
    assert "Sedang dilihat kelengkapannya" in page.get_by_role("heading", level=1).inner_text()
    with page.expect_navigation(url=f"**{reverse('complaint-start')}"):
        page.get_by_role("button", name="Tutup halaman ini").tap()
    page.goto(f"{live_server.url}{reverse('complaint-status')}")
    assert page.url.endswith(reverse("complaint-check"))


def sign_in(page: Page, address: str, user: User) -> None:
    user.set_password(PASSWORD)
    user.save()
    page.context.clear_cookies()
    page.goto(f"{address}/akun/login/")
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")


def look(page: Page, address: str, path: str, theme: str = "light") -> list[str]:
    """What axe finds on a small screen, and whether either width scrolls sideways."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(f"{address}{path}")
    wide = axe.overflow(page)
    page.set_viewport_size({"width": 360, "height": 800})
    troubles = [f"{path} {theme}: {one}" for one in axe.violations(page)]
    if wide or axe.overflow(page):
        troubles.append(f"{path}: wider than the screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    return troubles


def test_axe_finds_nothing_on_any_page(hall: Town, live_server: Any, page: Page) -> None:
    address = live_server.url
    hearing = hall.asked(files=[picture()])
    case = hearing.complaint
    open_one = hall.file(key="a" * 32)
    waiting = handling.take_case(complaint=hall.file(key="b" * 32).complaint, by=hall.handler)
    handling.ask_missing(complaint=waiting, text="Foto kuitansi.", by=hall.handler)
    troubles = [
        line for name in ("start", "form", "check") for line in look(page, address, reverse(f"complaint-{name}"))
    ]
    code = filing.code_for("b" * 32)
    page.fill("[name=number]", waiting.number)
    page.fill("[name=code]", code)
    page.press("[name=code]", "Enter")
    page.wait_for_url(f"{address}{reverse('complaint-status')}")
    troubles += look(page, address, reverse("complaint-status"), "dark")
    troubles += look(page, address, reverse("complaint-withdraw"))
    sign_in(page, address, hall.handler)
    paths = [reverse("complaint-list"), reverse("complaint-case", args=[case.pk])]
    paths += [reverse("complaint-act", args=[case.pk, act]) for act in ("putus", "tanya")]
    paths += [reverse("complaint-record", args=[case.pk, hearing.pk]), reverse("complaint-release", args=[case.pk])]
    troubles += [line for path in paths for line in look(page, address, path, "dark")]
    sign_in(page, address, hall.officer_user)
    troubles += look(page, address, reverse("complaint-statement", args=[hearing.pk]))
    sign_in(page, address, hall.inspector)
    troubles += look(page, address, reverse("complaint-overdue"))
    sign_in(page, address, hall.privacy)
    troubles += look(page, address, reverse("complaint-readings"))
    assert open_one.complaint.handler is None
    assert not troubles, troubles
