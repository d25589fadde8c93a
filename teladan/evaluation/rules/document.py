"""What the form D.1.1 needs beyond the rows: ranks by name, and the fingerprint of what was signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

RANKS = {
    "I/a": "Juru Muda",
    "I/b": "Juru Muda Tingkat I",
    "I/c": "Juru",
    "I/d": "Juru Tingkat I",
    "II/a": "Pengatur Muda",
    "II/b": "Pengatur Muda Tingkat I",
    "II/c": "Pengatur",
    "II/d": "Pengatur Tingkat I",
    "III/a": "Penata Muda",
    "III/b": "Penata Muda Tingkat I",
    "III/c": "Penata",
    "III/d": "Penata Tingkat I",
    "IV/a": "Pembina",
    "IV/b": "Pembina Tingkat I",
    "IV/c": "Pembina Utama Muda",
    "IV/d": "Pembina Utama Madya",
    "IV/e": "Pembina Utama",
}
"""*Pangkat* of PNS by *golongan ruang*."""


def rank_line(employment: str, grade: str) -> str:
    """*Pangkat/gol. ruang* as forms write it; PPPK have a grade and no rank. Empty when unknown."""
    if not grade:
        return ""
    if employment == "PPPK":
        return f"Golongan {grade}"
    return f"{RANKS[grade]} ({grade})" if grade in RANKS else grade


def digest(values: Mapping[str, Any]) -> str:
    """SHA-256 of the values as canonical JSON: the same values give the same digest anywhere."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
