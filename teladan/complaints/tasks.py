"""Once a day: complaints that were not completed in time count as withdrawn."""

from __future__ import annotations

from teladan.complaints.actions import filing
from teladan.core.jobs import app


@app.periodic(cron="10 18 * * *")  # ten past one at night at the office
@app.task(name="complaints.lapse_incomplete", queueing_lock="complaints.lapse_incomplete", pass_context=False)
def lapse_incomplete(timestamp: int) -> None:
    filing.lapse_incomplete()
