"""`teladan serve` and `teladan demo`: database, tables, web server and job worker as children of one small process.

Start order database, tables, web, worker; stop order web, worker, database. Every child dies with this process, however
it dies, so a killed run never stands in the way of the next. Django is loaded only in the children.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from teladan.config import env
from teladan.core import postgres

FIRST_PAGE = "/akun/login/"
QUICK_DEATH = 5.0  # a child that dies sooner after its start did not really start
PATIENCE = 5  # quick deaths in a row before we give up


class Trouble(Exception):
    """We cannot go on; the message is one sentence for the person at the terminal."""


class Stopped(Exception):
    """The person asked us to stop."""


@dataclass
class Child:
    """A program that should keep running. `orphaned` is what ends it when we were killed.

    The worker is killed then: told to end it would wait for a database that went with us; its work is done again.
    """

    name: str
    command: list[str]
    grace: float
    orphaned: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    again_at: float = 0.0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Supervisor:
    """One run. `home` is the data folder."""

    home: Path
    host: str
    port: int
    began: float = field(default_factory=time.monotonic)
    asked: int = 0  # how often we were asked to stop

    def __post_init__(self) -> None:
        self.server = None if env.database_url() else postgres.Server(postgres.place_for(self.home))
        self.address = os.environ.get("TELADAN_ADDRESS") or f"http://{_for_address(self.host)}:{self.port}"
        self.environment = {
            **os.environ,
            "TELADAN_DATA": str(self.home),
            "TELADAN_ADDRESS": self.address,
            "PYTHONUNBUFFERED": "1",
        }
        if self.server:
            self.environment["DATABASE_URL"] = self.server.url
        web = ["-m", "granian", "--interface", "wsgi", "--host", self.host, "--port", str(self.port)]
        web += ["--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "--no-access-log"]
        web += ["--respawn-failed-workers", "--workers-kill-timeout", "4", "teladan.config.wsgi:application"]
        self.web = Child("situs", [sys.executable, *web], grace=12)
        self.worker = Child("pekerja", [*teladan(), "worker"], grace=25, orphaned=signal.SIGKILL)

    def run(self, *setup: str) -> None:
        """Everything up, kept up until asked to stop, everything down."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self._signals(), self._database():
            self.prepare(*setup)
            try:
                self._check_port()
                self._start(self.web)
                self._await_first_page()
                self._start(self.worker)
                self._note()
                self.ready()
                self._keep()
            finally:
                self._stop(self.web)
                self._stop(self.worker)
                self._note_path.unlink(missing_ok=True)

    def prepare(self, *setup: str) -> None:
        self._to_end("setup", *setup)

    def ready(self) -> None:
        say(f"Situs siap: {self.address}  ({self.seconds} detik)")
        say("Hentikan dengan Ctrl-C.")

    @property
    def seconds(self) -> str:
        return f"{time.monotonic() - self.began:.1f}".replace(".", ",")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.asked += 1

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def _database(self) -> Iterator[None]:
        self._check_port()
        if self.server:
            self.server.start()
            if self.server.place.moved:
                say(
                    f"Data disimpan di {self.server.place.data}, karena pengguna basis data tidak dapat masuk ke {self.home}."
                )
        try:
            yield
        finally:
            if self.server:
                self.server.stop()

    def _check_port(self) -> None:
        """A port that is taken is said before the database starts. A server of a killed run may need a moment to go."""
        deadline = time.monotonic() + 5
        while True:
            try:
                family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((self.host, self.port))
                    return
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise Trouble(f"Alamat {self.host}:{self.port} tidak dapat dipakai ({error.strerror}).") from error
                if time.monotonic() > deadline or self.asked:
                    raise Trouble(
                        f"Pangkalan (port) {self.port} sudah dipakai program lain; hentikan program itu atau pakai --port lain."
                    ) from error
            time.sleep(0.2)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603
            child.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone; we say who stops when
            preexec_fn=postgres.dying_with(os.getpid(), child.orphaned),
        )
        child.started = time.monotonic()

    def _stop(self, child: Child) -> None:
        """Ask, wait, then kill. A second Ctrl-C does not wait."""
        process, child.process = child.process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        deadline = time.monotonic() + child.grace
        while process.poll() is None and time.monotonic() < deadline and self.asked < 2:
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own children too
        process.wait()

    def _to_end(self, *command: str) -> None:
        """Run one command of ours and wait for it."""
        step = Child(command[0], [*teladan(), *command], grace=10)
        self._start(step)
        assert step.process is not None
        while step.process.poll() is None:
            if self.asked:
                self._stop(step)
                raise Stopped
            time.sleep(0.02)
        if step.process.returncode:
            raise Trouble("Penyiapan berhenti; sebabnya tertulis di atas.")

    def _await_first_page(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self.asked:
                raise Stopped
            if not self.web.alive:
                raise Trouble("Server situs berhenti sebelum siap; sebabnya tertulis di atas.")
            if self._answers():
                return
            time.sleep(0.05)
        raise Trouble("Server situs tidak menjawab dalam 90 detik.")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(_for_address(self.host), self.port, timeout=30)
        try:
            connection.request("GET", FIRST_PAGE, headers={"Host": f"127.0.0.1:{self.port}"})
            return connection.getresponse().status < 600
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _keep(self) -> None:
        while not self.asked:
            if self.server and not self.server.running():
                say("Basis data berhenti; dijalankan lagi.", error=True)
                self.server.stop()
                self.server.start()
                self._stop(self.worker)
                self._start(self.worker)
                self._note()
            for child in (self.web, self.worker):
                if not child.alive:
                    self._revive(child)
            time.sleep(0.2)
        raise Stopped

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            child.process = None
            child.quick_deaths = child.quick_deaths + 1 if now - child.started < QUICK_DEATH else 0
            if child.quick_deaths >= PATIENCE:
                raise Trouble(f"Proses {child.name} terus berhenti; sebabnya tertulis di atas.")
            child.again_at = now + min(2**child.quick_deaths, 30) - 1
            say(f"Proses {child.name} berhenti; dijalankan lagi.", error=True)
        if now >= child.again_at:
            self._start(child)
            self._note()

    @property
    def _note_path(self) -> Path:
        return self.home / "running.json"

    def _note(self) -> None:
        """Who is who, for `teladan memory`."""
        pids = {child.name: child.process.pid for child in (self.web, self.worker) if child.process}
        note = {"pengawas": os.getpid(), **pids, "address": self.address}
        if self.server and self.server.process:
            note["basis data"] = self.server.process.pid
        self._note_path.write_text(json.dumps(note), encoding="utf-8")


class Demo(Supervisor):
    """The same with the demo city, and its accounts on the screen."""

    def prepare(self, *setup: str) -> None:
        if self.server and self.server.is_new:
            self._mark.touch()
        super().prepare(*setup, "--demo")
        self._mark.touch()

    @property
    def _mark(self) -> Path:
        """Says that the embedded data is the demo's, so that a reset may delete it."""
        return self.home / "demo"

    def reset(self) -> None:
        """Delete the embedded demo data. A database named by DATABASE_URL is emptied by `setup --fresh`."""
        if self.server:
            place = self.server.place
            if place.data.exists() and not self._mark.exists():
                raise Trouble(
                    f"{place.data} bukan data contoh, jadi tidak dihapus; hapus sendiri bila memang itu yang dimaksud."
                )
            with self.server.held():
                postgres.remove(self.home)
        for folder in ("media", "ledger"):
            shutil.rmtree(self.home / folder, ignore_errors=True)
        say("Data contoh dihapus.")

    def ready(self) -> None:
        from teladan.demo import accounts

        say("")
        say(f"Teladan siap: {self.address}  ({self.seconds} detik)")
        say(f"Situs publik: {self.address}/publik")
        say("")
        say(f"Akun contoh, sandi semuanya: {accounts.PASSWORD}")
        width = max(len(account.username) for account in accounts.ACCOUNTS)
        for account in accounts.ACCOUNTS:
            say(f"  {account.username:<{width}}  {account.note}")
        say("")
        say("Hentikan dengan Ctrl-C. Data tetap ada; mulai dari awal dengan `make demo-reset`.")


def teladan() -> list[str]:
    """Our own command line in this very Python."""
    return [sys.executable, "-m", "teladan.config.cli"]


def say(text: str, *, error: bool = False) -> None:
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def _for_address(host: str) -> str:
    local = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"[{local}]" if ":" in local else local


@contextlib.contextmanager
def database_for_command(home: Path) -> Iterator[bool]:
    """The database for one command: DATABASE_URL, else the running server, else our own (True) for the duration."""
    if env.database_url():
        yield False
        return
    server = postgres.Server(postgres.place_for(home))
    while not _started(server):
        with server.as_guest() as up:
            if up:
                yield False
                return
    try:
        yield True
    finally:
        server.stop(wait_for_guests=True)


def _started(server: postgres.Server) -> bool:
    try:
        server.start()
    except postgres.DatabaseBusy:
        return False
    return True
