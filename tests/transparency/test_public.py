"""The public site: what is never shown, and what is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.evaluation.models import Closing, Release

pytestmark = pytest.mark.django_db
OCTOBER = date(2026, 10, 1)


def make_closing(month: date = OCTOBER, version: int = 1, **kw: Any) -> Closing:
    defaults: dict[str, Any] = {
        "inputs_digest": "a" * 64,
        "results_digest": "b" * 64,
        "policy_version": "c" * 12,
        "code_version": "test",
        "counts": {},
        "closed_at": clock.now(),
        "closed_by": "test",
    }
    return Closing.objects.create(month=month, version=version, **{**defaults, **kw})


def unit_payload(**kw: Any) -> dict[str, Any]:
    return {
        "name": "Dinas Contoh",
        "ikm": 88.72,
        "low": 87.6,
        "high": 89.8,
        "grade": "A",
        "regime": "permenpanrb-14-2017",
        "n": 512,
        "tickets": 1322,
        "spent": 512,
        "response_rate": 0.387,
        "events": 1483,
        "with_standard": 1421,
        "on_time": 1364,
        "sample_needed": 305,
        "elements": {"sarana": {"n": 500, "mean": 3.21}, "perilaku": {"n": 510, "mean": 3.71}},
        "weakest": "sarana",
        "services": [],
        **kw,
    }


def release(code: str = "DC", month: date = OCTOBER, closing: Closing | None = None, **kw: Any) -> Release:
    return Release.objects.create(
        closing=closing or make_closing(month), kind="unit", key=code, payload=unit_payload(**kw)
    )


@pytest.mark.parametrize("path", ["/publik", "/publik/penghargaan", "/publik/cara-kerja"])
def test_public_pages_need_no_login_and_allow_no_script(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "<script" not in response.content.decode()
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize("path", ["/publik", "/publik/unit/DC"])
def test_public_pages_refuse_to_be_written_to(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_public_unit_unknown_is_not_found(client: Client) -> None:
    assert client.get("/publik/unit/TIDAK-ADA").status_code == 404


def test_public_home_before_the_first_closing_says_so(client: Client) -> None:
    assert "Belum ada bulan yang ditutup" in client.get("/publik").content.decode()


def test_public_home_withholds_a_small_unit(client: Client) -> None:
    release(ikm=None, low=None, high=None, grade="", n=None, response_rate=None, elements={}, weakest="")
    text = client.get("/publik").content.decode()
    assert "Belum cukup data" in text
    assert "88,72" not in text


@pytest.mark.parametrize(("upheld", "shown"), [(12, "12"), (None, "terlalu sedikit untuk ditampilkan")])
def test_public_home_shows_complaints_as_released(client: Client, upheld: int | None, shown: str) -> None:
    counts = {"received": 31, "decided": 24, "upheld": upheld, "median_days": 17.5}
    closing = release().closing
    assert "Pengaduan bernama" not in client.get("/publik").content.decode()
    Release.objects.create(closing=closing, kind="city", key="kota", payload={"complaints": counts})
    text = client.get("/publik").content.decode()
    for part in ("Pengaduan bernama", "31", "24", "17,5", shown):
        assert part in text, part


def test_public_unit_shows_figures_with_their_interval_and_size(client: Client) -> None:
    closing = make_closing(date(2026, 9, 1))
    release(month=date(2026, 9, 1), closing=closing, ikm=86.1)
    release()
    text = client.get("/publik/unit/DC").content.decode()
    for shown in ["88,72", "87,6", "89,8", "512", "39%", "96%", "Sarana dan prasarana", "<svg", "<table"]:
        assert shown in text, shown
    assert "Batas mutu menurut PermenPANRB 14/2017." in " ".join(text.split())


def test_public_unit_superseded_version_is_not_shown(client: Client) -> None:
    release(closing=make_closing(is_current=False), ikm=11.11 * 3)
    release(closing=make_closing(version=2), ikm=90.0)
    text = client.get("/publik/unit/DC").content.decode()
    assert "90,00" in text
    assert "33,33" not in text


def test_public_unit_csv_neutralises_formulas(client: Client) -> None:
    release(name="=HYPERLINK(1)")
    response = client.get("/publik/unit/DC/data.csv")
    assert response["Content-Type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in response.content.decode()
    assert "2026-10" in response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_public_home_query_count(client: Client, count: int, django_assert_num_queries: Any) -> None:
    closing = make_closing()
    for number in range(count):
        release(f"U{number}", closing=closing)
    with django_assert_num_queries(5):
        client.get("/publik")
