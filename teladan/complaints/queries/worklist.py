"""What of the complaints waits for a user, as lines for the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan.complaints import rules
from teladan.complaints.queries import Case, board_of, has_board, hearings_for, overdue, without_handler
from teladan.complaints.rules import Late
from teladan.core import clock
from teladan.people.access import can
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.ui import formats


@dataclass(frozen=True)
class Todo:
    """One line for the desk."""

    what: str
    note: str
    url: str
    is_late: bool


def worklist(user: User) -> list[Todo]:
    """What waits for this user: statements, one's own cases, cases nobody has taken, overdue ones below."""
    return [*_statements(user), *_handling(user), *_alone(user), *_watching(user)]


def _statements(user: User) -> list[Todo]:
    if user.person is None:
        return []
    return [
        Todo(
            _("Keterangan Anda diminta"),
            _("Jawab paling lambat %(day)s.") % {"day": formats.day(hearing.due_on)},
            reverse("complaint-statement", args=[hearing.pk]),
            rules.is_overdue(hearing.due_on, clock.today()),
        )
        for hearing in hearings_for(user.person)
    ]


def _handling(user: User) -> list[Todo]:
    if not has_board(user):
        return []
    found = board_of(user)
    todo = [
        Todo(
            _("Pengaduan %(number)s: %(state)s") % {"number": case.complaint, "state": case.complaint.get_state_display()},
            _("Batas %(day)s") % {"day": formats.day(case.complaint.due_on)},
            reverse("complaint-case", args=[case.complaint.pk]),
            case.days_late > 0,
        )
        for case in found.own
        if case.turn is Late.HANDLER and not case.tied
    ]  # fmt: skip
    if found.free:
        late = sum(case.days_late > 0 for case in found.free)
        if can(user, Permission.COMPLAINT_HANDLE):
            words = ngettext("Satu pengaduan belum ditangani", "%(n)d pengaduan belum ditangani", len(found.free))
        else:
            words = ngettext(
                "Satu pengaduan tanpa penangan menunggu Anda",
                "%(n)d pengaduan tanpa penangan menunggu Anda",
                len(found.free),
            )
        note = _("%(n)d sudah lewat batas") % {"n": late} if late else _until(found.free)
        todo.append(Todo(words % {"n": len(found.free)}, note, reverse("complaint-list"), late > 0))
    return todo


def _until(cases: Iterable[Case]) -> str:
    """The end of the clock that runs out first."""
    days = [case.complaint.due_on for case in cases if case.complaint.due_on]
    return _("Batas %(day)s") % {"day": formats.day(min(days))} if days else ""


def _alone(user: User) -> list[Todo]:
    """Cases whose handlers are all tied."""
    if not can(user, Permission.COMPLAINT_MONITOR):
        return []
    found = without_handler(user)
    if not found:
        return []
    words = ngettext("Satu pengaduan tanpa penangan", "%(n)d pengaduan tanpa penangan", len(found)) % {"n": len(found)}
    is_late = any(case.days_late for case in found)
    return [Todo(words, _until(found), reverse("complaint-overdue") + "#tanpa-penangan", is_late)]


def _watching(user: User) -> list[Todo]:
    if can(user, Permission.COMPLAINT_HANDLE) and not can(user, Permission.COMPLAINT_MONITOR):
        return []
    late = overdue(user)
    if not late:
        return []
    words = ngettext("Satu pengaduan lewat batas", "%(n)d pengaduan lewat batas", len(late)) % {"n": len(late)}
    names = ", ".join(sorted({case.handler_name or _("belum ada penangan") for case in late})[:3])
    return [Todo(words, names, reverse("complaint-overdue"), True)]
