"""`teladan worker`: the job worker alone, for installations where a service manager starts each part."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from teladan.core import jobs


class Command(BaseCommand):
    help = "Menjalankan pekerja latar saja (biasanya sudah dijalankan `teladan serve`). Contoh: teladan worker"
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        jobs.run_worker()
