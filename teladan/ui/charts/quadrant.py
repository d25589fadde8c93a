"""People in the 3 × 3 grid of results and behaviour. Which cell means what is the caller's rule, not ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TONES = ("best", "good", "weak", "worst")


class Cell(NamedTuple):
    """What a cell means and how it is tinted: best, good (untinted), weak or worst."""

    meaning: str
    tone: str = "good"


class Placed(NamedTuple):
    """A person and their place: row and column from 1 (below) to 3 (above)."""

    name: str
    row: int
    column: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class QuadrantCell:
    """One drawn cell with the people in it."""

    row: int
    column: int
    meaning: str
    tone: str
    people: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class QuadrantRow:
    label: str
    cells: tuple[QuadrantCell, ...]


@dataclass(frozen=True, slots=True)
class Quadrant:
    """The grid, highest row first; the page draws it as a table."""

    title: str
    row_axis: str
    column_axis: str
    columns: tuple[str, ...]
    rows: tuple[QuadrantRow, ...]
    kind: str = "quadrant"


def quadrant(
    title: str,
    cells: Sequence[Sequence[Cell]],
    people: Iterable[Placed],
    *,
    row_axis: str,
    column_axis: str,
    steps: tuple[str, str, str],
) -> Quadrant:
    """`cells[row-1][column-1]` for steps 1 (below) to 3 (above); `steps` are their words."""
    if len(cells) != 3 or any(len(row) != 3 for row in cells):
        raise ValueError("A quadrant has three rows of three cells.")
    placed = [Placed(*person) for person in people]
    if any(not (1 <= person.row <= 3 and 1 <= person.column <= 3) for person in placed):
        raise ValueError("A place in the quadrant runs from 1 to 3.")
    rows = []
    for row in (3, 2, 1):
        drawn = []
        for column in (1, 2, 3):
            cell = Cell(*cells[row - 1][column - 1])
            if cell.tone not in TONES:
                raise ValueError(f"Unknown tone {cell.tone!r}; use one of {TONES}.")
            inside = tuple(person for person in placed if (person.row, person.column) == (row, column))
            drawn.append(QuadrantCell(row, column, cell.meaning, cell.tone, inside))
        rows.append(QuadrantRow(steps[row - 1], tuple(drawn)))
    return Quadrant(title, row_axis, column_axis, steps, tuple(rows))
