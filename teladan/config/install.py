"""What a new installation needs before its first user: the reference data of every room, loaded again at no harm."""

from __future__ import annotations

import json
from pathlib import Path

from teladan.core import policy

POLICY_PACK = Path(__file__).parent / "data" / "policy.json"


def load_reference_data() -> None:
    """Policy rows, then whatever each room brings along. Idempotent."""
    policy.load_pack(json.loads(POLICY_PACK.read_text(encoding="utf-8")), by="system")
