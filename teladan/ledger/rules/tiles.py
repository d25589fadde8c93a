"""Tiles of 256 hashes (c2sp.org/tlog-tiles): what is stored of the tree beside its leaves, and how a tree grows by them.

Tile (0, n) holds the hashes of leaves 256 n …; tile (l, n) the roots of the full tiles (l - 1, 256 n …). Only full tiles are
stored, with their roots, and never changed; what is not full yet is read from the row below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from teladan.ledger.rules.tree import HASH_BYTES, Node, fold, parts, root_of

HEIGHT = 8
WIDTH = 1 << HEIGHT


@dataclass(frozen=True)
class FullTile:
    """256 neighbouring hashes and the root over them."""

    level: int
    number: int
    root: bytes
    hashes: bytes


@dataclass(frozen=True)
class Place:
    """Where in which tile the hashes lie that a complete subtree is computed from."""

    level: int
    number: int
    first: int
    count: int

    @property
    def width(self) -> int:
        """How many hashes the tile must have for that."""
        return self.first + self.count


def place_of(node: Node) -> Place:
    """The place of a complete subtree."""
    level, inner = divmod(node[0], HEIGHT)
    start = node[1] << inner
    return Place(level, start >> HEIGHT, start & (WIDTH - 1), 1 << inner)


def edges(size: int) -> list[tuple[int, int, int]]:
    """(level, number, width) of the tiles that a tree of `size` has begun and not filled; width may be 0."""
    found = []
    level = 0
    while count := size >> (HEIGHT * level):
        found.append((level, count >> HEIGHT, count & (WIDTH - 1)))
        level += 1
    return found


@dataclass
class Growth:
    """A tree that grows at its right edge. `tails` are the hashes of the tiles begun, by level; `full` what was filled."""

    size: int = 0
    tails: list[list[bytes]] = field(default_factory=list)
    full: list[FullTile] = field(default_factory=list)

    def add(self, hashes: Sequence[bytes]) -> None:
        """Append leaf hashes."""
        begun = self.size >> HEIGHT
        self.size += len(hashes)
        self._add(0, begun, hashes)

    def _add(self, level: int, number: int, hashes: Sequence[bytes]) -> None:
        if level == len(self.tails):
            self.tails.append([])
        row = [*self.tails[level], *hashes]
        whole = len(row) - len(row) % WIDTH
        self.tails[level] = row[whole:]
        roots = []
        for start in range(0, whole, WIDTH):
            tile = row[start : start + WIDTH]
            roots.append(root_of(tile))
            self.full.append(FullTile(level, number + start // WIDTH, roots[-1], b"".join(tile)))
        if roots:
            self._add(level + 1, number >> HEIGHT, roots)

    def root(self) -> bytes:
        """The root of the whole tree."""
        row: list[bytes] = []
        for tail in reversed(self.tails):
            row += [root_of(tail[i << level : (i + 1) << level]) for level, i in parts((0, len(tail)))]
        return fold(row)


def cut(hashes: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
