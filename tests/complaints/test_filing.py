"""The complainant's pages: refusals, the receipt at once, the case behind number and code, additions, withdrawal."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopUpload
from django.db import connection
from django.test import Client
from django.urls import reverse

from teladan.complaints import files
from teladan.complaints.actions import filing
from teladan.complaints.forms import ComplaintForm
from teladan.complaints.models import Attachment, Complaint
from teladan.complaints.rules import State
from teladan.core import clock, codes
from tests.complaints.conftest import CONTACT, DAY, KEY, NAME, PDF, STORY, Town, picture, png
from tests.complaints.letters import CODE, body, opened, send, text_of

pytestmark = pytest.mark.django_db


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_pages_refuse_other_methods(client: Client, method: str) -> None:
    names = ["start", "form", "receipt", "check", "status", "withdraw", "leave"]
    answers = {name: getattr(client, method)(reverse(f"complaint-{name}")).status_code for name in names}
    assert set(answers.values()) == {405}


def test_forms_need_their_token(town: Town) -> None:
    strict = Client(enforce_csrf_checks=True)
    for name in ("form", "receipt", "check", "status", "withdraw", "leave"):
        assert strict.post(reverse(f"complaint-{name}"), body()).status_code == 403, name
    assert not Complaint.objects.exists()


WRONG = [
    ("name", " ", "Pengaduan tanpa nama tidak dapat diputuskan"),
    ("about", "s:TIDAK-ADA", "Pilih dari daftar"),
    ("about", "u:DUK-1", "Pilih dari daftar"),  # a division is no office that citizens know
    ("served_on", "10-11-2026", "belum tiba"),
    ("served_on", "30-02-2026", "Tulis tanggal seperti"),
    ("served_on", "01-01-1990", "terlalu lama"),
    ("story", "", "Ceritakan apa yang terjadi"),
    ("story", "x" * 4001, "Paling panjang 4000 huruf"),
    ("wish", "", "penyelesaian yang Anda minta"),
    ("contact_kind", "", "Pilih satu cara"),
    ("contact", "0812", "8 sampai 15 angka"),
    ("contact", "", "Tulis nomor, surel, atau alamat"),
]


def test_form_says_what_is_wrong(town: Town) -> None:
    for field, value, words in WRONG:
        form = ComplaintForm(body(**{field: value}))
        assert not form.is_valid()
        assert words in str(form.errors[field]), (field, value)


def test_form_keeps_the_words_and_points_to_the_fault(client: Client, town: Town) -> None:
    response = send(client, served_on="30-02-2026")
    assert response.status_code == 422
    text = text_of(response)
    for part in ('href="#id_served_on"', f'name="kunci" value="{KEY}"', STORY, NAME, CONTACT):
        assert part in text
    assert not Complaint.objects.exists()


def test_one_way_to_reach_somebody(town: Town) -> None:
    for kind, contact, fits in (
        ("email", "ros@contoh.id", True),
        ("email", "ros@", False),
        ("phone", "+62 812 7777 4242", True),
        ("phone", "nomor saya", False),
        ("post", "Jl. Ombilin 4, Talawi, Sawahlunto", True),
        ("post", "Talawi", False),
    ):
        assert ComplaintForm(body(contact_kind=kind, contact=contact)).is_valid() is fits, contact


def test_wrong_files_are_named_and_nothing_is_kept(client: Client, town: Town, kept: Path) -> None:
    wrong = [SimpleUploadedFile("surat.pdf", b"MZ\x90\0"), SimpleUploadedFile("foto.png", png(60_000, 60_000))]
    response = send(client, attachments=wrong)
    text = text_of(response)
    assert response.status_code == 422
    assert "surat.pdf bukan PDF, JPEG, atau PNG" in text
    assert "foto.png bergambar terlalu besar" in text
    assert "Pilih lagi lampiran Anda" in text
    assert not Complaint.objects.exists()
    assert not kept.exists()


def test_too_many_files_are_refused(client: Client, town: Town) -> None:
    many = [SimpleUploadedFile(f"{n}.png", png()) for n in range(files.MAX_FILES + 1)]
    assert "Paling banyak 3 lampiran" in text_of(send(client, attachments=many))


def test_a_flood_of_bytes_is_cut_off_with_the_words_kept(
    client: Client, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("teladan.core.uploads.CappedUpload.receive_data_chunk", _tight)
    response = send(client, attachments=[SimpleUploadedFile("besar.png", png() * 40)])
    assert response.status_code == 422
    assert "Lampiran terlalu besar" in text_of(response)
    assert STORY in text_of(response)
    assert not Complaint.objects.exists()


def _tight(self: Any, raw_data: bytes, start: int) -> None:
    self.request.META["teladan.upload_too_large"] = True
    raise StopUpload(connection_reset=False)


def test_status_needs_number_and_code(client: Client, town: Town) -> None:
    for name in ("status", "withdraw"):
        for response in (client.get(reverse(f"complaint-{name}")), client.post(reverse(f"complaint-{name}"))):
            assert (response.status_code, response["Location"]) == (302, reverse("complaint-check"))


@pytest.mark.parametrize("value", ["", "x", "0" * 32, "0" * 32 + ":1abc:forged"])
def test_status_refuses_forged_cookies(client: Client, town: Town, value: str) -> None:
    town.file()
    client.cookies["pengaduan"] = value
    assert client.get(reverse("complaint-status"))["Location"] == reverse("complaint-check")


def test_the_case_closes_after_half_an_hour(client: Client, town: Town) -> None:
    opened(client, town)
    assert client.get(reverse("complaint-status")).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=400), tick=False):
        assert client.get(reverse("complaint-status")).status_code == 302


@pytest.mark.parametrize("code", ["0" * 16, "7K3M-ABCD-EFGH-JKMN"])
def test_a_wrong_code_opens_nothing_and_says_not_which(client: Client, town: Town, code: str) -> None:
    filed = town.file()
    known = client.post(reverse("complaint-check"), {"number": filed.complaint.number, "code": code})
    unknown = client.post(reverse("complaint-check"), {"number": "11112222", "code": code})
    assert known.status_code == unknown.status_code == 422
    token, number = re.compile(r"csrfmiddlewaretoken[^>]*"), filed.complaint.number
    assert token.sub("", text_of(known)) == token.sub("", text_of(unknown)).replace("11112222", number)
    assert not known.cookies.get("pengaduan")


def test_guessing_ends_after_five_tries(client: Client, town: Town) -> None:
    filed = town.file()
    wrong = {"number": filed.complaint.number, "code": "0" * 16}
    for _try in range(filing.TRIES):
        assert client.post(reverse("complaint-check"), wrong).status_code == 422
    right = {"number": filed.complaint.number, "code": filed.code}
    for name in ("complaint-check", "complaint-receipt"):
        assert client.post(reverse(name), right).status_code == 429
    with clock.at(clock.now() + timedelta(seconds=filing.LOCK_SECONDS + 1)):
        assert client.post(reverse("complaint-check"), right).status_code == 302


def test_every_code_is_compared_in_constant_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def spy(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return hmac_compare(a, b)

    hmac_compare = hmac.compare_digest
    monkeypatch.setattr(filing.hmac, "compare_digest", spy)
    filed = town.file()
    assert filing.open_with_code(number=filed.complaint.number, code=filed.code) == filed.complaint
    assert filing.open_with_code(number=filed.complaint.number, code="0" * 16) is None
    assert filing.open_with_code(number="11112222", code=filed.code) is None
    assert compared == [(32, 32)] * 3


def test_a_code_opens_only_its_own_number(town: Town) -> None:
    first, other = town.file(), town.file(key="f" * 32)
    assert filing.open_with_code(number=other.complaint.number, code=first.code) is None


# --- the receipt -----------------------------------------------------------------------------------------------------


def test_the_way_begins_with_the_difference(client: Client, town: Town) -> None:
    text = text_of(client.get(reverse("complaint-start")))
    assert "Pengaduan atau penilaian?" in text
    assert "tidak ditanya" in text
    assert "Paling lambat 60 hari sejak lengkap" in " ".join(text.split())


def test_rating_pages_lead_here(client: Client) -> None:
    text = text_of(client.get(reverse("rating-done")))
    assert f'href="{reverse("complaint-start")}"' in text
    assert "Penilaian tidak bernama, jadi kami tidak dapat membalasnya" in text


def test_receipt_at_once_with_number_code_and_deadline(client: Client, town: Town) -> None:
    response = send(client)
    text = text_of(response)
    case = Complaint.objects.get()
    code = CODE.search(text)
    assert response.status_code == 200
    assert case.shown_number in text
    assert code
    assert bytes(case.code_hash) == filing.code_hash(case.number, code[1])
    assert (case.state, case.due_on, case.is_late) == (State.RECEIVED, DAY + timedelta(days=14), False)
    assert "23 November 2026" in text
    assert "no-store" in response["Cache-Control"]
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert list(case.entries.values_list("kind", "by")) == [("received", None)]


def test_only_hashes_of_the_secrets_are_stored(client: Client, town: Town) -> None:
    code = CODE.search(text_of(send(client)))
    assert code
    plain = codes.normal(code[1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM complaints_complaint c")
        ((row,),) = cursor.fetchall()
    for secret in (plain, code[1], KEY, plain.encode().hex(), KEY.encode().hex()):
        assert secret not in row


def test_sending_the_same_form_again_gives_the_same_receipt(client: Client, town: Town) -> None:
    first, again = CODE.search(text_of(send(client))), send(client)
    assert first
    assert first[1] in text_of(again)
    assert Complaint.objects.count() == 1
    assert "sudah terkirim sebelumnya" not in text_of(again)


def test_a_changed_form_sent_again_is_not_swallowed(client: Client, town: Town) -> None:
    send(client)
    again = text_of(send(client, story="Cerita lain."))
    assert "Formulir ini sudah terkirim sebelumnya" in again
    assert Complaint.objects.get().story == STORY


@pytest.mark.parametrize("key", ["", "x", "g" * 32])
def test_a_form_without_its_key_gets_a_fresh_one(client: Client, town: Town, key: str) -> None:
    send(client, kunci=key)
    send(client, kunci=key)
    assert Complaint.objects.count() == 2


def test_late_complaints_are_taken_and_told(client: Client, town: Town) -> None:
    text = text_of(send(client, served_on="09-10-2026"))
    assert "Lewat waktu pengajuan" in text
    assert Complaint.objects.get().is_late
    assert "Lewat waktu pengajuan" not in text_of(send(client, served_on="2026-10-10", kunci="a" * 32))


def test_the_receipt_as_a_text_file(client: Client, town: Town) -> None:
    filed = town.file()
    data = {"number": filed.complaint.number, "code": codes.grouped(filed.code)}
    response = client.post(reverse("complaint-receipt"), data)
    text = response.content.decode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert f"pengaduan-{filed.complaint.shown_number}.txt" in response["Content-Disposition"]
    for words in (
        filed.complaint.shown_number,
        codes.grouped(filed.code),
        NAME,
        "testserver/pengaduan/cek",
        "UU 25/2009",
    ):
        assert words in text
    assert client.post(reverse("complaint-receipt"), {**data, "code": "0" * 16}).status_code == 302


def test_an_office_without_the_service_can_be_named(client: Client, town: Town) -> None:
    send(client, about="u:DUK")
    case = Complaint.objects.get()
    assert (case.unit, case.service) == (town.office, None)


def test_attachments_lie_below_the_data_folder_under_names_that_say_nothing(
    client: Client, town: Town, kept: Path
) -> None:
    sent = [SimpleUploadedFile("../../kuitansi ros.pdf", PDF, "text/html"), SimpleUploadedFile("foto.png", png())]
    send(client, attachments=sent)
    rows = list(Attachment.objects.order_by("name"))
    assert [(row.name, row.media_type) for row in rows] == [
        ("foto.png", "image/png"),
        ("kuitansi ros.pdf", "application/pdf"),
    ]
    for row in rows:
        assert re.fullmatch(r"pengaduan/[0-9a-f]{32}\.(pdf|png)", row.path)
        assert hashlib.sha256((kept / row.path).read_bytes()).hexdigest() == row.sha256
    assert client.get(f"/media/{rows[0].path}").status_code == 404


def test_files_go_when_the_case_fails(town: Town, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kw: Any) -> None:
        raise RuntimeError("no disk for the audit trail")

    monkeypatch.setattr(filing.audit, "record", broken)
    with pytest.raises(RuntimeError):
        town.file(files=[picture()])
    assert not Complaint.objects.exists()
    assert list(kept.rglob("*.png")) == []


def test_numbers_say_nothing_about_how_many(town: Town) -> None:
    numbers = [int(town.file(key=f"{n:032x}").complaint.number) for n in range(5)]
    assert all(10_000_000 <= number < 100_000_000 for number in numbers)
    assert all(abs(one - other) != 1 for one, other in pairwise(numbers))
