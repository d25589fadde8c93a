"""What a drawing consists of. Coordinates are text already, so that no language puts a comma into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString

from teladan.ui.charts.scales import text_width

# The page shows the drawing that fits its box, so that letters keep their size.
WIDTHS = (("narrow", 340), ("medium", 540), ("wide", 840))


class Line(NamedTuple):
    """A value to compare with, and its words."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """One SVG element: its tag, its class, its attributes, its text and its tooltip."""

    tag: str
    css: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    tip: str = ""

    @property
    def html(self) -> str:
        """Tag, class and attributes are ours (names and coordinates); only words come from elsewhere and are escaped."""
        attributes = "".join(f' {name}="{value}"' for name, value in self.attributes)
        tip = f"<title>{escape(self.tip)}</title>" if self.tip else ""
        return f'<{self.tag} class="{self.css}"{attributes}>{escape(self.text)}{tip}</{self.tag}>'


@dataclass(frozen=True, slots=True)
class Drawing:
    """One SVG picture."""

    size: str
    width: int
    height: int
    marks: tuple[Mark, ...]

    @property
    def box(self) -> str:
        return f"0 0 {self.width} {self.height}"

    @property
    def body(self) -> SafeString:
        return SafeString("".join(mark.html for mark in self.marks))


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers behind a picture, already written for people; the first column names the row.

    `links`, where given, hold one address per row (or nothing): where that row's numbers are explained.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...] = ()

    @property
    def lines(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each row with its address."""
        return list(zip(self.links or ("",) * len(self.rows), self.rows, strict=True))


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture in several widths, its sentence, its table. Without drawings there was nothing to draw."""

    title: str
    description: str
    drawings: tuple[Drawing, ...]
    table: Table
    kind: str = "svg"


def draw(painter: Callable[[int], tuple[int, Iterable[Mark]]]) -> tuple[Drawing, ...]:
    """The same picture in each width; `painter` returns height and marks for a width."""
    drawings = []
    for size, width in WIDTHS:
        height, marks = painter(width)
        drawings.append(Drawing(size, width, height, tuple(marks)))
    return tuple(drawings)


def coordinate(value: float) -> str:
    """One decimal, a full stop, no negative zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def path(points: Sequence[tuple[float, float]], css: str, closed: bool = False) -> Mark:
    steps = " ".join(f"{coordinate(x)} {coordinate(y)}" for x, y in points)
    return Mark("path", css, (("d", f"M{steps}{'Z' if closed else ''}"),))


def rule(x1: float, y1: float, x2: float, y2: float, css: str) -> Mark:
    return path([(x1, y1), (x2, y2)], css)


def circle(x: float, y: float, radius: float, css: str, tip: str = "") -> Mark:
    return Mark("circle", css, (("cx", coordinate(x)), ("cy", coordinate(y)), ("r", coordinate(radius))), tip=tip)


def box(x: float, y: float, width: float, height: float, css: str, radius: float = 0, tip: str = "") -> Mark:
    attributes = (
        ("x", coordinate(x)),
        ("y", coordinate(y)),
        ("width", coordinate(max(0.0, width))),
        ("height", coordinate(max(0.0, height))),
        ("rx", coordinate(radius)),
    )
    return Mark("rect", css, attributes, tip=tip)


def words(x: float, y: float, text: str, css: str = "c-axis", anchor: str = "start") -> Mark:
    return Mark("text", css, (("x", coordinate(x)), ("y", coordinate(y)), ("text-anchor", anchor)), text=text)


def words_inside(x: float, y: float, text: str, css: str, left: float, right: float) -> Mark:
    """Centred on x, pushed inwards where it would leave the picture."""
    half = text_width(text, 16 if "c-value" in css else 14) / 2  # values are set larger and bolder
    return words(min(max(x, left + half), max(left + half, right - half)), y, text, css, "middle")
