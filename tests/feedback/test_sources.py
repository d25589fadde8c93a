"""Pages of the source systems: who may, what is audited, the token that shows once, event files with their runs."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from teladan.core import clock, kept
from teladan.core.models import AuditEvent, ImportRun
from teladan.core.spreadsheet import write_csv
from teladan.feedback.actions.sealing import open_month
from teladan.feedback.actions.tickets import register_tickets
from teladan.feedback.queries import sources as queries
from teladan.feedback.tasks import import_events
from teladan.people.models import User
from teladan.people.permissions import ROLES, Permission, Role
from teladan.services import actions
from teladan.services.actions import SourceRefused
from teladan.services.models import ServiceEvent, SourceSystem
from teladan.services.queries import source_with_token_hash
from tests import make

pytestmark = pytest.mark.django_db
KEEPERS = {role for role, info in ROLES.items() if Permission.SOURCE_MANAGE in info.permissions}
WATCHERS = KEEPERS | {role for role, info in ROLES.items() if Permission.EVENTS_IMPORT in info.permissions}
ACTS = ("token", "revoke", "stop", "resume")
COLUMNS = ["NOMOR", "KODE LAYANAN", "NIP PETUGAS", "KODE LOKET", "WAKTU TEMU", "NIK"]


@pytest.fixture
def city() -> SimpleNamespace:
    unit = make.make_unit("DISDUK")
    return SimpleNamespace(
        unit=unit,
        officer=make.make_staff(unit),
        service=make.make_service(unit, "KK"),
        counter=make.make_counter(unit, "L1"),
        source=make.make_source("ANTREAN", issues_tickets=True),
        admin=make.make_user(role=Role.ADMIN),
    )


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"source-{name}", args=args)


def row(city: SimpleNamespace, number: str = "A-001", counter: str = "L1") -> list[str]:
    met = clock.now().astimezone(clock.local(clock.today()).tzinfo)
    return [number, "KK", city.officer.nip, counter, f"{met:%Y-%m-%d} 00:00", "1373010101900001"]


def upload(user: User, *rows: list[str], **form: str) -> Any:
    file = SimpleUploadedFile("antrean.csv", write_csv(COLUMNS, rows))
    return at(user).post(reverse("events-import"), {"source": "ANTREAN", "file": file, **form})


def audited() -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(subject="source:ANTREAN").order_by("id")
    return [(row.event, row.reason) for row in rows]


# --- refusals --------------------------------------------------------------------------------------------------------


def test_source_pages_need_login(city: SimpleNamespace) -> None:
    for page in (url("list"), url("detail", "ANTREAN"), reverse("events-import")):
        assert Client().get(page)["Location"].startswith("/akun/"), page
    for act in ACTS:
        assert Client().post(url(act, "ANTREAN"))["Location"].startswith("/akun/"), act


def test_source_pages_follow_the_roles(city: SimpleNamespace) -> None:
    before = SourceSystem.objects.values().get(code="ANTREAN")
    for role in set(Role) - {Role.CITIZEN}:
        client = at(make.make_user(make.make_staff(city.unit), role=role))
        seen = 200 if role in WATCHERS else 403
        assert client.get(url("list")).status_code == seen, role
        assert client.get(url("detail", "ANTREAN")).status_code == seen, role
        brings = Permission.EVENTS_IMPORT in ROLES[role].permissions
        assert client.get(reverse("events-import")).status_code == (200 if brings else 403), role
        assert client.get(reverse("events-import-example")).status_code == (200 if brings else 403), role
        if role not in KEEPERS:
            for act in ACTS:
                assert client.post(url(act, "ANTREAN"), {"reason": "x"}).status_code == 403, (role, act)
            assert client.post(url("detail", "ANTREAN"), {"name": "Lain"}).status_code == 403, role
            assert client.post(url("list"), {"name": "Baru", "code": "baru"}).status_code == 403, role
    assert SourceSystem.objects.values().get() == before


def test_unknown_sources_are_not_found_and_acts_want_post(city: SimpleNamespace) -> None:
    client = at(city.admin)
    assert client.get(url("detail", "TIDAK-ADA")).status_code == 404
    assert client.post(url("token", "TIDAK-ADA")).status_code == 404
    assert [client.get(url(act, "ANTREAN")).status_code for act in ACTS] == [405] * 4


def test_stopping_and_revoking_want_a_reason(city: SimpleNamespace) -> None:
    actions.new_source_token(source=city.source, by="uji")
    client = at(city.admin)
    for act in ("stop", "revoke"):
        response = client.post(url(act, "ANTREAN"), {"reason": " "})
        assert response.status_code == 422
        assert "Tulis alasannya" in response.content.decode()
    city.source.refresh_from_db()
    assert city.source.is_active
    assert city.source.token_hash


def test_a_code_is_given_once(city: SimpleNamespace) -> None:
    for code, words in (("ANTREAN", "sudah dipakai"), ("a b", "hanya memuat"), ("", "Tulis kode")):
        response = at(city.admin).post(url("list"), {"name": "Lain", "code": code})
        assert response.status_code == 422
        assert words in response.content.decode()
    assert SourceSystem.objects.count() == 1


def test_the_counter_screen_is_nobodys_to_change(city: SimpleNamespace) -> None:
    own, client = actions.counter_source(), at(city.admin)
    assert "tidak dapat diubah" in client.get(url("detail", own.code)).content.decode()
    for act in ACTS:
        client.post(url(act, own.code), {"reason": "x"})
    client.post(url("detail", own.code), {"name": "Lain"})
    with pytest.raises(SourceRefused):
        actions.new_source_token(source=own, by="uji")
    after = SourceSystem.objects.get(pk=own.pk)
    assert (after.name, after.is_active, after.token_hash, after.issues_tickets) == (own.name, True, "", True)


def test_a_stopped_source_gets_no_token(city: SimpleNamespace) -> None:
    actions.stop_source(source=city.source, reason="rusak", by="uji")
    page = at(city.admin).post(url("token", "ANTREAN"), follow=True).content.decode()
    assert "Sumber ini berhenti" in page
    assert not SourceSystem.objects.get().token_hash


# --- the way through -------------------------------------------------------------------------------------------------


def test_a_source_from_its_first_day_to_its_last(city: SimpleNamespace) -> None:
    """Each step leaves one line in the audit trail; the token shows once and works until it is replaced or revoked."""
    SourceSystem.objects.all().delete()
    client = at(city.admin)
    form = {"name": "Mesin antrean", "code": "ANTREAN", "issues_tickets": "on"}
    assert client.post(url("list"), form)["Location"] == url("detail", "ANTREAN")
    first = _token(client.post(url("token", "ANTREAN")))
    second = _token(client.post(url("token", "ANTREAN")))
    assert "teladan_" not in client.get(url("detail", "ANTREAN")).content.decode()
    assert [source_with_token_hash(actions.token_hash(one)) is not None for one in (first, second)] == [False, True]
    client.post(url("detail", "ANTREAN"), {"name": "Mesin antrean lantai 2", "issues_tickets": "on"})
    client.post(url("detail", "ANTREAN"), {"name": "Mesin antrean lantai 2", "issues_tickets": "on"})  # changes nothing
    client.post(url("revoke", "ANTREAN"), {"reason": "bocor"})
    assert source_with_token_hash(actions.token_hash(second)) is None
    client.post(url("stop", "ANTREAN"), {"reason": "diganti"})
    client.post(url("resume", "ANTREAN"))
    assert audited() == [
        ("services.source_created", ""),
        ("services.source_api_opened", ""),
        ("services.source_api_opened", ""),
        ("services.source_changed", ""),
        ("services.source_api_shut", "bocor"),
        ("services.source_stopped", "diganti"),
        ("services.source_resumed", ""),
    ]
    assert first not in str(list(AuditEvent.objects.values_list("after", "before", "reason")))
    page = client.get(url("detail", "ANTREAN")).content.decode()
    assert [words in page for words in ("Mesin antrean lantai 2", "Token dicabut", "bocor", "Dipakai lagi")] == [
        True
    ] * 4


def _token(response: Any) -> str:
    found = re.search(r"teladan_[\w-]{40,}", response.content.decode())
    assert found
    assert "no-store" in response["Cache-Control"]
    return found[0]


def test_the_list_tells_who_speaks_and_who_hands_out_tickets(city: SimpleNamespace) -> None:
    open_month(clock.month_of(clock.today()))
    make.make_source("DIAM")
    old = make.make_source("LAMA")
    actions.stop_source(source=old, reason="x", by="uji")
    met_at = clock.local(clock.month_of(clock.today()))
    events = [_event(city, f"A-{n}", met_at=met_at) for n in range(4)]
    register_tickets((event, bytes([n]) * 32) for n, event in enumerate(events[:3]))
    found = {one.source.code: one for one in queries.watched(clock.month_of(clock.today()))}
    assert [found[code].line.events for code in ("ANTREAN", "DIAM", "LAMA")] == [4, 0, 0]
    assert found["ANTREAN"].line.last_at == met_at
    assert found["ANTREAN"].coverage == queries.Coverage(4, 3)
    assert found["DIAM"].coverage is None
    page = at(city.admin).get(url("list")).content.decode()
    assert [words in page for words in ("75%", "3 dari 4", "diam bulan ini", "berhenti", "belum pernah")] == [True] * 5


def _event(city: SimpleNamespace, number: str, **kw: Any) -> ServiceEvent:
    return make.make_event(city.officer, city.service, city.counter, source=city.source, number=number, **kw)


@pytest.mark.parametrize("size", [1, 3])
def test_source_list_queries_do_not_grow(city: SimpleNamespace, size: int, django_assert_num_queries: Any) -> None:
    for number in range(size):
        city.source = make.make_source(f"S{number}", issues_tickets=True)
        _event(city, f"A-{number}", met_at=clock.local(clock.month_of(clock.today())))
    client = at(city.admin)
    with django_assert_num_queries(7):
        client.get(url("list"))


# --- event files -----------------------------------------------------------------------------------------------------


def test_event_file_is_previewed_then_saved_once(city: SimpleNamespace) -> None:
    operator = make.make_user(make.make_staff(city.unit), role=Role.OPERATOR, unit=city.unit)
    response = upload(operator, row(city), row(city, "A-002"))
    run = ImportRun.objects.get()
    assert response["Location"] == reverse("events-import-run", args=[run.pk])
    assert b"1373010101900001" not in bytes(run.content)
    assert "Siap disimpan" in at(operator).get(response["Location"]).content.decode()
    assert not ServiceEvent.objects.exists()
    for _ in range(2):
        at(operator).post(response["Location"])
    assert sorted(ServiceEvent.objects.values_list("source__code", "number")) == [
        ("ANTREAN", "A-001"),
        ("ANTREAN", "A-002"),
    ]
    page = at(operator).get(reverse("events-import")).content.decode()
    assert "antrean.csv" in page
    assert "Sumber ANTREAN" in page


def test_event_file_says_what_is_wrong(city: SimpleNamespace) -> None:
    bkpsdm = make.make_user(role=Role.BKPSDM)
    assert upload(bkpsdm, source="TIDAK-ADA").status_code == 422
    response = upload(bkpsdm, row(city, counter="L9"))
    assert "1 kesalahan perlu diperbaiki" in at(bkpsdm).get(response["Location"]).content.decode()
    at(bkpsdm).post(response["Location"])
    assert not ServiceEvent.objects.exists()
    messages = at(bkpsdm).get(response["Location"] + "/pesan.csv").content.decode()
    assert "KODE LOKET" in messages


def test_event_file_of_another_unit_is_refused_row_by_row(city: SimpleNamespace) -> None:
    other = make.make_unit("LAIN")
    operator = make.make_user(make.make_staff(other), role=Role.OPERATOR, unit=other)
    page = at(operator).get(upload(operator, row(city))["Location"]).content.decode()
    assert "Loket L1 bukan milik unit Anda" in page
    assert "Simpan semua" not in page


def test_event_run_is_hidden_from_other_operators(city: SimpleNamespace) -> None:
    first, second = (make.make_user(make.make_staff(city.unit), role=Role.OPERATOR, unit=city.unit) for _ in range(2))
    page = upload(first, row(city))["Location"]
    for path in (page, f"{page}/pesan.csv"):
        assert at(second).get(path).status_code == 404
    assert at(second).post(page).status_code == 404
    assert "antrean.csv" not in at(second).get(reverse("events-import")).content.decode()
    assert at(make.make_user(role=Role.BKPSDM)).get(page).status_code == 200


def test_event_file_of_a_source_stopped_meanwhile_is_not_saved(city: SimpleNamespace) -> None:
    bkpsdm = make.make_user(role=Role.BKPSDM)
    page = upload(bkpsdm, row(city))["Location"]
    actions.stop_source(source=city.source, reason="rusak", by="uji")
    assert "sudah berhenti" in at(bkpsdm).post(page, follow=True).content.decode()
    assert not ServiceEvent.objects.exists()


@pytest.mark.django_db(transaction=True)  # progress is written on a connection of its own
def test_a_long_event_file_is_the_workers(city: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SMALL_BYTES", 0)
    bkpsdm = make.make_user(role=Role.BKPSDM)
    page = upload(bkpsdm, row(city))["Location"]
    key = str(ImportRun.objects.get().pk)
    import_events(run=key, by=bkpsdm.pk)
    at(bkpsdm).post(page)
    import_events(run=key, by=bkpsdm.pk)
    import_events(run=key, by=bkpsdm.pk)
    assert ServiceEvent.objects.count() == 1
