"""`teladan import-events`: service events from a file of a queue machine or case system."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core.imports import run_command
from teladan.feedback.imports_events import EventImporter
from teladan.services import queries


class Command(BaseCommand):
    help = (
        "Mengimpor layanan dari CSV atau XLSX. Boleh diulang: nomor yang sama dari sumber yang sama dicatat sekali.\n\n"
        "Kolom wajib: NOMOR, KODE LAYANAN, NIP PETUGAS, KODE LOKET, WAKTU TEMU; dan SUMBER bila tanpa --source.\n"
        "Kolom pilihan: SALURAN, BERKAS LENGKAP, SELESAI, HASIL, PETUGAS LAIN (NIP:peran;…), SIDIK TIKET.\n\n"
        "Contoh: teladan import-events antrean-oktober.csv --source antrean-dukcapil --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("file", help="Berkas CSV atau XLSX.")
        parser.add_argument("--source", help="Kode sistem sumber; tanpa ini kolom SUMBER menyebutkannya.")
        parser.add_argument("--dry-run", action="store_true", help="Periksa saja, tidak menyimpan apa pun.")

    def handle(self, *, file: str, source: str | None, dry_run: bool, **_: Any) -> None:
        found = queries.active_source(source) if source else None
        if source and found is None:
            raise CommandError(
                f"Sumber {source!r} belum terdaftar. Daftarkan: teladan source-token {source} --name NAMA."
            )
        run_command(EventImporter(found), file, dry_run=dry_run, stdout=self.stdout)
