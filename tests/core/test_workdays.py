"""Working days: weekends, holidays, months' ends, and that adding and counting are each other's mirror."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from teladan.config.install import HOLIDAYS
from teladan.core import holidays
from teladan.core.models import AuditEvent, Holiday
from teladan.core.workdays import add_working_days, is_working_day, working_days_between

FREE = frozenset({date(2026, 12, 24), date(2026, 12, 25), date(2027, 1, 1)})
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
free_sets = st.frozensets(days, max_size=40)


def test_adding_refuses_a_negative_count() -> None:
    with pytest.raises(ValueError, match="negatif"):
        add_working_days(date(2026, 12, 1), -1, FREE)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 9), 0, date(2026, 11, 9)),
        (date(2026, 11, 9), 5, date(2026, 11, 16)),  # Monday: next Monday
        (date(2026, 11, 6), 1, date(2026, 11, 9)),  # Friday
        (date(2026, 11, 7), 1, date(2026, 11, 9)),  # Saturday
        (date(2026, 12, 23), 1, date(2026, 12, 28)),  # over Christmas and the weekend
        (date(2026, 12, 23), 5, date(2027, 1, 4)),  # over the end of the year, New Year's Day free
        (date(2026, 2, 26), 2, date(2026, 3, 2)),  # the end of February
    ],
)
def test_adding_by_the_calendar(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count, FREE) == end


@given(days, st.integers(1, 60), free_sets)
def test_adding_ends_on_a_working_day_and_counting_gives_the_count_back(
    start: date, count: int, free: frozenset[date]
) -> None:
    end = add_working_days(start, count, free)
    assert is_working_day(end, free)
    assert working_days_between(start, end, free) == count
    assert working_days_between(end, start, free) == -count
    assert working_days_between(start, end - timedelta(days=1), free) == count - 1


def test_the_calendar_of_2026_is_that_of_the_joint_decree() -> None:
    rows = [row for row in json.loads(HOLIDAYS.read_text(encoding="utf-8")) if row["date"].startswith("2026")]
    kinds = [row["kind"] for row in rows]
    assert (kinds.count("national"), kinds.count("collective")) == (17, 8)
    unsure = [row for row in json.loads(HOLIDAYS.read_text(encoding="utf-8")) if row["date"] > "2027"]
    assert all("SKB" in row["legal_basis"] for row in unsure)


@pytest.mark.django_db
def test_the_office_counts_by_the_days_in_the_database() -> None:
    assert holidays.working_day_after(date(2026, 12, 23), 1) == date(2026, 12, 28)
    Holiday.objects.create(date=date(2026, 12, 28), name="Libur daerah", kind="national", legal_basis="Uji")
    assert holidays.working_day_after(date(2026, 12, 23), 1) == date(2026, 12, 29)


@pytest.mark.django_db
def test_loading_again_changes_nothing_and_corrections_are_one_event() -> None:
    rows = json.loads(HOLIDAYS.read_text(encoding="utf-8"))
    before = AuditEvent.objects.count()
    assert holidays.load(rows, by="uji").changed == 0
    assert AuditEvent.objects.count() == before
    assert holidays.load([{**rows[0], "name": "Nama lain"}], by="uji").changed == 1
    assert AuditEvent.objects.latest("id").event == "core.holidays_loaded"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"date": "2027-13-01", "name": "x", "kind": "national", "legal_basis": "y"}, "hari ke-2: date"),
        ({"date": "2027-12-01", "name": "x", "kind": "pasar", "legal_basis": "y"}, "hari ke-2: kind"),
        ({"date": "2027-12-01"}, "hari ke-2: isian kind, legal_basis, name"),
    ],
)
def test_a_file_with_one_wrong_day_is_refused_whole(tmp_path: Path, row: dict[str, str], words: str) -> None:
    good = {"date": "2027-12-02", "name": "Baik", "kind": "national", "legal_basis": "Uji"}
    file = tmp_path / "libur.json"
    file.write_text(json.dumps([good, row]), encoding="utf-8")
    with pytest.raises(CommandError, match=words):
        call_command("load_holidays", str(file))
    assert not Holiday.objects.filter(name="Baik").exists()
    file.write_text(json.dumps([good]), encoding="utf-8")
    call_command("load_holidays", str(file))
    assert Holiday.objects.filter(name="Baik").exists()


@pytest.mark.django_db
def test_the_decree_of_a_year_takes_the_place_of_its_estimates_only_when_it_is_the_whole_year(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decree = [{"date": "2027-03-09", "name": "Idulfitri 1448 H", "kind": "national", "legal_basis": "Uji"}]
    file = tmp_path / "libur-2027.json"
    file.write_text(json.dumps(decree), encoding="utf-8")

    call_command("load_holidays", str(file))
    assert "2027-03-10 Idulfitri 1448 H; " in capsys.readouterr().out
    assert Holiday.objects.filter(date=date(2027, 3, 10)).exists()

    call_command("load_holidays", str(file), "--whole-years")
    assert "Dihapus: 2027-01-01 Tahun Baru 2027; " in capsys.readouterr().out
    assert [row.date for row in Holiday.objects.filter(date__year=2027)] == [date(2027, 3, 9)]
    assert Holiday.objects.filter(date__year=2026).count() == 25
    assert "2027-03-10" in AuditEvent.objects.latest("id").after["removed"]
