"""Service events from a file: CSV or XLSX of a queue machine or case system, checked, then written all or nothing.

Idempotent by source and number: the same row again changes nothing, a row that now has its times finishes the event, a
row that says something else is an error. Sealed months take no new events. A source that hands out its own tickets
sends their fingerprint, `SHA-256("teladan-ticket-v1" | token)`, and the ticket is registered with the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.utils import timezone
from django.utils.translation import gettext

from teladan.core import clock
from teladan.core.imports import Example, Message, Report, make_report, read_only, split_columns, writing
from teladan.core.kept import Files
from teladan.core.spreadsheet import FileRefused, Row, Table, read_table
from teladan.feedback import intake, tokens
from teladan.feedback.actions.sealing import MonthSealed
from teladan.feedback.actions.tickets import TicketRefused, register_tickets, registered_pairs
from teladan.feedback.intake import Fault
from teladan.feedback.queries import month_states
from teladan.people.access import everywhere, units_where
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.services import actions, queries
from teladan.services import rules as service_rules
from teladan.services.actions import EventRefused, NewEvent
from teladan.services.models import SourceSystem
from teladan.services.rules import Change

KIND = "events"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file that could be read."""

    row: int
    event: NewEvent
    month: date
    fingerprint: bytes | None


@dataclass
class Plan:
    """What a file would do: readable lines per source, and what is wrong."""

    sheet: str
    messages: list[Message] = field(default_factory=list)
    lines: dict[int, list[Line]] = field(default_factory=dict)
    counts: dict[Change | None, int] = field(default_factory=dict)  # None: not there yet
    examples: dict[str, list[Example]] = field(default_factory=lambda: {"new": [], "changed": []})
    ignored: tuple[list[str], list[str]] = ([], [])

    def say(self, row: int | None, fault: Fault) -> None:
        self.messages.append(Message(fault.level, self.sheet, row, fault.column, fault.what, fault.todo))

    def report(self, filename: str) -> Report:
        return make_report(
            KIND,
            filename,
            self.messages,
            new=self.counts.get(None, 0),
            changed=self.counts.get(Change.PROGRESS, 0),
            unchanged=self.counts.get(Change.SAME, 0),
            ignored_columns=self.ignored[0],
            dropped_columns=self.ignored[1],
            examples=self.examples,
        )


class EventImporter:
    """Reads events of one source, or (without a source) of the sources named in the column SUMBER."""

    columns = intake.COLUMNS
    personal = intake.PERSONAL

    def __init__(self, source: SourceSystem | None = None) -> None:
        self.sources = {source.pk: source} if source else queries.active_sources()
        self.only = source

    @property
    def kind(self) -> str:
        """Names the source, too, so that a kept file is committed as it was checked."""
        return f"{KIND}:{self.only.pk}" if self.only else KIND

    @classmethod
    def of_kind(cls, kind: str) -> EventImporter:
        """The importer that `kind` names; FileRefused when its source was stopped since."""
        key = kind.removeprefix(KIND).removeprefix(":")
        if not key:
            return cls()
        source = queries.active_sources().get(int(key))
        if source is None:
            raise FileRefused(gettext("Sumber berkas ini sudah berhenti. Tidak ada yang disimpan."))
        return cls(source)

    def check(self, content: bytes, filename: str, *, by: object) -> Report:
        """What the file would do. Writes nothing."""
        with read_only():
            return self._plan(content, filename, by).report(filename)

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Check again and write, all or nothing."""
        try:
            with writing(KIND):
                plan = self._plan(content, filename, by)
                report = plan.report(filename)
                if report.ok:
                    self._write(plan, by)
                return report
        except (EventRefused, TicketRefused, MonthSealed) as error:  # something else came in between
            again = "Periksa berkas sekali lagi, lalu ulangi."
            return make_report(KIND, filename, [Message("error", "", None, "", str(error), again)])

    # --- reading -----------------------------------------------------------------------------------------------------

    def _plan(self, content: bytes, filename: str, by: object) -> Plan:
        table = read_table(content, filename)
        plan = Plan(table.sheet, ignored=split_columns(table.headers, self))
        required = intake.REQUIRED if self.only else ("SUMBER", *intake.REQUIRED)
        for column in required:
            if column not in table.headers:
                plan.say(1, Fault(column, f"Kolom {column} tidak ada.", "Tambahkan judul kolom itu di baris pertama."))
        if not plan.messages:
            self._read_rows(table, plan, _own_units(by))
            sealed = {month for month, state in month_states().items() if state.is_sealed}
            for key, lines in plan.lines.items():
                _compare(plan, self.sources[key], lines, sealed)
                _compare_tickets(plan, self.sources[key], lines)
        return plan

    def _read_rows(self, table: Table, plan: Plan, own: frozenset[int] | None) -> None:
        rows = list(table.rows)
        directory = intake.Directory.for_rows(row.values for row in rows)
        codes = {source.code: key for key, source in self.sources.items()}
        now = clock.now()
        numbers: dict[tuple[int, str], int] = {}
        prints: dict[bytes, int] = {}
        for row in rows:
            key = self._source_of(row, codes, plan)
            reading = intake.read(row.values, directory, now=now)
            for fault in reading.faults:
                plan.say(row.number, fault)
            if key is None or reading.event is None:
                continue
            if own is not None and reading.event.unit not in own:
                what = gettext("Loket %(code)s bukan milik unit Anda.") % {"code": row.values.get("KODE LOKET", "")}
                todo = gettext("Minta operator unit pemiliknya, atau BKPSDM, memasukkan baris ini.")
                plan.say(row.number, Fault("KODE LOKET", what, todo))
                continue
            month = clock.month_of(reading.event.facts.met_at)
            line = Line(row.number, reading.event, month, reading.fingerprint)
            if repeated := self._repeated(line, key, numbers, prints):
                plan.say(row.number, repeated)
                continue
            plan.lines.setdefault(key, []).append(line)

    def _source_of(self, row: Row, codes: Mapping[str, int], plan: Plan) -> int | None:
        named = row.values.get("SUMBER", "")
        if self.only:
            if named in {"", self.only.code}:
                return self.only.pk
            what = f"Baris ini dari sumber {named!r}, bukan {self.only.code!r}."
            plan.say(
                row.number, Fault("SUMBER", what, "Impor tiap sumber dengan berkasnya sendiri, atau tanpa --source.")
            )
            return None
        if named not in codes:
            what = f"Sumber {named!r} belum terdaftar." if named else "Sumber kosong."
            plan.say(row.number, Fault("SUMBER", what, "Administrator mendaftarkannya di halaman Sumber data."))
        return codes.get(named)

    def _repeated(
        self, line: Line, key: int, numbers: dict[tuple[int, str], int], prints: dict[bytes, int]
    ) -> Fault | None:
        first = numbers.setdefault((key, line.event.number), line.row)
        if first != line.row:
            return Fault("NOMOR", f"Nomor {line.event.number} sudah ada di baris {first}.", "Hapus salah satu baris.")
        if line.fingerprint is None:
            return None
        if not self.sources[key].issues_tickets:
            what = f"Sumber {self.sources[key].code} tidak menyerahkan tiket."
            return Fault("SIDIK TIKET", what, "Kosongkan kolom ini, atau ubah sumbernya di halaman Sumber data.")
        first = prints.setdefault(line.fingerprint, line.row)
        if first != line.row:
            return Fault(
                "SIDIK TIKET", f"Sidik tiket ini sudah ada di baris {first}.", "Satu tiket untuk satu layanan."
            )
        return None

    # --- writing -----------------------------------------------------------------------------------------------------

    def _write(self, plan: Plan, by: object) -> None:
        sealed = {month for month, state in month_states().items() if state.is_sealed}
        for key, lines in plan.lines.items():
            source = self.sources[key]
            result = actions.record_events_bulk((line.event for line in lines), source=source, by=by)
            register_tickets(
                (actions.as_event(result.ids[line.event.number], source, line.event), line.fingerprint)
                for line in lines
                if line.fingerprint and line.month not in sealed
            )


def _own_units(by: object) -> frozenset[int] | None:
    """Units whose counters' events this account may bring; None where it is no account, or may for the whole city."""
    if not isinstance(by, User) or everywhere(by, Permission.EVENTS_IMPORT):
        return None
    return frozenset(units_where(by, Permission.EVENTS_IMPORT).values_list("pk", flat=True))


def _compare(plan: Plan, source: SourceSystem, lines: Sequence[Line], sealed: set[date]) -> None:
    """Against what is recorded already."""
    known = queries.recorded(source, (line.event.number for line in lines))
    for line in lines:
        old = known.get(line.event.number)
        change = service_rules.compare(old.facts, line.event.facts) if old else None
        plan.counts[change] = plan.counts.get(change, 0) + 1
        if change is Change.CONFLICT:
            what = f"Nomor {line.event.number} sudah tercatat dengan isi yang berbeda."
            plan.say(
                line.row, Fault("NOMOR", what, "Yang sudah tercatat tidak diubah. Beri nomor lain atau hapus baris.")
            )
        elif change is None and line.month in sealed:
            what = f"Bulan {line.month:%Y-%m} sudah ditutup; layanan baru tidak dapat masuk lagi."
            plan.say(line.row, Fault("WAKTU TEMU", what, "Hapus baris ini, atau periksa tanggalnya."))
        elif change is not Change.SAME:
            _example(plan, line, "changed" if change else "new")


def _example(plan: Plan, line: Line, kind: str) -> None:
    if len(plan.examples[kind]) < 20:
        met_at = timezone.localtime(line.event.facts.met_at)
        plan.examples[kind].append(Example(line.event.number, f"ditemui {met_at:%Y-%m-%d %H.%M}"))


def _compare_tickets(plan: Plan, source: SourceSystem, lines: Sequence[Line]) -> None:
    """A ticket belongs to one event for ever."""
    for chunk in _chunks([line for line in lines if line.fingerprint]):
        rows = {tokens.event_key(source.code, line.event.number): line for line in chunk}
        hashes = {line.fingerprint: key for key, line in rows.items() if line.fingerprint}
        for key, hashed in registered_pairs(rows, hashes):
            owner = hashes.get(hashed)
            if owner != key:
                line = rows[owner or key]
                what = f"Nomor {line.event.number} atau sidik tiketnya sudah terdaftar dengan pasangan lain."
                plan.say(line.row, Fault("SIDIK TIKET", what, "Periksa sistem sumber; tiket tidak dapat dipindahkan."))


def _chunks(lines: Sequence[Line], size: int = 5000) -> Iterator[list[Line]]:
    rest = iter(lines)
    while chunk := list(islice(rest, size)):
        yield chunk


FILES = Files("feedback.import_events", EventImporter.of_kind)

EXAMPLE: tuple[tuple[str, str], ...] = (
    ("NOMOR", "A-001"),
    ("KODE LAYANAN", "KK-BARU"),
    ("NIP PETUGAS", "198001012005011001"),
    ("KODE LOKET", "LOKET-1"),
    ("WAKTU TEMU", "2026-10-05 09:30"),
    ("SALURAN", "loket"),
    ("BERKAS LENGKAP", "2026-10-05 09:35"),
    ("SELESAI", "2026-10-05 10:10"),
    ("HASIL", "dipenuhi"),
    ("SUMBER", ""),
)
"""A file of one row with the usual columns."""
