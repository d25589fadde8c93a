"""`teladan load-holidays`: the free days of a year from a file, so that working days are counted right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core import holidays
from teladan.core.models import Holiday

NEEDED = {"date", "name", "kind", "legal_basis"}


class Command(BaseCommand):
    help = (
        "Memuat hari libur nasional dan cuti bersama dari berkas JSON (date, name, kind national/collective, "
        "legal_basis). Contoh: teladan load-holidays libur-2027.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", type=Path)
        parser.add_argument(
            "--whole-years",
            action="store_true",
            help="berkas memuat semua hari libur tahun-tahun yang disebutnya; hari lain pada tahun itu dihapus",
        )

    def handle(self, *args: Any, file: Path, whole_years: bool, **options: Any) -> None:
        rows = read_days(file)
        done = holidays.load(rows, by="cli", whole_years=whole_years)
        self.stdout.write(f"{done.changed} hari dimuat atau diperbaiki, {len(rows) - done.changed} sudah sama.")
        if done.removed:
            self.stdout.write(f"Dihapus: {listed(done.removed)}.")
        if done.beside:
            self.stdout.write(
                f"Pada tahun yang sama masih ada hari yang tidak disebut berkas ini: {listed(done.beside)}. "
                "Bila berkas memuat seluruh tahun, ulangi dengan --whole-years."
            )


def listed(days: Iterable[Holiday]) -> str:
    return "; ".join(map(str, days))


def read_days(file: Path) -> list[dict[str, Any]]:
    """The rows of a file; CommandError names the place that is wrong, before anything is written."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file} tidak dapat dibaca ({error.strerror}).") from error
    except ValueError as error:
        raise CommandError(f"{file} bukan JSON yang sah: {error}.") from error
    if not isinstance(rows, list):
        raise CommandError(f"{file} harus berisi daftar hari.")
    for number, row in enumerate(rows, start=1):
        if trouble := trouble_of(row):
            raise CommandError(f"{file}, hari ke-{number}: {trouble}")
    return rows


def trouble_of(row: Any) -> str:
    """What is wrong with one row, or nothing."""
    missing = NEEDED - set(row) if isinstance(row, dict) else NEEDED
    if missing:
        return f"isian {', '.join(sorted(missing))} tidak ada."
    if row["kind"] not in Holiday.Kind.values:
        return f"kind harus national atau collective, bukan {row['kind']!r}."
    try:
        date.fromisoformat(row["date"])
    except (TypeError, ValueError):
        return f"date harus ditulis TTTT-BB-HH, bukan {row['date']!r}."
    return ""
