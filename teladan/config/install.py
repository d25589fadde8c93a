"""What a new installation needs before its first user: tables, reference data, static files. Each again at no harm."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from teladan.awards.actions import ensure_programme
from teladan.core import holidays, policy, progress
from teladan.core.models import Holiday, Progress
from teladan.ledger.actions import ensure_started
from teladan.people.models import Person, Unit

POLICY_PACK = Path(__file__).parent / "data" / "policy.json"
HOLIDAYS = Path(__file__).parent / "data" / "holidays.json"
DEMO_KEY = "demo.seed"


def load_reference_data() -> None:
    """Policy rows, free days where none are known, then whatever each room brings along. Idempotent."""
    policy.load_pack(json.loads(POLICY_PACK.read_text(encoding="utf-8")), by="system")
    if not Holiday.objects.exists():  # later corrections by the city stay
        holidays.load(json.loads(HOLIDAYS.read_text(encoding="utf-8")), by="system")
    ensure_programme(by="system")
    ensure_started()


def pending_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> int:
    """Bring the tables up to date; the number of steps taken."""
    steps = pending_migrations()
    if steps:
        call_command("migrate", interactive=False, verbosity=0)
    return steps


def collect_static() -> bool:
    """Collect and compress when a source file changed since the last time."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    digest = _digest_of_static()
    if mark.exists() and mark.read_text(encoding="ascii") == digest:
        return False
    shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(digest, encoding="ascii")
    return True


def _digest_of_static() -> str:
    digest = hashlib.sha256(f"{settings.DEBUG}".encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class DemoState(Enum):
    """What the database says about the demo city."""

    EMPTY = "empty"
    BROKEN_OFF = "broken off"
    LOADED = "loaded"
    OTHER = "other"


def demo_state() -> DemoState:
    mark = progress.of(DEMO_KEY)
    if mark and mark.state != Progress.State.DONE:
        return DemoState.BROKEN_OFF
    if not Unit.objects.exists():
        return DemoState.EMPTY
    return DemoState.LOADED if mark or Person.objects.filter(is_demo=True).exists() else DemoState.OTHER


def load_demo(seed: Callable[[], object]) -> None:
    """Run `seed`, leaving a mark that tells a finished load from one that was cut off."""
    progress.start(DEMO_KEY)
    seed()
    progress.finish(DEMO_KEY)


def empty_database() -> None:
    """Drop every table, the log's own key and memory, and the openings. Only for a database that holds nothing but the demo city."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    for folder in (settings.LEDGER_DIR, settings.OPENINGS_DIR):
        shutil.rmtree(folder, ignore_errors=True)
