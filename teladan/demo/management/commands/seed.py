"""`teladan seed`: load the demo city into an empty database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from teladan.core import clock, policy
from teladan.demo import history
from teladan.demo.seed import AlreadySeeded, Seeder


class Command(BaseCommand):
    help = "Memuat kota contoh ke basis data kosong. Contoh: teladan seed --until 2026-10"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--until", metavar="TTTT-BB", help="bulan terakhir yang ditutup (bawaan: yang terbaru)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        try:
            grace = int(policy.get("collection.grace_days", clock.day_of(now)))
        except policy.MissingPolicy as error:
            raise CommandError(f"{error} Jalankan dulu: teladan setup") from error
        latest = history.last_closable(clock.day_of(now), grace)
        try:
            until = clock.parse_month(options["until"]) if options["until"] else latest
        except ValueError as error:
            raise CommandError(str(error)) from error
        if until > latest:
            raise CommandError(f"Bulan {until:%Y-%m} belum dapat ditutup; yang terbaru {latest:%Y-%m}.")
        columns = (TextColumn("{task.description:<18}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
        with Progress(*columns, TimeElapsedColumn()) as bar:
            task = bar.add_task("kota contoh", total=None)
            try:
                Seeder(until, now, lambda done, total, what: bar.update(
                    task, completed=done, total=total, description=what)).run()  # fmt: skip
            except AlreadySeeded as error:
                raise CommandError(str(error)) from error
