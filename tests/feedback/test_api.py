"""The intake API: what it refuses and how it says so, idempotence, tickets, and what schemathesis makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from teladan.config.wsgi import application
from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import api, tokens
from teladan.feedback.actions.sealing import open_month
from teladan.feedback.models import CollectionMonth, Ticket
from teladan.services import actions
from teladan.services.models import EventHelper, ServiceEvent
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-10-20T10:00:00+07:00")
EVENTS, TICKETS = "/api/v1/peristiwa", "/api/v1/tiket"


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def city() -> SimpleNamespace:
    unit = make.make_unit("DISDUKCAPIL")
    source = make.make_source("ANTREAN", issues_tickets=True)
    return SimpleNamespace(
        unit=unit,
        counter=make.make_counter(unit, "L1"),
        service=make.make_service(unit, "KK-BARU"),
        officer=make.make_person(),
        source=source,
        token=actions.new_source_token(source=source, by="test"),
    )


def body(city: SimpleNamespace, **kw: Any) -> dict[str, Any]:
    return {
        "nomor": "A-1",
        "kode_layanan": "KK-BARU",
        "nip_petugas": city.officer.nip,
        "kode_loket": "L1",
        "waktu_temu": "2026-10-20T09:30:00+07:00",
        "berkas_lengkap": "2026-10-20T09:31:00+07:00",
        **kw,
    }


def send(client: Client, city: SimpleNamespace, path: str = EVENTS, token: str = "", **kw: Any) -> Any:
    content = body(city, **kw) if path == EVENTS else kw
    headers = {"Authorization": f"Bearer {token or city.token}"}
    return client.post(path, content, content_type="application/json", headers=headers)


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == status
    assert found["detail"]
    return found


def fields(answer: Any, status: int) -> list[str]:
    return [error["field"] for error in problem(answer, status)["errors"]]


def seal(month: date) -> None:
    opened = open_month(month)
    opened.state, opened.sealed_at, opened.sealed_by = CollectionMonth.State.SEALED, clock.now(), "test"
    opened.seal_digest = "0" * 64
    opened.save()


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [EVENTS, TICKETS])
def test_api_needs_a_token(client: Client, city: SimpleNamespace, path: str) -> None:
    answer = client.post(path, body(city), content_type="application/json")
    assert problem(answer, 401)["title"] == "Token tidak dikenal"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_api_refuses_wrong_and_replaced_and_retired_tokens(client: Client, city: SimpleNamespace) -> None:
    problem(send(client, city, token="teladan_salah"), 401)
    old, city.token = city.token, actions.new_source_token(source=city.source, by="test")
    problem(send(client, city, token=old), 401)
    city.source.is_active = False
    city.source.save(update_fields=["is_active"])
    problem(send(client, city), 401)
    assert not ServiceEvent.objects.exists()


def test_api_does_not_take_a_session_for_a_token(client: Client, city: SimpleNamespace) -> None:
    client.force_login(make.make_user(city.officer, role="admin"))
    problem(client.post(EVENTS, body(city), content_type="application/json"), 401)


def test_api_refuses_other_methods(client: Client, city: SimpleNamespace) -> None:
    for method in ("get", "put", "patch", "delete", "options"):
        answer = getattr(client, method)(EVENTS, headers={"Authorization": f"Bearer {city.token}"})
        problem(answer, 405)
        assert answer.headers["Allow"] == "POST"


def test_api_refuses_what_is_not_json(client: Client, city: SimpleNamespace) -> None:
    headers = {"Authorization": f"Bearer {city.token}"}
    problem(client.post(EVENTS, "nomor=1", content_type="application/json", headers=headers), 400)


def test_api_refuses_too_much(client: Client, city: SimpleNamespace) -> None:
    for path in (EVENTS, TICKETS):
        problem(send(client, city, path, nomor="x" * 3_000_000), 413)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nomor": ""}, "nomor"),
        ({"nomor": "x" * 61}, "nomor"),
        ({"nomor": "A\u0000B"}, "nomor"),
        ({"kode_layanan": "TIDAK-ADA"}, "kode_layanan"),
        ({"nip_petugas": "198001012005019999"}, "nip_petugas"),
        ({"nip_petugas": "1980"}, "nip_petugas"),
        ({"kode_loket": "L9"}, "kode_loket"),
        ({"kode_loket": "PLN"}, "kode_loket"),
        ({"waktu_temu": "kemarin"}, "waktu_temu"),
        ({"waktu_temu": 1760000000}, "waktu_temu"),
        ({"waktu_temu": "2026-10-20T09:30:00"}, "waktu_temu"),
        ({"waktu_temu": "2026-10-21T09:30:00+07:00", "berkas_lengkap": None}, "waktu_temu"),
        ({"waktu_temu": "0001-01-01T00:00:00+14:00"}, "waktu_temu"),
        ({"selesai": "2026-10-20T09:30:30+07:00"}, "selesai"),
        ({"saluran": "pos"}, "saluran"),
        ({"hasil": "hilang"}, "hasil"),
        ({"sidik_tiket": "abc"}, "sidik_tiket"),
        ({"seleai": "2026-10-20T09:50:00+07:00"}, "seleai"),
        ({"petugas_lain": [{"nip": "198001012005019999", "peran": "x"}]}, "petugas_lain"),
        ({"petugas_lain": [{"nip": "1", "peran": "x"}]}, "petugas_lain.0.nip"),
        ({"petugas_lain": [{"nip": "198001012005019999", "peran": "a\u0000"}]}, "petugas_lain"),
    ],
)
def test_api_names_the_field(client: Client, city: SimpleNamespace, change: dict[str, Any], field: str) -> None:
    make.make_counter(None, "PLN")
    found = problem(send(client, city, **change), 422)
    assert [error["field"] for error in found["errors"]] == [field]
    assert found["errors"][0]["message"]
    assert found["errors"][0]["todo"]
    assert not ServiceEvent.objects.exists()


def test_api_refuses_other_content_under_a_number(client: Client, city: SimpleNamespace) -> None:
    send(client, city)
    assert fields(send(client, city, waktu_temu="2026-10-20T09:29:00+07:00"), 409) == ["nomor"]
    assert ServiceEvent.objects.count() == 1


def test_api_refuses_new_events_of_a_sealed_month(client: Client, city: SimpleNamespace) -> None:
    seal(date(2026, 9, 1))
    september = "2026-09-20T09:30:00+07:00"
    answer = send(client, city, waktu_temu=september, berkas_lengkap=september)
    assert "2026-09 sudah ditutup" in problem(answer, 409)["detail"]
    assert not ServiceEvent.objects.exists()


def test_api_refuses_fingerprint_of_a_source_without_tickets(client: Client, city: SimpleNamespace) -> None:
    city.source.issues_tickets = False
    city.source.save(update_fields=["issues_tickets"])
    assert fields(send(client, city, sidik_tiket="0" * 64), 422) == ["sidik_tiket"]


def test_api_refuses_a_fingerprint_used_elsewhere(client: Client, city: SimpleNamespace) -> None:
    assert send(client, city, sidik_tiket="0" * 64).status_code == 201
    assert fields(send(client, city, nomor="A-2", sidik_tiket="0" * 64), 409) == ["sidik_tiket"]
    assert ServiceEvent.objects.count() == 1


def test_api_slows_down_a_source_that_sends_too_often(
    client: Client, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PER_MINUTE", 1)
    assert send(client, city).status_code == 201
    answer = send(client, city)
    problem(answer, 429)
    assert answer.headers["Retry-After"] == "60"


def test_api_slows_down_who_guesses_tokens(
    client: Client, city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "WRONG_TOKENS_PER_MINUTE", 1)
    problem(send(client, city, token="satu"), 401)
    problem(send(client, city, token="dua"), 429)
    assert send(client, city).status_code == 201


# --- accepted --------------------------------------------------------------------------------------------------------


def test_api_records_an_event_and_hands_out_its_ticket_once(client: Client, city: SimpleNamespace) -> None:
    helper = make.make_person()
    first = send(client, city, petugas_lain=[{"nip": helper.nip, "peran": "verifikator"}])
    again = send(client, city, petugas_lain=[{"nip": helper.nip, "peran": "verifikator"}])
    assert (first.status_code, again.status_code) == (201, 200)
    told = first.json()
    assert (told["nomor"], told["status"], told["bulan"]) == ("A-1", "baru", "2026-10")
    token = tokens.decode(told["tiket"]["alamat"].rpartition("/n/")[2])
    assert bytes(Ticket.objects.get().token_hash) == tokens.token_hash(token)
    assert again.json() == {"nomor": "A-1", "status": "tetap", "bulan": "2026-10", "tiket": None}
    event = ServiceEvent.objects.get()
    assert (event.officer, event.source) == (city.officer, city.source)
    assert list(EventHelper.objects.values_list("person", "role")) == [(helper.pk, "verifikator")]
    assert AuditEvent.objects.get(event="services.event_recorded").actor == "source:ANTREAN"


def test_api_lets_a_file_be_finished_later(client: Client, city: SimpleNamespace) -> None:
    send(client, city)
    answer = send(client, city, selesai="2026-10-20T09:58:00+07:00")
    assert (answer.status_code, answer.json()["status"]) == (200, "dilengkapi")
    assert ServiceEvent.objects.get().finished_at == datetime.fromisoformat("2026-10-20T09:58:00+07:00")


def test_api_gives_no_ticket_for_a_source_without_tickets(client: Client, city: SimpleNamespace) -> None:
    city.source.issues_tickets = False
    city.source.save(update_fields=["issues_tickets"])
    assert send(client, city).json()["tiket"] is None
    assert not Ticket.objects.exists()


def test_api_registers_a_ticket_that_the_source_printed(client: Client, city: SimpleNamespace) -> None:
    mark = sha256(b"t").hexdigest()
    assert send(client, city, sidik_tiket=mark).json()["tiket"] is None
    assert send(client, city, sidik_tiket=mark).status_code == 200
    assert bytes(Ticket.objects.get().token_hash).hex() == mark


def test_ticket_replace_refuses_unknown_and_foreign_numbers(client: Client, city: SimpleNamespace) -> None:
    make.make_event(city.officer, city.service, city.counter, number="B-1", source=make.make_source("LAIN"))
    for number in ("A-9", "B-1", "A\u0000"):
        problem(send(client, city, TICKETS, nomor=number), 404)


def test_ticket_replace_refuses_after_a_while(client: Client, city: SimpleNamespace) -> None:
    send(client, city)
    with clock.at(datetime.fromisoformat("2026-10-20T11:00:00+07:00")):
        problem(send(client, city, TICKETS, nomor="A-1"), 409)


def test_ticket_replace_kills_the_old_ticket(client: Client, city: SimpleNamespace) -> None:
    with clock.at(datetime.fromisoformat("2026-10-20T09:31:00+07:00")):
        first = send(client, city, berkas_lengkap=None).json()["tiket"]["alamat"]
        second = send(client, city, TICKETS, nomor="A-1").json()["alamat"]
    assert first != second
    token = tokens.decode(second.rpartition("/n/")[2])
    assert bytes(Ticket.objects.get().token_hash) == tokens.token_hash(token)


def test_openapi_is_open_and_names_every_answer(client: Client) -> None:
    found = client.get("/api/v1/openapi.json")
    assert found.status_code == 200
    operation = found.json()["paths"][EVENTS]["post"]
    assert {"200", "201", "401", "409", "422", "429"} <= set(operation["responses"])
    assert operation["security"]


@pytest.fixture
def _test_keeps_its_connection() -> Iterator[None]:
    """What Django's own test client does: a request must not close the test's transaction."""
    told = (signals.request_started, signals.request_finished)
    for signal in told:
        signal.disconnect(close_old_connections)
    yield
    for signal in told:
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("_test_keeps_its_connection")
def test_schemathesis_finds_every_answer_as_described(city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PER_MINUTE", 10_000)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    checks = [not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance]
    asked = 0
    for found in schema.get_all_operations():

        @given(found.ok().as_strategy())
        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def attack(case: schemathesis.Case) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers={"Authorization": f"Bearer {city.token}"}, checks=checks)

        attack()
    assert asked >= 40
