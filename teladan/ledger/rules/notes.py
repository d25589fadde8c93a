"""Signed texts: notes, checkpoints, cosignatures, proof files (C2SP) and promises. Parsing is strict: one text, one meaning.

c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, and the body of tlog-witness' add-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from teladan.ledger.rules import tree

ED25519 = 0x01
COSIGNATURE = 0x04
MAX_LINES = 2_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")
_DASH = "\u2014 "
_PROOF = "c2sp.org/tlog-proof@v1"
_PROMISE = "included within 24 hours"


class NoteRefused(ValueError):
    """The text is not what it should be, or its signature is not good. The message (Indonesian) says which."""


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Base 64 with no second way of writing it."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused(f"Bukan base64: {text[:60]!r}.") from error
    if encode(found) != text:
        raise NoteRefused(f"Base64 tidak baku: {text[:60]!r}.")
    return found


def _hash(text: str) -> bytes:
    found = decode(text)
    if len(found) != tree.HASH_BYTES:
        raise NoteRefused(f"Bukan sidik 32 bita: {text[:60]!r}.")
    return found


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise NoteRefused(f"Bukan bilangan: {text[:30]!r}.")
    return int(text)


def is_name(text: str) -> bool:
    """Whether a text may name a key or a log: no spaces, no plus."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name and what it signs: notes (0x01) or timed cosignatures of checkpoints (0x04)."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def as_text(self) -> str:
        """`name+id+base64(kind | key)`, the form in which witnesses and other programs want it."""
        return f"{self.name}+{self.key_id.hex()}+{encode(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        name, _, rest = text.partition("+")
        key_id, _, material = rest.partition("+")
        data = decode(material)
        if not is_name(name) or len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise NoteRefused(f"Bukan kunci pemeriksa: {text[:60]!r}.")
        found = cls(name, data[1:], data[0])
        if found.key_id.hex() != key_id:
            raise NoteRefused(f"Nomor kunci tidak cocok dengan kuncinya: {text[:60]!r}.")
        return found

    def with_kind(self, kind: int) -> VerifierKey:
        return VerifierKey(self.name, self.public, kind)

    def accepts(self, body: str, signature: bytes) -> int | None:
        """Whether the signature is good: the time it states (0 where it states none), or None."""
        time = 0
        message = body.encode()
        if self.kind == COSIGNATURE:
            time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = _cosigned(body, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return None
        return time


@dataclass(frozen=True)
class Signer:
    """A private key under a name."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def sign(self, body: str) -> str:
        """The signature line of a note."""
        return _line(self.key, self._private.sign(body.encode()))

    def cosign(self, body: str, time: int) -> str:
        """The signature line that also states when."""
        signature = self._private.sign(_cosigned(body, time))
        return _line(self.key.with_kind(COSIGNATURE), time.to_bytes(8, "big") + signature)


def _cosigned(body: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"{_DASH}{key.name} {encode(key.key_id + signature)}\n"


class Signature(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes


class Signed(NamedTuple):
    """A good signature: whose, and the time it states (0 where it states none)."""

    key: VerifierKey
    time: int


def note(body: str, lines: Iterable[str]) -> str:
    return f"{body}\n{''.join(lines)}"


def split_note(text: str) -> tuple[str, list[Signature]]:
    """Body (with its last newline) and signatures of a note."""
    if any(ord(character) < 32 and character != "\n" for character in text):
        raise NoteRefused("Catatan memuat karakter kendali.")
    head, blank, tail = text.rpartition("\n\n")
    if not blank or not head or not tail.endswith("\n"):
        raise NoteRefused("Catatan tidak berakhir dengan tanda tangan.")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_LINES:
        raise NoteRefused("Terlalu banyak tanda tangan.")
    return head + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> Signature:
    name, _, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_name(name):
        raise NoteRefused(f"Bukan baris tanda tangan: {line[:60]!r}.")
    data = decode(blob)
    if len(data) < 5:
        raise NoteRefused("Tanda tangan terlalu pendek.")
    return Signature(name, data[:4], data[4:])


def open_note(text: str, keys: Iterable[VerifierKey]) -> tuple[str, list[Signed]]:
    """The body, and which of these keys signed it. NoteRefused if none did, or if one's signature is not good."""
    body, signatures = split_note(text)
    known = {(key.name, key.key_id): key for key in keys}
    good: list[Signed] = []
    for one in signatures:
        if key := known.get((one.name, one.key_id)):
            time = key.accepts(body, one.signature)
            if time is None:
                raise NoteRefused(f"Tanda tangan {key.name} ({key.key_id.hex()}) tidak cocok dengan isinya.")
            good.append(Signed(key, time))
    if not good:
        raise NoteRefused("Tidak ditandatangani kunci yang dikenal.")
    return body, good


@dataclass(frozen=True)
class Head:
    """What a checkpoint states: so many leaves, this root."""

    origin: str
    size: int
    root: bytes

    def as_text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode(self.root)}\n"

    @classmethod
    def parse(cls, body: str) -> Head:
        lines = body.split("\n")
        if len(lines) != 4 or lines[3] or not is_name(lines[0]):
            raise NoteRefused("Titik periksa harus tiga baris: nama log, ukuran, akar.")
        return cls(lines[0], _number(lines[1]), _hash(lines[2]))


def sign_checkpoint(head: Head, signers: Sequence[Signer], time: int) -> str:
    """The signed note: each key signs the head, and states when."""
    body = head.as_text()
    return note(body, [line for one in signers for line in (one.sign(body), one.cosign(body, time))])


def open_checkpoint(text: str, keys: Iterable[VerifierKey], *, origin: str | None = None) -> Head:
    """The head of a checkpoint signed by one of these keys."""
    body, good = open_note(text, keys)
    head = Head.parse(body)
    if not any(one.key.kind == ED25519 for one in good):
        raise NoteRefused("Tidak ditandatangani kunci log.")
    if origin is not None and head.origin != origin:
        raise NoteRefused(f"Titik periksa log lain: {head.origin}.")
    return head


@dataclass(frozen=True)
class ProofFile:
    """A `.tlog-proof`: leaf index, inclusion proof and the checkpoint it leads to."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def as_text(self) -> str:
        hashes = "".join(f"{encode(one)}\n" for one in self.hashes)
        return f"{_PROOF}\nindex {self.index}\n{hashes}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> ProofFile:
        top, blank, checkpoint = text.partition("\n\n")
        lines = top.split("\n")
        if not blank or len(lines) > 70 or lines[0] != _PROOF:
            raise NoteRefused("Bukan berkas bukti tlog-proof.")
        rest = lines[1:]
        if rest and rest[0].startswith("extra "):
            decode(rest.pop(0).removeprefix("extra "))
        if not rest or not rest[0].startswith("index "):
            raise NoteRefused("Berkas bukti tanpa nomor daun.")
        index = _number(rest[0].removeprefix("index "))
        return cls(index, tuple(_hash(line) for line in rest[1:]), checkpoint)

    def check(self, leaf: bytes, keys: Iterable[VerifierKey], *, origin: str | None = None) -> Head:
        """The head under which this leaf hash is proved to stand in the log; NoteRefused otherwise."""
        head = open_checkpoint(self.checkpoint, keys, origin=origin)
        if not tree.verify_inclusion(leaf, self.index, head.size, self.hashes, head.root):
            raise NoteRefused("Bukti tidak sampai ke akar titik periksa.")
        return head


@dataclass(frozen=True)
class ConsistencyFile:
    """That a checkpoint extends an older tree: the text one sends to a witness."""

    old: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def as_text(self) -> str:
        return f"old {self.old}\n{''.join(f'{encode(one)}{chr(10)}' for one in self.hashes)}\n{self.checkpoint}"

    @classmethod
    def parse(cls, text: str) -> ConsistencyFile:
        top, blank, checkpoint = text.partition("\n\n")
        lines = top.split("\n")
        if not blank or len(lines) > 64 or not lines[0].startswith("old "):
            raise NoteRefused("Bukan berkas kesinambungan.")
        return cls(_number(lines[0].removeprefix("old ")), tuple(_hash(line) for line in lines[1:]), checkpoint)

    def check(self, old_root: bytes, keys: Iterable[VerifierKey], *, origin: str | None = None) -> Head:
        """The newer head, proved to begin with the tree of `old` leaves and `old_root`; NoteRefused otherwise."""
        head = open_checkpoint(self.checkpoint, keys, origin=origin)
        if not tree.verify_consistency(self.old, old_root, head.size, head.root, self.hashes):
            raise NoteRefused("Titik periksa baru tidak melanjutkan yang lama.")
        return head


def sign_promise(origin: str, leaf: bytes, signer: Signer) -> str:
    """A note that promises: this leaf hash will stand in that log within 24 hours of being handed over."""
    body = f"{origin}\n{_PROMISE}\n{encode(leaf)}\n"
    return note(body, [signer.sign(body)])


def open_promise(text: str, keys: Iterable[VerifierKey], *, origin: str | None = None) -> bytes:
    """The leaf hash that was promised; NoteRefused when it is no promise of ours."""
    body, _ = open_note(text, [key for key in keys if key.kind == ED25519])
    lines = body.split("\n")
    if len(lines) != 4 or lines[1] != _PROMISE or lines[3] or (origin is not None and lines[0] != origin):
        raise NoteRefused("Bukan janji log ini.")
    return _hash(lines[2])
