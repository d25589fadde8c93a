"""Periodic work of the house itself."""

from __future__ import annotations

from teladan.core.jobs import app, requeue_stalled


@app.periodic(cron="*/2 * * * *")
@app.task(name="core.requeue_stalled", queueing_lock="core.requeue_stalled", pass_context=False)
async def requeue_stalled_jobs(timestamp: int) -> None:
    await requeue_stalled()
