"""The people pages in a real browser: accessible, never sideways, importing works with scripts off."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from teladan.people.models import Person, Placement
from tests.axe import overflow, violations
from tests.make import make_head, make_head_post, make_person, make_staff, make_unit, make_user
from tests.people.files import employee, employees_csv, employees_xlsx

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
PASSWORD = "kata-sandi-untuk-uji-coba"


@pytest.fixture
def city() -> SimpleNamespace:
    top = make_unit("KOTA", "Pemerintah Kota", kind="kota")
    office = make_unit("D", "Dinas Kependudukan dan Pencatatan Sipil", parent=top)
    section = make_unit("S", "Seksi Pelayanan", parent=office, kind="seksi")
    make_head_post(section, "Kepala Seksi Pelayanan")
    make_head(make_unit("D2", "Dinas Kesehatan", parent=top), post_kind="jpt")
    clerk = make_staff(section, make_person(name="Rina Gusnita"))
    make_user(username="bkpsdm", role="bkpsdm", password=PASSWORD)
    return SimpleNamespace(section=section, clerk=clerk, account=make_user(clerk))


def sign_in(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/akun/login/")
    page.fill("input[name=login]", "bkpsdm")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{live_server.url}/")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")], ids=["wide-light", "narrow-dark"])
def test_every_page_is_accessible_and_never_sideways(
    browser: Browser, live_server: LiveServer, city: SimpleNamespace, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale="id-ID")
    page = context.new_page()
    sign_in(page, live_server)
    addresses = [
        "/pegawai",
        "/pegawai?cari=tidak-ada",
        f"/pegawai/{city.clerk.pk}",
        f"/pegawai/{city.clerk.pk}/penilai",
        "/pegawai/tanpa-atasan",
        "/pegawai/tanpa-atasan/S",
        "/pegawai/impor",
        "/unit",
        "/unit/S",
        "/unit/S/penugasan",
        "/peran",
        "/peran/akun",
        "/peran/akun/baru",
        f"/peran/akun/{city.account.pk}",
    ]
    found = {}
    for address in addresses:
        page.goto(live_server.url + address)
        page.evaluate(
            "document.querySelectorAll('details').forEach(one => { if (!one.closest('header')) one.open = true })"
        )
        problems = violations(page) + ([f"{overflow(page)} px sideways"] if overflow(page) else [])
        if problems:
            found[address] = problems
    context.close()
    assert not found


def test_clerk_fixes_a_file_and_imports_it_without_scripts(
    browser: Browser, live_server: LiveServer, city: SimpleNamespace, tmp_path: Path
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800}, locale="id-ID")
    page = context.new_page()
    sign_in(page, live_server)
    wrong, right = tmp_path / "siasn.xlsx", tmp_path / "siasn.csv"
    wrong.write_bytes(employees_xlsx([employee(1), employee(2, NIP_BARU="1.98E+17")]))
    right.write_bytes(employees_csv([employee(1), employee(2)]))
    for file in (wrong, right):
        page.goto(live_server.url + reverse("people-import"))
        page.check("input[value=employees]")
        page.set_input_files("input[type=file]", file)
        page.click("text=Periksa berkas")
        if file == wrong:
            assert page.locator("h1").inner_text() == "1 kesalahan perlu diperbaiki"
            assert "baris 3" in page.locator("main").inner_text()
            assert page.locator("text=Simpan semua").count() == 0
    page.click("text=Simpan semua")
    assert page.locator("h1").inner_text() == "Sudah disimpan"
    context.close()
    assert Person.objects.filter(name__startswith="PEGAWAI").count() == 2


def test_a_missing_superior_is_fixed_in_four_clicks(page: Page, live_server: LiveServer, city: SimpleNamespace) -> None:
    sign_in(page, live_server)
    page.goto(live_server.url + reverse("people-gaps"))
    page.get_by_role("link", name="Tunjuk kepala sementara").click()
    page.get_by_label("Plt. (pelaksana tugas)").check()
    page.get_by_label("Rina Gusnita").check()
    page.get_by_role("button", name="Simpan penugasan").click()
    page.wait_for_selector("text=Penugasan disimpan")
    assert Placement.objects.get(kind="plt").person == city.clerk
