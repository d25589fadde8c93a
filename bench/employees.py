"""The list of employees at the size of a city and of a province, beside a view that says hello."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from bench import stack
from bench.client import Answer, Client, Rate, best, measure

SIZES = (3_000, 100_000)
UNITS = 60
SINCE = date(2020, 1, 1)
PAGES = {
    "halaman pertama": "/pegawai",
    "huruf S": "/pegawai?huruf=S",
    "cari nama": "/pegawai?cari=siti+00",
}


def run(seconds: float, rounds: int) -> None:
    print(f"{'pegawai':>8}  {'halaman':18} {'per detik':>10} {'median ms':>10} {'p99 ms':>8} {'kueri':>6} {'byte':>8}")
    for size in SIZES:
        stack.apart(_measure, size, seconds, rounds)


def _measure(size: int, seconds: float, rounds: int) -> None:
    fill(size)
    cookies = signed_in()
    with stack.web("teladan.config.wsgi:application") as ours:
        for name, path in PAGES.items():
            queries, content = inside(path, cookies)
            measure(ours, _get(path, cookies), 0.5)  # warm
            rate = best([measure(ours, _get(path, cookies), seconds) for _ in range(rounds)])
            _print(f"{size:>8,}", name, rate, f"{queries:>6} {content:>8,}")
    if size == SIZES[-1]:
        with stack.web("bench.bare_urls:application", "bench.bare") as bare:
            _print(" " * 8, "hello, world", best([measure(bare, _get("/", ""), seconds) for _ in range(rounds)]), "")


def _print(size: str, name: str, rate: Rate, rest: str) -> None:
    print(f"{size}  {name:18} {rate.per_second:>10.0f} {rate.median_ms:>10.1f} {rate.p99_ms:>8.1f} {rest}", flush=True)


def _get(path: str, cookies: str) -> Callable[[Client], None]:
    def act(client: Client) -> None:
        answer: Answer = client.get(path, cookies)
        if answer.status != 200:
            raise AssertionError(answer.status)

    return act


def inside(path: str, cookies: str) -> tuple[int, int]:
    """SQL queries and bytes of one page."""
    from django.db import connection
    from django.test import Client as Inside
    from django.test.utils import CaptureQueriesContext

    client = Inside(headers={"host": "127.0.0.1"})
    client.cookies.load(cookies)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    if response.status_code != 200:
        raise AssertionError(response.status_code)
    return len(captured), len(response.content)


def fill(size: int) -> None:
    """A tree of units with their heads, and people with a post each."""
    from django.db import connection

    from teladan.people.models import Person, Placement
    from tests import make

    root = make.make_unit("KOTA", "Kota")
    make.make_head(root)
    units = [make.make_unit(f"E{number}", f"Unit {number}", parent=root) for number in range(UNITS)]
    for unit in units[1:]:  # one has no head, so that somebody lacks an appraiser
        make.make_head(unit)
    posts = [make.make_post(unit) for unit in units]
    names = ("Siti", "Budi", "Rahma", "Anton", "Yusra", "Dewi", "Hendra", "Mira", "Zul", "Fitri")
    people = [
        Person(
            nip=f"{1960 + number % 40}0101{2000 + number // 1000:04d}01{1 + number % 2}{number % 1000:03d}",
            name=f"{names[number % 10]} {number:06d}",
            born_on=date(1960 + number % 40, 1, 1),
            sex="LP"[number % 2],
            employment="PNS",
        )
        for number in range(size)
    ]
    Person.objects.bulk_create(people, batch_size=5000)
    Placement.objects.bulk_create(
        [
            Placement(person=person, post=posts[number % UNITS], kind="definitif", valid_from=SINCE)
            for number, person in enumerate(people)
        ],
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def signed_in() -> str:
    """The cookie of a signed-in personnel officer."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from teladan.people.permissions import Role
    from tests import make

    user = make.make_user(username="bench", role=Role.BKPSDM)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
