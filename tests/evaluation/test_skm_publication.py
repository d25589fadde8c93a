"""Publishing a survey report: what is frozen, its versions, its documents."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from openpyxl import load_workbook

from teladan.core import pdf
from teladan.core.models import AuditEvent
from teladan.evaluation.actions import skm as actions
from teladan.evaluation.actions.closing import reopen_month
from teladan.evaluation.actions.skm import SkmRefused
from teladan.evaluation.models import SkmPublication
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries import skm_document as document
from teladan.evaluation.queries.skm import State
from teladan.evaluation.queries.skm_report import content_digest, report_payload
from teladan.evaluation.rules.skm import parse_period
from teladan.evaluation.views import skm_shapes
from tests import make
from tests.evaluation import skm_world
from tests.evaluation.skm_world import (
    AUGUST,
    QUARTER,
    SEMESTER,
    SEPTEMBER,
    TODAY,
    World,
    close,
    follow_up,
    plan_for,
    publish,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("made")]

_now = skm_world._now
made = skm_world.made
world = skm_world.world


# --- publication -----------------------------------------------------------------------------------------------------


def test_publish_refuses_a_weakness_without_an_action(world: World) -> None:
    assert report_payload(world.unit, QUARTER)["weaknesses"]
    with pytest.raises(SkmRefused, match="Isi dulu tindak lanjut untuk"):
        publish(world)
    assert not SkmPublication.objects.exists()


def test_publish_refuses_a_period_that_is_not_closed(world: World) -> None:
    with pytest.raises(SkmRefused, match="belum ditutup"):
        actions.publish_report(unit=world.unit, period=SEMESTER, by=world.head)


def test_publish_refuses_too_few_answers(world: World) -> None:
    with pytest.raises(SkmRefused, match="periode yang lebih panjang"):
        actions.publish_report(unit=world.unit, period=parse_period("2026-08"), by=world.head)


def test_publish_refuses_what_was_not_read(world: World) -> None:
    seen = content_digest(report_payload(world.unit, QUARTER))
    plan_for(world)
    with pytest.raises(SkmRefused, match="berubah sejak halaman"):
        publish(world, seen=seen)


def test_publish_refuses_while_a_month_is_being_closed_anew(world: World) -> None:
    plan_for(world)
    reopen_month(month=AUGUST, by="uji", reason="Berkas terlambat")
    with pytest.raises(SkmRefused, match="belum ditutup"):
        publish(world)


def test_publication_is_frozen_with_its_document(world: World) -> None:
    plan_for(world)
    row = publish(world)
    assert row.payload["ikm"] == report_payload(world.unit, QUARTER)["ikm"]
    content = bytes(row.document)
    assert hashlib.sha256(content).hexdigest() == row.document_digest
    assert content.startswith(b"%PDF")
    assert b"pdfuaid:part" in content
    event = AuditEvent.objects.get(event="evaluation.skm_published")
    assert event.after is not None
    assert event.after["digest"] == row.digest
    for change in (
        lambda: SkmPublication.objects.filter(pk=row.pk).update(payload={}),
        lambda: SkmPublication.objects.filter(pk=row.pk).update(document=b"%PDF lain"),
        lambda: SkmPublication.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_new_version_needs_another_content_and_a_reason(world: World) -> None:
    plan_for(world)
    first = publish(world)
    with pytest.raises(SkmRefused, match="isi yang sama"):
        publish(world)
    follow_up(world, "biaya")
    with pytest.raises(SkmRefused, match="alasan"):
        publish(world)
    second = publish(world, reason="Menambah tindakan.")
    first.refresh_from_db()
    assert (first.is_current, second.version, second.is_current) == (False, 2, True)
    assert [row.pk for row in queries.published("DISDUK")] == [second.pk]


def test_periods_say_where_they_stand(world: World) -> None:
    plan_for(world)
    assert {line.period.key: line.state for line in queries.period_lines(world.unit, 3)} == {
        "2026-T3": State.READY,
        "2026-T4": State.OPEN,
    }
    publish(world)
    assert queries.period_lines(world.unit, 3)[1].state is State.PUBLISHED
    reopen_month(month=SEPTEMBER, by="uji", reason="Berkas terlambat")
    assert queries.period_lines(world.unit, 3)[1].state is State.REOPENED
    close(SEPTEMBER)
    assert queries.period_lines(world.unit, 3)[1].state is State.OUTDATED
    assert queries.period_lines(make.make_unit("BARU"), 3) == []


@pytest.mark.parametrize("published", [0, 1])
def test_period_list_query_count(world: World, published: int, django_assert_num_queries: Any) -> None:
    plan_for(world)
    if published:
        publish(world)
    with django_assert_num_queries(3):
        queries.period_lines(world.unit, 3)


# --- documents -------------------------------------------------------------------------------------------------------


def test_document_holds_long_names_many_services_and_letters_of_no_font(world: World) -> None:
    payload = report_payload(world.unit, QUARTER)
    payload["unit_name"] = "Bidang Pelayanan " * 12
    payload["services"] = [{**payload["services"][0], "name": f"Layanan panjang sekali {n} 🙂" * 3} for n in range(40)]
    payload["plan"] = [
        {"element": "sarana", "action": "Tindakan. " * 40, "responsible": "Kepala " * 20, "due_on": "2026-12-15", "state": "ongoing"}
    ] * 12  # fmt: skip
    payload["months_left_out"] = ["2026-08"]
    content = pdf.render(document.SOURCE, document.document_values(payload), at=TODAY)
    assert b"pdfuaid:part" in content


def test_document_of_a_withheld_report_has_dashes_and_a_watermark(world: World) -> None:
    payload = report_payload(world.unit, parse_period("2026-08"))
    values = document.document_values(payload)
    assert (values["ikm"], values["sample"]["n"], values["watermark"]) == ("–", "–", document.DRAFT)
    assert pdf.render(document.SOURCE, values, at=TODAY).startswith(b"%PDF")


def test_document_names_every_part_that_the_regulation_wants() -> None:
    source = document.SOURCE.read_text(encoding="utf-8")
    for part in ("1. Latar belakang", "2. Metode", "3. Sampel", "4. Profil responden", "5. Indeks dan nilai tiap unsur",
                 "6. Indeks tiap layanan", "7. Kelebihan dan kelemahan", "8. Rencana tindak lanjut", "9. Perkembangan",
                 "Lampiran A.", "Lampiran B.", "Lampiran C."):  # fmt: skip
        assert f"== {part}" in source


def test_workbook_holds_numbers_and_no_formula(world: World) -> None:
    follow_up(world, action="=HYPERLINK(1)", responsible="+62 812")
    book = load_workbook(BytesIO(skm_shapes.workbook(report_payload(world.unit, QUARTER))))
    assert book.sheetnames == ["Ringkasan", "Unsur", "Layanan", "Tindak lanjut", "Perkembangan", "Profil responden"]
    plan = [[cell.value for cell in row] for row in book["Tindak lanjut"].iter_rows(min_row=2)]
    assert plan[0][1:3] == ["'=HYPERLINK(1)", "'+62 812"]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    elements = [[cell.value for cell in row] for row in book["Unsur"].iter_rows(min_row=2)]
    assert isinstance(elements[0][4], float)
    assert len(elements) == 9
