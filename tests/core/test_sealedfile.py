"""Files for some readers: whole or told to be broken, whatever was done to them, and never more than a piece of them in memory."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tracemalloc
from collections.abc import Callable

import pytest

from teladan.core import sealedfile
from teladan.core.sealedfile import PIECE, Sealer, Unreadable

PRIVATE = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()

# Written by the release before pieces, for the key above.
ONE_PIECE = (
    b'{"about":"openings 2026-10","format":"teladan-sealed-file-v1","readers":[{"from":"UNw7iS+43xSVmlcG+Zp6Bs5fPlTIOgDuWlByx9ir2GQ=",'
    b'"key":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=","wrapped":"KCmbVBPSyvwyRt960XYLJr6IysTLad7V+HOyWStOOgG0omeS6OJhF2emKajQYxFp"}]}\n'
    + base64.b64decode("rQumq2C71a60WzsCELTnzzKWA1vpy+KaZZ4rEGgPzTIoD1ITK4Y1meQM9xBECjoTTwCNOtBO")
)


def sealed(content: bytes, *, readers: tuple[str, ...] = (PRIVATE,)) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, readers=[sealedfile.public_key(one) for one in readers], about="ujian")
    for start in range(0, len(content), 50_000):
        sealer.write(content[start : start + 50_000])
    assert sealer.close() == hashlib.sha256(file.getvalue()).hexdigest()
    return file.getvalue()


def unsealed(file: bytes, private: str = PRIVATE) -> bytes:
    return b"".join(sealedfile.unseal(io.BytesIO(file), private=private))


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", [b"", b"\n", b"[]\n", b"{}\n", b'{"format": "age"}\n', b"%PDF-1.7\n", b"x" * 3_000_000]
)
def test_other_files_are_told(file: bytes) -> None:
    with pytest.raises(Unreadable, match="bukan berkas tersegel"):
        unsealed(file)


def test_file_for_others_is_told() -> None:
    with pytest.raises(Unreadable, match="tidak disegel untuk kunci"):
        unsealed(sealed(b"isi"), OTHER)


def test_every_changed_byte_is_told() -> None:
    file = sealed(b"jawaban")
    for place in range(len(file)):
        with pytest.raises(Unreadable):
            unsealed(file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :])


def pieces_of(file: bytes) -> tuple[bytes, list[bytes]]:
    head, newline, body = file.partition(b"\n")
    return head + newline, [body[start : start + PIECE + 16] for start in range(0, len(body), PIECE + 16)]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p[:-1],
        lambda p: [*p, p[-1]],
        lambda p: [p[1], p[0], *p[2:]],
        lambda p: [p[0], p[0], *p[1:]],
        lambda p: [p[0], *p[2:]],
        lambda p: [p[-1]],
        lambda _: [],
        lambda p: [*p[:-1], p[-1][:-1]],
        lambda p: [*p, b"x"],
    ],
)
def test_pieces_left_out_added_or_moved_are_told(change: Callable[[list[bytes]], list[bytes]]) -> None:
    head, pieces = pieces_of(sealed(os.urandom(4 * PIECE)))
    assert len(pieces) >= 4
    with pytest.raises(Unreadable, match="rusak atau diubah"):
        unsealed(head + b"".join(change(pieces)))


def test_pieces_of_another_file_do_not_fit() -> None:
    content = os.urandom(2 * PIECE)
    (head, pieces), (_, others) = pieces_of(sealed(content)), pieces_of(sealed(content))
    with pytest.raises(Unreadable, match="rusak atau diubah"):
        unsealed(head + pieces[0] + b"".join(others[1:]))


# --- what it does ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 300_001])
def test_each_reader_reads_what_was_written(size: int) -> None:
    content = os.urandom(size)
    file = sealed(content, readers=(OTHER, PRIVATE))
    assert unsealed(file) == unsealed(file, OTHER) == content


@pytest.mark.parametrize("cut", range(5))
def test_content_that_fills_its_pieces_exactly_is_whole(cut: int) -> None:
    """Compressed, its length is not ours to choose: what remains is tried around the edge of a piece."""
    file = io.BytesIO()
    sealer = Sealer(file, readers=[sealedfile.public_key(PRIVATE)], about="ujian")
    content = os.urandom(3 * PIECE)
    sealer.write(content)
    end = 2 * PIECE - len(sealer._packer.copy().flush()) - len(sealer._waiting) + cut - 2
    more = os.urandom(max(0, end % PIECE))
    sealer.write(more)
    sealer.close()
    assert unsealed(file.getvalue()) == content + more


def test_files_of_the_first_format_are_still_read() -> None:
    assert unsealed(ONE_PIECE) == b'{"status": "counted"}\n{"status": "held"}\n'
    with pytest.raises(Unreadable, match="rusak"):
        unsealed(ONE_PIECE[:-1] + b"x")


def test_only_a_piece_is_held_in_memory() -> None:
    block = os.urandom(1 << 18)
    with open(os.devnull, "wb") as nowhere:
        tracemalloc.start()
        sealer = Sealer(nowhere, readers=[sealedfile.public_key(PRIVATE)], about="ujian")
        for _ in range(40):
            sealer.write(block)
        sealer.close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3_000_000 < 40 * len(block)


def test_what_unfolds_to_much_comes_in_blocks() -> None:
    file = sealed(bytes(20_000_000))
    assert len(file) < 200_000
    assert max(map(len, sealedfile.unseal(io.BytesIO(file), private=PRIVATE))) <= 16 * PIECE
