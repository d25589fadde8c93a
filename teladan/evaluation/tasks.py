"""Work for the background: closing a month that somebody asked for with the button."""

from __future__ import annotations

from teladan.core import clock
from teladan.core.jobs import app
from teladan.evaluation.actions import closing


@app.task(name=closing.JOB, queue="default")
def close_month(month: str, by: int) -> None:
    closing.run_requested(month=clock.parse_month(month), user_id=by)
