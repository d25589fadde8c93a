"""Keys of this room, each derived from SECRET_KEY for one purpose and useless for any other (HKDF-SHA256, RFC 5869)."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings
from django.core.signing import Signer, b64_encode
from django.utils.encoding import force_bytes, force_str

_SALT = b"teladan/feedback"


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """Extract and expand; at most 255 blocks of 32 bytes."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    block = output = b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.new(extracted, block + info + bytes([counter]), hashlib.sha256).digest()
        output += block
    return output[:length]


@lru_cache(maxsize=16)
def _derived(secret: str, purpose: str) -> bytes:
    return hkdf(secret.encode(), _SALT, purpose.encode())


def key_for(purpose: str) -> bytes:
    """The 32-byte key of one purpose, for example `event/v1`."""
    return _derived(settings.SECRET_KEY, purpose)


def mac(purpose: str, *parts: bytes) -> bytes:
    """HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts look alike."""
    joined = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key_for(purpose), joined, "sha256")


class Seal(Signer):
    """Django's signer of short texts with a key of this room, derived once and not for every signature."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        derived = _derived(force_str(key or self.key), force_str(self.salt))
        return b64_encode(hmac.digest(derived, force_bytes(value), "sha256")).decode()
