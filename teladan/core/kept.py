"""Files brought by the browser, kept between preview and commit, reduced to the columns that their importer reads.

A small file is checked and written while the page waits. A long one is the worker's: citizens' answers share the web
server's interpreter and shall not wait behind ten thousand rows. What is personal and not needed is dropped before
anything is kept, so reading the file stays with the request. The worker's job may be run again at any time: each step
is one transaction that looks first at what the run has become.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import procrastinate
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from teladan.core import clock, policy, progress
from teladan.core.imports import Importer, Message, Reducing, Report, make_report, split_columns
from teladan.core.jobs import app
from teladan.core.models import ImportRun, Progress
from teladan.core.spreadsheet import FileRefused, read_table, reduce_table

log = logging.getLogger(__name__)

KEEP_DAYS = 30  # when no policy is loaded yet
SMALL_BYTES = 32_000  # of the reduced copy: some 200 employees, a quarter of a second
State = ImportRun.State


@dataclass(frozen=True)
class Files:
    """One room's files: who reads a run of some kind, and the job that works on the long ones."""

    job: str
    importer: Callable[[str], Importer]


def preview(importer: Importer, content: bytes, filename: str, *, by: object) -> ImportRun:
    """Check the file and keep it, with the report, until somebody commits it or it expires."""
    run = _reduced(importer, content, filename, by)
    _check(run, importer, by)
    run.save()
    return run


def receive(files: Files, importer: Importer, content: bytes, filename: str, *, by: Any) -> ImportRun:
    """Keep a file: checked already when it is small, else by the worker. FileRefused when it cannot be read at all."""
    run = _reduced(importer, content, filename, by)
    if _is_small(run):
        _check(run, importer, by)
        run.save()
    else:
        with transaction.atomic():
            run.save()
            _queue(run, files, by)
    return run


def save(run: ImportRun, files: Files, *, by: Any) -> Report | None:
    """Somebody said: save it (or try again). A small file is written at once; None where the worker will do it.

    FileRefused when the kept file cannot be read any more. Saving twice changes nothing.
    """
    if run.state == State.COMMITTED or (run.state != State.RECEIVED and _is_small(run)):
        return commit_run(run, files.importer(run.kind), by=by)
    with transaction.atomic():
        ImportRun.objects.filter(pk=run.pk, state=State.CHECKED).update(state=State.ACCEPTED)
        _queue(run, files, by)
    return None


@transaction.atomic
def commit_run(run: ImportRun, importer: Importer, *, by: object) -> Report:
    """Write a kept file. A second call changes nothing and returns the report of the first."""
    locked = ImportRun.objects.select_for_update().get(pk=run.pk)
    before = Report.from_json(locked.report)
    if locked.state == State.COMMITTED:
        return before
    report = importer.commit(bytes(locked.content), locked.filename, by=by)
    report = replace(report, ignored_columns=before.ignored_columns, dropped_columns=before.dropped_columns)
    locked.report = report.as_json()
    locked.state = State.CHECKED
    if report.ok:
        locked.state = State.COMMITTED
        locked.committed_at = clock.now()
        locked.committed_by = _name(by)
    locked.save(update_fields=["report", "state", "committed_at", "committed_by"])
    return report


def of_kinds(kinds: Collection[str]) -> QuerySet[ImportRun]:
    """Kept files of these kinds (a kind may carry options behind a colon), without their content."""
    return ImportRun.objects.filter(kind__regex=f"^({'|'.join(kinds)})(:|$)").defer("content")


def recent(kinds: Collection[str], *, by: object | None = None, most: int = 10) -> list[ImportRun]:
    """The last files of these kinds, of one account or of all."""
    rows = of_kinds(kinds)
    if by is not None:
        rows = rows.filter(uploaded_by=_name(by))
    return list(rows.order_by("-uploaded_at")[:most])


@transaction.atomic
def forget_expired() -> int:
    """Delete kept files whose time is over, and what was told of their progress; the number of files."""
    rows = ImportRun.objects.filter(expires_on__lte=clock.today())
    Progress.objects.filter(key__in=[progress_key(key) for key in rows.values_list("pk", flat=True)]).delete()
    return rows.delete()[0]


# --- the worker ----------------------------------------------------------------------------------------------------------


def progress_key(run: UUID) -> str:
    """Under which key the work on a file reports."""
    return f"import:{run}"


def progress_of(run: ImportRun) -> Progress | None:
    """How far the work on this file is; nothing where it was done at once."""
    return progress.of(progress_key(run.pk))


def work(files: Files, *, run: str, by: int) -> None:
    """The job: whatever this file waits for, once. Killed and run again it finds the file as it was before, or done."""
    found = ImportRun.objects.filter(pk=run).first()
    user = get_user_model()._default_manager.select_related("person").get(pk=by)
    if found is None:
        return
    key = progress_key(found.pk)
    progress.start(
        key, 1, _("Berkas sedang disimpan") if found.state == State.ACCEPTED else _("Berkas sedang diperiksa")
    )
    try:
        complaint = _next_step(found, files, user)
    except Exception:
        log.exception("import %s failed", found.pk)
        progress.fail(key, _("Pekerjaan ini gagal, tidak ada yang berubah. Bila berulang, hubungi administrator."))
        raise
    if complaint:
        progress.fail(key, complaint)
    else:
        progress.finish(key)


def _next_step(run: ImportRun, files: Files, by: object) -> str:
    """Do what the run waits for; what there is to complain of, in a sentence."""
    try:
        importer = files.importer(run.kind)
        if run.state == State.RECEIVED:
            _check(run, importer, by)
            ImportRun.objects.filter(pk=run.pk, state=State.RECEIVED).update(report=run.report, state=run.state)
        elif run.state == State.ACCEPTED and not commit_run(run, importer, by=by).ok:
            return _("Tidak ada yang disimpan: data sudah berubah sejak diperiksa. Baca pesannya.")
    except FileRefused as refusal:
        wrong = Message("error", "", None, "", str(refusal), _("Perbaiki berkas, lalu unggah lagi."))
        report = make_report(run.kind, run.filename, [wrong]).as_json()
        ImportRun.objects.filter(pk=run.pk).exclude(state=State.COMMITTED).update(report=report, state=State.CHECKED)
    return ""


def _queue(run: ImportRun, files: Files, by: Any) -> None:
    """In the caller's transaction. Asking twice queues it once."""
    progress.start(progress_key(run.pk), 1, _("Menunggu giliran"), waiting=True)
    job = app.configure_task(files.job, queueing_lock=f"{files.job}:{run.pk}", lock=f"import:{run.pk}")
    try:
        with transaction.atomic():
            job.defer(run=str(run.pk), by=by.pk)
    except procrastinate.exceptions.AlreadyEnqueued:
        return


# --- pieces --------------------------------------------------------------------------------------------------------------


def _reduced(importer: Importer, content: bytes, filename: str, by: object) -> ImportRun:
    """The file as it may be kept, not saved yet and not checked."""
    kept = content
    ignored: list[str] = []
    dropped: list[str] = []
    if isinstance(importer, Reducing):
        table = read_table(content, filename)
        ignored, dropped = split_columns(table.headers, importer)
        kept = reduce_table(table, importer.columns)
    report = Report(importer.kind, filename, ignored_columns=ignored, dropped_columns=dropped)
    return ImportRun(
        kind=importer.kind,
        filename=Path(filename).name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        content=kept,
        report=report.as_json(),
        state=State.RECEIVED,
        uploaded_at=clock.now(),
        uploaded_by=_name(by),
        expires_on=clock.today() + timedelta(days=_keep_days()),
    )


def _check(run: ImportRun, importer: Importer, by: object) -> None:
    before = Report.from_json(run.report)
    report = importer.check(bytes(run.content), run.filename, by=by)
    if isinstance(importer, Reducing):
        report = replace(report, ignored_columns=before.ignored_columns, dropped_columns=before.dropped_columns)
    run.report = report.as_json()
    run.state = State.CHECKED


def _is_small(run: ImportRun) -> bool:
    return len(run.content) <= SMALL_BYTES


def _name(by: object) -> str:
    key = getattr(by, "pk", None)
    return f"user:{key}" if key else str(by)


def _keep_days() -> int:
    try:
        return int(policy.get("retention.import_days", clock.today()))
    except policy.MissingPolicy:
        return KEEP_DAYS
