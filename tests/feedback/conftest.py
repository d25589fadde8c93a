"""A counter with one officer, an autumn day to serve on, and tickets whose tokens the tests know."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.actions import holding
from teladan.feedback.actions.tickets import register_tickets
from teladan.feedback.models import HeldCase, RatingStatus, StagedRating
from teladan.feedback.queries import months
from teladan.people.models import Person, Unit, User
from teladan.people.permissions import Role
from teladan.services.models import Counter, Service, ServiceEvent, SourceSystem
from tests import make

OCTOBER = date(2026, 10, 1)
DAY = date(2026, 10, 12)
_number = itertools.count(1)


@dataclass
class Office:
    """One unit with a counter, a free service, a paid one, and an officer."""

    unit: Unit
    counter: Counter
    service: Service
    paid: Service
    officer: Person
    source: SourceSystem

    def event(self, met_at: datetime | None = None, **kw: Any) -> ServiceEvent:
        values = {"service": self.service, "officer": self.officer, **kw}
        return make.make_event(counter=self.counter, source=self.source, met_at=met_at or clock.now(), **values)

    def tokens(self, count: int, met_at: datetime | None = None, **kw: Any) -> list[bytes]:
        """Fresh tickets by their tokens, issued one minute apart."""
        met_at = met_at or clock.now()
        fresh = [next(_number).to_bytes(16, "big") for _ in range(count)]
        events = [self.event(met_at + timedelta(minutes=i), **kw) for i in range(count)]
        register_tickets((event, tokens.token_hash(token)) for event, token in zip(events, fresh, strict=True))
        return fresh

    def token(self, met_at: datetime | None = None, **kw: Any) -> bytes:
        return self.tokens(1, met_at, **kw)[0]


def judge(ratings: QuerySet[StagedRating], status: str, reason: str = "") -> None:
    """Give ratings their fate; to void them takes the two people whom the database asks for."""
    if status != RatingStatus.VOIDED:
        ratings.update(status=status, reason=reason)
        return
    ratings.update(status=RatingStatus.COUNTED, reason="")
    for rating in ratings:
        holding.hold_own_unit(rating=rating.pk, units=[rating.unit_id])
        case = HeldCase.objects.get(state=HeldCase.State.HELD, ratings__rating=rating.pk)
        first, second = (_inspector(name) for name in ("pengawas-1", "pengawas-2"))
        holding.propose_voiding(case=case, reason=reason or "ujian", by=first)
        holding.void_case(case=case, reason=reason or "ujian", by=second)


def _inspector(username: str) -> User:
    if known := User.objects.filter(username=username).first():
        return known
    unit = Unit.objects.filter(code="PENGAWAS").first() or make.make_unit("PENGAWAS")
    return make.make_user(make.make_staff(unit), username, Role.INSPECTOR)


def make_office() -> Office:
    unit = make.make_unit("DUKCAPIL", "Dinas Kependudukan")
    service = make.make_service(unit, "KK-BARU", "Kartu keluarga baru")
    paid = make.make_service(unit, "IZIN", "Izin berbayar")
    paid.standards.update(fee=50_000)
    officer = make.make_staff(unit, make.make_person(name="Afdal Koto"))
    return Office(unit, make.make_counter(unit, "L3"), service, paid, officer, make.make_source("ANTREAN"))


@pytest.fixture
def office(db: None) -> Office:
    return make_office()


@pytest.fixture(autouse=True)
def _rules_are_read_again() -> Iterator[None]:
    """Each test has its own database; what one remembers of its rules must not reach the next."""
    months._remembered.clear()
    yield
    months._remembered.clear()


@pytest.fixture
def october() -> Iterator[datetime]:
    """Monday morning, 12 October 2026."""
    with clock.at(clock.local(DAY, 9)):
        yield clock.now()


@pytest.fixture
def travel() -> Callable[[date], Any]:
    """`with travel(date(...)):` lives at nine in the morning of that day."""
    return lambda day: clock.at(clock.local(day, 9))
