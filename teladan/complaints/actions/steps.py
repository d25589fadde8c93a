"""One step of a case: held under lock, checked, written down in the log and in the audit trail, all in one transaction.

The audit trail carries states and days, never what somebody wrote: it is read by more people than the file.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from teladan.complaints import rules
from teladan.complaints.models import Complaint, Entry
from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.people.models import User

COMPLAINANT, CLOCK = "complainant", "clock"


class ComplaintRefused(Exception):
    """The act is not possible now; the message says why and what to do."""


def held(complaint: Complaint) -> Complaint:
    """The case under lock, as it stands now. Call inside a transaction."""
    return Complaint.objects.select_for_update(of=("self",)).select_related("unit").get(pk=complaint.pk)


def move(
    case: Complaint,
    *,
    to: rules.State,
    kind: Entry.Kind,
    by: User | str,
    text: str = "",
    due_on: date | None = None,
    **changes: Any,
) -> Complaint:
    """Bring a held case into its next state, with its clock, its line in the log and its audit event."""
    before = case.state
    if not rules.may_move(before, to):
        raise ComplaintRefused(
            _("Pengaduan ini sudah berstatus “%(state)s”, jadi langkah ini tidak mungkin lagi.")
            % {"state": case.get_state_display()}
        )
    case.state, case.due_on = Complaint.State(to), due_on
    if to in rules.ENDS:
        case.ended_at = clock.now()
    for name, value in changes.items():
        setattr(case, name, value)
    case.save()
    note(case, kind=kind, by=by, text=text, due_on=due_on)
    event = Event.COMPLAINT_LAPSED if kind == Entry.Kind.LAPSED else Event.COMPLAINT_CHANGED
    audit.record(
        event=event,
        actor=by,
        subject=f"complaint:{case.pk}",
        before={"state": before},
        after={"state": str(to), "due_on": due_on.isoformat() if due_on else None},
    )
    return case


def note(case: Complaint, *, kind: Entry.Kind, by: User | str, text: str = "", due_on: date | None = None) -> Entry:
    """One line of the log."""
    author = by if isinstance(by, User) else None
    return Entry.objects.create(complaint=case, kind=kind, at=clock.now(), by=author, text=text.strip(), due_on=due_on)
