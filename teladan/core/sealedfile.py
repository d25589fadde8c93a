"""Files that only the holders of some private keys can read: X25519, HKDF-SHA256 and AES-256-GCM, one copy for all of them.

First a line of JSON with, for each reader, the content's key wrapped for that reader's public key. Then the content,
compressed and cut into pieces of 64 KiB, each sealed apart and bound to that line, to its number and to whether it is the last
one (the STREAM construction, as in `age`): a piece that is changed, moved, left out or added is told, and neither who
writes nor who reads holds more than one. Keys are 32 bytes in base 64, as in `age` and WireGuard.

The first format, one piece without a limit, is still read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import zlib
from collections.abc import Iterator, Sequence
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "teladan-sealed-file-v2"
ONE_PIECE = "teladan-sealed-file-v1"
PIECE = 1 << 16
_SEALED_PIECE = PIECE + 16
_LEVEL = 1  # most of it is random numbers in hex: more effort takes twice as long and saves a twentieth
_LONGEST_LINE = 1 << 20
_NONCE = bytes(12)  # a wrapping key wraps one key only


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


class Sealer:
    """A file being sealed, piece by piece. `about` stands in it for everybody to read. Without `close` it is no file."""

    def __init__(self, file: IO[bytes], *, readers: Sequence[str], about: str) -> None:
        key = secrets.token_bytes(32)
        head = {"format": FORMAT, "about": about, "readers": [_wrap(key, reader, FORMAT) for reader in readers]}
        self._file, self._cipher, self._packer = file, AESGCM(key), zlib.compressobj(_LEVEL)
        self._line = json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        self._digest, self._waiting, self._number = hashlib.sha256(), bytearray(), 0
        self._put(self._line)

    def write(self, content: bytes) -> None:
        """More of the content."""
        self._waiting += self._packer.compress(content)
        while len(self._waiting) > PIECE:  # what may be the last piece waits for `close`
            self._seal_piece(is_last=False)

    def close(self) -> str:
        """The end of the content; SHA-256 of the whole file. The file itself stays open."""
        self._waiting += self._packer.flush()
        while len(self._waiting) > PIECE:
            self._seal_piece(is_last=False)
        self._seal_piece(is_last=True)
        return self._digest.hexdigest()

    def _seal_piece(self, *, is_last: bool) -> None:
        piece = bytes(self._waiting[:PIECE])
        del self._waiting[:PIECE]
        self._put(self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, self._line))
        self._number += 1

    def _put(self, block: bytes) -> None:
        self._digest.update(block)
        self._file.write(block)


def unseal(file: IO[bytes], *, private: str) -> Iterator[bytes]:
    """The content in blocks, with one of the readers' private keys; Unreadable otherwise.

    A file that is damaged further on says so only there: what came before it is true, and not the whole.
    """
    line = file.readline(_LONGEST_LINE)
    mine = public_key(private)
    try:
        head: dict[str, Any] = json.loads(line)
        known = head["format"] in (FORMAT, ONE_PIECE) and line.endswith(b"\n")
        wrapped = [one for one in head["readers"] if one["key"] == mine] if known else []
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable("Ini bukan berkas tersegel Teladan.") from error
    if not known:
        raise Unreadable("Ini bukan berkas tersegel Teladan.")
    if not wrapped:
        raise Unreadable("Berkas ini tidak disegel untuk kunci tersebut.")
    try:
        cipher = AESGCM(_unwrap(wrapped[0], _private(private), head["format"]))
        pieces = _pieces(file, cipher, line) if head["format"] == FORMAT else _one_piece(file, cipher, line)
        yield from _unpacked(pieces)
    except (InvalidTag, ValueError, KeyError, TypeError, zlib.error) as error:
        raise Unreadable("Berkas ini rusak atau diubah.") from error


def _pieces(file: IO[bytes], cipher: AESGCM, line: bytes) -> Iterator[bytes]:
    number, piece = 0, file.read(_SEALED_PIECE)
    while following := file.read(_SEALED_PIECE):
        yield cipher.decrypt(_nonce(number, is_last=False), piece, line)
        number, piece = number + 1, following
    yield cipher.decrypt(_nonce(number, is_last=True), piece, line)


def _one_piece(file: IO[bytes], cipher: AESGCM, line: bytes) -> Iterator[bytes]:
    yield cipher.decrypt(_NONCE, file.read(), line)  # the key sealed one text only


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    work = zlib.decompressobj()
    for piece in pieces:
        while block := work.decompress(piece, 16 * PIECE):
            yield block
            piece = work.unconsumed_tail
    if not work.eof or work.unused_data:
        raise Unreadable("Berkas ini rusak atau diubah.")


def _wrap(key: bytes, reader: str, form: str) -> dict[str, str]:
    own = X25519PrivateKey.generate()
    public, theirs = own.public_key().public_bytes_raw(), _key_bytes(reader)
    secret = own.exchange(X25519PublicKey.from_public_bytes(theirs))
    return {
        "key": reader,
        "from": _text(public),
        "wrapped": _text(_wrapper(secret, public, theirs, form).encrypt(_NONCE, key, b"")),
    }


def _unwrap(wrapped: dict[str, str], private: X25519PrivateKey, form: str) -> bytes:
    public, mine = _key_bytes(wrapped["from"]), private.public_key().public_bytes_raw()
    secret = private.exchange(X25519PublicKey.from_public_bytes(public))
    return _wrapper(secret, public, mine, form).decrypt(
        _NONCE, base64.b64decode(wrapped["wrapped"], validate=True), b""
    )


def _wrapper(secret: bytes, sender: bytes, reader: bytes, form: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=sender + reader, info=form.encode()).derive(secret))


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
