"""`teladan open-openings`: an auditor reads what stands behind the leaves of a sealed month."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core import sealedfile


class Command(BaseCommand):
    help = (
        "Membuka berkas pembuka sebuah bulan dengan kunci pribadi auditor, untuk diperiksa dengan periksa_bulan.py. "
        "Contoh: teladan open-openings 2026-10.openings --key kunci-auditor --to 2026-10.jsonl. "
        "Tanpa berkas, --new-key menulis kunci baru dan menyebut kunci publiknya."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="BERKAS", help="berkas pembuka dari folder data server")
        parser.add_argument("--key", metavar="BERKAS", help="berkas berisi kunci pribadi auditor")
        parser.add_argument("--to", metavar="BERKAS", help="tempat menulis isinya (bawaan: layar)")
        parser.add_argument("--new-key", metavar="BERKAS", help="buat kunci auditor baru di berkas ini")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self._make_key(Path(options["new_key"]))
            return
        if not options["file"] or not options["key"]:
            raise CommandError("Sebutkan berkas pembuka dan --key, atau --new-key. Lihat: teladan open-openings --help")
        try:
            private = Path(options["key"]).read_text(encoding="ascii").strip()
            content = sealedfile.unseal(Path(options["file"]).read_bytes(), private=private)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Berkas tidak dapat dibaca: {error}") from error
        except (sealedfile.Unreadable, sealedfile.WrongKey) as error:
            raise CommandError(str(error)) from error
        if options["to"]:
            Path(options["to"]).write_bytes(content)
            count = content.count(b"\n")
            self.stdout.write(f"{count} penilaian ditulis ke {options['to']}.")
        else:
            sys.stdout.write(content.decode())

    def _make_key(self, path: Path) -> None:
        if path.exists():
            raise CommandError(f"{path} sudah ada dan tidak ditimpa.")
        path.touch(mode=0o600)
        private = sealedfile.new_private_key()
        path.write_text(f"{private}\n", encoding="ascii")
        self.stdout.write(
            f"Kunci pribadi ada di {path}; simpan di luar server ini. Kunci publik untuk TELADAN_AUDITOR_KEYS:"
        )
        self.stdout.write(sealedfile.public_key(private))
