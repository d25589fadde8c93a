"""The certificate: its values, its QR code to the page that verifies it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import segno
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from teladan.awards import rules
from teladan.awards.models import Award
from teladan.core import clock
from teladan.evaluation.queries.document import regional_head
from teladan.people import queries as people
from teladan.ui import formats

SOURCE = Path(__file__).resolve().parent / "documents" / "piagam.typ"


def certificate_values(award: Award) -> dict[str, Any]:
    """Everything the template reads. Certificates are written in Indonesian whatever the reader's language."""
    candidate = award.candidate
    programme, month = candidate.round.programme, candidate.round.closing.month
    day = clock.month_end(month)
    placement = people.placement_of(candidate.person, day)
    address = verification_address(award)
    with translation.override("id"):
        return {
            "title": f"Piagam {programme.name}, {candidate.person.full_name}, {formats.month(month)}",
            "government": f"Pemerintah {settings.GOVERNMENT_NAME}",
            "programme": programme.name,
            "month": formats.month(month),
            "number": award.number,
            "name": candidate.person.full_name,
            "post": placement.post.title if placement else "",
            "unit": people.unit_name(candidate.unit, day),
            "citation": award.citation,
            "basis": programme.decree_number,
            "place": f"{settings.GOVERNMENT_NAME.partition(' ')[2] or settings.GOVERNMENT_NAME}, "
            f"{formats.day(award.granted_at)}",
            "signatory": regional_head(),
            "code": rules.written_code(award.code),
            "address": address,
            "qr": qr_svg(address),
        }


def verification_address(award: Award) -> str:
    """Where anybody can check this certificate."""
    return urljoin(settings.PUBLIC_ADDRESS, reverse("award-verify", args=[award.code]))


def qr_svg(text: str) -> str:
    """A QR code as SVG text."""
    target = io.BytesIO()
    segno.make(text, error="m", micro=False).save(target, kind="svg", border=0, scale=4, xmldecl=False)
    return target.getvalue().decode()
