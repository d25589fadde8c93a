"""`teladan docs`: write the pages of docs/ that come from the code."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand

from teladan.config import docs


class Command(BaseCommand):
    help = "Menulis ulang halaman docs/ yang dibuat dari kode. Contoh: teladan docs"

    def handle(self, *args: Any, **options: Any) -> None:
        os.environ["COLUMNS"] = "100"  # as wide on every terminal
        for name, text in docs.pages().items():
            (docs.FOLDER / name).write_text(text, encoding="utf-8")
            self.stdout.write(f"docs/{name}")
