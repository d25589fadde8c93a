"""Events from a file: what is turned away and where, idempotence, tickets of other systems, sealed months."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from teladan.core import clock
from teladan.core.imports import Report
from teladan.core.models import AuditEvent
from teladan.core.spreadsheet import write_csv, write_xlsx
from teladan.feedback.actions.sealing import open_month
from teladan.feedback.imports_events import EventImporter
from teladan.feedback.models import CollectionMonth, Ticket
from teladan.services.models import EventHelper, ServiceEvent
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-10-20T10:00:00+07:00")
OCTOBER = date(2026, 10, 1)
HEADERS = [
    "NOMOR",
    "KODE LAYANAN",
    "NIP PETUGAS",
    "KODE LOKET",
    "SALURAN",
    "WAKTU TEMU",
    "BERKAS LENGKAP",
    "SELESAI",
    "HASIL",
    "PETUGAS LAIN",
    "SIDIK TIKET",
]


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def city() -> SimpleNamespace:
    unit = make.make_unit("DISDUKCAPIL")
    return SimpleNamespace(
        unit=unit,
        counter=make.make_counter(unit, "L1"),
        service=make.make_service(unit, "KK-BARU"),
        officer=make.make_person(),
        source=make.make_source("ANTREAN", issues_tickets=True),
    )


def row(city: SimpleNamespace, **kw: str) -> dict[str, str]:
    return {
        "NOMOR": "A-1",
        "KODE LAYANAN": "KK-BARU",
        "NIP PETUGAS": city.officer.nip,
        "KODE LOKET": "L1",
        "SALURAN": "loket",
        "WAKTU TEMU": "2026-10-05 09:30",
        "BERKAS LENGKAP": "2026-10-05 09:35",
        "SELESAI": "",
        "HASIL": "dipenuhi",
        "PETUGAS LAIN": "",
        "SIDIK TIKET": "",
        **kw,
    }


def table(*rows: dict[str, str], headers: list[str] | None = None) -> bytes:
    headers = headers or list(dict.fromkeys(name for one in rows for name in one))
    return write_csv(headers, [[one.get(name, "") for name in headers] for one in rows])


def commit(city: SimpleNamespace, *rows: dict[str, str]) -> Report:
    return EventImporter(city.source).commit(table(*rows), "antrean.csv", by="test")


def errors(report: Report) -> list[tuple[int | None, str]]:
    return [(message.row, message.column) for message in report.messages if message.level == "error"]


def mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def seal(month: date) -> None:
    opened = open_month(month)
    opened.state, opened.sealed_at, opened.sealed_by = CollectionMonth.State.SEALED, clock.now(), "test"
    opened.seal_digest = "0" * 64
    opened.save()


# --- turned away -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"NOMOR": ""}, "NOMOR", "kosong"),
        ({"NOMOR": "x" * 61}, "NOMOR", "panjang"),
        ({"KODE LAYANAN": "TIDAK-ADA"}, "KODE LAYANAN", "katalog"),
        ({"NIP PETUGAS": "1.98001E+17"}, "NIP PETUGAS", "18 angka"),
        ({"NIP PETUGAS": "198001012005019999"}, "NIP PETUGAS", "belum ada"),
        ({"KODE LOKET": "L9"}, "KODE LOKET", "tidak dikenal"),
        ({"KODE LOKET": "PLN"}, "KODE LOKET", "bukan pegawai kota"),
        ({"SALURAN": "pos"}, "SALURAN", "tidak dikenal"),
        ({"HASIL": "hilang"}, "HASIL", "tidak dikenal"),
        ({"WAKTU TEMU": ""}, "WAKTU TEMU", "kosong"),
        ({"WAKTU TEMU": "2026-10-05"}, "WAKTU TEMU", "tidak terbaca"),
        ({"WAKTU TEMU": "31/02/2026 09:00"}, "WAKTU TEMU", "tidak terbaca"),
        ({"WAKTU TEMU": "2026-10-21 09:00", "BERKAS LENGKAP": ""}, "WAKTU TEMU", "masa depan"),
        ({"SELESAI": "2026-10-05 09:34"}, "SELESAI", "lebih awal"),
        ({"PETUGAS LAIN": "Budi"}, "PETUGAS LAIN", "tidak terbaca"),
        ({"PETUGAS LAIN": "198001012005019999:verifikator"}, "PETUGAS LAIN", "belum ada"),
        ({"SIDIK TIKET": "abc"}, "SIDIK TIKET", "SHA-256"),
    ],
)
def test_row_is_refused_with_its_place(city: SimpleNamespace, change: dict[str, str], column: str, words: str) -> None:
    make.make_counter(None, "PLN")
    report = commit(city, row(city, NOMOR="A-0"), row(city, **change))
    assert errors(report) == [(3, column)]
    assert words in report.messages[0].what
    assert report.messages[0].todo
    assert not ServiceEvent.objects.exists()


def test_file_without_needed_columns_is_refused(city: SimpleNamespace) -> None:
    report = EventImporter(city.source).commit(table({"NOMOR": "A-1", "KODE LOKET": "L1"}), "x.csv", by="test")
    assert errors(report) == [(1, "KODE LAYANAN"), (1, "NIP PETUGAS"), (1, "WAKTU TEMU")]


def test_file_without_source_needs_the_column(city: SimpleNamespace) -> None:
    report = EventImporter().commit(table(row(city)), "x.csv", by="test")
    assert errors(report) == [(1, "SUMBER")]


def test_unknown_and_foreign_sources_are_refused(city: SimpleNamespace) -> None:
    rows = table(row(city, SUMBER="ANTREAN"), row(city, NOMOR="A-2", SUMBER="LAIN"))
    assert errors(EventImporter().commit(rows, "x.csv", by="test")) == [(3, "SUMBER")]
    assert errors(EventImporter(city.source).commit(rows, "x.csv", by="test")) == [(3, "SUMBER")]


def test_number_twice_is_refused(city: SimpleNamespace) -> None:
    report = commit(city, row(city), row(city))
    assert errors(report) == [(3, "NOMOR")]
    assert "baris 2" in report.messages[0].what


def test_same_number_of_two_sources_is_two_events(city: SimpleNamespace) -> None:
    make.make_source("BERKAS")
    rows = table(row(city, SUMBER="ANTREAN"), row(city, SUMBER="BERKAS"))
    assert EventImporter().commit(rows, "x.csv", by="test").new == 2


def test_other_content_under_a_recorded_number_is_refused(city: SimpleNamespace) -> None:
    commit(city, row(city))
    report = commit(city, row(city, **{"WAKTU TEMU": "2026-10-05 09:31"}), row(city, NOMOR="A-2"))
    assert errors(report) == [(2, "NOMOR")]
    assert ServiceEvent.objects.count() == 1


def test_sealed_month_takes_no_new_event_but_lets_files_be_finished(city: SimpleNamespace) -> None:
    september = {"WAKTU TEMU": "2026-09-05 09:30", "BERKAS LENGKAP": "2026-09-05 09:35"}
    commit(city, row(city, **september, **{"SIDIK TIKET": mark("t")}))
    seal(date(2026, 9, 1))
    report = commit(city, row(city, **{**september, "NOMOR": "A-2"}))
    assert errors(report) == [(2, "WAKTU TEMU")]
    assert "2026-09 sudah ditutup" in report.messages[0].what
    done = {**september, "SELESAI": "2026-10-01 09:00", "SIDIK TIKET": mark("t")}
    assert commit(city, row(city, **done)).changed == 1


def test_fingerprint_of_a_source_without_tickets_is_refused(city: SimpleNamespace) -> None:
    city.source = make.make_source("BERKAS")
    assert errors(commit(city, row(city, **{"SIDIK TIKET": mark("t")}))) == [(2, "SIDIK TIKET")]


def test_fingerprint_belongs_to_one_event(city: SimpleNamespace) -> None:
    twice = commit(city, row(city, **{"SIDIK TIKET": mark("t")}), row(city, NOMOR="A-2", **{"SIDIK TIKET": mark("t")}))
    assert errors(twice) == [(3, "SIDIK TIKET")]
    commit(city, row(city, **{"SIDIK TIKET": mark("t")}))
    assert errors(commit(city, row(city, NOMOR="A-2", **{"SIDIK TIKET": mark("t")}))) == [(2, "SIDIK TIKET")]
    assert errors(commit(city, row(city, **{"SIDIK TIKET": mark("other")}))) == [(2, "SIDIK TIKET")]
    assert Ticket.objects.count() == 1


def test_dry_run_writes_nothing_and_says_what_the_real_run_says(city: SimpleNamespace) -> None:
    content = table(row(city, **{"SIDIK TIKET": mark("t")}), row(city, NOMOR="A-2"))
    audits = AuditEvent.objects.count()
    checked = EventImporter(city.source).check(content, "x.csv", by="test")
    assert (ServiceEvent.objects.count(), Ticket.objects.count()) == (0, 0)
    assert AuditEvent.objects.count() == audits
    assert checked == EventImporter(city.source).commit(content, "x.csv", by="test")


# --- accepted --------------------------------------------------------------------------------------------------------


def test_commit_records_event_helpers_and_ticket(city: SimpleNamespace) -> None:
    helper = make.make_person()
    report = commit(city, row(city, **{"PETUGAS LAIN": f"{helper.nip}:verifikator", "SIDIK TIKET": mark("t").upper()}))
    assert (report.ok, report.new) == (True, 1)
    event, ticket = ServiceEvent.objects.get(), Ticket.objects.get()
    assert event.met_at == datetime.fromisoformat("2026-10-05T09:30:00+07:00")
    assert (event.month, event.unit, event.finished_at) == (OCTOBER, city.unit, None)
    assert list(EventHelper.objects.values_list("person", "role")) == [(helper.pk, "verifikator")]
    assert bytes(ticket.token_hash).hex() == mark("t")
    assert (ticket.officer, ticket.month) == (city.officer, OCTOBER)


@pytest.mark.parametrize(
    "text",
    ["2026-10-05T09:30:00+07:00", "2026-10-05 02:30Z", "05/10/2026 09.30", "5-10-2026 9:30:00", "2026-10-05 09:30:00"],
)
def test_times_are_read_as_offices_write_them(city: SimpleNamespace, text: str) -> None:
    assert commit(city, row(city, **{"WAKTU TEMU": text})).ok
    assert ServiceEvent.objects.get().met_at == datetime.fromisoformat("2026-10-05T09:30:00+07:00")


def test_commit_again_changes_nothing_and_later_file_finishes(city: SimpleNamespace) -> None:
    first = row(city, **{"SIDIK TIKET": mark("t")})
    commit(city, first)
    assert (again := commit(city, first)).unchanged == 1
    assert again.new == again.changed == 0
    later = commit(city, {**first, "SELESAI": "2026-10-08 14:00"})
    assert (later.changed, later.new) == (1, 0)
    stale = commit(city, first)
    assert (stale.unchanged, stale.ok) == (1, True)
    event = ServiceEvent.objects.get()
    assert event.finished_at == datetime.fromisoformat("2026-10-08T14:00:00+07:00")
    assert Ticket.objects.count() == 1


def test_columns_in_any_order_and_personal_ones_dropped(city: SimpleNamespace) -> None:
    one = {"NIK": "1373010101010001", "CATATAN": "x", **dict(reversed(row(city).items()))}
    report = EventImporter(city.source).commit(table(one), "x.csv", by="test")
    assert (report.ok, report.new) == (True, 1)
    assert (report.dropped_columns, report.ignored_columns) == (["NIK"], ["CATATAN"])


def test_finished_without_complete_file_is_a_warning(city: SimpleNamespace) -> None:
    report = commit(city, row(city, **{"BERKAS LENGKAP": "", "SELESAI": "2026-10-05 10:00"}))
    assert (report.ok, report.warnings, report.messages[0].column) == (True, 1, "BERKAS LENGKAP")


def test_workbook_is_read_like_a_text_file(city: SimpleNamespace) -> None:
    content = write_xlsx(HEADERS, [[row(city)[name] for name in HEADERS]])
    assert EventImporter(city.source).commit(content, "antrean.xlsx", by="test").new == 1


# --- the command -----------------------------------------------------------------------------------------------------


def test_command_refuses_unknown_source_and_missing_file(city: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="belum terdaftar"):
        call_command("import_events", str(tmp_path / "x.csv"), "--source", "LAIN")
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        call_command("import_events", str(tmp_path / "x.csv"), "--source", "ANTREAN")


def test_command_prints_faults_and_stops(city: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "antrean.csv"
    path.write_bytes(table(row(city, **{"KODE LOKET": "L9"})))
    out = StringIO()
    with pytest.raises(CommandError, match="1 kesalahan"):
        call_command("import_events", str(path), "--source", "ANTREAN", stdout=out)
    assert "KODE LOKET" in out.getvalue()


def test_command_tries_and_imports(city: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "antrean.csv"
    path.write_bytes(table(row(city, SUMBER="ANTREAN")))
    out = StringIO()
    call_command("import_events", str(path), "--dry-run", stdout=out)
    assert not ServiceEvent.objects.exists()
    call_command("import_events", str(path), stdout=out)
    assert "Percobaan" in out.getvalue()
    assert "Disimpan" in out.getvalue()
    assert ServiceEvent.objects.count() == 1


@pytest.mark.slow
def test_10_000_rows_with_tickets_take_seconds(city: SimpleNamespace) -> None:
    rows = []
    for index in range(10_000):
        one = row(city, NOMOR=f"A-{index}", SELESAI="2026-10-06 08:00", **{"SIDIK TIKET": mark(str(index))})
        rows.append([one[name] for name in HEADERS])
    content = write_csv(HEADERS, rows)
    began = time.process_time()
    report = EventImporter(city.source).commit(content, "besar.csv", by="test")
    assert (report.ok, report.new, Ticket.objects.count()) == (True, 10_000, 10_000)
    assert time.process_time() - began < 6  # of this process: neighbours do not count
