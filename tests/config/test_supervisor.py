"""`teladan serve` as a person meets it: one real run, and what it refuses in one sentence."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from teladan.config.supervisor import Demo, Trouble
from teladan.core import postgres
from teladan.core.postgres import DatabaseBusy, Server

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(plain_environment: dict[str, str]) -> Iterator[Start]:
    """Run a command of ours as a person does; whatever still runs afterwards is killed."""
    running: list[subprocess.Popen[str]] = []

    def run(*words: object, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "teladan.config.cli", *map(str, words)],
            env={**plain_environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def status(port: int, path: str = "/akun/login/") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "menunggu terlalu lama"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def lines_until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if word in line:
            return said
    pytest.fail(f"berhenti sebelum {word!r}: {said}")


def test_serve_lives_through_kills_and_stops_cleanly(start: Start, home: Path, free_port: int) -> None:
    def note() -> dict[str, object]:
        found: dict[str, object] = json.loads((home / "running.json").read_text())
        return found

    run = start("serve", "--port", free_port)
    lines_until(run, "Situs siap")
    assert status(free_port) == 200

    worker = note()["pekerja"]
    assert isinstance(worker, int)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: note()["pekerja"] != worker)

    second = start("serve", "--port", free_port + 1)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert said.count("\n") == 1
    assert f"sudah berjalan di folder {home}" in said

    orphans = [pid for pid in note().values() if isinstance(pid, int)]
    run.kill()
    run.wait()
    wait_for(lambda: not any(map(alive, orphans)))
    again = start("serve", "--port", free_port)
    lines_until(again, "Situs siap")
    assert status(free_port) == 200

    children = [pid for pid in note().values() if isinstance(pid, int)]
    again.send_signal(signal.SIGTERM)
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert said.endswith("Berhenti.\n")
    assert not any(map(alive, children))
    assert not (home / "running.json").exists()


def test_serve_refuses_a_port_in_use(start: Start, free_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        run = start("serve", "--port", free_port)
        said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert said == (
        f"Pangkalan (port) {free_port} sudah dipakai program lain; hentikan program itu atau pakai --port lain.\n"
    )


def test_serve_refuses_a_folder_that_cannot_be_written(start: Start, home: Path, free_port: int) -> None:
    (home / "file").write_text("")
    run = start("serve", "--port", free_port, TELADAN_DATA=str(home / "file" / "var"))
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert said.count("\n") == 1
    assert str(home / "file") in said


def test_serve_refuses_a_wrong_setting(start: Start, free_port: int) -> None:
    run = start("serve", "--port", free_port, DATABASE_URL="mysql://db/teladan")
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "Traceback" not in said
    assert "postgres://" in said


def test_command_without_a_server_brings_its_own_database(start: Start, home: Path, tmp_path: Path) -> None:
    """Tables and rules are made on the way; two commands at once share one server."""
    pack = tmp_path / "aturan.json"
    pack.write_text(
        json.dumps([{"key": "a.b", "value": 1, "valid_from": "2026-01-01", "legal_basis": "Perwako 1/2026"}])
    )
    first, second = start("load-policy", pack), start("load-policy", pack)
    said = sorted(run.communicate(timeout=120)[0] for run in (first, second))
    unknown = "Aturan 'a.b' tidak dikenal program ini; disimpan, tetapi tidak dipakai.\n"
    assert (first.returncode, second.returncode) == (0, 0), said
    assert said == [f"{unknown}0 aturan baru, 1 sudah ada.\n", f"{unknown}1 aturan baru, 0 sudah ada.\n"]
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_reset_deletes_the_demo_and_refuses_anything_else(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    server = Server(postgres.place_for(home), postgres.THROWAWAY, throwaway=True)
    server.start()
    demo = Demo(home, "127.0.0.1", 8000)
    (home / "demo").touch()
    with pytest.raises(DatabaseBusy):
        demo.reset()
    server.stop()
    (home / "demo").unlink()
    with pytest.raises(Trouble, match="bukan data contoh"):
        demo.reset()
    assert server.place.data.exists()
    (home / "demo").touch()
    demo.reset()
    assert not server.place.data.exists()
