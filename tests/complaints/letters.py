"""A complaint as it is written on the form, and the way back to it with number and code."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from teladan.complaints.models import Complaint
from teladan.core import codes
from tests.complaints.conftest import CONTACT, KEY, NAME, STORY, Town

CODE = re.compile(r"([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})")


def body(**kw: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kunci": KEY,
        "about": "s:KK-BARU",
        "served_on": "02-11-2026",
        "story": STORY,
        "wish": "Uang dikembalikan.",
        "name": NAME,
        "contact_kind": "phone",
        "contact": CONTACT,
    }
    return {**values, **kw}


def send(client: Client, **kw: Any) -> Any:
    return client.post(reverse("complaint-form"), body(**kw))


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def opened(client: Client, town: Town) -> Complaint:
    """A case of ours, open in this browser."""
    filed = town.file()
    data = {"number": filed.complaint.shown_number, "code": codes.grouped(filed.code)}
    assert client.post(reverse("complaint-check"), data)["Location"] == reverse("complaint-status")
    return filed.complaint
