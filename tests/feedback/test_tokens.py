"""Tokens and keys: what is malformed is refused, what hands confuse is forgiven, and the hash is what others compute."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.feedback import keys, tokens

FIRST = bytes(range(16))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0" * 25,
        "0" * 27,
        "U" * 26,
        "8" + "0" * 25,  # 131 bits
        "Z" * 26,
        "0" * 25 + "!",
        "/n/" + "0" * 23,
    ],
)
def test_token_refuses_malformed(text: str) -> None:
    with pytest.raises(tokens.MalformedToken) as refused:
        tokens.decode(text)
    assert not text or text not in str(refused.value)


def test_token_refuses_wrong_length_of_bytes() -> None:
    with pytest.raises(tokens.MalformedToken):
        tokens.token_hash(b"short")
    with pytest.raises(tokens.MalformedToken):
        tokens.encode(b"short")


def test_token_known_values() -> None:
    """Crockford's alphabet, big-endian, as ULID programs write these bytes in their own tests."""
    assert tokens.encode(bytes(16)) == "0" * 26
    assert tokens.encode(b"\xff" * 16) == "7" + "Z" * 25
    assert tokens.encode(FIRST) == "00041061050R3GG28A1C60T3GF"


def test_token_hash_is_what_a_source_computes() -> None:
    assert tokens.token_hash(FIRST) == hashlib.sha256(b"teladan-ticket-v1" + FIRST).digest()


@given(st.binary(min_size=16, max_size=16))
def test_token_survives_writing_and_sloppy_typing(token: bytes) -> None:
    text = tokens.encode(token)
    assert len(text) == 26
    assert tokens.decode(text) == token
    sloppy = tokens.grouped(text).lower().replace("0", "o").replace("1", "l").replace(" ", "-")
    assert tokens.decode(sloppy) == token


@given(st.text(max_size=40))
def test_token_never_crashes_on_any_text(text: str) -> None:
    with contextlib.suppress(tokens.MalformedToken):
        assert len(tokens.decode(text)) == 16


def test_typed_number_and_code_have_their_form() -> None:
    for _ in range(200):
        number, code = tokens.new_typed_number(), tokens.new_typed_code()
        assert len(number) == 7
        assert number.isdigit()
        assert number[0] != "0"
        assert len(code) == 8
        assert set(code) <= set(tokens.ALPHABET)


def test_hkdf_agrees_with_rfc_5869() -> None:
    """Test case 1 of the RFC."""
    output = keys.hkdf(bytes([0x0B] * 22), bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)
    assert output.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")


def test_keys_differ_by_purpose() -> None:
    assert keys.key_for("event/v1") != keys.key_for("staged/v1")


def test_event_key_does_not_confuse_source_and_number() -> None:
    assert tokens.event_key("AB", "C") != tokens.event_key("A", "BC")
    assert tokens.event_key("A", "1") == tokens.event_key("A", "1")


def test_event_key_changes_with_the_secret(settings: object) -> None:
    before = tokens.event_key("A", "1")
    settings.SECRET_KEY = "another secret of this installation"  # type: ignore[attr-defined]
    assert tokens.event_key("A", "1") != before
