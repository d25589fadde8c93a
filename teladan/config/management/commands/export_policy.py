"""`teladan export-policy`: the rules as a pack file, for a backup, another installation or another region."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core import clock, policy


class Command(BaseCommand):
    help = (
        "Menulis aturan yang berlaku dan yang sudah ditetapkan sebagai paket. Contoh: teladan export-policy aturan.json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", type=Path, nargs="?", help="tanpa berkas: ditulis ke layar")
        parser.add_argument("--on", metavar="TANGGAL", default="", help="aturan pada hari itu, misalnya 2026-12-01")
        parser.add_argument("--history", action="store_true", help="sertakan juga nilai yang sudah berakhir")

    def handle(self, *args: Any, file: Path | None, on: str, history: bool, **options: Any) -> None:
        try:
            day = date.fromisoformat(on) if on else clock.today()
        except ValueError as error:
            raise CommandError(f"Tanggal harus ditulis TTTT-BB-HH, misalnya 2026-12-01, bukan {on!r}.") from error
        pack = policy.pack_on(day, history=history)
        # One rule a line: two packs are compared line by line.
        text = "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in pack) + "\n]\n"
        if file is None:
            self.stdout.write(text, ending="")
            return
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} tidak dapat ditulis ({error.strerror}).") from error
        self.stdout.write(f"{len(pack)} aturan ditulis ke {file}.")
