"""Importing in the browser: refusals of files and people, then upload → messages → preview → all or nothing."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from teladan.core import kept, progress
from teladan.core.models import ImportRun
from teladan.people.models import Person, User
from teladan.people.tasks import import_file
from tests.make import make_unit, make_user
from tests.people.files import employee, employees_csv, employees_xlsx, units_csv

pytestmark = pytest.mark.django_db
URL = "/pegawai/impor"


@pytest.fixture
def city() -> SimpleNamespace:
    top = make_unit("KOTA", kind="kota")
    office = make_unit("D", parent=top)
    return SimpleNamespace(top=top, office=office, section=make_unit("S", parent=office, kind="seksi"))


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.fixture
def bkpsdm() -> Client:
    return signed_in(make_user(role="bkpsdm", username="bkpsdm"))


def upload(client: Client, content: bytes, name: str = "pegawai.csv", kind: str = "employees") -> Any:
    return client.post(URL, {"jenis": kind, "berkas": SimpleUploadedFile(name, content)})


def the_run() -> ImportRun:
    return ImportRun.objects.get()


# --- refusals ------------------------------------------------------------------------------------------------------------


def test_import_hides_from_employees_and_officers() -> None:
    for role in ("employee", "officer", "appraiser", "inspector"):
        client = signed_in(make_user(role=role))
        assert client.get(URL).status_code == 403
        assert upload(client, b"x").status_code == 403
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"%PDF-1.4", "a.xlsx", "PDF"),
        (b"", "a.csv", "kosong"),
        (b"\xd0\xcf\x11\xe0", "a.xls", "format Excel lama"),
        (b"PK\x03\x04", "a.xlsx", "rusak"),
    ],
)
def test_a_file_that_is_no_table_is_refused_on_the_form(bkpsdm: Client, content: bytes, name: str, words: str) -> None:
    response = upload(bkpsdm, content, name)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ImportRun.objects.exists()


def test_nothing_chosen_is_said_on_the_form(bkpsdm: Client) -> None:
    assert bkpsdm.post(URL, {}).status_code == 422
    assert upload(bkpsdm, b"x", kind="passwords").status_code == 422


def test_a_huge_file_is_cut_off_at_the_cap(bkpsdm: Client, settings: Any) -> None:
    settings.MAX_IMPORT_BYTES = 1_000_000
    content = b"x" * 30_000_000
    start = time.process_time()  # of this process alone: the machine may be busy
    response = upload(bkpsdm, content)
    assert time.process_time() - start < 2
    assert response.status_code == 422
    assert "paling besar 1 MB" in response.content.decode()
    assert not ImportRun.objects.exists()


def test_an_upload_never_touches_the_disk(
    bkpsdm: Client, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.files import uploadedfile

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("the upload went to a temporary file")

    monkeypatch.setattr(uploadedfile.TemporaryUploadedFile, "__init__", forbidden)
    content = employees_csv([employee(1, CATATAN="x" * 3_000) for _ in range(1_000)], ["NIP BARU", "CATATAN"])
    assert len(content) > 2_500_000
    assert upload(bkpsdm, content).status_code == 302


def test_an_upload_needs_the_token_of_the_form(city: SimpleNamespace) -> None:
    client = signed_in(make_user(role="bkpsdm"), enforce_csrf_checks=True)
    assert upload(client, employees_csv([employee()])).status_code == 403
    client.get(URL)
    token = client.cookies["csrftoken"].value
    form = {
        "csrfmiddlewaretoken": token,
        "jenis": "employees",
        "berkas": SimpleUploadedFile("p.csv", employees_csv([employee()])),
    }
    assert client.post(URL, form).status_code == 302


def test_an_import_is_hidden_from_other_operators(city: SimpleNamespace) -> None:
    mine = signed_in(make_user(role="operator", unit=city.office))
    upload(mine, employees_csv([employee()]))
    url = reverse("people-import-run", args=[the_run().pk])
    other = signed_in(make_user(role="operator", unit=city.office))
    assert other.get(url).status_code == 404
    assert other.post(url).status_code == 404
    assert signed_in(make_user(role="employee")).get(url).status_code == 403
    assert signed_in(make_user(role="bkpsdm")).get(url).status_code == 200
    assert mine.get(url).status_code == 200
    assert the_run().filename not in other.get(URL).content.decode()


def test_a_file_with_errors_cannot_be_saved(bkpsdm: Client, city: SimpleNamespace) -> None:
    upload(bkpsdm, employees_csv([employee(1), employee(2, NIP_BARU="1.98E+17")]))
    url = reverse("people-import-run", args=[the_run().pk])
    page = bkpsdm.get(url).content.decode()
    assert "1 kesalahan perlu diperbaiki" in page
    assert "Simpan semua" not in page
    response = bkpsdm.post(url, follow=True)
    assert "Tidak ada yang disimpan" in response.content.decode()
    assert Person.objects.count() == 0
    assert the_run().state == "checked"


def test_operator_may_not_import_units(city: SimpleNamespace) -> None:
    client = signed_in(make_user(role="operator", unit=city.office))
    upload(client, units_csv(["X", "X", "D", "seksi", "Kepala X", "2020-01-01"]), "unit.csv", "units")
    assert "seluruh pemerintah daerah" in bytes(str(the_run().report), "utf-8").decode()


# --- the way through -----------------------------------------------------------------------------------------------------


def test_upload_preview_commit(bkpsdm: Client, city: SimpleNamespace) -> None:
    response = upload(bkpsdm, employees_xlsx([employee(1), employee(2)]), "siasn.xlsx")
    run = the_run()
    url = reverse("people-import-run", args=[run.pk])
    assert response["Location"] == url
    assert Person.objects.count() == 0
    page = bkpsdm.get(url).content.decode()
    for words in ("Siap disimpan", "Simpan semua", "AGAMA NAMA", "siasn.xlsx", "PEGAWAI 00001"):
        assert words in page
    assert "1373010101900001" not in page
    done = bkpsdm.post(url, follow=True).content.decode()
    assert "Sudah disimpan" in done
    assert Person.objects.count() == 2
    run.refresh_from_db()
    assert (run.state, run.committed_by, run.filename) == ("committed", run.uploaded_by, "siasn.xlsx")
    assert "sudah disimpan sebelumnya" in bkpsdm.post(url, follow=True).content.decode()
    assert Person.objects.count() == 2


def test_what_changed_between_preview_and_commit_is_seen(bkpsdm: Client, city: SimpleNamespace) -> None:
    upload(bkpsdm, employees_csv([employee(1)]))
    city.section.periods.all().delete()
    page = bkpsdm.post(reverse("people-import-run", args=[the_run().pk]), follow=True).content.decode()
    assert "data sudah berubah" in page
    assert "tidak berlaku" in page
    assert Person.objects.count() == 0


def test_units_then_employees(bkpsdm: Client) -> None:
    rows = [["KOTA", "Kota", "", "kota", "", "2020-01-01"], ["S", "Seksi", "KOTA", "seksi", "Kepala", "2020-01-01"]]
    upload(bkpsdm, units_csv(*rows), "unit.csv", "units")
    bkpsdm.post(reverse("people-import-run", args=[the_run().pk]))
    ImportRun.objects.all().delete()
    upload(bkpsdm, employees_csv([employee(1)]))
    bkpsdm.post(reverse("people-import-run", args=[the_run().pk]))
    assert Person.objects.count() == 1


def test_messages_as_a_file_hold_no_formula(bkpsdm: Client, city: SimpleNamespace) -> None:
    upload(bkpsdm, employees_csv([employee(1, GOL_AKHIR_NAMA="=cmd|x")]))
    content = bkpsdm.get(reverse("people-import-messages", args=[the_run().pk])).content.decode("utf-8-sig")
    assert "peringatan" in content
    assert not any(cell.startswith("=") for line in content.splitlines() for cell in line.split(","))


@pytest.mark.parametrize("kind", ["employees", "units"])
def test_the_example_passes_its_own_check(bkpsdm: Client, kind: str) -> None:
    content = bkpsdm.get(reverse("people-import-example", args=[kind])).content
    upload(bkpsdm, content, "contoh.csv", kind)
    columns = {message["column"] for message in the_run().report["messages"] if message["level"] == "error"}
    assert columns <= {"UNOR ID", "KODE INDUK"}  # only the units that are not there yet
    assert bkpsdm.get(reverse("people-import-example", args=["x"])).status_code == 404


def test_file_names_are_shown_as_text(bkpsdm: Client, city: SimpleNamespace) -> None:
    upload(bkpsdm, employees_csv([employee(1)]), "<script>alert(1)</script>.csv")
    page = bkpsdm.get(URL).content.decode()
    assert "<script>alert" not in page


# --- long files ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)  # progress is written on a connection of its own
def test_a_long_file_waits_on_a_page_that_works_without_javascript(
    bkpsdm: Client, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says the same as for a small file once the worker was there."""
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)
    url = upload(bkpsdm, employees_csv([employee(1), employee(2)]))["Location"]
    page = bkpsdm.get(url).content.decode()
    assert "Berkas sedang diperiksa" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "Simpan semua" not in page
    assert "sedang diperiksa" in bkpsdm.get(URL).content.decode()
    run, user = the_run(), User.objects.get(username="bkpsdm")
    import_file(run=str(run.pk), by=user.pk)
    done = bkpsdm.get(url, headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert "Siap disimpan" in bkpsdm.get(url).content.decode()
    assert "Berkas sedang disimpan" in bkpsdm.post(url, follow=True).content.decode()
    assert Person.objects.count() == 0
    import_file(run=str(run.pk), by=user.pk)
    assert "Sudah disimpan" in bkpsdm.get(url).content.decode()
    assert Person.objects.count() == 2


@pytest.mark.django_db(transaction=True)  # progress is written on a connection of its own
def test_a_long_file_whose_worker_is_silent_can_be_sent_again(
    bkpsdm: Client, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)
    url = upload(bkpsdm, employees_csv([employee(1)]))["Location"]
    monkeypatch.setattr(progress, "_SILENT_SECONDS", -1)
    page = bkpsdm.get(url).content.decode()
    assert "Belum selesai dikerjakan" in page
    assert "Coba lagi" in page
    assert bkpsdm.post(url).status_code == 302
    assert the_run().state == "received"
