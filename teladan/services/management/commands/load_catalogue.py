"""`teladan load-catalogue`: the services with their first standards, and the counters of the service mall."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.services import catalogue


class Command(BaseCommand):
    help = (
        "Memuat 31 layanan Disdukcapil dengan standar waktunya dan 27 loket mal pelayanan publik. Boleh diulang: yang sudah ada tidak diubah.\n\n"
        "Contoh: teladan load-catalogue DISDUKCAPIL --mall DPMPTSPNAKER"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("unit", help="Kode unit pemilik layanan, misalnya DISDUKCAPIL.")
        parser.add_argument("--mall", help="Kode unit pengelola mal pelayanan publik (bawaan: unit pemilik layanan).")
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            default=catalogue.SINCE,
            metavar="TTTT-BB-HH",
            help=f"Hari pertama standar berlaku (bawaan {catalogue.SINCE}).",
        )

    def handle(self, *, unit: str, mall: str | None, since: date, **_: Any) -> None:
        try:
            loaded = catalogue.load(services_unit=unit, mall_unit=mall or unit, since=since, by="cli")
        except (catalogue.UnknownUnit, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Layanan {loaded.services} ({loaded.new_services} baru), "
            f"standar {loaded.standards} ({loaded.new_standards} baru), "
            f"loket {loaded.counters} ({loaded.new_counters} baru)."
        )
