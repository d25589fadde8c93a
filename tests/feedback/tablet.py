"""A tablet without a browser: seals letters and checks acknowledgements, written from docs/rules/kiosk.md alone."""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def seal(kiosk: str, box_key: str, content: dict[str, Any] | bytes, letter_id: str | None = None) -> dict[str, str]:
    """One letter as the outbox sends it."""
    letter_id = letter_id or str(uuid.uuid4())
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(box_key))
    own = ec.generate_private_key(ec.SECP256R1())
    key = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    derived = HKDF(hashes.SHA256(), 32, salt=key + to_bytes(box_key), info=b"teladan-kiosk-box-v1")
    iv = secrets.token_bytes(12)
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    box = AESGCM(derived.derive(own.exchange(ec.ECDH(), server))).encrypt(iv, plain, f"{kiosk}|{letter_id}".encode())
    return {"id": letter_id, "key": to_text(key), "iv": to_text(iv), "box": to_text(box)}


def is_signed(kiosk: str, ack_key: str, letter_id: str, signature: str) -> bool:
    """Raises InvalidSignature when it is not."""
    raw = to_bytes(signature)
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(ack_key))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    server.verify(der, f"teladan-kiosk-ack-v1|{kiosk}|{letter_id}".encode(), ec.ECDSA(hashes.SHA256()))
    return True
