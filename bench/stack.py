"""A PostgreSQL of the bench's own, and web servers on loopback started exactly as the product starts its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from teladan.core import postgres

SERVER = ["-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws"]
SERVER += ["--log-level", "warning", "--no-access-log"]


@contextmanager
def database() -> Iterator[Path]:
    """A fresh installation with tables and rules; Django is ready inside. As safe on disk as the product's own."""
    home = Path(tempfile.mkdtemp(prefix="teladan-bench-"))
    home.chmod(0o711)
    server = postgres.Server(postgres.place_for(home))
    server.start()
    os.environ.update(
        DATABASE_URL=server.url,
        TELADAN_DATA=str(home),
        TELADAN_SECRET_KEY="only-for-measuring-" + "x" * 40,
        DJANGO_SETTINGS_MODULE="teladan.config.settings",
    )
    try:
        import django

        django.setup()
        from teladan.config import install

        install.migrate()
        install.load_reference_data()
        install.collect_static()
        yield home
    finally:
        server.stop()
        postgres.remove(home)
        shutil.rmtree(home, ignore_errors=True)


def apart(measure: Callable[..., None], *values: object) -> None:
    """Run `measure` in a process of its own with a database of its own: settings are read once per process."""
    if (child := os.fork()) == 0:
        status = 1
        try:
            with database():
                measure(*values)
            status = 0
        finally:
            sys.stdout.flush()
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("pengukuran gagal")


def processor_seconds() -> float:
    """What this process and all below it, database and servers among them, have spent of the processor so far."""
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            values = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            parents[int(folder.name)], spent[int(folder.name)] = int(values[1]), int(values[11]) + int(values[12])

    def is_ours(process: int) -> bool:
        return process == os.getpid() or (process in parents and is_ours(parents[process]))

    return sum(ticks for process, ticks in spent.items() if is_ours(process)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def web(application: str, settings: str = "teladan.config.settings") -> Iterator[int]:
    """A server of one worker and four threads, as in `teladan serve`; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *SERVER, "--host", "127.0.0.1", "--port", str(port), application],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings},
        start_new_session=True,
        preexec_fn=postgres.dying_with(os.getpid(), signal.SIGTERM),
    )
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _await(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("server tidak menjawab")
