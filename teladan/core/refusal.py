"""The one way in which a file is turned away as a whole."""

from __future__ import annotations


class FileRefused(Exception):
    """The file cannot be read at all; the message (Indonesian) says why and what to do."""
