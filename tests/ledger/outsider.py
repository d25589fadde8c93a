"""The program of docs/rules/ledger.md, written from the RFC and C2SP texts alone, run from the page as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import ModuleType

from cryptography.exceptions import InvalidSignature

from tests.house.rooms import ROOT

PROGRAM = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "rules" / "ledger.md").read_text(encoding="utf-8"), re.S)[
    0
]
REFUSED = (ValueError, InvalidSignature)

_program = ModuleType("outsider_program")
exec(compile(PROGRAM, "docs/rules/ledger.md", "exec"), _program.__dict__)  # noqa: S102

root: Callable[[Sequence[bytes]], bytes] = _program.root
climb: Callable[[bytes, int, int, Sequence[bytes]], bytes] = _program.climb
extend: Callable[..., tuple[bytes, bytes]] = _program.extend
opened: Callable[[str, str], list[str]] = _program.opened
check_inclusion: Callable[[str, bytes, str], None] = _program.check_inclusion
check_consistency: Callable[[str, str, str], None] = _program.check_consistency
