"""Kiosks: set up, enrol a tablet with a code, revoke, and take in the letters of its outbox."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from argon2.exceptions import VerificationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock, ratelimit
from teladan.core.audit import Event
from teladan.feedback import kiosk_box, rules, tokens
from teladan.feedback.actions.casting import DifferentAnswers, EditClosed, amend_rating, cast_rating
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.tickets import TooManyTries, hasher, redeem_typed
from teladan.feedback.kiosk_box import Letter, Unreadable
from teladan.feedback.models import ELEMENTS, STAFF_ELEMENTS, Kiosk
from teladan.people.models import Unit, User

_DEVICE = b"teladan-kiosk-device-v1"


class KioskRefused(Exception):
    """Not possible now; the message says why."""


class WrongCode(KioskRefused):
    """The enrolment code does not fit, is too old, or was tried too often."""


@transaction.atomic
def create_kiosk(*, code: str, name: str, unit: Unit, by: User) -> Kiosk:
    """A kiosk without a tablet yet."""
    try:
        with transaction.atomic():
            kiosk = Kiosk.objects.create(code=code, name=name, unit=unit, created_at=clock.now(), created_by=by)
    except IntegrityError as error:
        raise KioskRefused(_("Kode %(code)s sudah dipakai kios lain. Pilih kode lain.") % {"code": code}) from error
    audit.record(event=Event.KIOSK_CREATED, actor=by, subject=f"kiosk:{code}", after={"name": name, "unit": unit.code})
    return kiosk


@transaction.atomic
def make_code(*, kiosk: Kiosk, by: User) -> str:
    """A fresh enrolment code, shown once. A tablet enrolled before keeps working until the code is used."""
    row = Kiosk.objects.select_for_update().get(pk=kiosk.pk)
    if row.is_revoked:
        raise KioskRefused(_("Kios ini sudah dicabut. Buat kios baru."))
    code = tokens.new_typed_code()
    row.enrol_hash = hasher.hash(code)
    row.enrol_until = clock.now() + timedelta(minutes=rules.KIOSK_CODE_MINUTES)
    row.save(update_fields=["enrol_hash", "enrol_until"])
    audit.record(event=Event.KIOSK_CODE_MADE, actor=by, subject=f"kiosk:{row.code}")
    return code


def enrol(*, kiosk: Kiosk, code: str) -> str:
    """Give the tablet that knows the code its secret; the code is then spent, and any tablet before it is shut out."""
    if not ratelimit.allow(f"feedback.kiosk:{kiosk.pk}", rules.KIOSK_CODE_TRIES, rules.TYPED_LOCK_SECONDS):
        raise WrongCode(_("Terlalu sering mencoba. Tunggu satu jam, atau minta kode baru sesudah itu."))
    with transaction.atomic():
        row = Kiosk.objects.select_for_update().get(pk=kiosk.pk)
        if not _code_fits(row, code):
            raise WrongCode(_("Kode ini tidak cocok atau sudah lewat waktunya. Minta kode baru kepada pengelola."))
        secret = secrets.token_urlsafe(32)
        row.device_hash, row.enrolled_at = device_hash(secret), clock.now()
        row.enrol_hash, row.enrol_until = "", None
        row.save(update_fields=["device_hash", "enrolled_at", "enrol_hash", "enrol_until"])
        audit.record(event=Event.KIOSK_ENROLLED, actor="kiosk", subject=f"kiosk:{row.code}")
    return secret


def _code_fits(kiosk: Kiosk, code: str) -> bool:
    if kiosk.is_revoked or kiosk.enrol_until is None or kiosk.enrol_until < clock.now():
        return False
    try:
        return hasher.verify(kiosk.enrol_hash, tokens.normal(code))
    except VerificationError:
        return False


def device_hash(secret: str) -> bytes:
    """What is stored of a tablet's secret."""
    return hashlib.sha256(_DEVICE + secret.encode()).digest()


@transaction.atomic
def revoke_kiosk(*, kiosk: Kiosk, reason: str, by: User) -> None:
    """Shut the tablet out for good. What still waits on it can no longer be sent."""
    if not reason.strip():
        raise KioskRefused(_("Tulis alasan pencabutan."))
    row = Kiosk.objects.select_for_update().get(pk=kiosk.pk)
    if row.is_revoked:
        return
    row.revoked_at, row.revoked_by, row.device_hash, row.enrolled_at = clock.now(), by, None, None
    row.enrol_hash, row.enrol_until = "", None
    row.save()
    audit.record(
        event=Event.KIOSK_REVOKED,
        actor=by,
        subject=f"kiosk:{row.code}",
        after={"waiting": row.waiting},
        reason=reason.strip(),
    )


# --- the outbox ------------------------------------------------------------------------------------------------------


class Fate(StrEnum):
    """What became of a letter. `LATER`: too many codes were typed just now, send it again; `UNREADABLE`: keep it."""

    ACCEPTED = "accepted"
    LATER = "later"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Answer:
    """The answer to one letter; `signature` and the short code of the receipt only when accepted."""

    id: str
    fate: Fate
    signature: str = ""
    code: str = ""


@dataclass(frozen=True)
class _Content:
    token: bytes | None
    number: str
    code: str
    answers: dict[str, int | None] = field(repr=False)
    comment: str = field(repr=False)


def receive(*, kiosk: Kiosk, letters: Iterable[object], waiting: int) -> list[Answer]:
    """Cast what the letters hold. Accepted says: received, like every page for citizens; not whether it counts.

    Safe to repeat in any order: a ticket is spent once, and a letter that comes again gets its acknowledgement again.
    The tablet counts what it holds before it sends: `waiting` includes what has just arrived here.
    """
    answers = [_take(kiosk, raw) for raw in letters]
    today = clock.today()
    left = max(0, waiting - sum(answer.fate == Fate.ACCEPTED for answer in answers))
    if (kiosk.seen_on, kiosk.waiting) != (today, left):
        Kiosk.objects.filter(pk=kiosk.pk).update(seen_on=today, waiting=left)
    return answers


def _take(kiosk: Kiosk, raw: object) -> Answer:
    try:
        letter = Letter.of(raw)
        content = _read(kiosk_box.open_letter(kiosk.code, letter))
    except Unreadable:
        return Answer(_id_of(raw), Fate.UNREADABLE)
    try:
        token_hash = _ticket(content)
    except TooManyTries:
        return Answer(letter.id, Fate.LATER)
    code = _cast(token_hash, content, letter.id) if token_hash is not None else ""
    return Answer(letter.id, Fate.ACCEPTED, kiosk_box.acknowledge(kiosk.code, letter.id), code)


def _id_of(raw: object) -> str:
    return str(raw.get("id", ""))[:64] if isinstance(raw, dict) else ""


def _ticket(content: _Content) -> bytes | None:
    if content.token is not None:
        return tokens.token_hash(content.token)
    return redeem_typed(number=content.number, code=content.code)


def _cast(token_hash: bytes, content: _Content, letter_id: str) -> str:
    """The first page casts; the rest follows under its key, which keeps what the ticket's month asks and nothing else.

    Nobody at the tablet comes back to it: the rating is finished at once. The short code of its receipt, the same whenever
    the letter comes again; none when it comes so late that the month was sealed in between.
    """
    first = {name: content.answers[name] for name in ("overall", *STAFF_ELEMENTS)}
    try:
        cast = cast_rating(
            token_hash=token_hash,
            answers=first,
            nonce=letter_id.encode(),
            order=tokens.order_of(content.token or f"{content.number}{content.code}".encode()),
            channel=rules.KIOSK_CHANNEL,
        )
    except DifferentAnswers as earlier:  # a letter's id is drawn once, and what came first stands
        cast = earlier.cast
    others = {name: answer for name, answer in content.answers.items() if name not in first and answer is not None}
    if others or content.comment:
        with suppress(EditClosed):  # the letter came before
            amend_rating(edit_key=cast.edit_key, answers=others, comment=content.comment)
    try:
        return finish_rating(edit_key=cast.edit_key).code
    except EditClosed:
        return ""


def _read(content: bytes) -> _Content:
    """The letter's content as clean values; Unreadable when it is none of ours."""
    try:
        raw: dict[str, Any] = json.loads(content)
        answers = {name: raw["answers"].get(name) for name in ("overall", *ELEMENTS)}
        token = tokens.decode(raw["token"]) if raw.get("token") else None
        number, code = (tokens.normal(_sound(raw.get(name, ""))) for name in ("number", "code"))
        comment = _sound(raw.get("comment", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable from error
    fits = all(answer is None or (type(answer) is int and 1 <= answer <= 4) for answer in answers.values())
    if not fits or answers["overall"] is None or (token is None and not number):
        raise Unreadable
    return _Content(token, number, code, answers, comment.strip())


def _sound(text: str) -> str:
    """What the database can hold of it. A letter that fails here would come again for ever, and the others behind it wait."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")
