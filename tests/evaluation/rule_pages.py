"""A personnel officer at the pages of the rules, and a proposal as it is typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from teladan.core import clock
from teladan.evaluation.actions import closing
from teladan.evaluation.models import PolicyProposal
from teladan.people.models import User
from tests import make
from tests.evaluation.small_city import OCTOBER, City, closing_time, make_city

if TYPE_CHECKING:
    pass


DECEMBER, JANUARY, MARCH = date(2026, 12, 1), date(2027, 1, 1), date(2027, 3, 1)


KEY = "score.evaluation_n"


RULE = f"/aturan/{KEY}"


BASIS = "Keputusan Wali Kota 12/2026"


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(closing_time()):
        yield


@pytest.fixture
def bkpsdm() -> User:
    return make.make_user(make.make_person(name="Rina Melati"), role="bkpsdm")


def draft(by: User, **kw: Any) -> PolicyProposal:
    """A proposal as it lies there before its trial."""
    defaults: dict[str, Any] = {"key": KEY, "value": 40, "valid_from": DECEMBER, "legal_basis": BASIS, "reason": "uji"}
    defaults |= {"proposed_by": by, "proposed_at": clock.now(), "requested_at": clock.now()}
    return PolicyProposal.objects.create(**{**defaults, **kw})


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def typed(**kw: Any) -> dict[str, Any]:
    return {"value": "40", "valid_from": "2026-12", "legal_basis": BASIS, "reason": "Supaya lebih andal.", **kw}


@pytest.fixture
def closed() -> City:
    """Ten officers with 12 to 48 ratings in a closed October."""
    city = make_city(officers=10, services=2, spread=1.2)
    city.serve(OCTOBER, {index: 12 + 4 * index for index in range(10)})
    closing.close_month(month=OCTOBER, by="uji")
    return city


def with_password(user: User) -> User:
    """Hashing is slow on purpose: only accounts that sign have one."""
    user.set_password(make.PASSWORD)
    user.save()
    return user


def adopt(user: User, proposal: PolicyProposal, password: str = make.PASSWORD) -> Any:
    with_password(user)
    return at(user).post(f"/aturan/usulan/{proposal.pk}/tetapkan", {"password": password})
