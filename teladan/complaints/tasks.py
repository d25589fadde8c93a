"""By the clock: complaints not completed in time count as withdrawn; those that no handler may take are raised."""

from __future__ import annotations

from teladan.complaints.actions import filing, raising
from teladan.core.jobs import app


@app.periodic(cron="10 18 * * *")  # ten past one at night at the office
@app.task(name="complaints.lapse_incomplete", queueing_lock="complaints.lapse_incomplete", pass_context=False)
def lapse_incomplete(timestamp: int) -> None:
    filing.lapse_incomplete()


@app.periodic(cron="25 * * * *")
@app.task(name="complaints.raise_stranded", queueing_lock="complaints.raise_stranded", pass_context=False)
def raise_stranded(timestamp: int) -> None:
    raising.raise_stranded()
