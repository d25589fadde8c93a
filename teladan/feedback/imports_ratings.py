"""Ratings of outside sources from a file: an app store's stars, another office's survey of the nine elements.

The columns and the scale are declared, never guessed, and a source keeps both for good. A file that mixes scales, or
holds a value its scale does not know, is refused whole. Idempotent by the key a rating has at its source. What comes in
here belongs to no person, to no index and to no public page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from teladan.core import audit, clock
from teladan.core.imports import Example, Message, Report, make_report, read_only, split_columns, writing
from teladan.core.spreadsheet import FileRefused, Row, Table, read_table
from teladan.feedback.models import ELEMENTS, ExternalRating, ExternalSource

KIND = "ratings"
STARS, UNSUR = ExternalSource.Scale.STARS, ExternalSource.Scale.ELEMENTS
TOP = {STARS: 5, UNSUR: 4}
PERSONAL = frozenset(
    {"NIK", "NAMA", "NAMA RESPONDEN", "ALAMAT", "NO HP", "NOMOR HP", "TELEPON", "EMAIL", "AGAMA", "USERNAME"}
)
_BATCH = 1000
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d")


@dataclass(frozen=True)
class Rating:
    """One readable row."""

    row: int
    key: str
    month: date
    subject: str
    stars: int | None
    answers: Mapping[str, int]

    def content(self) -> tuple[Any, ...]:
        return (self.month, self.subject, self.stars, dict(self.answers))


@dataclass
class Plan:
    """What a file would do."""

    sheet: str
    messages: list[Message] = field(default_factory=list)
    ratings: dict[str, Rating] = field(default_factory=dict)
    new: list[Rating] = field(default_factory=list)
    unchanged: int = 0
    ignored: tuple[list[str], list[str]] = ([], [])

    def refuse(self, row: int | None, column: str, what: str, todo: str) -> None:
        self.messages.append(Message("error", self.sheet, row, column, what, todo))

    def report(self, filename: str) -> Report:
        examples = {"new": [Example(rating.key, f"{rating.month:%Y-%m}") for rating in self.new[:5]]}
        return make_report(
            KIND, filename, self.messages, new=len(self.new), unchanged=self.unchanged, examples=examples,
            ignored_columns=self.ignored[0], dropped_columns=self.ignored[1],
        )  # fmt: skip


def parse_columns(pairs: list[str], scale: str) -> dict[str, str]:
    """`["key=id", "stars=bintang"]` as meaning to column. FileRefused names what is missing or mixes scales."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        meaning, sign, column = pair.partition("=")
        meaning, column = meaning.strip().lower(), " ".join(column.split()).upper()
        if not sign or not column or meaning not in _meanings(scale):
            other = meaning in {*_meanings(STARS), *_meanings(UNSUR)}
            hint = f"{meaning} tidak cocok dengan skala {scale}: satu sumber memakai satu skala. " if other else ""
            raise FileRefused(f"Arti kolom {pair!r} tidak dikenal. {hint}Pilihan: {', '.join(_meanings(scale))}.")
        if meaning in mapping or column in mapping.values():
            raise FileRefused(f"Kolom {pair!r} disebut dua kali. Satu kolom punya satu arti.")
        mapping[meaning] = column
    needed = ["key", "month"] + (["stars"] if scale == STARS else [])
    if missing := [name for name in needed if name not in mapping]:
        raise FileRefused(f"Sebutkan juga kolom untuk {', '.join(missing)}, misalnya {missing[0]}=NAMA KOLOM.")
    if scale == UNSUR and not set(mapping) & set(ELEMENTS):
        raise FileRefused(f"Sebutkan kolom untuk unsur-unsurnya menurut nama: {', '.join(ELEMENTS)}.")
    return mapping


def _meanings(scale: str) -> tuple[str, ...]:
    return ("key", "month", "subject", "stars") if scale == STARS else ("key", "month", "subject", *ELEMENTS)


class RatingImporter:
    """Reads one source's file, its columns and scale declared."""

    kind = KIND
    personal = PERSONAL

    def __init__(self, *, code: str, name: str, scale: str, mapping: Mapping[str, str], note: str = "") -> None:
        self.code, self.name, self.scale, self.mapping, self.note = code, name, scale, dict(mapping), note
        self.columns = frozenset(mapping.values())

    def check(self, content: bytes, filename: str, *, by: object) -> Report:  # noqa: ARG002 - protocol
        """What the file would add. Writes nothing."""
        with read_only():
            return self._plan(content, filename).report(filename)

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Add what is new, all or nothing."""
        with writing(KIND):
            plan = self._plan(content, filename)
            report = plan.report(filename)
            if report.ok and plan.new:
                self._write(plan.new, filename, by)
        return report

    def _write(self, ratings: list[Rating], filename: str, by: object) -> None:
        defaults = {"name": self.name, "scale": self.scale, "mapping": self.mapping, "note": self.note}
        source, _ = ExternalSource.objects.get_or_create(code=self.code, defaults=defaults)
        rows = (
            ExternalRating(
                source=source, key=r.key, month=r.month, subject=r.subject, stars=r.stars, answers=dict(r.answers)
            )
            for r in ratings
        )
        ExternalRating.objects.bulk_create(rows, batch_size=_BATCH)
        audit.record(
            event=audit.Event.RATINGS_IMPORTED,
            actor=by,
            subject=f"external:{self.code}",
            after={"file": filename, "new": len(ratings)},
        )

    def _plan(self, content: bytes, filename: str) -> Plan:
        table = read_table(content, filename)
        self._check_source()
        if absent := sorted(self.columns - set(table.headers)):
            raise FileRefused(f"Kolom {', '.join(absent)} tidak ada di berkas. Periksa --columns atau judul kolom.")
        plan = Plan(table.sheet, ignored=split_columns(table.headers, self))
        for rating in self._ratings(table, plan):
            first = plan.ratings.setdefault(rating.key, rating)
            if first is rating:
                continue
            if first.content() == rating.content():
                plan.unchanged += 1
            else:
                self._conflict(plan, rating, f"sudah ada di baris {first.row} dengan isi lain")
        self._compare(plan)
        return plan

    def _check_source(self) -> None:
        known = ExternalSource.objects.filter(code=self.code).first()
        if known is not None and known.scale != self.scale:
            raise FileRefused(
                f"Sumber {self.code} memakai skala {known.scale}, bukan {self.scale}. Skala tidak dicampur: pakai kode lain."
            )
        if known is not None and known.mapping != self.mapping:
            raise FileRefused(
                f"Sumber {self.code} sudah dinyatakan dengan kolom lain: "
                f"{' '.join(f'{k}={v}' for k, v in known.mapping.items())}. Pakai kolom itu, atau kode sumber lain."
            )

    def _ratings(self, table: Table, plan: Plan) -> Iterator[Rating]:
        for row in table.rows:
            before = len(plan.messages)
            rating = self._read(row, plan)
            if len(plan.messages) == before:
                yield rating

    def _read(self, row: Row, plan: Plan) -> Rating:
        key = row.values[self.mapping["key"]]
        if not key or len(key) > 80:
            plan.refuse(
                row.number, self.mapping["key"], "Kunci kosong atau lebih dari 80 huruf.", "Isi kunci yang unik."
            )
        subject = row.values.get(self.mapping.get("subject", ""), "")[:160]
        asked = [name for name in ("stars", *ELEMENTS) if name in self.mapping]
        if not any(row.values[self.mapping[name]] for name in asked):
            plan.refuse(row.number, "", "Baris ini tidak memuat satu jawaban pun.", "Hapus baris, atau isi jawabannya.")
        found = {name: self._value(name, row, plan) for name in asked}
        stars = found.pop("stars", None)
        answers = {name: value for name, value in found.items() if value is not None}
        return Rating(row.number, key, self._month(row, plan), subject, stars, answers)

    def _value(self, meaning: str, row: Row, plan: Plan) -> int | None:
        column, top = self.mapping[meaning], TOP[ExternalSource.Scale(self.scale)]
        text = row.values[column]
        if not text:
            return None
        if re.fullmatch(r"[0-9](\.0)?", text) and 1 <= int(text[0]) <= top:
            return int(text[0])
        hint = "Nilai 5 berarti bintang: berkas ini mencampur skala? " if self.scale == UNSUR and text == "5" else ""
        plan.refuse(
            row.number, column, f"Nilai {text!r} di luar skala 1-{top}.", f"{hint}Isi 1 sampai {top}, atau kosongkan."
        )
        return None

    def _month(self, row: Row, plan: Plan) -> date:
        column = self.mapping["month"]
        text = row.values[column]
        day = _day(text)
        if day is None:
            plan.refuse(row.number, column, f"Tanggal {text!r} tidak terbaca.", "Tulis TTTT-BB-HH atau HH/BB/TTTT.")
        elif day > clock.today():
            plan.refuse(row.number, column, f"Tanggal {text!r} belum terjadi.", "Periksa tanggalnya.")
        return clock.month_of(day or clock.today())

    def _compare(self, plan: Plan) -> None:
        rows = ExternalRating.objects.filter(source__code=self.code, key__in=list(plan.ratings))
        known = {r.key: (r.month, r.subject, r.stars, r.answers) for r in rows}
        for rating in plan.ratings.values():
            if rating.key not in known:
                plan.new.append(rating)
            elif known[rating.key] == rating.content():
                plan.unchanged += 1
            else:
                self._conflict(plan, rating, "sudah tersimpan dengan isi lain")

    def _conflict(self, plan: Plan, rating: Rating, what: str) -> None:
        todo = "Penilaian tidak diubah: pakai kunci lain, atau kembalikan isinya."
        plan.refuse(rating.row, self.mapping["key"], f"Kunci {rating.key!r} {what}.", todo)


def _day(text: str) -> date | None:
    """The day a text names; `2026-10` is the first of that month; a time behind the day is left out."""
    first = text.split("T")[0].split(" ")[0]
    if re.fullmatch(r"\d{4}-\d{2}", first):
        first += "-01"
    for form in _DAYS:
        try:
            return datetime.strptime(first, form).date()  # noqa: DTZ007 - a day, no instant
        except ValueError:
            continue
    return None
