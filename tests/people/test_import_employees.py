"""The employees' file: what is refused, what is only warned about, what is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from teladan.core.kept import preview
from teladan.core.models import AuditEvent, ImportRun
from teladan.people.imports import EmployeeImporter
from teladan.people.models import Person, Placement, Post, User
from tests.make import make_person, make_post, make_unit, make_user, nip, place
from tests.people import employee_files
from tests.people.employee_files import ana, check, commit, fingerprint, only_error, warnings
from tests.people.files import ALL_COLUMNS, OLD_COLUMNS, employee, employees_csv, employees_xlsx

pytestmark = pytest.mark.django_db

city = employee_files.city


# --- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damaged", ["1.98E+17", "1,98503122010011E+17", "1.99003152015032E+17"])
def test_nip_damaged_by_excel_is_rejected_never_repaired(damaged: str) -> None:
    error = only_error(employee(NIP_BARU=damaged))
    assert (error.row, error.column) == (2, "NIP BARU")
    assert "rusak oleh Excel" in error.what
    assert "format Teks" in error.todo


def test_nip_as_a_number_in_a_workbook_is_rejected() -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    book = load_workbook(BytesIO(employees_xlsx([employee()])))
    book.active.cell(2, ALL_COLUMNS.index("NIP BARU") + 1).value = 199001012015031001
    out = BytesIO()
    book.save(out)
    report = EmployeeImporter().commit(out.getvalue(), "pegawai.xlsx", by="cli")
    assert [(m.sheet, m.row, m.column) for m in report.messages if m.level == "error"] == [("Pegawai", 2, "NIP BARU")]
    assert not Person.objects.filter(name="PEGAWAI 00001").exists()


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"NIP_BARU": "19900101201503100"}, "NIP BARU"),
        ({"NIP_BARU": "199013012015031001"}, "NIP BARU"),
        ({"NIP_BARU": "null"}, "NIP BARU"),
        ({"NAMA": ""}, "NAMA"),
        ({"NAMA": "X" * 151}, "NAMA"),
        ({"UNOR_ID": ""}, "UNOR ID"),
        ({"UNOR_ID": "TIDAK-ADA"}, "UNOR ID"),
        ({"JABATAN_NAMA": "null"}, "JABATAN NAMA"),
        ({"TMT_JABATAN": "2021"}, "TMT JABATAN"),
        ({"TMT_JABATAN": "31-02-2021"}, "TMT JABATAN"),
        ({"TMT_JABATAN": "10/13/2021"}, "TMT JABATAN"),
        ({"JENIS_JABATAN_NAMA": "Jabatan Ajaib"}, "JENIS JABATAN NAMA"),
    ],
)
def test_one_wrong_value_is_located(values: dict[str, str], column: str) -> None:
    error = only_error(employee(2), employee(1, **values))
    assert (error.row, error.column) == (3, column)


def test_an_unknown_unit_names_the_fix() -> None:
    assert "import-units" in only_error(employee(UNOR_ID="X")).todo


def test_a_unit_that_ended_is_refused(city: SimpleNamespace) -> None:
    city.seksi.periods.update(valid_until=date(2026, 11, 1))
    assert "tidak berlaku" in only_error(employee()).what


def test_duplicates_are_refused() -> None:
    assert only_error(employee(1), employee(2), employee(1, PNS_ID="")).what == "NIP BARU sama dengan baris 2."
    assert only_error(employee(1), employee(2, PNS_ID="ID000001")).what == "PNS ID sama dengan baris 2."


def test_pns_id_of_somebody_else_is_refused() -> None:
    commit(employee(1), employee(2))
    assert "milik PEGAWAI 00002" in only_error(employee(1, PNS_ID="ID000002")).what


def test_missing_columns_are_all_named() -> None:
    report = check(employee(), columns=["NIP BARU", "NAMA"])
    assert {message.column for message in report.messages} == {"UNOR ID", "JABATAN NAMA"}


def test_a_file_without_people_is_refused() -> None:
    assert "tidak berisi" in check().messages[0].what


def test_a_shifted_row_is_refused() -> None:
    content = employees_csv([employee()]).rstrip() + b",lebih\r\n"
    report = EmployeeImporter().commit(content, "pegawai.csv", by="cli")
    assert "bergeser" in report.messages[0].what


def test_nothing_is_written_when_one_of_many_rows_is_wrong() -> None:
    only_error(*(employee(number) for number in range(1, 50)), employee(99, NIP_BARU="1"))


def test_operator_of_a_unit_refuses_people_elsewhere(city: SimpleNamespace) -> None:
    other = make_unit("D2", parent=city.top)
    operator = make_user(role="operator", unit=city.dinas)
    assert "luar unit Anda" in only_error(employee(UNOR_ID="D2"), by=operator).what
    person = make_person(nip=nip(5))
    place(person, make_post(other))
    assert "luar unit Anda" in only_error(employee(5), by=operator).what
    assert commit(employee(1), by=operator).new == 1


def test_operator_sees_as_missing_only_own_people(city: SimpleNamespace) -> None:
    place(make_person(), make_post(make_unit("D2", parent=city.top)))
    operator = make_user(role="operator", unit=city.dinas)
    assert check(employee(1), by=operator).missing == 1  # the head of D
    assert check(employee(1)).missing == 2


# --- the dry run ------------------------------------------------------------------------------------------------------------


def test_check_writes_nothing_and_the_database_would_not_let_it(monkeypatch: pytest.MonkeyPatch) -> None:
    commit(employee(1))
    before = fingerprint()
    check(employee(1, NAMA="LAIN"), employee(2), employee(3, JABATAN_NAMA="Baru"))
    assert fingerprint() == before
    from teladan.people.imports import employees

    monkeypatch.setattr(employees, "read_table", lambda *_: Post.objects.update(title="x"))
    with pytest.raises(Exception, match="read-only transaction"):
        check(employee(1))


def test_writing_works_again_after_a_check() -> None:
    check(employee(1))
    assert commit(employee(1)).new == 1


def test_check_says_what_commit_says() -> None:
    commit(employee(1), employee(2), employee(3))
    rows = [employee(1), employee(2, NAMA="LAIN", GOL_AKHIR_NAMA="X"), employee(4), employee(5, UNOR_ID="D")]
    said = check(*rows)
    done = commit(*rows)
    assert (said.new, said.changed, said.unchanged, said.missing) == (2, 1, 1, 2)
    assert said == done


# --- personal data -------------------------------------------------------------------------------------------------------------


def test_nik_religion_and_address_are_never_stored() -> None:
    user = make_user(role="bkpsdm")
    content = employees_xlsx([employee(1)])
    run = preview(EmployeeImporter(), content, "pegawai.xlsx", by=user)
    assert {"NIK", "AGAMA NAMA", "ALAMAT"} <= set(run.report["dropped_columns"])
    kept = bytes(ImportRun.objects.get(pk=run.pk).content)
    for secret in (b"RAHASIA-AGAMA", b"RAHASIA-ALAMAT", b"1373010101900001", b"NIK"):
        assert secret not in kept
    commit(employee(1))
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            assert not any("RAHASIA" in row[0] or "1373010101900001" in row[0] for row in cursor.fetchall())


def test_unknown_columns_are_ignored_and_named() -> None:
    report = check(employee(1, CATATAN="x"), columns=[*ALL_COLUMNS, "CATATAN"])
    assert "CATATAN" in report.ignored_columns
    assert report.new == 1


# --- traps ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"NIP_BARU": f"'{nip(1)}", "NAMA": "'PEGAWAI 00001"},
        {"GELAR_DEPAN": "null", "EMAIL": "NULL", "GELAR_BELAKANG": "null"},
        {"TANGGAL_LAHIR": "1990-01-01", "TMT_JABATAN": "2021-10-01"},
        {"TANGGAL_LAHIR": "01/01/1990", "TMT_JABATAN": "1/10/2021"},
        {"TANGGAL_LAHIR": "1990-01-01 00:00:00", "TMT_JABATAN": "01-10-2021 00:00"},
        {"JENIS_KELAMIN": "L"},
        {"JENIS_KELAMIN": "m"},
    ],
)
def test_ordinary_traps_give_the_same_person(values: dict[str, str]) -> None:
    assert commit(employee(1, **values)).messages == []
    person = ana()
    assert (person.name, person.born_on, person.sex, person.email, person.full_name) == (
        "PEGAWAI 00001",
        date(1990, 1, 1),
        "L",
        "",
        "PEGAWAI 00001",
    )
    assert Placement.objects.get(person=person).valid_from == date(2021, 10, 1)


@pytest.mark.parametrize("make_file", [employees_csv, employees_xlsx])
def test_any_order_of_columns_in_both_formats(make_file: Callable[..., bytes]) -> None:
    content = make_file([employee(1)], ALL_COLUMNS[::-1])
    assert EmployeeImporter().commit(content, "p.xlsx" if content[:2] == b"PK" else "p.csv", by="cli").new == 1


def test_whoever_leaves_is_signed_out_for_good() -> None:
    commit(employee(1))
    account, other = make_user(ana(), role="officer", unit=make_unit()), make_user(make_person(), role="bkpsdm")
    commit(employee(1, KEDUDUKAN_HUKUM_NAMA="Masa Persiapan Pensiun"))
    assert User.objects.get(pk=account.pk).is_active
    commit(employee(1, KEDUDUKAN_HUKUM_NAMA="Pensiun"))
    assert list(User.objects.filter(is_active=False)) == [account]
    (event,) = AuditEvent.objects.filter(event="people.account_closed")
    assert event.subject == f"user:{account.pk}"
    commit(employee(1, KEDUDUKAN_HUKUM_NAMA="Aktif"))  # nobody gets back in by a file
    assert not User.objects.get(pk=account.pk).is_active
    assert User.objects.get(pk=other.pk).is_active


def test_older_files_of_65_columns() -> None:
    assert (len(ALL_COLUMNS), len(OLD_COLUMNS)) == (69, 65)
    assert commit(employee(1), columns=OLD_COLUMNS).new == 1


def test_a_column_that_is_not_there_changes_nothing() -> None:
    commit(employee(1, EMAIL_GOV="a@b.go.id", GELAR_BELAKANG="S.Kom."))
    few = [column for column in ALL_COLUMNS if column not in {"EMAIL", "EMAIL GOV", "GELAR BELAKANG"}]
    assert commit(employee(1), columns=few).unchanged == 1
    assert ana().email == "a@b.go.id"
    assert commit(employee(1)).changed == 1
    assert ana().email == ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"TANGGAL_LAHIR": "02-01-1990"}, "berbeda dari NIP"),
        ({"JENIS_KELAMIN": "F"}, "berbeda dari NIP"),
        ({"JENIS_KELAMIN": "X"}, "tidak dikenal"),
        ({"JENIS_PEGAWAI_NAMA": "PPPK", "GOL_AKHIR_NAMA": "IX"}, "berpola PNS"),
        ({"GOL_AKHIR_NAMA": "V/z"}, "Golongan"),
        ({"EMAIL": "bukan surel"}, "surel"),
        ({"KEDUDUKAN_HUKUM_NAMA": "Entah"}, "dianggap aktif"),
        ({"TMT_JABATAN": ""}, "TMT JABATAN kosong"),
        ({"ESELON_NAMA": "Z"}, "Eselon"),
        ({"JENIS_JABATAN_NAMA": "Jabatan Struktural"}, "dianggap pelaksana"),
    ],
)
def test_contradictions_are_warnings(values: dict[str, str], words: str) -> None:
    report = commit(employee(1, **values))
    assert any(words in what for what in warnings(report))
    assert report.new == 1


def test_pppk() -> None:
    number = nip(1, since="202421")
    report = commit(
        employee(1, NIP_BARU=number, JENIS_PEGAWAI_NAMA="PPPK", STATUS_CPNS_PNS="null", GOL_AKHIR_NAMA="IX")
    )
    assert report.messages == []
    person = Person.objects.get(nip=number)
    assert (person.employment, person.grade) == ("PPPK", "IX")


# --- size --------------------------------------------------------------------------------------------------------------


def crowd(count: int) -> list[dict[str, str]]:
    """So many faultless rows, each with a NIP of its own."""
    days = [date(1965 + number // 336, 1 + number // 28 % 12, 1 + number % 28) for number in range(336 * 30)]
    return [
        employee(number, NIP_BARU=nip(number, born=born), TANGGAL_LAHIR=f"{born:%d-%m-%Y}")
        for number, born in enumerate(days[:count])
    ]


@pytest.mark.parametrize("count", [3, 60])
def test_check_costs_the_same_for_three_and_for_sixty(
    django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    content = employees_csv(crowd(count))
    with django_assert_num_queries(13):
        assert EmployeeImporter().check(content, "p.csv", by="cli").new == count


@pytest.mark.slow
def test_ten_thousand_rows_in_thirty_seconds() -> None:
    content = employees_csv(crowd(10_000))
    start = time.perf_counter()
    assert EmployeeImporter().commit(content, "p.csv", by="cli").new == 10_000
    assert time.perf_counter() - start < 30
