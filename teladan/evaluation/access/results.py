"""Guards of results. An officer's score is read by the officer; by others only as far as its use allows.

The appraiser of the month's last day reads it when it may be used in evaluation; the committee, when the shortlist rule
selected it and it may be used for an award. Nobody else learns that it exists (404).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.evaluation.models import Evaluation, OfficerResult, UnitResult
from teladan.evaluation.queries import results
from teladan.evaluation.rules import closing as rules
from teladan.people import queries as people
from teladan.people.access import Account, can
from teladan.people.models import Person, User
from teladan.people.permissions import Permission

Use = OfficerResult.Use


class Reader(StrEnum):
    """In which capacity somebody reads an officer's result."""

    SELF = "self"
    APPRAISER = "appraiser"
    COMMITTEE = "committee"


@dataclass(frozen=True)
class Seen:
    """A result and who is looking at it."""

    result: OfficerResult
    reader: Reader


def own_person(user: Account) -> Person:
    """The person behind the account; 403 for accounts of nobody."""
    if not isinstance(user, User) or user.person is None:
        raise PermissionDenied(_("Akun ini bukan akun pegawai, jadi tidak punya nilai."))
    return user.person


def result_or_404(user: Account, result_id: int) -> Seen:
    """An officer's result for those who may read it."""
    result = results.result_with_id(result_id)
    reader = _reader(user, result) if result else None
    if result is None or reader is None:
        raise Http404(_("Hasil ini tidak ditemukan."))
    return Seen(result, reader)


def _reader(user: Account, result: OfficerResult) -> Reader | None:
    if not isinstance(user, User):
        return None
    if user.person_id == result.person_id:
        return Reader.SELF
    if not result.closing.is_current or result.use not in results.FOR_OTHERS:
        return None
    if _selected(result) and can(user, Permission.AWARD_DECIDE):
        return Reader.COMMITTEE
    return Reader.APPRAISER if _appraises(user, result) else None


def _selected(result: OfficerResult) -> bool:
    return result.use == Use.AWARD and bool(result.ranks and result.ranks.get("selected"))


def _appraises(user: User, result: OfficerResult) -> bool:
    if user.person_id is None:
        return False
    found = people.appraiser_of(result.person, clock.month_end(result.closing.month))
    return found is not None and found.person.pk == user.person_id


@dataclass(frozen=True)
class Readable:
    """A score that the account may read, and where: as appraiser the result, as superior the signed evaluation."""

    result: OfficerResult
    evaluation_id: UUID | None = None


def readable_scores(user: Account, unit: UnitResult) -> list[Readable] | None:
    """Scores of a unit's officers that this account may read one by one; None for accounts outside their line.

    Reading the unit's results is not enough. The appraiser of the month's last day reads what may be used in evaluation
    (as `result_or_404`), the appraiser's superior what stands in a signed evaluation (as `may_read`). Figures over
    another window than the closing's, or not comparable, are nobody's point beside the others.
    """
    if not isinstance(user, User) or user.person_id is None or unit.service_id or not unit.closing.is_current:
        return None
    rows = results.officers_of(unit)
    day = clock.month_end(unit.closing.month)
    appraisers = people.appraisers_of([row.person_id for row in rows], day)
    above = people.appraisers_of({one.person.pk for one in appraisers.values()}, day)
    own = {officer for officer, one in appraisers.items() if one.person.pk == user.person_id}
    below = {
        officer
        for officer, one in appraisers.items()
        if (superior := above.get(one.person.pk)) and superior.person.pk == user.person_id
    }
    if not own | below:
        return None
    signed = results.signed_evaluations(below - own, unit.closing.month)
    return [
        Readable(row, None if row.person_id in own else signed[row.person_id].pk)
        for row in rows
        if (row.person_id in own or _may_read_signed(signed.get(row.person_id), appraisers)) and _stands_beside(row)
    ]


def _may_read_signed(found: Evaluation | None, appraisers: Mapping[UUID, people.Appraiser]) -> bool:
    """Signed by the appraiser of that day, whose superior the account is; another hand's signature is another line."""
    return found is not None and found.appraiser_id == appraisers[found.person_id].person.pk


def _stands_beside(row: OfficerResult) -> bool:
    return (
        row.use in results.FOR_OTHERS
        and row.is_comparable
        and row.window_until == row.closing.month
        and (row.n or 0) >= rules.COMPARED_N
    )


def own_result_or_404(user: Account, result_id: int) -> OfficerResult:
    """For the recompute file: the officer's own result with figures; 403 for others who may read the score."""
    seen = result_or_404(user, result_id)
    if seen.reader is not Reader.SELF:
        raise PermissionDenied(_("Hanya petugasnya sendiri yang dapat mengunduh data hitung ulang."))
    if seen.result.recompute is None:
        raise Http404(_("Hasil ini belum punya angka."))
    return seen.result


def unit_result_or_404(user: Account, result_id: int) -> UnitResult:
    """A unit's or service's result for those who may read results of that unit."""
    result = results.unit_result_with_id(result_id)
    if result is None or not can(user, Permission.UNIT_RESULT_VIEW, result.unit):
        raise Http404(_("Hasil ini tidak ditemukan."))
    return result
