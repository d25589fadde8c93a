"""A city with an office that is complained of, handlers in other offices, and files kept in a folder of the test."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from teladan.complaints.actions import filing, handling
from teladan.complaints.actions.filing import File, Filed, Sent
from teladan.complaints.files import Kind
from teladan.complaints.models import Complaint, Hearing
from teladan.core import clock
from teladan.people.models import Person, Unit, User
from teladan.services.models import Service
from tests.make import make_head, make_person, make_service, make_staff, make_unit, make_user

DAY = date(2026, 11, 9)  # a Monday
SERVED = date(2026, 11, 2)
KEY = "0123456789abcdef" * 2
NAME, CONTACT, STORY = "Rosmanidar Canary", "0812-7777-4242", "Antre tiga jam, lalu diminta uang kenari."


@dataclass
class Town:
    """Disdukcapil is complained of; the secretariat and the Inspektorat are other offices."""

    city: Unit
    office: Unit
    section: Unit
    secretariat: Unit
    service: Service
    head: Person
    officer: Person
    officer_user: User
    chief: Person
    handler: User
    second: User
    own_office: User
    inspector: User
    privacy: User

    def sent(self, **kw: Any) -> Sent:
        values: dict[str, Any] = {
            "name": NAME,
            "contact_kind": "phone",
            "contact": CONTACT,
            "unit": self.section,
            "service": self.service,
            "served_on": SERVED,
            "story": STORY,
            "wish": "Uang dikembalikan.",
        }
        return Sent(**{**values, **kw})

    def file(self, key: str = KEY, **kw: Any) -> Filed:
        return filing.file_complaint(sent=self.sent(**kw), key=key)

    def taken(self, **kw: Any) -> Complaint:
        """A case in the handler's hands."""
        return handling.take_case(complaint=self.file(**kw).complaint, by=self.handler)

    def examined(self, **kw: Any) -> Complaint:
        return handling.declare_complete(complaint=self.taken(**kw), by=self.handler)

    def asked(self, **kw: Any) -> Hearing:
        """The complained-of has a question."""
        case = self.examined(**kw)
        return handling.question_complained_of(
            complaint=case, person=self.officer, question="Siapa di loket pada 2 November?", by=self.handler
        )

    def decided(self, **kw: Any) -> Complaint:
        return handling.decide(
            complaint=self.examined(**kw), outcome="upheld", reasons="Terbukti dari rekaman.", by=self.handler
        )


def make_town() -> Town:
    city = make_unit("KOTA", "Kota Sawahlunto", kind="kota")
    office = make_unit("DUK", "Dinas Kependudukan", city)
    section = make_unit("DUK-1", "Bidang Pendaftaran", office, kind="bidang")
    secretariat = make_unit("SETDA", "Sekretariat Daerah", city)
    inspectorate = make_unit("INSP", "Inspektorat", city)
    head, chief = make_head(section, post_kind="administrator"), make_head(secretariat, post_kind="jpt")
    officer = make_staff(section, make_person(name="Petugas Loket"))
    return Town(
        city=city,
        office=office,
        section=section,
        secretariat=secretariat,
        service=make_service(section, "KK-BARU", "Kartu keluarga baru"),
        head=head,
        officer=officer,
        officer_user=make_user(officer, "petugas", "officer", section),
        chief=chief,
        handler=make_user(make_staff(secretariat, make_person(name="Penangan Satu")), "satu", "complaint_handler"),
        second=make_user(make_staff(inspectorate), "dua", "complaint_handler"),
        own_office=make_user(make_staff(office), "sendiri", "complaint_handler"),
        inspector=make_user(make_staff(inspectorate), "inspektorat", "inspector"),
        privacy=make_user(make_staff(secretariat), "data", "privacy_officer"),
    )


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """The folder in which attachments are kept."""
    stores = {**settings.STORAGES}
    stores["default"] = {**stores["default"], "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = stores
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def _november(settings: Any, kept: Path) -> Iterator[None]:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(clock.local(DAY, 10, 42)):
        yield


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def on(day: date) -> Any:
    return clock.at(clock.local(day, 9))


# --- bytes -----------------------------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2) -> bytes:
    """A whole PNG that claims to be so wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\0" * 8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def jpeg(width: int = 2, height: int = 2) -> bytes:
    """The segments of a JPEG up to its frame, and its end."""
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\1" * 9
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\1\x11\0" * 3
    return b"\xff\xd8" + app + frame + b"\xff\xd9"


PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(name: str = "bukti.png") -> File:
    return File(name, Kind.PNG, png())
