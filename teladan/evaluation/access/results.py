"""Guards of results. An officer's score is read by the officer; by others only as far as its use allows.

The appraiser of the month's last day reads it when it may be used in evaluation; the committee, when the shortlist rule
selected it and it may be used for an award. Nobody else learns that it exists (404).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.evaluation.models import OfficerResult, UnitResult
from teladan.evaluation.queries import results
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
