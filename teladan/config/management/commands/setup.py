"""`teladan setup`: tables, reference data, static files; with `--demo` also the demo city."""

from __future__ import annotations

import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from teladan.config import install
from teladan.config.install import DemoState


class Command(BaseCommand):
    help = "Menyiapkan basis data dan berkas statis. Boleh diulang. Contoh: teladan setup"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="muat juga kota contoh bila basis data kosong")
        parser.add_argument("--fresh", action="store_true", help="hapus dahulu kota contoh yang sudah ada")

    def handle(self, *args: Any, demo: bool, fresh: bool, **options: Any) -> None:
        if fresh:
            self.empty()
        self.prepare()
        if not demo:
            return
        state = install.demo_state()
        if state is DemoState.OTHER:
            raise CommandError(
                "Basis data ini berisi data sungguhan; kota contoh tidak dimuat. Jalankan `teladan serve`."
            )
        if state is DemoState.BROKEN_OFF:
            self.stdout.write("Pemuatan kota contoh yang dulu terputus; diulang dari awal.")
            install.empty_database()
            self.prepare()
        if state is not DemoState.LOADED:
            started = time.monotonic()
            install.load_demo(lambda: call_command("seed"))
            self.say("Kota contoh dimuat", started)

    def prepare(self) -> None:
        started = time.monotonic()
        if install.migrate():
            self.say("Tabel disiapkan", started)
        install.load_reference_data()
        started = time.monotonic()
        if install.collect_static():
            self.say("Berkas statis dikumpulkan", started)

    def empty(self) -> None:
        if not MigrationRecorder(connection).has_table():
            return
        if install.pending_migrations() == 0 and install.demo_state() is DemoState.OTHER:
            raise CommandError("Basis data ini berisi data sungguhan, jadi tidak dihapus.")
        install.empty_database()

    def say(self, what: str, started: float) -> None:
        seconds = f"{time.monotonic() - started:.1f}".replace(".", ",")
        self.stdout.write(f"{what} ({seconds} detik).")
        self.stdout.flush()
