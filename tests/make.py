"""Makers of rows for tests: typed, deterministic, one call each. Every room appends its own section.

`make_person()` twice gives two people; the running number makes NIP and name, so nothing is random.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

from teladan.core import clock
from teladan.evaluation.models import Closing, OfficerResult, OrganisationAchievement
from teladan.people.models import Grant, Person, Placement, Post, Unit, UnitPeriod, User
from teladan.people.permissions import Role
from teladan.services.models import Counter, Service, ServiceEvent, ServiceStandard, SourceSystem

SINCE = date(2020, 1, 1)
PASSWORD = "kata-sandi-untuk-uji-coba"

# --- people ----------------------------------------------------------------------------------------------------------

_number = itertools.count(1)


def nip(number: int = 1, *, born: date = date(1990, 1, 1), since: str = "201503", sex: int = 1) -> str:
    """A valid NIP; `since` is YYYYMM, or YYYY21 for PPPK."""
    return f"{born:%Y%m%d}{since}{sex}{number % 1000:03d}"


def make_unit(
    code: str = "U1",
    name: str = "",
    parent: Unit | None = None,
    kind: str = "opd",
    valid_from: date = SINCE,
    **period: Any,
) -> Unit:
    """A unit with one period."""
    unit = Unit.objects.create(code=code)
    UnitPeriod.objects.create(
        unit=unit, name=name or f"Unit {code}", parent=parent, kind=kind, valid_from=valid_from, **period
    )
    return unit


def make_person(**kw: Any) -> Person:
    """A civil servant; every call another one."""
    number = next(_number)
    born = kw.pop("born_on", date(1970 + number // 1000, 1, 1))
    defaults: dict[str, Any] = {
        "nip": nip(number, born=born),
        "name": f"Pegawai {number:05d}",
        "born_on": born,
        "sex": "L",
        "employment": "PNS",
        "grade": "III/a",
    }
    return Person.objects.create(**{**defaults, **kw})


def make_post(unit: Unit, title: str = "Pengelola Layanan", kind: str = "pelaksana") -> Post:
    """A post; the same unit and title give the same post."""
    return Post.objects.get_or_create(unit=unit, title=title, defaults={"kind": kind})[0]


def place(
    person: Person,
    post: Post,
    kind: str = "definitif",
    valid_from: date = SINCE,
    valid_until: date | None = None,
) -> Placement:
    """Put a person on a post."""
    return Placement.objects.create(person=person, post=post, kind=kind, valid_from=valid_from, valid_until=valid_until)


def make_head_post(unit: Unit, title: str = "", kind: str = "pengawas") -> Post:
    """The post that heads a unit, in every period of the unit."""
    post = make_post(unit, title or f"Kepala {unit.code}", kind)
    UnitPeriod.objects.filter(unit=unit).update(head_post=post)
    return post


def make_head(
    unit: Unit,
    person: Person | None = None,
    *,
    post_kind: str = "pengawas",
    kind: str = "definitif",
    valid_from: date = SINCE,
    valid_until: date | None = None,
) -> Person:
    """Somebody who heads the unit (definitively, or acting with kind="plt")."""
    person = person or make_person()
    place(person, make_head_post(unit, kind=post_kind), kind, valid_from, valid_until)
    return person


def make_staff(unit: Unit, person: Person | None = None, *, valid_from: date = SINCE, **post: Any) -> Person:
    """Somebody with a staff post in the unit."""
    person = person or make_person()
    place(person, make_post(unit, **post), valid_from=valid_from)
    return person


def make_user(
    person: Person | None = None,
    username: str = "",
    role: Role | str | None = None,
    unit: Unit | None = None,
    password: str | None = None,
) -> User:
    """An account, with one role when asked; without a unit the role holds everywhere."""
    user = User(username=username or f"akun{next(_number)}", person=person)
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save()
    if role:
        make_grant(user, role, unit)
    return user


def make_grant(
    user: User,
    role: Role | str,
    unit: Unit | None = None,
    *,
    valid_from: date = SINCE,
    valid_until: date | None = None,
) -> Grant:
    """A role for an account."""
    return Grant.objects.create(
        user=user, role=role, unit=unit, valid_from=valid_from, valid_until=valid_until, granted_at=clock.now()
    )


# --- services --------------------------------------------------------------------------------------------------------


def make_service(unit: Unit, code: str = "KK-BARU", name: str = "", minutes: int | None = 1440, **kw: Any) -> Service:
    """A service with its standard since 2020; `minutes=None` is a service without a promised time."""
    service = Service.objects.create(code=code, name=name or f"Layanan {code}", unit=unit, **kw)
    ServiceStandard.objects.create(service=service, valid_from=SINCE, promised_minutes=minutes)
    return service


def make_counter(unit: Unit | None, code: str = "L1", name: str = "", **kw: Any) -> Counter:
    """A counter of a unit, or (unit=None) of an outside body."""
    owner = {"unit": unit, "outside_owner": "" if unit else "Instansi lain"}
    return Counter.objects.create(**{"code": code, "name": name or f"Loket {code}", **owner, **kw})


def make_source(code: str = "ANTREAN", *, issues_tickets: bool = False, **kw: Any) -> SourceSystem:
    """A source system; the same code gives the same one."""
    defaults = {"name": f"Sumber {code}", "issues_tickets": issues_tickets, **kw}
    return SourceSystem.objects.get_or_create(code=code, defaults=defaults)[0]


def make_event(
    officer: Person,
    service: Service,
    counter: Counter,
    *,
    met_at: datetime | None = None,
    number: str = "",
    source: SourceSystem | None = None,
    **kw: Any,
) -> ServiceEvent:
    """A service event at a city unit's counter; file complete at the meeting unless told otherwise."""
    met_at = met_at or clock.now()
    values = {"complete_at": met_at, "month": clock.month_of(met_at), **kw}
    return ServiceEvent.objects.create(
        source=source or make_source(),
        number=number or f"N-{next(_number)}",
        service=service,
        officer=officer,
        counter=counter,
        unit_id=counter.unit_id,
        met_at=met_at,
        **values,
    )


# --- evaluation ------------------------------------------------------------------------------------------------------


def make_closing(month: date = date(2026, 10, 1), version: int = 1, **kw: Any) -> Closing:
    """A closed month, eight days after its end, without results."""
    defaults: dict[str, Any] = {
        "inputs_digest": "1" * 64,
        "results_digest": "2" * 64,
        "policy_version": "uji",
        "code_version": "uji",
        "counts": {},
        "closed_at": clock.local(clock.add_months(month, 1)) + timedelta(days=8),
        "closed_by": "uji",
    }
    return Closing.objects.create(month=month, version=version, **{**defaults, **kw})


def make_officer_result(
    closing: Closing, person: Person, unit: Unit, use: str = "evaluation", **kw: Any
) -> OfficerResult:
    """An officer's frozen result; below `evaluation` it carries the numbers that its use allows."""
    numbers = {
        "n": 64,
        "issue_days": 12,
        "raw_mean": 3.40,
        "case_mix_shift": 0.03,
        "shrinkage_shift": -0.02,
        "score": 3.41,
        "se": 0.06,
        "low": 3.29,
        "high": 3.53,
        "reliability": 0.84 if use == "award" else 0.74,
    }
    defaults: dict[str, Any] = {
        "window_from": clock.add_months(closing.month, -2),
        "window_until": closing.month,
        "events": 412,
        "with_standard": 400,
        "on_time": 388,
        **({} if use == "hidden" else numbers),
    }
    return OfficerResult.objects.create(closing=closing, person=person, unit=unit, use=use, **{**defaults, **kw})


def make_achievement(
    unit: Unit, month: date, by: User, value: str = "baik", reason: str = "Uji"
) -> OrganisationAchievement:
    """The achievement of a unit in a month."""
    return OrganisationAchievement.objects.create(
        unit=unit, month=month, value=value, reason=reason, set_at=clock.now(), set_by=by
    )
