"""`teladan open-openings`: an auditor reads what stands behind the leaves of a sealed month."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
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
            with Path(options["file"]).open("rb") as file:
                content = sealedfile.unseal(file, private=private)
                if options["to"]:
                    count = _write(content, Path(options["to"]))
                    self.stdout.write(f"{count} baris ditulis ke {options['to']}.")
                else:
                    sys.stdout.buffer.writelines(content)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Berkas tidak dapat dibaca: {error}") from error
        except (sealedfile.Unreadable, sealedfile.WrongKey) as error:
            raise CommandError(str(error)) from error

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


def _write(content: Iterator[bytes], path: Path) -> int:
    """The whole content or nothing, for its reader alone; how many lines it has."""
    draft, count = path.with_name(f"{path.name}.draft"), 0
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for block in content:
                file.write(block)
                count += block.count(b"\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count
