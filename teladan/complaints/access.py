"""Who may know of a case, open its file, or answer a question. Strangers get 404: they may not know it exists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.complaints import queries
from teladan.complaints.models import Attachment, Complaint, Hearing
from teladan.complaints.rules import Tie
from teladan.core import clock
from teladan.people.access import Account, can, require
from teladan.people.models import User
from teladan.people.permissions import Permission

Benches = Callable[[User, date], queries.Bench]


def tie_of(user: User, complaint: Complaint, bench_of: Benches = queries.bench_of) -> Tie | None:
    """What keeps this account from judging: its place today or on the day of the service (UU 25/2009 art. 48)."""
    against = queries.complained_of(complaint)
    today = bench_of(user, clock.today()).tie(complaint.unit_id, against)
    if today is not None or complaint.served_on == clock.today():
        return today
    then = bench_of(user, complaint.served_on).tie(complaint.unit_id, against)
    return None if then is Tie.NO_PLACE else then


def may_judge(user: Account, complaint: Complaint) -> bool:
    """Has the role for the unit, or steps in where no handler is free; and no tie to it."""
    if not isinstance(user, User):
        return False
    if not can(user, Permission.COMPLAINT_HANDLE, complaint.unit) and not queries.stands_in(user, complaint):
        return False
    return tie_of(user, complaint) is None


def require_board(user: User) -> None:
    """403 for those who neither handle complaints nor were asked to step in."""
    if not queries.has_board(user):
        require(user, Permission.COMPLAINT_HANDLE)


def may_read(user: Account, complaint: Complaint) -> bool:
    """The file is open to its handler, and to the Inspektorat once it was escalated there."""
    if not isinstance(user, User):
        return False
    if complaint.handler_id == user.pk:
        return may_judge(user, complaint)
    is_inspectorates = complaint.body == Complaint.Body.INSPECTORATE
    return is_inspectorates and can(user, Permission.COMPLAINT_MONITOR, complaint.unit)


def _found(case_id: UUID) -> Complaint | None:
    return Complaint.objects.select_related("unit", "service", "handler__person").filter(pk=case_id).first()


def case_or_404(user: Account, case_id: UUID) -> Complaint:
    """A case whose file this account may read. Views open it through `actions.handling.open_file`, which records it."""
    found = _found(case_id)
    if found is None or not may_read(user, found):
        raise Http404(_("Pengaduan ini tidak ditemukan."))
    return found


def case_to_handle(user: Account, case_id: UUID) -> Complaint:
    """A case that this account handles; 403 for those who may read it only."""
    found = case_or_404(user, case_id)
    if not isinstance(user, User) or found.handler_id != user.pk:
        raise PermissionDenied(_("Hanya penangannya yang mengubah kasus ini."))
    return found


def case_to_take_or_404(user: Account, case_id: UUID) -> Complaint:
    """A running case that this account may judge; whether somebody was quicker is the action's to say."""
    found = _found(case_id)
    if found is None or not may_judge(user, found):
        raise Http404(_("Pengaduan ini tidak ditemukan."))
    return found


def case_to_release_or_404(user: Account, case_id: UUID) -> Complaint:
    """One's own case, also when a tie has come up since; any case for those who monitor."""
    found = _found(case_id)
    own = found is not None and isinstance(user, User) and found.handler_id == user.pk
    if found is None or not (own or can(user, Permission.COMPLAINT_MONITOR, found.unit)):
        raise Http404(_("Pengaduan ini tidak ditemukan."))
    return found


def attachment_or_404(user: Account, case_id: UUID, attachment_id: UUID) -> Attachment:
    """An attachment of a file that this account may read."""
    case = case_or_404(user, case_id)
    found = Attachment.objects.filter(pk=attachment_id, complaint=case).first()
    if found is None:
        raise Http404(_("Lampiran ini tidak ditemukan."))
    return found


def hearing_or_404(user: Account, hearing_id: int) -> Hearing:
    """A question for the one to whom it was put, and for nobody else; the case itself stays closed to them."""
    person = user.person_id if isinstance(user, User) else None
    rows = Hearing.objects.filter(side=Hearing.Side.COMPLAINED_OF, person__isnull=False)
    found = rows.filter(pk=hearing_id, person=person).first() if person else None
    if found is None:
        raise Http404(_("Pertanyaan ini tidak ditemukan."))
    return found


def may_watch(user: Account) -> bool:
    """Sees overdue cases: whoever monitors, and the superior of somebody who handles cases."""
    if not isinstance(user, User):
        return False
    if can(user, Permission.COMPLAINT_MONITOR):
        return True
    return user.person is not None and bool(queries.handlers_under(user.person))
