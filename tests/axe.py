"""Accessibility of a page as it stands in the browser: WCAG 2.2 AA with axe, target size included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],  # of what is in order nobody reads where it stands
}
SCRIPT = Axe().axe_script
DOCUMENT = """[innerWidth, getComputedStyle(document.documentElement).fontSize, location.origin,
    document.documentElement.outerHTML].join()"""
RUN = "options => axe.run(document, options).then(found => found.violations)"
DRAWN = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
"""What depends on the colours of a theme."""
_seen: set[int] = set()


def violations(page: Page) -> list[str]:
    """One line per violation and element; empty when the page is clean. The page needs a context with scripts on.

    A document that was found clean at this size is asked again, in another theme, only for what colours may change.
    """
    document = hash(page.evaluate(DOCUMENT))
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(RUN, DRAWN if document in _seen else OPTIONS)
    if not found:
        _seen.add(document)
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    """Pixels by which the page can be scrolled sideways; none is right."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
