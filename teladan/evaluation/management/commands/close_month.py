"""`teladan close-month`: seal a month and freeze its results, or a row of months in order."""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan.core import clock
from teladan.core.policy import MissingPolicy
from teladan.evaluation.actions import closing
from teladan.evaluation.actions.closing import CloseRefused, ClosingSummary
from teladan.evaluation.queries.closing import months_with_events


def month(text: str) -> date:
    """A month on the command line."""
    try:
        return clock.parse_month(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    help = (
        "Menutup satu bulan: penilaian disegel, hasil dihitung dan dibekukan, lalu terbit. "
        "Menutup dua kali tidak mengubah apa pun. "
        "Contoh: teladan close-month 2026-10 --json"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", type=month, metavar="TTTT-BB", help="bulan yang ditutup, misalnya 2026-10")
        parser.add_argument(
            "--until", type=month, metavar="TTTT-BB", help="tutup berurutan sampai bulan ini (sesudah membuka kembali)"
        )
        parser.add_argument(
            "--json", action="store_true", help="cetak jumlah, sidik, dan detik sebagai JSON, sebaris sebulan"
        )

    def handle(self, *, month: date, until: date | None, json: bool, **_: Any) -> None:
        last = until or month
        if last < month:
            raise CommandError("--until harus sama dengan atau sesudah bulan pertama.")
        while month <= last:
            self._close(month, as_json=json, skip_empty=until is not None)
            month = clock.add_months(month, 1)

    def _close(self, month: date, *, as_json: bool, skip_empty: bool) -> None:
        if skip_empty and month not in months_with_events():
            return
        try:
            summary = closing.close_month(month=month, by="cli")
        except CloseRefused as refusal:
            lines = [f"- {item.what} {item.todo} (yang bisa: {item.who})" for item in refusal.items]
            raise CommandError("\n".join([f"Bulan {month:%Y-%m} belum bisa ditutup:", *lines])) from refusal
        except MissingPolicy as missing:
            raise CommandError(str(missing)) from missing
        self.stdout.write(_json(summary) if as_json else _words(summary))


def _json(summary: ClosingSummary) -> str:
    return json.dumps(
        {
            "month": f"{summary.month:%Y-%m}",
            "version": summary.version,
            "already": summary.already,
            "inputs_digest": summary.inputs_digest,
            "results_digest": summary.results_digest,
            "counts": summary.counts,
            "seconds": round(summary.seconds, 3),
        },
        ensure_ascii=False,
    )


def _words(summary: ClosingSummary) -> str:
    done = "sudah ditutup sebelumnya" if summary.already else f"ditutup dalam {summary.seconds:.1f} detik"
    counts = summary.counts
    return (
        f"Bulan {summary.month:%Y-%m} {done} (versi {summary.version}): "
        f"{counts.get('events', 0)} layanan, {counts.get('ratings', 0)} penilaian, {counts.get('officers', 0)} petugas.\n"
        f"  sidik masukan {summary.inputs_digest}\n  sidik hasil   {summary.results_digest}"
    )
