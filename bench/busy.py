"""A busy day: a report over 100,000 answers, and files wanted by more people than can be served."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from multiprocessing import get_context
from typing import Any

from bench import citizen, closing, employees, stack
from bench.client import Answer, Client, Rate, best, measure

ANSWERS = 100_000
EMPLOYEES = 3_000
EAGER = 16  # people who want a file at the same time, again and again: far more than threads


@dataclass(frozen=True)
class Crowd:
    """People who want files again and again: how many, whether a 503 makes them wait as it asks, and of which server."""

    words: str
    people: int
    waits: bool
    port: int


@dataclass
class Beside:
    """What citizens got beside a crowd, and the crowd itself."""

    rates: list[Rate] = field(default_factory=list)
    casts: Counter[int] = field(default_factory=Counter)
    files: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    without_time: int = 0  # refusals that did not say when to come back


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        cookies = closed_month()
        with stack.web("teladan.config.wsgi:application") as port, stack.web("bench.refusing:application") as refusing:
            _reports(port, cookies, seconds / 3, rounds)
            _too_many_files(port, refusing, cookies, seconds, rounds)


def closed_month() -> str:
    """A city whose last month is closed with so many answers of one unit, and its employees; the cookie of a personnel officer."""
    from teladan.core import clock
    from teladan.evaluation.actions.closing import close_month

    closing.UNITS = 1
    closing.fill(ANSWERS)
    employees.fill(EMPLOYEES)
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        close_month(month=closing.MONTH, by="bench")
    return employees.signed_in()


def _address() -> str:
    return f"/skm/U00/{closing.MONTH:%Y-%m}"


def _reports(port: int, cookies: str, seconds: float, rounds: int) -> None:
    print(f"laporan SKM atas {ANSWERS:,} jawaban satu unit; beban mesin {os.getloadavg()[0]:.1f}")
    for name, path in {"halaman": "", "XLSX": "/laporan.xlsx", "CSV": "/jawaban.csv"}.items():
        get = _get(_address() + path, cookies)
        measure(port, get, 0.5, connections=1)
        rate = best([measure(port, get, seconds, connections=1) for _ in range(rounds)])
        print(
            f"  {name:8} median {rate.median_ms:7.0f} ms   p99 {rate.p99_ms:7.0f} ms   ({rate.count} kali)", flush=True
        )


def _get(path: str, cookies: str) -> Callable[[Client], None]:
    def act(client: Client) -> None:
        answer: Answer = client.get(path, cookies)
        if answer.status != 200:
            raise AssertionError(answer.status)

    return act


# --- files wanted by too many ----------------------------------------------------------------------------------------


def _too_many_files(port: int, refusing: int, cookies: str, seconds: float, rounds: int) -> None:
    """Citizens rate over four connections as fast as they can: alone, then beside each crowd, turn by turn."""
    crowds = [
        Crowd("tidak ada yang meminta berkas", 0, False, port),
        Crowd("2 orang mengunduh terus-menerus", 2, False, port),
        Crowd(f"{EAGER} orang, menunggu bila diminta", EAGER, True, port),
        Crowd(f"{EAGER} orang tanpa jeda", EAGER, False, port),
        Crowd(f"{EAGER} orang tanpa jeda, pada server lain", EAGER, False, refusing),
    ]
    in_hand = citizen.hands(citizen.tokens(int(seconds * len(crowds) * 1200) + 4000))
    measure(port, _counted(Counter(), in_hand), 1)
    found = {crowd: Beside() for crowd in crowds}
    for _ in range(rounds):
        for crowd, beside in found.items():
            with _wanting(crowd, cookies, beside):
                beside.rates.append(measure(port, _counted(beside.casts, in_hand), seconds / rounds))
    print(
        f"\n{'warga menilai sementara':40} {'berhasil':>16} {'per detik':>9} {'p99 ms':>7} {'berkas/s':>9} {'503/s':>7}"
    )
    for crowd, beside in found.items():
        done, tries, rate = beside.casts[303], sum(beside.casts.values()), best(beside.rates)
        print(
            f"{crowd.words:40} {f'{done:,}/{tries:,}':>16} {rate.per_second:>9.0f} {rate.p99_ms:>7.0f} "
            f"{beside.files[200] / (beside.seconds or 1):>9.1f} {beside.files[503] / (beside.seconds or 1):>7.0f}",
            flush=True,
        )
    print(f"503 tanpa Retry-After: {sum(beside.without_time for beside in found.values())}")


def _counted(casts: Counter[int], cookies: Iterator[str]) -> Callable[[Client], None]:
    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            hand = next(cookies)
        casts[client.post("/n", citizen.answers(), hand).status] += 1

    return act


@contextmanager
def _wanting(crowd: Crowd, cookies: str, beside: Beside) -> Iterator[None]:
    """The crowd lives in a process of its own: it shall not wait for the raters' interpreter, nor they for its."""
    if not crowd.people:
        yield
        return
    fork = get_context("fork")
    stop, found = fork.Event(), fork.SimpleQueue()
    process = fork.Process(target=_want, args=(crowd, cookies, stop, found))
    process.start()
    time.sleep(0.2)
    try:
        yield
    finally:
        stop.set()
        files, without_time, seconds = found.get()
        process.join()
    beside.files.update(files)
    beside.without_time += without_time
    beside.seconds += seconds


def _want(crowd: Crowd, cookies: str, stop: Any, found: Any) -> None:
    files: Counter[int] = Counter()
    without_time: list[str] = []

    def one() -> None:
        client = Client(crowd.port)
        for path in cycle((f"{_address()}/laporan.xlsx", f"{_address()}/jawaban.csv")):
            if stop.is_set():
                break
            answer = client.get(path, cookies)
            files[answer.status] += 1
            later = answer.head.lower().partition(b"retry-after:")[2].split(b"\r\n")[0]
            if answer.status == 503 and not later:
                without_time.append(path)
            if answer.status == 503 and crowd.waits:
                stop.wait(float(later))
        client.close()

    began = time.perf_counter()
    threads = [threading.Thread(target=one) for _ in range(crowd.people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.put((files, len(without_time), time.perf_counter() - began))
