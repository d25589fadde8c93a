"""`teladan import-ratings FILE`: ratings of an outside source, kept as a result of their own."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core.imports import run_command
from teladan.core.spreadsheet import FileRefused
from teladan.feedback.imports_ratings import STARS, UNSUR, RatingImporter, parse_columns


class Command(BaseCommand):
    help = """Mengimpor penilaian dari sumber lain (CSV atau XLSX) sebagai hasil tersendiri.

Hasilnya tidak menjadi nilai pegawai, tidak dihitung dalam IKM kota dan tidak tampil di situs publik.
Kolom dan skala dinyatakan, tidak ditebak; satu sumber memakai satu skala.

Arti kolom: key (kunci unik), month (tanggal), subject (boleh kosong), lalu
  skala bintang: stars (1-5)
  skala unsur:   persyaratan prosedur waktu biaya produk kompetensi perilaku pengaduan sarana (1-4, menurut nama)

Contoh:
  teladan import-ratings rating.csv --source TOKO-APLIKASI --name "Toko aplikasi" --scale bintang \\
      --columns key=id month=tanggal subject=aplikasi stars=bintang --dry-run
  teladan import-ratings survei.xlsx --source SURVEI-2025 --name "Survei 2025" --scale unsur \\
      --columns key=no month=tanggal kompetensi=U6 perilaku=U7 sarana=U9 pengaduan=U8"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv atau .xlsx")
        parser.add_argument("--source", required=True, metavar="KODE", help="kode sumber, tetap untuk sumber ini")
        parser.add_argument("--name", required=True, metavar="NAMA", help="nama sumber untuk dibaca orang")
        parser.add_argument("--scale", required=True, choices=[UNSUR.value, STARS.value], help="skala seluruh berkas")
        parser.add_argument("--columns", required=True, nargs="+", metavar="ARTI=KOLOM", help="arti tiap kolom")
        parser.add_argument("--note", default="", metavar="CATATAN", help="asal dan batas data, satu kalimat")
        parser.add_argument("--dry-run", action="store_true", help="periksa saja, jangan simpan")

    def handle(self, *, file: str, dry_run: bool, **options: Any) -> None:
        code, name = options["source"].strip(), options["name"].strip()
        if not code or len(code) > 40 or not name or len(name) > 200 or len(options["note"]) > 300:
            raise CommandError("Kode paling panjang 40 huruf, nama 200, catatan 300; kode dan nama tidak boleh kosong.")
        try:
            mapping = parse_columns(options["columns"], options["scale"])
        except FileRefused as error:
            raise CommandError(str(error)) from error
        importer = RatingImporter(code=code, name=name, scale=options["scale"], mapping=mapping, note=options["note"])
        run_command(importer, file, dry_run=dry_run, stdout=self.stdout)
