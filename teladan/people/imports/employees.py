"""The employees' file: SIASN's export becomes persons, posts and placements.

Read rows → plan → preview or write. The plan is the same for both, so the dry run says what the real run says. People
missing from a file are listed and never deleted; history is never rewritten, a move ends the old placement and begins a
new one.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from django.db import connection

from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.core.imports import Example, Message, Report, make_report, read_only, split_columns, writing
from teladan.core.spreadsheet import read_table
from teladan.people import actions
from teladan.people.imports.employee_plan import Plan, Planned, Planner, who
from teladan.people.imports.employee_rows import COLUMNS, PERSONAL, RowReader
from teladan.people.models import Person, Placement, Post

_LABELS = {
    "nip": "NIP",
    "name": "nama",
    "front_title": "gelar depan",
    "back_title": "gelar belakang",
    "born_on": "tanggal lahir",
    "sex": "jenis kelamin",
    "employment": "jenis pegawai",
    "grade": "golongan",
    "email": "surel",
    "legal_status": "kedudukan hukum",
    "is_active": "aktif",
    "siasn_id": "PNS ID",
}


class EmployeeImporter:
    """SIASN's employee export (69 columns, or the older 65), in any order of columns."""

    kind = "employees"
    columns = COLUMNS
    personal = PERSONAL

    def __init__(self, *, is_demo: bool = False) -> None:
        self.is_demo = is_demo

    def check(self, content: bytes, filename: str, *, by: object) -> Report:
        """What the file would do."""
        with read_only():
            return self._prepare(content, filename, by)[0]

    def commit(self, content: bytes, filename: str, *, by: object) -> Report:
        """Check again and write, all or nothing."""
        with writing(self.kind):
            report, plan = self._prepare(content, filename, by)
            if report.ok:
                _write(plan, by)
                audit.record(
                    event=Event.EMPLOYEES_IMPORTED,
                    actor=by,
                    subject=f"file:{hashlib.sha256(content).hexdigest()[:16]}",
                    after={"new": report.new, "changed": report.changed, "unchanged": report.unchanged},
                )
            return report

    def _prepare(self, content: bytes, filename: str, by: object) -> tuple[Report, Plan]:
        table = read_table(content, filename)
        reader = RowReader(table.sheet, table.headers, clock.today())
        reader.check_headers()
        rows = [] if reader.messages else [row for raw in table.rows if (row := reader.read(raw))]
        if not reader.messages and not rows:
            reader.error(2, "", "Berkas tidak berisi satu pegawai pun.", "Periksa apakah lembar yang benar disimpan.")
        plan = Planner(reader, rows, by, self.is_demo).plan() if rows else Plan()
        ignored, dropped = split_columns(table.headers, self)
        return _report(filename, reader.messages, plan, ignored, dropped), plan


def _report(filename: str, messages: list[Message], plan: Plan, ignored: list[str], dropped: list[str]) -> Report:
    new = [planned for planned in plan.people if planned.is_new]
    changed = [planned for planned in plan.people if planned.is_changed]
    return make_report(
        EmployeeImporter.kind,
        filename,
        messages,
        new=len(new),
        changed=len(changed),
        unchanged=len(plan.people) - len(new) - len(changed),
        missing=plan.missing_count,
        ignored_columns=ignored,
        dropped_columns=dropped,
        examples={
            "new": [Example(who(one.person), _place_words(one)) for one in new],
            "changed": [Example(who(one.person), _change_words(one)) for one in changed],
            "missing": plan.missing,
        },
    )


def _place_words(one: Planned) -> str:
    return one.begin.post.title if one.begin else "tanpa jabatan"


def _change_words(one: Planned) -> str:
    words = [f"{_LABELS[key]}: {_word(one.before.get(key))} → {_word(value)}" for key, value in one.after.items()]
    if one.begin:
        words.append(f"jabatan baru: {one.begin.post.title}, sejak {one.begin.valid_from:%d-%m-%Y}")
    elif one.end or one.drop:
        words.append("penempatan berakhir")
    return "; ".join(words)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return str(value) if value not in (None, "") else "kosong"


# --- writing -------------------------------------------------------------------------------------------------------------

BATCH = 1000


def _write(plan: Plan, by: object) -> None:
    Post.objects.bulk_create(plan.new_posts.values(), batch_size=BATCH)
    for post, kind in plan.post_kinds.values():
        Post.objects.filter(pk=post.pk).update(kind=kind)
    Person.objects.bulk_create([one.person for one in plan.people if one.is_new], batch_size=BATCH)
    _write_changed([one for one in plan.people if one.after and not one.is_new], by)
    actions.close_accounts_of(people=[one.person for one in plan.people if not one.person.is_active], by=by)
    Placement.objects.filter(pk__in=[row.pk for one in plan.people for row in one.drop]).delete()
    _write_ends([(row.pk, day) for one in plan.people for row, day in one.end])
    begun = [one.begin for one in plan.people if one.begin]
    Placement.objects.bulk_create(begun, batch_size=BATCH)
    _record_moves([one for one in plan.people if one.is_changed and (one.begin or one.end or one.drop)], by)


def _write_changed(changed: list[Planned], by: object) -> None:
    """One upsert for all: `bulk_update` would build a CASE for every row."""
    Person.objects.bulk_create(
        [one.person for one in changed],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=list(_LABELS),
        batch_size=BATCH,
    )
    audit.record_many(
        event=Event.PERSON_CHANGED,
        actor=by,
        changes=[(f"person:{one.person.pk}", _plain(one.before), _plain(one.after)) for one in changed],
    )


def _write_ends(ends: list[tuple[int, date]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_placement p SET valid_until = v.day "
            "FROM unnest(%s::bigint[], %s::date[]) AS v(id, day) WHERE p.id = v.id",
            [[key for key, _ in ends], [day for _, day in ends]],
        )


def _record_moves(moved: list[Planned], by: object) -> None:
    def row_words(row: Placement, until: date | None = None) -> dict[str, str]:
        return {
            "post": row.post.title,
            "unit": str(row.post.unit_id),
            "from": str(row.valid_from),
            "until": str(until or ""),
        }

    audit.record_many(
        event=Event.PLACEMENT_CHANGED,
        actor=by,
        changes=[
            (
                f"person:{one.person.pk}",
                {"placements": [row_words(row) for row in (*(row for row, _ in one.end), *one.drop)]},
                {
                    "ended": [row_words(row, day) for row, day in one.end],
                    "begun": row_words(one.begin) if one.begin else None,
                },
            )
            for one in moved
        ],
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, str | bool) else str(value) for key, value in values.items()}
