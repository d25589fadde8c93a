"""`teladan ledger-checkpoint`: the last signed head, as others keep it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from teladan.ledger import queries


class Command(BaseCommand):
    help = (
        "Mencetak titik periksa terakhir. Simpan di tempat lain: dengannya log dapat diperiksa kelak. "
        "Contoh: teladan ledger-checkpoint > titik-periksa.txt"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        last = queries.latest_checkpoint()
        if last is None:
            raise CommandError("Log ini belum mempunyai titik periksa; pekerja menandatanganinya setiap jam.")
        self.stdout.write(last.note, ending="")
