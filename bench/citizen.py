"""Citizens rating: the whole way and the POST alone, beside a bare view that inserts one row."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

from bench import stack
from bench.client import Client, Rate, best, measure

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
    tokens = _tickets(int(seconds * rounds * 2200) + 2000)
    hands = _in_hand(tokens)
    with (
        stack.web("teladan.config.wsgi:application") as ours,
        stack.web("bench.bare_urls:application", "bench.bare") as bare,
    ):
        acts: dict[str, tuple[int, Callable[[Client], None]]] = {
            "seluruh jalan warga (4 halaman)": (ours, _journey(tokens)),
            "POST penilaian saja": (ours, _post(hands)),
            "Django polos, satu baris": (bare, _bare),
        }
        for port, act in acts.values():
            measure(port, act, 1.0)  # warm
        found: dict[str, list[Rate]] = {name: [] for name in acts}
        for _ in range(rounds):
            for name, (port, act) in acts.items():
                found[name].append(measure(port, act, seconds))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM feedback_stagedrating")
        (staged,) = cursor.fetchone()
    _print({name: best(rates) for name, rates in found.items()}, staged)


def _print(rates: dict[str, Rate], staged: int) -> None:
    bare = rates["Django polos, satu baris"].per_second
    print(f"{'':34} {'per detik':>10} {'median ms':>10} {'p99 ms':>8} {'terhadap polos':>15}")
    for name, rate in rates.items():
        print(
            f"{name:34} {rate.per_second:10.0f} {rate.median_ms:10.1f} {rate.p99_ms:8.1f} {rate.per_second / bare:15.2f}"
        )
    print(f"penilaian tersimpan: {staged}")


def _journey(tokens: Iterator[bytes]) -> Callable[[Client], None]:
    """Open the link, read the form, send it, read the thanks."""
    from teladan.feedback.tokens import encode

    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            token = next(tokens)
        opened = client.get(f"/n/{encode(token)}")
        cookies = opened.cookies()
        form = client.get("/n", cookies)
        sent = client.post("/n", _answers(), cookies)
        thanks = client.get("/n/lanjut", f"{cookies}; {sent.cookies()}")
        if (opened.status, form.status, sent.status, thanks.status) != (303, 200, 303, 200):
            raise AssertionError((opened.status, form.status, sent.status, thanks.status))

    return act


def _post(hands: Iterator[str]) -> Callable[[Client], None]:
    lock = threading.Lock()

    def act(client: Client) -> None:
        with lock:
            cookies = next(hands)
        if (status := client.post("/n", _answers(), cookies).status) != 303:
            raise AssertionError(status)

    return act


def _bare(client: Client) -> None:
    if (status := client.post("/insert", _answers() + b"&kunci=" + secrets.token_hex(16).encode()).status) != 303:
        raise AssertionError(status)


def _answers() -> bytes:
    return b"overall=4&kompetensi=4&perilaku=3"


def _in_hand(tokens: Iterator[bytes]) -> Iterator[str]:
    """The cookie that a citizen holds after opening the link."""
    from django.http import HttpRequest, HttpResponse

    from teladan.feedback.tokens import order_of, token_hash
    from teladan.feedback.views.doorway import hold_ticket

    for token in tokens:
        response = HttpResponse()
        hold_ticket(HttpRequest(), response, token_hash(token), order_of(token))
        yield "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def paid_ticket() -> bytes:
    """One ticket of a service that costs something, so that all elements are asked."""
    from teladan.services.models import ServiceStandard

    (token,) = _tickets(1)
    ServiceStandard.objects.update(fee=50_000)
    return token


def _tickets(count: int) -> Iterator[bytes]:
    """Real tickets of real events of this month, handed out by a source."""
    from teladan.core import clock
    from teladan.feedback.actions.sealing import open_month
    from teladan.feedback.actions.tickets import register_tickets
    from teladan.feedback.tokens import token_hash
    from teladan.services.models import ServiceEvent
    from tests import make

    unit = make.make_unit()
    officer, service = make.make_staff(unit), make.make_service(unit)
    source, counter = make.make_source(issues_tickets=True), make.make_counter(unit)
    now = clock.now()
    open_month(clock.month_of(now))
    ServiceEvent.objects.bulk_create(
        [
            ServiceEvent(
                source=source,
                number=str(number),
                service=service,
                officer=officer,
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
    tokens = [hashlib.sha256(str(number).encode()).digest()[:16] for number in range(count)]
    events = ServiceEvent.objects.all()
    register_tickets((event, token_hash(token)) for event, token in zip(events, tokens, strict=True))
    return iter(tokens)
