"""Folders and servers of their own for the tests of the installation."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from teladan.core import postgres


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that the server's user can reach, and nothing of it left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="teladan-home-"))
    folder.chmod(0o755)
    yield folder
    for _ in range(50):  # a server that was told to go may still be removing its own files
        try:
            postgres.remove(folder)
        except FileNotFoundError:
            time.sleep(0.1)
        else:
            break
    shutil.rmtree(folder)


@pytest.fixture
def plain_environment(home: Path) -> dict[str, str]:
    """As a person's terminal: nothing of the test run's own settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TELADAN_", "DATABASE_", "DJANGO_"))
    }
    return {**kept, "TELADAN_DATA": str(home)}


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
