"""Pure decisions about people: who may appraise, what a NIP says, what the words of a SIASN export mean."""

from teladan.people.rules.appraisal import (
    ACTING_ORDER,
    APPRAISER_KINDS,
    TOP_KIND,
    Climb,
    Node,
    PostKind,
    Seat,
    Step,
    climb,
    head_among,
    is_mayors,
    may_appraise,
)
from teladan.people.rules.nip import Nip, NipError, parse_nip

__all__ = [
    "ACTING_ORDER",
    "APPRAISER_KINDS",
    "TOP_KIND",
    "Climb",
    "Nip",
    "NipError",
    "Node",
    "PostKind",
    "Seat",
    "Step",
    "climb",
    "head_among",
    "is_mayors",
    "may_appraise",
    "parse_nip",
]
