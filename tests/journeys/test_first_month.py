"""One month from the personnel file to the public page, lived by its people in a real browser."""

from __future__ import annotations

import time
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from teladan.awards.actions import ensure_programme
from teladan.core import clock
from teladan.core.spreadsheet import write_csv
from teladan.demo.months import EVENT_HEADERS
from teladan.evaluation.actions import closing, rating
from teladan.evaluation.models import Closing, Evaluation, OfficerResult
from teladan.feedback import tokens
from teladan.feedback.actions.casting import Submission, cast_many
from teladan.feedback.imports_events import EventImporter
from teladan.feedback.models import StagedRating
from teladan.people import actions as people
from teladan.people.imports import UnitImporter
from teladan.people.models import Person, Unit, User
from tests import make
from tests.journeys.walking import Citizen, city_clock, let_worker_work, ticket_of, walker
from tests.people.files import UNIT_COLUMNS, employee, employees_csv

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OCTOBER = date(2026, 10, 1)
AT_WORK = clock.local(date(2026, 10, 27), 9)
AFTER_GRACE = clock.local(date(2026, 11, 9), 9)
OFFICERS = 8
BUDGET = 40 / 12  # interactions per person rated: 12 people in 40 (docs: burden of the appraiser)
UNITS = [
    ["KOTA", "Pemerintah Kota", "", "kota", "", "2020-01-01"],
    ["DUKCAPIL", "Dinas Kependudukan", "KOTA", "opd", "Kepala Dinas Kependudukan", "2020-01-01"],
    ["DAFDUK", "Bidang Pendaftaran Penduduk", "DUKCAPIL", "bidang", "Kepala Bidang Pendaftaran", "2020-01-01"],
    ["BKPSDM", "Badan Kepegawaian", "KOTA", "opd", "Kepala Badan Kepegawaian", "2020-01-01"],
]
STAR = 3
"""The officer whom citizens like most, by number."""


def staff() -> list[dict[str, str]]:
    """The personnel file: two heads, one of another office, eight officers at the counter."""

    def head(number: int, title: str, unit: str, echelon: str) -> dict[str, str]:
        post = {"JENIS JABATAN NAMA": "Jabatan Struktural", "JABATAN NAMA": title, "ESELON NAMA": echelon}
        return employee(number, UNOR_ID=unit, GOL_AKHIR_NAMA="IV/a") | post

    heads = [
        head(20, "Kepala Dinas Kependudukan", "DUKCAPIL", "II.b"),
        head(21, "Kepala Bidang Pendaftaran", "DAFDUK", "III.b"),
        head(22, "Kepala Badan Kepegawaian", "BKPSDM", "II.b"),
    ]
    officers = [employee(n, UNOR_ID="DAFDUK", NAMA=f"Petugas Loket {chr(64 + n)}") for n in range(1, OFFICERS + 1)]
    return [*heads, *officers]


@pytest.fixture
def _no_connection_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread in which the worker runs its task ends with the test."""
    run = closing.run_requested

    def in_its_thread(*, month: date, user_id: int) -> None:
        run(month=month, user_id=user_id)
        connection.close()

    monkeypatch.setattr(closing, "run_requested", in_its_thread)


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_connection_left")
def test_first_month(live_server, browser: Browser) -> None:
    began, address = time.monotonic(), live_server.url
    found_city()
    with city_clock(AT_WORK):
        clerk_imports_staff(browser, address)
        give_roles()
        services()
        ticket = officer_serves_two(browser, address)
        citizen_rates(browser, address, ticket)
        rest_of_october()
    with city_clock(AFTER_GRACE):
        bkpsdm_closes(browser, address)
        officer_asks_why(browser, address)
        acts = appraiser_rates_by_keyboard(browser, address)
        winner = committee_decides(browser, address)
        public_reads(browser, address, winner)
    print(f"\nappraiser: {acts} interactions for {OFFICERS}; whole journey {time.monotonic() - began:.0f} s")  # noqa: T201


# --- backstage -------------------------------------------------------------------------------------------------------


def found_city() -> None:
    ensure_programme()
    assert UnitImporter().commit(write_csv(UNIT_COLUMNS, UNITS), "unit.csv", by="uji").ok
    make.make_user(username="operator", role="operator", password=make.PASSWORD)


def person(number: int) -> Person:
    return Person.objects.get(nip=make.nip(number))


def give_roles() -> None:
    unit = {found.code: found for found in Unit.objects.all()}
    wanted = [
        ("petugas", "officer", person(STAR), unit["DAFDUK"]),
        ("penilai", "appraiser", person(21), unit["DAFDUK"]),
        ("atasan", "superior", person(20), unit["DUKCAPIL"]),
        ("tim", "committee", person(22), None),
        ("bkpsdm", "bkpsdm", None, None),
    ]
    for username, role, who, scope in wanted:
        user = people.create_account(
            person=who, username=username, display_name="" if who else "Akun BKPSDM", password=make.PASSWORD, by="uji"
        )
        people.grant_role(user=user, role=role, unit=scope, by="uji")


def services() -> None:
    unit = Unit.objects.get(code="DAFDUK")
    for code, name, minutes in (("KTP", "KTP-el baru", 60), ("KK", "Kartu keluarga baru", 1440)):
        make.make_service(unit, code, name, minutes)
    make.make_counter(unit, "LOKET-1", "Loket 1", queue_prefix="A", hall="Kantor Disdukcapil")


def rest_of_october() -> None:
    """What the queue machine wrote in the month, and what citizens answered: 60 each, one officer better than the rest."""
    random = Random(2026)
    source = make.make_source("ANTREAN", issues_tickets=True)
    rows, answers = [], []
    for officer in range(1, OFFICERS + 1):
        for visit in range(90):
            met = clock.local(OCTOBER + timedelta(days=visit % 20), 8, visit % 60)
            token = random.randbytes(16)
            times = [f"{met + timedelta(minutes=m):%Y-%m-%d %H:%M:%S}" for m in (0, 5, 40)]
            rows.append([f"Q-{officer}-{visit}", ("KTP", "KK")[visit % 2], make.nip(officer), "LOKET-1", "loket", *times,
                         "dipenuhi", tokens.token_hash(token).hex()])  # fmt: skip
            if visit < 60:
                answers.append(Submission(tokens.token_hash(token), opinion(random, officer), met + timedelta(hours=1)))
    report = EventImporter(source).commit(write_csv(EVENT_HEADERS, rows), "antrean.csv", by="uji")
    assert report.ok, report.messages[:3]
    cast_many(answers)
    assert StagedRating.objects.count() == OFFICERS * 60 + 1


def opinion(random: Random, officer: int) -> dict[str, int | None]:
    goal = 3.9 if officer == STAR else 2.9 + 0.05 * officer
    one = [min(4, max(1, round(random.gauss(goal, 0.6)))) for _ in range(9)]
    names = ("overall", "kompetensi", "perilaku", "persyaratan", "prosedur", "waktu", "produk", "pengaduan", "sarana")
    return dict(zip(names, one, strict=True))


# --- on stage --------------------------------------------------------------------------------------------------------


def clerk_imports_staff(browser: Browser, address: str) -> None:
    """The first file has a NIP that Excel has ruined and a unit nobody knows; the second is right."""
    right = staff()
    wrong = [dict(row) for row in right]
    wrong[4]["NIP BARU"], wrong[6]["UNOR ID"] = "1.99001E+17", "TIDAK-ADA"
    with walker(browser, address, "operator") as clerk:
        clerk.go("/pegawai/impor")
        upload(clerk, employees_csv(wrong))
        assert not Person.objects.exists()
        messages = clerk.page.get_by_role("table", name="Pesan impor")
        for row, column in ((6, "NIP BARU"), (8, "UNOR ID")):
            line = messages.get_by_role("row").filter(has_text=f"baris {row}").filter(has_text=column)
            assert line.filter(has_text="kesalahan").count() == 1, messages.inner_text()
        assert clerk.page.get_by_role("button", name="Simpan semua").count() == 0
        clerk.click("Unggah berkas lain")
        upload(clerk, employees_csv(right))
        clerk.click("Simpan semua", "button")
        assert clerk.page.get_by_role("heading", level=1).inner_text() == "Sudah disimpan"
    assert Person.objects.count() == OFFICERS + 3


def upload(clerk, content: bytes) -> None:
    file = {"name": "siasn.csv", "mimeType": "text/csv", "buffer": content}
    clerk.page.locator("label:has([name=jenis][value=employees])").click()
    clerk.page.locator("input[type=file]").set_input_files(file)
    clerk.click("Periksa berkas", "button")


def officer_serves_two(browser: Browser, address: str) -> str:
    """Two clicks each: the service, then the ticket. The first citizen's ticket is handed over."""
    tickets = []
    with walker(browser, address, "petugas") as officer:
        officer.go("/loket")
        for service, button in (("KTP-el baru", "Cetak tiket"), ("Kartu keluarga baru", "Ditolak")):
            officer.page.locator("label.tile", has_text=service).click()
            officer.click(button, "button")
            assert officer.page.locator(".slip svg").is_visible()
            tickets.append(ticket_of(officer.page))
            officer.click("Layani warga berikutnya")
        day = officer.page.get_by_role("complementary", name="Layanan di loket ini")
        assert day.get_by_role("listitem").count() == 2
    assert len(set(tickets)) == 2
    return tickets[0]


def citizen_rates(browser: Browser, address: str, ticket: str) -> None:
    citizen = Citizen(browser, address)
    citizen.go(ticket)
    citizen.send("Kirim")  # nothing chosen yet: the page says so
    assert citizen.page.locator(".error-summary").is_visible()
    citizen.page.locator("label:has([name=overall])").last.click()
    citizen.send("Kirim")
    assert citizen.page.get_by_role("heading", level=1).inner_text() == "Terima kasih"
    citizen.page.locator("label:has([name=sarana])").first.click()
    citizen.send("Kirim tambahan")
    citizen.page.get_by_role("textbox").fill("Kursi tunggu kurang.")
    citizen.send("Kirim pesan")
    assert citizen.page.get_by_role("heading", level=1).inner_text() == "Tanda terima penilaian"
    citizen.close()
    assert StagedRating.objects.count() == 1


def bkpsdm_closes(browser: Browser, address: str) -> None:
    with walker(browser, address, "bkpsdm") as agency:
        agency.go("/bulan")
        agency.click("Oktober 2026")
        agency.click("Tutup Oktober 2026", "button")
        assert not Closing.objects.exists()  # the page waits for the worker, not the other way round
        let_worker_work()
        agency.go("/bulan/2026-10")
        assert agency.page.get_by_role("heading", level=1).inner_text() == "Oktober 2026 sudah ditutup"
    assert Closing.objects.get().month == OCTOBER


def officer_asks_why(browser: Browser, address: str) -> None:
    result = OfficerResult.objects.get(person=person(STAR))
    shown = f"{result.score:.2f}".replace(".", ",")
    with walker(browser, address, "petugas") as officer:
        officer.click("Nilai saya")
        assert shown in officer.page.locator("main").inner_text()
        officer.click("Mengapa angka ini?")
        assert shown in officer.page.get_by_role("heading", level=1).inner_text()
        with officer.page.expect_download() as download:
            officer.page.locator("a[href$='hitung-ulang.json']").first.click()
        assert str(result.pk) in download.value.url


def appraiser_rates_by_keyboard(browser: Browser, address: str) -> int:
    """Eight people rated and signed without a mouse, within the budget of a tired appraiser."""
    month = {"month": OCTOBER, "value": "baik", "reason": "Target tercapai."}
    rating.set_achievement(unit=Unit.objects.get(code="DAFDUK"), by=User.objects.get(username="atasan"), **month)
    with walker(browser, address, "penilai") as appraiser:
        appraiser.go("/tim")
        page = appraiser.page
        rows = page.locator("tr[data-key]")
        assert rows.count() == OFFICERS
        star = str(person(STAR).pk)
        for key, suggestion in rows.evaluate_all("rows => rows.map(row => [row.dataset.key, row.dataset.suggestion])"):
            appraiser.choose(f"{key}-work", "above" if key == star else "meets")
            appraiser.choose(f"{key}-behaviour", suggestion or "meets")
        sign = page.get_by_role("link", name=f"Tanda tangani {OFFICERS} penilaian")
        sign.wait_for()
        appraiser.look()
        appraiser.press(sign)
        page.wait_for_url("**/tim/tanda-tangan*")
        appraiser.look()
        appraiser.type(page.get_by_label("Kata sandi"), make.PASSWORD)
        appraiser.press(page.get_by_role("button", name=f"Tanda tangani {OFFICERS} penilaian"))
        page.get_by_text("sudah ditandatangani").first.wait_for()
        appraiser.look()
        acts = len(appraiser.acts)
    assert Evaluation.objects.filter(month=OCTOBER, signed_at__isnull=False).count() == OFFICERS
    assert acts <= BUDGET * OFFICERS
    return acts


def committee_decides(browser: Browser, address: str) -> str:
    winner = person(STAR).full_name
    with walker(browser, address, "tim") as committee:
        page = committee.page
        committee.click("Penghargaan")
        committee.click("Buka putaran Oktober 2026", "button")
        assert winner in page.locator("main").inner_text()
        for candidate in page.get_by_role("group", name="Kepentingan dengan").all():
            candidate.get_by_role("radio", name="tidak ada").check()
        committee.click("Simpan pernyataan", "button")
        committee.click("Ke putusan")
        page.get_by_role("checkbox", name=winner).check()
        page.get_by_role("textbox", name=f"Alasan untuk umum: {winner}").fill(
            "Warga memuji kesabaran dan ketepatannya."
        )
        page.get_by_label("Pertimbangan tim").fill("Bukti ditimbang bersama.")
        page.get_by_label("Kata sandi").fill(make.PASSWORD)
        committee.click("Putuskan", "button")
        assert "diputuskan" in page.locator("main").inner_text().lower()
    return winner


def public_reads(browser: Browser, address: str, winner: str) -> None:
    with walker(browser, address) as anyone:
        anyone.go("/publik")
        anyone.click("Bidang Pendaftaran Penduduk")
        assert "Oktober 2026" in anyone.page.locator("main").inner_text()
        anyone.go("/publik/penghargaan")
        assert winner in anyone.page.locator("main").inner_text()
        anyone.go("/publik/cara-kerja")
