"""Files that only the holders of some private keys can read: X25519, HKDF-SHA256 and AES-256-GCM, one copy for all of them.

First a line of JSON with, for each reader, the content's key wrapped for that reader's public key; then the sealed content,
bound to that line. Keys are 32 bytes in base 64, as in `age` and WireGuard.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import zlib
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "teladan-sealed-file-v1"
_NONCE = bytes(12)  # every key seals one text only
MAX_BYTES = 1_000_000_000


class Unreadable(Exception):
    """Not such a file, damaged, or sealed for other keys. The message (Indonesian) says which."""


class WrongKey(ValueError):
    """A text that is no key."""


def new_private_key() -> str:
    """A fresh private key as text."""
    return _text(X25519PrivateKey.generate().private_bytes_raw())


def public_key(private: str) -> str:
    """The public half of a private key, as text."""
    return _text(_private(private).public_key().public_bytes_raw())


def check_public_key(text: str) -> str:
    """The text, if it is a public key; WrongKey otherwise."""
    X25519PublicKey.from_public_bytes(_key_bytes(text))
    return text


def seal(content: bytes, *, readers: Sequence[str], about: str) -> bytes:
    """The file. `about` stands in it for everybody to read."""
    key = secrets.token_bytes(32)
    head = {"format": FORMAT, "about": about, "readers": [_wrap(key, reader) for reader in readers]}
    line = json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    return line + AESGCM(key).encrypt(_NONCE, zlib.compress(content, 6), line)


def unseal(sealed: bytes, *, private: str) -> bytes:
    """The content, with one of the readers' private keys; Unreadable otherwise."""
    line, newline, body = sealed.partition(b"\n")
    mine = public_key(private)
    try:
        head: dict[str, Any] = json.loads(line)
        known = head["format"] == FORMAT
        wrapped = [one for one in head["readers"] if one["key"] == mine] if known else []
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("Ini bukan berkas tersegel Teladan.") from error
    if not known:
        raise Unreadable("Ini bukan berkas tersegel Teladan.")
    if not wrapped:
        raise Unreadable("Berkas ini tidak disegel untuk kunci tersebut.")
    try:
        key = _unwrap(wrapped[0], _private(private))
        packed = AESGCM(key).decrypt(_NONCE, body, line + newline)
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise Unreadable("Berkas ini rusak atau diubah.") from error
    return _unpacked(packed)


def _unpacked(packed: bytes) -> bytes:
    work = zlib.decompressobj()
    content = work.decompress(packed, MAX_BYTES)
    if not work.eof:
        raise Unreadable("Isi berkas ini terlalu besar.")
    return content


def _wrap(key: bytes, reader: str) -> dict[str, str]:
    own = X25519PrivateKey.generate()
    public, theirs = own.public_key().public_bytes_raw(), _key_bytes(reader)
    secret = own.exchange(X25519PublicKey.from_public_bytes(theirs))
    return {
        "key": reader,
        "from": _text(public),
        "wrapped": _text(_wrapper(secret, public, theirs).encrypt(_NONCE, key, b"")),
    }


def _unwrap(wrapped: dict[str, str], private: X25519PrivateKey) -> bytes:
    public, mine = _key_bytes(wrapped["from"]), private.public_key().public_bytes_raw()
    secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    return _wrapper(secret, public, mine).decrypt(_NONCE, base64.b64decode(wrapped["wrapped"], validate=True), b"")


def _wrapper(secret: bytes, sender: bytes, reader: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=sender + reader, info=FORMAT.encode()).derive(secret))


def _private(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_key_bytes(text))


def _key_bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WrongKey("Kunci harus 32 bita dalam base64.") from error
    if len(found) != 32:
        raise WrongKey("Kunci harus 32 bita dalam base64.")
    return found


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
