"""The last checkpoint that was signed here, kept in a file beside the key: what a database cannot be made to forget.

A database restored from last night's backup would sign another tree over the leaves of today. It is written after the commit: a
crash in between leaves it one checkpoint behind, never ahead.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings


def path() -> Path:
    """Where it lies."""
    return Path(settings.LEDGER_DIR) / "last-checkpoint"


def recall() -> str | None:
    """The signed note, or none where nothing was signed from here."""
    try:
        return path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def keep(note: str) -> None:
    """Put the note in the place of the one before, whole or not at all."""
    place = path()
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_suffix(".draft")
    with open(draft, "w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)
