"""The restore drill: a city with closed months is dumped, restored into an empty database and verified; an older dump is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from teladan.core import clock, sealedfile
from teladan.evaluation.actions.closing import CloseRefused, close_month
from teladan.evaluation.actions.freezing import freeze
from teladan.evaluation.models import Closing
from teladan.evaluation.queries import inputs
from teladan.feedback.queries.auditors import openings_path
from teladan.ledger import actions as ledger
from teladan.ledger import memory
from teladan.ledger import queries as log
from teladan.ledger.actions import LogBroken
from teladan.ledger.models import Checkpoint
from tests.evaluation.small_city import OCTOBER, closing_time, make_city
from tests.ledger.conftest import superuser
from tests.own_server import create_database, drop_database, dump, led_to, restore

pytestmark = pytest.mark.django_db(transaction=True)

SEPTEMBER = date(2026, 9, 1)


@pytest.fixture(autouse=True)
def _own_log(settings: Any, tmp_path: Path) -> None:
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.OPENINGS_DIR = tmp_path / "openings"
    settings.LEDGER_TRUSTED_KEYS = []
    settings.AUDITOR_KEYS = [sealedfile.public_key(sealedfile.new_private_key())]


@contextmanager
def restored(content: bytes) -> Iterator[None]:
    """An empty database beside the test's, with that dump in it; everything asks it."""
    there = create_database(f"{connection.settings_dict['NAME']}_pulih", connection.settings_dict)
    try:
        restore(content, there)
        with led_to(there):
            yield
    finally:
        drop_database(there)


def months_closed_and_dumped() -> tuple[bytes, bytes]:
    """A dump of before October was closed, and one of after it."""
    with clock.at(closing_time()):
        ledger.ensure_started()
        city = make_city(officers=3, services=2)
        for month in (SEPTEMBER, OCTOBER):
            city.serve(month, {0: 24, 1: 12, 2: 3})
        close_month(month=SEPTEMBER, by="uji")
        into_the_log()
        older = dump(connection.settings_dict)
        close_month(month=OCTOBER, by="uji")
        into_the_log()
        return older, dump(connection.settings_dict)


def into_the_log() -> None:
    for _ in range(2):
        ledger.sequence(share=1)


def everything() -> dict[str, str]:
    """A digest of every table's rows."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM \"{table}\" t")
            found[table] = cursor.fetchone()[0]
        return found


def verify(*against: Path) -> str:
    out = StringIO()
    with clock.at(closing_time()):
        call_command("verify", against=[str(path) for path in against], stdout=out)
    return out.getvalue()


def refusal(*against: Path) -> str:
    with pytest.raises(CommandError) as caught:
        verify(*against)
    return str(caught.value)


def test_restored_database_is_the_one_that_was_dumped_and_goes_on() -> None:
    _, newest = months_closed_and_dumped()
    before, head = everything(), log.latest_checkpoint()
    assert head is not None
    with restored(newest):
        assert everything() == before
        said = verify()
        assert "2 bulan tersegel; bulan 2026-10 dihitung ulang." in said
        assert said.endswith("Semua sesuai.\n")
        with clock.at(closing_time()):
            for closing in Closing.objects.order_by("month"):
                assert freeze(inputs.read(closing.month)).digest == closing.results_digest
            assert close_month(month=OCTOBER, by="uji").already
            ledger.append(b"after the restore")
            signed = ledger.sequence()
        assert signed is not None
        assert (signed.number, signed.size) == (head.number + 1, head.size + 1)
        assert verify().endswith("Semua sesuai.\n")


def test_what_was_changed_or_lost_on_the_way_is_told() -> None:
    _, newest = months_closed_and_dumped()
    with restored(newest):
        with superuser() as cursor:
            cursor.execute("UPDATE evaluation_unitresult SET ikm = ikm - 1 WHERE ikm IS NOT NULL")
            cursor.execute("UPDATE evaluation_officerresult SET score = score + 0.1 WHERE score IS NOT NULL")
            cursor.execute("DELETE FROM feedback_sealedrating WHERE month = '2026-09-01'")
        openings_path(OCTOBER).unlink()
        said = refusal()
    assert "Hasil unit dan layanan bulan 2026-10" in said
    assert "Hasil petugas bulan 2026-10" in said
    assert "Bulan 2026-09 tidak lagi seperti saat disegel" in said
    assert "auditor bulan 2026-10 hilang" in said


def test_older_dump_is_noticed_and_nothing_is_signed_over_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    older, _ = months_closed_and_dumped()
    file = openings_path(OCTOBER).read_bytes()
    kept = tmp_path / "titik-periksa.txt"
    kept.write_text(memory.recall() or "")
    with restored(older):
        count = Checkpoint.objects.count()
        assert "daun hilang dari ujung log" in refusal()
        with clock.at(closing_time()):
            ledger.append(b"of another history")
            with pytest.raises(LogBroken, match="lebih tua"):
                ledger.sequence()
            with pytest.raises(CloseRefused, match="lebih tua"):  # the auditors' file of the true seal would be gone
                close_month(month=OCTOBER, by="uji")
        assert Checkpoint.objects.count() == count
        assert openings_path(OCTOBER).read_bytes() == file
        memory.path().unlink()  # restored on another machine, without the worker's folder
        assert "Ingatan pekerja" in refusal()
        assert "daun hilang dari ujung log" in refusal(kept)
        assert caplog.text == ""
        with clock.at(closing_time()):
            ledger.sequence()
        assert "tidak ingat titik periksa mana pun" in caplog.text
