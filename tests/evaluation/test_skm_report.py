"""The survey's report: what it is computed from, its plan, its publication, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from teladan import scoring
from teladan.core.models import AuditEvent
from teladan.evaluation.actions import skm as actions
from teladan.evaluation.actions.skm import SkmRefused
from teladan.evaluation.models import SkmFollowUp, SkmPublication, UnitResult
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries import skm_document as document
from teladan.evaluation.queries import skm_profile, skm_report
from teladan.evaluation.queries.skm_report import content_digest, report_payload
from teladan.evaluation.rules.skm import parse_period
from teladan.feedback import queries as feedback
from teladan.scoring import ELEMENTS
from teladan.scoring.ikm import DEFAULT_REGIME
from teladan.ui import formats
from tests import make
from tests.evaluation import skm_world
from tests.evaluation.skm_world import (
    AUGUST,
    JULY,
    PASSWORD,
    QUARTER,
    SEMESTER,
    SEPTEMBER,
    World,
    address,
    at,
    follow_up,
    past,
    plan_for,
    publish,
    sealed,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("made")]

_now = skm_world._now
made = skm_world.made
world = skm_world.world


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_come_from_all_raw_answers_and_not_from_months(world: World) -> None:
    found = report_payload(world.unit, QUARTER)
    expected = scoring.ikm(sealed(world, JULY, AUGUST, SEPTEMBER))
    assert (found["n"], found["ikm"], found["grade"]) == (51, str(expected.value), expected.grade)
    assert (found["low"], found["high"]) == (round(expected.low or 0, 2), round(expected.high or 0, 2))
    for one, element in zip(found["elements"], expected.elements, strict=True):
        assert (one["n"], one["value"]) == (element.n, str(element.value))
    assert found["months_left_out"] == []
    assert found["events"] == 2 * 51
    assert found["sample_needed"] == scoring.sample_size(102)
    assert (found["tickets"], found["spent"], found["response_rate"]) == (102, 51, 0.5)


def test_a_mean_is_rounded_once_where_it_is_shown() -> None:
    """3.26249… is 3,262; by way of 3.2625 it would be 3,263."""
    rows = [{**dict.fromkeys(scoring.ELEMENTS, score), "count": times} for score, times in ((4, 373), (3, 1048))]
    measured: Any = SimpleNamespace(index=scoring.ikm(rows), by_element=dict.fromkeys(scoring.ELEMENTS, ()), n=1421)
    for name in scoring.ELEMENTS:
        one = skm_report._element(measured, name, [], DEFAULT_REGIME)
        assert formats.number(one["nrr"], 3) == "3,262"
    assert formats.number(skm_report._index(measured, Decimal("81.56"))["sum_nrr"], 3) == "29,362"


def test_services_are_computed_from_the_months_that_show_them(world: World) -> None:
    found = {one["code"]: one for one in report_payload(world.unit, QUARTER)["services"]}
    shown = UnitResult.objects.filter(unit=world.unit, service__isnull=False, is_published=True)
    by_service = {row.service.code: row.n for row in shown if row.service}
    assert by_service
    for code, one in found.items():
        assert one["n"] == by_service.get(code)


def test_published_sums_of_a_unit_leave_no_set_under_k(world: World) -> None:
    """What the pages really show: months, the quarter and the services; every difference is nothing or at least k."""
    monthly = {
        row.closing.month: row.n for row in UnitResult.objects.filter(service__isnull=True).select_related("closing")
    }
    assert monthly == {JULY: 40, AUGUST: None, SEPTEMBER: None}
    quarter = report_payload(world.unit, QUARTER)["n"]
    assert quarter - 40 == 11
    for month in (AUGUST, SEPTEMBER):
        assert report_payload(world.unit, parse_period(f"{month:%Y-%m}"))["n"] is None


def test_the_regime_of_the_period_is_said_with_the_index(world: World) -> None:
    found = report_payload(world.unit, QUARTER)
    assert (found["regime"], found["legal_basis"]) == ("permenpanrb-14-2017", "PermenPANRB 14/2017")
    assert [one["month"] for one in found["closings"]] == ["2026-07", "2026-08", "2026-09"]


# --- the trend and the profile ---------------------------------------------------------------------------------------


def test_an_older_index_stands_in_the_trend_with_its_regime_and_changes_no_figure(world: World) -> None:
    before = report_payload(world.unit, QUARTER)
    past(world)
    found = report_payload(world.unit, QUARTER)
    (line,) = found["trend"]["periods"]
    assert (line["ikm"], line["grade"], line["grade_now"], line["imported"]) == ("64.50", "B", "D", True)
    assert content_digest(found) == content_digest(before)


def test_profile_is_said_to_be_missing_where_it_is_not_collected(world: World) -> None:
    payload = {**report_payload(world.unit, QUARTER), "profile": None}
    assert document.document_values(payload)["profile"] == []


@dataclass(frozen=True)
class Asked:
    """What the survey's own query gives for one question: cells with label and n, and those who did not say."""

    attribute: str
    label: str
    cells: tuple[Any, ...]
    unsaid: int | None


def asked(men: int | None, women: int | None, unsaid: int | None) -> list[Asked]:
    cells = tuple(SimpleNamespace(label=label, n=n) for label, n in (("Laki-laki", men), ("Perempuan", women)))
    return [Asked("sex", "Jenis kelamin", cells, unsaid)]


def test_profile_sums_each_group_over_the_months_that_show_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {JULY: asked(20, None, None), AUGUST: asked(None, None, None), SEPTEMBER: asked(12, None, 30)}
    calls: list[list[date]] = []

    def profile_counts(unit: Any, months: list[date]) -> list[Asked]:
        calls.append(months)
        return tables[months[0]]

    monkeypatch.setattr(feedback, "profile_counts", profile_counts, raising=False)
    found = skm_profile.profile_of(world.unit, QUARTER.months)
    groups = [["Laki-laki", 32], ["Perempuan", None], ["Tidak menyebutkan", 30]]
    assert found == [{"question": "Jenis kelamin", "groups": groups}]
    assert calls == [[JULY], [AUGUST], [SEPTEMBER]]  # never two months at once: quarter and year would overlap
    payload = report_payload(world.unit, QUARTER)
    assert document.document_values(payload)["profile"][0]["groups"][:2] == [
        ["Laki-laki", "32"],
        ["Perempuan", "ditahan"],
    ]
    text = at(world.head).get(address(world)).content.decode()
    assert "Jenis kelamin" in text
    assert "Profil responden belum dikumpulkan" not in text


def test_profile_where_nobody_said_anything_is_not_collected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "profile_counts", lambda *_: asked(0, 0, 40), raising=False)
    assert skm_profile.profile_of(world.unit, QUARTER.months) is None


# --- the plan --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2026, 9, 30), date(2030, 1, 1)])
def test_follow_up_refuses_a_day_inside_the_period_or_too_far(world: World, day: date) -> None:
    with pytest.raises(SkmRefused, match="Tenggat"):
        follow_up(world, due_on=day)
    assert not SkmFollowUp.objects.exists()


def test_follow_up_refuses_a_period_that_is_not_closed(world: World) -> None:
    with pytest.raises(SkmRefused, match="belum ditutup"):
        actions.write_follow_up(
            unit=world.unit, period=SEMESTER, element="sarana", action="A", responsible="B",
            due_on=date(2027, 2, 1), by=world.operator,
        )  # fmt: skip


def test_follow_up_is_audited_with_what_it_was(world: World) -> None:
    row = follow_up(world)
    actions.change_follow_up(row=row, state="done", by=world.head)
    actions.change_follow_up(row=row, state="done", by=world.head)
    written, changed = AuditEvent.objects.filter(subject="skm:DISDUK:2026-T3").order_by("pk")
    assert written.event == "evaluation.skm_plan_written"
    assert (changed.before["state"], changed.after["state"], changed.actor) == (
        "planned",
        "done",
        f"user:{world.head.pk}",
    )  # type: ignore[index]


def test_dropped_lines_leave_the_report_and_stay_in_the_list(world: World) -> None:
    row = follow_up(world)
    actions.change_follow_up(row=row, state="dropped", by=world.head)
    assert report_payload(world.unit, QUARTER)["plan"] == []
    assert queries.plan_of(world.unit, QUARTER) == [row]


def test_the_database_refuses_an_unknown_element_and_an_empty_action(world: World) -> None:
    row = follow_up(world)
    for change in ({"element": "parkir"}, {"action": ""}, {"state": "lupa"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SkmFollowUp.objects.filter(pk=row.pk).update(**change)


# --- pages -----------------------------------------------------------------------------------------------------------


PAGES = ["skm-report", "skm-pdf", "skm-xlsx"]


FORM = {
    "element": "sarana",
    "action": "Menambah kursi.",
    "responsible": "Kepala Subbagian Umum",
    "due_on": "2026-12-15",
}


@pytest.mark.parametrize("name", PAGES)
def test_report_needs_login(world: World, name: str) -> None:
    response = Client().get(address(world, name))
    assert response.status_code == 302
    assert "/akun/login/" in response["Location"]


@pytest.mark.parametrize("name", PAGES)
def test_report_hides_from_stranger(world: World, name: str) -> None:
    assert at(world.stranger).get(address(world, name)).status_code == 404


def test_lists_hide_other_units(world: World) -> None:
    assert at(world.stranger).get(reverse("skm-unit", args=["DISDUK"])).status_code == 404
    assert "Dinas Disduk" not in at(world.stranger).get(reverse("skm-list")).content.decode()
    assert at(make.make_user(role="officer", unit=world.unit)).get(reverse("skm-list")).status_code == 403


def test_report_of_a_period_that_never_was_is_not_found(world: World) -> None:
    for key in ("2020-T1", "2026-13", "2026-T9"):
        assert at(world.head).get(f"/skm/DISDUK/{key}").status_code == 404


def test_plan_and_publication_refuse_those_who_only_read(world: World) -> None:
    reader = make.make_user(make.make_staff(world.unit), role="pyb", unit=world.unit, password=PASSWORD)
    row = follow_up(world)
    client = at(reader)
    assert client.get(address(world)).status_code == 200
    assert client.post(address(world, "skm-plan"), FORM).status_code == 403
    assert client.get(address(world, "skm-plan-change", "2026-T3", row.pk)).status_code == 403
    assert client.post(address(world, "skm-publish"), {"password": PASSWORD}).status_code == 403
    assert at(world.operator).post(address(world, "skm-publish"), {"password": PASSWORD}).status_code == 403
    assert not SkmPublication.objects.exists()


@pytest.mark.parametrize("name", ["skm-plan", "skm-publish"])
def test_acts_refuse_to_be_read(world: World, name: str) -> None:
    assert at(world.head).get(address(world, name)).status_code == 405


def test_plan_form_keeps_what_was_typed_and_says_what_is_wrong(world: World) -> None:
    client = at(world.operator)
    response = client.post(address(world, "skm-plan"), {**FORM, "due_on": "2026-09-01"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "Tenggat harus sesudah 30 September 2026" in text
    assert "Menambah kursi." in text
    assert client.post(address(world, "skm-plan"), {}).status_code == 422
    assert not SkmFollowUp.objects.exists()


def test_plan_line_of_another_unit_or_period_is_not_found(world: World) -> None:
    row = follow_up(world)
    assert at(world.head).get(address(world, "skm-plan-change", "2026-07", row.pk)).status_code == 404


def test_publish_refuses_a_wrong_password(world: World) -> None:
    plan_for(world)
    seen = content_digest(report_payload(world.unit, QUARTER))
    response = at(world.head).post(address(world, "skm-publish"), {"password": "salah", "seen": seen})
    assert response.status_code == 422
    assert not SkmPublication.objects.exists()


def test_from_the_plan_to_the_public_in_the_browser(world: World) -> None:
    weak = report_payload(world.unit, QUARTER)["weaknesses"]
    operator, head = at(world.operator), at(world.head)
    for element in weak:
        assert operator.post(address(world, "skm-plan"), {**FORM, "element": element}).status_code == 302
    row = SkmFollowUp.objects.order_by("pk").first()
    assert row is not None
    change = {**FORM, "element": row.element, "state": "ongoing"}
    assert operator.post(address(world, "skm-plan-change", "2026-T3", row.pk), change).status_code == 302
    text = head.get(address(world)).content.decode()
    assert "Terbitkan laporan" in text
    seen = text.partition('name="seen" value="')[2].partition('"')[0]
    response = head.post(address(world, "skm-publish"), {"password": PASSWORD, "seen": seen})
    assert response.status_code == 302
    published = head.get(address(world, "skm-version", "2026-T3", 1))
    assert published["Content-Type"] == "application/pdf"
    assert published.content == bytes(SkmPublication.objects.get().document)
    text = head.get(address(world)).content.decode()
    assert "Terbitkan laporan" not in text
    assert "Versi 1" in text


def test_report_page_shows_every_part(world: World) -> None:
    past(world)
    follow_up(world)
    text = at(world.head).get(address(world)).content.decode()
    for words in ("Triwulan III 2026", "51", "Krejcie dan Morgan", "Kelebihan", "Kelemahan", "Sembilan unsur",
                  "Layanan satu per satu", "Profil responden belum dikumpulkan", "Rencana tindak lanjut",
                  "Perkembangan", "64,50", "KEP/25/M.PAN/2/2004", "Bulan yang menjadi dasar"):  # fmt: skip
        assert words in text, words


def test_report_of_an_open_period_waits(world: World) -> None:
    client = at(world.head)
    assert "Periode ini belum selesai" in client.get(address(world, "skm-report", "2026-T4")).content.decode()
    assert client.get(address(world, "skm-pdf", "2026-T4")).status_code == 302
    assert client.get(address(world, "skm-xlsx", "2026-T4")).status_code == 302


def test_downloads_are_files_and_an_unchanged_one_is_not_made_twice(world: World) -> None:
    client = at(world.head)
    draft = client.get(address(world, "skm-pdf"))
    assert draft.content.startswith(b"%PDF")
    assert client.get(address(world, "skm-pdf"), headers={"If-None-Match": draft["ETag"]}).status_code == 304
    book = client.get(address(world, "skm-xlsx"))
    assert book["Content-Disposition"].startswith("attachment")
    assert load_workbook(BytesIO(book.content))["Ringkasan"]["B2"].value == "Dinas Disduk"


@pytest.mark.parametrize("lines", [1, 3])
def test_report_page_query_count(world: World, lines: int, django_assert_num_queries: Any) -> None:
    for element in ELEMENTS[:lines]:
        follow_up(world, element)
    client = at(world.head)
    with django_assert_num_queries(37):
        client.get(address(world))


@pytest.mark.parametrize("units", [1, 3])
def test_list_query_count(world: World, units: int, django_assert_num_queries: Any) -> None:
    plan_for(world)
    publish(world)
    closing = UnitResult.objects.filter(service__isnull=True).first()
    assert closing is not None
    for number in range(units - 1):
        other = make.make_unit(f"U{number}")
        UnitResult.objects.create(
            closing=closing.closing, unit=other, regime="permenpanrb-14-2017", is_published=False, tickets=0, events=0,
            with_standard=0, on_time=0, sample_needed=0,
        )  # fmt: skip
    bkpsdm = make.make_user(make.make_person(), role="bkpsdm")
    client = at(bkpsdm)
    with django_assert_num_queries(7):
        text = client.get(reverse("skm-list")).content.decode()
    assert "Triwulan III 2026" in text
