"""What the citizen's pages cost a cheap phone: bytes on the line, requests, taps; and Lighthouse, where it is installed.

Budgets stand here, and the tests hold them; this measures them on the server as it is run.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import stack

FIRST_PAGE_BYTES = 14_000
JOURNEY_BYTES = 50_000
PAGE_REQUESTS = 3  # the redirect of the link and the icon apart
TAPS = 14  # all nine elements, the overall question and every send
LIGHTHOUSE = {"performance": 0.95, "accessibility": 1.0}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

Fetch = Callable[[str], bytes]
"""Path to the bytes that travel, packed if the server packs."""


@dataclass(frozen=True)
class Page:
    """One page as it travels: its own bytes, what it loads, and what there is to tap."""

    path: str
    html: int
    loads: dict[str, int] = field(repr=False)
    questions: int
    sends: int

    @property
    def requests(self) -> int:
        return 1 + len(self.loads)

    @property
    def whole(self) -> int:
        """Bytes of the page and of all it loads, nothing kept from before."""
        return self.html + sum(self.loads.values())


def weigh(path: str, body: bytes, fetch: Fetch) -> Page:
    """Measure a page whose bytes have come; `fetch` brings what it loads."""
    html = unpacked(body).decode()
    loads: dict[str, int] = {}
    for address in re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|svg|js|png|woff2?))"', html):
        if "favicon" not in address:
            _load(address, fetch, loads)
    questions = len(re.findall(r'<fieldset\s+class="scale', html))
    return Page(path, len(body), loads, questions, sends=html.count("<button"))


def _load(address: str, fetch: Fetch, loads: dict[str, int]) -> None:
    content = fetch(address)
    loads[address] = len(content)
    if address.endswith(".css"):
        folder = address.rsplit("/", 1)[0]
        for inside in re.findall(rb"url\([\"']?([^)\"']+)[\"']?\)", unpacked(content)):
            _load(f"{folder}/{inside.decode()}", fetch, loads)


def unpacked(body: bytes) -> bytes:
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def journey_bytes(pages: list[Page]) -> int:
    """All pages one after another; what a page loads comes once."""
    loads: dict[str, int] = {}
    for page in pages:
        loads |= page.loads
    return sum(page.html for page in pages) + sum(loads.values())


def taps(pages: list[Page]) -> int:
    """One tap for each question and each send that a full answer needs; the last page with questions ends it."""
    last = max(place for place, page in enumerate(pages) if page.questions)
    return sum(page.questions + page.sends for page in pages[: last + 1])


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        _run()


def _run() -> None:
    from bench.citizen import paid_ticket
    from teladan.feedback.tokens import encode

    with stack.web("teladan.config.wsgi:application") as port:
        browser = Browser(port)
        browser.get(f"/n/{encode(paid_ticket())}")
        official = weigh("/n/lengkap", browser.get("/n/lengkap"), browser.get)
        pages = [weigh("/n", browser.get("/n"), browser.get)]
        browser.post("/n", b"overall=4")
        for path in ("/n/lanjut", "/n/pesan", "/n/selesai"):
            pages.append(weigh(path, browser.get(path), browser.get))
        _print(pages, official)
        scores = [_lighthouse(port, page.path, browser.cookies()) for page in (*pages, official)]
    held = (
        pages[0].whole <= FIRST_PAGE_BYTES
        and journey_bytes(pages) <= JOURNEY_BYTES
        and all(page.requests <= PAGE_REQUESTS for page in (*pages, official))
        and max(taps(pages), 1 + taps([official])) <= TAPS
        and all(scores)
    )
    if not held:
        raise SystemExit("Anggaran halaman warga terlampaui.")


def _print(pages: list[Page], official: Page) -> None:
    print(f"{'':14} {'HTML':>8} {'dengan isi':>11} {'permintaan':>11} {'pertanyaan':>11}")
    for page in (*pages, official):
        print(f"{page.path:14} {page.html:8} {page.whole:11} {page.requests:11} {page.questions:11}")
    print(f"halaman pertama {pages[0].whole} dari {FIRST_PAGE_BYTES} bita")
    print(f"seluruh jalan   {journey_bytes(pages)} dari {JOURNEY_BYTES} bita")
    print(f"ketukan         {taps(pages)}, lewat formulir resmi {1 + taps([official])}, dari {TAPS}")


class Browser:
    """Keeps cookies and takes packed answers, as phones do."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.jar: dict[str, str] = {}

    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.jar.items())

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"Accept-Encoding": "gzip", "Accept-Language": "id", "Cookie": self.cookies()}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";", 1)[0].partition("=")
            self.jar[name] = value.strip('"')
        connection.close()
        if answer.status >= 400:
            raise AssertionError(f"{path} menjawab {answer.status}")
        return content


def _lighthouse(port: int, path: str, cookies: str) -> bool:
    """Print the scores of a page; True where they are reached or cannot be measured.

    Up to three times, the best counts: other work on the machine makes a page slower, never quicker.
    """
    command = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    browser = os.environ.get("CHROME_PATH") or next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not command or not browser:
        if path == "/n":
            print("Lighthouse tidak diukur: pasang `npm install lighthouse` di luar folder ini dan sebut letaknya,")
            print("misalnya LIGHTHOUSE=/tmp/lh/node_modules/.bin/lighthouse make bench-citizen-page")
        return True
    best, tries = dict.fromkeys(LIGHTHOUSE, 0.0), 0
    while tries < 3 and not _reached(best):
        tries += 1
        scores = _scores(command, browser, f"http://127.0.0.1:{port}{path}", cookies)
        best = {name: max(best[name], scores[name]) for name in LIGHTHOUSE}
    words = ", ".join(f"{name} {score:.2f}" for name, score in best.items())
    print(f"Lighthouse {path:12} {words}, percobaan: {tries}", flush=True)
    return _reached(best)


def _reached(scores: dict[str, float]) -> bool:
    return all(scores[name] >= least for name, least in LIGHTHOUSE.items())


def _scores(command: str, browser: str, url: str, cookies: str) -> dict[str, float]:
    wanted = [command, url, "--quiet", "--output=json", "--output-path=stdout"]
    wanted += [f"--only-categories={','.join(LIGHTHOUSE)}", "--chrome-flags=--headless=new --no-sandbox"]
    wanted += [f"--extra-headers={json.dumps({'Cookie': cookies})}"]
    done = subprocess.run(  # noqa: S603
        wanted, capture_output=True, text=True, env={**os.environ, "CHROME_PATH": browser}, timeout=180, check=False
    )
    if done.returncode:
        raise SystemExit(f"Lighthouse gagal: {(done.stderr.strip().splitlines() or ['tanpa pesan'])[-1]}")
    categories = json.loads(done.stdout)["categories"]
    return {name: float(categories[name]["score"] or 0) for name in LIGHTHOUSE}
