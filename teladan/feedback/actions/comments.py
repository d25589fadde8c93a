"""Moderating comments, releasing them together, replying once, and forgetting what was written but not shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from teladan.core import audit, clock, policy
from teladan.core.audit import Event
from teladan.feedback import masking
from teladan.feedback.models import CommentBatch, CommentReply, Moderated, SealedComment
from teladan.feedback.queries import comments as queries
from teladan.people.models import User

MAX_REPLY = 600


class DecisionRefused(Exception):
    """A decision that does not hold; `problems` says which and why."""

    def __init__(self, problems: Mapping[UUID, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


class ReplyRefused(Exception):
    """No reply can be given; the message says why."""


@dataclass(frozen=True)
class Decision:
    """What becomes of one text: shown as `shown`, or removed with a reason."""

    pk: UUID
    shown: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Decided:
    """How many decisions took effect, and how many came too late."""

    done: int
    late: int


@transaction.atomic
def decide(*, decisions: Sequence[Decision], by: User) -> Decided:
    """Publish, mask or remove comments and replies; all or nothing. DecisionRefused names what does not hold.

    Texts of one's own office are refused as a whole (PermissionDenied); what somebody else decided meanwhile stays.
    """
    wanted = {decision.pk: decision for decision in decisions}
    units = queries.units_to_moderate(by)
    rows = _locked(wanted)
    if any(_comment_of(row).unit_id not in units for row in rows):
        raise PermissionDenied(_("Komentar tentang kantor sendiri diperiksa orang dari kantor lain."))
    open_rows = [row for row in rows if row.state == Moderated.State.WAITING]
    if problems := {row.pk: said for row in open_rows if (said := problem(wanted[row.pk], row.text))}:
        raise DecisionRefused(problems)
    for row in open_rows:
        _settle(row, wanted[row.pk], by)
    _save(open_rows, by)
    return Decided(len(open_rows), len(wanted) - len(open_rows))


def _locked(wanted: Iterable[UUID]) -> list[SealedComment | CommentReply]:
    """A reply has its comment's key, and is decided on only after the comment."""
    keys = list(wanted)
    comments = SealedComment.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    replies = (
        CommentReply.objects.select_for_update(no_key=True, of=("self",)).select_related("comment").filter(pk__in=keys)
    )
    found: dict[UUID, SealedComment | CommentReply] = {row.pk: row for row in comments}
    found |= {row.pk: row for row in replies.order_by("pk")}
    return list(found.values())


def _comment_of(row: SealedComment | CommentReply) -> SealedComment:
    return row if isinstance(row, SealedComment) else row.comment


def problem(decision: Decision, text: str) -> str:
    """Why a decision does not hold; nothing when it does."""
    if decision.reason:
        return "" if decision.reason in Moderated.Reason.values else _("Pilih alasan dari daftar.")
    if not decision.shown.strip():
        return _("Pilih alasan menghapus, atau terbitkan.")
    if not masking.says_something(decision.shown):
        return _("Tidak ada kata yang tersisa. Hapus dengan alasan.")
    if not masking.is_masking_of(decision.shown, text):
        return _("Kata warga tidak boleh diubah. Ganti bagian yang ditutup dengan %(mask)s.") % {"mask": masking.MASK}
    return ""


def _settle(row: SealedComment | CommentReply, decision: Decision, by: User) -> None:
    if decision.reason:
        row.state, row.reason = Moderated.State.REMOVED, decision.reason
    else:
        row.shown = masking.normal(decision.shown)
        same = row.shown == masking.normal(row.text)
        row.state = Moderated.State.PUBLISHED if same else Moderated.State.MASKED
    row.decided_at, row.decided_by = clock.now(), by


_SETTLED = ["state", "reason", "shown", "decided_at", "decided_by"]


def _save(rows: Iterable[SealedComment | CommentReply], by: User) -> None:
    """A page of decisions in few statements, each with its audit event, without the words."""
    rows = list(rows)
    comments = [row for row in rows if isinstance(row, SealedComment)]
    replies = [row for row in rows if isinstance(row, CommentReply)]
    SealedComment.objects.bulk_update(comments, _SETTLED)
    CommentReply.objects.bulk_update(replies, _SETTLED)
    batches = {row.comment.batch_id for row in replies if row.comment.batch_id}
    CommentBatch.objects.filter(pk__in=batches).update(is_stale=True)
    found: Sequence[SealedComment | CommentReply]
    for event, found in ((Event.COMMENT_MODERATED, comments), (Event.REPLY_MODERATED, replies)):
        changes = [(f"comment:{row.pk}", _WAITING, {"state": str(row.state), "reason": row.reason}) for row in found]
        audit.record_many(event=event, actor=by, changes=changes)


_WAITING = {"state": str(Moderated.State.WAITING)}


@transaction.atomic
def reply(*, comment: SealedComment, text: str, by: User) -> CommentReply:
    """The rated officer's one reply. It waits for the moderator like the comment did. ReplyRefused."""
    held = SealedComment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    if by.person_id is None or held.officer_id != by.person_id or not held.for_officer or not held.is_shown:
        raise PermissionDenied(_("Hanya petugas yang dinilai dapat menjawab komentar ini."))
    words = masking.normal(text)
    if not words:
        raise ReplyRefused(_("Tulis jawaban dulu."))
    if len(words) > MAX_REPLY:
        raise ReplyRefused(_("Jawaban paling panjang %(n)d huruf.") % {"n": MAX_REPLY})
    if CommentReply.objects.filter(pk=held.pk).exists():
        raise ReplyRefused(_("Komentar ini sudah Anda jawab. Jawaban hanya satu kali."))
    given = CommentReply.objects.create(comment=held, text=words)
    audit.record(event=Event.COMMENT_REPLIED, actor=by, subject=f"comment:{held.pk}")
    return given


# --- the release -----------------------------------------------------------------------------------------------------


@transaction.atomic
def close_batches() -> list[CommentBatch]:
    """Let every unit's comments out that are ready, together and for good. Returns the new batches."""
    return [_close(ready) for ready in queries.ready_batches()]


def _close(ready: queries.Ready) -> CommentBatch:
    first, last = ready.months
    batch = CommentBatch.objects.create(
        unit_id=ready.unit, first_month=first, last_month=last, released_on=clock.today()
    )
    rows = SealedComment.objects.filter(pk__in=ready.comments)
    rows.filter(state__in=queries.SHOWN, officer__in=ready.officers).update(batch=batch, for_officer=True)
    rows.filter(batch=None).update(batch=batch)
    return batch


def stale_batches() -> list[tuple[CommentBatch, dict[str, Any]]]:
    """Batches that a release does not show as they are, with what it should show. Held until the transaction ends."""
    rows = CommentBatch.objects.select_for_update(of=("self",)).select_related("unit").filter(is_stale=True)
    return [(batch, queries.batch_content(batch)) for batch in rows.order_by("pk")]


def mark_released(batches: Iterable[CommentBatch]) -> None:
    """The release shows them now."""
    CommentBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(is_stale=False)


# --- keeping no longer than needed -----------------------------------------------------------------------------------


@transaction.atomic
def forget_originals() -> int:
    """Empty what was written where the decision is older than policy allows; returns how many. What is shown stays."""
    days = int(policy.get("retention.comment_days", clock.today()))
    before = clock.now() - timedelta(days=days)
    old = {"decided_at__lt": before}
    found = SealedComment.objects.filter(**old).exclude(text="").update(text="")
    return found + CommentReply.objects.filter(**old).exclude(text="").update(text="")
