"""What the office does: take a case, ask for what is missing, hear both sides apart, decide, deliver, hand on.

Every act is the handler's alone and asks again, under the lock, whether this person may judge (UU 25/2009 art. 48).
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from teladan.complaints import access, queries, rules
from teladan.complaints.actions.steps import ComplaintRefused, held, move, note
from teladan.complaints.models import Attachment, Complaint, Entry, Hearing, Reading
from teladan.complaints.rules import State, Tie
from teladan.core import audit, clock, holidays
from teladan.core.audit import Event
from teladan.people.access import can
from teladan.people.models import Person, User
from teladan.people.permissions import Permission


class NotYours(ComplaintRefused):
    """The person acting is not one who may do this."""


# --- reading ---------------------------------------------------------------------------------------------------------


def open_file(*, case_id: UUID, by: User) -> Complaint:
    """The file for whoever may read it; that it was opened is written down."""
    case = access.case_or_404(by, case_id)
    Reading.objects.create(complaint=case, user=by, what=Reading.What.FILE, at=clock.now())
    return case


def open_attachment(*, case_id: UUID, attachment_id: UUID, by: User) -> Attachment:
    """An attachment for whoever may read the file; that it was opened is written down."""
    found = access.attachment_or_404(by, case_id, attachment_id)
    Reading.objects.create(complaint_id=case_id, user=by, what=Reading.What.ATTACHMENT, at=clock.now())
    return found


# --- whose case ------------------------------------------------------------------------------------------------------


@transaction.atomic
def take_case(*, complaint: Complaint, by: User) -> Complaint:
    """Become the handler of a case that has none. Of two who take it at once, one is told that the other was quicker."""
    case = held(complaint)
    if not access.may_judge(by, case):
        raise NotYours(_("Anda tidak boleh menangani pengaduan ini."))
    if case.handler_id == by.pk:
        return case
    if case.handler_id is not None:
        raise ComplaintRefused(_("Pengaduan ini baru saja diambil rekan Anda."))
    if case.ended_at is not None:
        raise ComplaintRefused(_("Pengaduan ini sudah selesai."))
    hand(case, by, Entry.Kind.TAKEN, by=by)
    return case


@transaction.atomic
def release_case(*, complaint: Complaint, reason: str, by: User) -> Complaint:
    """Give a case back, so that somebody else can take it; clocks run on. Those who monitor may do it for others."""
    case = held(complaint)
    if case.handler_id != by.pk and not can(by, Permission.COMPLAINT_MONITOR, case.unit):
        raise NotYours(_("Pengaduan ini bukan kasus Anda."))
    if case.handler_id is None or case.ended_at is not None:
        raise ComplaintRefused(_("Pengaduan ini tidak sedang ditangani."))
    _written(reason)
    hand(case, None, Entry.Kind.RELEASED, by=by, text=reason)
    return case


def hand(case: Complaint, handler: User | None, kind: Entry.Kind, *, by: User | str, text: str = "") -> None:
    """Give a held case to a handler, or to nobody, with its line in the log and its audit event."""
    before = case.handler_id
    case.handler, case.taken_at = handler, clock.now() if handler else None
    case.save(update_fields=["handler", "taken_at"])
    note(case, kind=kind, by=by, text=text, due_on=case.due_on)
    audit.record(
        event=Event.COMPLAINT_CHANGED,
        actor=by,
        subject=f"complaint:{case.pk}",
        before={"handler": before},
        after={"handler": handler.pk if handler else None},
    )


def _mine(complaint: Complaint, by: User) -> Complaint:
    case = held(complaint)
    if case.handler_id != by.pk:
        raise NotYours(_("Pengaduan ini bukan kasus Anda."))
    if not access.may_judge(by, case):
        raise NotYours(_("Anda tidak boleh lagi menangani pengaduan ini. Lepaskan kasusnya."))
    return case


def _written(text: str) -> str:
    if not text.strip():
        raise ComplaintRefused(_("Tulis alasan atau isinya lebih dulu."))
    return text.strip()


# --- completeness ----------------------------------------------------------------------------------------------------


@transaction.atomic
def ask_missing(*, complaint: Complaint, text: str, by: User) -> Complaint:
    """Say what is missing, once; the complainant's clock begins."""
    case = _mine(complaint, by)
    if case.asked_missing:
        raise ComplaintRefused(
            _("Kelengkapan hanya dapat diminta satu kali. Periksa dengan yang ada, atau dengar pengadu.")
        )
    today = clock.today()
    due_on = rules.due(today, queries.clocks_on(today).completion)
    to, kind = State.INCOMPLETE, Entry.Kind.ASKED
    return move(case, to=to, kind=kind, by=by, text=_written(text), due_on=due_on, asked_missing=True)


@transaction.atomic
def declare_complete(*, complaint: Complaint, by: User) -> Complaint:
    """The file is complete; the decision's clock begins, at the latest on the day on which this was due."""
    case, today = _mine(complaint, by), clock.today()
    check_due_on = case.due_on if case.state == State.RECEIVED and case.due_on else today
    due_on = rules.decision_due(today, check_due_on, queries.clocks_on(today).decision)
    to, kind = State.EXAMINED, Entry.Kind.COMPLETE
    return move(case, to=to, kind=kind, by=by, due_on=due_on, completed_at=clock.now())


# --- hearings --------------------------------------------------------------------------------------------------------


@transaction.atomic
def hear_complainant(*, complaint: Complaint, question: str, statement: str, by: User) -> Hearing:
    """Write down what the complainant said, by telephone or at the office, without the other side."""
    case = _examined(_mine(complaint, by))
    now = clock.now()
    found = Hearing.objects.create(
        complaint=case,
        side=Hearing.Side.COMPLAINANT,
        question=_written(question),
        asked_at=now,
        asked_by=by,
        statement=_written(statement),
        stated_at=now,
        stated_by=by,
    )
    _heard(case, found, Entry.Kind.HEARD, by)
    return found


@transaction.atomic
def question_complained_of(*, complaint: Complaint, person: Person, question: str, by: User) -> Hearing:
    """Put a question to the complained-of, who sees this question and nothing else of the case."""
    case, today = _examined(_mine(complaint, by)), clock.today()
    tie = queries.bench_of(by, today).tie(case.unit_id, {person.pk})
    if tie is Tie.SELF:
        raise NotYours(_("Anda tidak dapat memeriksa diri sendiri. Lepaskan kasusnya."))
    if tie is Tie.SUBORDINATE:
        raise NotYours(_("Anda bawahan teradu. Lepaskan kasusnya agar penangan lain yang memeriksa."))
    found = Hearing.objects.create(
        complaint=case,
        side=Hearing.Side.COMPLAINED_OF,
        person=person,
        question=_written(question),
        asked_at=clock.now(),
        asked_by=by,
        due_on=holidays.working_day_after(today, queries.clocks_on(today).statement),
    )
    _heard(case, found, Entry.Kind.QUESTIONED, by)
    return found


@transaction.atomic
def give_statement(*, hearing: Hearing, statement: str, by: User) -> Hearing:
    """The complained-of answers the question that was put to them; once, and until the decision."""
    if by.person_id is None or by.person_id != hearing.person_id:
        raise NotYours(_("Pertanyaan ini bukan untuk Anda."))
    return _state(_examined(held(hearing.complaint)), hearing, statement, by)


@transaction.atomic
def record_statement(*, hearing: Hearing, statement: str, by: User) -> Hearing:
    """The handler writes down what the complained-of said to them."""
    return _state(_examined(_mine(hearing.complaint, by)), hearing, statement, by)


def _state(case: Complaint, hearing: Hearing, statement: str, by: User) -> Hearing:
    found = Hearing.objects.select_for_update(of=("self",)).get(pk=hearing.pk, complaint=case)
    if found.stated_at is not None:
        raise ComplaintRefused(_("Keterangan ini sudah diberikan dan tidak dapat diubah."))
    found.statement, found.stated_at, found.stated_by = _written(statement), clock.now(), by
    found.save()
    _heard(case, found, Entry.Kind.STATED, by)
    return found


def _examined(case: Complaint) -> Complaint:
    if case.state != State.EXAMINED:
        raise ComplaintRefused(_("Pihak-pihak didengar setelah berkas dinyatakan lengkap dan sebelum putusan."))
    return case


def _heard(case: Complaint, hearing: Hearing, kind: Entry.Kind, by: User) -> None:
    note(case, kind=kind, by=by, due_on=hearing.due_on if kind == Entry.Kind.QUESTIONED else None)
    audit.record(
        event=Event.COMPLAINT_HEARD,
        actor=by,
        subject=f"complaint:{case.pk}",
        after={"hearing": hearing.pk, "side": hearing.side, "step": str(kind)},
    )


# --- the decision ----------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(*, complaint: Complaint, outcome: str, reasons: str, by: User) -> Complaint:
    """Decide with reasons. A question that was put is answered first, or its time is over."""
    case, today = _mine(complaint, by), clock.today()
    if queries.open_hearings(case, today):
        raise ComplaintRefused(_("Teradu masih punya waktu menjawab. Tunggu jawabannya atau batas waktunya."))
    return move(
        case,
        to=State.DECIDED,
        kind=Entry.Kind.DECIDED,
        by=by,
        due_on=rules.due(today, queries.clocks_on(today).delivery),
        outcome=Complaint.Outcome(outcome),
        reasons=_written(reasons),
        decided_at=clock.now(),
        decided_by=by,
    )


@transaction.atomic
def deliver(*, complaint: Complaint, text: str, by: User) -> Complaint:
    """Deliver the decision: from now on the status page shows it. `text` says how the complainant was told."""
    case = _mine(complaint, by)
    to, kind = State.DELIVERED, Entry.Kind.DELIVERED
    return move(case, to=to, kind=kind, by=by, text=_written(text), delivered_at=clock.now())


@transaction.atomic
def escalate(*, complaint: Complaint, body: str, text: str, by: User) -> Complaint:
    """Hand the case to the Inspektorat or to the Ombudsman, with the reason that the complainant reads."""
    case = _mine(complaint, by)
    to, kind = State.ESCALATED, Entry.Kind.ESCALATED
    return move(case, to=to, kind=kind, by=by, text=_written(text), body=Complaint.Body(body))


@transaction.atomic
def forward(*, complaint: Complaint, tracking_number: str, text: str, by: User) -> Complaint:
    """Hand the case over to SP4N-LAPOR and keep its tracking number there."""
    case, number = _mine(complaint, by), tracking_number.strip()
    if not number:
        raise ComplaintRefused(_("Tulis nomor laporan dari SP4N-LAPOR."))
    to, kind = State.FORWARDED, Entry.Kind.FORWARDED
    return move(case, to=to, kind=kind, by=by, text=_written(text), tracking_number=number)
