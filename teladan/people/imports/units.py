"""The file of units: SIASN's export has no tree and no superiors, this file brings them.

One row per unit, true from BERLAKU SEJAK on. A changed row ends the old period and begins a new one; the same day
corrects it; an earlier day is refused, since closed months rest on what was recorded. Units missing from a file stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.core.imports import Example, Message, Report, make_report, read_only, split_columns, writing
from teladan.core.spreadsheet import Row, read_table, shifted
from teladan.people import access, queries
from teladan.people.imports.employee_state import PostKey, post_key
from teladan.people.models import Post, Unit, UnitPeriod, User
from teladan.people.permissions import Permission
from teladan.people.rules import PostKind
from teladan.people.rules.siasn import HEAD_KIND, Unreadable, parse_date

REQUIRED = ("KODE UNIT", "NAMA UNIT", "KODE INDUK", "JENIS", "JABATAN KEPALA", "BERLAKU SEJAK")
OPTIONAL = ("JENJANG KEPALA", "KEPALA MENILAI")
EXAMPLES = (
    ("KOTA", "Pemerintah Kota", "", "kota", "", "2020-01-01", "", ""),
    ("DISDUKCAPIL", "Dinas Kependudukan dan Pencatatan Sipil", "KOTA", "opd", "Kepala Dinas Kependudukan dan Pencatatan Sipil", "2020-01-01", "jpt", ""),
    ("SDN-01", "SD Negeri 01", "DISDIKBUD", "sekolah", "Kepala SD Negeri 01", "2020-01-01", "fungsional", "ya"),
)  # fmt: skip

_KINDS = {kind.value: kind.value for kind in UnitPeriod.Kind} | {
    str(kind.label): kind.value for kind in UnitPeriod.Kind
}
_HEADS = {kind.value: kind for kind in PostKind}
_YES = {"ya", "y", "1", "true", "yes"}
_NO = {"", "tidak", "t", "0", "false", "no", "-"}


@dataclass(frozen=True)
class UnitRow:
    """A row of the file as clean values."""

    number: int
    code: str
    name: str
    parent: str
    kind: str
    head: str
    head_kind: PostKind | None
    delegated: bool | None  # nothing when the column is not there
    since: date


@dataclass
class Planned:
    """What one row does to one unit."""

    row: UnitRow
    unit: Unit
    current: UnitPeriod | None
    words: list[str] = field(default_factory=list)  # what changes
    correct: bool = False  # same day: the period is corrected, not followed by another

    @property
    def is_new(self) -> bool:
        return self.current is None

    @property
    def is_changed(self) -> bool:
        return self.current is not None and bool(self.words)


class _Reader:
    """Rows to values, with messages."""

    def __init__(self, sheet: str, headers: list[str]) -> None:
        self.sheet, self.headers = sheet, frozenset(headers)
        self.messages: list[Message] = []

    def tell(self, level: str, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message(level, self.sheet, row, column, what, todo))

    def error(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.tell("error", row, column, what, todo)

    def check_headers(self) -> None:
        for header in REQUIRED:
            if header not in self.headers:
                todo = "Tambahkan kolom itu, atau unduh contoh berkas di halaman impor."
                self.error(1, header, f"Kolom {header} tidak ada.", todo)

    def read(self, raw: Row) -> UnitRow | None:
        before = len(self.messages)
        values, number = raw.values, raw.number
        if raw.surplus:
            self.error(number, "", shifted(raw), "Perbaiki baris itu, lalu unggah lagi.")
        for column, most in (("KODE UNIT", 64), ("NAMA UNIT", 200), ("JABATAN KEPALA", 200)):
            if len(values[column]) > most:
                self.error(number, column, f"Isi {column} lebih dari {most} huruf.", "Pendekkan isinya.")
            if not values[column] and column != "JABATAN KEPALA":
                self.error(number, column, f"{column} kosong.", "Isi kolom ini; kodenya sama dengan UNOR ID di SIASN.")
        if "/" in values["KODE UNIT"]:
            self.error(number, "KODE UNIT", "Kode unit tidak boleh memuat garis miring.", "Pakai tanda hubung.")
        kind = self._choice(number, "JENIS", values["JENIS"], _KINDS)
        head_kind = self._choice(number, "JENJANG KEPALA", values.get("JENJANG KEPALA", ""), {"": None, **_HEADS})
        since = self._since(number, values["BERLAKU SEJAK"])
        delegated = self._delegated(number, values.get("KEPALA MENILAI"))
        if len(self.messages) > before or kind is None or since is None:
            return None
        return UnitRow(
            number,
            values["KODE UNIT"],
            values["NAMA UNIT"],
            values["KODE INDUK"],
            kind,
            values["JABATAN KEPALA"],
            head_kind,
            delegated,
            since,
        )

    def _choice(self, number: int, column: str, text: str, known: dict[str, Any]) -> Any:
        if text.lower() not in known:
            allowed = ", ".join(key for key in known if key)
            self.error(number, column, f"{column} {text[:30]!r} tidak dikenal.", f"Pakai salah satu: {allowed}.")
            return None
        return known[text.lower()]

    def _since(self, number: int, text: str) -> date | None:
        try:
            found = parse_date(text)
        except Unreadable:
            found = None
        if found is None:
            todo = "Tulis tanggal sebagai tttt-bb-hh, misalnya 2020-01-01."
            self.error(number, "BERLAKU SEJAK", f"Tanggal {text[:20]!r} tidak terbaca.", todo)
        return found

    def _delegated(self, number: int, text: str | None) -> bool | None:
        if text is None:
            return None
        if text.lower() not in _YES | _NO:
            self.error(number, "KEPALA MENILAI", f"Isi {text[:20]!r} tidak dikenal.", "Isi ya atau tidak.")
        return text.lower() in _YES


class _Planner:
    """Compares the rows with the units of today. Reads only."""

    def __init__(self, reader: _Reader, rows: list[UnitRow]) -> None:
        self.reader, self.rows = reader, rows
        self.today = clock.today()
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.codes = {unit.pk: code for code, unit in self.units.items()}
        self.periods = self._latest_periods()

    def _latest_periods(self) -> dict[str, UnitPeriod]:
        """The last period of each unit; a unit that ended may begin again, but not before its end."""
        rows = UnitPeriod.objects.select_related("head_post", "unit").order_by("valid_from")
        return {row.unit.code: row for row in rows}

    def plan(self) -> list[Planned]:
        rows = self._without_duplicates()
        known = set(self.units) | {row.code for row in rows}
        for row in rows:
            if row.parent and row.parent not in known:
                todo = "Tambahkan baris untuk unit induk itu, atau perbaiki kodenya."
                self.reader.error(row.number, "KODE INDUK", f"Unit induk {row.parent} tidak ada.", todo)
        planned = [one for row in rows if (one := self._one(row))]
        self._check_tree(rows)
        return planned

    def _without_duplicates(self) -> list[UnitRow]:
        kept: dict[str, UnitRow] = {}
        for row in self.rows:
            if row.code in kept:
                what = f"Kode unit {row.code} sama dengan baris {kept[row.code].number}."
                self.reader.error(row.number, "KODE UNIT", what, "Hapus salah satu baris; satu unit satu baris.")
            else:
                kept[row.code] = row
        return list(kept.values())

    def _one(self, row: UnitRow) -> Planned | None:
        unit = self.units.get(row.code) or Unit(code=row.code)
        current = self.periods.get(row.code)
        planned = Planned(row, unit, current)
        planned.words = self._differences(row, current) if current else []
        if current and current.valid_until:
            planned.words.append("berlaku lagi")
        if current and planned.words:
            if row.since < (current.valid_until or current.valid_from):
                self.reader.error(
                    row.number,
                    "BERLAKU SEJAK",
                    f"Unit {row.code} sudah berubah pada {current.valid_until or current.valid_from:%d-%m-%Y}; "
                    "riwayat tidak ditulis ulang.",
                    "Isi tanggal yang sama atau sesudahnya.",
                )
                return None
            planned.correct = row.since == current.valid_from
        if not row.head and row.parent:
            self.reader.tell(
                "warning",
                row.number,
                "JABATAN KEPALA",
                f"Unit {row.code} tanpa jabatan kepala; penilai dicari di unit di atasnya.",
                "Isi jabatan kepalanya bila ada.",
            )
        return planned

    def _differences(self, row: UnitRow, current: UnitPeriod) -> list[str]:
        head = current.head_post.title if current.head_post else ""
        parent = self.codes.get(current.parent_id or 0, "")
        pairs = [
            ("nama", current.name, row.name),
            ("induk", parent, row.parent),
            ("jenis", current.kind, row.kind),
            ("jabatan kepala", head.casefold(), row.head.casefold()),
        ]
        if row.delegated is not None:
            pairs.append(("kepala menilai", _yes(current.head_delegated), _yes(row.delegated)))
        if row.head_kind and current.head_post and head.casefold() == row.head.casefold():
            pairs.append(("jenjang kepala", current.head_post.kind, row.head_kind.value))
        return [f"{name}: {old or 'kosong'} → {new or 'kosong'}" for name, old, new in pairs if old != new]

    # --- the tree as it will be --------------------------------------------------------------------------------------------

    def _check_tree(self, rows: list[UnitRow]) -> None:
        parents = {
            code: self.codes.get(period.parent_id or 0, "")
            for code, period in self.periods.items()
            if period.valid_until is None
        }
        parents |= {row.code: row.parent for row in rows}
        numbers = {row.code: row.number for row in rows}
        tops = [code for code, parent in parents.items() if not parent]
        if len(tops) != 1:
            what = f"Ada {len(tops)} unit tanpa induk: {', '.join(tops[:6])}." if tops else "Tidak ada unit puncak."
            todo = "Tepat satu unit, yaitu pemerintah kota, tidak punya KODE INDUK."
            row = next((numbers[code] for code in reversed(tops) if code in numbers), None)
            self.reader.error(row, "KODE INDUK", what, todo)
        for loop in _loops(parents):
            row = next((numbers[code] for code in loop if code in numbers), None)
            what = f"Unit saling membawahi: {' → '.join([*loop, loop[0]])}."
            self.reader.error(row, "KODE INDUK", what, "Perbaiki KODE INDUK salah satu unit itu.")

    def missing(self) -> list[Example]:
        """Units of today that are not in the file; they stay."""
        codes = {row.code for row in self.rows}
        names = queries.unit_names(self.today)
        lacking = [unit for code, unit in sorted(self.units.items()) if code not in codes and unit.pk in names]
        return [Example(f"{names[unit.pk]} ({unit.code})", "tetap tersimpan") for unit in lacking]


def _yes(value: bool) -> str:
    return "ya" if value else "tidak"


def _loops(parents: dict[str, str]) -> Iterable[list[str]]:
    """Each circle of units once."""
    settled: set[str] = set()
    for start in parents:
        path: list[str] = []
        code = start
        while code and code in parents and code not in settled and code not in path:
            path.append(code)
            code = parents[code]
        if code in path:
            yield path[path.index(code) :]
        settled.update(path)


class UnitImporter:
    """KODE UNIT, NAMA UNIT, KODE INDUK, JENIS, JABATAN KEPALA, BERLAKU SEJAK; JENJANG KEPALA and KEPALA MENILAI if wanted."""

    kind = "units"
    columns = frozenset((*REQUIRED, *OPTIONAL))
    personal: frozenset[str] = frozenset()

    def check(self, content: bytes, filename: str, *, by: object) -> Report:
        """What the file would do."""
        with read_only():
            return self._prepare(content, filename, by)[0]

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Check again and write, all or nothing."""
        with writing(self.kind):
            report, planned = self._prepare(content, filename, by)
            if report.ok:
                _write(planned)
                audit.record(
                    event=Event.UNITS_IMPORTED,
                    actor=by,
                    subject="units",
                    after={
                        "new": [one.row.code for one in planned if one.is_new],
                        "changed": {one.row.code: one.words for one in planned if one.is_changed},
                    },
                )
            return report

    def _prepare(self, content: bytes, filename: str, by: object) -> tuple[Report, list[Planned]]:
        table = read_table(content, filename)
        reader = _Reader(table.sheet, table.headers)
        reader.check_headers()
        _check_scope(reader, by)
        rows = [] if reader.messages else [row for raw in table.rows if (row := reader.read(raw))]
        if not reader.messages and not rows:
            reader.error(2, "", "Berkas tidak berisi satu unit pun.", "Periksa apakah lembar yang benar disimpan.")
        planner = _Planner(reader, rows) if rows else None
        planned = planner.plan() if planner else []
        missing = planner.missing() if planner else []
        ignored, dropped = split_columns(table.headers, self)
        count = Counter("new" if one.is_new else "changed" if one.is_changed else "unchanged" for one in planned)
        return make_report(
            self.kind,
            filename,
            reader.messages,
            new=count["new"],
            changed=count["changed"],
            unchanged=count["unchanged"],
            missing=len(missing),
            ignored_columns=ignored,
            dropped_columns=dropped,
            examples={
                "new": [Example(f"{one.row.name} ({one.row.code})") for one in planned if one.is_new],
                "changed": [
                    Example(f"{one.row.name} ({one.row.code})", "; ".join(one.words))
                    for one in planned
                    if one.is_changed
                ],
                "missing": missing,
            },
        ), planned


def _check_scope(reader: _Reader, by: object) -> None:
    """The tree is one: only whoever may import for the whole government may change it."""
    if isinstance(by, User) and not access.everywhere(by, Permission.PEOPLE_IMPORT):
        todo = "Minta BKPSDM mengimpor berkas unit."
        reader.error(None, "", "Berkas unit hanya dapat diimpor untuk seluruh pemerintah daerah.", todo)


def _write(planned: list[Planned]) -> None:
    todo = [one for one in planned if one.is_new or one.is_changed]
    created = Unit.objects.bulk_create([one.unit for one in todo if one.unit.pk is None])
    units = {unit.code: unit for unit in Unit.objects.all()} | {unit.code: unit for unit in created}
    posts = _head_posts([one for one in todo if one.row.head])
    ended, corrected, begun = [], [], []
    for one in todo:
        period = _period(one, units, posts)
        if one.correct:
            corrected.append(period)
            continue
        begun.append(period)
        if one.current and one.current.valid_until is None:
            one.current.valid_until = one.row.since
            ended.append(one.current)
    UnitPeriod.objects.bulk_update(ended, ["valid_until"])
    UnitPeriod.objects.bulk_update(corrected, ["name", "parent", "kind", "head_post", "head_delegated"])
    UnitPeriod.objects.bulk_create(begun)


def _period(one: Planned, units: dict[str, Unit], posts: dict[PostKey, Post]) -> UnitPeriod:
    """The period as the row wants it: a new one, or the current one corrected."""
    row, current = one.row, one.current
    period = current if one.correct and current else UnitPeriod(unit=one.unit, valid_from=row.since)
    period.name, period.kind = row.name, row.kind
    period.parent = units[row.parent] if row.parent else None
    period.head_post = posts[post_key(one.unit.pk, row.head)] if row.head else None
    if row.delegated is not None:
        period.head_delegated = row.delegated
    elif current:
        period.head_delegated = current.head_delegated
    return period


def _head_posts(planned: list[Planned]) -> dict[PostKey, Post]:
    """The head posts of these units, made where they are missing; their kind set where the file names it."""
    found = {
        post_key(post.unit_id, post.title): post
        for post in Post.objects.filter(unit__in=[one.unit.pk for one in planned])
    }
    fresh = {}
    for one in planned:
        key = post_key(one.unit.pk, one.row.head)
        post = found.get(key)
        if post is None:
            kind = one.row.head_kind or HEAD_KIND[one.row.kind]
            fresh[key] = Post(unit=one.unit, title=one.row.head, kind=kind)
        elif one.row.head_kind and post.kind != one.row.head_kind:
            post.kind = one.row.head_kind
            post.save(update_fields=["kind"])
    Post.objects.bulk_create(fresh.values())
    return found | fresh
