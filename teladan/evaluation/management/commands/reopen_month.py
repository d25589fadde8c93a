"""`teladan reopen-month`: open a closed month, and the later ones with it, for another version."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.evaluation.actions.closing import ReopenRefused, reopen_month
from teladan.evaluation.management.commands.close_month import month


class Command(BaseCommand):
    help = (
        "Membuka kembali bulan yang tertutup, beserta semua bulan tertutup sesudahnya. Penilaian tetap tersegel; versi "
        "lama tetap berlaku sampai versi baru ditutup. "
        'Contoh: teladan reopen-month 2026-08 --reason "Berkas layanan loket 3 terlambat masuk"'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=month, metavar="TTTT-BB", help="bulan yang dibuka kembali, misalnya 2026-08")
        parser.add_argument("--reason", required=True, help="alasan; tersimpan bersama versi lama")

    def handle(self, *, month: date, reason: str, **_: Any) -> None:
        try:
            months = reopen_month(month=month, by="cli", reason=reason)
        except ReopenRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        names = ", ".join(f"{one:%Y-%m}" for one in months)
        self.stdout.write(
            f"Dibuka kembali: {names}.\n"
            f"Tutup lagi berurutan: teladan close-month {months[0]:%Y-%m} --until {months[-1]:%Y-%m}"
        )
