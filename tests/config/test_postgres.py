"""The embedded server: what it refuses in one sentence, and what it survives."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from teladan.core import postgres
from teladan.core.postgres import DatabaseBusy, DatabaseTrouble, Server

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="hanya untuk root")


def server_in(home: Path) -> Server:
    return Server(postgres.place_for(home), postgres.THROWAWAY, throwaway=True)


@pytest.fixture(scope="session")
def made_once() -> Iterator[Path]:
    """A data folder to copy from: making one is the slow part."""
    folder = Path(tempfile.mkdtemp(prefix="teladan-home-"))
    folder.chmod(0o755)
    with_data = server_in(folder)
    with_data.start()
    with_data.stop()
    yield with_data.place.data
    postgres.remove(folder)
    shutil.rmtree(folder)


@pytest.fixture
def empty_server(home: Path) -> Iterator[Server]:
    server = server_in(home)
    yield server
    server.stop()


@pytest.fixture
def server(empty_server: Server, made_once: Path) -> Server:
    subprocess.run(["cp", "-a", made_once, empty_server.place.data], check=True)
    return empty_server


def ask(server: Server, question: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(question)  # type: ignore[call-overload]
        return cursor.fetchone()[0] if cursor.description else None


def refusal(server: Server) -> str:
    """The one sentence; nothing keeps running or holds the folder."""
    with pytest.raises(DatabaseTrouble) as caught:
        server.start()
    assert not server.running()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_server_refuses_a_folder_in_use(server: Server, home: Path) -> None:
    server.start()
    with pytest.raises(DatabaseBusy, match=f"proses {os.getpid()}"):
        server_in(home).start()
    assert ask(server, "SELECT 1") == 1


def test_server_refuses_data_without_version(server: Server) -> None:
    server.start()
    server.stop()
    (server.place.data / "PG_VERSION").unlink()
    assert "PG_VERSION tidak ada" in refusal(server)


def test_server_refuses_data_of_another_version(server: Server) -> None:
    server.start()
    server.stop()
    (server.place.data / "PG_VERSION").write_text("17\n")
    assert "PostgreSQL 17" in refusal(server)


def test_server_refuses_data_that_is_broken_inside(server: Server) -> None:
    server.start()
    server.stop()
    (server.place.data / "global" / "pg_control").write_bytes(b"")
    sentence = refusal(server)
    assert "tidak dapat dijalankan" in sentence
    assert str(server.log) in sentence


def test_server_refuses_a_full_disk(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=12_000_000))
    server.throwaway = False
    assert "tinggal 12 MB" in refusal(server)


def test_server_names_a_disk_that_fills_up_meanwhile(server: Server) -> None:
    output = "2026-11-01 FATAL:  could not write lock file: No space left on device"
    assert "Cakram penuh" in postgres._explain(output, server.place, server.log)


def test_server_refuses_a_socket_folder_of_somebody_else(server: Server) -> None:
    server.place.run.mkdir(mode=0o777)
    server.place.run.chmod(0o777)
    assert "bukan milik pengguna basis data" in refusal(server)


def test_server_leaves_no_half_made_data(empty_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    once = Server._once

    def cut_off(self: Server, name: str, *arguments: str, given: str = "") -> None:
        if given:
            raise KeyboardInterrupt
        once(self, name, *arguments, given=given)

    monkeypatch.setattr(Server, "_once", cut_off)
    with pytest.raises(KeyboardInterrupt):
        empty_server.start()
    assert not empty_server.place.data.exists()
    monkeypatch.undo()
    empty_server.start()
    assert ask(empty_server, "SELECT current_database()") == "teladan"


def test_data_survives_a_restart(server: Server) -> None:
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    server.start()
    assert ask(server, "SELECT n FROM kept") == 7


def test_server_starts_over_a_pid_file_that_names_another_program(server: Server) -> None:
    server.start()
    server.stop()
    left = server.place.data / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n{server.place.data}\n0\n5432\n{server.place.run}\n\n\nready\n")
    if server.place.identity:
        os.chown(left, server.place.identity.uid, server.place.identity.gid)
    server.start()
    assert ask(server, "SELECT 1") == 1


def test_server_dies_with_a_killed_parent_and_starts_again(server: Server, home: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from teladan.core import postgres;"
        "server = postgres.Server(postgres.place_for(Path(sys.argv[1]))); server.start();"
        "print(server.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    server.start()
    assert not postgres._is_server(child, server.place.data)
    assert ask(server, "SELECT 1") == 1


def test_server_killed_hard_recovers_what_was_committed(server: Server) -> None:
    server.settings = postgres.SETTINGS
    server.start()
    ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert ask(server, "SELECT n FROM kept") == 7


BUSY = "DO $$ BEGIN FOR i IN 1..%d LOOP PERFORM sqrt(i); END LOOP; END $$"


def test_server_killed_hard_starts_only_after_whoever_it_left_behind(server: Server) -> None:
    """A process in a long statement does not see for a while that its server is gone; PostgreSQL refuses to start beside it."""
    server.start()
    assert server.process is not None
    with psycopg.connect(server.url, autocommit=True) as connection:
        left_behind = connection.info.backend_pid
        thread = threading.Thread(target=_until_cut_off, args=(connection, BUSY % 2_000_000))
        thread.start()
        while ask(server, f"SELECT state FROM pg_stat_activity WHERE pid = {left_behind}") != "active":
            time.sleep(0.01)
        os.kill(server.process.pid, signal.SIGKILL)
        server.stop()
        assert works(left_behind), "not left behind at all"
        server.start()
        assert not works(left_behind)
        thread.join(30)
    assert ask(server, "SELECT 1") == 1


def works(pid: int) -> bool:
    """Neither gone nor waiting for somebody to take note of its end."""
    return Path(f"/proc/{pid}").exists() and postgres._is_alive_postgres(Path(f"/proc/{pid}"))


def test_somebody_who_stands_in_the_data_folder_is_not_waited_for(server: Server) -> None:
    server.start()
    server.stop()
    with subprocess.Popen(["/bin/sleep", "60"], cwd=server.place.data) as bystander:
        try:
            assert not postgres._still_running(server.place.data, 0)
        finally:
            bystander.kill()


def _until_cut_off(connection: psycopg.Connection, statement: str) -> None:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute(statement)  # type: ignore[call-overload]


def test_guest_uses_a_running_server_and_holds_it_open(server: Server, home: Path) -> None:
    server.start()
    with server_in(home).as_guest() as up:
        assert up
        stopping = threading.Thread(target=server.stop, kwargs={"wait_for_guests": True})
        stopping.start()
        time.sleep(0.3)
        assert server.running()
    stopping.join(10)
    assert not server.running()


def test_guest_of_nobody_is_told_so(home: Path) -> None:
    with server_in(home).as_guest() as up:
        assert not up


@needs_root
def test_root_runs_the_server_as_somebody_else(server: Server) -> None:
    server.start()
    assert server.process is not None
    assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0
    assert server.place.data.stat().st_uid != 0


@needs_root
def test_root_in_a_closed_home_keeps_the_data_elsewhere_and_opens_nothing(home: Path) -> None:
    home.chmod(0o700)
    server = server_in(home / "var")
    assert server.place.moved
    server.start()
    try:
        assert ask(server, "SELECT 1") == 1
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        postgres.remove(home / "var")
    assert not server.place.data.parent.exists()
