"""Secret codes that people copy by hand: Crockford base32, forgiving, eighty bits."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U
CODE_BYTES, CODE_CHARS = 10, 16
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1"})


def encode(secret: bytes) -> str:
    """Ten bytes as sixteen characters."""
    if len(secret) != CODE_BYTES:
        raise ValueError("Kode dibuat dari sepuluh bita.")
    number = int.from_bytes(secret)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * (CODE_CHARS - 1), -1, -5))


def normal(text: str) -> str:
    """What somebody typed: capitals, without spaces and dashes, O as 0 and I or L as 1."""
    return "".join(one for one in text.upper().translate(_FORGIVEN) if one in ALPHABET)


def grouped(code: str, size: int = 4) -> str:
    """In groups, for paper: `7K3M-…`."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))
