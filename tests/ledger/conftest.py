"""A log of its own for each test: its folder, its key, and a way to be the database's superuser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from teladan.core import clock
from teladan.ledger import actions, queries
from teladan.ledger.models import Checkpoint, Round

START = clock.local(clock.parse_month("2026-10"), 9, 13)
HOUR = timedelta(hours=1)
SEED = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
OTHER_SEED = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="


@pytest.fixture(autouse=True)
def _own_log(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> None:
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.LEDGER_KEY = lambda: SEED
    settings.LEDGER_ORIGIN = "teladan.test/ledger"
    settings.LEDGER_TRUSTED_KEYS = []
    if marker := request.node.get_closest_marker("django_db"):
        request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
        Round.objects.all().delete()
        with clock.at(START):
            actions.ensure_started()


def rounds(count: int, start: Any = START, *, share: float = 0.5) -> list[Checkpoint | None]:
    """So many rounds, an hour apart."""
    found = []
    for number in range(count):
        with clock.at(start + number * HOUR):
            found.append(actions.sequence(share=share))
    return found


def grow(*batches: int) -> list[bytes]:
    """A log of batches of so many leaves; the leaves in the order in which they were handed over."""
    handed: list[bytes] = []
    for number, count in enumerate(batches):
        leaves = [b"leaf %d of batch %d" % (i, number) for i in range(count)]
        with clock.at(START + number * HOUR):
            actions.append(*leaves)
            actions.sequence()
        handed += leaves
    return handed


def log_key() -> str:
    """The public key with which outsiders check checkpoints."""
    return queries.log_keys()[0].as_text()


@contextmanager
def superuser() -> Iterator[Any]:
    """Triggers asleep, checks of the leaves dropped: what a database administrator can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("ALTER TABLE ledger_leaf DROP CONSTRAINT IF EXISTS leaf_hash_of_data")
        yield cursor
        cursor.execute("RESET session_replication_role")
