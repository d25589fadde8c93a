"""Plain values that component tags draw. Tuples in the same order work too."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Of a piece of work: where it stands. Always shown with a word."""

    TODO = "todo"
    NOW = "now"
    LATE = "late"
    DONE = "done"


class Step(NamedTuple):
    """One line of a decomposition; the last line of a list is the result."""

    label: str
    value: str
    note: str = ""


class Stage(NamedTuple):
    """One stage of the cycle bar; `state` is past, here or next."""

    label: str
    note: str = ""
    state: str = "next"
    url: str = ""


class Crumb(NamedTuple):
    """One step back up; the last has no address."""

    label: str
    url: str = ""
