"""`teladan verify`: after a restore, whether log, sealed months, auditors' files and results are all in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.evaluation.actions.verifying import verify_all


class Command(BaseCommand):
    help = (
        "Memeriksa basis data sesudah pemulihan, tanpa mengubah apa pun: log, bulan tersegel, berkas pembuka auditor, dan "
        "hitungan ulang bulan terakhir. Keluar dengan kode 1 bila ada yang salah. "
        "Contoh: teladan verify --against titik-periksa.txt"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--against", action="append", default=[], metavar="BERKAS",
            help="titik periksa yang disimpan di tempat lain; log harus melanjutkannya; boleh diulang",
        )  # fmt: skip

    def handle(self, *args: Any, against: list[str], **options: Any) -> None:
        found = verify_all(against=[_read(path) for path in against])
        again = (
            f"bulan {found.recomputed:%Y-%m} dihitung ulang" if found.recomputed else "tidak ada yang dihitung ulang"
        )
        self.stdout.write(
            f"{found.leaves} daun, {found.checkpoints} titik periksa, {found.sealed} bulan tersegel; {again}."
        )
        if not found.ok:
            raise CommandError("\n".join(["Basis data ini tidak utuh:", *(f"- {one}" for one in found.findings)]))
        self.stdout.write("Semua sesuai.")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} tidak dapat dibaca: {error}") from error
