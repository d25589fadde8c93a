"""Pure decisions about awards: who is eligible, which ties disqualify, numbers and codes of certificates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
CODE_LENGTH = 16
STABLE_SHARE = 0.8
"""Members in fewer of the refits are flagged, not removed (scoring.md §5)."""
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


class Obstacle(StrEnum):
    """Why somebody of the selected set does not come before the committee."""

    USE = "use"  # too few ratings or too little reliability for an award
    PUNCTUALITY = "punctuality"


def obstacle(*, may_be_used: bool, punctuality: float | None, minimum: float) -> Obstacle | None:
    """The first thing that keeps somebody out. A service without a promised time cannot be late: missing is missing."""
    if not may_be_used:
        return Obstacle.USE
    if punctuality is not None and punctuality < minimum:
        return Obstacle.PUNCTUALITY
    return None


def is_stable(share: float | None) -> bool:
    """Whether the place on the shortlist survives leaving out one channel or service at a time."""
    return share is None or share >= STABLE_SHARE


class Tie(StrEnum):
    """What binds a committee member to a candidate, as the system knows it."""

    SELF = "self"
    APPRAISER = "appraiser"
    OFFICE = "office"


def known_tie(
    *, member: object | None, candidate: object, appraiser: object | None, member_office: int | None, office: int | None
) -> Tie | None:
    """The strongest known tie; accounts without a person have none that we know of."""
    if member is None:
        return None
    if member == candidate:
        return Tie.SELF
    if member == appraiser:
        return Tie.APPRAISER
    return Tie.OFFICE if member_office is not None and member_office == office else None


def office_of(unit: int, parents: Mapping[int, int | None]) -> int:
    """The unit right below the top of the tree to which a unit belongs; the top itself is its own office."""
    seen: list[int] = []
    here: int | None = unit
    while here is not None and here not in seen:
        seen.append(here)
        here = parents.get(here)
    return seen[-2] if len(seen) > 1 else seen[-1]


class Refusal(StrEnum):
    """Why a decision cannot be taken."""

    NO_REASON = "no_reason"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"
    NO_CITATION = "no_citation"
    NOT_STATED = "not_stated"
    CONFLICTED = "conflicted"
    TWICE = "twice"


@dataclass(frozen=True)
class Ballot:
    """Everything a decision rests on, as plain values. Keys are candidates."""

    candidates: Collection[int]
    winners: Mapping[int, str]  # candidate -> public citation
    reason: str
    stated: Mapping[int, bool]  # candidate -> the decider's statement: has a conflict
    tied: Collection[int]  # candidates to whom the decider is known to be tied
    already: Collection[int]  # candidates who have this award for this month
    places: int


def refusals(ballot: Ballot) -> list[Refusal]:
    """What stands against a decision; none means it may be taken. A conflicted voice never decides."""
    won = set(ballot.winners)
    checks = {
        Refusal.NO_REASON: not ballot.reason.strip(),
        Refusal.UNKNOWN: bool(won - set(ballot.candidates)),
        Refusal.TOO_MANY: len(won) > ballot.places,
        Refusal.NO_CITATION: any(not text.strip() for text in ballot.winners.values()),
        Refusal.NOT_STATED: bool(set(ballot.candidates) - set(ballot.stated)),
        Refusal.CONFLICTED: any(ballot.stated.values()) or bool(set(ballot.candidates) & set(ballot.tied)),
        Refusal.TWICE: bool(won & set(ballot.already)),
    }
    return [refusal for refusal, stands in checks.items() if stands]


def award_number(sequence: int, programme: str, month: date) -> str:
    """`003/PETUGAS-TELADAN/X/2026`."""
    return f"{sequence:03d}/{programme.upper()}/{ROMAN[month.month - 1]}/{month.year}"


def code_from(random: bytes) -> str:
    """A certificate's code from ten random bytes: sixteen characters that are hard to misread."""
    if len(random) != CODE_LENGTH * 5 // 8:
        raise ValueError("Kode piagam dibuat dari sepuluh bita acak.")
    value = int.from_bytes(random)
    return "".join(ALPHABET[value >> shift & 31] for shift in range(5 * (CODE_LENGTH - 1), -1, -5))


def normalised_code(text: str) -> str:
    """What somebody typed, as a code: case, spaces and hyphens do not matter, nor O for 0 and I or L for 1."""
    letters = text.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(letter for letter in letters if letter in ALPHABET)


def written_code(code: str) -> str:
    """In groups of four, for paper."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def tally(names: Iterable[Any]) -> dict[str, int]:
    """How often each name occurs, by name."""
    found: dict[str, int] = {}
    for name in names:
        found[str(name)] = found.get(str(name), 0) + 1
    return dict(sorted(found.items()))
