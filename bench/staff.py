"""Staff pages one by one: queries, bytes and time; then beside citizens who rate, 300 in ten minutes and ten times as many.

Windows without citizens and with them follow each other, so that both see the same machine. A round holds several of
each; how much its figure differs from round to round shows what the machine does by itself.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

from bench import busy, citizen, stack
from bench.client import Client
from bench.employees import inside

PAGES = ("/", "/bulan", "/pegawai", "/hasil-unit", "/skm", "/skm/U00", "/aturan", "/pegawai?cari=petugas")
RATERS_PER_SECOND = 300 / 600
TIMES = (0, 1, 10)  # no citizens; 300 in ten minutes; ten times as many
WINDOWS = 4  # of each in a round
READERS = 2  # people who read one page after the other without a pause

Rate = Callable[[Client], None]


@dataclass
class Load:
    """What readers met beside so many citizens: milliseconds by round and page; and how many citizens rated."""

    times: int
    rounds: list[dict[str, list[float]]] = field(default_factory=list)
    raters: int = 0

    def of_round(self, number: int) -> list[float]:
        return [one for times in self.rounds[number].values() for one in times]

    def of_page(self, path: str) -> list[float]:
        return [one for pages in self.rounds for one in pages[path]]

    @property
    def all(self) -> list[float]:
        return [one for number in range(len(self.rounds)) for one in self.of_round(number)]


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        cookies = busy.closed_month()
        tickets = sum(int(seconds * RATERS_PER_SECOND * times) + 2 for times in TIMES) * WINDOWS * rounds
        rate = citizen.journey(citizen.tokens(tickets))
        sizes = {path: inside(path, cookies) for path in PAGES}
        with stack.web("teladan.config.wsgi:application") as port:
            _read(port, cookies, 2.0, defaultdict(list))  # warm
            loads = [Load(times) for times in TIMES]
            for _ in range(rounds):
                _round(port, cookies, seconds, loads, rate)
    _print_pages(sizes, loads)
    _print_loads(loads)


def _round(port: int, cookies: str, seconds: float, loads: list[Load], rate: Rate) -> None:
    for load in loads:
        load.rounds.append(defaultdict(list))
    for turn in range(WINDOWS):
        for load in loads if turn % 2 == 0 else reversed(loads):
            load.raters += _window(port, cookies, seconds, load, rate)


def _window(port: int, cookies: str, seconds: float, load: Load, rate: Rate) -> int:
    """Readers for so long, citizens beside them at their pace; how many citizens rated."""
    done: list[int] = []
    threads = [
        threading.Thread(target=_read, args=(port, cookies, seconds, load.rounds[-1], turn)) for turn in range(READERS)
    ]
    if load.times:
        pace = 1 / (RATERS_PER_SECOND * load.times)
        threads.append(threading.Thread(target=_rate, args=(port, rate, seconds, pace, done)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def _read(port: int, cookies: str, seconds: float, times: dict[str, list[float]], start: int = 0) -> None:
    """One page after the other; each reader begins elsewhere, so that no two ask for the same page all the time."""
    client = Client(port)
    until = time.perf_counter() + seconds
    shift = start * len(PAGES) // READERS
    for path in cycle(PAGES[shift:] + PAGES[:shift]):
        began = time.perf_counter()
        if began > until:
            break
        if (status := client.get(path, cookies).status) != 200:
            raise AssertionError((path, status))
        times[path].append((time.perf_counter() - began) * 1000)
    client.close()


def _rate(port: int, rate: Rate, seconds: float, pace: float, done: list[int]) -> None:
    """The whole way from the link to the receipt, one citizen each `pace` seconds whatever the one before took."""
    client = Client(port)
    began = time.perf_counter()
    for number in range(int(seconds / pace + 0.5)):
        time.sleep(max(0.0, began + (number + 0.5) * pace - time.perf_counter()))
        rate(client)
        done.append(1)
    client.close()


# --- figures ---------------------------------------------------------------------------------------------------------


def _print_pages(sizes: dict[str, tuple[int, int]], loads: list[Load]) -> None:
    print(f"{'halaman':24} {'kueri':>6} {'byte':>8} " + " ".join(f"{_words(load):>28}" for load in loads))
    for path in PAGES:
        queries, content = sizes[path]
        figures = " ".join(
            f"{f'median {_at(load.of_page(path), 0.5):.1f}, p95 {_at(load.of_page(path), 0.95):.1f} ms':>28}"
            for load in loads
        )
        print(f"{path:24} {queries:>6} {content:>8,} {figures}")


def _print_loads(loads: list[Load]) -> None:
    quiet = loads[0]
    print(
        f"\nsemua halaman, {READERS} pembaca tanpa jeda; perubahan p95 terhadap jendela tanpa warga di putaran yang sama"
    )
    for load in loads:
        changes = [
            _at(load.of_round(number), 0.95) / _at(quiet.of_round(number), 0.95) - 1
            for number in range(len(load.rounds))
        ]
        spread = f"per putaran {min(changes):+.1%} … {max(changes):+.1%}" if load.times else _quiet_spread(quiet)
        print(
            f"  {_words(load):26} {load.raters:>6,} penilai {len(load.all):>7,} halaman, median {_at(load.all, 0.5):6.1f} ms, "
            f"p95 {_at(load.all, 0.95):6.1f} ms ({_at(load.all, 0.95) / _at(quiet.all, 0.95) - 1:+.1%}; {spread})"
        )


def _quiet_spread(quiet: Load) -> str:
    """How far the rounds without citizens lie apart: what the machine does by itself."""
    found = [_at(quiet.of_round(number), 0.95) / _at(quiet.all, 0.95) - 1 for number in range(len(quiet.rounds))]
    return f"putaran antara {min(found):+.1%} dan {max(found):+.1%} dari seluruhnya"


def _words(load: Load) -> str:
    return f"{load.times * RATERS_PER_SECOND:g} penilai per detik" if load.times else "tanpa penilai"


def _at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)]
