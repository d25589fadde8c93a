"""Older reports from a file: located refusals, two phases, regimes kept, never mixed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from teladan import scoring
from teladan.core import clock
from teladan.core.imports import Report
from teladan.core.models import AuditEvent, ImportRun
from teladan.core.spreadsheet import FileRefused, write_csv
from teladan.evaluation.imports_skm import PastImporter
from teladan.evaluation.models import PastIndex
from teladan.evaluation.rules.skm import parse_period
from teladan.people.models import Unit
from teladan.scoring import ELEMENTS
from tests import make

pytestmark = pytest.mark.django_db

CASES = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "scoring" / "data" / "skm_contoh_terbit.csv").read_text(encoding="utf-8").splitlines()
    )
)  # fmt: skip
HEAD = ["UNIT", "PERIODE", "IKM", "N", "ATURAN", "MUTU", "CATATAN"]
LAW, OLD = "permenpanrb-14-2017", "kepmenpan-25-2004"
Line = Sequence[object]


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        yield


@pytest.fixture
def unit() -> Unit:
    return make.make_unit("DPMPTSP", "Dinas Penanaman Modal")


def table(*rows: Line, head: Sequence[str] = HEAD) -> bytes:
    return write_csv(head, rows)


def check(*rows: Line, head: Sequence[str] = HEAD, **options: Any) -> Report:
    return PastImporter(**options).check(table(*rows, head=head), "lama.csv", by="uji")


def commit(*rows: Line, head: Sequence[str] = HEAD, **options: Any) -> Report:
    return PastImporter(**options).commit(table(*rows, head=head), "lama.csv", by="uji")


GOOD: Line = ("DPMPTSP", "2015", "64,50", "", "KEP/25/M.PAN/2/2004", "B", "portal kota")


@pytest.mark.parametrize(
    ("place", "value", "column", "what"),
    [
        (0, "TIDAK-ADA", "UNIT", "tidak dikenal"),
        (0, "", "UNIT", "Unit kosong"),
        (1, "2015-Q9", "PERIODE", "tidak terbaca"),
        (1, "", "PERIODE", "tidak terbaca"),
        (1, "2026", "PERIODE", "belum lewat"),
        (2, "2,58", "IKM", "di luar 25 sampai 100"),
        (2, "101", "IKM", "di luar 25 sampai 100"),
        (2, "baik", "IKM", "di luar 25 sampai 100"),
        (3, "banyak", "N", "bukan jumlah"),
        (4, "SK Bupati", "ATURAN", "tidak dikenal"),
        (4, "", "ATURAN", "Aturan mutu kosong"),
    ],
)
def test_import_refuses_a_row_and_says_where(unit: Unit, place: int, value: str, column: str, what: str) -> None:
    row = [*GOOD]
    row[place] = value
    report = commit((GOOD[0], "2014", *GOOD[2:]), row)
    (message,) = [one for one in report.messages if one.level == "error"]
    assert (message.row, message.column) == (3, column)
    assert what in message.what
    assert message.todo
    assert not PastIndex.objects.exists()


def test_import_offers_the_converted_value_of_an_interval_value(unit: Unit) -> None:
    (message,) = check(("DPMPTSP", "2015", "2,58", "", OLD, "", "")).messages
    assert "64.50" in message.todo


@pytest.mark.parametrize(
    ("head", "options", "what"),
    [
        (["PERIODE", "IKM", "ATURAN"], {}, "Kolom UNIT"),
        (["UNIT", "IKM", "ATURAN"], {}, "Kolom PERIODE"),
        (["UNIT", "PERIODE", "IKM"], {}, "Kolom ATURAN"),
        (["UNIT", "PERIODE", "ATURAN", "WAKTU"], {}, "kolom IKM"),
        (["UNIT", "PERIODE", "ATURAN", "U1", "U8"], {}, "hanya bernomor"),
        (["UNIT", "OPP", "PERIODE", "IKM", "ATURAN"], {}, "sama artinya"),
    ],
)
def test_import_refuses_a_file_that_does_not_say_enough(head: list[str], options: Any, what: str) -> None:
    with pytest.raises(FileRefused, match=what):
        check(["x"] * len(head), head=head, **options)


def test_import_refuses_the_same_period_twice(unit: Unit) -> None:
    report = commit(GOOD, GOOD)
    assert [(m.row, m.level) for m in report.messages] == [(3, "error")]
    assert not PastIndex.objects.exists()


def test_import_refuses_two_units_of_one_name(unit: Unit) -> None:
    make.make_unit("LAIN", "Dinas Penanaman Modal")
    (message,) = check(("Dinas Penanaman Modal", *GOOD[1:])).messages
    assert "Beberapa unit" in message.what


def test_check_writes_nothing_and_says_what_commit_does(unit: Unit) -> None:
    dry = check(GOOD)
    assert not PastIndex.objects.exists()
    assert not AuditEvent.objects.filter(event="evaluation.skm_imported").exists()
    assert commit(GOOD) == dry


def test_sawahlunto_2015_is_b_by_its_regime_and_would_be_d_now(unit: Unit) -> None:
    commit(GOOD)
    row = PastIndex.objects.get()
    assert (str(row.ikm), row.first, row.span, row.regime, row.note) == (
        "64.50",
        date(2015, 1, 1),
        12,
        OLD,
        "portal kota",
    )
    assert scoring.band_of(row.ikm, row.regime).grade == "B"
    assert scoring.band_of(row.ikm).grade == "D"


def test_a_grade_of_another_regime_is_a_warning(unit: Unit) -> None:
    (message,) = check(("DPMPTSP", "2015", "64,50", "", LAW, "B", "")).messages
    assert (message.level, message.column) == ("warning", "MUTU")
    assert "64.50 adalah D menurut PermenPANRB 14/2017" in message.what


def test_importing_twice_changes_nothing_and_a_correction_is_audited(unit: Unit) -> None:
    commit(GOOD)
    again = commit(GOOD)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    corrected = commit(("DPMPTSP", "2015", "64,60", "120", OLD, "B", "portal kota"))
    assert (corrected.new, corrected.changed) == (0, 1)
    event = AuditEvent.objects.get(subject="skm:DPMPTSP:2015")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["ikm"], event.after["ikm"], event.after["n"]) == ("64.50", "64.60", 120)


def test_nine_elements_give_the_index_with_the_exact_ninth(unit: Unit) -> None:
    head = ["UNIT", "PERIODE", "ATURAN", *ELEMENTS]
    report = commit(("DPMPTSP", "2023-S1", LAW, *["3,35"] * 9), head=head)
    assert report.ok
    row = PastIndex.objects.get()
    assert (str(row.ikm), row.elements["sarana"], row.span) == ("83.75", "3.35", 6)


def test_an_old_weight_is_found_and_the_published_figure_kept(unit: Unit) -> None:
    head = ["UNIT", "PERIODE", "ATURAN", "IKM", *ELEMENTS]
    report = commit(("DPMPTSP", "2019", LAW, "82,91", *["3,35"] * 9), head=head)
    (message,) = report.messages
    assert message.level == "warning"
    assert "83.75" in message.what
    assert "Bobot 0.11" in message.what
    assert str(PastIndex.objects.get().ikm) == "82.91"


def test_incomplete_elements_without_an_index_are_refused(unit: Unit) -> None:
    head = ["UNIT", "PERIODE", "ATURAN", *ELEMENTS]
    (message,) = check(("DPMPTSP", "2019", LAW, *["3,35"] * 8, ""), head=head).messages
    assert "unsur tidak lengkap: sarana" in message.what
    (message,) = check(("DPMPTSP", "2019", LAW, *["3,35"] * 8, "5"), head=head).messages
    assert (message.column, "5" in message.what) == ("SARANA", True)


RECAP = ["NO", "OPP (unit)", *(f"U{n}" for n in range(1, 10)), "L", "P", "SD", "SLTP", "SLTA", "DIPLOMA", "S1", "S2", "S3",
         "PNS", "TNI/Polri", "Swasta", "Wiraswasta", "Pelajar", "Petani", "Lainnya", "POPULASI", "SAMPEL",
         "NRR TERTIMBANG", "NILAI IKM", "KATEGORI"]  # fmt: skip


@pytest.mark.parametrize(("numbering", "facilities"), [("law", "3.9"), ("asked", "3.8")])
def test_the_recap_layout_is_read_with_its_numbering_declared(unit: Unit, numbering: str, facilities: str) -> None:
    means = [f"3.{n}" for n in range(1, 10)]
    row = ["1", "DPMPTSP", *means, *["5"] * 16, "500", "217", "", "", ""]
    options = {"numbering": numbering, "regime": LAW, "period": parse_period("2023-T2")}
    report = commit(row, head=RECAP, **options)
    assert report.ok, report.messages
    found = PastIndex.objects.get()
    assert (found.elements["sarana"], found.n, found.population, found.span) == (facilities, 217, 500, 3)
    assert "NRR TERTIMBANG" in report.ignored_columns


@pytest.mark.parametrize("case", [c for c in CASES if c["published_ikm"]], ids=lambda c: c["id"])
def test_every_published_index_is_taken_in_with_its_grade(unit: Unit, case: dict[str, str]) -> None:
    old = "2004" in case["regime"] and "2017" not in case["regime"]
    year = case["period"][:4] if case["period"][:4].isdigit() else "2019"
    head = ["UNIT", "PERIODE", "IKM", "N", "ATURAN", "MUTU", *(ELEMENTS if case["e_waktu"] else ())]
    row = ["DPMPTSP", year, case["published_ikm"], case["n"], OLD if old else LAW, case["published_grade"]]
    row += [case[f"e_{name}"] for name in ELEMENTS] if case["e_waktu"] else []
    report = commit(row, head=head)
    assert report.ok, report.messages
    assert not report.messages
    found = PastIndex.objects.get()
    expected = case["grade2004_from_published" if old else "grade2017_from_published"]
    assert scoring.band_of(found.ikm, found.regime).grade == expected


def test_the_database_refuses_an_index_off_the_scale_or_a_period_of_no_calendar(unit: Unit) -> None:
    commit(GOOD)
    for change in ({"ikm": "24"}, {"span": 2}, {"first": date(2015, 2, 1)}, {"span": 3, "first": date(2015, 3, 1)}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PastIndex.objects.update(**change)


# --- command and page ------------------------------------------------------------------------------------------------


def test_command_dry_run_then_import(unit: Unit, tmp_path: Path) -> None:
    file = tmp_path / "lama.csv"
    file.write_bytes(table(("DPMPTSP", "", "80,2", ""), head=["UNIT", "PERIODE", "IKM", "N"]))
    options = ["--regime", LAW, "--period", "2017"]
    out = StringIO()
    call_command("import_skm", str(file), *options, "--dry-run", stdout=out)
    assert "tidak ada yang disimpan" in out.getvalue()
    assert not PastIndex.objects.exists()
    call_command("import_skm", str(file), *options, stdout=out)
    assert str(PastIndex.objects.get().ikm) == "80.20"
    with pytest.raises(CommandError, match="2026-T3"):
        call_command("import_skm", str(file), "--period", "kapan-kapan")


def upload(client: Client, content: bytes, **fields: str) -> Any:
    return client.post(reverse("skm-import"), {"file": SimpleUploadedFile("lama.csv", content), **fields})


@pytest.fixture
def bkpsdm() -> Client:
    client = Client()
    client.force_login(make.make_user(make.make_person(), role="bkpsdm"))
    return client


@pytest.mark.parametrize("role", ["unit_head", "operator", "officer"])
def test_import_page_refuses_other_roles(unit: Unit, role: str) -> None:
    client = Client()
    client.force_login(make.make_user(make.make_staff(unit), role=role, unit=unit))
    assert client.get(reverse("skm-import")).status_code == 403
    assert upload(client, table(GOOD)).status_code == 403
    assert not ImportRun.objects.exists()


def test_import_page_needs_login() -> None:
    assert "/akun/login/" in Client().get(reverse("skm-import"))["Location"]


def test_import_page_says_what_is_wrong_with_a_file(unit: Unit, bkpsdm: Client) -> None:
    response = upload(bkpsdm, table(GOOD), period="kapan")
    assert response.status_code == 422
    assert "2023-S1" in response.content.decode()
    response = upload(bkpsdm, table(["x"], head=["UNIT"]))
    assert response.status_code == 422
    assert "Kolom PERIODE tidak ada" in response.content.decode()
    assert upload(bkpsdm, b"%PDF-1.7").status_code == 422


def test_import_page_previews_then_commits_once(unit: Unit, bkpsdm: Client) -> None:
    response = upload(
        bkpsdm, table(("DPMPTSP", "64,50", "rahasia"), head=["UNIT", "IKM", "NAMA"]), regime=OLD, period="2015"
    )
    assert response.status_code == 302
    run = ImportRun.objects.get()
    assert b"rahasia" not in bytes(run.content)
    text = bkpsdm.get(response["Location"]).content.decode()
    assert "Siap disimpan" in text
    assert "64.50 B" in text
    assert not PastIndex.objects.exists()
    for _ in range(2):
        bkpsdm.post(response["Location"])
    row = PastIndex.objects.get()
    assert (row.regime, row.first) == (OLD, date(2015, 1, 1))
    assert "64,50" in bkpsdm.get(reverse("skm-import")).content.decode()


def test_import_run_of_another_kind_is_not_found(bkpsdm: Client) -> None:
    run = ImportRun.objects.create(
        kind="units", filename="a", sha256="0" * 64, content=b"", report={}, uploaded_at=clock.now(), uploaded_by="uji",
        expires_on=clock.today(),
    )  # fmt: skip
    assert bkpsdm.get(reverse("skm-import-run", args=[run.pk])).status_code == 404
