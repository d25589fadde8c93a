"""The counter: who may serve where, two clicks, the double click, finishing, printing again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import tokens
from teladan.feedback.actions import serving
from teladan.feedback.actions.sealing import MonthSealed, open_month
from teladan.feedback.actions.serving import AlreadyServed, NumberTaken
from teladan.feedback.models import CollectionMonth, Ticket
from teladan.people.permissions import Role
from teladan.services.models import ServiceEvent
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-10-20T10:00:00+07:00")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def city() -> SimpleNamespace:
    office = make.make_unit("DISDUKCAPIL", "Dinas Dukcapil")
    division = make.make_unit("DAFDUK", "Bidang Dafduk", parent=office)
    other = make.make_unit("PTSP", "Dinas PTSP")
    officer = make.make_staff(division, make.make_person(name="Afdal Koto"))
    return SimpleNamespace(
        office=office,
        division=division,
        other=other,
        counter=make.make_counter(office, "L3", "Loket 3", queue_prefix="DDK"),
        foreign=make.make_counter(other, "P1"),
        outside=make.make_counter(None, "PLN"),
        service=make.make_service(office, "KK-BARU", "Kartu keluarga baru"),
        officer=officer,
        user=make.make_user(officer, role=Role.OFFICER, unit=division),
    )


@pytest.fixture
def at_counter(client: Client, city: SimpleNamespace) -> Client:
    client.force_login(city.user)
    return client


def form(city: SimpleNamespace, **kw: str) -> dict[str, str]:
    return {
        "service": "KK-BARU",
        "number": "DDK-001",
        "day": "2026-10-20",
        "channel": "loket",
        "outcome": "granted",
        **kw,
    }


def address_in(text: str) -> bytes:
    """The token that the slip prints under its QR code."""
    found = re.search(r"slip-token\">\s*([0-9A-Z ]+?)\s*<", text)
    assert found
    return tokens.decode(found[1])


def tiles_in(text: str) -> list[str]:
    """Codes of the tiles, in order."""
    return re.findall(r'name="service"\s+value="([^"]+)"', text)


def chosen_in(text: str) -> list[str]:
    """Codes of the tiles that are chosen."""
    return re.findall(r'name="service"\s+value="([^"]+)"\s+checked', text)


def seal(month: date) -> None:
    opened = open_month(month)
    opened.state, opened.sealed_at, opened.sealed_by = CollectionMonth.State.SEALED, clock.now(), "test"
    opened.seal_digest = "0" * 64
    opened.save()


# --- who may -----------------------------------------------------------------------------------------------------------


def test_counter_needs_login(client: Client, city: SimpleNamespace) -> None:
    for path in ("/loket", "/loket/L3"):
        assert client.get(path).headers["Location"].startswith(reverse("account_login"))
    assert client.post("/loket/L3", form(city)).status_code == 302
    assert not ServiceEvent.objects.exists()


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.BKPSDM, Role.ADMIN, Role.UNIT_HEAD])
def test_counter_refuses_other_roles(client: Client, city: SimpleNamespace, role: Role) -> None:
    client.force_login(make.make_user(make.make_person(), role=role))
    assert client.get("/loket").status_code == 403
    assert client.get("/loket/L3").status_code == 403
    assert client.post("/loket/L3", form(city)).status_code == 403
    assert not ServiceEvent.objects.exists()


@pytest.mark.parametrize("code", ["P1", "PLN", "TIDAK-ADA"])
def test_counter_hides_from_strangers(at_counter: Client, city: SimpleNamespace, code: str) -> None:
    assert at_counter.get(f"/loket/{code}").status_code == 404
    assert at_counter.post(f"/loket/{code}", form(city)).status_code == 404


def test_counter_of_outside_body_is_closed_even_to_a_city_wide_role(client: Client, city: SimpleNamespace) -> None:
    client.force_login(make.make_user(make.make_person(), role=Role.OFFICER))
    assert client.get("/loket/P1").status_code == 200
    assert client.get("/loket/PLN").status_code == 404


def test_counter_refuses_account_of_nobody(client: Client, city: SimpleNamespace) -> None:
    client.force_login(make.make_user(None, role=Role.OFFICER, unit=city.office))
    assert client.get("/loket/L3").status_code == 403
    assert client.post("/loket/L3", form(city)).status_code == 403


def test_counter_reaches_up_and_down_the_tree(client: Client, city: SimpleNamespace) -> None:
    make.make_counter(make.make_unit("SEKSI", parent=city.division), "L9")
    make.make_counter(make.make_unit("CAPIL", parent=city.office), "L8")
    client.force_login(city.user)
    assert client.get("/loket/L9").status_code == 200
    assert client.get("/loket/L8").status_code == 404  # a sister division


def test_counter_closes_when_the_role_ends(at_counter: Client, city: SimpleNamespace) -> None:
    city.user.grants.update(valid_until=date(2026, 10, 20))
    assert at_counter.get("/loket/L3").status_code == 403


def test_serve_refuses_counter_of_another_unit(city: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        serving.serve(user=city.user, counter=city.foreign, service=city.service, number="1")
    assert not ServiceEvent.objects.exists()


def test_finish_and_reprint_refuse_get_and_strangers(client: Client, city: SimpleNamespace) -> None:
    event = serving.serve(user=city.user, counter=city.counter, service=city.service, number="DDK-001").event
    stranger = make.make_user(make.make_person(), role=Role.OFFICER, unit=city.other)
    for act in ("selesai", "cetak-ulang"):
        client.force_login(city.user)
        assert client.get(f"/loket/L3/{act}/{event.pk}").status_code == 405
        client.force_login(stranger)
        assert client.post(f"/loket/L3/{act}/{event.pk}").status_code == 404
        assert client.post(f"/loket/P1/{act}/{event.pk}").status_code == 404
    event.refresh_from_db()
    assert event.finished_at is None


# --- what is turned away -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"service": ""}, "Pilih layanan dulu."),
        ({"service": "TIDAK-ADA"}, "Ada 1 hal yang perlu diperbaiki"),
        ({"number": ""}, "Isi nomor antrean."),
        ({"number": "DDK 001"}, "hanya huruf, angka"),
        ({"number": "D" * 13}, "Ada 1 hal yang perlu diperbaiki"),
        ({"channel": "daring"}, "Ada 1 hal yang perlu diperbaiki"),
        ({"outcome": "lost"}, "Ada 1 hal yang perlu diperbaiki"),
    ],
)
def test_form_is_refused_on_the_same_page(
    at_counter: Client, city: SimpleNamespace, change: dict[str, str], words: str
) -> None:
    answer = at_counter.post("/loket/L3", form(city, **change))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ServiceEvent.objects.exists()


def test_form_left_open_overnight_gets_todays_number(at_counter: Client, city: SimpleNamespace) -> None:
    answer = at_counter.post("/loket/L3", form(city, day="2026-10-19", number="DDK-044"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "dibuka pada hari lain" in text
    assert "Antrean DDK-001" in text
    assert chosen_in(text) == ["KK-BARU"]
    assert not ServiceEvent.objects.exists()


def test_serve_refuses_in_a_sealed_month(at_counter: Client, city: SimpleNamespace) -> None:
    seal(date(2026, 10, 1))
    answer = at_counter.post("/loket/L3", form(city))
    assert answer.status_code == 422
    assert "2026-10" in answer.content.decode()
    assert not ServiceEvent.objects.exists()
    with pytest.raises(MonthSealed):
        serving.serve(user=city.user, counter=city.counter, service=city.service, number="1")


def test_number_taken_keeps_the_choice_and_offers_the_next(at_counter: Client, city: SimpleNamespace) -> None:
    make.make_service(city.office, "KIA", "Kartu anak")
    at_counter.post("/loket/L3", form(city))
    answer = at_counter.post("/loket/L3", form(city, service="KIA"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Nomor DDK-001 sudah dipakai hari ini" in text
    assert "Antrean DDK-002" in text
    assert chosen_in(text) == ["KIA"]
    assert ServiceEvent.objects.count() == Ticket.objects.count() == 1


# --- serving -----------------------------------------------------------------------------------------------------------


def test_two_clicks_make_event_ticket_and_slip(at_counter: Client, city: SimpleNamespace) -> None:
    page = at_counter.get("/loket/L3")
    assert "Antrean DDK-001" in page.content.decode()
    assert "janji 24 jam" in page.content.decode()
    answer = at_counter.post("/loket/L3", form(city))
    event, ticket = ServiceEvent.objects.get(), Ticket.objects.get()
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert bytes(ticket.token_hash) == tokens.token_hash(address_in(answer.content.decode()))
    assert (event.officer, event.unit, event.number) == (city.officer, city.office, "L3/261020/DDK-001")
    assert (event.met_at, event.complete_at, event.finished_at) == (NOW, NOW, None)
    assert ticket.typed_number
    assert "Antrean DDK-002" in at_counter.get("/loket/L3").content.decode()


def test_token_is_stored_nowhere(at_counter: Client, city: SimpleNamespace, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    answer = at_counter.post("/loket/L3", form(city))
    token = address_in(answer.content.decode())
    rows = [
        *AuditEvent.objects.values_list("after", "subject"),
        *Ticket.objects.values_list(),
        *ServiceEvent.objects.values_list(),
    ]
    kept = " ".join(map(str, rows)) + caplog.text + str(dict(at_counter.session))
    assert tokens.encode(token) not in kept
    assert token.hex() not in kept


@pytest.mark.parametrize("outcome", ["refused", "incomplete"])
def test_refused_and_incomplete_get_a_ticket_too(at_counter: Client, city: SimpleNamespace, outcome: str) -> None:
    answer = at_counter.post("/loket/L3", form(city, outcome=outcome))
    assert address_in(answer.content.decode())
    event = ServiceEvent.objects.get()
    assert (event.outcome, event.complete_at) == (outcome, None)
    assert Ticket.objects.count() == 1


def test_double_submit_serves_once_and_offers_a_reprint(at_counter: Client, city: SimpleNamespace) -> None:
    at_counter.post("/loket/L3", form(city))
    before = bytes(Ticket.objects.get().token_hash)
    answer = at_counter.post("/loket/L3", form(city))
    assert answer.status_code == 409
    assert "Tiket sudah dicetak" in answer.content.decode()
    assert "mematikan yang lama" in answer.content.decode()
    assert ServiceEvent.objects.count() == 1
    assert bytes(Ticket.objects.get().token_hash) == before


@pytest.mark.django_db(transaction=True)
def test_parallel_submits_serve_once(city: SimpleNamespace) -> None:
    barrier, found = Barrier(6), []

    def click() -> None:
        barrier.wait()
        try:
            with clock.at(NOW + timedelta(milliseconds=len(found))):
                serving.serve(user=city.user, counter=city.counter, service=city.service, number="DDK-001")
            found.append("served")
        except AlreadyServed:
            found.append("already")
        finally:
            connection.close()

    threads = [Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["already"] * 5 + ["served"]
    assert ServiceEvent.objects.count() == Ticket.objects.count() == 1


def test_same_number_tomorrow_or_at_another_counter_is_another_event(city: SimpleNamespace) -> None:
    serve = {"user": city.user, "service": city.service, "number": "DDK-001"}
    serving.serve(counter=city.counter, **serve)
    serving.serve(counter=make.make_counter(city.office, "L4"), **serve)
    with clock.at(NOW + timedelta(days=1)):
        serving.serve(counter=city.counter, **serve)
    with pytest.raises(NumberTaken):
        serving.serve(counter=city.counter, outcome="refused", **serve)
    assert Ticket.objects.count() == 3


def test_failure_of_the_ticket_leaves_no_event(city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("printer on fire")

    monkeypatch.setattr(serving, "issue_ticket", broken)
    with pytest.raises(RuntimeError):
        serving.serve(user=city.user, counter=city.counter, service=city.service, number="1")
    assert not ServiceEvent.objects.exists()


# --- finishing and printing again ----------------------------------------------------------------------------------------


def test_finish_ends_the_file_once(at_counter: Client, city: SimpleNamespace) -> None:
    at_counter.post("/loket/L3", form(city))
    event = ServiceEvent.objects.get()
    later = NOW + timedelta(hours=2)
    for moment in (later, later + timedelta(hours=1)):
        with clock.at(moment):
            answer = at_counter.post(f"/loket/L3/selesai/{event.pk}", follow=True)
            assert "DDK-001 selesai." in answer.content.decode()
    event.refresh_from_db()
    assert event.finished_at == later


def test_finish_refuses_what_was_turned_away(at_counter: Client, city: SimpleNamespace) -> None:
    at_counter.post("/loket/L3", form(city, outcome="refused"))
    event = ServiceEvent.objects.get()
    answer = at_counter.post(f"/loket/L3/selesai/{event.pk}", follow=True)
    assert "tidak dapat diselesaikan" in answer.content.decode()
    assert not re.search(r"selesai/[0-9a-f-]{36}", at_counter.get("/loket/L3").content.decode())


def test_colleague_may_finish_but_not_print_again(client: Client, city: SimpleNamespace) -> None:
    event = serving.serve(user=city.user, counter=city.counter, service=city.service, number="DDK-001").event
    client.force_login(make.make_user(make.make_person(), role=Role.OFFICER, unit=city.division))
    assert client.post(f"/loket/L3/cetak-ulang/{event.pk}").status_code == 403
    assert client.post(f"/loket/L3/selesai/{event.pk}").status_code == 302


def test_reprint_kills_the_old_slip_and_is_on_record(at_counter: Client, city: SimpleNamespace) -> None:
    first = address_in(at_counter.post("/loket/L3", form(city)).content.decode())
    event = ServiceEvent.objects.get()
    answer = at_counter.post(f"/loket/L3/cetak-ulang/{event.pk}")
    second = address_in(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert first != second
    assert bytes(Ticket.objects.get().token_hash) == tokens.token_hash(second)
    assert AuditEvent.objects.filter(event="feedback.ticket_reprinted", subject=f"event:{event.pk}").count() == 1


def test_reprint_of_a_used_ticket_looks_the_same_and_gives_no_second_rating(
    at_counter: Client, city: SimpleNamespace
) -> None:
    at_counter.post("/loket/L3", form(city))
    event = ServiceEvent.objects.get()
    Ticket.objects.update(spent_on=date(2026, 10, 20), issued_at=None)
    answer = at_counter.post(f"/loket/L3/cetak-ulang/{event.pk}")
    assert address_in(answer.content.decode())
    assert Ticket.objects.get().spent_on == date(2026, 10, 20)


def test_reprint_refuses_after_a_while(at_counter: Client, city: SimpleNamespace) -> None:
    at_counter.post("/loket/L3", form(city))
    event = ServiceEvent.objects.get()
    with clock.at(NOW + timedelta(minutes=16)):
        answer = at_counter.post(f"/loket/L3/cetak-ulang/{event.pk}", follow=True)
    assert "15 menit" in answer.content.decode()
    assert not AuditEvent.objects.filter(event="feedback.ticket_reprinted").exists()


# --- the screen ----------------------------------------------------------------------------------------------------------


def test_counter_opens_at_once_when_there_is_one_or_it_is_remembered(at_counter: Client, city: SimpleNamespace) -> None:
    assert at_counter.get("/loket").headers["Location"] == "/loket/L3"
    make.make_counter(city.division, "L4", "Loket 4")
    choice = at_counter.get("/loket").content.decode()
    assert "Loket 3" in choice
    assert "Loket 4" in choice
    assert "Loket P1" not in choice
    at_counter.get("/loket/L4")
    assert at_counter.get("/loket").headers["Location"] == "/loket/L4"
    assert "Loket 3" in at_counter.get("/loket?pilih=1").content.decode()


def test_counter_choice_when_there_is_none_says_what_to_do(client: Client, city: SimpleNamespace) -> None:
    client.force_login(make.make_user(make.make_person(), role=Role.OFFICER, unit=make.make_unit("SEPI")))
    assert "Belum ada loket untuk Anda" in client.get("/loket").content.decode()


def test_tiles_begin_with_what_this_officer_serves_most(at_counter: Client, city: SimpleNamespace) -> None:
    for index in range(13):
        make.make_service(city.office, f"S-{index:02d}", f"Layanan {index:02d}")
    foreign = make.make_service(city.other, "IZIN", "Izin usaha", minutes=None)
    last = city.office.services.get(code="S-12")
    for _ in range(3):
        make.make_event(city.officer, last, city.counter, met_at=NOW - timedelta(days=3))
    make.make_event(make.make_person(), foreign, city.counter, met_at=NOW - timedelta(days=3))
    text = at_counter.get("/loket/L3").content.decode()
    order = tiles_in(text)
    assert order[0] == "S-12"
    assert order[-1] == "IZIN"
    assert len(order) == 15
    assert "Layanan lain (4)" in text
    assert text.index("Layanan unit lain") < text.index('value="IZIN"')
    assert "belum ada standar waktu" in text


def test_screen_lists_today_and_what_is_still_open_from_before(at_counter: Client, city: SimpleNamespace) -> None:
    make.make_event(city.officer, city.service, city.counter, met_at=NOW - timedelta(days=3), number="L3/261017/LAMA-1")
    make.make_event(
        city.officer, city.service, city.counter, met_at=NOW - timedelta(days=3), finished_at=NOW, number="L3/x/LAMA-2"
    )
    at_counter.post("/loket/L3", form(city))
    text = at_counter.get("/loket/L3").content.decode()
    assert "LAMA-1" in text
    assert "Lewat janji" in text
    assert "LAMA-2" not in text
    assert "1 dilayani, 1 belum selesai" in text
    assert "Janji selesai 21 Okt 2026, 10.00" in text


@pytest.mark.parametrize("count", [1, 3])
def test_screen_costs_the_same_queries(
    at_counter: Client, city: SimpleNamespace, count: int, django_assert_num_queries: Any
) -> None:
    for index in range(count):
        make.make_service(city.office, f"S-{index}")
        make.make_event(city.officer, city.service, city.counter)
        make.make_event(city.officer, city.service, city.counter, met_at=NOW - timedelta(days=2))
    at_counter.get("/loket/L3")
    with django_assert_num_queries(17):
        at_counter.get("/loket/L3")
