"""Reading: months, tickets, cells, counts."""

from teladan.feedback.queries.months import (
    MonthState,
    TicketCountRow,
    issue_days,
    latency,
    month_states,
    policy_on,
    seal_opens_on,
    thresholds,
    ticket_counts,
)

__all__ = [
    "MonthState",
    "TicketCountRow",
    "issue_days",
    "latency",
    "month_states",
    "policy_on",
    "seal_opens_on",
    "thresholds",
    "ticket_counts",
]
