"""Months and their closings: which are closed, which may be closed, and what is missing and who can fix it.

No count of ratings or of used tickets is read here: nobody counts before the release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from django.db import connection
from django.db.models import Count, Q
from django.db.models.fields.json import KeyTransform
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from teladan.core import clock, progress
from teladan.core.models import PolicyRow, Progress
from teladan.core.policy import MissingPolicy
from teladan.evaluation.models import Closing
from teladan.feedback import queries as feedback
from teladan.feedback import rules as feedback_rules
from teladan.feedback.models import CollectionMonth
from teladan.people import queries as people
from teladan.people.models import Grant
from teladan.people.permissions import ROLES, Permission
from teladan.services import queries as services
from teladan.services.models import ServiceEvent
from teladan.ui import formats

GRACE = "collection.grace_days"
BKPSDM = "BKPSDM"

# One probe of the index per month, however many events there are.
_EVENT_MONTHS = """
WITH RECURSIVE found AS (
    SELECT min(month) AS month FROM services_serviceevent
    UNION ALL
    SELECT (SELECT min(e.month) FROM services_serviceevent e WHERE e.month > found.month) FROM found WHERE month IS NOT NULL
)
SELECT month FROM found WHERE month IS NOT NULL ORDER BY 1
"""


# --- closings --------------------------------------------------------------------------------------------------------


def current_closing(month: date | None = None) -> Closing | None:
    """The closing in force of a month, or the latest of all; a reopened month has none until it is closed again."""
    rows = Closing.objects.filter(is_current=True, reopened_at__isnull=True)
    return (rows.filter(month=month) if month else rows).order_by("-month").first()


def versions(month: date) -> list[Closing]:
    """Every closing a month ever had, latest first."""
    return list(Closing.objects.filter(month=month).order_by("-version"))


def months_with_events() -> list[date]:
    """Months in which somebody was served, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENT_MONTHS)
        return [row[0] for row in cursor.fetchall()]


def months_to_close() -> list[date]:
    """Months with events that are not closed, or were reopened, oldest first: the order in which they must be closed."""
    return _not_closed(months_with_events())


def _not_closed(months: Iterable[date]) -> list[date]:
    closed = Closing.objects.filter(is_current=True, reopened_at__isnull=True)
    done = set(closed.values_list("month", flat=True))
    return [month for month in months if month not in done]


def months_not_forgotten() -> list[date]:
    """Sealed months whose tickets still tell which were used: a closing was cut between its two transactions."""
    rows = CollectionMonth.objects.filter(state=CollectionMonth.State.SEALED, forgotten_at__isnull=True)
    return list(rows.order_by("month").values_list("month", flat=True))


def opening_days(months: Collection[date]) -> dict[date, date]:
    """The first day on which each month may be closed, by its own frozen rules; two queries."""
    rows = PolicyRow.objects.filter(key=GRACE)
    frozen = dict(
        CollectionMonth.objects.filter(month__in=months)
        .annotate(grace=KeyTransform(GRACE, "policy"))
        .values_list("month", "grace")
    )
    spans = [(row.valid_from, row.valid_until, int(row.value)) for row in rows]

    def grace(month: date) -> int:
        if frozen.get(month) is not None:
            return int(frozen[month])
        for start, end, days in spans:
            if start <= month and (end is None or month < end):
                return days
        raise MissingPolicy(
            f"Aturan {GRACE!r} belum berlaku pada {month}. Muat paket aturan: teladan load-policy FILE."
        )

    return {month: feedback_rules.seal_opens_on(month, grace_days=grace(month)) for month in months}


# --- the list of months ----------------------------------------------------------------------------------------------


class State(StrEnum):
    """Where a month stands."""

    COLLECTING = "collecting"  # still receives ratings
    READY = "ready"
    WAITING = "waiting"  # an earlier month comes first
    REOPENED = "reopened"
    CLOSED = "closed"


@dataclass(frozen=True)
class MonthLine:
    """One month on the list. `events` of a closed month are those it was closed with."""

    month: date
    state: State
    opens_on: date
    events: int
    closing: Closing | None

    @property
    def is_closed(self) -> bool:
        return self.state is State.CLOSED


def month_lines() -> list[MonthLine]:
    """Every month with events, latest first; five queries however many months there are."""
    known = months_with_events()
    closings = {row.month: row for row in Closing.objects.filter(is_current=True)}
    known = sorted({*known, *closings})
    opening = opening_days(known)
    first = next((month for month in known if not _is_closed(closings.get(month))), None)
    lines = [_line(month, closings.get(month), opening[month], first) for month in known]
    counts = _event_counts([line.month for line in lines if line.closing is None])
    return [
        MonthLine(line.month, line.state, line.opens_on, counts.get(line.month, line.events), line.closing)
        for line in reversed(lines)
    ]


def _is_closed(closing: Closing | None) -> bool:
    return closing is not None and closing.reopened_at is None


def _line(month: date, closing: Closing | None, opens_on: date, first_open: date | None) -> MonthLine:
    if _is_closed(closing):
        state = State.CLOSED
    elif clock.today() < opens_on:
        state = State.COLLECTING
    elif closing is not None:
        state = State.REOPENED
    else:
        state = State.READY if month == first_open else State.WAITING
    return MonthLine(month, state, opens_on, int(closing.counts.get("events", 0)) if closing else 0, closing)


def _event_counts(months: Iterable[date]) -> dict[date, int]:
    rows = ServiceEvent.objects.filter(month__in=list(months)).order_by().values_list("month")
    return dict(rows.annotate(n=Count("id")))


# --- readiness -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """Something missing: what, who can fix it, what to do, whether it stops the closing, and where to go."""

    what: str
    who: str
    todo: str
    blocking: bool
    url: str = ""


@dataclass(frozen=True)
class Readiness:
    """Whether a month can be closed now, and everything that is missing, what stops it first."""

    month: date
    can_close: bool
    opens_on: date
    items: list[Item] = field(default_factory=list)

    @cached_property
    def blocking(self) -> list[Item]:
        return [item for item in self.items if item.blocking]

    @cached_property
    def warnings(self) -> list[Item]:
        return [item for item in self.items if not item.blocking]


@dataclass(frozen=True)
class Due:
    """A month that is to be closed; `is_ready` where nothing stops it now."""

    month: date
    opens_on: date
    is_ready: bool


def due_months() -> list[Due]:
    """Months that are not closed, oldest first; four queries however many. Only the first can be ready: order counts."""
    months = months_to_close()
    opening = opening_days(months)
    today = clock.today()
    return [Due(month, opening[month], month == months[0] and today >= opening[month]) for month in months]


def readiness(month: date) -> Readiness:
    """What is missing before this month can be closed. A closed month is not closed again, and says nothing."""
    opens_on = opening_days([month])[month]
    if current_closing(month):
        return Readiness(month, False, opens_on)
    blocking = _obstacles(month, opens_on)
    return Readiness(month, not blocking, opens_on, [*blocking, *warnings(month, opens_on)])


def obstacles(month: date) -> list[Item]:
    """What stops the closing of a month now."""
    return _obstacles(month, opening_days([month])[month])


def _obstacles(month: date, opens_on: date) -> list[Item]:
    found = []
    if clock.today() < opens_on:
        found.append(_too_early(month, opens_on))
    known = months_with_events()
    if month not in known:
        found.append(_nothing_happened(month))
    if earlier := [one for one in _not_closed(known) if one < month]:
        found.append(_out_of_order(earlier))
    return found


def _too_early(month: date, opens_on: date) -> Item:
    return Item(
        what=_("Penilaian warga masih bisa masuk sampai %(day)s.") % {"day": formats.day(_day_before(opens_on))},
        who=_("Tidak ada yang perlu diperbaiki"),
        todo=_("Tutup bulan mulai %(day)s.") % {"day": formats.day(opens_on)},
        blocking=True,
    )


def _day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _nothing_happened(month: date) -> Item:
    return Item(
        what=_("Belum ada layanan tercatat pada %(month)s.") % {"month": formats.month(month)},
        who=_("Operator unit layanan"),
        todo=_("Masukkan berkas layanan bulan itu."),
        blocking=True,
        url=_address("events-import"),
    )


def _out_of_order(earlier: list[date]) -> Item:
    names = ", ".join(formats.month(month) for month in earlier[:3])
    if len(earlier) > 3:
        names = _("%(names)s dan %(n)d bulan lagi") % {"names": names, "n": len(earlier) - 3}
    return Item(
        what=_("Bulan sebelumnya belum ditutup: %(months)s.") % {"months": names},
        who=BKPSDM,
        todo=_("Tutup berurutan, mulai dari %(month)s.") % {"month": formats.month(earlier[0])},
        blocking=True,
        url=_address("closing-detail", earlier[0]),
    )


def warnings(month: date, opens_on: date) -> list[Item]:
    """What is missing and does not stop the closing."""
    return [*_silent(month), *_unfinished(month, opens_on), *_without_appraiser(month), *_without_auditor()]


def _without_auditor() -> list[Item]:
    if feedback.has_auditor():
        return []
    return [
        Item(
            what=_(
                "Belum ada kunci auditor: setelah disegel, isi daun bulan ini tidak dapat diperiksa siapa pun lagi."
            ),
            who=_("Administrator sistem, bersama Inspektorat"),
            todo=_("Minta kunci publik Inspektorat (teladan open-openings --new-key), lalu isi TELADAN_AUDITOR_KEYS."),
            blocking=False,
        )
    ]


def _silent(month: date) -> list[Item]:
    rows = services.readiness(month)
    who = who_may(Permission.EVENTS_IMPORT, {row.unit_id for row in rows if row.unit_id})
    words = {"source": pgettext("satu", "Sumber data"), "counter": _("Loket")}
    return [
        Item(
            what=_("%(kind)s %(name)s tidak mencatat layanan, padahal bulan sebelumnya %(n)s.")
            % {"kind": words[row.kind], "name": row.name, "n": formats.number(row.before)},
            who=who.get(row.unit_id or 0) or BKPSDM,
            todo=_("Masukkan berkasnya, atau biarkan bila memang tidak melayani."),
            blocking=False,
            url=_address("events-import"),
        )
        for row in rows
    ]


def _unfinished(month: date, opens_on: date) -> list[Item]:
    open_files = services.unfinished_events(month, until=clock.local(opens_on))
    if not open_files:
        return []
    names = people.unit_names(clock.month_end(month))
    who = who_may(Permission.EVENTS_IMPORT, open_files)
    return [
        Item(
            what=_("%(n)s layanan %(unit)s belum selesai.")
            % {"n": formats.number(n), "unit": names.get(unit, str(unit))},
            who=who.get(unit) or _("Petugas loketnya"),
            todo=_("Catat waktu selesainya. Yang lewat janji dihitung terlambat."),
            blocking=False,
            url=_address("counter-serve"),
        )
        for unit, n in sorted(open_files.items(), key=lambda item: -item[1])
    ]


def _without_appraiser(month: date) -> list[Item]:
    missing = people.without_appraiser(clock.month_end(month))
    if not missing:
        return []
    names = ", ".join(member.person.name for member in missing[:3])
    if len(missing) > 3:
        names = _("%(names)s dan %(n)s lagi") % {"names": names, "n": formats.number(len(missing) - 3)}
    return [
        Item(
            what=_("%(n)s pegawai tanpa atasan penilai: %(names)s.")
            % {"n": formats.number(len(missing)), "names": names},
            who=BKPSDM,
            todo=_("Tetapkan penilainya. Penutupan tidak menunggu, penilaian tim menunggu."),
            blocking=False,
            url=_address("people-list"),
        )
    ]


def who_may(permission: Permission, units: Collection[int]) -> dict[int, str]:
    """Unit id → names of the accounts nearest to it that hold a permission; units that nobody serves are left out."""
    if not units:
        return {}
    today = clock.today()
    roles = [role for role, info in ROLES.items() if permission in info.permissions]
    grants = Grant.objects.filter(people.valid_on(today), role__in=roles, user__is_active=True, unit__isnull=False)
    holders: dict[int, list[str]] = {}
    for grant in grants.select_related("user__person").order_by("id"):
        holders.setdefault(grant.unit_id or 0, []).append(str(grant.user))
    parents = {unit: node.parent for unit, node in people.tree(today).nodes.items()}
    found = {unit: _nearest(unit, parents, holders) for unit in units}
    return {unit: ", ".join(dict.fromkeys(names)) for unit, names in found.items() if names}


def _nearest(unit: int, parents: dict[int, int | None], holders: dict[int, list[str]]) -> list[str]:
    at: int | None = unit
    seen: set[int] = set()
    while at is not None and at not in seen:
        if at in holders:
            return holders[at][:2]
        seen.add(at)
        at = parents.get(at)
    return []


def _address(name: str, month: date | None = None) -> str:
    """The page that helps; nothing while that page does not exist."""
    try:
        return reverse(name, args=[month] if month else [])
    except NoReverseMatch:
        return ""


# --- the work under way ----------------------------------------------------------------------------------------------


def progress_key(month: date) -> str:
    """Under which key the closing of a month reports."""
    return f"closing:{month:%Y-%m}"


def progress_of(month: date) -> Progress | None:
    """How far the closing is; nothing when it was never started with the button."""
    return progress.of(progress_key(month))


def reopened_after(month: date) -> list[Closing]:
    """Closings in force of this month and of all later ones, in order: what a reopening takes along."""
    rows = Closing.objects.filter(Q(is_current=True, reopened_at__isnull=True), month__gte=month)
    return list(rows.order_by("month"))
