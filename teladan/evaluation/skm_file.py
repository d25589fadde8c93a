"""A file of raw survey answers as an index, without a database: one row per respondent, the nine elements by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from teladan import scoring
from teladan.core.spreadsheet import FileRefused, Row, column_name, read_table, shifted
from teladan.evaluation.rules.skm_columns import columns_of
from teladan.scoring.ikm import LEGACY_WEIGHTS, NINTH

SHOWN = 20
_ANSWER = re.compile(r"([1-4])(?:[.,]0+)?")
_HINT = (
    "Sebut artinya, misalnya --columns persyaratan=U1 prosedur=U2 waktu=U3 biaya=U4 produk=U5 kompetensi=U6 perilaku=U7 "
    "pengaduan=U8 sarana=U9."
)


class AnswersRefused(Exception):
    """The file cannot be read as answers; one line per fault, each with its row and column."""

    def __init__(self, faults: list[str]) -> None:
        more = [f"… dan {len(faults) - SHOWN} kesalahan lain."] if len(faults) > SHOWN else []
        super().__init__("\n".join([*faults[:SHOWN], *more]))
        self.faults = faults


@dataclass(frozen=True)
class Outcome:
    """The index of a file; `value` and `grade` follow the asked weight, `index` is exact."""

    index: scoring.Ikm
    value: Any
    grade: str | None
    weight: str
    imputed: int

    def as_json(self) -> dict[str, Any]:
        index = self.index
        exact = self.weight == "1/9"
        return {
            "ikm": float(self.value) if self.value is not None else None,
            "grade": self.grade,
            "regime": index.regime,
            "n": index.n,
            "elements": {
                one.element: {
                    "n": one.n,
                    "nrr": round(float(one.mean), 6) if one.mean is not None else None,
                    "value": float(one.value) if one.value is not None else None,
                    "grade": one.grade,
                }
                for one in index.elements
            },
            "label": next((b.label for b in scoring.regime_named(index.regime).bands if b.grade == self.grade), None),
            "low": round(index.low, 4) if exact and index.low is not None else None,
            "high": round(index.high, 4) if exact and index.high is not None else None,
            "weight": self.weight,
            "missing": list(index.missing),
            "free_counted": self.imputed,
        }


def read_mapping(pairs: list[str]) -> dict[str, str]:
    """`["sarana=U9", …]` as element to header. FileRefused names what is not understood."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        element, sign, header = pair.partition("=")
        element, header = element.strip().lower(), " ".join(header.split()).upper()
        if not sign or not header or element not in scoring.ELEMENTS:
            raise FileRefused(f"Arti kolom {pair!r} tidak dikenal. Unsur: {', '.join(scoring.ELEMENTS)}.")
        if element in mapping or header in mapping.values():
            raise FileRefused(f"Kolom {pair!r} disebut dua kali. Satu kolom punya satu arti.")
        mapping[element] = header
    return mapping


def index_of_file(
    content: bytes, filename: str, *, regime: str, mapping: Mapping[str, str], free: bool = False, weight: str = "1/9"
) -> Outcome:
    """The index of a file's answers. FileRefused for the file, AnswersRefused for its rows; nothing is guessed."""
    table = read_table(content, filename)
    try:
        columns = columns_of(table.headers, mapping=mapping)
    except ValueError as error:
        raise FileRefused(f"{error} {_HINT if 'bernomor' in str(error) else ''}".strip()) from error
    missing = [name for name in scoring.ELEMENTS if name not in columns and not (free and name == "biaya")]
    if missing:
        raise FileRefused(
            f"Kolom unsur tidak ada: {', '.join(missing)}. Kolom berkas: {', '.join(table.headers)}. "
            "Beri judul menurut nama unsur, atau sebut dengan --columns."
        )
    faults: list[str] = []
    places = {header: column_name(at) for at, header in enumerate(table.headers)}
    rows = [_answers(row, columns, places, faults) for row in table.rows]
    if faults:
        raise AnswersRefused(faults)
    imputed = _count_free(rows) if free else 0
    index = scoring.ikm(rows, regime=regime)
    if not index.n:
        raise FileRefused("Berkas tidak memuat satu jawaban pun.")
    if index.exact is None:
        return Outcome(index, None, None, weight, imputed)
    factor = LEGACY_WEIGHTS.get(weight, NINTH)
    value = scoring.round_half_up(index.exact * factor / NINTH)
    return Outcome(index, value, scoring.band_of(value, regime).grade, weight, imputed)


def _answers(
    row: Row, columns: Mapping[str, str], places: Mapping[str, str], faults: list[str]
) -> dict[str, int | None]:
    if row.surplus:
        faults.append(shifted(row))
    found: dict[str, int | None] = dict.fromkeys(scoring.ELEMENTS)
    for element, header in columns.items():
        text = row.values[header]
        if not text:
            continue
        match = _ANSWER.fullmatch(text)
        if match is None:
            faults.append(
                f"Baris {row.number}, kolom {header} ({places[header]}): {text[:40]!r} bukan 1, 2, 3 atau 4. "
                "Perbaiki, atau kosongkan bila tidak dijawab."
            )
            continue
        found[element] = int(match[1])
    return found


def _count_free(rows: list[dict[str, int | None]]) -> int:
    """Cost counts 4 for those who left it out and answered at least one other element; how many that were."""
    counted = 0
    for row in rows:
        if row["biaya"] is None and any(row.values()):
            row["biaya"] = 4
            counted += 1
    return counted
