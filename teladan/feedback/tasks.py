"""Periodic work of this room."""

from __future__ import annotations

from teladan.core import kept
from teladan.core.jobs import app
from teladan.feedback.actions import delivering
from teladan.feedback.actions.calling import draw_due_samples
from teladan.feedback.actions.comments import forget_originals
from teladan.feedback.actions.holding import hold_same_device
from teladan.feedback.actions.profiles import mix_profiles
from teladan.feedback.actions.receipts import settle_unfinished
from teladan.feedback.actions.sealing import warn_changed
from teladan.feedback.imports_events import FILES


@app.periodic(cron="20 19 * * *")  # 02.20 WIB
@app.task(name="feedback.mix_profiles", queueing_lock="feedback.mix_profiles", pass_context=False)
def mix_waiting_profiles(timestamp: int) -> None:
    mix_profiles()


@app.periodic(cron="50 18 * * *")  # 01.50 WIB
@app.task(name="feedback.warn_changed", queueing_lock="feedback.warn_changed", pass_context=False)
def warn_changed_months(timestamp: int) -> None:
    warn_changed()


@app.periodic(cron="7 * * * *")  # before the log's round
@app.task(name="feedback.settle_unfinished", queueing_lock="feedback.settle_unfinished", pass_context=False)
def settle_unfinished_ratings(timestamp: int) -> None:
    settle_unfinished()


@app.periodic(cron="40 19 * * *")  # 02.40 WIB
@app.task(name="feedback.forget_originals", queueing_lock="feedback.forget_originals", pass_context=False)
def forget_originals_of_comments(timestamp: int) -> None:
    forget_originals()


@app.periodic(cron="* * * * *")
@app.task(name="feedback.send_links", queueing_lock="feedback.send_links", pass_context=False)
def send_links(timestamp: int) -> None:
    delivering.send_waiting()


@app.periodic(cron="*/10 * * * *")
@app.task(name="feedback.hold_same_device", queueing_lock="feedback.hold_same_device", pass_context=False)
def hold_ratings_of_one_device(timestamp: int) -> None:
    hold_same_device()


@app.periodic(cron="40 * * * *")
@app.task(name="feedback.draw_callbacks", queueing_lock="feedback.draw_callbacks", pass_context=False)
def draw_callback_samples(timestamp: int) -> None:
    draw_due_samples()


@app.task(name=FILES.job, queue="default")
def import_events(run: str, by: int) -> None:
    kept.work(FILES, run=run, by=by)
