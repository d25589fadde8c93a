"""Work for the background: closing a month, and trying another rule on the last one, that somebody asked for."""

from __future__ import annotations

from teladan.core import clock
from teladan.core.jobs import app
from teladan.evaluation.actions import closing, proposing


@app.task(name=closing.JOB, queue="default")
def close_month(month: str, by: int) -> None:
    closing.run_requested(month=clock.parse_month(month), user_id=by)


@app.task(name=proposing.JOB, queue="default")
def try_proposal(proposal: int) -> None:
    proposing.run_trial(proposal_id=proposal)
