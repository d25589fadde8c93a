"""What an import of employees writes: persons, posts, placements, the audit trail, superiors found."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.core.spreadsheet import FileRefused
from teladan.people import queries
from teladan.people.models import Person, Placement, Post
from tests.make import make_head_post, nip, place
from tests.people import employee_files
from tests.people.employee_files import TODAY, ana, check, commit, fingerprint, warnings
from tests.people.files import OLD_COLUMNS, employee

pytestmark = pytest.mark.django_db

city = employee_files.city


# --- what is written ---------------------------------------------------------------------------------------------------------


def test_a_second_import_of_the_same_file_changes_nothing() -> None:
    rows = [employee(number) for number in range(1, 6)]
    commit(*rows)
    before = fingerprint()
    report = commit(*rows)
    assert (report.new, report.changed, report.unchanged) == (0, 0, 5)
    after = fingerprint()
    audit = AuditEvent._meta.db_table
    assert {table for table in after if after[table] != before[table]} == {audit}


def test_changes_are_written_and_kept_in_the_audit() -> None:
    commit(employee(1))
    report = commit(employee(1, NAMA="NAMA BARU", GOL_AKHIR_NAMA="III/b"))
    assert report.examples["changed"][0].detail == "nama: PEGAWAI 00001 → NAMA BARU; golongan: III/a → III/b"
    person = ana()
    assert (person.name, person.grade, person.sort_name) == ("NAMA BARU", "III/b", "nama baru")
    event = AuditEvent.objects.get(event="people.person_changed")
    assert (event.subject, event.before) == (f"person:{person.pk}", {"name": "PEGAWAI 00001", "grade": "III/a"})


def test_a_new_nip_for_a_known_pns_id_is_the_same_person() -> None:
    commit(employee(1))
    person = ana()
    report = commit(employee(1, NIP_BARU=nip(7)))
    assert "NIP PEGAWAI 00001 berubah" in warnings(report)[0]
    person.refresh_from_db()
    assert person.nip == nip(7)


def test_a_new_post_ends_the_old_placement_the_day_it_begins() -> None:
    commit(employee(1))
    commit(employee(1, JABATAN_NAMA="Arsiparis", TMT_JABATAN="01-03-2026"))
    rows = Placement.objects.filter(person=ana()).order_by("valid_from")
    assert [(row.post.title, row.valid_from, row.valid_until) for row in rows] == [
        ("Pengolah Data", date(2021, 10, 1), date(2026, 3, 1)),
        ("Arsiparis", date(2026, 3, 1), None),
    ]


def test_a_move_without_a_new_tmt_counts_from_today() -> None:
    """TMT JABATAN is that of the post; who moves to another unit with the same post keeps it."""
    commit(employee(1))
    report = commit(employee(1, UNOR_ID="D"))
    assert "dicatat sejak 09-11-2026" in warnings(report)[0]
    rows = Placement.objects.filter(person=ana()).order_by("valid_from")
    assert [(row.post.unit.code, row.valid_until) for row in rows] == [("S", TODAY), ("D", None)]


def test_a_correction_on_the_day_of_the_import_leaves_no_empty_span() -> None:
    commit(employee(1, TMT_JABATAN="09-11-2026"))
    commit(employee(1, TMT_JABATAN="09-11-2026", JABATAN_NAMA="Arsiparis"))
    [row] = Placement.objects.filter(person=ana())
    assert (row.post.title, row.valid_from, row.valid_until) == ("Arsiparis", TODAY, None)


def test_capitals_do_not_make_another_post() -> None:
    commit(employee(1), employee(2, JABATAN_NAMA="PENGOLAH DATA"))
    assert Post.objects.filter(unit__code="S").count() == 1


def test_who_leaves_keeps_the_history_and_stops_heading(city: SimpleNamespace) -> None:
    head = make_head_post(city.seksi, "Kepala Seksi")
    commit(employee(1, JABATAN_NAMA="Kepala Seksi", JENIS_JABATAN_NAMA="Jabatan Struktural", ESELON_NAMA="IV.a"))
    assert queries.head_of(city.seksi, TODAY) == ana()
    commit(employee(1, KEDUDUKAN_HUKUM_NAMA="Pensiun BUP", UNOR_ID="", JABATAN_NAMA=""))
    person = ana()
    assert not person.is_active
    assert Placement.objects.get(person=person, post=head).valid_until == TODAY
    assert queries.head_of(city.seksi, TODAY) is None


def test_who_comes_back_gets_a_new_placement() -> None:
    commit(employee(1))
    commit(employee(1, KEDUDUKAN_HUKUM_NAMA="CLTN"))
    with clock.at(clock.local(date(2026, 12, 1), 9)):
        commit(employee(1))
    spans = Placement.objects.filter(person=ana()).order_by("valid_from").values_list("valid_from", "valid_until")
    assert list(spans) == [(date(2021, 10, 1), TODAY), (date(2026, 12, 1), None)]


def test_acting_ends_where_the_same_post_becomes_definitive(city: SimpleNamespace) -> None:
    commit(employee(1))
    post = make_head_post(city.seksi, "Kepala Seksi")
    place(ana(), post, kind="plt", valid_from=date(2026, 1, 1))
    commit(
        employee(
            1,
            JABATAN_NAMA="Kepala Seksi",
            JENIS_JABATAN_NAMA="Jabatan Struktural",
            ESELON_NAMA="IV.a",
            TMT_JABATAN="01-11-2026",
        )
    )
    assert Placement.objects.get(person=ana(), kind="plt").valid_until == date(2026, 11, 1)


def test_missing_people_are_listed_and_stay() -> None:
    commit(employee(1), employee(2))
    report = commit(employee(2))
    assert report.missing == 2  # the first person, and the head from the fixture
    assert f"PEGAWAI 00001 ({nip(1)})" in [example.label for example in report.examples["missing"]]
    assert ana().is_active
    assert Placement.objects.get(person=ana()).valid_until is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"JENIS_JABATAN_NAMA": "Jabatan Struktural", "ESELON_NAMA": "II.b"}, "jpt"),
        ({"JENIS_JABATAN_NAMA": "Jabatan Struktural", "ESELON_NAMA": "III/a"}, "administrator"),
        ({"JENIS_JABATAN_ID": "1", "JENIS_JABATAN_NAMA": "", "ESELON_ID": "42"}, "pengawas"),
        ({"JENIS_JABATAN_NAMA": "Jabatan Fungsional Umum"}, "pelaksana"),
        ({"JENIS_JABATAN_NAMA": "Jabatan Fungsional Tertentu"}, "fungsional"),
        ({"JENIS_JABATAN_ID": "2", "JENIS_JABATAN_NAMA": "null"}, "fungsional"),
        ({"JENIS_JABATAN_ID": "4", "JENIS_JABATAN_NAMA": ""}, "pelaksana"),
    ],
)
def test_kind_of_post(values: dict[str, str], kind: str) -> None:
    commit(employee(1, **values))
    assert Post.objects.get(unit__code="S").kind == kind


def test_the_eselon_corrects_a_known_post_and_says_so(city: SimpleNamespace) -> None:
    make_head_post(city.seksi, "Kepala Seksi", kind="pelaksana")
    row = employee(1, JABATAN_NAMA="Kepala Seksi", JENIS_JABATAN_NAMA="Jabatan Struktural", ESELON_NAMA="IV.a")
    report = commit(row, employee(2))
    assert "berubah dari pelaksana menjadi pengawas" in warnings(report)[0]
    found = queries.appraiser_of(Person.objects.get(nip=nip(2)), TODAY)
    assert found is not None
    assert found.person == ana()


def test_an_old_file_keeps_the_kind_that_is_known(city: SimpleNamespace) -> None:
    make_head_post(city.seksi, "Kepala Seksi", kind="pengawas")
    row = employee(1, JABATAN_NAMA="Kepala Seksi", JENIS_JABATAN_NAMA="Jabatan Struktural")
    assert commit(row, columns=OLD_COLUMNS).messages == []
    assert Post.objects.get(title="Kepala Seksi").kind == "pengawas"


def test_two_kinds_for_one_post_in_one_file() -> None:
    report = commit(employee(1), employee(2, JENIS_JABATAN_NAMA="Jabatan Fungsional"))
    assert "sudah tercatat pelaksana" in warnings(report)[0]


# --- superiors -----------------------------------------------------------------------------------------------------------------


def test_a_missing_superior_is_a_warning_with_who_can_fix_it(city: SimpleNamespace) -> None:
    city.kadis.placements.all().delete()
    report = check(employee(1), employee(2), employee(3, UNOR_ID="D"))
    told = [message for message in report.messages if "belum punya atasan" in message.what]
    assert [(message.level, message.row, message.what) for message in told] == [
        ("warning", 2, "2 pegawai di Unit S belum punya atasan (baris 2, 3)."),
        ("warning", 4, "1 pegawai di Unit D belum punya atasan (baris 4)."),
    ]
    assert all("BKPSDM" in message.todo for message in told)


def test_a_superior_in_the_same_file_is_found_before_anything_is_written(city: SimpleNamespace) -> None:
    city.kadis.placements.all().delete()
    make_head_post(city.seksi, "Kepala Seksi")
    boss = employee(1, JABATAN_NAMA="Kepala Seksi", JENIS_JABATAN_NAMA="Jabatan Struktural", ESELON_NAMA="IV.a")
    report = check(boss, employee(2))
    assert [message.row for message in report.messages] == [2]  # only the boss himself has nobody above


def test_a_superior_who_leaves_with_this_file_is_missed(city: SimpleNamespace) -> None:
    gone = employee(8, NIP_BARU=city.kadis.nip, TANGGAL_LAHIR="", KEDUDUKAN_HUKUM_NAMA="Meninggal Dunia")
    report = check(gone, employee(1))
    assert any("1 pegawai di Unit S belum punya atasan" in message.what for message in report.messages)


def test_too_large_a_file_is_refused_before_it_is_read(settings: Any) -> None:
    settings.MAX_IMPORT_BYTES = 1_000
    with pytest.raises(FileRefused, match="terlalu besar"):
        check(*(employee(number) for number in range(1, 50)))
