"""The file of units: circles, orphans, two tops; then a tree that changes over time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from teladan.core import clock
from teladan.core.imports import Message, Report
from teladan.people import queries
from teladan.people.imports import UnitImporter
from teladan.people.models import Post, Unit, UnitPeriod
from tests.make import make_head, make_staff, make_unit, make_user
from tests.people.files import UNIT_COLUMNS, units_csv

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 9)
CITY = ["KOTA", "Pemerintah Kota", "", "kota", "", "2020-01-01"]
OFFICE = ["D", "Dinas", "KOTA", "opd", "Kepala Dinas", "2020-01-01"]
SECTION = ["S", "Seksi", "D", "seksi", "Kepala Seksi", "2020-01-01"]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.at(clock.local(TODAY, 10)):
        yield


def commit(*rows: list[str], by: object = "cli", columns: list[str] | None = None) -> Report:
    return UnitImporter().commit(units_csv(*rows, columns=columns), "unit.csv", by=by)


def only_error(*rows: list[str], by: object = "cli") -> Message:
    before = UnitPeriod.objects.count()
    report = commit(*rows, by=by)
    assert UnitPeriod.objects.count() == before
    [error] = [message for message in report.messages if message.level == "error"]
    assert error.todo
    return error


def changed(row: list[str], **values: str) -> list[str]:
    found = dict(zip(UNIT_COLUMNS, row, strict=True))
    return list((found | {key.replace("_", " "): value for key, value in values.items()}).values())


# --- refusals ------------------------------------------------------------------------------------------------------------


def test_a_circle_is_refused_and_spelled_out() -> None:
    error = only_error(CITY, changed(OFFICE, KODE_INDUK="S"), SECTION)
    assert (error.row, error.column, error.what) == (3, "KODE INDUK", "Unit saling membawahi: D → S → D.")


def test_a_circle_with_what_is_recorded_is_refused() -> None:
    commit(CITY, OFFICE, SECTION)
    assert "S → D" in only_error(changed(OFFICE, KODE_INDUK="S", BERLAKU_SEJAK="2026-01-01")).what


def test_a_unit_below_itself_is_refused() -> None:
    assert "D → D" in only_error(CITY, changed(OFFICE, KODE_INDUK="D")).what


def test_an_unknown_parent_is_refused() -> None:
    error = only_error(CITY, changed(OFFICE, KODE_INDUK="X"))
    assert (error.row, error.what) == (3, "Unit induk X tidak ada.")


def test_two_tops_are_refused() -> None:
    assert "Ada 2 unit tanpa induk: KOTA, D" in only_error(CITY, changed(OFFICE, KODE_INDUK="")).what


def test_no_top_is_refused() -> None:
    report = commit(changed(CITY, KODE_INDUK="D"), OFFICE)
    assert "Tidak ada unit puncak." in [message.what for message in report.messages]


def test_a_code_twice_is_refused() -> None:
    assert "sama dengan baris 3" in only_error(CITY, OFFICE, OFFICE).what


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"KODE_UNIT": ""}, "KODE UNIT"),
        ({"NAMA_UNIT": "null"}, "NAMA UNIT"),
        ({"JENIS": "planet"}, "JENIS"),
        ({"BERLAKU_SEJAK": ""}, "BERLAKU SEJAK"),
        ({"BERLAKU_SEJAK": "2020-13-01"}, "BERLAKU SEJAK"),
        ({"NAMA_UNIT": "x" * 201}, "NAMA UNIT"),
    ],
)
def test_one_wrong_value_is_located(values: dict[str, str], column: str) -> None:
    error = only_error(CITY, OFFICE, changed(SECTION, **values))
    assert (error.row, error.column) == (4, column)


def test_missing_columns_are_named() -> None:
    report = commit(["KOTA"], columns=["KODE UNIT"])
    assert [message.column for message in report.messages] == UNIT_COLUMNS[1:]


def test_history_is_not_rewritten() -> None:
    commit(CITY, OFFICE)
    error = only_error(changed(OFFICE, NAMA_UNIT="Dinas Lain", BERLAKU_SEJAK="2019-01-01"))
    assert "riwayat tidak ditulis ulang" in error.what


def test_operator_of_a_unit_may_not_change_the_tree() -> None:
    operator = make_user(role="operator", unit=make_unit("X"))
    assert "seluruh pemerintah daerah" in only_error(by=operator).what


# --- what is written ---------------------------------------------------------------------------------------------------------


def test_the_tree_with_its_head_posts() -> None:
    report = commit(SECTION, OFFICE, CITY)
    assert (report.new, report.messages) == (3, [])
    section = UnitPeriod.objects.get(unit__code="S")
    assert section.parent == Unit.objects.get(code="D")
    assert section.head_post is not None
    assert (section.head_post.title, section.head_post.kind) == ("Kepala Seksi", "pengawas")
    assert Post.objects.get(title="Kepala Dinas").kind == "jpt"


def test_a_change_begins_a_new_period_and_names_last_as_they_were() -> None:
    commit(CITY, OFFICE, SECTION)
    report = commit(changed(SECTION, NAMA_UNIT="Seksi Baru", KODE_INDUK="KOTA", BERLAKU_SEJAK="01-07-2026"))
    assert (report.new, report.changed, report.unchanged, report.missing) == (0, 1, 0, 2)
    assert report.examples["changed"][0].detail == "nama: Seksi → Seksi Baru; induk: D → KOTA"
    unit = Unit.objects.get(code="S")
    assert queries.unit_name(unit, date(2026, 6, 30)) == "Seksi"
    assert queries.unit_name(unit, date(2026, 7, 1)) == "Seksi Baru"
    assert [row.code for row in queries.ancestors(unit, date(2026, 6, 30))] == ["D", "KOTA"]
    assert [row.code for row in queries.ancestors(unit, date(2026, 7, 1))] == ["KOTA"]


def test_the_same_day_corrects() -> None:
    commit(CITY, OFFICE)
    commit(changed(OFFICE, NAMA_UNIT="Dinas Benar"))
    assert [row.name for row in UnitPeriod.objects.filter(unit__code="D")] == ["Dinas Benar"]


def test_a_second_import_changes_nothing() -> None:
    commit(CITY, OFFICE, SECTION)
    report = commit(CITY, OFFICE, SECTION)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 3)
    assert UnitPeriod.objects.count() == 3


def test_units_missing_from_the_file_are_listed_and_stay() -> None:
    commit(CITY, OFFICE, SECTION)
    report = commit(CITY, OFFICE)
    assert [example.label for example in report.examples["missing"]] == ["Seksi (S)"]
    assert UnitPeriod.objects.get(unit__code="S").valid_until is None


def test_a_unit_without_head_post_is_a_warning() -> None:
    report = commit(CITY, changed(OFFICE, JABATAN_KEPALA=""))
    assert [message.level for message in report.messages] == ["warning"]
    assert report.new == 2


def test_level_of_the_head_and_delegation_are_optional_columns() -> None:
    columns = [*UNIT_COLUMNS, "JENJANG KEPALA", "KEPALA MENILAI"]
    school = ["SD1", "SD Negeri 1", "D", "sekolah", "Kepala SD", "2020-01-01", "fungsional", "ya"]
    commit([*CITY, "", ""], [*OFFICE, "administrator", "tidak"], school, columns=columns)
    assert Post.objects.get(title="Kepala Dinas").kind == "administrator"
    unit = Unit.objects.get(code="SD1")
    principal = make_head(unit, post_kind="fungsional", kind="tambahan")
    UnitPeriod.objects.filter(unit=unit).update(head_post=Post.objects.get(unit=unit, title="Kepala SD1"))
    found = queries.appraiser_of(make_staff(unit), TODAY)
    assert found is not None
    assert (found.person, found.via) == (principal, queries.Via.HEAD)
    commit(CITY, OFFICE, school[:6])
    assert UnitPeriod.objects.get(unit=unit).head_delegated


def test_a_unit_that_ended_may_begin_again_but_not_before_its_end() -> None:
    commit(CITY, OFFICE, SECTION)
    UnitPeriod.objects.filter(unit__code="S").update(valid_until=date(2025, 1, 1))
    assert "riwayat" in only_error(SECTION).what
    assert commit(changed(SECTION, BERLAKU_SEJAK="2026-01-01")).changed == 1
    assert UnitPeriod.objects.filter(unit__code="S").count() == 2
