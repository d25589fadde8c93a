"""What of a ticket, a rating, a refusal and a seal stands in the log, and what a receipt is made of. Bytes in, bytes out.

A leaf is one line of text: `teladan/v1 <kind> <month> <64 hex digits>`, so that whoever reads a sealed month can count its
leaves by kind. A seal is `teladan/v2`, because its first number is made otherwise than before. `docs/rules/tickets-and-ratings.md` computes one by hand.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from teladan.feedback import tokens
from teladan.feedback.models import ELEMENTS

_RATING = b"teladan-rating-v1"
_TICKET = b"teladan-ticket-leaf-v1"
_ROWS = b"teladan-seal-v2"
_FIGURES = b"teladan-figures-v1"
FORMATS = ("teladan/v1", "teladan/v2")
QUESTIONS = ("overall", *ELEMENTS)
CODE_BYTES = 12
CODE_CHARS = 20  # 100 bits: 96 of the leaf, and four that are nothing
HASH_BYTES = 32


class Kind(StrEnum):
    """What a leaf is of. A `REPRINT` stands for a slip printed again: the event has its ticket leaf already."""

    TICKET = "ticket"
    REPRINT = "reprint"
    RATING = "rating"
    REFUSED = "refused"
    SEAL = "seal"


def line(kind: Kind, month: date, digest: bytes) -> bytes:
    """The bytes of a leaf."""
    return f"teladan/v1 {kind} {month:%Y-%m} {digest.hex()}".encode()


def leaf_hash(data: bytes) -> bytes:
    """The leaf's hash in the tree (RFC 6962)."""
    return hashlib.sha256(b"\x00" + data).digest()


def ticket(month: date, token_hash: bytes, kind: Kind = Kind.TICKET) -> bytes:
    """The leaf of a ticket. Whoever holds the token can find it; the log does not lead to the stored hash."""
    return line(kind, month, hashlib.sha256(_TICKET + token_hash).digest())


# --- a seal ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seal:
    """What a sealed month is: numbers of its sorted rows and of its sorted lines `c status`, in hex, and counts by status.

    Refused casts are no ratings and not among them. Months sealed before salts existed are not `salted`.
    """

    month: date
    rows: str
    statuses: str
    counts: Mapping[str, int]
    salted: bool = True

    def line(self) -> bytes:
        """Its leaf."""
        numbers = " ".join(f"{name}={self.counts.get(name, 0)}" for name in STATUSES)
        head = f"{FORMATS[self.salted]} {Kind.SEAL} {self.month:%Y-%m}"
        return f"{head} {self.rows} {self.statuses} {numbers}".encode()


STATUSES = ("counted", "superseded", "held", "voided")


def rows_hash(salt: bytes | None) -> hashlib._Hash:
    """The hash over the sorted rows, begun. A month has few rows of few answers: without the salt nobody can try them out."""
    return hashlib.sha256(_ROWS + salt if salt else b"")


def figures_blind(salt: bytes) -> bytes:
    """What hides the digests of the month's figures. It does not lead back to the salt."""
    return hashlib.sha256(_FIGURES + salt).digest()


# --- a rating --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a rating belongs, in the words of the sealed rows."""

    unit: str
    service: str
    officer: str
    channel: str

    def text(self) -> str:
        return f"{self.unit}|{self.service}|{self.officer}|{self.channel}"


@dataclass(frozen=True)
class Opening:
    """Everything behind the number of a rating. `blind` opens the commitment to the place, for auditors alone."""

    r: bytes = field(repr=False)
    blind: bytes = field(repr=False)
    payload: bytes = field(repr=False)

    @property
    def c(self) -> bytes:
        """The number of the rating, which stands in the log."""
        return hashlib.sha256(_RATING + self.r + self.payload).digest()


def opening(key: bytes, rating: bytes, month: date, answers: Mapping[str, int | None], place: Place | None) -> Opening:
    """What the rating of that id says. Without a place the commitment is a number that looks like any other.

    The blinding is not the receipt's `r`: with it, whoever is shown a receipt could try out places and learn at once that
    a cast was refused, or about whom it was.
    """
    r, blind = _mac(key, b"receipt/v1", rating), _mac(key, b"place/v1", rating)
    commitment = _mac(blind, b"", place.text().encode()) if place else _mac(key, b"nowhere/v1", rating)
    return Opening(r, blind, payload(month, answers, commitment))


def payload(month: date, answers: Mapping[str, int | None], commitment: bytes) -> bytes:
    """The canonical JSON: keys in order of the alphabet, no spaces, only what was answered."""
    said = {name: answers[name] for name in QUESTIONS if answers.get(name) is not None}
    content = {"answers": said, "month": f"{month:%Y-%m}", "place": commitment.hex()}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _mac(key: bytes, purpose: bytes, text: bytes) -> bytes:
    return hmac.new(key, purpose + text, hashlib.sha256).digest()


# --- receipts --------------------------------------------------------------------------------------------------------


def code_of(c: bytes) -> str:
    """The short code of a receipt: the first 96 bits of the number, in five groups of four characters."""
    number = int.from_bytes(c[:CODE_BYTES], "big") << 4
    text = "".join(tokens.ALPHABET[number >> shift & 31] for shift in range(5 * (CODE_CHARS - 1), -1, -5))
    return "-".join(text[start : start + 4] for start in range(0, CODE_CHARS, 4))


class MalformedReceipt(ValueError):
    """The text is no receipt and no code; `changed` when it is a receipt whose number does not fit its content."""

    def __init__(self, *, changed: bool = False) -> None:
        super().__init__("tanda terima berubah" if changed else "bukan tanda terima")
        self.changed = changed


_C = re.compile(r"^c: ([0-9a-f]{64})$", re.MULTILINE)
_R = re.compile(r"^r: ([0-9a-f]{64})$", re.MULTILINE)
_PAYLOAD = re.compile(r"^payload: (\{.{1,400}\})$", re.MULTILINE)


def read_receipt(text: str) -> bytes:
    """The beginning of the number that a receipt or a short code names: 32 bytes of one, 12 of the other."""
    text = text.replace("\r\n", "\n").strip().lstrip("\ufeff")
    if found := _C.search(text):
        c = bytes.fromhex(found[1])
        r, content = _R.search(text), _PAYLOAD.search(text)
        if r and content and hashlib.sha256(_RATING + bytes.fromhex(r[1]) + content[1].encode()).digest() != c:
            raise MalformedReceipt(changed=True)
        return c
    if re.fullmatch("[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    clean = tokens.normal(text)
    if len(clean) != CODE_CHARS or any(character not in tokens.ALPHABET for character in clean):
        raise MalformedReceipt
    number = 0
    for character in clean:
        number = number << 5 | tokens.ALPHABET.index(character)
    if number & 15:
        raise MalformedReceipt
    return (number >> 4).to_bytes(CODE_BYTES, "big")
