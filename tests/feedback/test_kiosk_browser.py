"""The kiosk in a real browser: with and without a connection, killed in the middle, full, left alone, in small and in dark."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error, expect

from teladan.core import clock
from teladan.feedback import leaves, rules, tokens
from teladan.feedback.actions import kiosks as actions
from teladan.feedback.models import Kiosk, StagedRating
from tests import axe, make
from tests.feedback.conftest import Office, make_office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
TABLET = {"viewport": {"width": 1280, "height": 800}, "locale": "id-ID", "reduced_motion": "reduce"}


@pytest.fixture
def office(transactional_db: None) -> Office:
    return make_office()


@pytest.fixture
def enrol_code(office: Office) -> str:
    keeper = make.make_user(role="operator", unit=office.unit)
    kiosk = actions.create_kiosk(code="pintu", name="Tablet pintu keluar", unit=office.unit, by=keeper)
    return actions.make_code(kiosk=kiosk, by=keeper)


def enrol(page: Page, address: str, code: str) -> None:
    page.goto(f"{address}/kiosk/pintu")
    page.get_by_label("Kode pendaftaran").fill(code)
    page.get_by_role("button", name="Daftarkan").click()
    ready(page)


def ready(page: Page) -> None:
    page.locator("body[data-ready]").wait_for()


def rate(page: Page, token: bytes, overall: int = 3) -> None:
    """A scanner types the ticket; one answer; no more."""
    page.get_by_label("Nomor tiket").fill(f"https://teladan.example/n/{tokens.encode(token)}")
    page.locator(f"#nilai label:has([name=overall][value='{overall}'])").click()
    page.get_by_role("button", name="Kirim", exact=True).click()
    page.get_by_role("button", name="Cukup sampai di sini").click()
    page.get_by_role("button", name="Selesai").click()
    page.locator("#mulai").wait_for()


def waiting(page: Page) -> int:
    return int(page.evaluate(_COUNT))


def until_empty(page: Page) -> None:
    """Nudge the outbox until the server has acknowledged everything."""
    for _ in range(200):
        if not waiting(page):
            return
        page.evaluate("dispatchEvent(new Event('online'))")
        page.wait_for_timeout(50)
    raise AssertionError(f"{waiting(page)} letters are still waiting")


_COUNT = """() => new Promise((done) => { const open = indexedDB.open("teladan-pintu"); open.onsuccess = () => {
    const ask = open.result.transaction("letters").objectStore("letters").count();
    ask.onsuccess = () => { open.result.close(); done(ask.result); } } })"""


@pytest.fixture
def tablet(browser: Browser, live_server: Any, enrol_code: str) -> Iterator[Page]:
    context = browser.new_context(**TABLET)  # type: ignore[arg-type]
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    enrol(page, live_server.url, enrol_code)
    yield page
    context.close()
    assert not errors, errors


def test_kiosk_refuses_without_the_question_and_takes_both_pages(office: Office, tablet: Page) -> None:
    tablet.get_by_label("Nomor tiket").fill(tokens.encode(office.token()))
    tablet.get_by_role("button", name="Kirim", exact=True).click()
    missing = tablet.get_by_text("Pilih satu jawaban untuk pertanyaan pertama.")
    expect(missing).to_be_visible()
    tablet.locator("label:has([name=overall][value='4'])").click()
    expect(missing).to_be_hidden()
    button = tablet.get_by_role("button", name="Kirim", exact=True).bounding_box()
    assert button
    assert button["y"] + button["height"] <= TABLET["viewport"]["height"], "the first page is seen whole"  # type: ignore[index]
    tablet.get_by_role("button", name="Kirim", exact=True).click()
    tablet.locator("label:has([name=sarana][value='1'])").click()
    tablet.get_by_label("Ada yang ingin Anda sampaikan?").fill("Kursi kurang.")
    tablet.get_by_role("button", name="Kirim tambahan").click()
    expect(tablet.get_by_role("heading", level=1, name="Terima kasih")).to_be_visible()
    until_empty(tablet)
    row = StagedRating.objects.get()
    assert (row.overall, row.sarana, row.channel) == (4, 1, "kios")
    assert row.leaf is not None
    expect(tablet.get_by_text(leaves.code_of(bytes(row.leaf)))).to_be_visible()
    tablet.get_by_role("button", name="Selesai").click()
    assert leaves.code_of(bytes(row.leaf)) not in tablet.content()


def test_mistyped_code_is_said_while_online(office: Office, tablet: Page) -> None:
    tablet.get_by_label("Nomor tiket").fill("1234567")
    tablet.get_by_label("Kode", exact=True).fill("ABCDEFGH")
    tablet.get_by_role("button", name="Lanjut").click()
    expect(tablet.get_by_text("Nomor dan kode tidak cocok")).to_be_visible()


_CAMERA = """
window.BarcodeDetector = class { async detect() { return window.seen ? [{ rawValue: window.seen }] : [] } };
navigator.mediaDevices.getUserMedia = async () => {
    if (window.denied) throw new DOMException("no", "NotAllowedError");
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 9, 9);
    return (window.stream = canvas.captureStream(9));
};
"""


def test_camera_is_offered_where_the_browser_reads_codes_and_stops_when_it_has_read(
    office: Office, tablet: Page
) -> None:
    button = tablet.get_by_role("button", name="Pindai tiket Anda")
    assert button.is_visible() is tablet.evaluate("'BarcodeDetector' in window")
    tablet.add_init_script(_CAMERA)
    tablet.reload()
    ready(tablet)
    button.click()
    expect(tablet.get_by_role("heading", level=1, name="Arahkan gambar kotak ke kamera")).to_be_visible()
    tablet.evaluate("window.seen = 'https://teladan.example/n/bukan-tiket'")
    tablet.wait_for_timeout(300)
    assert tablet.locator("#pindai").is_visible()
    tablet.evaluate("(seen) => { window.seen = seen }", f"https://teladan.example/n/{tokens.encode(office.token())}")
    tablet.locator("#nilai label:has([name=overall][value='1'])").click()
    assert tablet.evaluate("window.stream.getTracks().map((one) => one.readyState)") == ["ended"]
    tablet.get_by_role("button", name="Kirim", exact=True).click()
    tablet.get_by_role("button", name="Cukup sampai di sini").click()
    until_empty(tablet)
    assert StagedRating.objects.get().overall == 1


def test_camera_that_is_not_allowed_leaves_typing(tablet: Page) -> None:
    tablet.add_init_script(_CAMERA + "window.denied = true;")
    tablet.reload()
    ready(tablet)
    button = tablet.get_by_role("button", name="Pindai tiket Anda")
    button.click()
    expect(button).to_be_hidden()
    expect(tablet.get_by_label("Nomor tiket")).to_be_visible()


def test_without_a_connection_everything_waits_and_the_page_still_opens(office: Office, tablet: Page) -> None:
    tablet.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tablet.reload()  # from now on the worker answers
    ready(tablet)
    tablet.context.set_offline(True)
    fresh = office.tokens(3)
    for token in fresh[:2]:
        rate(tablet, token)
    tablet.get_by_role("link", name="English").click()
    ready(tablet)
    assert tablet.locator("html").get_attribute("lang") == "en"
    tablet.get_by_role("link", name="Bahasa Indonesia").click()
    ready(tablet)
    rate(tablet, fresh[2])
    expect(tablet.get_by_text("penilaian menunggu sambungan")).to_be_visible()
    assert waiting(tablet) == 3
    assert not StagedRating.objects.exists()
    tablet.context.set_offline(False)
    until_empty(tablet)
    assert StagedRating.objects.count() == 3


def test_a_forged_acknowledgement_removes_nothing(office: Office, tablet: Page) -> None:
    def forge(route: Route) -> None:
        letters = route.request.post_data_json["letters"]
        answers = [{"id": one["id"], "fate": "accepted", "signature": "A" * 86} for one in letters]
        route.fulfill(json={"answers": answers})

    tablet.route("**/kotak", forge)
    rate(tablet, office.token())
    tablet.wait_for_timeout(300)
    assert waiting(tablet) == 1
    tablet.unroute("**/kotak")
    tablet.evaluate("dispatchEvent(new Event('online'))")
    until_empty(tablet)
    assert StagedRating.objects.count() == 1


def test_outbox_holds_nothing_readable(office: Office, tablet: Page) -> None:
    tablet.route("**/kotak", lambda route: route.abort())
    token = office.token()
    rate(tablet, token)
    kept = tablet.evaluate(
        _COUNT.replace(".count()", ".getAll()").replace("done(ask.result)", "done(JSON.stringify(ask.result))")
    )
    assert "overall" not in kept
    assert tokens.encode(token) not in kept


def test_left_alone_it_begins_again_and_keeps_what_was_sent(office: Office, tablet: Page) -> None:
    assert int(tablet.locator("body").get_attribute("data-idle") or 0) >= 15
    assert int(tablet.locator("body").get_attribute("data-thanks") or 0) >= 15
    tablet.clock.install()
    tablet.reload()
    ready(tablet)
    first, second = office.tokens(2)
    tablet.get_by_label("Nomor tiket").fill(tokens.encode(first))
    tablet.locator("label:has([name=overall][value='1'])").click()
    tablet.clock.run_for(14_000)
    assert tablet.locator("#nilai").is_visible()
    tablet.clock.run_for(1000 * rules.KIOSK_IDLE_SECONDS)
    tablet.locator("#mulai").wait_for()
    assert waiting(tablet) == 0
    tablet.get_by_label("Nomor tiket").fill(tokens.encode(second))
    assert not tablet.locator("#nilai [name=overall]:checked").count()
    tablet.locator("label:has([name=overall][value='2'])").click()
    tablet.get_by_role("button", name="Kirim", exact=True).click()
    tablet.locator("#lanjut").wait_for()
    tablet.clock.run_for(1000 * rules.KIOSK_IDLE_SECONDS + 500)
    tablet.locator("#mulai").wait_for()
    until_empty(tablet)
    assert [row.overall for row in StagedRating.objects.all()] == [2]


def test_full_outbox_refuses_visibly(
    browser: Browser, live_server: Any, office: Office, enrol_code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "KIOSK_CAP", 2)
    context = browser.new_context(**TABLET)  # type: ignore[arg-type]
    page = context.new_page()
    page.route("**/kotak", lambda route: route.abort())
    enrol(page, live_server.url, enrol_code)
    fresh = office.tokens(3)
    for token in fresh[:2]:
        rate(page, token)
    page.get_by_label("Nomor tiket").fill(tokens.encode(fresh[2]))
    expect(page.get_by_role("heading", level=1, name="Kios ini sedang penuh")).to_be_visible()
    page.reload()
    ready(page)
    assert page.locator("#penuh").is_visible()
    page.unroute("**/kotak")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("#mulai").wait_for()
    context.close()
    assert StagedRating.objects.count() == 2


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_steps_are_clean(office: Office, tablet: Page, width: int, scheme: Any) -> None:
    tablet.set_viewport_size({"width": width, "height": 800})
    tablet.emulate_media(color_scheme=scheme)
    for step in ("mulai", "pindai", "nilai", "lanjut", "terima-kasih", "penuh"):
        tablet.evaluate(
            "(name) => { for (const one of document.querySelectorAll('.step')) one.hidden = one.id !== name }", step
        )
        assert axe.violations(tablet) == [], step
        assert axe.overflow(tablet) <= 0, step


def test_keepers_pages_are_clean(office: Office, enrol_code: str, live_server: Any, context: BrowserContext) -> None:
    keeper = make.make_user(username="pengelola", role="operator", unit=office.unit, password=make.PASSWORD)
    from django.test import Client

    client = Client()
    client.force_login(keeper)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    for path in ("/kios", "/kios/pintu"):
        page.goto(live_server.url + path)
        assert axe.violations(page) == []
        page.set_viewport_size({"width": 360, "height": 740})
        assert axe.overflow(page) <= 0
        page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Buat kode pendaftaran").click()
    assert axe.violations(page) == []


# --- power cuts --------------------------------------------------------------------------------------------------------


def command_lines() -> Iterator[tuple[int, str]]:
    for found in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield int(found.parent.name), found.read_bytes().replace(b"\0", b" ").decode(errors="replace")


class Hall:
    """A tablet whose power fails: its browser is killed and started again with the same storage and a wrong clock."""

    def __init__(self, browser: Browser, path: str, folder: Path, address: str, random: Random) -> None:
        self.type, self.path, self.folder = browser.browser_type, path, folder
        self.address, self.random = address, random
        self.context: BrowserContext | None = None

    def open(self) -> Page:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.context = self.type.launch_persistent_context(
            self.folder,
            executable_path=self.path,
            args=arguments,
            **TABLET,  # type: ignore[arg-type]
        )
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.route("**/kotak", self._bad_line)
        page.clock.set_system_time(clock.now() + timedelta(days=self.random.choice((-2, 0, 2))))
        page.goto(self.address)
        return page

    def _bad_line(self, route: Route) -> None:
        """Three in ten fail: before the server, after it, or the request comes twice."""
        fate = self.random.random()
        with suppress(Error):  # the tablet may die, or be put away, in the middle
            if fate < 0.1:
                route.abort()
            elif fate < 0.2:
                route.fetch()
                route.abort()
            else:
                if fate < 0.3:
                    route.fetch()
                route.continue_()

    def rest(self) -> None:
        assert self.context is not None
        self.context.close()

    def cut_power(self) -> None:
        ours = [
            pid for pid, line in command_lines() if f"--user-data-dir={self.folder}" in line and "--type=" not in line
        ]
        assert ours
        for pid in ours:
            os.kill(pid, signal.SIGKILL)
        with suppress(Error):  # it is gone already
            self.rest()


def live_through(hall: Hall, code: str, fresh: list[bytes], cuts: set[int]) -> None:
    page = hall.open()
    page.get_by_label("Kode pendaftaran").fill(code)
    page.get_by_role("button", name="Daftarkan").click()
    ready(page)
    hall.rest()  # a browser writes its cookies within half a minute, or when it is closed
    page = hall.open()
    ready(page)
    for number, token in enumerate(fresh):
        rate(page, token, 1 + number % 4)
        if number in cuts:
            hall.cut_power()
            page = hall.open()
            ready(page)
    until_empty(page)
    hall.rest()


def accepted(total: int) -> None:
    """Every rating once, none lost, none doubled, with the answers that were given."""
    assert StagedRating.objects.count() == total
    counts = [StagedRating.objects.filter(overall=answer).count() for answer in (1, 2, 3, 4)]
    assert counts == [len(range(answer, total, 4)) for answer in range(4)]
    assert Kiosk.objects.get().waiting <= total


def test_power_cuts_and_a_bad_line_lose_and_double_nothing(
    browser: Browser, browser_path: str, tmp_path: Path, live_server: Any, office: Office, enrol_code: str
) -> None:
    hall = Hall(browser, browser_path, tmp_path / "profil", f"{live_server.url}/kiosk/pintu", Random(12))
    live_through(hall, enrol_code, office.tokens(5), cuts={2})
    accepted(5)


@pytest.mark.crash
def test_five_hundred_ratings_survive(
    browser: Browser, browser_path: str, tmp_path: Path, live_server: Any, office: Office, enrol_code: str
) -> None:
    random = Random(500)
    hall = Hall(browser, browser_path, tmp_path / "profil", f"{live_server.url}/kiosk/pintu", random)
    live_through(hall, enrol_code, office.tokens(500), cuts=set(random.sample(range(500), 12)))
    accepted(500)
