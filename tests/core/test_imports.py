"""The two phases: what a preview keeps, what a commit does, what the command line says."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, transaction

from teladan.core import clock, imports, kept
from teladan.core.imports import Example, Message, Report, make_report, run_command
from teladan.core.kept import commit_run, preview
from teladan.core.models import ImportRun, PolicyRow
from teladan.core.spreadsheet import FileRefused, read_table

pytestmark = pytest.mark.django_db
WRONG = Message("error", "", 2, "A", "A salah.", "Perbaiki A.")


class Fake:
    """Writes one policy row per row of the file; refuses files that hold the word `salah`."""

    kind = "fake"
    columns = frozenset({"A"})
    personal = frozenset({"NIK"})

    def _report(self, content: bytes, filename: str) -> Report:
        rows = list(read_table(content, filename).rows)
        messages = [WRONG] if any(row.values["A"] == "salah" for row in rows) else []
        return make_report(
            self.kind, filename, messages, new=len(rows), examples={"new": [Example(r.values["A"]) for r in rows]}
        )

    def check(self, content: bytes, filename: str, *, by: object) -> Report:
        with imports.read_only():
            return self._report(content, filename)

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        with imports.writing(self.kind):
            report = self._report(content, filename)
            if report.ok:
                for row in read_table(content, filename).rows:
                    PolicyRow.objects.create(key=row.values["A"], value=1, valid_from=date(2020, 1, 1), legal_basis="x")
            return report


GOOD = b"A,NIK,B\nx.one,1373,b\nx.two,1374,b\n"
BAD = b"A\nsalah\n"


def test_read_only_refuses_writing_and_lets_go_afterwards() -> None:
    row = {"key": "x", "value": 1, "valid_from": date(2020, 1, 1), "legal_basis": "x"}
    with pytest.raises(DatabaseError, match="read-only"), transaction.atomic(), imports.read_only():
        PolicyRow.objects.create(**row)
    with imports.read_only():
        PolicyRow.objects.count()
    PolicyRow.objects.create(**row)


def test_preview_keeps_only_the_columns_that_are_read() -> None:
    run = preview(Fake(), GOOD, "../../etc/berkas.csv", by="cli")
    assert run.filename == "berkas.csv"
    assert b"1373" not in bytes(run.content)
    assert (run.report["ignored_columns"], run.report["dropped_columns"]) == (["B"], ["NIK"])
    assert run.state == "checked"
    assert not PolicyRow.objects.filter(key__startswith="x.").exists()


def test_commit_of_a_run_writes_once() -> None:
    run = preview(Fake(), GOOD, "b.csv", by="cli")
    first = commit_run(run, Fake(), by="cli")
    again = commit_run(run, Fake(), by="other")
    assert first == again
    assert first.dropped_columns == ["NIK"]
    run.refresh_from_db()
    assert (run.state, run.committed_by) == ("committed", "cli")
    assert PolicyRow.objects.filter(key__startswith="x.").count() == 2


def test_a_run_with_errors_is_not_committed() -> None:
    run = preview(Fake(), BAD, "b.csv", by="cli")
    assert not commit_run(run, Fake(), by="cli").ok
    run.refresh_from_db()
    assert (run.state, run.committed_at) == ("checked", None)


def test_a_file_that_cannot_be_read_is_not_kept() -> None:
    with pytest.raises(FileRefused):
        preview(Fake(), b"%PDF", "b.csv", by="cli")
    assert not ImportRun.objects.exists()


def test_kept_files_are_forgotten_after_their_time() -> None:
    run = preview(Fake(), GOOD, "b.csv", by="cli")
    assert run.expires_on == clock.today() + timedelta(days=30)
    assert kept.forget_expired() == 0
    with clock.at(clock.now() + timedelta(days=30)):
        assert kept.forget_expired() == 1


def test_report_survives_json() -> None:
    report = make_report("x", "f", [WRONG], new=3, examples={"new": [Example("a", "b")]})
    assert Report.from_json(json.loads(json.dumps(report.as_json()))) == report


def test_messages_are_capped_and_counted_errors_first() -> None:
    many = [Message("warning", "", row, "", "w", "t") for row in range(2, 1_000)]
    report = make_report("x", "f", [*many, WRONG])
    assert report.messages[0] == WRONG
    assert (len(report.messages), report.errors, report.warnings) == (imports.MAX_MESSAGES, 1, 998)
    assert report.hidden_messages == 999 - imports.MAX_MESSAGES


# --- the command line -------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "berkas.csv"
    path.write_bytes(GOOD)
    return path


def run(path: Path, *, dry_run: bool = False) -> str:
    out = StringIO()
    run_command(Fake(), path, dry_run=dry_run, stdout=out)
    return out.getvalue()


def test_command_exits_with_one_and_a_table_when_there_are_errors(file: Path) -> None:
    file.write_bytes(BAD)
    out = StringIO()
    with pytest.raises(CommandError, match="1 kesalahan") as caught:
        run_command(Fake(), file, dry_run=False, stdout=out)
    assert caught.value.returncode == 1
    for words in ("SALAH", "A salah.", "Perbaiki A.", "berkas.csv"):
        assert words in out.getvalue()
    assert not PolicyRow.objects.filter(key="salah").exists()


def test_command_looks_at_the_size_before_it_reads(file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_IMPORT_BYTES = 10
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("the file was read"))
    with pytest.raises(CommandError, match="terlalu besar"):
        run(file)


def test_command_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        run(tmp_path / "tidak-ada.csv")


def test_command_refuses_what_it_cannot_read(file: Path) -> None:
    file.write_bytes(b"%PDF")
    with pytest.raises(CommandError, match="PDF"):
        run(file)


def test_dry_run_says_the_same_and_writes_nothing(file: Path) -> None:
    tried = run(file, dry_run=True)
    assert not PolicyRow.objects.filter(key__startswith="x.").exists()
    assert "tidak ada yang disimpan" in tried
    done = run(file)
    assert PolicyRow.objects.filter(key__startswith="x.").count() == 2
    assert tried.splitlines()[:-1] == done.splitlines()[:-1]
    assert done.splitlines()[-1] == "Disimpan."
