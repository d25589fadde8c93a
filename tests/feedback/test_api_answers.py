"""The intake API says in its description what it answers; here each answer it names is made, and held against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client

from teladan.core import clock
from teladan.feedback import api
from tests.feedback.test_api import EVENTS, NOW, TICKETS, body, city, seal, send

__all__ = ["city"]
pytestmark = pytest.mark.django_db
LATER = datetime.fromisoformat("2026-10-20T11:00:00+07:00")
Answers = Iterator[Any]


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(NOW):
        yield


def raw(client: Client, city: SimpleNamespace, path: str, content: Any, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token or city.token}"}
    return client.post(path, content, content_type="application/json", headers=headers)


def broken(client: Client, city: SimpleNamespace, path: str) -> Answers:
    """What no JSON of ours is: 400, 413 and 422 whatever the address."""
    odd = (b"", b"nomor=1", b"\xff\xfe{\0", b"[]", b"[" * 50_000, b'{"nomor": NaN}', b'{"nomor": "\\ud800"}', b'{"nomor": null}',
           b'{"nomor":' + b"9" * 5_000 + b"}", b"x" * 3_000_000, b'{"nomor": "A-1", "lain": 1}')  # fmt: skip
    yield from (raw(client, city, path, one) for one in odd)


def strangers(client: Client, city: SimpleNamespace, path: str) -> Answers:
    """401, and 429 from the second wrong token on."""
    yield client.post(path, b"{}", content_type="application/json")
    yield from (raw(client, city, path, b"{}", "teladan_salah") for _ in range(2))


def events(client: Client, city: SimpleNamespace) -> Answers:
    yield send(client, city)  # 201
    yield send(client, city)  # 200
    yield send(client, city, selesai="2026-10-20T09:58:00+07:00")  # 200, more of it
    yield send(client, city, waktu_temu="2026-10-20T09:29:00+07:00")  # 409, another under that number
    yield send(client, city, nomor="A-2", kode_layanan="TIDAK-ADA", saluran="pos")  # 422
    seal(date(2026, 9, 1))
    september = "2026-09-20T09:30:00+07:00"
    yield send(client, city, nomor="A-3", waktu_temu=september, berkas_lengkap=september)  # 409, closed


def tickets(client: Client, city: SimpleNamespace) -> Answers:
    yield send(client, city, TICKETS, nomor="A-9")  # 404
    send(client, city)
    yield send(client, city, TICKETS, nomor="A-1")  # 409: half an hour after the citizen was met
    now = body(city)["waktu_temu"]
    with clock.at(datetime.fromisoformat(now)):
        send(client, city, nomor="A-2", berkas_lengkap=None)
        yield send(client, city, TICKETS, nomor="A-2")  # 200


@pytest.mark.parametrize(("path", "own"), [(EVENTS, events), (TICKETS, tickets)])
def test_every_answer_that_is_described_is_given_and_as_described(
    client: Client, city: SimpleNamespace, path: str, own: Callable[..., Answers], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    operation = schema[path]["POST"]
    described = {int(status) for status in operation.definition.raw["responses"]}
    monkeypatch.setattr(api, "WRONG_TOKENS_PER_MINUTE", 1)
    given = set()
    for answer in (*own(client, city), *broken(client, city, path), *strangers(client, city, path)):
        assert answer.status_code in described, answer.content
        given.add(answer.status_code)
        kind = "application/problem+json" if answer.status_code >= 400 else "application/json; charset=utf-8"
        assert answer.headers["Content-Type"] == kind
        told = operation.definition.raw["responses"][str(answer.status_code)]["content"][kind.partition(";")[0]]
        fits(schema, told["schema"], json.loads(answer.content))
    assert given == described


def fits(schema: Any, wanted: dict[str, Any], content: Any) -> None:
    """The content satisfies its schema by the word of an independent program, the one schemathesis asks."""
    whole = {**wanted, "components": schema.raw_schema["components"]}
    assert [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(content)] == []
