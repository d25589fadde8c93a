"""Reading: months, tickets, cells, counts."""

from teladan.feedback.queries.external import Distribution, ExternalSummary, external_summary
from teladan.feedback.queries.months import (
    MonthState,
    TicketCountRow,
    collection_rules,
    issue_days,
    latency,
    month_states,
    policy_on,
    seal_opens_on,
    thresholds,
    ticket_counts,
)
from teladan.feedback.queries.ratings import (
    CellRow,
    RatingCount,
    UnitAnswers,
    cells,
    rating_counts,
    unit_moments,
)

__all__ = [
    "CellRow",
    "Distribution",
    "ExternalSummary",
    "MonthState",
    "RatingCount",
    "TicketCountRow",
    "UnitAnswers",
    "cells",
    "collection_rules",
    "external_summary",
    "issue_days",
    "latency",
    "month_states",
    "policy_on",
    "rating_counts",
    "seal_opens_on",
    "thresholds",
    "ticket_counts",
    "unit_moments",
]
