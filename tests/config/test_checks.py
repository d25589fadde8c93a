"""Settings that contradict each other are named with an id and a hint; a sound installation hears nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import CheckMessage
from pytest_django.fixtures import Settings

from teladan.config import checks

ALL = (
    checks.address_and_hosts,
    checks.proxy_needs_tls,
    checks.debug_in_public,
    checks.plain_http,
    checks.embedded_in_public,
    checks.ledger_name,
    checks.ledger_key_apart,
    checks.delivery_addresses,
)
SOUND: dict[str, Any] = {
    "PUBLIC_ADDRESS": "https://teladan.example.go.id",
    "ALLOWED_HOSTS": ["teladan.example.go.id"],
    "TLS": True,
    "GALLERY": False,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
}


def findings(settings: Settings, **changes: Any) -> list[CheckMessage]:
    for name, value in {**SOUND, **changes}.items():
        setattr(settings, name, value)
    return [message for check in ALL for message in check(None)]


def test_sound_settings_find_nothing(settings: Settings) -> None:
    assert findings(settings) == []


@pytest.mark.parametrize(
    ("id", "changes"),
    [
        ("teladan.E001", {"PUBLIC_ADDRESS": "teladan.example.go.id"}),
        ("teladan.E001", {"PUBLIC_ADDRESS": "https://teladan.example.go.id/teladan"}),
        ("teladan.E002", {"ALLOWED_HOSTS": ["localhost"]}),
        ("teladan.E003", {"TLS": False}),
        ("teladan.E005", {"DELIVERY": {"sms": "json://gateway.example/?to=me"}}),
        ("teladan.E005", {"DELIVERY": {"email": "{address}"}}),
        ("teladan.W001", {"GALLERY": True}),
        ("teladan.W002", {"TLS": False, "SECURE_PROXY_SSL_HEADER": None}),
    ],
)
def test_wrong_combination_is_found(settings: Settings, id: str, changes: dict[str, Any]) -> None:
    found = findings(settings, **changes)
    assert id in [message.id for message in found]
    assert all(message.hint for message in found)


def test_embedded_database_in_public_is_found(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert [message.id for message in findings(settings)] == ["teladan.W003"]
