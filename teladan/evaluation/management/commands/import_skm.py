"""`teladan import-skm FILE`: older survey reports with their regime, for the trend."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan import scoring
from teladan.core.imports import run_command
from teladan.evaluation.imports_skm import PastImporter
from teladan.evaluation.rules.skm import parse_period
from teladan.evaluation.rules.skm_columns import NUMBERINGS


class Command(BaseCommand):
    help = (
        "Mengimpor laporan SKM lama: unit, periode, IKM atau sembilan unsur, jumlah responden, aturan mutu. "
        "Tampil dalam perkembangan dengan aturannya, tidak pernah dicampur ke angka yang dihitung. "
        "Contoh: teladan import-skm rekap.csv --regime kepmenpan-25-2004 --period 2015 --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv atau .xlsx")
        parser.add_argument(
            "--regime", choices=list(scoring.REGIMES), help="aturan mutu untuk baris tanpa kolom ATURAN"
        )
        parser.add_argument(
            "--period", metavar="PERIODE", help="periode untuk baris tanpa kolom PERIODE, misalnya 2023-S1"
        )
        parser.add_argument(
            "--numbering",
            choices=list(NUMBERINGS),
            help="arti kolom U1-U9: law (U8 pengaduan, U9 sarana) atau asked (kuesioner: U8 sarana, U9 pengaduan)",
        )
        parser.add_argument("--dry-run", action="store_true", help="periksa saja, jangan simpan")

    def handle(self, *, file: str, dry_run: bool, **options: Any) -> None:
        try:
            period = parse_period(options["period"]) if options["period"] else None
        except ValueError as error:
            raise CommandError(str(error)) from error
        importer = PastImporter(regime=options["regime"], period=period, numbering=options["numbering"])
        run_command(importer, file, dry_run=dry_run, stdout=self.stdout)
