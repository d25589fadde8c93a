"""Older survey reports from a file: one row per unit and period, each with the regime it was graded by.

Two layouts are read: the recap that offices send (OPP, U1-U9, POPULASI, SAMPEL) and plain columns (UNIT, PERIODE, IKM or
the nine elements by name, N, ATURAN). What comes in here stands in the trend beside computed figures, never inside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from teladan import scoring
from teladan.core import audit, clock
from teladan.core.imports import Example, Message, Report, make_report, read_only, writing
from teladan.core.kept import Files
from teladan.core.spreadsheet import FileRefused, Row, Table, read_table, shifted
from teladan.evaluation.models import PastIndex
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.rules.skm import Period, parse_period
from teladan.evaluation.rules.skm_columns import columns_of, element_named, numbered
from teladan.scoring.ikm import LEGACY_WEIGHTS

LOCK = "skm"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "unit": ("UNIT", "KODE UNIT", "UNIT KERJA", "OPP", "OPP (UNIT)", "OPD"),
    "period": ("PERIODE", "TAHUN"),
    "ikm": ("IKM", "NILAI IKM", "IKM KONVERSI"),
    "n": ("N", "SAMPEL", "RESPONDEN", "JUMLAH RESPONDEN"),
    "population": ("POPULASI",),
    "regime": ("ATURAN", "REGIM", "REGIME"),
    "grade": ("MUTU", "KATEGORI"),
    "note": ("CATATAN", "SUMBER"),
}
_MEANING = {header: meaning for meaning, headers in COLUMNS.items() for header in headers}
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,6})?")
_COUNT = re.compile(r"\d{1,7}")
_SHORT = {"2017": "permenpanrb-14-2017", "2004": "kepmenpan-25-2004"}
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class PastRow:
    """One readable row."""

    row: int
    unit: int
    unit_name: str
    period: Period
    regime: str
    ikm: Decimal
    n: int | None
    population: int | None
    elements: Mapping[str, str]
    note: str

    @property
    def key(self) -> tuple[int, date, int]:
        return (self.unit, self.period.first, self.period.span)

    def content(self) -> dict[str, Any]:
        return {
            "regime": self.regime,
            "ikm": str(self.ikm),
            "n": self.n,
            "population": self.population,
            "elements": dict(self.elements),
            "note": self.note,
        }

    def example(self) -> Example:
        grade = scoring.band_of(self.ikm, self.regime).grade
        return Example(f"{self.unit_name} {self.period.key}", f"{self.ikm} {grade} ({self.regime})")


@dataclass
class Plan:
    """What a file would do."""

    sheet: str
    messages: list[Message] = field(default_factory=list)
    new: list[PastRow] = field(default_factory=list)
    changed: list[tuple[PastRow, PastIndex]] = field(default_factory=list)
    unchanged: int = 0
    ignored: list[str] = field(default_factory=list)

    def refuse(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message("error", self.sheet, row, column, what, todo))

    def warn(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message("warning", self.sheet, row, column, what, todo))

    def report(self, kind: str, filename: str) -> Report:
        return make_report(
            kind,
            filename,
            self.messages,
            new=len(self.new),
            changed=len(self.changed),
            unchanged=self.unchanged,
            ignored_columns=self.ignored,
            examples={
                "new": [row.example() for row in self.new],
                "changed": [row.example() for row, _ in self.changed],
            },
        )


class PastImporter:
    """Reads a file of older reports; what the file does not say of itself is said beforehand, never guessed."""

    personal: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        regime: str | None = None,
        period: Period | None = None,
        numbering: str | None = None,
        headers: Iterable[str] = (),
    ) -> None:
        self.regime, self.period, self.numbering = regime, period, numbering
        self.columns = frozenset(header for header in headers if _is_read(header))

    @property
    def kind(self) -> str:
        """Names the importer with its options, so that a kept file is committed as it was checked."""
        short = next((word for word, code in _SHORT.items() if code == self.regime), "-")
        return f"skm:{short}:{self.numbering or '-'}:{self.period.key if self.period else '-'}"

    @classmethod
    def of_kind(cls, kind: str) -> PastImporter:
        """The importer that `kind` names."""
        _skm, short, numbering, period = kind.split(":")
        return cls(
            regime=_SHORT.get(short),
            numbering=None if numbering == "-" else numbering,
            period=None if period == "-" else parse_period(period),
        )

    def check(self, content: bytes, filename: str, *, by: object) -> Report:  # noqa: ARG002 - protocol
        """What the file would add or change. Writes nothing."""
        with read_only():
            return self._plan(content, filename).report(self.kind, filename)

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Write it, all or nothing."""
        with writing(LOCK):
            plan = self._plan(content, filename)
            report = plan.report(self.kind, filename)
            if report.ok and (plan.new or plan.changed):
                _write(plan, filename, by)
        return report

    # --- reading ---

    def _plan(self, content: bytes, filename: str) -> Plan:
        table = read_table(content, filename)
        columns = self._columns(table.headers)
        plan = Plan(table.sheet, ignored=[header for header in table.headers if not _is_read(header)])
        seen: dict[tuple[int, date, int], PastRow] = {}
        for row in self._rows(table, columns, plan):
            first = seen.setdefault(row.key, row)
            if first is not row:
                what = f"{row.unit_name} {row.period.key} sudah ada di baris {first.row}."
                plan.refuse(row.row, columns["unit"], what, "Satu unit dan periode satu baris.")
        _compare(seen.values(), plan)
        return plan

    def _columns(self, headers: list[str]) -> dict[str, str]:
        """Meaning to header; elements under their own names."""
        try:
            found = columns_of(headers, numbering=self.numbering)
        except ValueError as error:
            raise FileRefused(f"{error} Pilih arti U8 dan U9.") from error
        for header in headers:
            meaning = _MEANING.get(header)
            if meaning and meaning in found:
                raise FileRefused(f"Kolom {found[meaning]} dan {header} sama artinya. Hapus salah satu.")
            if meaning:
                found[meaning] = header
        if "unit" not in found:
            raise FileRefused("Kolom UNIT (atau OPP) tidak ada.")
        if "period" not in found and self.period is None:
            raise FileRefused("Kolom PERIODE tidak ada. Tambahkan, atau sebut satu periode untuk seluruh berkas.")
        if "regime" not in found and self.regime is None:
            raise FileRefused("Kolom ATURAN tidak ada. Tambahkan, atau pilih aturan mutu untuk seluruh berkas.")
        if "ikm" not in found and any(element not in found for element in scoring.ELEMENTS):
            raise FileRefused("Berkas memerlukan kolom IKM, atau kesembilan unsur menurut nama.")
        return found

    def _rows(self, table: Table, columns: Mapping[str, str], plan: Plan) -> Iterator[PastRow]:
        units = queries.units_by_name()
        for row in table.rows:
            before = sum(message.level == "error" for message in plan.messages)
            if row.surplus:
                plan.refuse(row.number, "", shifted(row), "Perbaiki baris itu.")
            found = self._read(row, columns, units, plan)
            if found and sum(message.level == "error" for message in plan.messages) == before:
                yield found

    def _read(
        self, row: Row, columns: Mapping[str, str], units: Mapping[str, list[tuple[int, str]]], plan: Plan
    ) -> PastRow | None:
        def text(meaning: str) -> str:
            return row.values[columns[meaning]] if meaning in columns else ""

        unit = _unit(row, columns["unit"], units, plan)
        period = self._period(row, text("period"), columns.get("period", ""), plan)
        regime = self._regime(row, text("regime"), columns.get("regime", ""), plan)
        elements = _elements(row, columns, plan)
        ikm = _published(row, text("ikm"), columns.get("ikm", ""), plan)
        n = _count(row, text("n"), columns.get("n", ""), plan)
        population = _count(row, text("population"), columns.get("population", ""), plan)
        if ikm is None:
            ikm = _computed(row, elements, plan)
        elif len(elements) == len(scoring.ELEMENTS):
            _compare_weights(row, columns["ikm"], ikm, elements, plan)
        if unit is None or period is None or regime is None or ikm is None:
            return None
        _compare_grade(row, text("grade"), columns.get("grade", ""), ikm, regime, plan)
        return PastRow(row.number, *unit, period, regime, ikm, n, population, elements, text("note")[:300])

    def _period(self, row: Row, text: str, column: str, plan: Plan) -> Period | None:
        if not text and self.period:
            return _past_period(row, self.period, column, plan)
        try:
            return _past_period(row, parse_period(text), column, plan)
        except ValueError as error:
            plan.refuse(row.number, column, str(error), "Perbaiki periodenya.")
            return None

    def _regime(self, row: Row, text: str, column: str, plan: Plan) -> str | None:
        found = _regime_named(text) if text else self.regime
        if found is None:
            what = f"Aturan {text!r} tidak dikenal." if text else "Aturan mutu kosong."
            plan.refuse(row.number, column, what, f"Isi salah satu: {', '.join(scoring.REGIMES)}.")
        return found


def _is_read(header: str) -> bool:
    return header in _MEANING or element_named(header) is not None or bool(numbered([header]))


def _regime_named(text: str) -> str | None:
    """By code, or by the year of its decree: `PermenPANRB 14/2017`, `KEP/25/M.PAN/2/2004`, `2004`."""
    if text.lower() in scoring.REGIMES:
        return text.lower()
    years = [code for year, code in _SHORT.items() if re.search(rf"(?<!\d){year}(?!\d)", text)]
    return years[0] if len(years) == 1 else None


def _past_period(row: Row, period: Period, column: str, plan: Plan) -> Period | None:
    if clock.month_end(period.last) >= clock.today():
        plan.refuse(row.number, column, f"Periode {period.key} belum lewat.", "Laporan lama berasal dari masa lalu.")
        return None
    return period


def _unit(row: Row, column: str, units: Mapping[str, list[tuple[int, str]]], plan: Plan) -> tuple[int, str] | None:
    text = row.values[column]
    found = units.get(text.casefold(), [])
    if len(found) == 1:
        return found[0]
    if found:
        plan.refuse(row.number, column, f"Beberapa unit bernama {text!r}.", "Pakai kode unit.")
    else:
        what = f"Unit {text!r} tidak dikenal." if text else "Unit kosong."
        plan.refuse(row.number, column, what, "Pakai kode unit, atau namanya seperti di daftar unit.")
    return None


def _decimal(text: str) -> Decimal | None:
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _elements(row: Row, columns: Mapping[str, str], plan: Plan) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in scoring.ELEMENTS:
        text = row.values[columns[element]] if element in columns else ""
        if not text:
            continue
        value = _decimal(text)
        if value is None or not 1 <= value <= 4:
            plan.refuse(
                row.number, columns[element], f"Nilai {text[:40]!r} bukan NRR 1 sampai 4.", "Isi NRR, atau kosongkan."
            )
        else:
            found[element] = str(value)
    return found


def _published(row: Row, text: str, column: str, plan: Plan) -> Decimal | None:
    if not text:
        return None
    value = _decimal(text)
    if value is not None and 25 <= value <= 100:
        return scoring.round_half_up(value)
    hint = "Isi nilai konversi 25 sampai 100."
    if value is not None and 1 <= value <= 4:
        hint = f"Ini tampak nilai interval 1-4; nilai konversinya {scoring.round_half_up(25 * value)}."
    plan.refuse(row.number, column, f"IKM {text[:40]!r} di luar 25 sampai 100.", hint)
    return None


def _count(row: Row, text: str, column: str, plan: Plan) -> int | None:
    if not text:
        return None
    if not _COUNT.fullmatch(text):
        plan.refuse(row.number, column, f"{text[:40]!r} bukan jumlah.", "Isi bilangan bulat, atau kosongkan.")
        return None
    return int(text)


def _sum(elements: Mapping[str, str]) -> Fraction:
    return sum((Fraction(value) for value in elements.values()), Fraction(0))


def _computed(row: Row, elements: Mapping[str, str], plan: Plan) -> Decimal | None:
    missing = [name for name in scoring.ELEMENTS if name not in elements]
    if not missing:
        return scoring.round_half_up(scoring.index(_sum(elements)))
    if not any(message.row == row.number and message.level == "error" for message in plan.messages):
        what = f"IKM kosong, dan unsur tidak lengkap: {', '.join(missing)}."
        plan.refuse(row.number, "", what, "Isi IKM, atau kesembilan unsur.")
    return None


def _compare_weights(row: Row, column: str, ikm: Decimal, elements: Mapping[str, str], plan: Plan) -> None:
    total = _sum(elements)
    exact = scoring.round_half_up(scoring.index(total))
    if abs(exact - ikm) <= _CENT:
        return
    old = next((w for w, part in LEGACY_WEIGHTS.items() if abs(scoring.round_half_up(scoring.index(total, weight=part)) - ikm) <= _CENT), "")  # fmt: skip
    why = f"Bobot {old} dipakai waktu itu." if old else "Sebabnya tidak diketahui."
    plan.warn(row.number, column, f"IKM {ikm}, tetapi sembilan unsur memberi {exact}. {why}", "Yang terbit disimpan.")


def _compare_grade(row: Row, text: str, column: str, ikm: Decimal, regime: str, plan: Plan) -> None:
    grade = scoring.band_of(ikm, regime).grade
    given = text.strip().upper()[:1]
    if given in set("ABCD") and len(text.strip()) == 1 and given != grade:
        plan.warn(
            row.number,
            column,
            f"Mutu {given} tidak cocok: {ikm} adalah {grade} menurut {scoring.regime_named(regime).legal_basis}.",
            "Periksa aturan mutunya.",
        )


# --- comparing and writing -------------------------------------------------------------------------------------------


def _compare(rows: Iterable[PastRow], plan: Plan) -> None:
    found = list(rows)
    known = queries.past_by_key({row.unit for row in found})
    measured = queries.measured_months({row.unit for row in found})
    for row in found:
        if any(month in measured.get(row.unit, ()) for month in row.period.months):
            what = f"{row.unit_name} sudah punya hasil Teladan dalam {row.period.key}."
            plan.warn(row.row, "", what, "Keduanya tampil berdampingan, tidak dicampur.")
        old = known.get(row.key)
        if old is None:
            plan.new.append(row)
        elif _content(old) == row.content():
            plan.unchanged += 1
        else:
            plan.changed.append((row, old))


def _content(old: PastIndex) -> dict[str, Any]:
    return {
        "regime": old.regime,
        "ikm": str(old.ikm),
        "n": old.n,
        "population": old.population,
        "elements": old.elements,
        "note": old.note,
    }


def _write(plan: Plan, filename: str, by: object) -> None:
    key = getattr(by, "pk", None)
    stamp = {"imported_at": clock.now(), "imported_by": f"user:{key}" if key else str(by)}
    PastIndex.objects.bulk_create(
        [
            PastIndex(unit_id=row.unit, first=row.period.first, span=row.period.span, **row.content(), **stamp)
            for row in plan.new
        ]
    )
    for row, old in plan.changed:
        PastIndex.objects.filter(pk=old.pk).update(**row.content(), **stamp)
    audit.record_many(
        event=audit.Event.SKM_IMPORTED,
        actor=by,
        changes=[(f"skm:{old.unit.code}:{row.period.key}", _content(old), row.content()) for row, old in plan.changed],
    )
    audit.record(
        event=audit.Event.SKM_IMPORTED,
        actor=by,
        subject="skm:lama",
        after={"file": filename, "new": len(plan.new), "changed": len(plan.changed)},
    )


FILES = Files("evaluation.import_file", PastImporter.of_kind)
