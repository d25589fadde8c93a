"""Citizens rating: the whole way and its POSTs alone, beside a view that inserts one row: bare, and inside our stack."""

from __future__ import annotations

import random
import secrets
import statistics
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

from bench import stack
from bench.client import Client, Rate, best, measure

BARE = "satu baris, Django polos"
INSIDE = "satu baris, di dalam sistem kami"
OFFICERS = 30
"""As many as serve at the demo city's counters: casts for one officer wait for each other at the officer's histogram."""
TABLE = """CREATE TABLE IF NOT EXISTS bench_row (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, overall smallint, noted text
)"""


def run(seconds: float, rounds: int) -> None:
    with stack.database():
        _run(seconds, rounds)


def _run(seconds: float, rounds: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    tickets = tokens(int(seconds * rounds * 4000) + 5000)
    in_hand = iter(
        list(hands(islice(tickets, int(seconds * rounds * 3500) + 4500)))
    )  # signed now, not while it is measured
    with (
        stack.web("teladan.config.wsgi:application") as ours,
        stack.web("bench.inside:application") as inside,
        stack.web("bench.bare_urls:application", "bench.bare") as bare,
    ):
        acts: dict[str, tuple[int, Callable[[Client], None]]] = {
            "seluruh jalan, sampai tanda terima": (ours, journey(tickets)),
            "POST penilaian": (ours, post(in_hand)),
            "POST penilaian dan selesai": (ours, _finished(in_hand)),
            INSIDE: (inside, _bare),
            BARE: (bare, _bare),
        }
        for port, act in acts.values():
            measure(port, act, 1.0)  # warm
        found: dict[str, list[Rate]] = {name: [] for name in acts}
        spent: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(rounds):
            for name, (port, act) in random.sample(list(acts.items()), len(acts)):  # no act always after the same one
                before = stack.processor_seconds()
                found[name].append(rate := measure(port, act, seconds))
                spent[name].append((stack.processor_seconds() - before) / rate.count)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM feedback_stagedrating), (SELECT count(*) FROM ledger_queuedleaf)")
        staged, queued = cursor.fetchone()
    _print(found, spent)
    print(f"penilaian tersimpan: {staged}; daun dalam antrean log (tiket dan penilaian): {queued}")


def _print(found: dict[str, list[Rate]], spent: dict[str, list[float]]) -> None:
    """Shares are medians of shares within one round, since the machine's speed changes from round to round.

    Also the processor's time for each, client and database included: other people's work changes it less.
    """
    print(
        f"{'':34} {'per detik':>10} {'median ms':>10} {'p99 ms':>8} {'/ polos':>8} {'/ sistem':>9} {'p99 / polos':>12}"
        f" {'prosesor ms':>12} {'polos / ini':>12} {'sistem / ini':>13}"
    )
    for name, rates in found.items():
        rate = best(rates)
        print(
            f"{name:34} {rate.per_second:10.0f} {rate.median_ms:10.1f} {rate.p99_ms:8.1f}"
            f" {_share(_speed(rates), _speed(found[BARE])):8.2f} {_share(_speed(rates), _speed(found[INSIDE])):9.2f}"
            f" {_share([one.p99_ms for one in rates], [one.p99_ms for one in found[BARE]]):12.1f}"
            f" {statistics.median(spent[name]) * 1000:12.2f} {_share(spent[BARE], spent[name]):12.2f}"
            f" {_share(spent[INSIDE], spent[name]):13.2f}"
        )


def _speed(rates: list[Rate]) -> list[float]:
    return [one.per_second for one in rates]


def _share(these: list[float], those: list[float]) -> float:
    return statistics.median(this / that for this, that in zip(these, those, strict=True))


def journey(tickets: Iterator[bytes]) -> Callable[[Client], None]:
    """Open the link, read the form, send it, read the thanks, finish, read the receipt."""
    from teladan.feedback.tokens import encode

    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            token = next(tickets)
        opened = client.get(f"/n/{encode(token)}")
        cookies = opened.cookies()
        form = client.get("/n", cookies)
        sent = client.post("/n", answers(), cookies)
        cookies = f"{cookies}; {sent.cookies()}"
        thanks = client.get("/n/lanjut", cookies)
        done = client.post("/n/selesai", b"selesai=1", cookies)
        receipt = client.get("/n/selesai", cookies)
        statuses = tuple(one.status for one in (opened, form, sent, thanks, done, receipt))
        if statuses != (303, 200, 303, 200, 303, 200) or b"/tanda-terima.txt" not in receipt.body:
            raise AssertionError(statuses)

    return act


def _finished(in_hand: Iterator[str]) -> Callable[[Client], None]:
    """Rating and finishing: ticket, answers, leaf in the queue, signed promise. Two requests."""
    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            cookies = next(in_hand)
        sent = client.post("/n", answers(), cookies)
        done = client.post("/n/selesai", b"selesai=1", f"{cookies}; {sent.cookies()}")
        if (sent.status, done.status) != (303, 303):
            raise AssertionError((sent.status, done.status))

    return act


def post(in_hand: Iterator[str]) -> Callable[[Client], None]:
    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            cookies = next(in_hand)
        if (status := client.post("/n", answers(), cookies).status) != 303:
            raise AssertionError(status)

    return act


def _bare(client: Client) -> None:
    if (status := client.post("/insert", answers() + b"&kunci=" + secrets.token_hex(16).encode()).status) != 303:
        raise AssertionError(status)


def answers() -> bytes:
    return b"overall=4&kompetensi=4&perilaku=3"


def hands(tickets: Iterator[bytes]) -> Iterator[str]:
    """The cookie that a citizen holds after opening the link."""
    from django.http import HttpRequest, HttpResponse

    from teladan.feedback.tokens import order_of, token_hash
    from teladan.feedback.views.doorway import hold_ticket

    for token in tickets:
        response = HttpResponse()
        hold_ticket(HttpRequest(), response, token_hash(token), order_of(token))
        yield "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def paid_ticket() -> bytes:
    """One ticket of a service that costs something, so that all elements are asked."""
    from teladan.services.models import ServiceStandard

    (token,) = tokens(1)
    ServiceStandard.objects.update(fee=50_000)
    return token


def tokens(count: int) -> Iterator[bytes]:
    """Real tickets of real events of this month, handed out by a source."""
    from teladan.core import clock
    from teladan.feedback.actions.sealing import open_month
    from teladan.feedback.actions.tickets import register_tickets
    from teladan.feedback.tokens import token_hash
    from teladan.services.models import ServiceEvent
    from tests import make

    unit = make.make_unit(secrets.token_hex(4))
    officers, service = [make.make_staff(unit) for _ in range(OFFICERS)], make.make_service(unit, secrets.token_hex(4))
    source, counter = make.make_source(unit.code, issues_tickets=True), make.make_counter(unit, unit.code)
    now = clock.now()
    open_month(clock.month_of(now))
    ServiceEvent.objects.bulk_create(
        [
            ServiceEvent(
                source=source,
                number=str(number),
                service=service,
                officer=officers[number % OFFICERS],
                counter=counter,
                unit=unit,
                channel="loket",
                month=clock.month_of(now),
                met_at=now - timedelta(seconds=number % 60),
                outcome="granted",
            )
            for number in range(count)
        ],
        batch_size=5000,
    )
    made = [secrets.token_bytes(16) for _ in range(count)]
    events = ServiceEvent.objects.filter(source=source)
    register_tickets((event, token_hash(token)) for event, token in zip(events, made, strict=True))
    return iter(made)
