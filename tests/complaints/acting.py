"""What a handler types for each act, and the addresses of a case."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

from django.urls import reverse

from teladan.complaints.actions import filing, handling
from teladan.complaints.models import Complaint
from teladan.complaints.rules import State
from tests.complaints.conftest import Town

ANSWERS: dict[str, dict[str, str]] = {
    "lengkap": {},
    "kurang": {"text": "Foto kuitansi."},
    "dengar": {"question": "Kapan?", "statement": "Pagi."},
    "tanya": {"question": "Siapa bertugas?"},
    "putus": {"outcome": "upheld", "reasons": "Terbukti."},
    "sampaikan": {"text": "Lewat telepon."},
    "teruskan": {"body": "inspectorate", "text": "Menyangkut uang."},
    "lapor": {"tracking_number": "LAPOR-778899", "text": "Menyangkut kementerian."},
}


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def url(name: str, case: Complaint, *more: object) -> str:
    return reverse(f"complaint-{name}", args=[case.pk, *more])


IN_STATE: dict[State, Callable[[Town], Complaint]] = {
    State.RECEIVED: lambda town: town.taken(),
    State.INCOMPLETE: lambda town: handling.ask_missing(complaint=town.taken(), text="Foto.", by=town.handler),
    State.EXAMINED: lambda town: town.examined(),
    State.DECIDED: lambda town: town.decided(),
    State.DELIVERED: lambda town: handling.deliver(complaint=town.decided(), text="Telepon.", by=town.handler),
    State.WITHDRAWN: lambda town: filing.withdraw(complaint=town.taken()),
    State.ESCALATED: lambda town: handling.escalate(
        complaint=town.taken(), body="ombudsman", text="Uang.", by=town.handler
    ),
    State.FORWARDED: lambda town: handling.forward(
        complaint=town.taken(), tracking_number="L-1", text="Bukan kota.", by=town.handler
    ),
}
