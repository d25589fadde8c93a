"""The Inspektorat's pages: who may open them, what they show and hide, decisions with the password, the call-back sample."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback.actions import calling
from teladan.feedback.actions.holding import hold_same_device
from teladan.feedback.actions.sealing import open_month
from teladan.feedback.models import CallBack, CallBackDraw, HeldCase, LatencyBucket, StagedRating, Ticket
from teladan.feedback.queries import integrity as queries
from teladan.ledger.models import Checkpoint
from teladan.people.models import User
from tests import make
from tests.feedback.conftest import OCTOBER, Office
from tests.feedback.test_holding import cast

pytestmark = pytest.mark.django_db
PAGES = ("/integritas/meja", "/integritas/ditahan", "/integritas/telepon")


@pytest.fixture
def inspectors(office: Office) -> list[User]:
    unit = make.make_unit("INSPEKTORAT")
    return [make.make_user(make.make_staff(unit), role="inspector", password=make.PASSWORD) for _ in range(2)]


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def make_case(office: Office, **kw: Any) -> HeldCase:
    values = {"officer": office.officer, "size": 3, "found_on": date(2026, 10, 12), "reason": "same_device"}
    return HeldCase.objects.create(month=OCTOBER, unit=office.unit, device_group=uuid.uuid4(), **{**values, **kw})


def make_checkpoint(instant: datetime, number: int = 0, root: bytes = b"r" * 32) -> Checkpoint:
    return Checkpoint.objects.create(number=number, size=number, root=root, note="uji", at=instant)


@pytest.fixture
def sample(office: Office, october: datetime) -> CallBackDraw:
    office.source.issues_tickets = True
    office.source.save()
    office.tokens(8)
    open_month(OCTOBER)
    make_checkpoint(clock.local(date(2026, 11, 1), 0, 10))
    found = calling.draw_sample(month=OCTOBER)
    assert found is not None
    return found


# --- refusals --------------------------------------------------------------------------------------------------------


def paths(case: HeldCase, call: CallBack) -> list[str]:
    return [
        *PAGES,
        f"/integritas/ditahan/{case.pk}",
        "/integritas/telepon/2026-10",
        "/integritas/telepon/2026-10/populasi.txt",
        f"/integritas/telepon/nomor/{call.pk}",
    ]


def test_the_desk_needs_login(client: Client, office: Office, sample: CallBackDraw) -> None:
    case = make_case(office)
    for path in paths(case, CallBack.objects.all()[0]):
        assert client.get(path).status_code == 302
    assert client.post(f"/integritas/ditahan/{case.pk}/putuskan").status_code == 302


@pytest.mark.parametrize("role", ["officer", "unit_head", "bkpsdm", "mayor", "moderator", "admin", "committee"])
def test_the_desk_refuses_other_roles(office: Office, sample: CallBackDraw, role: str) -> None:
    case = make_case(office)
    client = at(make.make_user(make.make_staff(make.make_unit("LAIN")), role=role))
    for path in paths(case, CallBack.objects.all()[0]):
        assert client.get(path).status_code == 403, path
    assert client.post(f"/integritas/ditahan/{case.pk}/putuskan", {"act": "lepas"}).status_code == 403


def test_unknown_cases_months_and_calls_are_not_found(
    office: Office, october: datetime, inspectors: list[User]
) -> None:
    client = at(inspectors[0])
    open_month(OCTOBER)
    for path in (
        f"/integritas/ditahan/{uuid.uuid4()}",
        "/integritas/telepon/2026-10",
        "/integritas/telepon/kemarin",
        "/integritas/telepon/nomor/1",
        "/integritas/meja?bulan=2019-01",
        "/integritas/meja?bulan=x",
    ):
        assert client.get(path).status_code == 404, path


def test_the_desk_refuses_the_wrong_method(office: Office, inspectors: list[User]) -> None:
    client = at(inspectors[0])
    case = make_case(office)
    assert [client.post(path).status_code for path in PAGES] == [405] * 3
    assert client.get(f"/integritas/ditahan/{case.pk}/putuskan").status_code == 405


def test_deciding_needs_the_password_and_a_reason(office: Office, october: datetime, inspectors: list[User]) -> None:
    open_month(OCTOBER)
    case, client = make_case(office), at(inspectors[0])
    address = f"/integritas/ditahan/{case.pk}/putuskan"
    assert client.post(address, {"act": "lepas", "reason": "x", "password": "salah"}).status_code == 422
    assert client.post(address, {"act": "lepas", "reason": "", "password": make.PASSWORD}).status_code == 422
    assert client.post(address, {"act": "hapus", "reason": "x", "password": make.PASSWORD}).status_code == 404
    case.refresh_from_db()
    assert case.state == "held"


def test_somebody_of_the_rated_office_reads_but_cannot_decide(office: Office, october: datetime) -> None:
    open_month(OCTOBER)
    case = make_case(office)
    client = at(make.make_user(make.make_staff(office.unit), role="inspector", password=make.PASSWORD))
    text = client.get(f"/integritas/ditahan/{case.pk}").content.decode()
    assert "Orang lain yang memutuskan" in text
    assert "Lepas, biarkan dihitung" not in text
    address = f"/integritas/ditahan/{case.pk}/putuskan"
    assert client.post(address, {"act": "lepas", "reason": "x", "password": make.PASSWORD}).status_code == 403


# --- deciding --------------------------------------------------------------------------------------------------------


def test_two_inspectors_void_through_the_pages(office: Office, october: datetime, inspectors: list[User]) -> None:
    device = uuid.uuid4()
    for token in office.tokens(3):
        cast(token, device)
    hold_same_device()
    case = HeldCase.objects.get()
    address = f"/integritas/ditahan/{case.pk}"
    first, second = (at(user) for user in inspectors)

    def decide(client: Client, act: str) -> int:
        data = {"act": act, "reason": "tablet petugas", "password": make.PASSWORD}
        return client.post(f"{address}/putuskan", data).status_code

    text = first.get(address).content.decode()
    assert "Usulkan pembatalan" in text
    assert str(device) not in text
    assert decide(first, "usul") == 302
    own = first.get(address).content.decode()
    assert "Tarik usulan" in own
    assert "Setujui dan batalkan" not in own
    assert decide(first, "batalkan") == 422
    assert "Setujui dan batalkan" in second.get(address).content.decode()
    assert decide(second, "batalkan") == 302
    assert set(StagedRating.objects.values_list("status", flat=True)) == {"voided"}
    assert decide(second, "lepas") == 422
    assert "tablet petugas" in second.get(address).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_and_many(
    office: Office, october: datetime, inspectors: list[User], count: int
) -> None:
    for _ in range(count):
        make_case(office, officer=make.make_staff(office.unit))
    client = at(inspectors[0])
    client.get("/integritas/ditahan")
    with CaptureQueriesContext(connection) as queries_run:
        assert client.get("/integritas/ditahan").status_code == 200
    assert len(queries_run) == 7


def test_the_list_shows_two_hundred_cases_in_pages(office: Office, october: datetime, inspectors: list[User]) -> None:
    for _ in range(200):
        make_case(office)
    text = at(inspectors[0]).get("/integritas/ditahan").content.decode()
    assert text.count("/integritas/ditahan/") == 50
    assert at(inspectors[0]).get("/integritas/ditahan?page=4").status_code == 200


def test_empty_pages_say_what_would_stand_there(office: Office, october: datetime, inspectors: list[User]) -> None:
    client = at(inspectors[0])
    assert "Belum ada bulan yang dikumpulkan" in client.get("/integritas/meja").content.decode()
    assert "Tidak ada yang ditahan" in client.get("/integritas/ditahan").content.decode()
    assert "Belum ada sampel" in client.get("/integritas/telepon").content.decode()


# --- the desk --------------------------------------------------------------------------------------------------------


def serve(office: Office, officer: Any, served: int, tickets: int, *, rated: int = 0, quick: int = 0) -> None:
    """People served by an officer, tickets for some of them, and ratings with nine answers."""
    office.source.issues_tickets = True
    office.source.save()
    for token in office.tokens(tickets, officer=officer)[:rated]:
        alike = dict.fromkeys(("persyaratan", "prosedur", "waktu", "produk"), 4)
        cast(token, **alike, sarana=3 if quick == 0 else 4)
    for _ in range(served - tickets):
        office.event(officer=officer)
    LatencyBucket.objects.filter(officer=officer).delete()
    LatencyBucket.objects.bulk_create(
        LatencyBucket(month=OCTOBER, officer=officer, bucket=bucket, count=n)
        for bucket, n in ((2, quick), (60, rated - quick))
        if n
    )


def test_the_desk_names_who_hands_out_too_few_and_rates_at_once(
    office: Office, october: datetime, inspectors: list[User]
) -> None:
    open_month(OCTOBER)
    honest = [make.make_staff(office.unit) for _ in range(7)]
    for officer in honest:
        serve(office, officer, 12, 12, rated=12)
    picky, own = make.make_staff(office.unit), make.make_staff(office.unit)
    serve(office, picky, 20, 12, rated=12)
    serve(office, own, 12, 12, rated=12, quick=12)
    found = queries.desk_of(OCTOBER)
    signs = {line.name: set(map(str, line.found.signs)) for line in found.lines if line.found.signs}
    assert signs == {picky.name: {"coverage"}, own.name: {"quick", "straight"}}
    assert {line.name for line in found.lines[:2]} == {picky.name, own.name}, "who stands out comes first"
    text = at(inspectors[0]).get("/integritas/meja").content.decode()
    assert "Tanda adalah pertanyaan, bukan putusan" in text
    assert "cepat dipakai" in text
    assert picky.nip not in text


@pytest.mark.parametrize("count", [1, 3])
def test_the_desk_costs_the_same_for_one_and_many(
    office: Office, october: datetime, inspectors: list[User], count: int
) -> None:
    open_month(OCTOBER)
    for _ in range(count):
        serve(office, make.make_staff(office.unit), 2, 2, rated=1)
    client = at(inspectors[0])
    client.get("/integritas/meja")
    with CaptureQueriesContext(connection) as queries_run:
        assert client.get("/integritas/meja").status_code == 200
    assert len(queries_run) == 18


def test_few_ratings_show_no_share(office: Office, october: datetime, inspectors: list[User]) -> None:
    open_month(OCTOBER)
    serve(office, office.officer, 9, 9, rated=9, quick=9)
    text = at(inspectors[0]).get("/integritas/meja").content.decode()
    assert "lainnya" not in text.replace("petugas lainnya", "").split("Per petugas")[1].split("Rentang")[0]


def test_the_desk_shows_bursts_with_their_day_and_locked_codes(
    office: Office, october: datetime, inspectors: list[User]
) -> None:
    open_month(OCTOBER)
    for n in range(6):
        officer = office.officer if n == 0 else make.make_staff(office.unit)
        for day in range(10):
            with clock.at(october - timedelta(days=day)):
                office.tokens(4, officer=officer)
        rows = list(Ticket.objects.filter(officer=officer).order_by("issued_at"))
        for i, ticket in enumerate(rows):
            when = date(2026, 10, 12) if n == 0 else clock.day_of(ticket.issued_at)  # type: ignore[arg-type]
            ticket.spent_on, ticket.issued_at = when, None
            ticket.typed_locked_until = october if (n, i) == (1, 0) else None
            ticket.save()
    office.source.issues_tickets = True
    office.source.save()
    (burst,) = queries.desk_of(OCTOBER).bursts
    assert (burst.name, burst.day, burst.used, burst.served) == (office.officer.name, date(2026, 10, 12), 40, 4)
    text = at(inspectors[0]).get("/integritas/meja").content.decode()
    assert "loket, Loket L3: 4" in text
    assert "Tidak ada. Tiket terkunci" not in text


# --- the call-back sample --------------------------------------------------------------------------------------------


def test_no_sample_before_its_checkpoint(office: Office, october: datetime) -> None:
    office.tokens(5)
    open_month(OCTOBER)
    assert calling.draw_sample(month=OCTOBER) is None
    make_checkpoint(clock.local(date(2026, 10, 31), 23, 59))
    assert calling.draw_due_samples() == []
    make_checkpoint(clock.local(date(2026, 11, 1)), 1)
    with clock.at(clock.local(date(2027, 3, 1))):
        assert calling.draw_due_samples() == [], "nobody remembers"
    assert calling.draw_due_samples() == [OCTOBER]
    assert calling.draw_due_samples() == []


def test_anyone_can_draw_the_sample_again(office: Office, sample: CallBackDraw, inspectors: list[User]) -> None:
    """As docs/rules/integrity.md says it, without our code."""
    response = at(inspectors[0]).get("/integritas/telepon/2026-10/populasi.txt")
    lines = response.content.decode().split("\n")
    assert hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() == sample.population_digest
    seed = hashlib.sha256(b"teladan-callback-v1|seed|" + bytes(sample.root)).digest()
    order = sorted(
        lines, key=lambda line: hashlib.sha256(b"teladan-callback-v1|" + seed + b"|" + line.encode()).digest()
    )
    drawn = [f"{call.source}|{call.number}" for call in queries.calls_of(sample)]
    assert drawn == order[: sample.size]
    assert len(drawn) == 8


def test_the_sample_changes_with_the_root_and_never_later(office: Office, sample: CallBackDraw) -> None:
    drawn = [call.number for call in queries.calls_of(sample)]
    office.tokens(3)
    assert calling.draw_sample(month=OCTOBER) == sample
    assert [call.number for call in queries.calls_of(sample)] == drawn
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        CallBackDraw.objects.update(root=b"x" * 32)


def test_a_call_is_recorded_with_who_and_when(office: Office, sample: CallBackDraw, inspectors: list[User]) -> None:
    first, second = queries.calls_of(sample)[:2]
    client = at(inspectors[0])
    bad = client.post(f"/integritas/telepon/nomor/{first.pk}", {"reached": "ya", "was_handed": "no"})
    assert bad.status_code == 422
    assert "Pilih salah satu jawaban" in bad.content.decode()
    said = {"reached": "ya", "was_handed": "no", "has_rated": "unsure"}
    assert client.post(f"/integritas/telepon/nomor/{first.pk}", said).status_code == 302
    assert (
        client.post(f"/integritas/telepon/nomor/{second.pk}", {"reached": "tidak", "was_handed": "yes"}).status_code
        == 302
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.was_handed, first.recorded_by, first.recorded_at) == ("no", inspectors[0], clock.now())
    assert (second.is_reached, second.was_handed) == (False, "")
    found = queries.called(OCTOBER)
    assert found is not None
    assert (found.recorded, found.reached, found.not_handed.events, found.not_handed.n) == (2, 1, 1, 1)
    assert AuditEvent.objects.filter(event="feedback.callback_recorded").count() == 2
    text = client.get("/integritas/telepon/2026-10").content.decode()
    assert "hampir pasti antara 3% dan 100%" in text
    assert client.get("/integritas/telepon").status_code == 200


def test_recording_a_call_refuses_people_of_the_office(office: Office, sample: CallBackDraw) -> None:
    insider = at(make.make_user(make.make_staff(office.unit), role="inspector"))
    call = queries.calls_of(sample)[0]
    assert insider.post(f"/integritas/telepon/nomor/{call.pk}", {"reached": "tidak"}).status_code == 403


def test_the_database_refuses_replies_without_a_call(office: Office, sample: CallBackDraw) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CallBack.objects.filter(place=1).update(was_handed="yes")


def test_the_inspectors_home_leads_to_the_work(
    office: Office, sample: CallBackDraw, inspectors: list[User], travel: Callable[[date], Any]
) -> None:
    make_case(office)
    text = at(inspectors[0]).get("/").content.decode()
    assert "Satu kelompok penilaian ditahan" in text
    assert "Sampel telepon: 0 dari 8 dicatat" in text
    assert "/integritas/telepon/2026-10" in text
