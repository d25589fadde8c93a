"""Published survey reports on the public site: only what was published, as it was published."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.evaluation.models import SkmPublication, SkmReport
from teladan.evaluation.rules.closing import digest
from teladan.scoring import ELEMENTS
from tests import make
from tests.transparency.test_public import release

pytestmark = pytest.mark.django_db
DOCUMENT = b"%PDF-1.7 seperti diterbitkan"


def payload(**kw: Any) -> dict[str, Any]:
    elements = [
        {
            "element": name,
            "n": 300 + i,
            "nrr": 3.2 + i / 100,
            "value": f"{80 + i / 4:.2f}",
            "grade": "B",
            "left_out": [],
        }
        for i, name in enumerate(ELEMENTS)
    ]
    months = [
        {"month": f"2026-{m:02}", "ikm": f"8{m}.10", "low": 80.1, "high": 89.2, "n": 100, "grade": "B"}
        for m in (1, 2, 3)
    ]
    past = {"period": "2015", "ikm": "64.50", "n": None, "grade": "B", "grade_now": "D", "regime": "kepmenpan-25-2004",
            "imported": True, "note": ""}  # fmt: skip
    plan = {"element": "sarana", "action": "Menambah <b>kursi</b>.", "responsible": "Kepala Subbagian Umum",
            "due_on": "2026-12-15", "state": "ongoing"}  # fmt: skip
    return {
        "unit": "DC", "unit_name": "Dinas Contoh", "office": "Dinas Contoh", "period": "2026-T3", "k": 10,
        "regime": "permenpanrb-14-2017", "legal_basis": "PermenPANRB 14/2017", "n": 321, "ikm": "81.18", "low": 80.34,
        "high": 82.02, "grade": "B", "sum_nrr": 29.225, "events": 640, "sample_needed": 240, "tickets": 600, "spent": 321,
        "response_rate": 0.535, "with_standard": 1, "on_time": 1, "months_left_out": [], "elements": elements,
        "services": [], "strengths": ["sarana"], "weaknesses": ["persyaratan"], "plan": [plan], "previous_plan": [],
        "trend": {"months": months, "periods": [past]}, "profile": None, "questions": [], "closings": [], **kw,
    }  # fmt: skip


def publish(
    place: tuple[date, int] = (date(2026, 7, 1), 3), *, is_current: bool = True, version: int = 1, **kw: Any
) -> SkmPublication:
    from teladan.people.models import Unit

    unit = Unit.objects.filter(code="DC").first() or make.make_unit("DC", "Dinas Contoh")
    report = SkmReport.objects.get_or_create(unit=unit, first=place[0], span=place[1])[0]
    content = payload(**kw)
    return SkmPublication.objects.create(
        report=report, version=version, is_current=is_current, payload=content, digest=digest(content),
        document=DOCUMENT, document_digest=hashlib.sha256(DOCUMENT).hexdigest(), published_at=clock.now(),
        published_by=make.make_user(), reason="Perbaikan" if version > 1 else "",
    )  # fmt: skip


@pytest.mark.parametrize("key", ["2026-T2", "2026-T9", "kapan", "2026-07"])
def test_public_report_that_is_not_published_is_not_found(client: Client, key: str) -> None:
    publish()
    assert client.get(f"/publik/unit/DC/skm/{key}").status_code == 404
    assert client.get(f"/publik/unit/DC/skm/{key}/laporan.pdf").status_code == 404
    assert client.get("/publik/unit/LAIN/skm/2026-T3").status_code == 404


def test_public_report_superseded_is_not_shown(client: Client) -> None:
    publish(is_current=False, ikm="44.44")
    publish(version=2)
    text = client.get("/publik/unit/DC/skm/2026-T3").content.decode()
    assert "81,18" in text
    assert "44,44" not in text


def test_public_report_refuses_to_be_written_to(client: Client) -> None:
    publish()
    assert client.post("/publik/unit/DC/skm/2026-T3").status_code == 405


def test_public_report_needs_no_login_and_allows_no_script(client: Client) -> None:
    publish()
    response = client.get("/publik/unit/DC/skm/2026-T3")
    assert response.status_code == 200
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert "<script" not in response.content.decode()
    assert "sessionid" not in response.cookies


def test_public_report_shows_card_plan_and_regimes(client: Client) -> None:
    publish()
    text = client.get("/publik/unit/DC/skm/2026-T3").content.decode()
    for words in ("Triwulan III 2026", "81,18", "80,34", "321", "640", "Jumlah responden cukup", "Menambah &lt;b&gt;kursi",
                  "Kepala Subbagian Umum", "15 Des 2026", "berjalan", "64,50", "KEP/25/M.PAN/2/2004", "versi 1"):  # fmt: skip
        assert words in text, words


def test_public_report_says_when_the_sample_is_too_small(client: Client) -> None:
    publish(n=100)
    assert "belum cukup: diperlukan 240" in client.get("/publik/unit/DC/skm/2026-T3").content.decode()


def test_public_pdf_is_what_was_published(client: Client) -> None:
    publish()
    response = client.get("/publik/unit/DC/skm/2026-T3/laporan.pdf")
    assert (response["Content-Type"], response.content) == ("application/pdf", DOCUMENT)
    again = client.get("/publik/unit/DC/skm/2026-T3/laporan.pdf", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_public_unit_links_its_latest_report_first(client: Client) -> None:
    release()
    assert "Laporan Triwulan" not in client.get("/publik/unit/DC").content.decode()
    publish()
    publish((date(2026, 4, 1), 3), period="2026-T2", ikm="79.00")
    text = client.get("/publik/unit/DC").content.decode()
    assert text.index("81,18") < text.index("79,00")
    assert "/publik/unit/DC/skm/2026-T3/laporan.pdf" in text


@pytest.mark.parametrize("count", [1, 3])
def test_public_unit_query_count(client: Client, count: int, django_assert_num_queries: Any) -> None:
    release()
    for number in range(count):
        publish((date(2026, 1 + 3 * number, 1), 3), period=f"2026-T{number + 1}")
    with django_assert_num_queries(3):
        client.get("/publik/unit/DC")
