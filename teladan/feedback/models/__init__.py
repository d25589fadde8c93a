"""Collection months, tickets, staged and sealed ratings, comments, and ratings of outside sources.

`Staged…` tables live until the seal and are then emptied; no row of an answer names an employee's reader, an order
or a time finer than a month.
"""

from teladan.feedback.models.channels import Delivery, ExternalRating, ExternalSource, Kiosk
from teladan.feedback.models.checking import CallBack, CallBackDraw, CaseRating, HeldCase
from teladan.feedback.models.comments import CommentBatch, CommentReply, Moderated, SealedComment, StagedComment
from teladan.feedback.models.counts import (
    PROFILE,
    IssueDay,
    IssueDayCount,
    LatencyBucket,
    ProfileCount,
    TicketCount,
    WaitingProfile,
)
from teladan.feedback.models.months import CollectionMonth, MonthKey, SealSalt, SettleRound, Ticket
from teladan.feedback.models.ratings import (
    ELEMENTS,
    REFUSED,
    STAFF_ELEMENTS,
    Answers,
    GivenAnswers,
    RatingLeaf,
    RatingStatus,
    RefusedRating,
    SealedRating,
    StagedRating,
)

__all__ = [
    "ELEMENTS",
    "PROFILE",
    "REFUSED",
    "STAFF_ELEMENTS",
    "Answers",
    "CallBack",
    "CallBackDraw",
    "CaseRating",
    "CollectionMonth",
    "CommentBatch",
    "CommentReply",
    "Delivery",
    "ExternalRating",
    "ExternalSource",
    "GivenAnswers",
    "HeldCase",
    "IssueDay",
    "IssueDayCount",
    "Kiosk",
    "LatencyBucket",
    "Moderated",
    "MonthKey",
    "ProfileCount",
    "RatingLeaf",
    "RatingStatus",
    "RefusedRating",
    "SealSalt",
    "SealedComment",
    "SealedRating",
    "SettleRound",
    "StagedComment",
    "StagedRating",
    "Ticket",
    "TicketCount",
    "WaitingProfile",
]
