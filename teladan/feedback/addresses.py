"""An address that a citizen leaves at the counter: read as people write it, and sealed until the link is sent.

Sealed with a key of its own purpose and bound to its row, so that a copied row opens nothing.
"""

from __future__ import annotations

import re
import secrets
from enum import StrEnum
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from teladan.feedback import keys

_EMAIL = re.compile(r"[a-z0-9._+-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_PHONE = re.compile(r"\+[1-9]\d{8,14}")
_NONCE = 12


class Kind(StrEnum):
    """What kind of address it is."""

    EMAIL = "email"
    PHONE = "phone"


class Unopened(Exception):
    """The sealed address is not ours, or not of this row."""


def read(text: str) -> tuple[Kind, str] | None:
    """The address in one way of writing: an e-mail address, or a telephone with its country (+62 unless told)."""
    clean = text.strip().lower()
    if _EMAIL.fullmatch(clean):
        return Kind.EMAIL, clean
    digits = re.sub(r"[\s().-]", "", clean)
    if digits.startswith("0"):
        digits = f"+62{digits[1:]}"
    elif digits.startswith("62"):
        digits = f"+{digits}"
    return (Kind.PHONE, digits) if _PHONE.fullmatch(digits) else None


def seal(address: str, row: UUID) -> bytes:
    """The address, readable only with the key and together with its row."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher().encrypt(nonce, address.encode(), row.bytes)


def unseal(sealed: bytes, row: UUID) -> str:
    """The address again."""
    try:
        return _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], row.bytes).decode()
    except InvalidTag as error:
        raise Unopened from error


def _cipher() -> ChaCha20Poly1305:
    return ChaCha20Poly1305(keys.key_for("delivery/v1"))
