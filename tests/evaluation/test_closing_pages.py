"""The months of BKPSDM as pages: refusals, what is missing, the button and its progress, reopening."""

from __future__ import annotations

import contextvars
import re
import threading
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from teladan.core import clock, jobs, progress
from teladan.evaluation.actions import closing as actions
from teladan.evaluation.models import Closing
from teladan.evaluation.queries import closing as queries
from teladan.people.models import User
from tests import axe, make
from tests.evaluation.small_city import OCTOBER, City, closing_time, everyone, make_city

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db

AUGUST, SEPTEMBER = date(2026, 8, 1), date(2026, 9, 1)
DETAIL = "/bulan/2026-10"
PAGES = ("/bulan", DETAIL)
POSTS = (f"{DETAIL}/tutup", f"{DETAIL}/buka-kembali")


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(closing_time()):
        yield


@pytest.fixture
def city() -> City:
    city = make_city(officers=3, services=2)
    city.serve(OCTOBER, everyone(city, 12))
    return city


@pytest.fixture
def bkpsdm() -> User:
    return make.make_user(make.make_person(name="Rina Melati"), role="bkpsdm")


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, *POSTS])
def test_closing_needs_login(client: Client, city: City, path: str) -> None:
    response = client.post(path) if path in POSTS else client.get(path)
    assert response.status_code == 302
    assert "/akun/" in response.headers["Location"]


@pytest.mark.parametrize("role", ["officer", "unit_head", "operator", "mayor", "admin", "inspector", "committee"])
@pytest.mark.parametrize("path", [*PAGES, *POSTS])
def test_closing_refuses_other_roles(city: City, role: str, path: str) -> None:
    client = at(make.make_user(make.make_person(), role=role))
    assert (client.post(path) if path in POSTS else client.get(path)).status_code == 403


def test_closing_refuses_the_wrong_method(city: City, bkpsdm: User) -> None:
    client = at(bkpsdm)
    assert [client.post(path).status_code for path in PAGES] == [405, 405]
    assert [client.get(path).status_code for path in POSTS] == [405, 405]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "oktober", "2031-01"])
def test_closing_hides_months_that_are_none(city: City, bkpsdm: User, month: str) -> None:
    assert at(bkpsdm).get(f"/bulan/{month}").status_code == 404


def test_closing_start_refuses_too_early_and_says_from_when(city: City, bkpsdm: User) -> None:
    with clock.at(clock.local(date(2026, 11, 3), 9)):
        response = at(bkpsdm).post(f"{DETAIL}/tutup")
    assert response.status_code == 422
    assert "8 November 2026" in response.content.decode()
    assert queries.progress_of(OCTOBER) is None


def test_closing_start_refuses_out_of_order(city: City, bkpsdm: User) -> None:
    city.serve(AUGUST, everyone(city, 12))
    response = at(bkpsdm).post(f"{DETAIL}/tutup")
    assert response.status_code == 422
    assert "Agustus 2026" in response.content.decode()


def test_reopen_refuses_without_reason(city: City, bkpsdm: User) -> None:
    actions.close_month(month=OCTOBER, by="uji")
    response = at(bkpsdm).post(f"{DETAIL}/buka-kembali", {"reason": " "})
    assert response.status_code == 422
    assert "Tulis alasan" in response.content.decode()
    assert queries.current_closing(OCTOBER) is not None


# --- the list --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [1, 3])
def test_closing_list_costs_nine_queries(city: City, bkpsdm: User, months: int, django_assert_num_queries: Any) -> None:
    for month in (AUGUST, SEPTEMBER)[: months - 1]:
        city.serve(month, everyone(city, 10))
    client = at(bkpsdm)
    with django_assert_num_queries(9):
        assert client.get("/bulan").status_code == 200


def test_closing_list_says_where_each_month_stands(city: City, bkpsdm: User) -> None:
    for month in (AUGUST, SEPTEMBER, date(2026, 11, 1)):
        city.serve(month, everyone(city, 10))
    actions.close_month(month=AUGUST, by="Rina Melati")
    assert [(line.month.month, str(line.state)) for line in queries.month_lines()] == [
        (11, "collecting"),
        (10, "waiting"),
        (9, "ready"),
        (8, "closed"),
    ]
    text = at(bkpsdm).get("/bulan").content.decode()
    assert "oleh Rina Melati · versi 1" in text
    assert "mulai 8 Desember 2026" in text


def test_closing_list_is_empty_before_the_first_service(bkpsdm: User) -> None:
    assert "Belum ada layanan tercatat" in at(bkpsdm).get("/bulan").content.decode()


# --- what is missing -------------------------------------------------------------------------------------------------


def test_readiness_names_silent_counters_and_their_operator(city: City, bkpsdm: User) -> None:
    second = make.make_counter(city.unit, "L2", "Loket Akta")
    make.make_user(make.make_person(name="Dodi Operator"), role="operator", unit=city.unit)
    make.make_event(city.officers[0], city.services[0], second, met_at=clock.local(date(2026, 9, 7), 9))
    actions.close_month(month=SEPTEMBER, by="uji")
    found = queries.readiness(OCTOBER)
    assert found.can_close
    item = next(item for item in found.warnings if "Loket Akta" in item.what)
    assert item.who == "Dodi Operator"
    assert not item.blocking


def test_readiness_names_people_without_appraiser(city: City) -> None:
    item = next(item for item in queries.readiness(OCTOBER).warnings if "tanpa atasan" in item.what)
    assert item.what.startswith("3 pegawai")
    assert item.who == "BKPSDM"


def test_readiness_counts_unfinished_events(city: City) -> None:
    for hour in (8, 9):
        make.make_event(city.officers[0], city.services[0], city.counter, met_at=clock.local(date(2026, 10, 20), hour))
    item = next(item for item in queries.readiness(OCTOBER).warnings if "belum selesai" in item.what)
    assert item.what.startswith("2 layanan")


def test_readiness_tells_no_count_of_ratings(city: City, bkpsdm: User) -> None:
    """Nobody counts before the release: 36 ratings and 72 tickets stand in no sentence."""
    text = at(bkpsdm).get(DETAIL).content.decode()
    assert "siap ditutup" in text
    main = text.split("<main")[1].split("</main>")[0]
    assert not re.search(r"(?<!\d)(36|72)(?!\d)", re.sub(r"Pegawai \d+", "", main))


# --- the button ------------------------------------------------------------------------------------------------------


def work() -> None:
    """One round of the worker, in a thread of its own as in life: a browser's loop may run in this one."""

    def run() -> None:
        jobs.run_waiting()
        connection.close()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,))
    thread.start()
    thread.join()


@pytest.fixture
def _leaves_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread in which the worker runs a task ends with the test."""
    run = actions.run_requested

    def in_its_thread(*, month: date, user_id: int) -> None:
        run(month=month, user_id=user_id)
        connection.close()

    monkeypatch.setattr(actions, "run_requested", in_its_thread)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_leaves_no_connection")
def test_button_queues_once_and_the_worker_closes(city: City, bkpsdm: User) -> None:
    client = at(bkpsdm)
    for _ in range(3):
        assert client.post(f"{DETAIL}/tutup").status_code == 302
    text = client.get(DETAIL).content.decode()
    assert "Menunggu giliran" in text
    assert 'hx-trigger="every 2s"' in text
    assert '<meta http-equiv="refresh"' in text
    fragment = client.get(DETAIL, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "HX-Refresh" not in fragment.headers
    work()
    assert Closing.objects.count() == 1
    assert Closing.objects.get().closed_by == "Rina Melati"
    assert client.get(DETAIL, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page = client.get(DETAIL).content.decode()
    assert "sudah ditutup" in page
    assert Closing.objects.get().results_digest in page


@pytest.mark.journey
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_leaves_no_connection")
@pytest.mark.parametrize("scripts", [True, False])
def test_waiting_page_follows_the_work_to_its_end(
    city: City, bkpsdm: User, live_server: Any, browser: Browser, scripts: bool
) -> None:
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 900}, locale="id-ID")
    cookie = at(bkpsdm).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + DETAIL)
    page.get_by_role("button", name="Tutup Oktober 2026").click()
    expect(page.get_by_text("Menunggu giliran")).to_be_visible()
    if scripts:
        assert axe.violations(page) == []
    work()
    expect(page.get_by_role("heading", level=1)).to_have_text("Oktober 2026 sudah ditutup", timeout=15_000)
    context.close()


@pytest.mark.django_db(transaction=True)
def test_a_refused_job_tells_why(city: City, bkpsdm: User) -> None:
    city.serve(AUGUST, everyone(city, 12))
    actions.run_requested(month=OCTOBER, user_id=bkpsdm.pk)
    row = progress.of(queries.progress_key(OCTOBER))
    assert row is not None
    assert row.state == "failed"
    assert "Agustus 2026" in row.message
    assert "Penutupan terakhir tidak berhasil" in at(bkpsdm).get(DETAIL).content.decode()


@pytest.mark.django_db(transaction=True)  # progress commits on a connection of its own; only this empties it again
def test_a_dead_worker_does_not_block_the_button(city: City, bkpsdm: User) -> None:
    with clock.at(clock.local(date(2026, 11, 9), 8)):
        progress.start(queries.progress_key(OCTOBER), 6, "Menyegel")
    text = at(bkpsdm).get(DETAIL).content.decode()
    assert "Tutup Oktober 2026" in text


# --- closed, reopened ------------------------------------------------------------------------------------------------


def test_closed_month_shows_its_digests_and_versions(city: City, bkpsdm: User) -> None:
    actions.close_month(month=OCTOBER, by="uji")
    client = at(bkpsdm)
    response = client.post(f"{DETAIL}/buka-kembali", {"reason": "Berkas loket kurang"})
    assert response.headers["Location"] == reverse("closing-detail", args=[OCTOBER])
    text = client.get(DETAIL).content.decode()
    assert "Bulan ini dibuka kembali" in text
    assert "Berkas loket kurang" in text
    actions.close_month(month=OCTOBER, by="uji")
    text = client.get(DETAIL).content.decode()
    assert "Semua versi" in text
    for row in Closing.objects.all():
        assert row.results_digest[:12] in text
