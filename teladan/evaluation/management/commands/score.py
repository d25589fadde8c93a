"""`teladan score FILE.csv`: the mixed model behind the fair score, on any table of ratings, without a database."""

from __future__ import annotations

import csv
import json
import math
import os
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teladan import scoring

if TYPE_CHECKING:
    from teladan.scoring import Cells, Fit

MISSING = {"", "na", "null"}
MAX_FAULTS = 10
SHOWN = 5  # levels at either end of a group in the readable table


class Command(BaseCommand):
    help = """Menghitung model campuran dari berkas CSV, tanpa basis data.

Setiap baris satu penilaian. --value adalah kolom angkanya, --group kolom yang pengaruhnya acak (petugas, layanan, unit),
--fixed kolom yang pengaruhnya tetap. Nama seperti dept:service berarti gabungan dua kolom. Nilai kosong berarti tidak
ada penilaian. Berkas dibaca mengalir: jutaan baris boleh. Rumus: docs/rules/fair-score.md.

Contoh: teladan score penilaian.csv --value nilai --group petugas --group layanan --fixed kanal,bulan"""
    requires_system_checks: tuple[str, ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="BERKAS", help="berkas .csv (UTF-8, pemisah koma atau titik koma)")
        parser.add_argument("--value", required=True, metavar="KOLOM", help="kolom angka yang dimodelkan")
        parser.add_argument(
            "--group", required=True, action="append", metavar="KOLOM", help="faktor acak; boleh diulang"
        )
        parser.add_argument(
            "--fixed", default=[], action="append", metavar="KOLOM[,KOLOM]", help="faktor tetap; boleh diulang"
        )
        parser.add_argument("--ml", action="store_true", help="kemungkinan maksimum, bukan REML")
        parser.add_argument("--json", action="store_true", help="cetak JSON")

    def handle(self, *, file: str, value: str, group: list[str], ml: bool, **options: Any) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # these matrices are small; waiting threads cost more
        fixed = [name.strip() for part in options["fixed"] for name in part.split(",") if name.strip()]
        names = [*fixed, *group]
        if twice := {name for name in names if names.count(name) > 1}:
            raise CommandError(f"Kolom disebut dua kali: {', '.join(sorted(twice))}.")
        table = _Counted(file, value)
        try:
            cells = table.cells(fixed, group)
            est = scoring.fit(cells, reml=not ml)
        except UnicodeDecodeError as error:
            raise CommandError(
                f"{file}: baris {table.line + 1}: bukan UTF-8. Simpan ulang sebagai CSV UTF-8."
            ) from error
        except csv.Error as error:
            raise CommandError(f"{file}: baris {table.line + 1}: bukan CSV ({error}).") from error
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror or error}.") from error
        except ValueError as error:
            raise CommandError(f"{file}: {error}") from error
        found = _as_json(cells, est, table.skipped)
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
        else:
            self.stdout.write("\n".join(_as_text(found)))


@dataclass
class _Counted:
    """A CSV read once, row by row, into one count per cell."""

    file: str
    value: str
    line: int = 0
    skipped: int = 0
    faults: list[str] = field(default_factory=list)

    def cells(self, fixed: Sequence[str], groups: Sequence[str]) -> Cells:
        counts: dict[tuple[str, ...], list[float]] = {}
        for key, y in self._rows([*fixed, *groups]):
            cell = counts.get(key)
            if cell is None:
                cell = counts[key] = [0.0, 0.0, 0.0]
            cell[0] += 1
            cell[1] += y
            cell[2] += y * y
        if self.faults:
            raise CommandError("\n".join(f"{self.file}: {fault}" for fault in self.faults))
        if not counts:
            raise CommandError(f"{self.file}: tidak ada penilaian di kolom {self.value!r}.")
        names, marks = (*fixed, *groups), {"n": "n ", "total": "sum ", "squares": "sumsq "}  # no header ends in a blank
        rows = (
            {**dict(zip(names, key, strict=True)), **dict(zip(marks.values(), cell, strict=True))}
            for key, cell in sorted(counts.items())
        )
        return scoring.cells_from_counts(rows, fixed=fixed, groups=groups, **marks)

    def _rows(self, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], float]]:
        with open(self.file, encoding="utf-8-sig", newline="") as lines:
            head = lines.readline()
            comma = ";" if head.count(";") > head.count(",") else ","
            header = [name.strip() for name in next(csv.reader([head], delimiter=comma), [])]
            self.line = 1
            at = self._place(self.value, header)[0]
            places = [self._place(name, header) for name in names]
            reader = csv.reader(lines, delimiter=comma)
            for row in reader:
                self.line = reader.line_num + 1
                if not row:
                    continue
                if len(row) != len(header):
                    self._fault(f"{len(row)} kolom, padahal kepala tabel {len(header)}")
                elif (y := self._number(row[at], comma)) is not None:
                    levels = tuple(":".join([row[i].strip() for i in place]) for place in places)
                    for name, place in zip(names, places, strict=True):
                        if any(row[i].strip().lower() in MISSING for i in place):
                            self._fault(f"kolom {name!r}: kosong")
                    yield levels, y
                if len(self.faults) >= MAX_FAULTS:
                    return

    def _place(self, name: str, header: Sequence[str]) -> list[int]:
        """The column of a name, or the columns of a combination like `dept:service`."""
        parts = [name] if name in header else name.split(":")
        for part in parts:
            if header.count(part) != 1:
                trouble = "tidak ada" if part not in header else "ada lebih dari satu"
                raise CommandError(f"{self.file}: baris 1: kolom {part!r} {trouble}. Kolom: {', '.join(header)}.")
        return [header.index(part) for part in parts]

    def _number(self, text: str, comma: str) -> float | None:
        text = text.strip()
        if text.lower() in MISSING:
            self.skipped += 1
            return None
        try:
            number = float(text.replace(",", ".") if comma == ";" else text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or "_" in text:
            self._fault(f"kolom {self.value!r}: {text[:40]!r} bukan angka")
            return None
        return number

    def _fault(self, what: str) -> None:
        self.faults.append(f"baris {self.line}, {what}")


def _as_json(cells: Cells, est: Fit, skipped: int) -> dict[str, Any]:
    fixed = {"intercept": {"estimate": est.intercept, "se": est.intercept_se}}
    for name, effects in est.effects.items():
        for i, label in enumerate(est.labels[name]):
            if i and f"{name}[{label}]" not in est.aliased:
                fixed[f"{name}[{label}]"] = {"estimate": float(effects[i]), "se": float(est.effect_se[name][i])}
    return {
        "method": "REML" if est.reml else "ML",
        "criterion": est.criterion if math.isfinite(est.criterion) else None,
        "n": est.n,
        "without_value": skipped,
        "cells": int(cells.n.size),
        "df_residual": est.df_residual,
        "residual": est.sigma2,
        "components": {name: est.variances[name] for name in cells.groups},
        "fixed": fixed,
        "groups": {name: _levels(cells, est, name) for name in cells.groups},
        "aliased": list(est.aliased),
        "boundary": list(est.boundary),
        "unidentified": list(est.unidentified),
        "converged": est.converged,
    }


def _levels(cells: Cells, est: Fit, name: str) -> dict[str, dict[str, float]]:
    n, effects = cells.groups[name].totals(cells.n), est.modes[name]
    errors = [math.sqrt(max(0.0, float(v))) for v in est.mode_variances[name]]
    return {
        label: {"effect": float(effects[i]), "se": errors[i], "n": int(n[i])}
        for i, label in enumerate(est.labels[name])
    }


def _as_text(found: dict[str, Any]) -> Iterator[str]:
    criterion = "tidak terdefinisi" if found["criterion"] is None else _number(found["criterion"], 4)
    ratings, cells = (f"{found[name]:,}".replace(",", ".") for name in ("n", "cells"))
    yield f"{ratings} penilaian dalam {cells} sel, {found['method']}, kriteria {criterion}"
    if found["without_value"]:
        yield f"{found['without_value']} baris tanpa nilai dilewati"
    yield from _columns("Komponen", [(k, v) for k, v in found["components"].items()] + [("sisa", found["residual"])])
    yield ""
    yield f"{'Pengaruh tetap':<30} {'taksiran':>12} {'galat baku':>12}"
    for name, one in found["fixed"].items():
        yield f"  {name:<28} {_number(one['estimate'], 5):>12} {_number(one['se'], 5):>12}"
    for name, levels in found["groups"].items():
        yield ""
        yield f"{name + f' ({len(levels)})':<30} {'pengaruh':>12} {'galat baku':>12} {'n':>9}"
        ordered = sorted(levels.items(), key=lambda item: -item[1]["effect"])
        hidden = len(ordered) - 2 * SHOWN
        for i, (label, one) in enumerate(ordered):
            if hidden > 1 and i == SHOWN:
                yield f"  … {hidden} lagi; semuanya dengan --json"
            if hidden <= 1 or i < SHOWN or i >= len(ordered) - SHOWN:
                yield f"  {label:<28} {_number(one['effect'], 5):>12} {_number(one['se'], 5):>12} {int(one['n']):>9}"
    yield from _warnings(found)


def _columns(title: str, rows: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield ""
    yield f"{title:<30} {'ragam':>12} {'simpangan':>12}"
    for name, value in rows:
        yield f"  {name:<28} {_number(value, 6):>12} {_number(math.sqrt(value), 6):>12}"


def _warnings(found: dict[str, Any]) -> Iterator[str]:
    notes = {
        "Ragam nol (di batas)": found["boundary"],
        "Tidak dapat dibedakan dari data ini": found["unidentified"],
        "Dibuang karena tidak menambah keterangan": found["aliased"],
    }
    for text, names in notes.items():
        if names:
            yield f"\n{text}: {', '.join(names)}."
    if not found["converged"]:
        yield "\nPeringatan: pencarian berhenti sebelum lerengnya nol."


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")
