"""The rooms as the import contract orders them: one source for every house test."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "teladan"


@cache
def levels() -> dict[str, int]:
    """Room -> level; a higher number is nearer to the roof."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contract["tool"]["importlinter"]["contracts"][0]["layers"]
    return {
        room.strip().strip("()"): len(layers) - index for index, layer in enumerate(layers) for room in layer.split("|")
    }


def may_know(room: str, other: str) -> bool:
    """Down only, and itself; strangers on one level do not know each other."""
    return room == other or levels()[room] > levels()[other]


def sources(pattern: str) -> list[Path]:
    """Files of the product, without generated migrations."""
    return sorted(path for path in PACKAGE.glob(pattern) if "migrations" not in path.parts)
