"""The page that checks a receipt, and that no token is left anywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from teladan.feedback import leaves, tokens
from teladan.feedback.actions.holding import REASONS
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.models import (
    HeldCase,
    RatingLeaf,
    RefusedRating,
    StagedRating,
    Ticket,
)
from tests.feedback import receipt_world
from tests.feedback.conftest import OCTOBER, Office, judge
from tests.feedback.receipt_world import SEAL_DAY, Travel, a_month_of_everything, let_in, rated

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

_own_log = receipt_world._own_log
auditor = receipt_world.auditor


# --- /cek ------------------------------------------------------------------------------------------------------------


def check(text: str, **more: Any) -> Any:
    return Client().post("/cek", {"text": text, **more})


def test_check_says_nothing_before_the_log_does(office: Office) -> None:
    token = office.token()
    seen = set()
    for receipt in (rated(token), rated(token, b"m" * 16)):
        html = check(receipt.code).content.decode()
        assert "Sudah diterima, sedang dicatat" in html
        seen.add(html.replace(receipt.code, "").replace(receipt.c.hex(), ""))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("counted", "Penilaian Anda dihitung"),
        ("superseded", "Diganti dengan penilaian yang lebih baru"),
        ("held", "Ditahan untuk diperiksa"),
        ("voided", "Dibatalkan"),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_check_says_what_became_of_a_rating(
    office: Office, travel: Travel, status: str, heading: str, sealed: bool
) -> None:
    receipt = rated(office.token())
    judge(StagedRating.objects.all(), status, "Tiket dipakai petugas" if status == "voided" else "")
    if sealed:
        with travel(SEAL_DAY):
            seal_month(month=OCTOBER, by="test")
    let_in()
    for text in (receipt.code, receipt.c.hex()):
        html = check(text).content.decode()
        assert re.search(rf"<h1>\s*{heading}\s*</h1>", html)
        assert "c2sp.org/tlog-proof@v1" in html
        assert ("Nilai lagi" in html) is not sealed
        assert ("Tiket dipakai petugas" in html) is (status == "voided")


@pytest.mark.parametrize("reason", list(HeldCase.Reason))
def test_check_names_the_reason_of_a_hold_and_no_other(office: Office, reason: HeldCase.Reason) -> None:
    receipt = rated(office.token())
    judge(StagedRating.objects.all(), "held", REASONS[reason])
    let_in()
    html = check(receipt.code).content.decode()
    assert [one for one, said in REASONS.items() if said in html] == [reason]
    assert ("perangkat" in html) is (reason == HeldCase.Reason.SAME_DEVICE)


def test_check_says_that_a_ticket_was_used_also_after_the_seal(office: Office, travel: Travel) -> None:
    token = office.token()
    rated(token)
    receipt = rated(token, b"m" * 16)
    let_in()
    with travel(SEAL_DAY):
        assert "Tiket ini sudah dipakai" in check(receipt.code).content.decode()
        seal_month(month=OCTOBER, by="test")
        assert "Tiket ini sudah dipakai" in check(receipt.code).content.decode()


def test_check_takes_the_file_and_finds_changed_ones(client: Client, office: Office) -> None:
    client.get(reverse("ticket-open", args=[tokens.encode(office.token())]))
    client.post("/n", {"overall": "2"})
    client.post("/n/selesai")
    page, file = client.get("/n/selesai").content.decode(), client.get("/n/tanda-terima.txt").content
    receipt = re.search(r"c: ([0-9a-f]{64})", page)
    assert receipt
    assert receipt[1] in file.decode()
    for text, upload in ((file.decode(), None), ("", SimpleUploadedFile("r.txt", file))):
        found = check(text, **({"file": upload} if upload else {}))
        assert "Sudah diterima" in found.content.decode()
    changed = check(file.decode().replace('"overall":2', '"overall":4'))
    assert changed.status_code == 422
    assert "Isi tanda terima ini berubah" in changed.content.decode()


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", 422, "Tulis kode tanda terima"),
        ("bukan kode", 422, "Ini bukan kode atau tanda terima"),
        ("0" * 20, 404, "Tanda terima tidak ditemukan"),
        ("0" * 64, 404, "Tanda terima tidak ditemukan"),
        ("x" * 9000, 422, "Terlalu panjang"),
    ],
)
def test_check_refuses_clearly(text: str, status: int, says: str) -> None:
    response = check(text)
    assert response.status_code == status
    assert says in response.content.decode()
    assert "boleh kosong" not in response.content.decode()  # of code and file one is needed
    assert response["Content-Security-Policy"].startswith("default-src 'none'")


def test_check_is_limited_for_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teladan.feedback.rules.CHECKS_PER_MINUTE", 2)
    assert [check("0" * 20).status_code for _ in range(3)] == [404, 404, 429]
    assert Client().post("/cek/ulang", {"text": "0" * 20}).status_code == 429


def test_two_leaves_that_begin_alike_ask_for_the_whole_receipt() -> None:
    for end in (b"\x00", b"\x01"):
        RatingLeaf.objects.create(leaf=b"\x07" * 31 + end, month=OCTOBER, status="refused")
    code = leaves.code_of(b"\x07" * 32)
    assert "Ada dua tanda terima" in check(code).content.decode()
    assert check((b"\x07" * 31 + b"\x01").hex()).status_code == 200


def test_citizen_rates_again_with_the_receipt(client: Client, office: Office, travel: Travel) -> None:
    receipt = rated(office.token(), overall=4)
    taken = client.post("/cek/ulang", {"text": receipt.c.hex()})
    assert (taken.status_code, taken["Location"]) == (303, "/n")
    assert client.get("/n/lengkap")["Location"] == "/n"
    assert client.post("/n", {"overall": "1"})["Location"] == "/n/lanjut"
    client.post("/n/selesai")
    assert "c: " in client.get("/n/selesai").content.decode()
    assert set(StagedRating.objects.values_list("overall", "status")) == {(4, "superseded"), (1, "counted")}
    assert client.post("/n", {"overall": "3"}).status_code == 409
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        late = client.post("/cek/ulang", {"text": receipt.c.hex()})
    assert late.status_code == 410
    assert "Bulan ini sudah ditutup" in late.content.decode()


def test_month_page_counts_everything_and_says_what_an_administrator_could_learn(
    client: Client, office: Office, travel: Travel
) -> None:
    assert "Belum ada bulan yang ditutup" in client.get("/cek/bulan").content.decode()
    assert client.get("/cek/bulan/2026-10.txt").status_code == 404
    assert client.get("/cek/bulan/oktober.txt").status_code == 404
    a_month_of_everything(office)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        html = client.get("/cek/bulan").content.decode()
    assert "Apa yang dapat diketahui administrator basis data?" in html
    counted = re.findall(r"<dd>(\d+)</dd>", html)
    assert counted == ["9", "6", "1", "1", "1", "1", "9"]
    assert client.get("/cek/bulan/2026-10.txt").content.count(b"\n") == 10


# --- LOG-10, LOG-11 --------------------------------------------------------------------------------------------------


def test_fetching_a_link_a_thousand_times_spends_nothing(client: Client, office: Office) -> None:
    """LOG-11: previews, prefetch, HEAD."""
    address = reverse("ticket-open", args=[tokens.encode(office.token())])
    for i in range(1000):
        (client.get if i % 2 else client.head)(address, headers={"purpose": "prefetch"} if i % 3 else {})
    client.get("/n")
    assert Ticket.objects.get().spent_on is None
    assert StagedRating.objects.count() == RefusedRating.objects.count() == 0


def test_token_stands_in_no_log_no_page_and_no_referrer(
    client: Client, office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-10: a canary through every page, an error among them."""
    from teladan.core.redact import TokenFilter
    from teladan.feedback.views import citizen

    token = office.token()
    canary = tokens.encode(token)
    caplog.handler.addFilter(TokenFilter())
    caplog.set_level("DEBUG")
    pages = [client.get(f"/n/{canary}"), client.get("/n"), client.post("/n", {"overall": "1"}), client.get("/n/lanjut")]
    pages += [client.post("/n/selesai"), client.get("/n/selesai"), client.get("/n/tanda-terima.txt")]
    pages += [client.get(f"/n/{canary[:-1]}"), client.get(f"/n/{canary}x")]
    monkeypatch.setattr(citizen, "hold_ticket", lambda *_: 1 / 0)
    quiet = Client(raise_request_exception=False)
    pages.append(quiet.get(f"/n/{canary}"))
    assert pages[-1].status_code == 500
    for page in pages:
        assert canary not in page.content.decode()
        assert page["Referrer-Policy"] == "no-referrer" or page.status_code == 500
        assert not any(canary in str(value) for value in page.headers.values())
        assert not any(canary in morsel.value for morsel in page.cookies.values())
    assert canary not in caplog.text
    assert "ZeroDivisionError" in caplog.text
