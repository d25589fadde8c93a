"""Post kinds, who may appraise, and the climb up the tree to the appraiser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class PostKind(StrEnum):
    """Kinds of posts (UU 20/2023; PermenPANRB 6/2022 art. 1). Values are stored."""

    JPT = "jpt"  # pimpinan tinggi
    ADMINISTRATOR = "administrator"
    SUPERVISOR = "pengawas"
    STAFF = "pelaksana"
    FUNCTIONAL = "fungsional"


APPRAISER_KINDS = frozenset({PostKind.JPT, PostKind.ADMINISTRATOR, PostKind.SUPERVISOR})
"""An appraiser is at least a *pejabat pengawas* (PermenPANRB 6/2022 art. 1(9))."""

ACTING_ORDER = ("definitif", "tambahan", "plt", "pj", "plh")
"""Who heads a unit when several hold its head post: the definitive holder, else the acting one in this order."""

TOP_KIND = "kota"


@dataclass(frozen=True)
class Seat:
    """Somebody sitting on a head post on a day."""

    person: UUID
    kind: str  # of the placement: definitif, plt, plh, pj
    since: date


@dataclass(frozen=True)
class Node:
    """One unit of the tree on a day, with whoever heads it."""

    unit: int
    parent: int | None
    kind: str
    head_kind: str | None = None  # of the head post
    delegated: bool = False  # a functional head who may appraise (annex IV.A.7)
    head: Seat | None = None


class Step(StrEnum):
    """What the climb met at one unit."""

    FOUND = "found"
    OWN = "own"  # the person heads this unit
    VACANT = "vacant"  # no head post, nobody on it, or its holder is gone for good (annex IV.A.2)
    TOO_LOW = "too_low"  # the head is below a pejabat pengawas (art. 1(9))
    OUTSIDE = "outside"  # the unit does not exist on that day


@dataclass(frozen=True)
class Climb:
    """The way up, unit by unit; `head` is the appraiser found at the last step."""

    steps: tuple[tuple[int, Step], ...]
    head: Seat | None = None

    @property
    def unit(self) -> int | None:
        """The unit whose head was found."""
        return self.steps[-1][0] if self.head else None


def head_among(seats: Iterable[Seat]) -> Seat | None:
    """The definitive holder, else Plt., Pj., Plh.; of two alike the one who came last."""
    return min(
        seats,
        key=lambda seat: (ACTING_ORDER.index(seat.kind), -seat.since.toordinal(), seat.person.hex),
        default=None,
    )


def may_appraise(node: Node) -> bool:
    """At least a *pejabat pengawas*, or a functional head with a delegation (art. 1(9), annex IV.A.7)."""
    return node.head_kind in APPRAISER_KINDS or node.delegated


def _meet(node: Node | None, person: UUID | None) -> Step:
    if node is None:
        return Step.OUTSIDE
    if node.head is None:
        return Step.VACANT
    if node.head.person == person:
        return Step.OWN
    return Step.FOUND if may_appraise(node) else Step.TOO_LOW


def climb(start: int, person: UUID | None, nodes: Mapping[int, Node]) -> Climb:
    """From a unit upwards to the first head who may appraise and is not the person (art. 1(9), annex IV.A.2)."""
    steps: list[tuple[int, Step]] = []
    unit: int | None = start
    while unit is not None and unit not in {seen for seen, _ in steps}:
        node = nodes.get(unit)
        step = _meet(node, person)
        steps.append((unit, step))
        if step is Step.FOUND and node:
            return Climb(tuple(steps), node.head)
        unit = node.parent if node else None
    return Climb(tuple(steps))


def is_mayors(way: Climb, post_kind: str | None, nodes: Mapping[int, Node]) -> bool:
    """Nobody above but the mayor: city JPT and heads of units right below the city (annex IV; PP 30/2019)."""
    if way.head is not None:
        return False
    if post_kind == PostKind.JPT:
        return True
    tops = {unit for unit, node in nodes.items() if node.kind == TOP_KIND or node.parent is None}
    own = [unit for unit, step in way.steps if step is Step.OWN]
    return any(nodes[unit].parent in tops or unit in tops for unit in own)
