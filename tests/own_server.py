"""A PostgreSQL of one test's own, to be killed: with the tables of the test run, and every connection of this process led to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection

from teladan.config.database import settings_from_url
from teladan.core import postgres
from teladan.core.pginstall import packaged
from teladan.core.postgres import Server

_LED = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
DURABLE: Mapping[str, str] = {**postgres.SETTINGS, "max_connections": "100"}
"""What is committed must stand after `kill -9`; the settings of test servers let it go."""


@contextmanager
def own_server() -> Iterator[Server]:
    """A running server with the tables and the reference data of the test database; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="teladan-own-"))
    folder.chmod(0o755)
    server = Server(postgres.place_for(folder), DURABLE, throwaway=True)
    try:
        server.start()
        restore(dump(connection.settings_dict), settings_from_url(server.url))
        yield server
    finally:
        server.stop()
        postgres.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def led_to(there: Mapping[str, Any]) -> Iterator[None]:
    """Every connection of this process, of its threads and of processes forked from it goes there."""
    settings = connection.settings_dict
    before = {name: settings[name] for name in _LED}
    connection.close()
    settings.update({name: there[name] for name in _LED})
    try:
        yield
    finally:
        connection.close()
        settings.update(before)


def dump(of: Mapping[str, Any]) -> bytes:
    """What `pg_dump` makes of a database, as an operator would call it."""
    return _program("pg_dump", of, "--format=custom", "--compress=0")


def restore(content: bytes, into: Mapping[str, Any]) -> None:
    """Put it into an empty database."""
    _program("pg_restore", into, "--no-owner", "--exit-on-error", "--single-transaction", given=content)


def create_database(name: str, beside: Mapping[str, Any]) -> dict[str, Any]:
    """An empty database on the same server; how to reach it."""
    _program("psql", {**beside, "NAME": "postgres"}, "--command", f'CREATE DATABASE "{name}" TEMPLATE template0')
    return {**beside, "NAME": name}


def drop_database(there: Mapping[str, Any]) -> None:
    """Whoever is still connected is sent away."""
    _program(
        "psql", {**there, "NAME": "postgres"}, "--command", f'DROP DATABASE IF EXISTS "{there["NAME"]}" WITH (FORCE)'
    )


def _program(name: str, there: Mapping[str, Any], *arguments: str, given: bytes = b"") -> bytes:
    pairs = {"host": there["HOST"], "port": there["PORT"], "username": there["USER"], "dbname": there["NAME"]}
    options = [f"--{key}={value}" for key, value in pairs.items() if value]
    done = subprocess.run(
        [packaged() / "bin" / name, *options, *arguments],
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, "PGPASSWORD": str(there["PASSWORD"])},
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# --- killing ---------------------------------------------------------------------------------------------------------


def kill_hard(server: Server) -> None:
    """`kill -9` for the server's first process. Those that serve connections find out and go."""
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGKILL)


def kill_one_of_its_children(server: Server, draw: Random) -> None:
    """`kill -9` for one process that serves a connection or writes: the server throws all connections out and recovers."""
    assert server.process is not None
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    if children:
        os.kill(int(draw.choice(children)), signal.SIGKILL)


def back_again(server: Server) -> None:
    """As the supervisor does when its server has died."""
    connection.close()
    server.stop()
    server.start()


def let_go(server: Server) -> None:
    """In a forked process: the data folder is not ours to hold."""
    assert server._lock is not None
    server._lock.close()
