"""Long files are the worker's: queued once, written once whatever is killed, and told on the page that waits."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from teladan.core import clock, jobs, kept, progress
from teladan.core.imports import Importer, Report
from teladan.core.kept import Files
from teladan.core.models import ImportRun, PolicyRow, Progress
from teladan.core.spreadsheet import FileRefused
from teladan.people.models import User
from tests.core.test_imports import BAD, GOOD, Fake
from tests.core.test_jobs import apart
from tests.forks import child
from tests.make import make_user

pytestmark = pytest.mark.django_db(transaction=True)
JOB = "tests.import_file"


def fake(kind: str) -> Importer:
    assert kind == Fake.kind
    return Fake()


FILES = Files(JOB, fake)


@jobs.app.task(name=JOB)
def import_file(run: str, by: int) -> None:
    kept.work(FILES, run=run, by=by)


@pytest.fixture(autouse=True)
def _every_file_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)


@pytest.fixture
def user() -> User:
    return make_user(username="pembawa")


def queued() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [JOB])
        return [json.loads(row[0]) for row in cursor.fetchall()]


def received(user: User, content: bytes = GOOD) -> ImportRun:
    return kept.receive(FILES, Fake(), content, "b.csv", by=user)


def checked(user: User) -> ImportRun:
    run = received(user)
    apart(jobs.run_waiting)
    run.refresh_from_db()
    return run


def written() -> int:
    return PolicyRow.objects.filter(key__startswith="x.").count()


def test_a_long_file_that_cannot_be_read_is_refused_at_once(user: User) -> None:
    with pytest.raises(FileRefused):
        received(user, b"%PDF")
    assert not ImportRun.objects.exists()
    assert queued() == []


def test_a_long_file_is_kept_reduced_and_checked_by_the_worker(user: User) -> None:
    run = received(user)
    assert run.state == "received"
    assert b"1373" not in bytes(run.content)
    assert queued() == [{"run": str(run.pk), "by": user.pk}]  # nothing of what the file says
    assert progress.is_working(kept.progress_of(run))
    apart(jobs.run_waiting)
    run.refresh_from_db()
    assert (run.state, run.report["new"], run.report["dropped_columns"]) == ("checked", 2, ["NIK"])
    assert not progress.is_working(kept.progress_of(run))
    assert written() == 0


def test_saving_twice_queues_once_and_writes_once(user: User) -> None:
    run = checked(user)
    assert kept.save(run, FILES, by=user) is None
    run.refresh_from_db()
    assert kept.save(run, FILES, by=user) is None
    assert (run.state, len(queued())) == ("accepted", 1)
    apart(jobs.run_waiting)
    run.refresh_from_db()
    assert (run.state, run.committed_by, written()) == ("committed", f"user:{user.pk}", 2)
    report = kept.save(run, FILES, by=user)
    assert report == Report.from_json(run.report)
    kept.work(FILES, run=str(run.pk), by=user.pk)
    assert written() == 2


def test_what_changed_before_the_worker_came_is_told_and_nothing_is_written(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = checked(user)
    kept.save(run, FILES, by=user)
    bad = Fake()._report(BAD, "b.csv")
    monkeypatch.setattr(Fake, "_report", lambda *_: bad)
    apart(jobs.run_waiting)
    run.refresh_from_db()
    row = kept.progress_of(run)
    assert (run.state, run.report["errors"], written()) == ("checked", 1, 0)
    assert row is not None
    assert "sudah berubah" in row.message


def test_a_refusal_by_the_worker_becomes_a_message(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Report:
        raise FileRefused("Kolom A tidak ada.")

    run = received(user)
    monkeypatch.setattr(Fake, "_report", refuse)
    kept.work(FILES, run=str(run.pk), by=user.pk)
    run.refresh_from_db()
    assert (run.state, run.report["messages"][0]["what"]) == ("checked", "Kolom A tidak ada.")


def test_a_worker_killed_while_it_writes_leaves_nothing_half_written(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = checked(user)
    kept.save(run, FILES, by=user)
    write = Fake.commit

    def die(*args: Any, **kw: Any) -> None:
        write(*args, **kw)
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as killed:
        killed.setattr(Fake, "commit", die)
        pid = child(lambda: kept.work(FILES, run=str(run.pk), by=user.pk))
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    run.refresh_from_db()
    assert (run.state, written()) == ("accepted", 0)
    apart(jobs.run_waiting)  # as `requeue_stalled` gives the job back
    run.refresh_from_db()
    assert (run.state, written()) == ("committed", 2)


def test_work_that_failed_can_be_asked_for_again(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = received(user)
    with monkeypatch.context() as broken:
        broken.setattr(Fake, "check", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kept.work(FILES, run=str(run.pk), by=user.pk)
    row = kept.progress_of(run)
    assert row is not None
    assert (row.state, run.state) == ("failed", "received")
    assert "tidak ada yang berubah" in row.message
    assert kept.save(run, FILES, by=user) is None
    apart(jobs.run_waiting)
    run.refresh_from_db()
    assert (run.state, written()) == ("checked", 0)


def test_progress_is_forgotten_with_its_file(user: User) -> None:
    run = checked(user)
    assert kept.progress_of(run) is not None
    with clock.at(clock.now() + timedelta(days=30)):
        assert kept.forget_expired() == 1
    assert not Progress.objects.filter(key=kept.progress_key(run.pk)).exists()
    kept.work(FILES, run=str(run.pk), by=user.pk)  # a job that comes too late finds nothing to do
