"""`teladan load-policy`: a policy pack from a file, so that a rule changes without a new release."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core import policy
from teladan.evaluation.queries import rulebook as rulebook_queries
from teladan.evaluation.rules import rulebook

NEEDED = {"key", "value", "valid_from", "legal_basis"}


class Command(BaseCommand):
    help = "Memuat paket aturan (ambang, bobot, tenggat) dari berkas JSON. Contoh: teladan load-policy aturan.json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        rows = read_pack(file)
        for key in sorted({row["key"] for row in rows} - rulebook.SPECS.keys()):
            near = rulebook.nearest(key)
            hint = f" Mungkin maksudnya {near!r}?" if near else ""
            self.stderr.write(f"Aturan {key!r} tidak dikenal program ini; disimpan, tetapi tidak dipakai.{hint}")
        try:
            added = policy.load_pack(rows, by="cli", not_before=rulebook_queries.earliest_change())
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{added} aturan baru, {len(rows) - added} sudah ada.")


def read_pack(file: Path) -> list[dict[str, Any]]:
    """The rows of a pack; CommandError names the place that is wrong."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file} tidak dapat dibaca ({error.strerror}).") from error
    except ValueError as error:
        raise CommandError(f"{file} bukan JSON yang sah: {error}.") from error
    if not isinstance(rows, list):
        raise CommandError(f"{file} harus berisi daftar aturan.")
    for number, row in enumerate(rows, start=1):
        missing = NEEDED - set(row) if isinstance(row, dict) else NEEDED
        if missing:
            raise CommandError(f"{file}, aturan ke-{number}: isian {', '.join(sorted(missing))} tidak ada.")
        if wrong := _wrong(row):
            raise CommandError(f"{file}, aturan ke-{number} ({row['key']}): {wrong}.")
    return rows


def _wrong(row: dict[str, Any]) -> str:
    """What is wrong with a row: its day, or a value that the rulebook does not allow."""
    try:
        date.fromisoformat(str(row["valid_from"]))
    except ValueError:
        return f"valid_from harus tanggal TTTT-BB-HH, bukan {row['valid_from']!r}"
    return rulebook.problem(str(row["key"]), row["value"])
