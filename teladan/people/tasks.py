"""What this room does by the clock, and files too long to be read while a page waits."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teladan.core import kept
from teladan.people.imports import FILES


@app.periodic(cron="10 1 * * *")
@app.task(queue="default", name="people.forget_imports", queueing_lock="people.forget_imports")
def forget_imports(timestamp: int) -> None:
    """Every night: delete uploaded files whose time is over."""
    kept.forget_expired()


@app.task(name=FILES.job, queue="default")
def import_file(run: str, by: int) -> None:
    kept.work(FILES, run=run, by=by)
