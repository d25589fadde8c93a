"""What the Inspektorat's desk reads: traces per officer as counts, held cases, the call-back sample. Never an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teladan import scoring
from teladan.feedback import rules
from teladan.feedback.models import (
    CallBack,
    CallBackDraw,
    CollectionMonth,
    HeldCase,
    LatencyBucket,
    Ticket,
    TicketCount,
)
from teladan.feedback.queries.months import thresholds
from teladan.feedback.sql import statement
from teladan.people.access import can
from teladan.people.models import Person, User
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.ui import formats

OPEN_STATES = (HeldCase.State.HELD, HeldCase.State.PROPOSED)
QUICK_BUCKET = rules.LATENCY_BOUNDS[0]
DAY_BUCKET = 1440


# --- traces per officer ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Traced:
    """The officers of a month: where each served most, and the counts that the signs are read from, in the same order."""

    officers: tuple[UUID, ...]
    units: dict[UUID, int]
    traces: tuple[scoring.Traces, ...]
    latency: dict[int, int]

    @property
    def late(self) -> float:
        """Share of tickets used more than a day after they were handed over."""
        total = sum(self.latency.values())
        return self.latency.get(rules.LATENCY_LATER, 0) / total if total else 0.0


def traced(month: date) -> Traced:
    """Counts per officer of a month, open or sealed; five queries."""
    events = services.ticketed_by_officer(month)
    tickets, held_at = _tickets(month), defaultdict(Counter)  # type: ignore[var-annotated]
    for (unit, officer), n in events.items():
        held_at[officer][unit] += n
    for (unit, officer), n in tickets.items():
        held_at[officer][unit] += n
    buckets: dict[UUID, dict[int, int]] = {}
    for officer, bucket, count in LatencyBucket.objects.filter(month=month).values_list(
        "officer_id", "bucket", "count"
    ):
        buckets.setdefault(officer, {})[bucket] = count
    patterns = _patterns(month)
    officers = tuple(sorted({*held_at, *buckets, *patterns}))
    return Traced(
        officers,
        {officer: found.most_common(1)[0][0] for officer, found in held_at.items()},
        tuple(
            scoring.Traces(
                name=str(officer),
                events=sum(n for (_, who), n in events.items() if who == officer),
                tickets=sum(n for (_, who), n in tickets.items() if who == officer),
                used=sum(buckets.get(officer, {}).values()),
                quick=buckets.get(officer, {}).get(QUICK_BUCKET, 0),
                answered=patterns.get(officer, (0, 0))[0],
                equal=patterns.get(officer, (0, 0))[1],
            )
            for officer in officers
        ),
        dict(sum((Counter(found) for found in buckets.values()), Counter())),
    )


def _tickets(month: date) -> dict[tuple[int, UUID], int]:
    """Tickets per unit and officer: as counted at the seal, else as they stand."""
    sealed = TicketCount.objects.filter(month=month).order_by().values_list("unit_id", "officer_id")
    rows = list(sealed.annotate(n=Sum("issued")))
    if not rows:
        standing = Ticket.objects.filter(month=month).order_by().values_list("unit_id", "officer_id")
        rows = list(standing.annotate(n=Count("id")))
    return {(unit, officer): n for unit, officer, n in rows}


def _patterns(month: date) -> dict[UUID, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement("straight"), {"month": month, "least": rules.EQUAL_FROM})
        return {officer: (answered, equal) for officer, answered, equal in cursor.fetchall()}


@dataclass(frozen=True)
class OfficerLine:
    """One officer on the desk."""

    name: str
    unit_id: int | None
    found: scoring.Officer


@dataclass(frozen=True)
class BurstLine:
    """A day with many used tickets, and what kind of day it was."""

    name: str
    unit_id: int | None
    day: date
    used: int
    expected: float
    served: int
    places: tuple[tuple[str, str, int], ...]  # channel, counter, people served there that day


@dataclass(frozen=True)
class Desk:
    """All that the desk shows of one month."""

    month: date
    is_open: bool
    lines: list[OfficerLine]
    bursts: list[BurstLine]
    latency: dict[int, int]
    lockouts: dict[int, int]
    limit: float
    minimum: int


def desk_of(month: date) -> Desk:
    """The month's signs: who stands out comes first, then by name. A fixed number of queries."""
    values = thresholds(month)
    is_open = not CollectionMonth.objects.filter(month=month, state=CollectionMonth.State.SEALED).exists()
    found = traced(month)
    names = dict(Person.objects.filter(pk__in=found.officers).values_list("pk", "name"))
    limit = float(values["disclosure.coverage"])
    signs = scoring.officer_signs(found.traces, coverage=limit)
    lines = [
        OfficerLine(names[officer], found.units.get(officer), one)
        for officer, one in zip(found.officers, signs, strict=True)
    ]
    lines.sort(key=lambda line: (-len(line.found.signs), line.name))
    locked = Ticket.objects.filter(month=month, typed_locked_until__isnull=False).order_by()
    return Desk(
        month,
        is_open,
        lines,
        _bursts(month, found, names) if is_open else [],
        found.latency,
        dict(locked.values_list("unit_id").annotate(Count("id"))),
        limit,
        int(values["disclosure.k"]),
    )


def _bursts(month: date, found: Traced, names: dict[UUID, str]) -> list[BurstLine]:
    """Days on which an officer's tickets were used in a burst. Known until the seal: the days of use go with it."""
    served: dict[UUID, Counter[str]] = defaultdict(Counter)
    places: dict[tuple[str, str], list[tuple[str, str, int]]] = defaultdict(list)
    for row in services.officer_days(month):
        served[row.officer_id][row.day.isoformat()] += row.events
        places[str(row.officer_id), row.day.isoformat()].append((row.channel, row.counter, row.events))
    used: dict[UUID, dict[str, int]] = defaultdict(dict)
    spent = Ticket.objects.filter(month=month, spent_on__isnull=False).order_by().values_list("officer_id", "spent_on")
    for officer, day, n in spent.annotate(n=Count("id")):
        used[officer][day.isoformat()] = n
    days = [scoring.Days(str(one), used.get(one, {}), served.get(one, Counter())) for one in found.officers]
    return [
        BurstLine(
            names[UUID(one.name)],
            found.units.get(UUID(one.name)),
            date.fromisoformat(one.day),
            one.used,
            one.expected,
            one.served,
            tuple(places[one.name, one.day]),
        )
        for one in scoring.bursts(days, late=found.late)
    ]


def watched_months(limit: int = 12) -> list[date]:
    """Months with anything to look at, latest first."""
    return list(CollectionMonth.objects.order_by("-month").values_list("month", flat=True)[:limit])


# --- held cases ------------------------------------------------------------------------------------------------------


def cases(*, only_open: bool = True) -> QuerySet[HeldCase]:
    """Held cases: those that wait, or all of them; the latest first."""
    rows = HeldCase.objects.select_related("unit", "officer").order_by("-found_on", "id")
    return rows.filter(state__in=OPEN_STATES) if only_open else rows


@dataclass(frozen=True)
class HeldCounts:
    """Ratings of a unit in a month by what became of them; what is published of holding."""

    held: int = 0
    voided: int = 0
    released: int = 0


def held_counts(month: date) -> dict[int, HeldCounts]:
    """Unit id → ratings held (undecided), voided and released, as the month's cases have them."""
    rows = HeldCase.objects.filter(month=month).order_by().values_list("unit_id")
    held = Q(state__in=[*OPEN_STATES, HeldCase.State.UNRESOLVED])
    counted = rows.annotate(
        held=Sum("size", filter=held, default=0),
        voided=Sum("size", filter=Q(state=HeldCase.State.VOIDED), default=0),
        released=Sum("size", filter=Q(state=HeldCase.State.RELEASED), default=0),
    )
    return {unit: HeldCounts(held, voided, released) for unit, held, voided, released in counted}


# --- the call-back sample --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    """What a month's calls have shown so far."""

    draw: CallBackDraw
    recorded: int
    reached: int
    handed: scoring.Estimate
    not_handed: scoring.Estimate
    rated: scoring.Estimate

    def power(self, share: float) -> float:
        """Chance that those reached hold at least one fake, if this share of all events were fake."""
        return scoring.power_of(self.reached, share, population=self.draw.population)

    def power_planned(self, share: float) -> float:
        """The same if everybody drawn were reached."""
        return scoring.power_of(self.draw.size, share, population=self.draw.population)


def draws() -> list[Called]:
    """Every month's sample with its counts, latest first; two queries."""
    rows = CallBackDraw.objects.order_by("-month")
    counted = CallBack.objects.order_by().values("draw_id", "is_reached", "was_handed", "has_rated")
    found: dict[date, list[dict[str, object]]] = defaultdict(list)
    for row in counted.annotate(n=Count("id")):
        found[row["draw_id"]].append(dict(row))
    return [_called(draw, found[draw.month]) for draw in rows]


def _called(draw: CallBackDraw, rows: Iterable[dict[str, object]]) -> Called:
    def n(**wanted: object) -> int:
        return sum(int(str(row["n"])) for row in kept if all(row[name] == value for name, value in wanted.items()))

    kept = list(rows)
    reached = n(is_reached=True)
    handed, missing = n(is_reached=True, was_handed="yes"), n(is_reached=True, was_handed="no")
    rated, unrated = n(is_reached=True, has_rated="yes"), n(is_reached=True, has_rated="no")
    return Called(
        draw,
        reached + n(is_reached=False),
        reached,
        scoring.estimate(handed, handed + missing),
        scoring.estimate(missing, handed + missing),
        scoring.estimate(rated, rated + unrated),
    )


def called(month: date) -> Called | None:
    """One month's sample."""
    return next((one for one in draws() if one.draw.month == month), None)


def calls_of(draw: CallBackDraw) -> QuerySet[CallBack]:
    """The drawn events in the order of drawing."""
    return CallBack.objects.filter(draw=draw).select_related("recorded_by__person").order_by("place")


# --- the desk's worklist ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Todo:
    """One line on somebody's desk."""

    what: str
    note: str
    url: str


def integrity_worklist(user: User) -> list[Todo]:
    """Cases to decide and calls to make, for the Inspektorat."""
    if not can(user, Permission.RATINGS_JUDGE):
        return []
    todo = []
    waiting = cases().count()
    if waiting:
        what = ngettext("Satu kelompok penilaian ditahan", "%(n)d kelompok penilaian ditahan", waiting)
        note = _("Putuskan sebelum bulannya disegel.")
        todo.append(Todo(what % {"n": waiting}, note, reverse("held-list")))
    for one in draws()[:1]:
        if one.recorded < one.draw.size:
            words = {"n": one.recorded, "size": one.draw.size}
            what = _("Sampel telepon: %(n)d dari %(size)d dicatat") % words
            todo.append(
                Todo(what, formats.month(one.draw.month), reverse("call-list", args=[f"{one.draw.month:%Y-%m}"]))
            )
    return todo
