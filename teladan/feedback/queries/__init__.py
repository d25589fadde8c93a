"""Reading: months, tickets, cells, counts."""

from teladan.feedback.queries.external import Distribution, ExternalSummary, external_summary
from teladan.feedback.queries.months import (
    MonthState,
    TicketCountRow,
    collection_rules,
    first_page_month,
    issue_days,
    latency,
    month_states,
    plan_for,
    policy_on,
    seal_opens_on,
    thresholds,
    ticket_counts,
    ticket_page,
)
from teladan.feedback.queries.profiles import ProfileCell, ProfileTable, profile_counts
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
    "ProfileCell",
    "ProfileTable",
    "RatingCount",
    "TicketCountRow",
    "UnitAnswers",
    "cells",
    "collection_rules",
    "external_summary",
    "first_page_month",
    "issue_days",
    "latency",
    "month_states",
    "plan_for",
    "policy_on",
    "profile_counts",
    "rating_counts",
    "seal_opens_on",
    "thresholds",
    "ticket_counts",
    "ticket_page",
    "unit_moments",
]
