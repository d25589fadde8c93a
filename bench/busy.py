"""A busy day: a report over 100,000 answers, files wanted by more people than can be served, staff beside citizens."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

from bench import citizen, closing, stack
from bench.client import Answer, Client, Rate, best, measure
from bench.employees import signed_in

ANSWERS = 100_000
EAGER = 16  # people who want a file at the same time, again and again: far more than threads
RATERS_PER_SECOND = 300 / 600


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        cookies = _closed_month()
        with stack.web("teladan.config.wsgi:application") as port:
            _reports(port, cookies, seconds, rounds)
            _too_many_files(port, cookies, seconds * 3)
            _staff_beside_citizens(port, cookies, seconds * 10)


def _closed_month() -> str:
    from teladan.core import clock
    from teladan.evaluation.actions.closing import close_month

    closing.UNITS = 1
    closing.fill(ANSWERS)
    with clock.at(clock.local(date(2026, 11, 9), 9)):
        close_month(month=closing.MONTH, by="bench")
    return signed_in()


def _reports(port: int, cookies: str, seconds: float, rounds: int) -> None:
    from teladan.people.models import Unit

    report = f"/skm/{Unit.objects.get(code='U00').code}/{closing.MONTH:%Y-%m}"
    print(f"laporan SKM atas {ANSWERS:,} jawaban satu unit")
    for name, path in {"halaman": report, "XLSX": f"{report}/laporan.xlsx"}.items():
        get = _get(path, cookies)
        measure(port, get, 0.5, connections=1)
        rate = best([measure(port, get, seconds, connections=1) for _ in range(rounds)])
        print(f"  {name:8} median {rate.median_ms:7.0f} ms   p99 {rate.p99_ms:7.0f} ms")


def _get(path: str, cookies: str) -> Callable[[Client], None]:
    def act(client: Client) -> None:
        answer: Answer = client.get(path, cookies)
        if answer.status != 200:
            raise AssertionError(answer.status)

    return act


def _too_many_files(port: int, cookies: str, seconds: float) -> None:
    """As many people as EAGER want a file, while citizens rate over four connections as fast as they can."""
    from teladan.people.models import Unit

    path = f"/skm/{Unit.objects.get(code='U00').code}/{closing.MONTH:%Y-%m}/laporan.xlsx"
    files: Counter[str] = Counter()
    in_hand = citizen.hands(citizen.tokens(int(seconds * 1500)))

    def want() -> None:
        client = Client(port)
        while time.perf_counter() < until:
            answer = client.get(path, cookies)
            later = b"retry-after:" in answer.head.lower()
            files[f"{answer.status}{' dengan Retry-After' if later else ''}"] += 1
        client.close()

    alone = measure(port, citizen.post(citizen.hands(citizen.tokens(4000))), 2)
    until = time.perf_counter() + seconds
    eager = [threading.Thread(target=want) for _ in range(EAGER)]
    for thread in eager:
        thread.start()
    casts: Counter[int] = Counter()
    beside = measure(port, _counted(casts, in_hand), seconds)
    for thread in eager:
        thread.join()
    done, all_casts = casts[303], sum(casts.values())
    print(f"{EAGER} orang meminta berkas terus-menerus, warga menilai")
    print(f"  berkas: {dict(files)}")
    print(f"  penilaian berhasil: {done:,} dari {all_casts:,} ({done / all_casts:.2%}), ", end="")
    print(f"{beside.per_second:.0f} per detik, p99 {beside.p99_ms:.0f} ms (tanpa berkas: {_words(alone)})")


def _words(rate: Rate) -> str:
    return f"{rate.per_second:.0f} per detik, p99 {rate.p99_ms:.0f} ms"


def _counted(casts: Counter[int], cookies: Iterator[str]) -> Callable[[Client], None]:
    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            hand = next(cookies)
        casts[client.post("/n", citizen.answers(), hand).status] += 1

    return act


def _staff_beside_citizens(port: int, cookies: str, seconds: float) -> None:
    """Staff pages alone and with 300 citizens in ten minutes, turn by turn, so that both see the same machine."""
    paths = ["/", "/bulan", "/pegawai", "/hasil-unit"]
    alone: list[float] = []
    beside: list[float] = []
    turns = 6
    for turn in range(turns):
        stop = threading.Event()
        rating = threading.Thread(target=_rate_now_and_then, args=(port, stop))
        if turn % 2:
            rating.start()
        _browse(port, cookies, paths, seconds / turns, beside if turn % 2 else alone)
        stop.set()
        if turn % 2:
            rating.join()
    first, second = _p95(alone), _p95(beside)
    print("halaman pegawai di samping 300 penilai dalam sepuluh menit")
    print(
        f"  p95 sendiri {first:.1f} ms, bersama penilai {second:.1f} ms ({second / first - 1:+.1%}, {len(beside)} halaman)"
    )


def _browse(port: int, cookies: str, paths: list[str], seconds: float, times: list[float]) -> None:
    client = Client(port)
    until = time.perf_counter() + seconds
    number = 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        if (status := client.get(paths[number % len(paths)], cookies).status) != 200:
            raise AssertionError((paths[number % len(paths)], status))
        times.append((time.perf_counter() - began) * 1000)
        number += 1
        time.sleep(0.02)
    client.close()


def _rate_now_and_then(port: int, stop: threading.Event) -> None:
    act = citizen.journey(citizen.tokens(400))
    client = Client(port)
    while not stop.wait(1 / RATERS_PER_SECOND):
        act(client)
    client.close()


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
