"""`teladan skm FILE`: the index of a file of survey answers, without a database."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan import scoring
from teladan.core.spreadsheet import FileRefused
from teladan.evaluation.skm_file import AnswersRefused, Outcome, index_of_file, read_mapping
from teladan.evaluation.words import ELEMENTS, GRADES
from teladan.scoring.ikm import DEFAULT_REGIME, LEGACY_WEIGHTS
from teladan.ui import formats


class Command(BaseCommand):
    help = """Menghitung indeks kepuasan masyarakat (IKM) dari berkas jawaban, tanpa basis data.

Satu baris satu responden; sembilan unsur 1 sampai 4, kosong bila tidak dijawab. Kolom dikenali menurut nama unsur, dalam
urutan apa pun: persyaratan prosedur waktu biaya produk kompetensi perilaku pengaduan sarana, atau nama lengkapnya.
Kolom U1-U9 harus diberi arti dengan --columns, karena nomor 8 dan 9 berbeda antara kuesioner dan peraturan.

Contoh:
  teladan skm jawaban.csv
  teladan skm jawaban.csv --free --json
  teladan skm lama.xlsx --regime kepmenpan-25-2004 --weight 0.11
  teladan skm u.csv --columns persyaratan=U1 prosedur=U2 waktu=U3 biaya=U4 produk=U5 \\
      kompetensi=U6 perilaku=U7 sarana=U8 pengaduan=U9"""
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv atau .xlsx")
        parser.add_argument(
            "--regime", default=DEFAULT_REGIME, choices=list(scoring.REGIMES), help="batas mutu yang dipakai"
        )
        parser.add_argument(
            "--weight",
            default="1/9",
            choices=["1/9", *LEGACY_WEIGHTS],
            help="bobot unsur; 0.11 dan 0.111 hanya untuk mengulang laporan lama",
        )
        parser.add_argument("--free", action="store_true", help="layanan gratis: biaya yang kosong dihitung 4")
        parser.add_argument(
            "--columns", nargs="+", default=[], metavar="UNSUR=KOLOM", help="arti kolom yang tidak bernama unsur"
        )
        parser.add_argument("--population", type=int, metavar="N", help="jumlah layanan, untuk ukuran sampel")
        parser.add_argument("--json", action="store_true", help="cetak sebagai JSON")

    def handle(self, *, file: str, **options: Any) -> None:
        population = options["population"]
        if population is not None and population < 0:
            raise CommandError("--population tidak boleh kurang dari nol.")
        path = Path(file)
        try:
            outcome = index_of_file(
                path.read_bytes(),
                path.name,
                regime=options["regime"],
                mapping=read_mapping(options["columns"]),
                free=options["free"],
                weight=options["weight"],
            )
        except OSError as error:
            raise CommandError(f"Berkas {file} tidak dapat dibaca: {error.strerror}.") from error
        except (FileRefused, AnswersRefused) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            found = outcome.as_json()
            if population is not None:
                found |= {"population": population, "sample_needed": scoring.sample_size(population)}
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_table(outcome, population))


def _table(outcome: Outcome, population: int | None) -> str:
    from rich.console import Console
    from rich.table import Table

    out = StringIO()
    console = Console(file=out, width=90)
    table = Table("Unsur", "Jawaban", "NRR", "Nilai", "Mutu")
    for one in outcome.index.elements:
        table.add_row(
            str(ELEMENTS[one.element]),
            formats.number(one.n),
            formats.number(one.mean, 3),
            formats.number(one.value, 2),
            one.grade or formats.MISSING,
        )
    console.print(table)
    for line in _lines(outcome, population):
        console.print(line, markup=False, highlight=False)
    return out.getvalue()


def _lines(outcome: Outcome, population: int | None) -> list[str]:
    index, basis = outcome.index, scoring.regime_named(outcome.index.regime).legal_basis
    lines = [f"Responden {formats.number(index.n)}."]
    if outcome.value is None or outcome.grade is None:
        names = ", ".join(str(ELEMENTS[name]) for name in index.missing)
        lines.append(f"IKM tidak dapat dihitung: tidak ada yang menjawab {names}.")
    else:
        grade = f"mutu {outcome.grade} ({GRADES[outcome.grade]}) menurut {basis}"
        lines.append(f"IKM {formats.number(outcome.value, 2)}, {grade}.")
        if outcome.weight != "1/9":
            exact = formats.number(index.value, 2)
            lines.append(f"Bobot lama {outcome.weight}; dengan sepersembilan yang tepat {exact}.")
        elif index.low is not None:
            lines.append(f"Rentang 95%: {formats.interval(index.low, index.high, 2)}.")
    if outcome.imputed:
        lines.append(f"Biaya dihitung 4 (gratis) untuk {formats.number(outcome.imputed)} responden.")
    if population is not None:
        need = scoring.sample_size(population)
        word = "cukup" if index.n >= need else "belum cukup"
        lines.append(f"Ukuran sampel untuk {formats.number(population)} layanan: {formats.number(need)}; {word}.")
    return lines
