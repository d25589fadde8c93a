"""Comments of sealed months: what waits for a moderator, what an officer reads of their own, what a release holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan.core import clock
from teladan.feedback import masking, readers, rules
from teladan.feedback.models import CommentBatch, CommentReply, Moderated, SealedComment
from teladan.feedback.queries.months import thresholds_of
from teladan.feedback.rules import Part, Reader
from teladan.people import queries as people
from teladan.people.access import can, units_where
from teladan.people.models import Person, Placement, User
from teladan.people.permissions import Permission

PAGE = 25
WAITING = Moderated.State.WAITING
SHOWN = (Moderated.State.PUBLISHED, Moderated.State.MASKED)


@dataclass(frozen=True)
class Todo:
    """One line for the desk."""

    what: str
    note: str
    url: str


# --- the moderator ---------------------------------------------------------------------------------------------------


def units_to_moderate(user: User) -> frozenset[int]:
    """Units whose comments this account may read: in its grant, and of no office where its person served of late.

    An account of nobody cannot be shown to be an outsider, and reads none.
    """
    if user.person_id is None or not can(user, Permission.COMMENT_MODERATE):
        return frozenset()
    today = clock.today()
    parents = {unit: node.parent for unit, node in people.tree(today).nodes.items()}
    since = clock.add_months(clock.month_of(today), -rules.MODERATOR_AWAY_MONTHS)
    served = Placement.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=since), person=user.person_id)
    own = {rules.office_of(unit, parents) for unit in served.values_list("post__unit", flat=True)}
    allowed = units_where(user, Permission.COMMENT_MODERATE).values_list("pk", flat=True)
    return frozenset(unit for unit in allowed if rules.office_of(unit, parents) not in own)


def waiting_comments(units: Iterable[int]) -> QuerySet[SealedComment]:
    """Comments that nobody has decided on, oldest month first, unit by unit, in no order of time within."""
    rows = SealedComment.objects.filter(state=WAITING, unit__in=list(units)).select_related("unit", "officer")
    return rows.order_by("month", "unit_id", "id")


def waiting_replies(units: Iterable[int]) -> QuerySet[CommentReply]:
    """Officers' replies that nobody has decided on."""
    rows = CommentReply.objects.filter(state=WAITING, comment__unit__in=list(units))
    return rows.select_related("comment__unit", "comment__officer").order_by("comment_id")


@dataclass(frozen=True)
class ToRead:
    """One text for the moderator: what was written, and the proposal with names covered."""

    pk: UUID
    unit_name: str
    month: date
    text: str
    proposal: str
    under: str = ""

    @property
    def is_covered(self) -> bool:
        return self.proposal != masking.normal(self.text)


def with_proposals(rows: Iterable[SealedComment | CommentReply]) -> list[ToRead]:
    """The rows with names of the unit's people masked; two queries however many."""
    found = list(rows)
    comments = [row if isinstance(row, SealedComment) else row.comment for row in found]
    names = _names_in(
        {comment.unit_id for comment in comments}, min((c.month for c in comments), default=clock.today())
    )
    titles = people.unit_names(clock.today()) if found else {}
    shown = []
    for row, comment in zip(found, comments, strict=True):
        known = [*names[comment.unit_id], *([comment.officer.name] if comment.officer else [])]
        shown.append(
            ToRead(
                pk=row.pk,
                unit_name=titles.get(comment.unit_id, comment.unit.code),
                month=comment.month,
                text=row.text,
                proposal=masking.proposed(row.text, known),
                under=comment.shown if isinstance(row, CommentReply) else "",
            )
        )
    return shown


def _names_in(units: set[int], since: date) -> defaultdict[int, list[str]]:
    """Names of whoever held a post in these units since a day."""
    rows = Placement.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=since), post__unit__in=units)
    found: defaultdict[int, list[str]] = defaultdict(list)
    for unit, name in rows.values_list("post__unit", "person__name"):
        found[unit].append(name)
    return found


def progress(units: Iterable[int]) -> list[tuple[str, int, int]]:
    """(unit, waiting, decided and not yet out) where there is something, by name; two queries."""
    rows = SealedComment.objects.filter(unit__in=list(units), batch=None).values("unit_id", "unit__code")
    counted = rows.annotate(waiting=Count("pk", filter=Q(state=WAITING)), done=Count("pk", filter=Q(state__in=SHOWN)))
    titles = people.unit_names(clock.today())
    return sorted((titles.get(row["unit_id"], row["unit__code"]), row["waiting"], row["done"]) for row in counted)


def worklist(user: User) -> list[Todo]:
    """What waits for a moderator."""
    units = units_to_moderate(user)
    if not units:
        return []
    comments, replies = waiting_comments(units).count(), waiting_replies(units).count()
    if not comments + replies:
        return []
    what = ngettext("Satu komentar menunggu diperiksa", "%(n)d komentar menunggu diperiksa", comments + replies)
    note = _("termasuk %(n)d jawaban petugas") % {"n": replies} if replies else ""
    return [Todo(what % {"n": comments + replies}, note, reverse("moderation-queue"))]


# --- the officer -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """A comment that an officer may read as their own, with the reply given."""

    pk: UUID
    shown: str
    reply: CommentReply | None


@dataclass(frozen=True)
class OwnBatch:
    """An officer's comments that came out together."""

    batch: CommentBatch
    unit_name: str
    comments: list[Own]


def own_comments(person: Person) -> list[OwnBatch]:
    """The officer's own released comments, latest first; two queries."""
    rows = own_rows(person).select_related("batch__unit", "reply").order_by("-batch_id", "id")
    titles = people.unit_names(clock.today())
    found: dict[int, OwnBatch] = {}
    for row in rows:
        assert row.batch is not None
        name = titles.get(row.unit_id, row.batch.unit.code)
        held = found.setdefault(row.batch.pk, OwnBatch(row.batch, name, []))
        held.comments.append(Own(row.pk, row.shown, getattr(row, "reply", None)))
    return list(found.values())


def own_rows(person: Person) -> QuerySet[SealedComment]:
    """Comments that this officer may read as their own."""
    return SealedComment.objects.filter(officer=person, for_officer=True, state__in=SHOWN)


# --- the release -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """Comments of a unit that may come out together, and the officers who may read theirs as their own."""

    unit: int
    months: tuple[date, date]
    comments: list[UUID]
    officers: list[UUID]


def ready_batches() -> list[Ready]:
    """Units of which everything sealed is decided and enough of it is shown; what is not enough waits for more."""
    rows = SealedComment.objects.filter(batch=None).order_by("unit_id")
    found: dict[int, list[tuple[UUID, date, str, UUID | None]]] = {}
    for pk, unit, month, state, officer in rows.values_list("pk", "unit_id", "month", "state", "officer_id"):
        found.setdefault(unit, []).append((pk, month, state, officer))
    policies = thresholds_of({row[1] for rows_of in found.values() for row in rows_of})
    ready = (_ready(unit, rows_of, policies) for unit, rows_of in found.items())
    return [one for one in ready if one]


def _ready(
    unit: int, rows: list[tuple[UUID, date, str, UUID | None]], policies: Mapping[date, Mapping[str, Any]]
) -> Ready | None:
    if any(state == WAITING for _pk, _month, state, _officer in rows):
        return None
    months = sorted({month for _pk, month, _state, _officer in rows})
    strictest = max((policies[month] for month in months), key=lambda policy: int(policy["disclosure.k"]))
    table = readers.table_from(strictest)
    shown = Counter(officer for _pk, _month, state, officer in rows if state in SHOWN)
    if not rules.may_read(Reader.PUBLIC, Part.COMMENT, n=shown.total(), table=table):
        return None
    counts = {str(officer or ""): n for officer, n in shown.items()}
    visible = rules.suppressed(counts, minimum=int(strictest["disclosure.k"]))
    officers = [
        officer
        for officer, n in shown.items()
        if officer
        and visible[str(officer)] is not None
        and rules.may_read(Reader.OFFICER, Part.COMMENT, n=n, table=table)
    ]
    return Ready(unit, (months[0], months[-1]), [pk for pk, *_rest in rows], officers)


def batch_content(batch: CommentBatch) -> dict[str, Any]:
    """What the public may read of a batch: texts in random order with replies, how many were removed, and why where enough were.

    Neither service nor officer nor month of a single comment, nor why a single one was removed: each would make groups
    smaller than the whole.
    """
    rows = list(batch.comments.select_related("reply").order_by("id"))
    removed = Counter(row.reason for row in rows if row.state == Moderated.State.REMOVED)
    minimum = max(int(policy["disclosure.k"]) for policy in thresholds_of([row.month for row in rows]).values())
    told = rules.suppressed({reason: removed[reason] for reason in Moderated.Reason.values}, minimum=minimum)
    replies = [row.reply for row in rows if hasattr(row, "reply")]
    return {
        "first_month": f"{batch.first_month:%Y-%m}",
        "last_month": f"{batch.last_month:%Y-%m}",
        "received": len(rows),
        "masked": sum(row.state == Moderated.State.MASKED for row in rows),
        "removed_in_all": removed.total(),
        "removed": {reason: n for reason, n in told.items() if n},
        "replies_removed": sum(reply.state == Moderated.State.REMOVED for reply in replies),
        "comments": [{"text": row.shown, "reply": _reply_shown(row)} for row in rows if row.is_shown],
    }


def _reply_shown(row: SealedComment) -> str:
    reply: CommentReply | None = getattr(row, "reply", None)
    return reply.shown if reply and reply.is_shown else ""
