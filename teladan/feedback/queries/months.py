"""Collection months: their frozen thresholds, their states, tickets and issue days counted at the seal."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from teladan.core import clock, policy
from teladan.feedback import rules
from teladan.feedback.models import CollectionMonth, IssueDayCount, LatencyBucket, SealSalt, TicketCount
from teladan.feedback.questionnaire import Plan, plan_of
from teladan.feedback.sql import one_row

_REMEMBER_SECONDS = 60
_remembered: dict[date, tuple[float, dict[str, Any]]] = {}
_plans: dict[date, tuple[dict[str, Any], Plan]] = {}


@dataclass(frozen=True)
class MonthState:
    """Where a collection month stands."""

    month: date
    state: str
    opened_at: datetime
    sealed_at: datetime | None
    forgotten_at: datetime | None
    seal_digest: str
    policy_version: str

    @property
    def is_sealed(self) -> bool:
        return self.state == CollectionMonth.State.SEALED


@dataclass(frozen=True)
class TicketCountRow:
    """Tickets of one officer and service in a sealed month."""

    month: date
    unit_id: int
    service_id: int
    officer_id: UUID
    issued: int
    spent: int


def policy_on(month: date) -> dict[str, Any]:
    """Every policy value in force on the first day of a month, by full key; what opening the month freezes."""
    found = {row.key: row.value for row in policy.rows_on(month)}
    if not found:
        raise policy.MissingPolicy(
            f"Belum ada aturan yang berlaku pada {month}. Muat paket aturan: teladan load-policy FILE."
        )
    return found


def thresholds(month: date) -> dict[str, Any]:
    """The policy frozen when the month opened, by full key (`disclosure.k`); for an unopened month, today's rules of it."""
    frozen = CollectionMonth.objects.filter(month=month).values_list("policy", flat=True).first()
    return policy_on(month) if frozen is None else dict(frozen)


def thresholds_of(months: Iterable[date]) -> dict[date, dict[str, Any]]:
    """The frozen policy of each opened month among these; one query."""
    rows = CollectionMonth.objects.filter(month__in=list(months)).order_by("month")
    return {month: dict(values) for month, values in rows.values_list("month", "policy")}


def collection_rules(month: date) -> dict[str, Any]:
    """`thresholds(month)`, remembered for a minute: the citizen's pages ask at every request."""
    found = _remembered.get(month)
    if found is None or found[0] < time.monotonic():
        found = _remembered[month] = (time.monotonic() + _REMEMBER_SECONDS, thresholds(month))
    return found[1]


def plan_for(month: date) -> Plan:
    """The questionnaire of a month and how much of it each citizen is asked; remembered with its rules."""
    held, found = collection_rules(month), _plans.get(month)
    if found is None or found[0] is not held:
        found = _plans[month] = (held, plan_of(held, month))
    return found[1]


def first_page_month(token_hash: bytes) -> date:
    """The month whose questionnaire the first page shows. The ticket is looked up only in the days when it matters:
    while tickets of last month can still be used and last month asks by another version."""
    month = clock.month_of(clock.today())
    before = clock.add_months(month, -1)
    same = plan_for(before).questionnaire.version == plan_for(month).questionnaire.version
    grace_days = int(collection_rules(before)["collection.grace_days"])
    if same or clock.today() >= rules.seal_opens_on(before, grace_days=grace_days):
        return month
    return ticket_page(token_hash)[0]


def ticket_page(token_hash: bytes) -> tuple[date, bool]:
    """Month of a ticket and whether its service costs something today; this month and free for what is no ticket.

    Whether it was used or is too old makes no difference.
    """
    today = clock.today()
    found: tuple[date, bool] | None = one_row("ticket_page", {"token_hash": token_hash, "today": today})
    return found or (clock.month_of(today), False)


def seal_opens_on(month: date) -> date:
    """First day on which the month may be sealed and closed."""
    return rules.seal_opens_on(month, grace_days=int(thresholds(month)["collection.grace_days"]))


def figures_blind(month: date) -> str:
    """What hides the digests of a sealed month's figures, in hex; empty where it was sealed before there was any. Never shown."""
    found = SealSalt.objects.filter(month=month).values_list("blind", flat=True).first()
    return "" if found is None else bytes(found).hex()


def month_states() -> dict[date, MonthState]:
    """Every collection month, oldest first."""
    rows = CollectionMonth.objects.order_by("month").values_list(
        "month", "state", "opened_at", "sealed_at", "forgotten_at", "seal_digest", "policy_version"
    )
    return {row[0]: MonthState(*row) for row in rows}


def ticket_counts(month: date) -> list[TicketCountRow]:
    """Tickets issued and spent per unit, service and officer. Empty until the month is sealed: nobody counts before."""
    rows = TicketCount.objects.filter(month=month).order_by("unit_id", "service_id", "officer_id")
    return [
        TicketCountRow(*row)
        for row in rows.values_list("month", "unit_id", "service_id", "officer_id", "issued", "spent")
    ]


def unit_tickets(unit_id: int, months: Iterable[date]) -> dict[date, tuple[int, int]]:
    """Tickets of one unit issued and spent per sealed month; one query."""
    rows = TicketCount.objects.filter(unit_id=unit_id, month__in=list(months)).values("month").order_by("month")
    found = rows.annotate(all=Sum("issued"), used=Sum("spent")).values_list("month", "all", "used")
    return {month: (issued, spent) for month, issued, spent in found}


def issue_days(months: Iterable[date]) -> dict[UUID, int]:
    """Distinct days on which each officer issued tickets that were used, over sealed months."""
    rows = IssueDayCount.objects.filter(month__in=list(months)).values("officer_id").annotate(total=Sum("days"))
    return {row["officer_id"]: row["total"] for row in rows}


def latency(month: date) -> dict[UUID, dict[int, int]]:
    """Per officer how many tickets were used within so many minutes of issue; for the integrity desk, after the seal."""
    if not CollectionMonth.objects.filter(month=month, state=CollectionMonth.State.SEALED).exists():
        return {}
    found: dict[UUID, dict[int, int]] = {}
    for officer, bucket, count in LatencyBucket.objects.filter(month=month).values_list(
        "officer_id", "bucket", "count"
    ):
        found.setdefault(officer, {})[bucket] = count
    return found
