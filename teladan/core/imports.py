"""Two-phase imports: a file becomes located messages and a preview; only then, all or nothing, rows.

An importer reads, checks and writes one kind of file. `check` runs in a read-only transaction, so that it cannot write;
`commit` checks again in the transaction that writes. The browser keeps the file between the two (`core.kept`); the
command line does both in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, Protocol, TextIO, runtime_checkable

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper
from django.db import connection, transaction

from teladan.core.spreadsheet import FileRefused, too_large

MAX_MESSAGES = 500
MAX_EXAMPLES = 200


@dataclass(frozen=True)
class Message:
    """What is wrong, where, and what to do."""

    level: str  # "error" or "warning"
    sheet: str
    row: int | None
    column: str
    what: str
    todo: str


@dataclass(frozen=True)
class Example:
    """One row of the preview, in words."""

    label: str
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """What a file would do, or did. Messages and examples are capped; the counts are not."""

    kind: str
    filename: str
    messages: list[Message] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    dropped_columns: list[str] = field(default_factory=list)  # personal data that is never stored
    examples: dict[str, list[Example]] = field(default_factory=dict)  # by "new", "changed", "missing"
    errors: int = 0
    warnings: int = 0

    @property
    def ok(self) -> bool:
        """May be committed."""
        return self.errors == 0

    @property
    def hidden_messages(self) -> int:
        """Messages beyond the cap."""
        return self.errors + self.warnings - len(self.messages)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        examples = {key: [Example(**row) for row in rows] for key, rows in data.get("examples", {}).items()}
        messages = [Message(**row) for row in data.get("messages", [])]
        return cls(**{**data, "messages": messages, "examples": examples})


def make_report(kind: str, filename: str, messages: Iterable[Message], **rest: Any) -> Report:
    """A report with errors first, messages and examples capped, and both kinds counted."""
    found = sorted(messages, key=lambda message: (message.level != "error", message.row or 0))
    errors = sum(message.level == "error" for message in found)
    examples = {key: list(rows)[:MAX_EXAMPLES] for key, rows in rest.pop("examples", {}).items()}
    return Report(
        kind=kind,
        filename=filename,
        messages=found[:MAX_MESSAGES],
        errors=errors,
        warnings=len(found) - errors,
        examples=examples,
        **rest,
    )


class Importer(Protocol):
    """One kind of file."""

    @property
    def kind(self) -> str: ...

    def check(self, content: bytes, filename: str, *, by: object) -> Report:
        """What the file would do. Writes nothing. FileRefused when it cannot be read at all."""
        ...

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Check again and write, all or nothing; a report with errors means that nothing was written."""
        ...


@runtime_checkable
class Reducing(Protocol):
    """An importer that says which columns it reads; only those are kept between preview and commit."""

    columns: frozenset[str]
    personal: frozenset[str]


def split_columns(headers: Iterable[str], importer: Reducing) -> tuple[list[str], list[str]]:
    """Columns that are not read, and those among the file's columns that hold personal data and are dropped."""
    unread = [header for header in headers if header not in importer.columns]
    dropped = [header for header in unread if header in importer.personal]
    return [header for header in unread if header not in importer.personal], dropped


@contextmanager
def read_only() -> Iterator[None]:
    """A transaction in which PostgreSQL refuses every write."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield


@contextmanager
def writing(kind: str) -> Iterator[None]:
    """The transaction of a commit; two imports of one kind wait for each other."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import:{kind}"])
        yield


# --- the command line's way ------------------------------------------------------------------------------------------------


def run_command(
    importer: Importer, path: str | Path, *, dry_run: bool, by: object = "cli", stdout: TextIO | OutputWrapper
) -> Report:
    """Check or import a file and print what happened; CommandError (exit code 1) when nothing could be written."""
    file = Path(path)
    content = _read(file)
    act = importer.check if dry_run else importer.commit
    try:
        report = act(content, file.name, by=by)
    except FileRefused as error:
        raise CommandError(str(error)) from error
    stdout.write(render(report, dry_run=dry_run))
    if not report.ok:
        raise CommandError(f"Tidak ada yang disimpan: {report.errors} kesalahan. Perbaiki berkas, lalu ulangi.")
    return report


def _read(file: Path) -> bytes:
    """The file's bytes; its size is looked at first, so that a huge one costs nothing."""
    try:
        size = file.stat().st_size
        if size > settings.MAX_IMPORT_BYTES:
            raise CommandError(too_large(size))
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"Berkas {file} tidak dapat dibaca: {error.strerror}.") from error


def render(report: Report, *, dry_run: bool) -> str:
    """The report as text for a terminal."""
    from rich.console import Console
    from rich.table import Table

    out = StringIO()
    console = Console(file=out, width=140)
    if report.messages:
        table = Table("", "Lembar", "Baris", "Kolom", "Apa", "Yang perlu dilakukan", title=report.filename)
        for message in report.messages:
            level = "SALAH" if message.level == "error" else "periksa"
            row = str(message.row) if message.row else ""
            table.add_row(level, message.sheet, row, message.column, message.what, message.todo)
        console.print(table)
    if report.hidden_messages:
        console.print(f"… dan {report.hidden_messages} pesan lain.")
    for line in _summary(report, dry_run):
        console.print(line, markup=False, highlight=False)
    return out.getvalue()


def _summary(report: Report, dry_run: bool) -> Iterator[str]:
    if report.dropped_columns:
        yield f"Dibuang, tidak pernah disimpan: {', '.join(report.dropped_columns)}."
    if report.ignored_columns:
        yield f"Kolom yang tidak dipakai: {', '.join(report.ignored_columns)}."
    yield (
        f"Baru {report.new}, berubah {report.changed}, tetap {report.unchanged}, "
        f"tidak ada di berkas {report.missing}; {report.errors} kesalahan, {report.warnings} peringatan."
    )
    for example in report.examples.get("missing", []):
        yield f"  tidak ada di berkas: {example.label} {example.detail}".rstrip()
    if dry_run:
        yield "Percobaan: tidak ada yang disimpan."
    elif report.ok:
        yield "Disimpan."
