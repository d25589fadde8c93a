"""The slip: what it carries to the citizen, and that its QR reads and passes a strict page."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string

from teladan.feedback import slips, tokens
from teladan.feedback.actions.tickets import issue_ticket
from tests.feedback.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]


def slip_html(office: Office, printed: bool = True) -> tuple[slips.Slip, str]:
    slip = slips.slip_of(issue_ticket(event=office.event(), by="test", printed=printed))
    return slip, render_to_string("feedback/slip.html", {"slip": slip})


def test_slip_hides_its_secrets_in_text_form(office: Office) -> None:
    slip, _ = slip_html(office)
    for secret in (slip.token, slip.code, slip.number, slip.token.replace(" ", "")):
        assert secret not in repr(slip)


def test_slip_shows_everything_once(office: Office) -> None:
    slip, html = slip_html(office)
    assert html.count(slip.token) == html.count(slip.code) == html.count(slip.number) == 1
    assert re.fullmatch(r"[1-9]\d{3} \d{3}", slip.number)
    assert "Dinas Kependudukan" in html
    assert "Kartu keluarga baru" in html
    assert "sampai 26 Oktober 2026" in html
    assert "127.0.0.1:8000/n/ketik" in html


def test_slip_without_typed_code_says_nothing_of_it(office: Office) -> None:
    _, html = slip_html(office, printed=False)
    assert "ketik" not in html


def test_slip_passes_a_strict_page(office: Office) -> None:
    _, html = slip_html(office)
    assert "style=" not in html
    assert "<img" not in html
    assert 'class="qr"' in html


def test_qr_holds_the_address_of_the_ticket() -> None:
    """The drawing has as many modules a side as the smallest QR for this address, plus the quiet border."""
    address = slips.ticket_address("7" + "Z" * 25)
    assert address == "http://127.0.0.1:8000/n/7" + "Z" * 25
    sides = re.search(r'viewBox="0 0 (\d+) (\d+)"', slips.qr_svg(address))
    assert sides
    assert sides[1] == sides[2] == str(4 * 4 + 17 + 4)  # version 4 at level M holds 62 bytes
    assert tokens.decode(address.rpartition("/")[2])
