"""What this room does by the clock: a round every hour, never from within a page; a second look half an hour later; the whole log once a day."""

from __future__ import annotations

from teladan.core.jobs import app
from teladan.ledger import actions, monitor


@app.periodic(cron="13 * * * *")
@app.task(queue="default", name="ledger.keep_promises", queueing_lock="ledger.keep_promises")
def keep_promises(timestamp: int) -> None:
    actions.keep_promises()


@app.periodic(cron="43 * * * *")
@app.task(queue="default", name="ledger.warn_overdue", queueing_lock="ledger.warn_overdue")
def warn_overdue(timestamp: int) -> None:
    actions.warn_overdue()


@app.periodic(cron="40 18 * * *")  # 01.40 WIB
@app.task(queue="default", name="ledger.verify", queueing_lock="ledger.verify")
def verify(timestamp: int) -> None:
    monitor.warn_broken()
