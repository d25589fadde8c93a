"""Work for the background: closing a month, trying another rule and reading a long file, when asked for; releasing comments every night."""

from __future__ import annotations

from teladan.core import clock, kept
from teladan.core.jobs import app
from teladan.evaluation.actions import closing, commenting, proposing
from teladan.evaluation.imports_skm import FILES


@app.task(name=closing.JOB, queue="default")
def close_month(month: str, by: int) -> None:
    closing.run_requested(month=clock.parse_month(month), user_id=by)


@app.task(name=proposing.JOB, queue="default")
def try_proposal(proposal: int) -> None:
    proposing.run_trial(proposal_id=proposal)


@app.periodic(cron="10 20 * * *")  # 03.10 WIB
@app.task(name="evaluation.release_comments", queueing_lock="evaluation.release_comments", pass_context=False)
def release_comments(timestamp: int) -> None:
    commenting.release_comments()


@app.task(name=FILES.job, queue="default")
def import_file(run: str, by: int) -> None:
    kept.work(FILES, run=run, by=by)
