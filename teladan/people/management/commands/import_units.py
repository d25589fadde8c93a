"""`teladan import-units FILE`: the tree of units, from the command line."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from teladan.core.imports import run_command
from teladan.people.imports import UnitImporter


class Command(BaseCommand):
    help = """Mengimpor pohon unit (CSV atau XLSX): siapa di bawah siapa, dan jabatan mana yang memimpin.

Kolom: KODE UNIT (= UNOR ID di SIASN), NAMA UNIT, KODE INDUK, JENIS, JABATAN KEPALA, BERLAKU SEJAK;
boleh ditambah JENJANG KEPALA (jpt, administrator, pengawas, fungsional) dan
KEPALA MENILAI (ya bila kepala yang pejabat fungsional diberi wewenang menilai).

Contoh:
  teladan import-units unit.csv --dry-run   memeriksa saja
  teladan import-units unit.csv             memeriksa lalu menyimpan"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv atau .xlsx")
        parser.add_argument("--dry-run", action="store_true", help="periksa saja, jangan simpan")

    def handle(self, *, file: str, dry_run: bool, **options: object) -> None:
        run_command(UnitImporter(), file, dry_run=dry_run, stdout=self.stdout)
