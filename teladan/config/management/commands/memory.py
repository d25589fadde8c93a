"""`teladan memory`: what the running product weighs."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.config import memory


class Command(BaseCommand):
    help = "Mengukur ingatan (PSS) setiap bagian yang sedang berjalan. Contoh: teladan memory --json"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="cetak sebagai JSON, dalam byte")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parts = memory.parts(settings.DATA_DIR)
        except memory.NotRunning:
            raise CommandError(f"Tidak ada yang berjalan di {settings.DATA_DIR}.") from None
        if options["json"]:
            self.stdout.write(json.dumps(parts))
            return
        for name, size in parts.items():
            self.stdout.write(f"{name:<12} {size / 1e6:7.1f} MB")
        both = parts.get("situs", 0) + parts.get("pekerja", 0)
        self.stdout.write(f"{'situs+pekerja':<12} {both / 1e6:6.1f} MB")
