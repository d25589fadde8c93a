"""Whose keys sign. The log key belongs to the worker: only `log_signers` reads it, and no page calls that.

Each key is 32 random bytes in base 64 (`openssl rand -base64 32`). Several, apart by spaces or commas, sign side by side while
one takes over from the other. Without a setting the worker makes its own below the data folder, readable by its owner only.
"""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from teladan.core.keyfile import own_secret
from teladan.ledger.rules import notes
from teladan.ledger.rules.notes import Signer, VerifierKey


def log_signers() -> list[Signer]:
    """The keys that sign checkpoints. Makes the first one where none is set; the worker's business alone."""
    given = settings.LEDGER_KEY() or _own_key()
    return [Signer(settings.LEDGER_ORIGIN, _seed(one, "TELADAN_LEDGER_KEY")) for one in given.replace(",", " ").split()]


def log_key_is_readable() -> bool:
    """Whether this process could sign checkpoints: a key is in its surroundings, or the worker's own file lies open to it."""
    try:
        return bool(settings.LEDGER_KEY()) or os.access(own_key_path(), os.R_OK)
    except ImproperlyConfigured:  # a file is named that we cannot read: as it should be
        return False


def own_key_path() -> Path:
    """Where the worker keeps a key that it made itself."""
    return Path(settings.LEDGER_DIR) / "log-key"


def _own_key() -> str:
    path = own_key_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return own_secret(path, lambda: notes.encode(secrets.token_bytes(32)))


def _seed(text: str, setting: str) -> bytes:
    try:
        found = notes.decode(text)
    except notes.NoteRefused:
        found = b""
    if len(found) != 32:
        raise ImproperlyConfigured(f"{setting} harus 32 bita dalam base64, misalnya dari: openssl rand -base64 32")
    return found


def promise_signer() -> Signer:
    """The key of promises: TELADAN_PROMISE_KEY, else derived from the secret key for this purpose alone (RFC 5869)."""
    return _promise_signer(settings.PROMISE_KEY, settings.SECRET_KEY, settings.LEDGER_ORIGIN)


@lru_cache(maxsize=4)
def _promise_signer(given: str, secret: str, origin: str) -> Signer:
    if given:
        seed = _seed(given, "TELADAN_PROMISE_KEY")
    else:
        seed = HKDF(SHA256(), 32, salt=b"teladan/ledger", info=b"promise/v1").derive(secret.encode())
    return Signer(f"{origin}/promise", seed)


def sign_promise(leaf: bytes) -> str:
    """A signed note: this leaf hash will stand in the log within 24 hours. The same leaf gives the same bytes."""
    return notes.sign_promise(settings.LEDGER_ORIGIN, leaf, promise_signer())


def verify_promise(text: str, *, keys: list[VerifierKey] | None = None) -> bytes:
    """The leaf hash that a promise of ours names; NoteRefused if it is none. `keys`: earlier promise keys too."""
    known = [promise_signer().key, *(keys or [])]
    return notes.open_promise(text, known, origin=settings.LEDGER_ORIGIN)
