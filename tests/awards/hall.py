"""A closed month with ten officers in one unit, a committee, and the numbers that the closing would have frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from teladan.awards.actions import ensure_programme
from teladan.awards.models import Programme
from teladan.evaluation.models import Closing, OfficerResult
from teladan.people.models import Person, Unit, User
from tests.make import (
    PASSWORD,
    make_closing,
    make_head,
    make_officer_result,
    make_person,
    make_staff,
    make_unit,
    make_user,
)

OCTOBER = date(2026, 10, 1)
P_TOP = (0.97, 0.93, 0.72, 0.4, 0.2, 0.1, 0.05, 0.05, 0.03, 0.02)


@dataclass
class Hall:
    city: Unit
    office: Unit
    section: Unit
    head: Person
    officers: list[Person]
    results: list[OfficerResult]
    closing: Closing
    programme: Programme
    member: User
    bkpsdm: User
    mayor: User


def ranks(p_top: float, size: int = 10, **kw: Any) -> dict[str, Any]:
    """The rank record of one officer, as the closing freezes it."""
    return {
        "group": "DUK-1",
        "J": size,
        "k": 3,
        "p_top": p_top,
        "expected": 4.2,
        "low": 1,
        "high": 6,
        "draws": 20000,
        "seed": 7,
        "mc_error": 0.003,
        "selected": False,
        "refits": 5,
        "stable_share": 1.0,
        **kw,
    }


def make_hall(p_top: tuple[float, ...] = P_TOP, **kw: Any) -> Hall:
    """Officers in falling order of P(top k); keyword arguments change every result."""
    ensure_programme()
    city = make_unit("KOTA", "Kota Sawahlunto", kind="kota")
    office = make_unit("DUK", "Dinas Kependudukan dan Pencatatan Sipil", city)
    section = make_unit("DUK-1", "Bidang Pelayanan Pendaftaran Penduduk", office, kind="bidang")
    other = make_unit("SETDA", "Sekretariat Daerah", city)
    head = make_head(section, make_person(name="Budi Santoso"), post_kind="administrator")
    closing = make_closing(OCTOBER)
    officers = [make_staff(section, make_person(name=f"Petugas {chr(65 + index)}")) for index in range(len(p_top))]
    results = [
        make_officer_result(closing, person, section, "award", ranks=ranks(p, len(p_top)), **kw)
        for person, p in zip(officers, p_top, strict=True)
    ]
    member = make_staff(other, make_person(name="Wirda Yanti"))
    return Hall(
        city,
        office,
        section,
        head,
        officers,
        results,
        closing,
        Programme.objects.get(code="petugas-teladan"),
        member=make_user(member, "wirda", "committee", password=PASSWORD),
        bkpsdm=make_user(username="bkpsdm", role="bkpsdm"),
        mayor=make_user(username="walikota", role="mayor"),
    )
