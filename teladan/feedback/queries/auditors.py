"""Who may open a sealed month."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from django.conf import settings

from teladan.core import sealedfile
from teladan.feedback.models import CollectionMonth


def auditor_keys() -> list[str]:
    """Public keys of those who may open a sealed month: TELADAN_AUDITOR_KEYS, else that of the demo, else none."""
    given = list(settings.AUDITOR_KEYS)
    if not given and demo_key_path().exists():
        given = [sealedfile.public_key(demo_key_path().read_text(encoding="ascii"))]
    return [sealedfile.check_public_key(one) for one in given]


def demo_key_path() -> Path:
    """Where the demo keeps the private key of its own auditor. In earnest that key is not on this machine."""
    return Path(settings.OPENINGS_DIR) / "demo-auditor-key"


def has_auditor() -> bool:
    """Whether anybody could open what is sealed now."""
    return bool(auditor_keys())


def openings_path(month: date) -> Path:
    """The file of a month."""
    return Path(settings.OPENINGS_DIR) / f"{month:%Y-%m}.openings"


def lost_openings() -> list[date]:
    """Sealed months whose file for the auditors is not there, or is not the one that was written."""
    rows = CollectionMonth.objects.exclude(openings_digest="").order_by("month")
    return [month for month, digest in rows.values_list("month", "openings_digest") if _digest_of(month) != digest]


def _digest_of(month: date) -> str:
    try:
        with openings_path(month).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
