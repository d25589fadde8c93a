"""Fixtures for every room: the run's database, reference data, the clock's test home and a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key

from tests import cluster

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django import DjangoDbBlocker

# A busy machine is no reason to fail: no example has a deadline.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")

QUIET = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
)
"""Nothing is drawn by a graphics card that is not there, nothing is asked of anybody's servers, and no colour is half-way."""
OF_MIGRATIONS = ("django_content_type", "auth_permission")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """pytest-django asks for this before it makes the test database: the server must run by then."""
    from django.conf import settings

    cluster.ensure_running()
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = cluster.template()


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The whole server goes away after the run; nothing needs to be dropped first."""
    return not os.environ.get("TELADAN_TEST_DATABASE_URL")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Every test finds the reference data that a new installation has."""
    with django_db_blocker.unblock():
        _load_reference_data()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """The same algorithm with little work: slow hashes are for those who steal them, not for tests."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
            patch.setattr(Argon2PasswordHasher, name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """After a transactional test only the tables that hold something are emptied; TRUNCATE makes new files for all.

    What migrations have written stays, so nothing needs to be made again after each.
    """
    from django.core.management.commands import flush
    from django.db.backends.postgresql.operations import DatabaseOperations

    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("TELADAN_TEST_DATABASE_URL"):  # only a superuser may pass by triggers and foreign keys
            patch.setattr(DatabaseOperations, "sql_flush", _sql_flush)
            patch.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_kw: None)
        yield


def _sql_flush(self: Any, style: Any, tables: list[str], **_: Any) -> list[str]:
    names = {table: self.quote_name(table) for table in tables if table not in OF_MIGRATIONS}
    with self.connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {name})" for table, name in names.items())
        )
        full = [f"DELETE FROM {names[table]}" for (table,) in cursor.fetchall()]
    return ["SET session_replication_role = replica", *full, "SET session_replication_role = DEFAULT"] if full else []


def _load_reference_data() -> None:
    from teladan.config.install import load_reference_data

    load_reference_data()


def _empties(item: pytest.Item) -> bool:
    """Whether every table is emptied after this test."""
    marker = item.get_closest_marker("django_db")
    fixtures = {"transactional_db", "live_server", "django_db_reset_sequences"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures or (marker and marker.kwargs.get("transaction")))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """A transactional test empties every table when it ends; only after that is put back what an installation has."""
    yield
    if _empties(item):
        with item.config.stash[blocking_manager_key].unblock():
            from django.conf import settings
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE procrastinate_jobs, core_ratelimit CASCADE")
            shutil.rmtree(settings.LEDGER_DIR, ignore_errors=True)  # the log begins anew, so must its memory
            _load_reference_data()
            connection.close()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Chromium or Chrome of this machine."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    pytest.fail(
        "Peramban tidak ada: pasang dengan `apt-get install chromium` atau pasang Google Chrome.", pytrace=False
    )


@pytest.fixture(scope="session")
def browser(browser_path: str) -> Iterator[Browser]:
    """One browser per run. Playwright's loop makes Django believe it runs async: allow the ORM all the same."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Override in a module or class: width, colour scheme, scripts off."""
    return {"viewport": {"width": 1280, "height": 900}, "locale": "id-ID"}


@pytest.fixture
def context(browser: Browser, context_options: dict[str, Any]) -> Iterator[BrowserContext]:
    """A clean browser profile; a script error on any page fails the test."""
    context = browser.new_context(**context_options)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert not errors, errors


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
