"""People at a browser: signing in, looking at every page for faults, choosing by keyboard alone, the clock of the city."""

from __future__ import annotations

import contextvars
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import time_machine
from django.db import connection

from teladan.core import jobs
from tests import axe, make

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

DESK = {"viewport": {"width": 1280, "height": 900}, "locale": "id-ID", "reduced_motion": "reduce"}
PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "id-ID", "java_script_enabled": False}


@contextmanager
def city_clock(instant: datetime) -> Iterator[None]:
    """The whole process lives at another time that goes on: the web server's threads too. Sign-ins end with it."""
    with time_machine.travel(instant, tick=True):
        yield


@dataclass
class Walker:
    """Somebody with a browser of their own. Every page they `look` at is checked for accessibility and for overflow."""

    browser: Browser
    address: str
    page: Page
    context: BrowserContext
    seen: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    keys: int = 0

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.look()

    def click(self, name: str, role: Any = "link") -> None:
        self.page.get_by_role(role, name=name).first.click()
        self.page.wait_for_load_state()
        self.look()

    def look(self) -> None:
        problems = axe.violations(self.page)
        assert not problems, (self.page.url, problems)
        assert axe.overflow(self.page) <= 0, self.page.url
        self.seen.append(self.page.url.removeprefix(self.address))

    def sign_in(self, username: str) -> None:
        self.page.goto(f"{self.address}/akun/login/")
        self.look()
        self.page.locator("[name=login]").fill(username)
        self.page.locator("[name=password]").fill(make.PASSWORD)
        self.page.locator("[name=password]").press("Enter")
        self.page.wait_for_url(f"{self.address}/")
        self.look()

    # --- by keyboard: an act is a choice, a button or a field; moving there with Tab is not ---

    def tab_to(self, target: Locator) -> None:
        """Tab until the element has the focus; it must come within a page's worth of stops."""
        for _stop in range(120):
            if target.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
            self.keys += 1
        raise AssertionError(f"not reached by keyboard: {target}")

    def tab_to_group(self, name: str) -> None:
        for _stop in range(120):
            if self.page.evaluate("document.activeElement.name") == name:
                return
            self.page.keyboard.press("Tab")
            self.keys += 1
        raise AssertionError(f"not reached by keyboard: {name}")

    def choose(self, name: str, value: str) -> None:
        """Choose in a group of radio buttons: arrows, as a keyboard does."""
        self.tab_to_group(name)
        for _step in range(4):
            if self.page.evaluate("[document.activeElement.value, document.activeElement.checked]") == [value, True]:
                break
            is_here = self.page.evaluate("document.activeElement.value") == value
            self.page.keyboard.press("Space" if is_here else "ArrowRight")
            self.keys += 1
        assert self.page.evaluate("document.activeElement.value") == value
        self.acts.append(f"choose {name[-9:]}")

    def press(self, target: Locator) -> None:
        self.tab_to(target)
        self.page.keyboard.press("Enter")
        self.keys += 1
        self.acts.append("press")
        self.page.wait_for_load_state()

    def type(self, target: Locator, text: str) -> None:
        self.tab_to(target)
        self.page.keyboard.type(text)
        self.acts.append("type")


@contextmanager
def walker(browser: Browser, address: str, username: str = "") -> Iterator[Walker]:
    """A clean browser; signed in when a name is given. A script error on any page fails the journey."""
    context = browser.new_context(**DESK)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    person = Walker(browser, address, context.new_page(), context)
    if username:
        person.sign_in(username)
    yield person
    context.close()
    assert not errors, errors


class Citizen:
    """A cheap phone without scripts. What it shows is checked in a second browser that may run axe."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.context = browser.new_context(**PHONE)  # type: ignore[arg-type]
        self.checker = browser.new_context(**{**PHONE, "java_script_enabled": True}, service_workers="block")  # type: ignore[arg-type]
        self.page, self.address = self.context.new_page(), address
        self.seen: list[str] = []

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.look()

    def send(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()
        self.look()

    def look(self) -> None:
        """The same bytes once more, where scripts may look at them."""
        body, mirror = self.page.content(), self.checker.new_page()
        mirror.route(self.page.url, lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
        mirror.goto(self.page.url)
        problems = axe.violations(mirror)
        assert not problems, (self.page.url, problems)
        assert axe.overflow(mirror) <= 0, self.page.url
        mirror.close()
        self.seen.append(self.page.url.removeprefix(self.address))

    def close(self) -> None:
        self.context.close()
        self.checker.close()


def ticket_of(page: Page) -> str:
    """The path behind the QR of the slip on the page."""
    printed = page.locator(".slip-token").inner_text()
    return "/n/" + re.sub(r"[^0-9A-Za-z]", "", printed)


def let_worker_work() -> None:
    """One round of the job worker, in a thread of its own: the browser's loop runs in this one."""

    def run() -> None:
        jobs.run_waiting()
        connection.close()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,))
    thread.start()
    thread.join()
