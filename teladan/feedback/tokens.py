"""The token of a ticket: 128 random bits, written as 26 Crockford base32 characters, kept only as a hash.

`SHA-256("teladan-ticket-v1" | the 16 bytes)`: a source system that prints its own tickets sends this hash, never the
token. The text forgives what hands and eyes confuse: case, dashes and spaces, O for 0, I and L for 1.
"""

from __future__ import annotations

import hashlib
import secrets

from teladan.feedback import keys
from teladan.feedback.rules import ORDERS

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_BYTES = 16
TOKEN_CHARS = 26
TYPED_CODE_CHARS = 8
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u2013": None, "\u00a0": None})
_PREFIX = b"teladan-ticket-v1"
_LINK_PREFIX = b"teladan-link-v1"
_LINK_MARK = "K"
_ORDER_PREFIX = b"teladan-questions-v1"


class MalformedToken(ValueError):
    """The text cannot be any ticket's token. Says nothing about which tickets exist, and never repeats the text."""

    def __init__(self) -> None:
        super().__init__("Kode tiket tidak lengkap atau memuat huruf yang tidak dikenal.")


def new_token() -> bytes:
    """Sixteen fresh random bytes."""
    return secrets.token_bytes(TOKEN_BYTES)


def encode(token: bytes) -> str:
    """The 26 characters of a token: its number in base 32, leading zeros kept."""
    if len(token) != TOKEN_BYTES:
        raise MalformedToken
    number = int.from_bytes(token, "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (TOKEN_CHARS - 1), -1, -5))


def decode(text: str) -> bytes:
    """The sixteen bytes behind a text as people type it; MalformedToken otherwise."""
    clean = normal(text)
    if len(clean) != TOKEN_CHARS or any(character not in _VALUES for character in clean):
        raise MalformedToken
    number = 0
    for character in clean:
        number = number << 5 | _VALUES[character]
    if number >> 8 * TOKEN_BYTES:
        raise MalformedToken
    return number.to_bytes(TOKEN_BYTES, "big")


def normal(text: str) -> str:
    """Capitals only, without dashes and spaces, O read as 0 and I or L as 1."""
    return text.upper().translate(_FORGIVEN)


def grouped(text: str, size: int = 4) -> str:
    """The text in short groups, as it stands on the slip."""
    return " ".join(text[start : start + size] for start in range(0, len(text), size))


def token_hash(token: bytes) -> bytes:
    """What is stored of a token."""
    if len(token) != TOKEN_BYTES:
        raise MalformedToken
    return hashlib.sha256(_PREFIX + token).digest()


def encode_link(token: bytes) -> str:
    """The 27 characters of a link that is sent: marked, so that only such links are looked up when opened."""
    return _LINK_MARK + encode(token)


def decode_link(text: str) -> bytes | None:
    """The sixteen bytes of a link that was sent; nothing for what is none."""
    clean = normal(text)
    if len(clean) != TOKEN_CHARS + 1 or not clean.startswith(_LINK_MARK):
        return None
    try:
        return decode(clean[1:])
    except MalformedToken:
        return None


def link_hash(token: bytes) -> bytes:
    """What is stored of a link's token; never the hash of a printed one."""
    return hashlib.sha256(_LINK_PREFIX + token).digest()


def order_of(secret: bytes) -> int:
    """Which order of questions a ticket draws: from what only its holder has, the token or the typed code.

    The stored hash does not lead here, so nobody can tell from it which questions a ticket was asked.
    """
    return int.from_bytes(hashlib.sha256(_ORDER_PREFIX + secret).digest(), "big") % ORDERS


def event_key(source_code: str, number: str) -> bytes:
    """What ties a ticket to its service event, readable only with the key: one event, one ticket."""
    return keys.mac("event/v1", source_code.encode(), number.encode())


def new_typed_number() -> str:
    """Seven digits, never beginning with 0, so that nobody drops a leading zero."""
    return str(1_000_000 + secrets.randbelow(9_000_000))


def new_typed_code() -> str:
    """Eight characters of the same alphabet: 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(TYPED_CODE_CHARS))
