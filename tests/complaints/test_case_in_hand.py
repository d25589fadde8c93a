"""The complainant comes back with number and code: status, additions, withdrawal; and nobody else learns of it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from teladan.complaints import queries
from teladan.complaints.actions import filing, handling
from teladan.complaints.actions.steps import ComplaintRefused
from teladan.complaints.models import Complaint, Entry
from teladan.complaints.rules import State
from teladan.complaints.tasks import lapse_incomplete
from teladan.core import clock, codes
from teladan.core.models import AuditEvent
from tests.complaints.conftest import CONTACT, DAY, NAME, PDF, SERVED, STORY, Town, make_town, on, picture, png
from tests.complaints.letters import CODE, opened, send, text_of

pytestmark = pytest.mark.django_db


# --- the case in hand ------------------------------------------------------------------------------------------------


def test_status_says_state_and_day(client: Client, town: Town) -> None:
    opened(client, town)
    text = text_of(client.get(reverse("complaint-status")))
    assert "Sedang dilihat kelengkapannya" in text
    assert "Senin, 23 November 2026" in text
    assert STORY in text


def test_what_was_asked_for_is_shown_and_brought(client: Client, town: Town) -> None:
    case = opened(client, town)
    handling.take_case(complaint=case, by=town.handler)
    handling.ask_missing(complaint=case, text="Foto kuitansi.", by=town.handler)
    text = text_of(client.get(reverse("complaint-status")))
    assert "Kami perlu sesuatu dari Anda" in text
    assert "Foto kuitansi." in text
    assert "9 Desember 2026" in text
    assert client.post(reverse("complaint-status"), {"text": " "}).status_code == 422
    data = {"text": "Ini kuitansinya.", "attachments": [SimpleUploadedFile("k.pdf", PDF)]}
    assert client.post(reverse("complaint-status"), data).status_code == 302
    case.refresh_from_db()
    assert (case.state, case.due_on) == (State.RECEIVED, DAY + timedelta(days=14))
    assert case.attachments.get().name == "k.pdf"


@pytest.mark.parametrize(
    ("day", "state"), [(date(2026, 12, 9), State.RECEIVED), (date(2026, 12, 10), State.INCOMPLETE)]
)
def test_completing_on_the_thirtieth_day_is_in_time(town: Town, day: date, state: State) -> None:
    case = town.taken()
    handling.ask_missing(complaint=case, text="Foto kuitansi.", by=town.handler)
    with on(day):
        if state == State.RECEIVED:
            filing.add_to_case(complaint=case, text="Ini.")
        else:
            with pytest.raises(ComplaintRefused, match="sudah lewat"):
                filing.add_to_case(complaint=case, text="Ini.")
    case.refresh_from_db()
    assert case.state == state


@pytest.mark.parametrize(("day", "lapsed"), [(date(2026, 12, 9), 0), (date(2026, 12, 10), 1)])
def test_the_daily_job_withdraws_what_was_not_completed(town: Town, day: date, lapsed: int) -> None:
    case = town.taken()
    handling.ask_missing(complaint=case, text="Foto kuitansi.", by=town.handler)
    with on(day):
        assert filing.lapse_incomplete() == lapsed
        assert filing.lapse_incomplete() == 0
        lapse_incomplete(0)
    case.refresh_from_db()
    assert (case.state == State.WITHDRAWN) is bool(lapsed)
    assert AuditEvent.objects.filter(event="complaints.lapsed", actor="clock").count() == lapsed


def test_withdrawing_asks_once_more_and_ends_the_case(client: Client, town: Town) -> None:
    case = opened(client, town)
    assert "tidak dapat dibatalkan" in text_of(client.get(reverse("complaint-withdraw")))
    client.post(reverse("complaint-withdraw"))
    case.refresh_from_db()
    assert (case.state, case.due_on) == (State.WITHDRAWN, None)
    assert "Dicabut" in text_of(client.get(reverse("complaint-status")))
    with pytest.raises(ComplaintRefused):
        filing.add_to_case(complaint=case, text="Lagi.")


def test_withdrawing_refuses_after_the_decision(client: Client, town: Town) -> None:
    case = opened(client, town)
    handling.take_case(complaint=case, by=town.handler)
    handling.declare_complete(complaint=case, by=town.handler)
    handling.decide(complaint=case, outcome="rejected", reasons="Tidak terbukti.", by=town.handler)
    assert reverse("complaint-withdraw") not in text_of(client.get(reverse("complaint-status")))
    client.post(reverse("complaint-withdraw"))
    case.refresh_from_db()
    assert case.state == State.DECIDED


def test_the_decision_shows_once_it_is_delivered(client: Client, town: Town) -> None:
    case = opened(client, town)
    handling.take_case(complaint=case, by=town.handler)
    handling.declare_complete(complaint=case, by=town.handler)
    hearing = handling.question_complained_of(
        complaint=case, person=town.officer, question="Pertanyaan tersembunyi?", by=town.handler
    )
    handling.give_statement(hearing=hearing, statement="Jawaban tersembunyi.", by=town.officer_user)
    handling.decide(complaint=case, outcome="partly", reasons="Sebagian terbukti.", by=town.handler)
    before = text_of(client.get(reverse("complaint-status")))
    assert "Sebagian terbukti." not in before
    handling.deliver(complaint=case, text="Lewat telepon.", by=town.handler)
    after = text_of(client.get(reverse("complaint-status")))
    assert "Sebagian terbukti." in after
    assert "dikabulkan sebagian" in after
    assert "tersembunyi" not in before + after
    assert town.handler.get_full_name() not in before + after


def test_a_late_office_is_named(client: Client, town: Town) -> None:
    opened(client, town)
    for day, late in ((date(2026, 11, 23), False), (date(2026, 11, 24), True)):
        with on(day):
            assert ("Kantor terlambat" in text_of(client.get(reverse("complaint-status")))) is late


def test_leaving_closes_the_case(client: Client, town: Town) -> None:
    opened(client, town)
    client.post(reverse("complaint-leave"))
    assert client.get(reverse("complaint-status")).status_code == 302


def test_additions_and_files_have_an_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    case = town.file().complaint
    filing.add_to_case(complaint=case, text="", sent=[picture()] * 3)
    filing.add_to_case(complaint=case, text="", sent=[picture()] * 3)
    with pytest.raises(ComplaintRefused, match="lampiran"):
        filing.add_to_case(complaint=case, text="", sent=[picture()])
    monkeypatch.setattr(filing, "MAX_ADDITIONS", 2)
    with pytest.raises(ComplaintRefused, match="banyak tambahan"):
        filing.add_to_case(complaint=case, text="Lagi.")


# --- nobody else learns of it ----------------------------------------------------------------------------------------


def test_name_code_and_words_appear_in_no_log_audit_or_job(
    client: Client, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = send(client, attachments=[SimpleUploadedFile("kenari.png", png())])
        code = CODE.search(text_of(response))
        assert code
        number = Complaint.objects.get().number
        client.post(reverse("complaint-check"), {"number": number, "code": code[1]})
        client.get(reverse("complaint-status"))
        client.post(reverse("complaint-status"), {"text": "Tambahan kenari."})
        client.post(reverse("complaint-check"), {"number": number, "code": "0" * 16})
        handling.take_case(complaint=Complaint.objects.get(), by=town.handler)
        handling.declare_complete(complaint=Complaint.objects.get(), by=town.handler)
        handling.decide(
            complaint=Complaint.objects.get(), outcome="rejected", reasons="Alasan kenari.", by=town.handler
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(e)::text, ' ') FROM core_auditevent e")
        audited = cursor.fetchone()[0]
        cursor.execute("SELECT coalesce(string_agg(row_to_json(j)::text, ' '), '') FROM procrastinate_jobs j")
        jobs = cursor.fetchone()[0]
    secrets = [NAME, CONTACT, "kenari", "Kenari", code[1], codes.normal(code[1]), number]
    logged = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    for secret in secrets:
        assert all(secret not in line for line in logged), secret
        assert secret not in audited, secret
        assert secret not in jobs, secret


def test_an_error_page_and_its_report_say_nothing(
    town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kw: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("teladan.complaints.views.citizen.filing.file_complaint", broken)
    response = send(Client(raise_request_exception=False))
    assert response.status_code == 500
    assert NAME not in text_of(response)
    assert all(NAME not in record.getMessage() for record in caplog.records)


def test_subjects_are_services_and_offices_in_few_queries(town: Town, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        groups = queries.subjects()
    assert groups[0] == ("Bidang Pendaftaran", [("s:KK-BARU", "Kartu keluarga baru")])
    assert [name for _key, name in groups[-1][1]] == ["Dinas Kependudukan", "Inspektorat", "Sekretariat Daerah"]


@pytest.mark.django_db(transaction=True)
def test_the_same_form_sent_at_once_is_one_case() -> None:
    town = make_town()

    def one(_index: int) -> tuple[str, str]:
        try:
            with clock.at(clock.local(DAY, 11)):
                filed = town.file()
                return filed.complaint.number, filed.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(one, range(4)))
    assert len(found) == 1
    assert Complaint.objects.count() == Entry.objects.count() == 1
    assert Complaint.objects.get().served_on == SERVED
