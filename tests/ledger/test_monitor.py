"""LOG-05: whatever a database administrator changes, the monitor says so in words."""

from __future__ import annotations

import hashlib
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from bench import ledger as bench_ledger
from teladan.core import clock
from teladan.ledger import actions, memory, monitor, queries
from teladan.ledger.models import Checkpoint, Leaf
from teladan.ledger.rules import notes, tiles, tree
from teladan.ledger.rules.notes import Head, Signer
from tests.ledger import outsider
from tests.ledger.conftest import HOUR, OTHER_SEED, START, grow, log_key, superuser

pytestmark = pytest.mark.django_db

SWAP = """
UPDATE {table} SET {key} = {key} + 1000000 WHERE {key} IN ({a}, {b});
UPDATE {table} SET {key} = CASE {key} WHEN 1000000 + {a} THEN {b} ELSE {a} END WHERE {key} >= 1000000
"""


def swap(table: str, key: str, a: int, b: int) -> str:
    return SWAP.format(table=table, key=key, a=a, b=b)


def run(*args: str) -> tuple[str, str]:
    out, trouble = StringIO(), ""
    try:
        call_command("ledger_verify", *args, stdout=out)
    except CommandError as error:
        trouble = str(error)
    return out.getvalue(), trouble


def test_sound_log_is_found_sound() -> None:
    grow(300, 1, 256, 7)
    report = monitor.verify()
    assert report.findings == []
    assert (report.leaves, report.tiles, report.checkpoints, report.root) == (564, 2, 4, queries.root_at(564).hex())


def test_empty_log_is_sound() -> None:
    assert monitor.verify().ok
    actions.sequence()
    assert monitor.verify().ok


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE ledger_leaf SET data = 'x' WHERE index = 17", "Daun 17: sidiknya bukan sidik isinya"),
        ("UPDATE ledger_leaf SET data = 'x', leaf_hash = sha256('\\x0078') WHERE index = 17", "daun 17"),
        ("UPDATE ledger_leaf SET leaf_hash = sha256('x'), data = NULL WHERE index = 563", "akarnya bukan akar"),
        ("DELETE FROM ledger_leaf WHERE index = 17", "Daun 17 hilang"),
        ("DELETE FROM ledger_leaf WHERE index = 563", "daun hilang dari ujung log"),
        ("DELETE FROM ledger_leaf", "daun hilang dari ujung log"),
        (swap("ledger_leaf", "index", 3, 4), "daun 3, daun 4"),
        (swap("ledger_leaf", "index", 560, 561), "akarnya bukan akar"),
        ("INSERT INTO ledger_leaf (index, leaf_hash) VALUES (564, sha256('x'))", "tanpa titik periksa"),
        ("INSERT INTO ledger_leaf (index, leaf_hash) VALUES (1000000000000, sha256('x'))", "tanpa titik periksa"),
        ("UPDATE ledger_tile SET hashes = overlay(hashes placing '\\x00' from 33) WHERE number = 0", "daun 1"),
        ("UPDATE ledger_tile SET root = sha256('x') WHERE number = 1", "Petak 0/1: akarnya salah"),
        ("DELETE FROM ledger_tile WHERE number = 1", "Petak 0/1 hilang"),
        (swap("ledger_tile", "number", 0, 1), "Petak 0/0 tidak sama"),
        ("INSERT INTO ledger_tile (level, number, root, hashes) SELECT 1, 0, root, hashes FROM ledger_tile WHERE number = 0",
         "Tersimpan 3 petak, seharusnya 2"),
        ("UPDATE ledger_checkpoint SET size = 299 WHERE number = 0", "Titik periksa 0: ukuran atau akar"),
        ("UPDATE ledger_checkpoint SET size = 1000000000000000 WHERE number = 3", "Titik periksa 3: ukuran atau akar"),
        ("UPDATE ledger_checkpoint SET root = sha256('x') WHERE number = 3", "Titik periksa 3: ukuran atau akar"),
        ("UPDATE ledger_checkpoint SET note = replace(note, '301', '302') WHERE number = 1", "Titik periksa 1: Tanda tangan"),
        ("UPDATE ledger_checkpoint SET at = at + interval '1 second' WHERE number = 1", "Titik periksa 1: waktunya"),
        ("DELETE FROM ledger_checkpoint WHERE number = 1", "Titik periksa 1 hilang"),
        ("DELETE FROM ledger_checkpoint WHERE number = 3", "7 daun berada di log tanpa titik periksa"),
        ("DELETE FROM ledger_checkpoint", "564 daun berada di log tanpa titik periksa"),
        (swap("ledger_checkpoint", "number", 1, 2), "lebih kecil atau lebih tua"),
        ("DELETE FROM ledger_publickey WHERE use = 'log'", "Tidak ditandatangani kunci yang dikenal"),
        ("DELETE FROM ledger_publickey WHERE use = 'promise'", "tidak berurutan"),
        ("UPDATE ledger_publickey SET text = 'a+b+c' WHERE use = 'log'", "Kunci publik 2: Bukan"),
    ],
)  # fmt: skip
def test_log05_every_change_by_a_superuser_is_told(change: str, word: str) -> None:
    grow(300, 1, 256, 7)
    assert monitor.verify().ok
    with superuser() as cursor:
        cursor.execute(change)
    assert word in "\n".join(monitor.verify().findings)


@pytest.mark.crash
def test_log03_a_million_leaves_are_recomputed_and_one_changed_among_them_is_told() -> None:
    """LOG-03; `make bench` says in how many seconds."""
    bench_ledger.fill()
    with clock.at(START):
        report = monitor.verify()
    assert report.findings == []
    leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(bench_ledger.LEAVES)]
    assert (report.leaves, report.root) == (1_000_000, outsider.root(leaves).hex())
    with superuser() as cursor:
        cursor.execute("UPDATE ledger_leaf SET data = 'x' WHERE index = 777777")
    assert "Daun 777777: sidiknya bukan sidik isinya" in "\n".join(monitor.verify().findings)


def rewrite(signer: Signer) -> None:
    """The whole log anew, without leaf 17 and with everything that depends on it, as whoever has the key could."""
    rows = [bytes(one) for one in Leaf.objects.order_by("index").values_list("leaf_hash", flat=True)]
    rows[17] = tree.leaf_hash(b"forged")
    growth = tiles.Growth()
    with superuser() as cursor:
        cursor.execute("UPDATE ledger_leaf SET leaf_hash = %s, data = 'forged' WHERE index = 17", [rows[17]])
        cursor.execute("DELETE FROM ledger_tile")
        for one in Checkpoint.objects.order_by("number"):
            growth.add(rows[growth.size : one.size])
            head = Head("teladan.test/ledger", one.size, growth.root())
            note = notes.sign_checkpoint(head, [signer], int(one.at.timestamp()))
            cursor.execute(
                "UPDATE ledger_checkpoint SET root = %s, note = %s WHERE number = %s", [head.root, note, one.number]
            )
        for full in growth.full:
            cursor.execute(
                "INSERT INTO ledger_tile (level, number, root, hashes) VALUES (%s, %s, %s, %s)",
                [full.level, full.number, full.root, full.hashes],
            )
        cursor.execute("UPDATE ledger_publickey SET text = %s WHERE use = 'log'", [signer.key.as_text()])


def test_log_rewritten_with_another_key_is_told_by_whoever_has_the_true_one(settings: Settings) -> None:
    grow(300, 7)
    true = log_key()
    rewrite(Signer("teladan.test/ledger", notes.decode(OTHER_SEED)))
    assert monitor.verify().ok  # the database vouches for itself
    _, trouble = run("--key", true)
    assert "Tidak ditandatangani kunci yang dikenal" in trouble
    settings.LEDGER_TRUSTED_KEYS = [true]
    assert not monitor.verify().ok


def test_log_rewritten_with_the_true_key_is_told_by_whoever_kept_a_checkpoint(tmp_path: Path) -> None:
    grow(300, 7)
    kept = tmp_path / "kept.txt"
    out = StringIO()
    call_command("ledger_checkpoint", stdout=out)
    kept.write_text(out.getvalue(), encoding="utf-8")
    assert run("--against", str(kept))[1] == ""
    rewrite(Signer("teladan.test/ledger", bytes([1] * 32)))
    assert run()[1] == ""
    assert "Titik periksa dari luar (ukuran 307): akarnya bukan akar" in run("--against", str(kept))[1]
    memory.keep(kept.read_text(encoding="utf-8"))
    assert "Titik periksa yang diingat pekerja" in run()[1]


def test_kept_checkpoint_of_another_log_is_told(tmp_path: Path) -> None:
    grow(3)
    kept = tmp_path / "kept.txt"
    kept.write_text("not a checkpoint", encoding="utf-8")
    assert "Titik periksa dari luar: Catatan tidak berakhir" in run("--against", str(kept))[1]
    with pytest.raises(CommandError, match="tidak dapat dibaca"):
        call_command("ledger_verify", "--against", str(tmp_path / "missing"))


def test_many_troubles_are_counted_not_listed() -> None:
    grow(300)
    with superuser() as cursor:
        cursor.execute("UPDATE ledger_leaf SET data = 'x'")
    report = monitor.verify()
    assert len(report.findings) == monitor.MOST
    assert report.more == 300 - monitor.MOST
    assert "dan 280 lagi" in run()[1]


def test_command_says_it_in_json_for_machines() -> None:
    grow(3)
    out, trouble = run("--json")
    said = json.loads(out)
    assert (said["ok"], said["leaves"], said["origin"], trouble) == (True, 3, "teladan.test/ledger", "")
    with superuser() as cursor:
        cursor.execute("DELETE FROM ledger_leaf WHERE index = 1")
    out, trouble = run("--json")
    assert json.loads(out)["ok"] is False
    assert "Daun 1 hilang." in json.loads(out)["findings"]
    assert "Log ini tidak utuh" in trouble


def test_another_user_than_the_workers_is_told_what_was_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    grow(3)

    def closed() -> str:
        raise PermissionError

    monkeypatch.setattr(memory, "recall", closed)
    assert "Ingatan pekerja tidak dapat dibaca" in run()[0]
    with pytest.raises(PermissionError):  # the worker itself signs nothing without its memory
        actions.sequence()


def test_command_refuses_a_key_that_is_none() -> None:
    with pytest.raises(CommandError, match="Bukan"):
        call_command("ledger_verify", "--key", "a+b+c")


def test_checkpoint_command_needs_a_checkpoint() -> None:
    with pytest.raises(CommandError, match="belum mempunyai titik periksa"):
        call_command("ledger_checkpoint")


def test_restored_log_recomputes_its_last_root() -> None:
    """The restore drill in small: rows copied elsewhere give the root that was signed."""
    grow(256, 80)
    last = queries.latest_checkpoint()
    assert last is not None
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copy AS SELECT * FROM ledger_leaf")
        cursor.execute("SELECT leaf_hash FROM copy ORDER BY index")
        assert tree.root_of([bytes(row[0]) for row in cursor.fetchall()]) == bytes(last.root)


def test_leaves_that_come_in_while_the_monitor_reads_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    grow(10)
    counted = monitor._signed_heads

    def meanwhile(*args):  # type: ignore[no-untyped-def]
        with clock.at(START + 5 * HOUR):
            actions.append(b"meanwhile")
            actions.sequence()
        return counted(*args)

    monkeypatch.setattr(monitor, "_signed_heads", meanwhile)
    assert monitor.verify().findings == []
