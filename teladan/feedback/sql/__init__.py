"""SQL too long or too exact for the ORM, one statement a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
