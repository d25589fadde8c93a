"""`teladan import-employees FILE`: SIASN's employee export, from the command line."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from teladan.core.imports import run_command
from teladan.people.imports import EmployeeImporter


class Command(BaseCommand):
    help = """Mengimpor pegawai dari berkas ekspor SIASN (CSV atau XLSX, 69 atau 65 kolom, urutan bebas).

Semua disimpan, atau tidak ada yang disimpan. NIK, agama, alamat dan data pribadi lain dibuang sebelum disimpan.
Impor unit lebih dulu: teladan import-units unit.csv

Contoh:
  teladan import-employees pegawai.xlsx --dry-run   memeriksa saja
  teladan import-employees pegawai.xlsx             memeriksa lalu menyimpan"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv atau .xlsx")
        parser.add_argument("--dry-run", action="store_true", help="periksa saja, jangan simpan")
        parser.add_argument("--demo", action="store_true", help="tandai pegawai baru sebagai data demo")

    def handle(self, *, file: str, dry_run: bool, demo: bool, **options: object) -> None:
        run_command(EmployeeImporter(is_demo=demo), file, dry_run=dry_run, stdout=self.stdout)
