"""What every page needs: names, the day, and the way around. `ui` knows no rooms, so the way around is named in settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from teladan.core import clock


class NavLink(NamedTuple):
    """One entry of the masthead: its words, its address, and whether this page lies under it."""

    label: str
    url: str
    active: bool = False


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Everything that could cost a query is lazy: citizen and public pages never pay for it."""
    return {
        "government": settings.GOVERNMENT_NAME,
        "navigation": SimpleLazyObject(lambda: navigation(request)),
        "today": SimpleLazyObject(clock.today),
        "clock_moved": SimpleLazyObject(clock_moved),
    }


def navigation(request: HttpRequest) -> list[NavLink]:
    """The masthead's links, from the callable that `settings.NAVIGATION` names; empty for strangers and when there is none."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    links = _callable_named(getattr(settings, "NAVIGATION", ""))
    return [NavLink(*link) for link in links(request)] if links else []


def clock_moved() -> bool:
    """The product lives at another time than the machine (demo, tests): pages then say so."""
    return abs(clock.now() - timezone.now()) > timedelta(minutes=1)


def _callable_named(path: str) -> Callable[[HttpRequest], list[tuple[str, str, bool]]] | None:
    module = path.rpartition(".")[0]
    if not module:
        return None
    try:
        found: Callable[[HttpRequest], list[tuple[str, str, bool]]] = import_string(path)
    except ModuleNotFoundError as error:
        if error.name == module:
            return None
        raise
    return found
