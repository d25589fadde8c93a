"""What a file of employees does to the database: decided by reading only, so that dry run and real run agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from teladan.core import clock
from teladan.core.imports import Example
from teladan.people import access, queries
from teladan.people.imports import employee_state
from teladan.people.imports.employee_rows import EmployeeRow, RowReader
from teladan.people.imports.employee_state import State, is_open, post_key
from teladan.people.models import Person, Placement, Post, User
from teladan.people.permissions import Permission
from teladan.people.queries import Place, Reason
from teladan.people.rules import Node, PostKind, Seat, head_among
from teladan.people.rules.moves import move


@dataclass
class Planned:
    """What one row does to one person."""

    row: EmployeeRow
    person: Person
    is_new: bool
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    begin: Placement | None = None
    end: list[tuple[Placement, date]] = field(default_factory=list)
    drop: list[Placement] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        return bool(self.after or self.begin or self.end or self.drop) and not self.is_new


@dataclass
class Plan:
    """Everything a file does."""

    people: list[Planned] = field(default_factory=list)
    new_posts: dict[employee_state.PostKey, Post] = field(default_factory=dict)
    post_kinds: dict[int, tuple[Post, PostKind]] = field(default_factory=dict)
    missing: list[Example] = field(default_factory=list)
    missing_count: int = 0


def who(person: Person) -> str:
    """Name and NIP, as previews and messages show them."""
    return f"{person.name} ({person.nip})"


class Planner:
    """Compares the rows with the database and decides what each does. Reads only."""

    def __init__(self, reader: RowReader, rows: list[EmployeeRow], by: object, is_demo: bool) -> None:
        self.reader, self.rows, self.is_demo = reader, rows, is_demo
        self.today = clock.today()
        self.state: State = employee_state.load(
            (row.nip.text for row in rows),
            (str(row.fields["siasn_id"]) for row in rows if "siasn_id" in row.fields),
            (row.unit_code for row in rows if row.unit_code),
            self.today,
        )
        self.scope = _scope(by)
        self.result = Plan()
        self._kind_told: set[employee_state.PostKey] = set()

    def plan(self) -> Plan:
        for row in self._without_duplicates():
            if planned := self._one(row):
                self.result.people.append(planned)
        self._missing()
        self._superiors()
        return self.result

    def _without_duplicates(self) -> Iterable[EmployeeRow]:
        nips: dict[str, int] = {}
        ids: dict[str, int] = {}
        for row in self.rows:
            siasn_id = str(row.fields.get("siasn_id", ""))
            if first := nips.get(row.nip.text):
                self._same(row, "NIP BARU", first)
            elif siasn_id and (first := ids.get(siasn_id)):
                self._same(row, "PNS ID", first)
            else:
                yield row
            nips.setdefault(row.nip.text, row.number)
            if siasn_id:
                ids.setdefault(siasn_id, row.number)

    def _same(self, row: EmployeeRow, column: str, first: int) -> None:
        self.reader.error(
            row.number,
            column,
            f"{column} sama dengan baris {first}.",
            "Hapus salah satu baris; satu pegawai satu baris.",
        )

    def _one(self, row: EmployeeRow) -> Planned | None:
        unit = self._unit(row)
        if row.active and unit is None:
            return None
        known = self._known(row)
        if self._is_mixed_up(row) or not self._in_scope(row, known, unit):
            return None
        planned = self._person(row, known)
        if row.active and unit is not None:
            self._placement(planned, self._post(row, unit))
        else:
            self._leave(planned)
        return planned

    def _unit(self, row: EmployeeRow) -> int | None:
        unit = self.state.units.get(row.unit_code)
        if unit is not None and unit in self.state.tree.nodes:
            return unit
        if row.active:
            what = "belum ada" if unit is None else "sudah tidak berlaku hari ini"
            self.reader.error(
                row.number,
                "UNOR ID",
                f"Unit {row.unit_code} {what}.",
                "Impor berkas unit lebih dulu (teladan import-units, atau pilih Unit di halaman impor).",
            )
        return None

    def _known(self, row: EmployeeRow) -> Person | None:
        """The person of this row: by NIP, else by PNS ID."""
        return self.state.by_nip.get(row.nip.text) or self.state.by_siasn.get(str(row.fields.get("siasn_id", "")))

    def _is_mixed_up(self, row: EmployeeRow) -> bool:
        """NIP and PNS ID of two people: an error. A new NIP for a known PNS ID: a warning."""
        by_nip = self.state.by_nip.get(row.nip.text)
        by_id = self.state.by_siasn.get(str(row.fields.get("siasn_id", "")))
        if by_id is None or by_nip is by_id:
            return False
        if by_nip is None:
            self.reader.warn(
                row.number,
                "NIP BARU",
                f"NIP {by_id.name} berubah dari {by_id.nip} menjadi {row.nip.text}.",
                "Pastikan perubahan ini memang tercatat di SIASN.",
            )
            return False
        self.reader.error(
            row.number,
            "PNS ID",
            f"PNS ID ini milik {by_id.name} ({by_id.nip}), bukan NIP {row.nip.text}.",
            "Periksa NIP dan PNS ID di SIASN.",
        )
        return True

    def _in_scope(self, row: EmployeeRow, known: Person | None, unit: int | None) -> bool:
        if self.scope is None:
            return True
        last = self.state.last_definitive(known) if known else None
        if (unit is None or unit in self.scope) and (last is None or last.post.unit_id in self.scope):
            return True
        self.reader.error(
            row.number,
            "UNOR ID",
            "Pegawai atau unit ini di luar unit Anda.",
            "Hapus baris ini, atau minta BKPSDM mengimpornya.",
        )
        return False

    def _person(self, row: EmployeeRow, known: Person | None) -> Planned:
        if known is None:
            return Planned(row, Person(is_demo=self.is_demo, **row.fields), is_new=True)
        planned = Planned(row, known, is_new=False)
        for name, value in row.fields.items():
            if getattr(known, name) != value:
                planned.before[name], planned.after[name] = getattr(known, name), value
        for name, value in planned.after.items():
            setattr(known, name, value)
        return planned

    def _post(self, row: EmployeeRow, unit: int) -> Post:
        key = post_key(unit, row.post_title)
        post = self.state.posts.get(key)
        if post is None:
            kind = row.kind or self._without_eselon(row)
            post = Post(unit_id=unit, title=row.post_title, kind=kind, siasn_id=row.post_siasn_id)
            self.state.posts[key] = self.result.new_posts[key] = post
            self._kind_told.add(key)
        elif row.kind and row.kind != post.kind:
            self._other_kind(row, key, post, row.kind)
        else:
            self._kind_told.add(key)
        return post

    def _without_eselon(self, row: EmployeeRow) -> PostKind:
        self.reader.warn(
            row.number,
            "ESELON NAMA",
            f"Jabatan struktural {row.post_title!r} tanpa eselon dianggap pelaksana.",
            "Isi eselonnya bila jabatan ini memimpin unit; pelaksana tidak dapat menjadi penilai.",
        )
        return PostKind.STAFF

    def _other_kind(self, row: EmployeeRow, key: employee_state.PostKey, post: Post, kind: PostKind) -> None:
        if key in self._kind_told:
            self.reader.warn(
                row.number,
                "JENIS JABATAN NAMA",
                f"Jabatan {post.title!r} di unit yang sama sudah tercatat {post.kind}, bukan {kind}.",
                "Samakan jenis jabatan dan eselon untuk jabatan yang sama; yang pertama dipakai.",
            )
            return
        self._kind_told.add(key)
        self.reader.warn(
            row.number,
            "ESELON NAMA",
            f"Jenis jabatan {post.title!r} berubah dari {post.kind} menjadi {kind}.",
            "Periksa: jenis jabatan menentukan siapa yang boleh menilai.",
        )
        post.kind = kind
        if post.pk:
            self.result.post_kinds[post.pk] = (post, kind)

    def _placement(self, planned: Planned, post: Post) -> None:
        last = None if planned.is_new else self.state.last_definitive(planned.person)
        current = None if planned.is_new else self.state.current(planned.person)
        if any(row and post.pk and row.post_id == post.pk and is_open(row, self.today) for row in (current, last)):
            return
        goes_on = last is not None and is_open(last, self.today)
        found = move(
            tmt=planned.row.tmt,
            last_from=last.valid_from if last else None,
            last_until=last.valid_until if last and not goes_on else None,
            today=self.today,
        )
        if not found.dated_by_file:
            self._dated_today(planned, found.start, moved=last is not None)
        if last and found.replaces:
            planned.drop.append(last)
        elif last and goes_on:
            planned.end.append((last, found.start))
        if not planned.is_new:
            self._end_acting_on(planned, post, found.start)
        planned.begin = Placement(person=planned.person, post=post, valid_from=found.start)

    def _dated_today(self, planned: Planned, start: date, *, moved: bool) -> None:
        what = "TMT JABATAN tidak lebih baru dari catatan" if moved and planned.row.tmt else "TMT JABATAN kosong"
        self.reader.warn(
            planned.row.number,
            "TMT JABATAN",
            f"{what}; jabatan ini dicatat sejak {start:%d-%m-%Y}.",
            "Bila tanggalnya lain, perbaiki TMT JABATAN di berkas sebelum menyimpan.",
        )

    def _end_acting_on(self, planned: Planned, post: Post, start: date) -> None:
        """Whoever becomes the definitive holder acts there no longer."""
        for row in self.state.placements.get(planned.person.pk, []):
            if row.post_id == post.pk and row.kind != Placement.Kind.DEFINITIVE and is_open(row, start):
                self._close(planned, row, start)

    def _leave(self, planned: Planned) -> None:
        """Not active any more: every placement ends today."""
        if not planned.is_new:
            for row in self.state.placements.get(planned.person.pk, []):
                if is_open(row, self.today):
                    self._close(planned, row, self.today)

    def _close(self, planned: Planned, row: Placement, day: date) -> None:
        if row.valid_from >= day:
            planned.drop.append(row)
        else:
            planned.end.append((row, day))

    # --- who is not in the file ------------------------------------------------------------------------------------------

    def _missing(self) -> None:
        rows = self._expected().exclude(pk__in=[person.pk for person in self.state.by_nip.values()])
        self.result.missing_count = rows.count()
        self.result.missing = [
            Example(who(person), "tetap tersimpan") for person in rows.order_by("sort_name", "id")[:200]
        ]

    def _expected(self) -> QuerySet[Person]:
        """Active people whom this account may import; a file for some units is not asked about the others."""
        active = Person.objects.filter(is_active=True)
        units = self.scope
        if units is None:
            return active
        places = Placement.objects.filter(queries.valid_on(self.today), kind="definitif", post__unit__in=units)
        return active.filter(pk__in=places.values("person"))

    # --- who lacks a superior ----------------------------------------------------------------------------------------------

    def _superiors(self) -> None:
        """Warn once per unit about people who will have no appraiser, with who can fix it."""
        after = _TreeAfter(self.state, self.result)
        lacking: dict[int, list[Planned]] = {}
        for planned in self.result.people:
            if planned.row.active:
                found = queries.search(
                    planned.person.pk,
                    after.places(planned),
                    self.state.overrides.get(planned.person.pk),
                    after.tree,
                )
                if found.reason is Reason.NOBODY and found.start:
                    lacking.setdefault(found.start.unit, []).append(planned)
        for unit, people in lacking.items():
            rows = ", ".join(str(planned.row.number) for planned in people[:8])
            more = ", …" if len(people) > 8 else ""
            self.reader.warn(
                people[0].row.number,
                "UNOR ID",
                f"{len(people)} pegawai di {self.state.tree.names[unit]} belum punya atasan (baris {rows}{more}).",
                "BKPSDM dapat menunjuk Plt. kepala atau menetapkan penilai di halaman Pegawai tanpa atasan.",
            )


class _TreeAfter:
    """The tree of today as it will be once the plan is written."""

    def __init__(self, state: State, plan: Plan) -> None:
        self.state = state
        ended = {row.pk for one in plan.people for row, day in one.end if day <= state.today}
        self.gone = ended | {row.pk for one in plan.people for row in one.drop}
        self.leaving = {one.person.pk for one in plan.people if not one.row.active}
        self.tree = queries.Tree(state.today, self._nodes(plan), state.tree.names)

    def _nodes(self, plan: Plan) -> dict[int, Node]:
        heads = queries.head_posts(self.state.today)
        kinds = {post: kind for post, (_, kind) in plan.post_kinds.items()}
        seats: dict[int, list[Seat]] = {}
        for placement, post, person, kind, since in queries.sitting_on(list(heads.values()), self.state.today):
            if placement not in self.gone and person not in self.leaving:
                seats.setdefault(post, []).append(Seat(person, kind, since))
        for one in plan.people:
            if one.begin and one.begin.post.pk and one.begin.valid_from <= self.state.today:
                seat = Seat(one.person.pk, Placement.Kind.DEFINITIVE, one.begin.valid_from)
                seats.setdefault(one.begin.post.pk, []).append(seat)
        return {
            unit: Node(
                unit,
                node.parent,
                node.kind,
                kinds.get(heads.get(unit, 0), node.head_kind),
                node.delegated,
                head_among(seats.get(heads.get(unit, 0), [])),
            )
            for unit, node in self.state.tree.nodes.items()
        }

    def places(self, planned: Planned) -> list[Place]:
        today = self.state.today
        rows = [
            row
            for row in self.state.placements.get(planned.person.pk, [])
            if row.pk not in self.gone
            and row.valid_from <= today
            and is_open(row, today)
            and row.kind in {"definitif", "plt"}
        ]
        if planned.begin and planned.begin.valid_from <= today:
            rows.append(planned.begin)
        return [
            Place(planned.person.pk, row.kind, row.valid_from, row.post.unit_id, row.post.kind, row.post.title)
            for row in rows
        ]


def _scope(by: object) -> frozenset[int] | None:
    """Ids of the units whose people this account may import; nothing means all (command line, BKPSDM)."""
    if not isinstance(by, User) or access.everywhere(by, Permission.PEOPLE_IMPORT):
        return None
    return frozenset(access.units_where(by, Permission.PEOPLE_IMPORT).values_list("id", flat=True))
