"""Policy rows over time: one change, its withdrawal, packs out and in again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction

from teladan.core import clock, policy
from teladan.core.models import AuditEvent, PolicyRow

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 9)
DECEMBER, JANUARY, MARCH = date(2026, 12, 1), date(2027, 1, 1), date(2027, 3, 1)
BASIS = "Keputusan Wali Kota 12/2026"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.at(clock.local(TODAY, 9)):
        yield


def change(value: object, start: date, key: str = "score.min_n") -> PolicyRow:
    return policy.change(key=key, value=value, valid_from=start, legal_basis=BASIS, reason="uji", by="uji")


def spans(key: str = "score.min_n") -> list[tuple[object, date, date | None]]:
    return list(
        PolicyRow.objects.filter(key=key).order_by("valid_from").values_list("value", "valid_from", "valid_until")
    )


def test_change_ends_the_old_row_where_the_new_begins_and_records_both() -> None:
    change(15, JANUARY)
    assert spans() == [(10, date(2025, 1, 1), JANUARY), (15, JANUARY, None)]
    assert policy.get("score.min_n", date(2026, 12, 31)) == 10
    assert policy.get("score.min_n", JANUARY) == 15
    event = AuditEvent.objects.get(event="policy.changed")
    assert (event.subject, event.before, event.reason) == ("policy:score.min_n", {"value": 10}, "uji")
    assert event.after == {"value": 15, "valid_from": "2027-01-01", "legal_basis": BASIS}


def test_change_before_a_later_one_lasts_until_that_one() -> None:
    change(20, MARCH)
    change(15, JANUARY)
    assert spans() == [(10, date(2025, 1, 1), JANUARY), (15, JANUARY, MARCH), (20, MARCH, None)]


@pytest.mark.parametrize(
    ("value", "start", "words"),
    [(10, JANUARY, "sudah bernilai"), (15, date(2020, 1, 1), "belum berlaku"), (30, MARCH, "Tarik dahulu")],
)
def test_change_refuses_what_does_not_fit(value: int, start: date, words: str) -> None:
    change(20, MARCH)
    with pytest.raises(policy.ChangeRefused, match=words):
        change(value, start)


def test_withdraw_gives_the_days_back_to_the_row_before() -> None:
    before = spans()
    change(15, JANUARY)
    change(20, MARCH)
    policy.withdraw(key="score.min_n", valid_from=JANUARY, reason="keliru", by="uji")
    assert spans() == [(10, date(2025, 1, 1), MARCH), (20, MARCH, None)]
    policy.withdraw(key="score.min_n", valid_from=MARCH, reason="keliru", by="uji")
    assert spans() == before
    assert AuditEvent.objects.filter(event="policy.withdrawn", reason="keliru").count() == 2


@pytest.mark.parametrize("start", [date(2025, 1, 1), DECEMBER])
def test_withdraw_refuses_what_is_in_force_or_unknown(start: date) -> None:
    with pytest.raises(policy.ChangeRefused):
        policy.withdraw(key="score.min_n", valid_from=start, reason="keliru", by="uji")


def test_withdraw_refuses_after_the_day_has_come() -> None:
    change(15, DECEMBER)
    with clock.at(clock.local(DECEMBER, 0)), pytest.raises(policy.ChangeRefused):
        policy.withdraw(key="score.min_n", valid_from=DECEMBER, reason="keliru", by="uji")


# --- packs -----------------------------------------------------------------------------------------------------------


def test_pack_out_and_in_again_gives_the_same_rules_on_every_day() -> None:
    change(15, JANUARY)
    change(["channel"], MARCH, "score.covariates")
    days = [date(2026, 6, 1), TODAY, JANUARY, MARCH]
    versions = [policy.version(day) for day in days]
    pack = policy.pack_on(TODAY, history=True)
    PolicyRow.objects.all().delete()
    assert policy.load_pack(pack, by="uji") == len(pack)
    assert [policy.version(day) for day in days] == versions
    assert policy.load_pack(pack, by="uji") == 0


def test_pack_of_a_day_leaves_out_what_was() -> None:
    change(15, JANUARY)
    values = [row["value"] for row in policy.pack_on(MARCH) if row["key"] == "score.min_n"]
    assert values == [15]
    assert [row["value"] for row in policy.pack_on(MARCH, history=True) if row["key"] == "score.min_n"] == [10, 15]


def test_load_pack_refuses_a_change_of_the_past_and_adds_nothing() -> None:
    rows = [
        {"key": "new.key", "value": 1, "valid_from": "2026-01-01", "legal_basis": BASIS},
        {"key": "score.min_n", "value": 15, "valid_from": "2026-11-01", "legal_basis": BASIS},
    ]
    with pytest.raises(ValueError, match=r"score\.min_n.*2026-12-01"):
        policy.load_pack(rows, by="uji", not_before=DECEMBER)
    assert not PolicyRow.objects.filter(key="new.key").exists()


def test_load_pack_puts_a_change_before_a_later_one() -> None:
    change(20, MARCH)
    row = {"key": "score.min_n", "value": 15, "valid_from": "2027-01-01", "legal_basis": BASIS}
    assert policy.load_pack([row], by="uji", not_before=DECEMBER) == 1
    assert spans()[1:] == [(15, JANUARY, MARCH), (20, MARCH, None)]


@pytest.mark.django_db(transaction=True)
def test_second_load_at_the_same_time_finds_what_the_first_has_added() -> None:
    pack = [{"key": "a.b", "value": 1, "valid_from": "2026-01-01", "legal_basis": BASIS}]
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert policy.load_pack(pack, by="uji") == 1
            second = other.submit(_load_and_close, pack)
            _wait_until_somebody_waits()
        assert second.result(timeout=30) == 0
    assert PolicyRow.objects.filter(key="a.b").count() == 1


def _load_and_close(pack: list[dict[str, object]]) -> int:
    try:
        return policy.load_pack(pack, by="uji")
    finally:
        connection.close()


def _wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("nobody waits")
