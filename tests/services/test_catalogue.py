"""Loading the catalogue, and its pages."""

from __future__ import annotations

from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from teladan.core.models import AuditEvent
from teladan.people.permissions import Role
from teladan.services import actions, catalogue, queries
from teladan.services.models import Counter, Service, ServiceStandard, SourceSystem
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def units() -> SimpleNamespace:
    return SimpleNamespace(
        dukcapil=make.make_unit("DISDUKCAPIL", "Dinas Dukcapil"),
        ptsp=make.make_unit("DPMPTSPNAKER", "Dinas PTSP"),
        finance=make.make_unit("BPKAD", "Badan Keuangan"),
    )


def load() -> catalogue.Loaded:
    return catalogue.load(services_unit="DISDUKCAPIL", mall_unit="DPMPTSPNAKER", by="test")


@pytest.fixture
def employee(client: Client) -> Client:
    client.force_login(make.make_user(make.make_person(), role=Role.EMPLOYEE))
    return client


# --- loading ---------------------------------------------------------------------------------------------------------


def test_load_refuses_unknown_unit() -> None:
    with pytest.raises(catalogue.UnknownUnit, match="DISDUKCAPIL"):
        load()
    with pytest.raises(CommandError, match="import-units"):
        call_command("load_catalogue", "DISDUKCAPIL")


def test_load_brings_31_services_of_which_12_promise_no_time(units: SimpleNamespace) -> None:
    load()
    standards = ServiceStandard.objects.filter(valid_until__isnull=True)
    assert Service.objects.count() == standards.count() == 31
    assert standards.filter(promised_minutes__isnull=True).count() == 12
    assert set(standards.exclude(promised_minutes=None).values_list("promised_minutes", flat=True)) == {1440}
    assert len(queries.promises(date(2026, 10, 1))) == 19


def test_load_brings_27_counters_of_which_18_belong_to_outside_bodies(units: SimpleNamespace) -> None:
    load()
    assert Counter.objects.count() == 27
    assert Counter.objects.filter(unit__isnull=True).count() == 18
    assert Counter.objects.get(code="MPP-DDK").unit == units.dukcapil
    assert Counter.objects.get(code="MPP-BPKAD").unit == units.finance
    assert Counter.objects.get(code="MPP-LPSE").unit == units.ptsp
    assert Counter.objects.get(code="MPP-PLN").outside_owner == "PLN"
    assert SourceSystem.objects.get(code="LOKET").issues_tickets


def test_load_again_changes_nothing(units: SimpleNamespace) -> None:
    assert load().changed
    assert not load().changed
    assert AuditEvent.objects.filter(event="services.catalogue_loaded").count() == 1


def test_load_keeps_a_standard_set_later(units: SimpleNamespace) -> None:
    load()
    service = Service.objects.get(code="KK-BARU")
    actions.set_standard(service=service, valid_from=date(2026, 7, 1), promised_minutes=60)
    assert not load().changed
    assert queries.promised_minutes(service, date(2026, 6, 30)) == 1440
    assert queries.promised_minutes(service, date(2026, 7, 1)) == 60


def test_load_keeps_what_the_city_changed(units: SimpleNamespace) -> None:
    load()
    actions.save_counter(code="MPP-DDK", name="Loket utama", unit=units.ptsp, queue_prefix="A")
    Service.objects.filter(code="KIA").update(name="Kartu anak", is_active=False)
    assert not load().changed
    assert Counter.objects.get(code="MPP-DDK").name == "Loket utama"
    assert not Service.objects.get(code="KIA").is_active


def test_load_cites_laws_and_no_rumours(units: SimpleNamespace) -> None:
    load()
    found = set(ServiceStandard.objects.values_list("legal_basis", flat=True))
    assert found == {"", "UU 23/2006 pasal 69", "UU 24/2013", "UU 23/2006 pasal 69; UU 24/2013"}


def test_load_command_says_what_changed(units: SimpleNamespace) -> None:
    out = StringIO()
    call_command("load_catalogue", "DISDUKCAPIL", "--mall", "DPMPTSPNAKER", stdout=out)
    assert "Layanan 31 (31 baru)" in out.getvalue()
    assert "loket 27 (27 baru)" in out.getvalue()


def test_token_command_refuses_unknown_source_without_name() -> None:
    with pytest.raises(CommandError, match="belum ada"):
        call_command("source_token", "ANTREAN")


def test_token_command_prints_the_token_once() -> None:
    out, err = StringIO(), StringIO()
    call_command("source_token", "ANTREAN", "--name", "Mesin antrean", "--issues-tickets", stdout=out, stderr=err)
    source = SourceSystem.objects.get(code="ANTREAN")
    assert source.issues_tickets
    assert source.token_hash == actions.token_hash(out.getvalue().strip())
    call_command("source_token", "ANTREAN", stdout=StringIO(), stderr=err)
    source.refresh_from_db()
    assert source.token_hash != actions.token_hash(out.getvalue().strip())
    assert source.issues_tickets


# --- standards -------------------------------------------------------------------------------------------------------


def test_standard_refuses_other_content_from_the_same_day(units: SimpleNamespace) -> None:
    service = make.make_service(units.dukcapil)
    with pytest.raises(ValueError, match="tanggal mulai"):
        actions.set_standard(service=service, valid_from=make.SINCE, promised_minutes=30)


def test_standard_ends_the_one_before(units: SimpleNamespace) -> None:
    service = make.make_service(units.dukcapil)
    _, changed = actions.set_standard(service=service, valid_from=date(2026, 7, 1), promised_minutes=None)
    again = actions.set_standard(service=service, valid_from=date(2026, 7, 1), promised_minutes=None)
    assert changed
    assert not again[1]
    assert [(s.valid_from, s.valid_until) for s in queries.standards_of(service)] == [
        (date(2026, 7, 1), None),
        (make.SINCE, date(2026, 7, 1)),
    ]


def test_standard_before_a_later_one_ends_where_that_begins(units: SimpleNamespace) -> None:
    service = make.make_service(units.dukcapil)
    actions.set_standard(service=service, valid_from=date(2026, 7, 1), promised_minutes=60)
    actions.set_standard(service=service, valid_from=date(2026, 3, 1), promised_minutes=120)
    months = [date(2026, 2, 1), date(2026, 3, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [queries.promised_minutes(service, day) for day in months] == [1440, 120, 120, 60]


def test_database_refuses_two_standards_at_once(units: SimpleNamespace) -> None:
    service = make.make_service(units.dukcapil)
    with pytest.raises(IntegrityError, match="standard_one_at_a_time"), transaction.atomic():
        ServiceStandard.objects.create(service=service, valid_from=date(2026, 1, 1))


# --- pages -----------------------------------------------------------------------------------------------------------

PAGES = ["/layanan", "/layanan/loket", "/layanan/KK-BARU"]


@pytest.mark.parametrize("path", PAGES)
def test_page_needs_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("path", PAGES)
def test_page_refuses_account_without_role(client: Client, units: SimpleNamespace, path: str) -> None:
    make.make_service(units.dukcapil)
    client.force_login(make.make_user(make.make_person()))
    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_page_refuses_post(employee: Client, units: SimpleNamespace, path: str) -> None:
    assert employee.post(path).status_code == 405


def test_service_unknown_is_not_found(employee: Client) -> None:
    assert employee.get("/layanan/TIDAK-ADA").status_code == 404


def test_service_list_shows_promise_or_says_there_is_none(employee: Client, units: SimpleNamespace) -> None:
    load()
    text = employee.get("/layanan").content.decode()
    assert text.count("24 jam") == 19
    assert text.count("belum ada standar waktu") == 12


def test_service_list_finds_by_word(employee: Client, units: SimpleNamespace) -> None:
    load()
    text = employee.get("/layanan", {"q": "kematian"}).content.decode()
    assert "Akta kematian" in text
    assert "Kartu identitas anak" not in text
    assert "Tidak ada layanan yang cocok" in employee.get("/layanan", {"q": "zzz"}).content.decode()


def test_service_list_when_empty_says_how_to_fill_it(employee: Client) -> None:
    assert "load-catalogue" in employee.get("/layanan").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_service_list_costs_the_same_queries(
    employee: Client, units: SimpleNamespace, count: int, django_assert_num_queries: Any
) -> None:
    for index in range(count):
        make.make_service(units.dukcapil, f"S-{index}")
    employee.get("/layanan")
    with django_assert_num_queries(8):
        employee.get("/layanan")


@pytest.mark.parametrize("count", [1, 3])
def test_counter_list_costs_the_same_queries(
    employee: Client, units: SimpleNamespace, count: int, django_assert_num_queries: Any
) -> None:
    for index in range(count):
        make.make_counter(units.dukcapil, f"L-{index}")
    employee.get("/layanan/loket")
    with django_assert_num_queries(6):
        employee.get("/layanan/loket")


def test_service_detail_shows_history_and_what_is_not_counted(employee: Client, units: SimpleNamespace) -> None:
    service = make.make_service(units.dukcapil, "IKD", "Identitas digital", minutes=None)
    text = employee.get("/layanan/IKD").content.decode()
    assert "Belum ada standar waktu, tidak dihitung" in text
    actions.set_standard(service=service, valid_from=date(2026, 7, 1), promised_minutes=3 * 1440, fee=25_000)
    text = employee.get("/layanan/IKD").content.decode()
    assert "3 hari sejak berkas lengkap" in text
    assert "Rp25.000" in text
    assert "sampai sebelum 1 Juli 2026" in text


def test_counter_list_marks_outside_bodies(employee: Client, units: SimpleNamespace) -> None:
    load()
    text = employee.get("/layanan/loket").content.decode()
    assert text.count("Instansi lain") == 18
    assert "Dinas Dukcapil" in text
