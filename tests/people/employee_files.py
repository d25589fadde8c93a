"""A small tree of units, and employees checked and imported into it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from teladan.core import clock
from teladan.core.imports import Message, Report
from teladan.people.imports import EmployeeImporter
from teladan.people.models import Person
from tests.make import make_head, make_unit, nip
from tests.people.files import employees_csv

TODAY = date(2026, 11, 9)


@pytest.fixture(autouse=True)
def city() -> Iterator[SimpleNamespace]:
    """City > office with a head > section S without a head yet."""
    with clock.at(clock.local(TODAY, 10)):
        top = make_unit("KOTA", kind="kota")
        dinas = make_unit("D", parent=top)
        seksi = make_unit("S", parent=dinas, kind="seksi")
        yield SimpleNamespace(top=top, dinas=dinas, seksi=seksi, kadis=make_head(dinas, post_kind="jpt"))


def check(*rows: dict[str, str], by: object = "cli", columns: list[str] | None = None) -> Report:
    return EmployeeImporter().check(employees_csv(rows, columns), "pegawai.csv", by=by)


def commit(*rows: dict[str, str], by: object = "cli", columns: list[str] | None = None) -> Report:
    return EmployeeImporter().commit(employees_csv(rows, columns), "pegawai.csv", by=by)


def only_error(*rows: dict[str, str], **rest: Any) -> Message:
    """The one error; nothing may be written by a commit with it."""
    before = Person.objects.count()
    report = commit(*rows, **rest)
    assert Person.objects.count() == before
    [error] = [message for message in report.messages if message.level == "error"]
    assert not report.ok
    assert error.todo
    return error


def warnings(report: Report) -> list[str]:
    assert report.ok, report.messages
    return [message.what for message in report.messages]


def ana() -> Person:
    return Person.objects.get(nip=nip(1))


def fingerprint() -> dict[str, tuple[int, int]]:
    """Rows and newest writing transaction of every table."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f'SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM "{table}"')
            found[table] = cursor.fetchone()
    return found
