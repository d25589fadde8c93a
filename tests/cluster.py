"""pytest plugin, loaded before Django's settings: a data folder and a PostgreSQL of the test run's own.

The server starts when the first test asks for the database (with xdist: at once, in the controller, for all workers),
stops with the run and leaves nothing behind. TELADAN_TEST_DATABASE_URL names another server to use instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from teladan.core import postgres

PREFIX = "teladan-test-"
_WORKER = "PYTEST_XDIST_WORKER" in os.environ
PATIENCE = 120
"""Seconds after which a worker makes its tables itself."""
_making: list[subprocess.Popen[bytes]] = []


def _sweep() -> None:
    """Folders of killed runs."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


def _prepare() -> Path:
    if _WORKER:
        return Path(os.environ["TELADAN_TEST_FOLDER"])
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    os.environ["TELADAN_TEST_FOLDER"] = str(folder)
    return folder


FOLDER = _prepare()
SERVER = postgres.Server(postgres.place_for(FOLDER), postgres.THROWAWAY, throwaway=True)

os.environ["DATABASE_URL"] = os.environ.get("TELADAN_TEST_DATABASE_URL") or SERVER.url
os.environ["TELADAN_DATA"] = str(FOLDER / (os.environ.get("PYTEST_XDIST_WORKER") or "data"))
Path(os.environ["TELADAN_DATA"], "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns without it
os.environ["TELADAN_TESTING"] = "1"
os.environ["TELADAN_SECRET_KEY"] = "only-for-tests-" + "x" * 40


def ensure_running() -> None:
    """Start the run's server unless it runs, is the controller's, or is somebody else's."""
    if not (_WORKER or os.environ.get("TELADAN_TEST_DATABASE_URL") or SERVER.running()):
        SERVER.start()


def template() -> str | None:
    """The database with all tables that the controller has made while its workers collected; they copy it."""
    if not _WORKER or os.environ.get("TELADAN_TEST_DATABASE_URL"):
        return None
    deadline = time.monotonic() + PATIENCE
    while not (_template_mark().exists() or time.monotonic() > deadline):
        time.sleep(0.1)
    return postgres.DATABASE if _template_mark().exists() else None


def _template_mark() -> Path:
    return FOLDER / "template"


def _make_template() -> None:
    migrate = [sys.executable, "-m", "teladan.config.cli", "django", "migrate", "--verbosity", "0"]
    _making.append(subprocess.Popen(["/bin/sh", "-c", '"$@" && touch "$0"', str(_template_mark()), *migrate]))


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config.option, "numprocesses", None) and not config.option.collectonly:
        ensure_running()
        if not os.environ.get("TELADAN_TEST_DATABASE_URL"):
            _make_template()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if _WORKER:
        return
    for process in _making:
        process.wait()
    SERVER.stop()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(SERVER.place.run, ignore_errors=True)
