"""`teladan source-token`: an API token for a system that sends service events, printed once."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.services import actions
from teladan.services.models import SourceSystem


class Command(BaseCommand):
    help = (
        "Membuat token API untuk sistem sumber; token lama langsung mati. Token hanya tampil sekali.\n\n"
        "Contoh: teladan source-token ANTREAN-DUKCAPIL --name 'Mesin antrean Disdukcapil' --issues-tickets"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("code", help="Kode sistem sumber.")
        parser.add_argument("--name", default="", help="Nama sistem; wajib untuk sumber baru.")
        parser.add_argument(
            "--issues-tickets", action="store_true", help="Sumber ini menyerahkan tiket penilaian kepada warga."
        )

    def handle(self, *, code: str, name: str, issues_tickets: bool, **_: Any) -> None:
        source = SourceSystem.objects.filter(code=code).first()
        if source is None and not name:
            raise CommandError(f"Sumber {code!r} belum ada. Beri nama: --name 'Nama sistem'.")
        if source is None or name:
            source = actions.save_source(code=code, name=name, issues_tickets=issues_tickets, by="cli")
        self.stdout.write(actions.new_source_token(source=source, by="cli"))
        self.stderr.write("Simpan token ini sekarang; ia tidak dapat ditampilkan lagi.")
