"""The sealed letters of a kiosk: encrypted on the tablet to this server, acknowledged with a signature.

A letter is ECDH on P-256 with a fresh key of the tablet, HKDF-SHA256, and AES-256-GCM bound to the kiosk and the letter's
own id (the curves every browser's WebCrypto knows). Both keys of the server are derived from SECRET_KEY: changing that
makes letters still waiting on tablets unreadable, so empty the tablets first.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from teladan.feedback import keys

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_INFO = b"teladan-kiosk-box-v1"
_ACK = "teladan-kiosk-ack-v1"


class Unreadable(Exception):
    """The letter was not sealed for this server and kiosk, or was damaged on the way."""


@dataclass(frozen=True)
class Letter:
    """What a tablet sends: its own id for the rating, the fresh public key, and the sealed content."""

    id: str
    key: bytes
    iv: bytes
    sealed: bytes = field(repr=False)

    @classmethod
    def of(cls, raw: object) -> Letter:
        """From JSON; Unreadable when it cannot be a letter."""
        if not isinstance(raw, dict) or not all(isinstance(raw.get(name), str) for name in ("id", "key", "iv", "box")):
            raise Unreadable
        try:
            key, iv, sealed = (_bytes(raw[name]) for name in ("key", "iv", "box"))
        except (ValueError, binascii.Error) as error:
            raise Unreadable from error
        if not raw["id"].isascii() or not 8 <= len(raw["id"]) <= 64 or len(key) != 65 or len(iv) != 12:
            raise Unreadable
        return cls(raw["id"], key, iv, sealed)


def open_letter(kiosk: str, letter: Letter) -> bytes:
    """The content of a letter from that kiosk; Unreadable otherwise."""
    try:
        sender = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, letter.key)
        own = _private(settings.SECRET_KEY, "kiosk-box/v1")
        derived = HKDF(hashes.SHA256(), 32, salt=letter.key + _point(own), info=_INFO)
        secret = derived.derive(own.exchange(ec.ECDH(), sender))
        return AESGCM(secret).decrypt(letter.iv, letter.sealed, f"{kiosk}|{letter.id}".encode())
    except (ValueError, InvalidTag) as error:
        raise Unreadable from error


def acknowledge(kiosk: str, letter_id: str) -> str:
    """The signature that lets the tablet forget a letter: ECDSA over its id, as r and s side by side, base64url."""
    signature = _private(settings.SECRET_KEY, "kiosk-ack/v1").sign(
        f"{_ACK}|{kiosk}|{letter_id}".encode(), ec.ECDSA(hashes.SHA256())
    )
    r, s = decode_dss_signature(signature)
    return _text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def box_key() -> str:
    """The public key to which tablets seal, as an uncompressed point in base64url."""
    return _text(_point(_private(settings.SECRET_KEY, "kiosk-box/v1")))


def ack_key() -> str:
    """The public key by which tablets check an acknowledgement."""
    return _text(_point(_private(settings.SECRET_KEY, "kiosk-ack/v1")))


@lru_cache(maxsize=4)
def _private(secret: str, purpose: str) -> ec.EllipticCurvePrivateKey:
    wide = keys.hkdf(
        secret.encode(), b"teladan/feedback", purpose.encode(), 48
    )  # 128 bits more than the order: no bias
    return ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, _CURVE)


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
