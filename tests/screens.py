"""`make screens`: a picture of each page for each role, narrow and wide, light and dark, with a contact sheet per role.

Uses the demo that runs, else starts one and stops it again. `--docs` makes the pictures of the README and the guides
instead. One citizen is served at a counter on the way, so that slip and rating form are real.
"""

from __future__ import annotations

import argparse
import fnmatch
import html
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from teladan.config import env
from teladan.demo.accounts import ACCOUNTS, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SHAPES: dict[str, ViewportSize] = {"360": {"width": 360, "height": 740}, "1280": {"width": 1280, "height": 900}}
THEMES = ("light", "dark")
CITIZEN = "citizen"
DOUBLED = """() => { const root = document.documentElement; root.style.fontSize = "200%";
    const wide = root.scrollWidth - root.clientWidth; root.style.fontSize = ""; return wide }"""
SHEETS = {"360": (5, 360, 1500), "1280": (3, 720, 1100)}  # columns, width of a picture, height that is worth seeing

# What each role opens, in this order. A `*` is filled by the first such link on the pages the role has seen before;
# behind a `!` a refusal is what is to be seen.
MINE = ["/", "/evaluasi", "/evaluasi/*", "/belajar", "/belajar/*", "/belajar/aturan", "/belajar/suara", "/layanan",
        "/layanan/*", "/layanan/loket", "/akun/password/change/"]  # fmt: skip
LEARNS = ["/", "/belajar"]
TEAM = ["/tim", "/tim/tanda-tangan"]
UNITS = ["/hasil-unit", "/hasil-unit/*", "/hasil-unit/*/mengapa"]
REPORTS = ["/skm", "/skm/*", "/skm/*/*", "/skm/*/*-T2"]
RULES = ["/aturan", "/aturan/riwayat", "/aturan/score.evaluation_n"]
AWARDS = ["/penghargaan/tim", "/penghargaan/tim/*"]
PAGES: dict[str, list[str]] = {
    CITIZEN: ["/akun/login/", "/n/ketik", "/n/siapa-membaca", "!/n/TIDAK-ADA", "/publik", "/publik/unit/*", "/publik/unit/*/komentar", "/publik/unit/*/skm/*",
              "/publik/penghargaan", "/publik/cara-kerja", "/pengaduan", "/pengaduan/baru", "/pengaduan/cek",
              "!/tidak-ada"],
    "officer": [*MINE, "/nilai-saya", "/nilai-saya/komentar", "/nilai-saya/komentar/*", "/nilai/*/mengapa", "/loket", "/loket/*", "/loket?pilih", "!/bulan"],
    "employee": MINE,
    "appraiser": ["/", *TEAM, "/evaluasi", "/evaluasi/*"],
    "unit_head": ["/", *TEAM, *UNITS, *REPORTS, "/evaluasi"],
    "superior": ["/", *TEAM, "/capaian", *UNITS],
    "operator": ["/", "/pegawai", "/pegawai/*-*", "/pegawai/impor", "/unit", "/unit/*", "/layanan", "/sumber", "/sumber/berkas"],
    "bkpsdm": ["/", "/bulan", "/bulan/*", "/pegawai", "/pegawai/*-*", "/pegawai/*-*/penilai", "/pegawai/tanpa-atasan",
               "/pegawai/tanpa-atasan/*", "/pegawai/impor", "/unit", "/unit/*", "/unit/*/penugasan", "/peran",
               "/peran/akun", "/peran/akun/baru", "/peran/akun/*", *UNITS, "/skm-lama", *AWARDS, "/belajar/pantau", *RULES,
               "/aturan/score.covariates/usul"],
    "pyb": ["/", *UNITS],
    "committee": ["/", *AWARDS],
    "mayor": ["/", "/capaian", "/hasil-unit", *AWARDS],
    "inspector": [*LEARNS, "/integritas", "/integritas/*-*", "/integritas/meja", "/integritas/ditahan",
                  "/integritas/ditahan/*", "/integritas/telepon", "/integritas/telepon/*", *RULES, "/pengaduan/kasus/terlambat"],
    "moderator": [*LEARNS, "/komentar", "/komentar/jawaban"],
    "complaint_handler": ["/", "/pengaduan/kasus", "/pengaduan/kasus/*-*", "/belajar"],
    "privacy_officer": [*LEARNS, "/pengaduan/kasus/catatan-baca"],
    "admin": ["/", "/peran", "/peran/akun", "/pegawai", "/unit", "/sumber", "/sumber/sistem/*"],
}  # fmt: skip

# Pictures of docs/pictures: file, role, path, width. `tour` is composed of the first two.
PICTURES = [
    ("mengapa", "officer", "/nilai/*/mengapa", "1280"),
    ("warga", CITIZEN, "/n", "360"),
    ("bulan", "bkpsdm", "/bulan/*", "1280"),
    ("tim", "appraiser", "/tim", "1280"),
    ("penghargaan", "committee", "/penghargaan/tim/*", "1280"),
    ("publik-unit", CITIZEN, "/publik/unit/*", "1280"),
    ("sumber", "admin", "/sumber", "1280"),
]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass
class Shoot:
    """One role's walk through its pages."""

    role: str
    folder: Path
    address: str
    page: Page
    seen: list[str] = field(default_factory=list)  # every link met, in order
    taken: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def visit(self, path: str) -> bool:
        """Open a page of the table; False when it cannot be reached."""
        if (found := self.resolve(path.removeprefix("!"))) is None:
            self.troubles.append(f"{self.role}: tidak ada tautan ke {path}")
            return False
        response = self.page.goto(self.address + found, wait_until="load")
        if response is None or (response.status >= 400) != path.startswith("!"):
            self.troubles.append(f"{self.role}: {found} menjawab {response.status if response else '-'}")
            return False
        links = self.page.locator("a[href]").evaluate_all("found => found.map(one => one.href)")
        self.seen += [urlsplit(link).path for link in links if link.startswith(self.address)]
        return True

    def resolve(self, path: str) -> str | None:
        """The path itself, or the first link seen that fits its pattern; `*` stays within one part."""
        if "*" not in path:
            return path
        fits = re.compile(fnmatch.translate(path).replace(".*", "[^/]*"))
        known = {one.rstrip("/") for paths in PAGES.values() for one in paths}
        return next((link for link in self.seen if fits.match(link) and link not in known), None)

    def take(self, name: str) -> None:
        """The page as it stands, in every shape and theme."""
        for shape, size in reversed(SHAPES.items()):  # narrow last
            self.page.set_viewport_size(size)
            for theme in THEMES:
                self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                self.page.screenshot(path=self.folder / f"{name}-{shape}-{theme}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.troubles.append(f"{self.role}: {name} lebih lebar {wide} px pada {shape} px")
        if (wide := self.page.evaluate(DOUBLED)) > 0:
            self.troubles.append(f"{self.role}: {name} lebih lebar {wide} px pada 360 px dengan teks 200 %")
        self.taken.append(name)

    def walk(self) -> None:
        for path in PAGES[self.role]:
            if self.visit(path):
                self.take(name_of(path))

    def sheet(self) -> None:
        """Everything this role sees, a few readable pictures on each sheet: role-360-light-1.png, -2.png …"""
        for old in self.folder.parent.glob(f"{self.role}-*.png"):
            old.unlink()
        for shape in SHAPES:
            columns, width, tallest = SHEETS[shape]
            rows = columns * 2 if shape == "1280" else columns
            for theme in THEMES:
                for number, start in enumerate(range(0, len(self.taken), rows), 1):
                    cells = "".join(
                        f"<figure><figcaption>{html.escape(name)}</figcaption><img src='{name}-{shape}-{theme}.png'></figure>"
                        for name in self.taken[start : start + rows]
                    )
                    self._paste(cells, columns, width, tallest, f"{self.role}-{shape}-{theme}-{number}.png")

    def _paste(self, cells: str, columns: int, width: int, tallest: int, name: str) -> None:
        file = self.folder / "sheet.html"
        file.write_text(
            f"<!doctype html><meta charset=utf-8><style>body{{margin:16px;background:#8a8f8c;font:600 15px sans-serif;"
            f"display:grid;grid-template-columns:repeat({columns},{width}px);gap:16px;align-items:start}}figure{{margin:0}}"
            f"img{{width:100%;display:block;max-height:{tallest}px;object-fit:cover;object-position:top}}</style>{cells}",
            encoding="utf-8",
        )
        self.page.set_viewport_size({"width": columns * (width + 16) + 16, "height": 400})
        self.page.goto(file.as_uri(), wait_until="load")
        self.page.screenshot(path=self.folder.parent / name, full_page=True)
        file.unlink()


def name_of(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower().replace("*", "satu")).strip("-") or "beranda"


def sign_in(page: Page, address: str, role: str) -> None:
    username = next(account.username for account in ACCOUNTS if account.role == role)
    page.goto(f"{address}/akun/login/")
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")


def serve_someone(page: Page, address: str, outcome: str = "granted") -> str:
    """Serve one citizen as the officer; the page stays on the slip. Gives the ticket's address."""
    page.goto(f"{address}/loket")
    if "/loket/" not in page.url:
        page.locator("main a[href^='/loket/']").first.click()
    page.locator("main label:has([name=service])").first.click()
    page.locator(f"main button[name=outcome][value={outcome}]").first.click()
    printed = page.locator(".slip-token").inner_text()
    return f"{address}/n/{re.sub(r'[^0-9A-Za-z]', '', printed)}"


def rate_as_citizen(shoot: Shoot, ticket: str) -> None:
    """The citizen's pages, the official form, and the form sent back because nothing was chosen."""
    page = shoot.page
    page.goto(ticket)
    shoot.take("n-1-nilai")
    page.locator("button[type=submit]").last.click()
    shoot.take("n-1-kosong")
    page.goto(f"{shoot.address}/n/lengkap")
    shoot.take("n-1-resmi")
    page.goto(f"{shoot.address}/n?bahasa=min")
    shoot.take("n-1-minang")
    page.goto(f"{shoot.address}/n?bahasa=id")
    page.locator("label:has([name=overall])").last.click()
    for name in ("n-2-lanjut", "n-3-pesan", "n-4-selesai"):
        page.locator("button[type=submit]").last.click()
        shoot.take(name)


def picture_citizen(page: Page, address: str, ticket: str, folder: Path) -> None:
    """The citizen's way for the guide: what a phone shows at each step."""
    page.set_viewport_size(SHAPES["360"])
    page.goto(ticket)
    page.goto(f"{address}/n/lengkap")
    page.locator("h2").nth(1).scroll_into_view_if_needed()
    page.locator(".card").nth(1).screenshot(path=folder / "warga-resmi.png")
    page.goto(f"{address}/n?bahasa=min")
    page.screenshot(path=folder / "warga-minang.png")
    page.goto(f"{address}/n?bahasa=id")
    page.locator("label:has([name=overall])").nth(2).click()
    page.screenshot(path=folder / "warga-1.png")
    for name in ("warga-2", "warga-3", "warga-4"):
        page.locator("button[type=submit]").last.click()
        page.screenshot(path=folder / f"{name}.png")


def import_with_errors(shoot: Shoot) -> None:
    """The preview of a personnel file that cannot be taken."""
    shoot.visit("/pegawai/impor")
    header = "NIP BARU;NAMA;TANGGAL LAHIR;JENIS KELAMIN;UNOR ID\n"
    rows = "'199001012015031990;Rina Contoh;01-01-1990;F;TIDAK-ADA\n1.99001E+17;Budi Contoh;32-01-1990;X;\n"
    file = {"name": "siasn.csv", "mimeType": "text/csv", "buffer": (header + rows).encode()}
    shoot.page.locator("label:has([name=jenis][value=employees])").click()
    shoot.page.locator("input[type=file]").first.set_input_files(file)  # type: ignore[arg-type]
    shoot.page.locator("main form:has(input[type=file]) button[type=submit]").first.click()
    shoot.take("pegawai-impor-galat")


def walk_all(browser: Browser, address: str, folder: Path, roles: list[str], language: str) -> list[str]:
    troubles: list[str] = []
    ticket = ""
    for role in roles:
        with new_context(browser, address, language) as context:
            shoot = Shoot(role, folder / role, address, context.new_page())
            shoot.folder.mkdir(
                parents=True, exist_ok=True
            )  # the officer's walk may have shown the citizen's pages first
            if role != CITIZEN:
                sign_in(shoot.page, address, role)
            shoot.walk()
            try:
                if role == "officer":
                    ticket = serve_someone(shoot.page, address)
                    shoot.take("loket-karcis")
                    if CITIZEN in roles:
                        citizen = Shoot(CITIZEN, folder / CITIZEN, address, context.new_page())
                        citizen.taken = sorted({one.name.rsplit("-", 2)[0] for one in citizen.folder.glob("*.png")})
                        context.clear_cookies()
                        rate_as_citizen(citizen, ticket)
                        citizen.sheet()
                if role == "operator":
                    import_with_errors(shoot)
            except Exception as error:
                shoot.troubles.append(f"{role}: {type(error).__name__} {str(error).splitlines()[0]}")
            shoot.sheet()
            troubles += shoot.troubles
            say(f"  {role:<18} {len(shoot.taken)} halaman")
    return troubles


def take_for_docs(browser: Browser, address: str, folder: Path) -> list[str]:
    """The pictures of README and guides: what fits the window, light."""
    folder.mkdir(parents=True, exist_ok=True)
    troubles = []
    with new_context(browser, address, "id") as context:
        page = context.new_page()
        sign_in(page, address, "officer")
        ticket = serve_someone(page, address)
        page.locator(".slip").first.screenshot(path=folder / "tiket.png")
        page.goto(f"{address}/loket")
        page.locator("main label:has([name=service])").first.click()
        page.screenshot(path=folder / "loket.png")
        refused = serve_someone(page, address, outcome="refused")
    with new_context(browser, address, "id") as context:
        picture_citizen(context.new_page(), address, refused, folder)
    for name, role, path, shape in PICTURES:
        with new_context(browser, address, "id") as context:
            shoot = Shoot(role, folder, address, context.new_page())
            shoot.page.set_viewport_size(SHAPES[shape])
            if role != CITIZEN:
                sign_in(shoot.page, address, role)
            before = [] if role == CITIZEN and path == "/n" else PAGES[role]
            if not before:
                shoot.page.goto(ticket)
            for step in before[: before.index(path)] if "*" in path else []:
                shoot.visit(step)
            if not before or shoot.visit(path):
                shoot.page.screenshot(path=folder / f"{name}.png")
            troubles += shoot.troubles
    with new_context(browser, address, "id") as context:
        compose_tour(context.new_page(), folder)
    return troubles


def compose_tour(page: Page, folder: Path) -> None:
    """The officer's why beside the citizen's phone."""
    file = folder / "tour.html"
    file.write_text(
        "<!doctype html><meta charset=utf-8><style>body{margin:0;width:1400px;height:860px;position:relative;"
        "background:#e9e7e0;overflow:hidden}img{position:absolute;border-radius:12px;"
        "box-shadow:0 1px 2px #0003,0 12px 40px #0003}.wide{left:40px;top:40px;width:1110px}"
        ".phone{right:40px;top:190px;width:310px;border:8px solid #14211d;border-radius:32px}</style>"
        "<img class=wide src=mengapa.png><img class=phone src=warga.png>",
        encoding="utf-8",
    )
    page.set_viewport_size({"width": 1400, "height": 860})
    page.goto(file.as_uri(), wait_until="load")
    page.screenshot(path=folder / "tour.png")
    file.unlink()
    (folder / "warga.png").unlink()


@contextmanager
def new_context(browser: Browser, address: str, language: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=SHAPES["1280"], locale=language, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    yield context
    context.close()


def running() -> str | None:
    """The address of the demo that runs on our data folder."""
    try:
        address: str = json.loads((env.data_folder() / "running.json").read_text(encoding="utf-8"))["address"]
        urllib.request.urlopen(f"{address}/akun/login/", timeout=20).close()  # noqa: S310
    except (OSError, KeyError, ValueError):
        return None
    return address


@contextmanager
def demo() -> Iterator[str]:
    """The address of a running demo, ours for as long as we need it."""
    if address := running():
        yield address
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "teladan.config.cli", "demo", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, "TELADAN_WITH_PARENT": "1"})
    try:
        while not (address := running() or ""):
            if process.poll() is not None:
                sys.exit("Kota contoh tidak dapat dijalankan; sebabnya tertulis di atas.")
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser("tests.screens", description="Gambar setiap halaman untuk setiap peran.")
    parser.add_argument("--docs", action="store_true", help="gambar untuk README dan panduan ke docs/pictures/")
    parser.add_argument("--address", help="alamat kota contoh yang sedang berjalan")
    parser.add_argument("--language", default="id", choices=["id", "en"])
    parser.add_argument("roles", nargs="*", help=f"peran; bawaan semua: {', '.join(PAGES)}")
    options = parser.parse_args()
    if unknown := set(options.roles) - set(PAGES):
        parser.error(f"peran tidak dikenal: {', '.join(sorted(unknown))}")
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.exit("Peramban tidak ada: pasang dengan `apt-get install chromium` atau pasang Google Chrome.")
    began = time.monotonic()
    with demo() if not options.address else _given(options.address) as address, sync_playwright() as playwright:
        # The browser's own words (dates, file choosers) follow its language, not the page's.
        arguments = [f"--lang={options.language}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        if options.docs:
            folder = Path("docs/pictures").resolve()
            troubles = take_for_docs(browser, address, folder)
        else:
            folder = Path("var/screens").resolve()
            roles = options.roles or list(PAGES)
            for role in roles:
                shutil.rmtree(folder / role, ignore_errors=True)
            troubles = walk_all(browser, address, folder, roles, options.language)
        browser.close()
    for trouble in troubles:
        say(f"! {trouble}")
    say(f"Gambar ada di {folder.relative_to(Path.cwd())}/ ({time.monotonic() - began:.0f} detik)")
    sys.exit(1 if troubles else 0)


@contextmanager
def _given(address: str) -> Iterator[str]:
    yield address.rstrip("/")


if __name__ == "__main__":
    main()
