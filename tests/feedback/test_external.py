"""Ratings of outside sources: what is refused, what stays apart, and the 1,722 real ones."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from teladan.core.imports import Report
from teladan.core.models import AuditEvent
from teladan.core.spreadsheet import FileRefused
from teladan.feedback.imports_ratings import RatingImporter, parse_columns
from teladan.feedback.models import ExternalRating, ExternalSource, SealedRating, StagedRating
from teladan.feedback.queries import external_summary
from tests import make

pytestmark = pytest.mark.django_db

REAL = Path(__file__).parents[2] / "teladan" / "demo" / "data" / "rating_nyata_layanan_dukcapil.csv"
STAR_COLUMNS = ["key=id", "month=tanggal", "subject=aplikasi", "stars=bintang"]
ELEMENT_COLUMNS = ["key=no", "month=tanggal", "sarana=u9", "pengaduan=u8", "perilaku=u7"]


def stars(code: str = "TOKO", columns: list[str] = STAR_COLUMNS) -> RatingImporter:
    return RatingImporter(code=code, name="Toko aplikasi", scale="bintang", mapping=parse_columns(columns, "bintang"))


def elements(code: str = "SURVEI") -> RatingImporter:
    mapping = parse_columns(ELEMENT_COLUMNS, "unsur")
    return RatingImporter(code=code, name="Survei", scale="unsur", mapping=mapping)


def star_file(*rows: str) -> bytes:
    return "\n".join(["id,tanggal,aplikasi,bintang", *rows]).encode()


def commit(importer: RatingImporter, content: bytes) -> Report:
    return importer.commit(content, "nilai.csv", by="test")


def command(*arguments: Any) -> str:
    out = StringIO()
    call_command("import_ratings", *map(str, arguments), stdout=out)
    return out.getvalue()


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "scale", "says"),
    [
        (["key=id", "month=t", "stars=b", "perilaku=u7"], "bintang", "tidak cocok dengan skala bintang"),
        (["key=id", "month=t", "perilaku=u7", "stars=b"], "unsur", "tidak cocok dengan skala unsur"),
        (["key=id", "month=t"], "bintang", "stars"),
        (["month=t", "stars=b"], "bintang", "key"),
        (["key=id", "month=t"], "unsur", "unsur-unsurnya"),
        (["key=id", "month=t", "u7=perilaku"], "unsur", "tidak dikenal"),
        (["key=id", "month=t", "stars"], "bintang", "tidak dikenal"),
        (["key=id", "month=id", "stars=b"], "bintang", "dua kali"),
        (["key=id", "key=no", "month=t", "stars=b"], "bintang", "dua kali"),
    ],
)
def test_declaration_refuses_gaps_and_mixtures(pairs: list[str], scale: str, says: str) -> None:
    with pytest.raises(FileRefused, match=says):
        parse_columns(pairs, scale)


def test_import_refuses_missing_column() -> None:
    with pytest.raises(FileRefused, match="BINTANG"):
        stars().check(b"id,tanggal,aplikasi\n1,2026-01-01,x", "nilai.csv", by="test")


@pytest.mark.parametrize("value", ["0", "6", "4,5", "-1", "lima", "55", "3.5"])
def test_import_refuses_values_outside_the_scale_whole(value: str) -> None:
    report = commit(stars(), star_file("1,2026-01-01,A,5", f'2,2026-01-02,A,"{value}"'))
    message = report.messages[0]
    assert (report.errors, message.row, message.column) == (1, 3, "BINTANG")
    assert "1-5" in message.what
    assert ExternalRating.objects.count() == ExternalSource.objects.count() == 0


def test_import_refuses_stars_among_elements() -> None:
    report = commit(elements(), b"no,tanggal,u7,u8,u9\n1,2026-01-01,4,4,4\n2,2026-01-01,5,4,4")
    assert "mencampur skala" in report.messages[0].todo
    assert ExternalRating.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "column"),
    [(",2026-01-01,A,5", "ID"), ("1,kemarin,A,5", "TANGGAL"), ("1,2999-01-01,A,5", "TANGGAL"), ("1,2026-01-01,A,", "")],
)
def test_import_refuses_incomplete_rows(row: str, column: str) -> None:
    report = commit(stars(), star_file(row))
    assert (report.errors, report.messages[0].row, report.messages[0].column) == (1, 2, column)


def test_import_refuses_other_scale_or_columns_for_a_known_source() -> None:
    commit(stars("S"), star_file("1,2026-01-01,A,5"))
    with pytest.raises(FileRefused, match="Skala tidak dicampur"):
        commit(elements("S"), b"no,tanggal,u7,u8,u9\n1,2026-01-01,4,4,4")
    with pytest.raises(FileRefused, match="kolom lain"):
        commit(stars("S", STAR_COLUMNS[:2] + STAR_COLUMNS[3:]), star_file("2,2026-01-01,A,5"))


def test_import_refuses_another_content_for_a_known_key() -> None:
    commit(stars(), star_file("1,2026-01-01,A,5"))
    again = commit(stars(), star_file("1,2026-01-01,A,1"))
    inside = commit(stars(), star_file("2,2026-01-01,A,1", "2,2026-01-01,A,2"))
    assert again.errors == inside.errors == 1
    assert "baris 2" in inside.messages[0].what
    assert list(ExternalRating.objects.values_list("stars", flat=True)) == [5]


def test_check_writes_nothing_and_says_what_commit_says() -> None:
    content = star_file("1,2026-01-01,A,5", "2,2026-02-01,B,1", "2,2026-02-01,B,1")
    tried = stars().check(content, "nilai.csv", by="test")
    assert ExternalRating.objects.count() == 0
    assert commit(stars(), content) == tried
    assert (tried.new, tried.unchanged) == (2, 1)


def test_command_refuses_bad_declarations_and_files(tmp_path: Path) -> None:
    bad = tmp_path / "nilai.csv"
    bad.write_bytes(star_file("1,2026-01-01,A,9"))
    declared = ["--source", "S", "--name", "N", "--scale", "bintang", "--columns"]
    with pytest.raises(CommandError, match="skala bintang"):
        command(bad, *declared, "key=id", "month=tanggal", "waktu=bintang")
    with pytest.raises(CommandError, match="Tidak ada yang disimpan"):
        command(bad, *declared, *STAR_COLUMNS)
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        command(tmp_path / "tiada.csv", *declared, *STAR_COLUMNS)


def test_page_needs_login(client: Client) -> None:
    assert client.get("/penilaian-luar")["Location"].startswith("/akun/")


@pytest.mark.parametrize("role", ["officer", "unit_head", "mayor", "committee", "admin"])
def test_page_refuses_other_roles(client: Client, role: str) -> None:
    client.force_login(make.make_user(role=role))
    assert client.get("/penilaian-luar").status_code == 403


def test_page_refuses_other_methods(client: Client) -> None:
    client.force_login(make.make_user(role="bkpsdm"))
    assert client.post("/penilaian-luar").status_code == 405


# --- what it does ----------------------------------------------------------------------------------------------------


def test_import_maps_elements_by_name_whatever_their_number() -> None:
    commit(elements(), b"no,tanggal,u7,u8,u9,nama\n1,05/03/2026,4,,1,Budi\n2,2026-03,,2,,")
    first, second = ExternalRating.objects.order_by("key")
    assert first.answers == {"perilaku": 4, "sarana": 1}
    assert second.answers == {"pengaduan": 2}
    assert {f"{r.month:%Y-%m}" for r in (first, second)} == {"2026-03"}
    (summary,) = external_summary()
    assert [(q.name, q.n, q.mean) for q in summary.questions] == [
        ("perilaku", 1, 4.0), ("pengaduan", 1, 2.0), ("sarana", 1, 1.0),
    ]  # fmt: skip
    assert summary.n == 2


def test_personal_columns_are_named_and_dropped() -> None:
    report = commit(stars(), b"id,tanggal,aplikasi,bintang,nama,toko\n1,2026-01-01,A,5,Budi,Play")
    assert (report.dropped_columns, report.ignored_columns) == (["NAMA"], ["TOKO"])
    assert "Budi" not in str(ExternalRating.objects.values_list().get())


def test_import_is_recorded_once(tmp_path: Path) -> None:
    file = tmp_path / "nilai.csv"
    file.write_bytes(star_file("1,2026-01-01,A,5"))
    arguments = [file, "--source", "S", "--name", "N", "--scale", "bintang", "--columns", *STAR_COLUMNS]
    assert "Percobaan" in command(*arguments, "--dry-run")
    assert ExternalSource.objects.count() == 0
    assert "Baru 1" in command(*arguments)
    assert "Baru 0, berubah 0, tetap 1" in command(*arguments)
    assert AuditEvent.objects.filter(event="feedback.ratings_imported").count() == 1


def import_real() -> str:
    return command(
        REAL, "--source", "TOKO-APLIKASI", "--name", "Aplikasi kependudukan di toko aplikasi", "--scale", "bintang",
        "--columns", *STAR_COLUMNS, "--note", "Kota lain dan aplikasi nasional; bukan layanan Sawahlunto.",
    )  # fmt: skip


def test_real_ratings_give_a_result_of_their_own() -> None:
    assert "Baru 1722" in import_real()
    with open(REAL, encoding="utf-8") as file:
        real = [int(row["bintang"]) for row in csv.DictReader(file)]
    (summary,) = external_summary()
    (question,) = summary.questions
    counts = Counter(real)
    assert question.counts == tuple(counts[value] for value in (1, 2, 3, 4, 5)) == (344, 65, 12, 78, 1223)
    assert question.mean == pytest.approx(sum(real) / 1722)
    assert sum(one.n for _, one in summary.subjects) == summary.n == 1722
    assert StagedRating.objects.count() == SealedRating.objects.count() == 0


def test_real_ratings_on_the_page_stay_stars(client: Client, django_assert_num_queries: Any) -> None:
    import_real()
    client.force_login(make.make_user(role="bkpsdm"))
    html = client.get("/penilaian-luar").content.decode()
    assert "4,03" in html
    assert "1.722" in html
    assert "dari 5 bintang" in html
    for value in ("IKM 8", "80,"):
        assert value not in html


def test_page_without_sources_says_how_to_begin(client: Client) -> None:
    client.force_login(make.make_user(role="bkpsdm"))
    assert "teladan import-ratings" in client.get("/penilaian-luar").content.decode()


@pytest.mark.parametrize("sources", [1, 3])
def test_page_asks_the_same_questions_for_one_and_three_sources(
    client: Client, sources: int, django_assert_num_queries: Any
) -> None:
    for i in range(sources):
        commit(stars(f"S{i}"), star_file("1,2026-01-01,A,5", "2,2026-01-01,B,1"))
    with django_assert_num_queries(3):
        external_summary()
    client.force_login(make.make_user(role="bkpsdm"))
    assert client.get("/penilaian-luar").content.decode().count('class="card"') == sources
