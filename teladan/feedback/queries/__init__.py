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
    thresholds_of,
    ticket_counts,
    unit_tickets,
)
from teladan.feedback.queries.ratings import (
    CellRow,
    MonthAnswers,
    RatingCount,
    UnitAnswers,
    cells,
    period_answers,
    rating_counts,
    unit_moments,
)

__all__ = [
    "CellRow",
    "Distribution",
    "ExternalSummary",
    "MonthAnswers",
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
    "period_answers",
    "policy_on",
    "rating_counts",
    "seal_opens_on",
    "thresholds",
    "thresholds_of",
    "ticket_counts",
    "unit_moments",
    "unit_tickets",
]
