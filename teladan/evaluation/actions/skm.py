"""Working on a satisfaction survey's report: its follow-up plan, and its publication, frozen with its document."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock, pdf
from teladan.core.audit import Event
from teladan.evaluation.models import SkmFollowUp, SkmPublication, SkmReport
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries import skm_document as document
from teladan.evaluation.queries.skm_report import content_digest, report_payload
from teladan.evaluation.rules import skm as rules
from teladan.evaluation.rules.closing import digest
from teladan.evaluation.rules.skm import Period
from teladan.evaluation.words import ELEMENTS
from teladan.people.models import Unit, User
from teladan.ui import formats

LONGEST = timedelta(days=3 * 366)
_KEPT = ("element", "action", "responsible", "due_on", "state")


class SkmRefused(Exception):
    """The plan or the report cannot be written like that; the message says why and what to do."""


# --- the follow-up plan ----------------------------------------------------------------------------------------------


@transaction.atomic
def write_follow_up(
    *, unit: Unit, period: Period, element: str, action: str, responsible: str, due_on: date, by: User
) -> SkmFollowUp:
    """Add a line to the follow-up plan of a period whose months are closed."""
    line = queries.period_line(unit, period)
    if line is None or not line.may_publish:
        raise SkmRefused(_("Periode ini belum ditutup seluruhnya, jadi kelemahannya belum diketahui."))
    _check_due(period, due_on)
    report = SkmReport.objects.get_or_create(unit=unit, first=period.first, span=period.span)[0]
    row = SkmFollowUp.objects.create(
        report=report,
        element=element,
        action=action.strip(),
        responsible=responsible.strip(),
        due_on=due_on,
        written_at=clock.now(),
        written_by=by,
    )
    audit.record(event=Event.SKM_PLAN_WRITTEN, actor=by, subject=_subject(unit, period), after=_line(row))
    return row


@transaction.atomic
def change_follow_up(*, row: SkmFollowUp, by: User, **values: Any) -> SkmFollowUp:
    """Change a line: its words, its day or how far it is. Nothing is deleted; a line that no longer holds is dropped."""
    locked = SkmFollowUp.objects.select_for_update().select_related("report__unit").get(pk=row.pk)
    period = Period(locked.report.first, locked.report.span)
    before = _line(locked)
    for name in _KEPT:
        setattr(locked, name, values.get(name, getattr(locked, name)))
    if locked.due_on.isoformat() != before["due_on"]:
        _check_due(period, locked.due_on)
    if _line(locked) == before:
        return locked
    locked.written_at, locked.written_by = clock.now(), by
    locked.save()
    audit.record(
        event=Event.SKM_PLAN_CHANGED,
        actor=by,
        subject=_subject(locked.report.unit, period),
        before=before,
        after=_line(locked),
    )
    return locked


def _check_due(period: Period, due_on: date) -> None:
    end = clock.month_end(period.last)
    if not end < due_on <= end + LONGEST:
        raise SkmRefused(_("Tenggat harus sesudah %(day)s dan paling lama tiga tahun.") % {"day": formats.day(end)})


def _line(row: SkmFollowUp) -> dict[str, Any]:
    return {"id": row.pk} | {
        name: value.isoformat() if isinstance(value := getattr(row, name), date) else str(value) for name in _KEPT
    }


def _subject(unit: Unit, period: Period) -> str:
    return f"skm:{unit.code}:{period.key}"


# --- publication -----------------------------------------------------------------------------------------------------


def publish_report(*, unit: Unit, period: Period, by: User, seen: str = "", reason: str = "") -> SkmPublication:
    """Freeze the report and its document and show them to the public. `seen` names the content its publisher read.

    A report published before gets a new version, with a reason; the old version stays.
    """
    payload = report_payload(unit, period)
    _check_ready(unit, period, payload, seen)
    values = document.document_values(payload, published_by=str(by), published_on=clock.today())
    made = pdf.render(document.SOURCE, values, at=clock.local(clock.today()))
    with transaction.atomic():
        report = SkmReport.objects.get_or_create(unit=unit, first=period.first, span=period.span)[0]
        SkmReport.objects.select_for_update().get(pk=report.pk)
        if digest(report_payload(unit, period)) != digest(payload):
            raise SkmRefused(_("Isi laporan berubah saat diterbitkan. Baca lagi, lalu terbitkan."))
        return _publish(report, period, payload, made, by, reason.strip())


def _check_ready(unit: Unit, period: Period, payload: dict[str, Any], seen: str) -> None:
    line = queries.period_line(unit, period)
    if line is None or not line.may_publish:
        raise SkmRefused(_("Periode ini belum ditutup seluruhnya."))
    if seen and seen != content_digest(payload):
        raise SkmRefused(_("Isi laporan berubah sejak halaman ini dibuka. Baca lagi, lalu terbitkan."))
    if payload["ikm"] is None:
        raise SkmRefused(
            _("Belum cukup jawaban: setiap unsur memerlukan %(k)d. Terbitkan periode yang lebih panjang.")
            % {"k": payload["k"]}
        )
    bare = rules.without_action(payload["weaknesses"], (row["element"] for row in payload["plan"]))
    if bare:
        names = ", ".join(str(ELEMENTS[name]) for name in bare)
        raise SkmRefused(_("Isi dulu tindak lanjut untuk: %(names)s.") % {"names": names})


def _publish(
    report: SkmReport, period: Period, payload: dict[str, Any], made: bytes, by: User, reason: str
) -> SkmPublication:
    before = report.publications.filter(is_current=True).first()
    if before is not None:
        if content_digest(before.payload) == content_digest(payload):
            raise SkmRefused(_("Laporan ini sudah terbit dengan isi yang sama."))
        if not reason:
            raise SkmRefused(_("Laporan ini sudah terbit. Tulis alasan menerbitkan versi baru."))
        report.publications.filter(pk=before.pk).update(is_current=False)
    row = SkmPublication.objects.create(
        report=report,
        version=before.version + 1 if before else 1,
        payload=payload,
        digest=digest(payload),
        document=made,
        document_digest=hashlib.sha256(made).hexdigest(),
        reason=reason if before else "",
        published_at=clock.now(),
        published_by=by,
    )
    audit.record(
        event=Event.SKM_PUBLISHED,
        actor=by,
        subject=_subject(report.unit, period),
        before={"version": before.version, "digest": before.digest} if before else None,
        after={"version": row.version, "digest": row.digest, "document": row.document_digest, "ikm": payload["ikm"]},
        reason=row.reason,
    )
    return row
