"""Jobs live in PostgreSQL: `defer` inside a transaction happens with it or not at all.

A room writes one-line tasks in its `tasks.py` (`from teladan.core.jobs import app`), the worker runs them one at a time.
A worker that was killed leaves its job marked as running; `requeue_stalled` gives it back.
"""

from __future__ import annotations

from typing import cast

import procrastinate
from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app as _app
from procrastinate.contrib.django.django_connector import DjangoConnector

app: procrastinate.App = _app

GRACE_SECONDS = 20  # a task that is running may finish before the worker stops


async def requeue_stalled() -> int:
    """Give back the jobs of workers whose heart stopped. Tasks must stand being run again."""
    stalled = list(await app.job_manager.get_stalled_jobs())
    for job in stalled:
        await app.job_manager.retry_job(job)
    return len(stalled)


def run_worker() -> None:
    """Work until told to stop (SIGTERM, SIGINT)."""
    requeue = async_to_sync(requeue_stalled)
    requeue()
    connector = cast(DjangoConnector, app.connector).get_worker_connector()
    with app.replace_connector(connector):
        app.run_worker(
            concurrency=1,
            fetch_job_polling_interval=30,  # NOTIFY wakes the worker; this is for the day it was missed
            shutdown_graceful_timeout=GRACE_SECONDS,
            delete_jobs="successful",
        )


def run_waiting() -> None:
    """Run what is queued now and return (tests, and commands that must not need a worker)."""
    connector = cast(DjangoConnector, app.connector).get_worker_connector()
    with app.replace_connector(connector):
        app.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)
