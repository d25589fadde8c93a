"""Closings and their frozen results and releases; proposals of other rules; achievement; evaluations of people."""

from teladan.evaluation.models.closings import (
    Closing,
    CommentRelease,
    IntegrityReport,
    OfficerResult,
    PolicyProposal,
    Release,
    UnitResult,
)
from teladan.evaluation.models.skm import ELEMENT_NAMES, PastIndex, SkmFollowUp, SkmPublication, SkmReport, Span
from teladan.evaluation.models.team import (
    Achievement,
    DistributionReason,
    Evaluation,
    OrganisationAchievement,
    Predicate,
    Rating,
)

__all__ = [
    "ELEMENT_NAMES",
    "Achievement",
    "Closing",
    "CommentRelease",
    "DistributionReason",
    "Evaluation",
    "IntegrityReport",
    "OfficerResult",
    "OrganisationAchievement",
    "PastIndex",
    "PolicyProposal",
    "Predicate",
    "Rating",
    "Release",
    "SkmFollowUp",
    "SkmPublication",
    "SkmReport",
    "Span",
    "UnitResult",
]
