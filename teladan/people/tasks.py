"""What this room does by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from teladan.core.imports import forget_expired


@app.periodic(cron="10 1 * * *")
@app.task(queue="default", name="people.forget_imports", queueing_lock="people.forget_imports")
def forget_imports(timestamp: int) -> None:
    """Every night: delete uploaded files whose time is over."""
    forget_expired()
