"""Holding ratings that need a look, and what two people of the Inspektorat make of them before the seal.

A hold changes nothing that the citizen's pages say. Nothing here reads an answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.feedback import rules
from teladan.feedback.models import CaseRating, CollectionMonth, HeldCase, RatingStatus, StagedRating
from teladan.feedback.queries import thresholds_of
from teladan.feedback.sql import statement
from teladan.people import queries as people
from teladan.people.models import User

REASONS = {
    HeldCase.Reason.SAME_DEVICE: "Beberapa tiket seorang petugas dinilai dari satu perangkat pada satu hari.",
    HeldCase.Reason.OWN_UNIT: "Dinilai dari peramban yang dipakai masuk pegawai unit ini.",
}
"""What whoever holds the receipt is told."""
State = HeldCase.State


class JudgeRefused(Exception):
    """Not possible now; the message says why."""


def hold_same_device() -> int:
    """Hold the ratings of every group of one device, day and officer that is large enough; returns how many are new.

    Safe to repeat. What was released stays released; what comes after a voided group is a case of its own.
    """
    held = 0
    months = CollectionMonth.objects.filter(state=CollectionMonth.State.OPEN).values_list("month", flat=True)
    for month, values in thresholds_of(list(months)).items():
        minimum = int(values.get("integrity.same_device", rules.SAME_DEVICE))
        with transaction.atomic():
            if not _collecting(month):
                continue
            with connection.cursor() as cursor:
                cursor.execute(statement("same_device"), {"month": month, "minimum": minimum})
                groups = cursor.fetchall()
            for group, officer, unit, ratings in groups:
                held += _hold(month, unit, officer, ratings, reason=HeldCase.Reason.SAME_DEVICE, group=group)
    return held


def hold_own_unit(*, rating: uuid.UUID, units: Collection[int]) -> None:
    """Hold a rating just given from the browser of a signed-in employee, when it concerns their own office."""
    found = StagedRating.objects.filter(pk=rating, unit__in=units, status=RatingStatus.COUNTED).first()
    if found is not None and found.officer_id is not None:
        _hold(found.month, found.unit_id, found.officer_id, [rating], reason=HeldCase.Reason.OWN_UNIT, group=None)


def _hold(
    month: date,
    unit: int,
    officer: uuid.UUID,
    ratings: Iterable[uuid.UUID],
    *,
    reason: HeldCase.Reason,
    group: uuid.UUID | None,
) -> int:
    """Put these ratings into the open case of their group, or a new one. A proposal that has not seen them falls."""
    today = clock.today()
    known = HeldCase.objects.select_for_update().filter(month=month, officer=officer, reason=reason)
    known = known.filter(device_group=group) if group else known.filter(unit=unit, found_on=today)
    states = {case.state: case for case in known}
    if group and State.RELEASED in states:
        return 0
    case = states.get(State.HELD) or states.get(State.PROPOSED)
    fresh = list(
        StagedRating.objects.filter(pk__in=list(ratings), status=RatingStatus.COUNTED).values_list("pk", flat=True)
    )
    if not fresh:
        return 0
    if case is None:
        case = HeldCase(month=month, unit_id=unit, officer_id=officer, reason=reason, device_group=group, size=0)
        case.found_on = today
    elif case.state == State.PROPOSED:
        _take_back(case)
        _record(Event.VOID_DECLINED, case, "system", _("Penilaian lain masuk ke kelompok ini sesudah diusulkan."))
    case.size += len(fresh)
    case.save()
    CaseRating.objects.bulk_create([CaseRating(rating_id=one, case=case) for one in fresh])
    StagedRating.objects.filter(pk__in=fresh).update(status=RatingStatus.HELD, reason=REASONS[reason])
    audit.record(
        event=Event.RATINGS_HELD,
        actor="system",
        subject=f"case:{case.pk}",
        after={"reason": str(reason), "size": case.size},
    )
    return len(fresh)


# --- what people decide ----------------------------------------------------------------------------------------------


@transaction.atomic
def release_case(*, case: HeldCase, reason: str, by: User) -> None:
    """Let the ratings count again."""
    row = _open_case(case, State.RELEASED, by)
    row.decided_by, row.decided_at, row.decision = by, clock.now(), _said(reason)
    _move(row, State.RELEASED, RatingStatus.COUNTED)
    _record(Event.RATINGS_RELEASED, row, by, row.decision)


@transaction.atomic
def propose_voiding(*, case: HeldCase, reason: str, by: User) -> None:
    """The first of two: say why these ratings should not count."""
    row = _open_case(case, State.PROPOSED, by)
    row.proposed_by, row.proposed_at, row.proposal = by, clock.now(), _said(reason)
    _move(row, State.PROPOSED, RatingStatus.HELD)
    _record(Event.VOID_PROPOSED, row, by, row.proposal)


@transaction.atomic
def decline_voiding(*, case: HeldCase, reason: str, by: User) -> None:
    """Turn a proposal down, or take one's own back; the ratings stay held."""
    row = _open_case(case, State.HELD, by)
    _take_back(row)
    _move(row, State.HELD, RatingStatus.HELD)
    _record(Event.VOID_DECLINED, row, by, _said(reason))


@transaction.atomic
def void_case(*, case: HeldCase, reason: str, by: User) -> None:
    """The second of two: the ratings do not count. Never the same person, never anybody of the rated office."""
    row = _open_case(case, State.VOIDED, by)
    if row.proposed_by_id == by.pk:
        raise JudgeRefused(_("Pembatalan perlu dua orang. Orang yang mengusulkan tidak dapat memutuskannya."))
    proposer = row.proposed_by
    if proposer is None or not _outside(proposer, row):
        raise JudgeRefused(_("Pengusul sekarang bekerja di kantor yang dinilai. Tolak usulan ini, lalu usulkan lagi."))
    row.decided_by, row.decided_at, row.decision = by, clock.now(), _said(reason)
    _move(row, State.VOIDED, RatingStatus.VOIDED)
    _record(Event.RATINGS_VOIDED, row, by, row.decision)


def _take_back(case: HeldCase) -> None:
    case.state, case.proposed_by, case.proposed_at, case.proposal = State.HELD, None, None, ""


def _open_case(case: HeldCase, to: HeldCase.State, by: User) -> HeldCase:
    """The case, locked, of a month that still collects, if it may go there by this person."""
    if not _collecting(case.month):
        raise JudgeRefused(_("Bulan ini sudah disegel; yang belum diputuskan tetap ditahan."))
    row = HeldCase.objects.select_for_update(of=("self",)).select_related("proposed_by__person").get(pk=case.pk)
    if to not in rules.CASE_MOVES[row.state]:
        raise JudgeRefused(_("Kelompok ini sudah berubah sejak halaman dibuka. Muat ulang halamannya."))
    if not _outside(by, row):
        raise JudgeRefused(_("Hanya orang di luar kantor yang dinilai yang dapat memutuskan."))
    return row


def _outside(user: User, case: HeldCase) -> bool:
    office = people.office_units(user.person, clock.today()) if user.person else frozenset()
    return rules.may_judge(office, case.unit_id)


def _said(reason: str) -> str:
    if not reason.strip():
        raise JudgeRefused(_("Tulis alasannya."))
    return reason.strip()


def _move(case: HeldCase, state: HeldCase.State, status: RatingStatus) -> None:
    case.state = state
    case.save()
    reason = "" if status == RatingStatus.COUNTED else REASONS[HeldCase.Reason(case.reason)]
    if status == RatingStatus.VOIDED:
        reason = case.decision[:200]
    rows = StagedRating.objects.filter(pk__in=CaseRating.objects.filter(case=case).values("rating"))
    # What its citizen has replaced since stays replaced.
    rows.filter(status__in=(RatingStatus.HELD, RatingStatus.COUNTED)).update(status=status, reason=reason)


def _record(event: Event, case: HeldCase, by: User | str, reason: str) -> None:
    after = {"state": case.state, "size": case.size, "why": case.reason}
    audit.record(event=event, actor=by, subject=f"case:{case.pk}", after=after, reason=reason)


def _collecting(month: date) -> bool:
    """Whether the month is open, which it then stays until this transaction ends. Shared, so that casting goes on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM feedback_collectionmonth WHERE month = %s FOR SHARE", [month])
        row = cursor.fetchone()
    return row is not None and row[0] == CollectionMonth.State.OPEN


def settle_cases(month: date) -> None:
    """At the seal, in its transaction: what nobody decided stays held; devices and single ratings are forgotten."""
    cases = HeldCase.objects.filter(month=month)
    cases.filter(state__in=[State.HELD, State.PROPOSED]).update(state=State.UNRESOLVED)
    cases.exclude(device_group=None).update(device_group=None)
    CaseRating.objects.filter(case__month=month).delete()
