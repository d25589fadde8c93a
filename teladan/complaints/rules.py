"""Pure decisions about complaints: states, clocks of UU 25/2009, who may judge, what the public may count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median

# --- states ----------------------------------------------------------------------------------------------------------


class State(StrEnum):
    """Where a complaint stands. The last four are ends."""

    RECEIVED = "received"  # the office looks whether the file is complete
    INCOMPLETE = "incomplete"  # the complainant was asked for something
    EXAMINED = "examined"  # complete: hearings, then the decision
    DECIDED = "decided"  # to be delivered
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    ESCALATED = "escalated"  # to the Inspektorat or the Ombudsman
    FORWARDED = "forwarded"  # to SP4N-LAPOR


S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    S.RECEIVED: frozenset({S.INCOMPLETE, S.EXAMINED, S.WITHDRAWN, S.ESCALATED, S.FORWARDED}),
    S.INCOMPLETE: frozenset({S.RECEIVED, S.EXAMINED, S.WITHDRAWN, S.ESCALATED, S.FORWARDED}),
    S.EXAMINED: frozenset({S.DECIDED, S.WITHDRAWN, S.ESCALATED, S.FORWARDED}),
    S.DECIDED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset(),
    S.WITHDRAWN: frozenset(),
    S.ESCALATED: frozenset(),
    S.FORWARDED: frozenset(),
}
ENDS = frozenset(state for state, after in TRANSITIONS.items() if not after)


def may_move(before: str, after: str) -> bool:
    """Whether a case may go from one state to the other."""
    return State(after) in TRANSITIONS[State(before)]


class Late(StrEnum):
    """Whose clock runs."""

    HANDLER = "handler"
    COMPLAINANT = "complainant"


def whose_turn(state: str) -> Late | None:
    """Who must act before the running clock ends; nobody once the case is over."""
    if State(state) in ENDS:
        return None
    return Late.COMPLAINANT if state == State.INCOMPLETE else Late.HANDLER


# --- clocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clocks:
    """Days of each clock: calendar days, the statement in working days."""

    filing: int
    check: int
    completion: int
    decision: int
    delivery: int
    statement: int

    @classmethod
    def of(cls, values: Mapping[str, int]) -> Clocks:
        """From the policy rows `complaints.*`."""
        return cls(
            filing=int(values["filing_days"]),
            check=int(values["check_days"]),
            completion=int(values["completion_days"]),
            decision=int(values["decision_days"]),
            delivery=int(values["delivery_days"]),
            statement=int(values["statement_working_days"]),
        )


def due(start: date, days: int) -> date:
    """The last day of a clock of calendar days; the day it begins does not count."""
    return start + timedelta(days=days)


def is_overdue(due_on: date | None, today: date) -> bool:
    """The last day itself is in time."""
    return due_on is not None and today > due_on


def is_filed_late(served_on: date, received_on: date, days: int) -> bool:
    """Filed after the time the law gives: still read, and said so."""
    return received_on > due(served_on, days)


def decision_due(declared_on: date, check_due_on: date, days: int) -> date:
    """The decision's clock begins when the file is declared complete, and at the latest when that was due."""
    return due(min(declared_on, check_due_on), days)


# --- who may judge ---------------------------------------------------------------------------------------------------


class Tie(StrEnum):
    """What keeps somebody from judging a complaint."""

    NO_PLACE = "no_place"  # nobody knows where the account belongs
    OFFICE = "office"
    SELF = "self"
    SUBORDINATE = "subordinate"


def office_of(unit: int, parents: Mapping[int, int | None]) -> int:
    """The unit right below the top of the tree to which a unit belongs; the top itself is its own office."""
    way = [unit]
    while (above := parents.get(way[-1])) is not None and above not in way:
        way.append(above)
    return way[-2] if len(way) > 1 else way[-1]


def tie(
    *,
    judge: object | None,
    offices: Collection[int],
    superiors: Collection[object],
    office: int,
    complained_of: Collection[object],
) -> Tie | None:
    """The first reason why this person may not judge: own office, oneself, or a superior complained of."""
    if judge is None or not offices:
        return Tie.NO_PLACE
    if judge in complained_of:
        return Tie.SELF
    if any(one in superiors for one in complained_of):
        return Tie.SUBORDINATE
    return Tie.OFFICE if office in offices else None


# --- when no handler is free -----------------------------------------------------------------------------------------


class Level(StrEnum):
    """To whom a case goes when every handler is tied: roles outside the handlers, in the city's order."""

    INSPECTOR = "inspector"
    BKPSDM = "bkpsdm"
    PYB = "pyb"
    MAYOR = "mayor"
    NOBODY = "nobody"  # whoever could step in is tied, too


LEVELS = tuple(level for level in Level if level is not Level.NOBODY)
ORDER = ("complaints.first_stand_in", "complaints.second_stand_in", "complaints.third_stand_in")
"""The policy rows that say who steps in first, second and third."""


def level_for(order: Iterable[str], is_free: Callable[[Level], bool]) -> Level:
    """The first level of the order where somebody is free of ties."""
    return next((Level(one) for one in order if is_free(Level(one))), Level.NOBODY)


# --- what the public may count ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """A month of complaints; None where too few stand behind a number."""

    received: int | None
    decided: int | None
    upheld: int | None
    median_days: float | None


def counts(received: int, durations: Collection[int], upheld: int, *, k: int) -> Counts:
    """Numbers from k on. The upheld are withheld, too, when the others among the decided are fewer than k but some."""
    decided = len(durations)
    rest = decided - upheld
    shows_upheld = upheld >= k and (rest >= k or rest == 0)
    return Counts(
        received=received if received >= k else None,
        decided=decided if decided >= k else None,
        upheld=upheld if shows_upheld else None,
        median_days=float(median(durations)) if decided >= k else None,
    )
