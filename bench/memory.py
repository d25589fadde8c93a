"""What the product weighs: just started, after every page was opened once, and at rest."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.client import Client
from teladan.config import memory
from teladan.core import postgres

LIMIT = 350_000_000
PAGES = ("/publik", "/akun/login/", "/n/ketik", "/n/siapa-membaca")


def run(seconds: float, rounds: int) -> None:
    """Starts `teladan serve` with an empty city; PSS in MB."""
    home = Path(tempfile.mkdtemp(prefix="teladan-bench-"))
    home.chmod(0o711)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "teladan.config.cli", "serve", "--port", str(port)],
        env={**kept, "TELADAN_DATA": str(home)},
        stdout=subprocess.DEVNULL,
        preexec_fn=postgres.dying_with(os.getpid(), signal.SIGTERM),
    )
    try:
        while not (home / "running.json").exists() and process.poll() is None:
            time.sleep(0.1)
        time.sleep(seconds)
        _print("baru mulai", memory.parts(home))
        client = Client(port)
        for _ in range(20 * rounds):
            for path in PAGES:
                client.get(path)
        client.close()
        time.sleep(seconds)
        both = _print("sesudah dipakai", memory.parts(home))
        print(f"batas situs + pekerja: {LIMIT / 1e6:.0f} MB, {'terpenuhi' if both < LIMIT else 'TERLAMPAUI'}")
    finally:
        process.terminate()
        process.wait(60)
        postgres.remove(home)
        shutil.rmtree(home, ignore_errors=True)


def _print(when: str, parts: dict[str, int]) -> int:
    both = parts["situs"] + parts["pekerja"]
    shown = {**parts, "situs + pekerja": both}
    print(f"{when:16} " + ", ".join(f"{name} {size / 1e6:.0f}" for name, size in shown.items()), flush=True)
    return both
