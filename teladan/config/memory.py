"""Resident memory of the running product, part by part, as the kernel counts it (PSS: shared pages shared out)."""

from __future__ import annotations

import json
from pathlib import Path


class NotRunning(Exception):
    """No supervisor left its note."""


def parts(home: Path) -> dict[str, int]:
    """Bytes (PSS) of each part with its children."""
    note = home / "running.json"
    if not note.exists():
        raise NotRunning
    pids = {name: pid for name, pid in json.loads(note.read_text(encoding="utf-8")).items() if isinstance(pid, int)}
    children = _children()
    own = set(pids.values())
    return {name: sum(_pss(one) for one in _tree(pid, children, own - {pid})) for name, pid in pids.items()}


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        parent = int(stat.rsplit(")", 1)[1].split()[1])
        found.setdefault(parent, []).append(int(folder.name))
    return found


def _tree(pid: int, children: dict[int, list[int]], other_parts: set[int]) -> list[int]:
    if pid in other_parts:
        return []
    return [pid, *(one for child in children.get(pid, []) for one in _tree(child, children, other_parts))]


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
