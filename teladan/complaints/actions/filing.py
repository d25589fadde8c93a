"""What the complainant does: file, add, withdraw. And what the clock does when nothing comes.

A form carries a random key. The key makes the secret code and lets the same form be sent twice without harm; of both
only hashes are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from teladan.complaints import files, queries, rules
from teladan.complaints.actions.steps import CLOCK, COMPLAINANT, ComplaintRefused, held, move, note
from teladan.complaints.files import Kind
from teladan.complaints.models import Attachment, Complaint, Entry
from teladan.complaints.rules import State
from teladan.core import audit, clock, codes, ratelimit
from teladan.core.audit import Event
from teladan.people.models import Unit
from teladan.services.models import Service

FOLDER = "pengaduan"
TRIES, LOCK_SECONDS, PER_MINUTE = 5, 60 * 60, 120
FILINGS_PER_HOUR = 300
NUMBER_TRIES = 20
MAX_ADDITIONS = 20
_NOBODY = hashlib.sha256(b"no such case").digest()


@dataclass(frozen=True)
class File:
    """An attachment as it was sent, already looked at (`files.look`)."""

    name: str
    kind: Kind
    content: bytes


@dataclass(frozen=True)
class Sent:
    """What the form says."""

    name: str
    contact_kind: str
    contact: str
    unit: Unit
    service: Service | None
    served_on: date
    story: str
    wish: str
    officer_words: str = ""
    files: Sequence[File] = ()

    def digest(self) -> bytes:
        """One digest over all of it, to tell a repeated form from a changed one."""
        words = [self.name, self.contact_kind, self.contact, self.unit.code, self.service.code if self.service else ""]
        words += [self.served_on.isoformat(), self.story, self.wish, self.officer_words]
        words += [hashlib.sha256(one.content).hexdigest() for one in self.files]
        return hashlib.sha256(json.dumps(words).encode()).digest()


@dataclass(frozen=True)
class Filed:
    """A received complaint with its code, which is known here and never again."""

    complaint: Complaint
    code: str
    is_changed: bool = False  # the form had been sent before, with other words; the first ones stand


def new_key() -> str:
    """The random key of a fresh form."""
    return secrets.token_hex(16)


def code_for(key: str) -> str:
    """The secret code that belongs to a form's key; nobody can make it without the server's secret."""
    return codes.encode(salted_hmac("teladan.complaints.code", key, algorithm="sha256").digest()[: codes.CODE_BYTES])


def code_hash(number: str, code: str) -> bytes:
    """What is kept of a code."""
    return hashlib.sha256(f"teladan-complaint-v1|{number}|{codes.normal(code)}".encode()).digest()


class TooManyTries(Exception):
    """Guessing is over for now."""


def open_with_code(*, number: str, code: str) -> Complaint | None:
    """The case of number and code; None for whatever does not fit. Every answer takes the same comparison."""
    if not ratelimit.allow("complaints.code", PER_MINUTE, 60):
        raise TooManyTries
    if not ratelimit.allow(f"complaints.code:{number}", TRIES, LOCK_SECONDS):
        raise TooManyTries
    found = queries.with_number(number)
    kept = bytes(found.code_hash) if found else _NOBODY
    fits = hmac.compare_digest(kept, code_hash(number, code))
    return found if fits and found else None


# --- filing ----------------------------------------------------------------------------------------------------------


def file_complaint(*, sent: Sent, key: str) -> Filed:
    """Receive a complaint at once. The same key again gives the same case and the same code."""
    sent_key, code = hashlib.sha256(f"teladan-form-v1|{key}".encode()).digest(), code_for(key)
    if found := Complaint.objects.filter(sent_key=sent_key).first():
        return _again(found, code, sent)
    if not ratelimit.allow("complaints.filing", FILINGS_PER_HOUR, 60 * 60):
        raise TooManyTries
    try:
        with kept_files() as kept, transaction.atomic():
            return Filed(_receive(sent, sent_key, code, kept), code)
    except IntegrityError:  # the same form, sent twice at once
        return _again(Complaint.objects.get(sent_key=sent_key), code, sent)


def _again(found: Complaint, code: str, sent: Sent) -> Filed:
    return Filed(found, code, is_changed=bytes(found.sent_digest) != sent.digest())


def _receive(sent: Sent, sent_key: bytes, code: str, kept: list[str]) -> Complaint:
    now, today = clock.now(), clock.today()
    clocks, number = queries.clocks_on(today), _free_number()
    due_on = rules.due(today, clocks.check)
    case = Complaint.objects.create(
        number=number,
        code_hash=code_hash(number, code),
        sent_key=sent_key,
        sent_digest=sent.digest(),
        name=sent.name,
        contact_kind=sent.contact_kind,
        contact=sent.contact,
        unit=sent.unit,
        service=sent.service,
        served_on=sent.served_on,
        story=sent.story,
        wish=sent.wish,
        officer_words=sent.officer_words,
        received_at=now,
        is_late=rules.is_filed_late(sent.served_on, today, clocks.filing),
        due_on=due_on,
    )
    _attach(case, sent.files, kept)
    note(case, kind=Entry.Kind.RECEIVED, by=COMPLAINANT, due_on=due_on)
    audit.record(
        event=Event.COMPLAINT_RECEIVED,
        actor=COMPLAINANT,
        subject=f"complaint:{case.pk}",
        after={"state": case.state, "unit": sent.unit.code, "is_late": case.is_late, "due_on": due_on.isoformat()},
    )
    return case


def _free_number() -> str:
    """Eight random digits: a number says nothing about how many came before."""
    for _try in range(NUMBER_TRIES):
        number = str(10_000_000 + secrets.randbelow(90_000_000))
        if not Complaint.objects.filter(number=number).exists():
            return number
    raise RuntimeError("no free complaint number")


# --- attachments -----------------------------------------------------------------------------------------------------


@contextmanager
def kept_files() -> Iterator[list[str]]:
    """Files written inside are taken away again when the transaction around them fails."""
    kept: list[str] = []
    try:
        yield kept
    except BaseException:
        for path in kept:
            default_storage.delete(path)
        raise


def _attach(case: Complaint, sent: Sequence[File], kept: list[str]) -> None:
    if case.attachments.count() + len(sent) > 2 * files.MAX_FILES:
        raise ComplaintRefused(_("Berkas ini sudah memuat lampiran sebanyak yang dapat kami simpan."))
    for one in sent:
        row = Attachment(
            complaint=case,
            name=files.shown_name(one.name, one.kind),
            media_type=one.kind.value,
            size=len(one.content),
            sha256=hashlib.sha256(one.content).hexdigest(),
            added_at=clock.now(),
        )
        row.path = default_storage.save(f"{FOLDER}/{row.pk.hex}.{files.ENDINGS[one.kind]}", ContentFile(one.content))
        kept.append(row.path)
        row.save()


# --- afterwards ------------------------------------------------------------------------------------------------------


def add_to_case(*, complaint: Complaint, text: str, sent: Sequence[File] = ()) -> Complaint:
    """The complainant adds something. What was asked for brings the file back to the office, with a new clock."""
    if not text.strip() and not sent:
        raise ComplaintRefused(_("Tulis tambahan Anda atau pilih lampiran."))
    with kept_files() as kept, transaction.atomic():
        case, today = held(complaint), clock.today()
        if case.entries.filter(kind=Entry.Kind.ADDED).count() >= MAX_ADDITIONS:
            raise ComplaintRefused(_("Berkas ini sudah memuat banyak tambahan. Hubungi kantor penangan."))
        if case.state == State.INCOMPLETE:
            if rules.is_overdue(case.due_on, today):
                raise ComplaintRefused(_("Waktu melengkapi sudah lewat, jadi pengaduan ini dianggap dicabut."))
            due_on = rules.due(today, queries.clocks_on(today).check)
            move(case, to=State.RECEIVED, kind=Entry.Kind.ADDED, by=COMPLAINANT, text=text, due_on=due_on)
        elif case.state in {State.RECEIVED, State.EXAMINED}:
            note(case, kind=Entry.Kind.ADDED, by=COMPLAINANT, text=text, due_on=case.due_on)
        else:
            raise ComplaintRefused(_("Pengaduan ini sudah selesai. Untuk hal baru, buat pengaduan baru."))
        _attach(case, sent, kept)
        return case


@transaction.atomic
def withdraw(*, complaint: Complaint) -> Complaint:
    """The complainant takes the complaint back; possible until it is decided."""
    return move(held(complaint), to=State.WITHDRAWN, kind=Entry.Kind.WITHDREW, by=COMPLAINANT)


def lapse_incomplete() -> int:
    """Cases whose complainant did not complete them in time count as withdrawn (UU 25/2009 art. 44). How many."""
    today = clock.today()
    late = Complaint.objects.filter(state=State.INCOMPLETE, due_on__lt=today).order_by("due_on", "number")
    return sum(_lapse(case, today) for case in late)


@transaction.atomic
def _lapse(complaint: Complaint, today: date) -> bool:
    case = held(complaint)
    if case.state != State.INCOMPLETE or not rules.is_overdue(case.due_on, today):
        return False
    move(case, to=State.WITHDRAWN, kind=Entry.Kind.LAPSED, by=CLOCK)
    return True
