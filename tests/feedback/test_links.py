"""A ticket's link sent to an address left at the counter: off by default, never in the way, nothing of it kept or logged."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from teladan.core import clock
from teladan.feedback import addresses, rules, tokens
from teladan.feedback.actions.casting import cast_rating
from teladan.feedback.actions.delivering import (
    Letter,
    LinkRefused,
    channels,
    post_by_apprise,
    prepare,
    request_link,
    send_waiting,
)
from teladan.feedback.actions.sealing import forget_tickets, seal_month
from teladan.feedback.actions.tickets import issue_ticket, reprint_ticket
from teladan.feedback.forms_counter import ServeForm
from teladan.feedback.models import Delivery, StagedRating, Ticket
from teladan.feedback.queries.deliveries import ticket_behind
from teladan.feedback.tasks import send_links
from teladan.people.models import User
from teladan.services.models import ServiceEvent
from tests import make
from tests.feedback.conftest import OCTOBER, Office

PHONE, EMAIL = "0812-3456-7890", "Siti.Aminah@contoh.id"
GATEWAYS = {"whatsapp": "json://127.0.0.1:1/?to={address}", "sms": "", "email": "json://127.0.0.1:1/?to={address}"}


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PHONE, ("phone", "+6281234567890")),
        ("+62 (812) 3456.7890", ("phone", "+6281234567890")),
        ("62812 34567890", ("phone", "+6281234567890")),
        ("+60 12 345 6789", ("phone", "+60123456789")),
        (f" {EMAIL} ", ("email", "siti.aminah@contoh.id")),
        ("", None),
        ("0812", None),
        ("siti", None),
        ("a@b", None),
        ("a@b.id,c@d.id", None),
        ("a@b.id?cc=c@d.id", None),
        ("a b@c.id", None),
        ("+6281234567890,+6281234567891", None),
        ("08123456789012345678", None),
    ],
)
def test_addresses_as_people_write_them(text: str, found: tuple[str, str] | None) -> None:
    assert addresses.read(text) == found


@given(st.text(max_size=40))
def test_what_is_read_is_one_address(text: str) -> None:
    if found := addresses.read(text):
        assert not set(found[1]) & set(" ,;/?&#%:<>\"'\n")
        assert addresses.read(found[1]) == found


def test_sealed_address_opens_in_its_row_only() -> None:
    row = uuid4()
    sealed = addresses.seal("a@b.id", row)
    assert b"a@b.id" not in sealed
    assert sealed != addresses.seal("a@b.id", row)
    assert addresses.unseal(sealed, row) == "a@b.id"
    with pytest.raises(addresses.Unopened):
        addresses.unseal(sealed, uuid4())


@given(st.binary(min_size=16, max_size=16))
def test_links_and_tickets_are_never_mistaken(token: bytes) -> None:
    link = tokens.encode_link(token)
    assert tokens.decode_link(link.lower()) == token
    assert tokens.decode_link(tokens.encode(token)) is None
    assert tokens.link_hash(token) != tokens.token_hash(token)
    with pytest.raises(tokens.MalformedToken):
        tokens.decode(link)


# --- asking for a link -----------------------------------------------------------------------------------------------


@pytest.fixture
def on(settings: Settings) -> Settings:
    settings.DELIVERY = dict(GATEWAYS)
    return settings


@pytest.fixture
def event(office: Office, october: Any) -> ServiceEvent:
    return office.event()


@pytest.fixture
def officer(office: Office) -> User:
    return make.make_user(office.officer, role="officer", unit=office.unit)


def ask(event: ServiceEvent, by: User, address: str = PHONE) -> tuple[str, Delivery]:
    issued = issue_ticket(event=event, by=by, printed=True)
    return issued.token, request_link(ticket=issued.ticket, event=event, address=address, by=by)


def serve(client: Client, office: Office, **more: str) -> Any:
    data = {"service": office.service.code, "number": "1", "day": str(clock.today()), "channel": "loket",
            "outcome": "granted", **more}  # fmt: skip
    return client.post("/loket/L3", data)


@pytest.mark.django_db
def test_off_by_default(client: Client, office: Office, officer: User, october: Any) -> None:
    assert channels() == []
    assert "send_to" not in ServeForm(services=[]).fields
    client.force_login(officer)
    assert "send_to" not in client.get("/loket/L3").content.decode()
    assert serve(client, office, send_to=PHONE).status_code == 200
    assert not Delivery.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["kosong", "a@b", "@", "0" * 60, "0751"])
def test_bad_address_never_stops_the_counter(
    client: Client, office: Office, officer: User, october: Any, on: Settings, address: str
) -> None:
    client.force_login(officer)
    page = serve(client, office, send_to=address)
    assert page.status_code == 200
    assert "tautan tidak dikirim" in page.content.decode()
    assert Ticket.objects.count() == 1
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_address_without_a_gateway_is_refused(event: ServiceEvent, officer: User, on: Settings) -> None:
    on.DELIVERY = {"whatsapp": "", "sms": "json://127.0.0.1:1/?to={address}", "email": ""}
    with pytest.raises(LinkRefused):
        ask(event, officer, EMAIL)
    assert request_link(ticket=Ticket.objects.get(), event=event, address=PHONE, by=officer).channel == "sms"


@pytest.mark.django_db
def test_one_mailbox_gets_few_links(office: Office, officer: User, october: Any, on: Settings) -> None:
    for _ in range(rules.DELIVERY_PER_ADDRESS):
        ask(office.event(), officer)
    with pytest.raises(LinkRefused, match="hari ini"):
        ask(office.event(), officer, "+6281234567890")
    assert Delivery.objects.count() == rules.DELIVERY_PER_ADDRESS


@pytest.mark.django_db
def test_counter_takes_the_address_and_prints_all_the_same(
    client: Client, office: Office, officer: User, october: Any, on: Settings
) -> None:
    client.force_login(officer)
    assert 'name="send_to"' in client.get("/loket/L3").content.decode()
    page = serve(client, office, send_to=EMAIL).content.decode()
    assert "Tautannya dikirim lewat surel" in page
    assert "<svg" in page
    assert EMAIL.lower() not in page.lower()
    row = Delivery.objects.get()
    assert addresses.unseal(bytes(row.address), row.pk) == EMAIL.lower()


# --- sending ---------------------------------------------------------------------------------------------------------


class Outbox:
    """A gateway for the tests: keeps letters, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.letters: list[Letter] = []
        self.failures = failures

    def __call__(self, letter: Letter) -> bool:
        self.letters.append(letter)
        if self.failures:
            self.failures -= 1
            raise ConnectionError(letter.address)
        return True

    @property
    def link(self) -> str:
        return self.letters[-1].text.rsplit(" ", 1)[1]


def taken(client: Client, link: str) -> bytes:
    """The ticket that opening a link puts into the hand."""
    path = urlsplit(link).path
    assert client.get(path).status_code == 303
    return ticket_behind(tokens.link_hash(tokens.decode_link(path.removeprefix("/n/")) or b""))


@pytest.mark.django_db
@pytest.mark.parametrize("spoilt", ["spent", "expired", "sealed", "forgotten"])
def test_nothing_is_sent_for_a_ticket_that_cannot_be_used(
    event: ServiceEvent, officer: User, on: Settings, spoilt: str
) -> None:
    token, _row = ask(event, officer)
    at = clock.now()
    if spoilt == "spent":
        cast_rating(
            token_hash=tokens.token_hash(tokens.decode(token)), answers={"overall": 3}, nonce=b"1" * 16, order=0
        )
    elif spoilt == "expired":
        at += timedelta(days=15)
    elif spoilt == "sealed":
        with clock.at(clock.local(date(2026, 11, 9), 9)):
            seal_month(month=OCTOBER, by="test")
    else:
        Ticket.objects.all()._raw_delete(using="default")
    outbox = Outbox()
    with clock.at(at):
        assert send_waiting(outbox) == 0
    assert (outbox.letters, Delivery.objects.count()) == ([], 0)


@pytest.mark.django_db
def test_link_and_slip_lead_to_one_ticket(client: Client, event: ServiceEvent, officer: User, on: Settings) -> None:
    token, _row = ask(event, officer)
    printed = tokens.token_hash(tokens.decode(token))
    outbox = Outbox()
    assert send_waiting(outbox) == 1
    assert (Delivery.objects.count(), send_waiting(outbox)) == (0, 0)
    ticket = Ticket.objects.get()
    assert bytes(ticket.token_hash) == printed
    assert taken(client, outbox.link) == printed
    assert client.get("/n").status_code == 200
    client.post("/n", {"overall": "2"})
    another = Client()
    another.get(f"/n/{token}")
    assert another.post("/n", {"overall": "4"}).status_code == 303
    assert [rating.overall for rating in StagedRating.objects.all()] == [2]
    assert "Kartu keluarga" not in outbox.letters[0].text
    assert len(outbox.letters[0].text) < 220


@pytest.mark.django_db
def test_slip_printed_again_leaves_the_link_alone(
    client: Client, event: ServiceEvent, officer: User, on: Settings
) -> None:
    ask(event, officer)
    send_waiting(outbox := Outbox())
    again = reprint_ticket(event=event, by=officer)
    assert taken(client, outbox.link) == tokens.token_hash(tokens.decode(again.token))


@pytest.mark.django_db
def test_unknown_link_opens_the_same_door(client: Client, event: ServiceEvent, officer: User, on: Settings) -> None:
    unknown = tokens.encode_link(bytes(16))
    assert client.get(f"/n/{unknown}").headers["Location"] == "/n"
    assert client.get("/n").status_code == 200
    assert client.post("/n", {"overall": "4"}).status_code == 303
    assert client.get(f"/n/{unknown[:-1]}").status_code == 404


@pytest.mark.django_db
def test_failures_wait_longer_each_time_then_nothing_is_left(event: ServiceEvent, officer: User, on: Settings) -> None:
    ask(event, officer)
    outbox, at = Outbox(failures=99), clock.now()
    for tries, wait in enumerate(rules.DELIVERY_WAITS, 1):
        with clock.at(at):
            assert send_waiting(outbox) == 0
            assert send_waiting(outbox) == 0
        row = Delivery.objects.get()
        assert (row.tries, row.due_at) == (tries, at + timedelta(minutes=wait))
        at = row.due_at
    with clock.at(at):
        assert send_waiting(outbox) == 0
    assert (Delivery.objects.count(), len(outbox.letters)) == (0, len(rules.DELIVERY_WAITS) + 1)
    assert len({letter.text for letter in outbox.letters}) == len(outbox.letters)


@pytest.mark.django_db
def test_what_a_gateway_complains_of_reaches_no_log(
    event: ServiceEvent, officer: User, on: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    token, _row = ask(event, officer)

    def complain(letter: Letter) -> bool:
        raise OSError(f"cannot reach {letter.address} with {letter.text}")

    caplog.set_level(logging.DEBUG)
    assert send_waiting(complain) == 0
    assert "link by whatsapp not sent: OSError" in caplog.text
    for secret in ("81234567890", "/n/", token):
        assert secret not in caplog.text


@pytest.mark.django_db
def test_retry_sends_a_fresh_token_and_the_older_dies(
    client: Client, event: ServiceEvent, officer: User, on: Settings
) -> None:
    ask(event, officer)
    outbox = Outbox(failures=1)
    send_waiting(outbox)
    first = outbox.link
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert send_waiting(outbox) == 1
    known = bytes(Ticket.objects.get().token_hash)
    assert (taken(client, first) == known, taken(client, outbox.link) == known) == (False, True)


@pytest.mark.django_db
def test_a_row_in_hand_is_not_taken_twice(event: ServiceEvent, officer: User, on: Settings) -> None:
    """A worker that died between minting and sending leaves the row to the next try."""
    _token, row = ask(event, officer)
    assert prepare(row.pk) is not None
    assert prepare(row.pk) is None
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert prepare(row.pk) is not None


@pytest.mark.django_db
def test_changed_key_drops_the_row(event: ServiceEvent, officer: User, on: Settings) -> None:
    ask(event, officer)
    on.SECRET_KEY = "another-key-for-this-test"
    assert send_waiting(Outbox()) == 0
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_seal_forgets_links(client: Client, event: ServiceEvent, officer: User, on: Settings) -> None:
    ask(event, officer)
    send_waiting(outbox := Outbox())
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        seal_month(month=OCTOBER, by="test")
        forget_tickets(month=OCTOBER)
    assert list(Ticket.objects.values_list("link_hash", flat=True)) == [None]
    assert taken(client, outbox.link) != bytes(Ticket.objects.get().token_hash)


# --- a gateway for real ----------------------------------------------------------------------------------------------


class Gateway(HTTPServer):
    """A gateway on this machine that keeps what it is sent."""

    answer = 200

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((self.path, body))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def gateway(on: Settings) -> Iterator[Gateway]:
    server = Gateway()
    on.DELIVERY = {"whatsapp": f"json://127.0.0.1:{server.server_port}/kirim?:to={{address}}", "sms": "", "email": ""}
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def everything_stored() -> str:
    """All text and bytes of the tables where a secret could lie."""
    tables = ["feedback_ticket", "feedback_delivery", "procrastinate_jobs", "core_auditevent", "core_ratelimit"]
    with connection.cursor() as cursor:
        found = []
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [200, 500])
def test_apprise_sends_and_nobody_logs_or_keeps_it(
    event: ServiceEvent, officer: User, gateway: Gateway, caplog: pytest.LogCaptureFixture, answer: int
) -> None:
    gateway.answer = answer
    caplog.set_level(logging.DEBUG)
    for name in ("apprise", "urllib3", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    token, _row = ask(event, officer)
    assert send_waiting() == (answer == 200)
    [(_path, body)] = gateway.received
    link = body["message"].rsplit(" ", 1)[1]
    assert body["to"] == "+6281234567890"
    assert "sekali saja" in body["message"]
    secrets = ["81234567890", link.rsplit("/", 1)[1], token]
    kept = everything_stored()
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in kept
        assert secret.encode().hex() not in kept
    assert Delivery.objects.count() == (answer != 200)


@pytest.mark.django_db
def test_gateway_that_apprise_does_not_know_fails_quietly(
    event: ServiceEvent, officer: User, on: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    on.DELIVERY = {"whatsapp": "tidakada://x/{address}", "sms": "", "email": ""}
    ask(event, officer)
    assert send_waiting() == 0
    assert "81234567890" not in caplog.text
    with pytest.raises(LinkRefused):
        post_by_apprise(Letter(uuid4(), "sms", False, "+628", "halo"))


def test_the_job_carries_nothing() -> None:
    assert send_links.name == "feedback.send_links"
    assert str(Letter(uuid4(), "sms", False, "+62812", "rahasia")).count("812") == 0


def test_the_web_process_never_loads_apprise() -> None:
    code = (
        "import sys, django; django.setup(); import teladan.config.wsgi, teladan.config.urls, teladan.feedback.tasks;"
        "print('apprise' in sys.modules, 'requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
