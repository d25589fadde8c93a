"""The citizen's path in a real browser: no script, small screens, large text, keyboard only, and nothing axe objects to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from teladan.feedback import tokens
from teladan.feedback.models import ELEMENTS, StagedComment, StagedRating, WaitingProfile
from tests import axe
from tests.feedback.conftest import Office, make_office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Response

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]


@pytest.fixture
def office(transactional_db: None) -> Office:
    return make_office()


@pytest.fixture
def no_script(browser: Browser) -> Iterator[BrowserContext]:
    """A cheap phone with scripts off."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="id-ID", java_script_enabled=False, has_touch=True
    )
    yield context
    context.close()


def address(live_server: Any, token: bytes) -> str:
    return f"{live_server.url}/n/{tokens.encode(token)}"


def pick(page: Page, question: str, value: int) -> None:
    page.locator(f"label:has(input[name={question}][value='{value}'])").tap()


def send(page: Page, button: str = "Kirim") -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button).tap()


def test_three_taps_rate_a_service_and_stay_small(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    loaded: list[Response] = []
    page.on("response", lambda response: loaded.append(response))
    page.goto(address(live_server, office.token()))
    assert page.url.endswith("/n")
    first = [r for r in loaded if r.status == 200 and not r.url.endswith("favicon.svg")]
    assert len(first) <= 3
    pick(page, "overall", 1)
    send(page)
    assert page.url.endswith("/n/lanjut")
    assert page.get_by_role("heading", level=1).inner_text() == "Terima kasih"
    assert StagedRating.objects.get().overall == 1


def test_whole_survey_in_fourteen_taps(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token(service=office.paid)))
    taps = 0
    for question, value in (("overall", 3), ("kompetensi", 4), ("perilaku", 2)):
        pick(page, question, value)
        taps += 1
    send(page)
    for question in ("persyaratan", "prosedur", "waktu", "biaya", "produk", "sarana", "pengaduan"):
        pick(page, question, 3)
        taps += 1
    send(page, "Kirim tambahan")
    assert taps + 2 <= 14
    assert page.url.endswith("/n/pesan")
    page.get_by_label("Ada yang ingin Anda sampaikan?").fill("Antre lama, petugas baik.")
    send(page, "Kirim pesan")
    assert page.url.endswith("/n/selesai")
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.perilaku, rating.biaya, rating.pengaduan) == (3, 2, 3, 3)
    assert StagedComment.objects.get().text == "Antre lama, petugas baik."


def test_official_form_is_one_tap_away_and_asks_all_in_fourteen(
    office: Office, live_server: Any, no_script: BrowserContext
) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token(service=office.paid)))
    with page.expect_navigation():
        page.get_by_role("link", name="Isi formulir resmi").tap()
    taps = 1
    for question in ("overall", *ELEMENTS):
        pick(page, question, 2)
        taps += 1
    page.get_by_label("Umur").select_option("35 sampai 44 tahun")
    page.get_by_label("Jenis kelamin").select_option("Perempuan")
    send(page)
    assert taps + 1 <= 14
    assert page.url.endswith("/n/selesai")
    rating = StagedRating.objects.get()
    assert [getattr(rating, name) for name in ("overall", *ELEMENTS)] == [2] * 10
    waiting = WaitingProfile.objects.get()
    assert (waiting.unit_id, waiting.sex, waiting.age, waiting.job) == (office.unit.pk, "P", "35-44", "")


WORDS = {
    "id": ("Tidak baik", "Kirim", "Kirim tambahan", "Kirim pesan", "Tanda terima penilaian"),
    "min": ("Indak elok", "Kirim", "Kirim tambahan", "Kirim pasan", "Tando tarimo panilaian"),
    "en": ("Not good", "Send", "Send more", "Send message", "Receipt of your rating"),
}


@pytest.mark.parametrize(("language", "width"), [("id", 360), ("min", 320), ("en", 320)])
def test_whole_way_in_each_language_without_script(
    office: Office, live_server: Any, browser: Browser, language: str, width: int
) -> None:
    """A refused citizen on a cheap phone: every page in one language, none wider than the screen."""
    context = browser.new_context(
        viewport={"width": width, "height": 640}, locale="id-ID", java_script_enabled=False, has_touch=True
    )
    page = context.new_page()
    worst, first, more, last, thanks = WORDS[language]
    page.goto(address(live_server, office.token(outcome="refused")))
    if language != "id":
        with page.expect_navigation():
            page.locator(f"footer a[lang={language}]").tap()
    wide = []

    def looked_at() -> None:
        assert page.locator("html").get_attribute("lang") == language
        box = page.locator("main").bounding_box()
        assert box
        wide.append(box["width"])

    looked_at()
    page.get_by_text(worst, exact=True).first.tap()
    send(page, first)
    looked_at()
    pick(page, "waktu", 1)
    send(page, more)
    looked_at()
    page.locator("textarea").fill("…")
    send(page, last)
    looked_at()
    assert page.get_by_role("heading", level=1).inner_text() == thanks
    context.close()
    assert max(wide) <= width
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu) == (1, 1)
    assert StagedComment.objects.get().text == "…"


def test_nothing_is_chosen_before_the_citizen_chooses(
    office: Office, live_server: Any, no_script: BrowserContext
) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token()))
    assert page.locator("input:checked").count() == 0
    send(page)
    page.get_by_role("link", name="Pilih satu jawaban").tap()
    assert page.url.endswith("#id_overall_0")
    assert StagedRating.objects.count() == 0


def test_keyboard_alone_rates(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token()))
    page.locator("#id_overall_0").focus()
    for key in ("Space", "ArrowRight", "Tab", "Space", "Tab", "Space", "ArrowDown", "ArrowDown", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/n/lanjut")
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.kompetensi, rating.perilaku) == (2, 1, 3)


def test_back_and_reload_do_no_harm(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token()))
    pick(page, "overall", 2)
    send(page)
    page.reload()
    page.go_back()
    pick(page, "overall", 4)
    send(page)
    assert page.get_by_role("heading", level=1).inner_text() == "Formulir ini sudah terkirim dengan jawaban lain"
    page.goto(f"{live_server.url}/n/lanjut")
    pick(page, "waktu", 1)
    send(page, "Kirim tambahan")
    page.go_back()
    page.reload()
    pick(page, "sarana", 3)
    send(page, "Kirim tambahan")
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu, rating.sarana) == (2, 1, 3)


def test_scanning_again_keeps_the_way_to_the_rating(
    office: Office, live_server: Any, no_script: BrowserContext
) -> None:
    page = no_script.new_page()
    token = office.token()
    for question, value in (("waktu", 2), ("produk", 3)):
        page.goto(address(live_server, token))
        pick(page, "overall", 2)
        send(page)
        pick(page, question, value)
        send(page, "Kirim tambahan")
    rating = StagedRating.objects.get()
    assert (rating.overall, rating.waktu, rating.produk) == (2, 2, 3)


def test_language_switches_without_script(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    page = no_script.new_page()
    page.goto(address(live_server, office.token()))
    with page.expect_navigation():
        page.get_by_role("link", name="English").tap()
    assert page.get_by_text("How was the service you received?").is_visible()
    pick(page, "overall", 3)
    with page.expect_navigation():
        page.locator("button").tap()
    assert page.get_by_text("How easy were the steps of this service?").is_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Bahasa Indonesia").tap()
    assert page.get_by_text("Seberapa mudah").is_visible()


def test_the_token_leaves_the_address_at_once(office: Office, live_server: Any, no_script: BrowserContext) -> None:
    token = office.token()
    page = no_script.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(str(request.headers.get("referer"))))
    page.goto(address(live_server, token))
    pick(page, "overall", 3)
    send(page)
    assert tokens.encode(token) not in page.url
    assert not [referer for referer in sent if tokens.encode(token) in referer]


def states(page: Page, live_server: Any, token: bytes) -> Iterator[str]:
    """Every citizen page in every state, one after another."""
    page.goto(address(live_server, token))
    yield "form"
    page.locator("button").click()
    yield "form with error"
    page.locator("label:has(#id_overall_2)").click()
    yield "form chosen"
    page.locator("button").click()
    yield "second page"
    page.locator("button").click()
    yield "comment"
    page.locator("textarea").fill("a" * 1000)
    yield "comment filled"
    page.locator("button").click()
    yield "receipt"
    page.goto(f"{live_server.url}/cek")
    yield "check"
    page.locator("button").click()
    yield "check with error"
    page.locator("textarea").fill("0" * 20)
    page.locator("button").click()
    yield "receipt not found"
    page.goto(f"{live_server.url}/cek/bulan")
    yield "months"
    page.goto(f"{live_server.url}/n/lengkap")
    yield "official form"
    page.locator("button").click()
    yield "official form with error"
    for path in ("/n/siapa-membaca", "/n/ketik", "/n/salah", "/n?bahasa=en", "/n/lengkap?bahasa=min"):
        page.goto(live_server.url + path)
        yield path
    page.goto(f"{live_server.url}/n/ketik?bahasa=id")
    page.locator("button").click()
    yield "typing with error"


LOOKED_AT = {
    "form", "form with error", "second page", "comment", "receipt", "check with error", "months", "official form with error", "/n/siapa-membaca",
    "typing with error", "/n/lengkap?bahasa=min",
}  # fmt: skip


@pytest.mark.parametrize(
    ("width", "text", "scheme", "whole"),
    [(320, 100, "light", False), (320, 200, "dark", True), (1280, 100, "light", False)],
)
def test_pages_are_clean_at_every_size(
    office: Office, live_server: Any, browser: Browser, width: int, text: int, scheme: Any, whole: bool
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme, locale="id-ID")
    page = context.new_page()
    titles: dict[str, str] = {}
    faults: list[str] = []
    for state in states(page, live_server, office.token(service=office.paid)):
        if "with error" in state:
            page.locator("#kesalahan:focus").wait_for()  # without a script
        page.evaluate("size => document.documentElement.style.setProperty('font-size', size + '%')", text)
        faults += [f"{state}: {fault}" for fault in (axe.violations(page) if whole and state in LOOKED_AT else ())]
        if over := axe.overflow(page):
            faults.append(f"{state}: {over} px wider than the screen")
        if page.locator("h1").count() != 1:
            faults.append(f"{state}: needs one h1")
        titles.setdefault(page.title(), state)
    context.close()
    assert not faults
    assert len(titles) >= 11
