"""`teladan ledger-verify`: recompute the whole log and say what is wrong."""

from __future__ import annotations

import argparse
import json as json_text
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.ledger import monitor
from teladan.ledger.rules.notes import NoteRefused, VerifierKey


def key(text: str) -> VerifierKey:
    """A public key on the command line."""
    try:
        return VerifierKey.parse(text)
    except NoteRefused as refused:
        raise argparse.ArgumentTypeError(str(refused)) from refused


class Command(BaseCommand):
    help = (
        "Memeriksa seluruh log dari barisnya: sidik daun, pohon, petak, dan setiap titik periksa. "
        "Keluar dengan kode 1 bila ada yang salah. "
        "Contoh: teladan ledger-verify --against titik-periksa.txt"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="cetak laporan sebagai JSON")
        parser.add_argument(
            "--key", action="append", type=key, default=[], metavar="KUNCI",
            help="kunci publik log dari luar basis data (dari /ledger/keys); boleh diulang",
        )  # fmt: skip
        parser.add_argument(
            "--against", action="append", default=[], metavar="BERKAS",
            help="titik periksa yang disimpan di tempat lain; log harus melanjutkannya; boleh diulang",
        )  # fmt: skip

    def handle(self, *, json: bool, key: list[VerifierKey], against: list[str], **_: Any) -> None:
        report = monitor.verify(trusted=key, against=[_read(path) for path in against])
        if json:
            self.stdout.write(json_text.dumps(report.as_dict(), ensure_ascii=False))
        else:
            self.stdout.write(
                f"{report.origin}: {report.leaves} daun, {report.tiles} petak, {report.checkpoints} titik periksa; "
                f"akar {report.root}. Kunci publik dari {report.keys_from}."
            )
        if not report.ok:
            more = [f"- dan {report.more} lagi"] if report.more else []
            raise CommandError("\n".join(["Log ini tidak utuh:", *(f"- {one}" for one in report.findings), *more]))
        if not json:
            unread = (
                ""
                if report.memory
                else " Ingatan pekerja tidak dapat dibaca pengguna ini; jalankan juga sebagai pekerja."
            )
            self.stdout.write(f"Log ini utuh.{unread}")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} tidak dapat dibaca: {error}") from error
