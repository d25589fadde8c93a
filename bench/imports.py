"""Files of employees: what the upload itself does (read, drop what is not needed), and what a long file leaves to the worker."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any, TypeVar

from bench import stack

SIZES = (50, 3_000, 10_000)
COLUMNS = 69
T = TypeVar("T")


def run(seconds: float, rounds: int) -> None:
    print(
        f"{'baris':>6} {'kB':>6} {'baca dan kurangi':>24} {'periksa':>24} {'simpan':>24} {'simpan lagi':>24} {'MB':>5}"
    )
    for size in SIZES:
        stack.apart(_measure, size)


def _measure(size: int) -> None:
    from teladan.core import kept
    from teladan.core.models import ImportRun
    from teladan.people.imports import EmployeeImporter
    from tests import make
    from tests.people.files import employee, employees_xlsx

    top = make.make_unit("KOTA", kind="kota")
    make.make_unit("S", parent=make.make_unit("D", parent=top), kind="seksi")
    user = make.make_user(role="bkpsdm")
    content = employees_xlsx([employee(number, **_nip(number)) for number in range(1, size + 1)])
    importer = EmployeeImporter()
    found, read = _timed(lambda: kept._reduced(importer, content, "siasn.xlsx", user))
    _, check = _timed(lambda: kept._check(found, importer, user))
    found.save()
    if found.report["new"] != size:
        raise AssertionError(found.report["messages"][:3])
    _, commit = _timed(lambda: kept.commit_run(found, importer, by=user))
    ImportRun.objects.filter(pk=found.pk).update(state="checked", committed_at=None, committed_by="")
    _, again = _timed(lambda: kept.commit_run(found, importer, by=user))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{size:>6,} {len(content) / 1000:>6,.0f} {read:>24} {check:>24} {commit:>24} {again:>24} {peak:>5.0f}",
        flush=True,
    )


def _nip(number: int) -> dict[str, str]:
    """Ten thousand that differ: by year of birth, and a sequence of three digits."""
    year = 1970 + number // 900
    return {"NIP_BARU": f"{year}01012010011{number % 900 + 1:03d}", "TANGGAL_LAHIR": f"01-01-{year}"}


def _timed(act: Callable[[], T]) -> tuple[T, str]:
    """Seconds, and those of the processor alone: what other threads of the same interpreter would wait for."""
    wall, processor = time.perf_counter(), time.process_time()
    found: Any = act()
    return found, f"{time.perf_counter() - wall:.2f} s (prosesor {time.process_time() - processor:.2f})"
