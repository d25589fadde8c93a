"""Masking: what is proposed, and what a moderator may show of what was written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.feedback.masking import MASK, is_masking_of, name_words, normal, proposed, says_something

NAMES = ["Afdal Koto", "Rina Melati Putri", "Muhammad Ilham"]
WORDS = st.lists(
    st.sampled_from(["Afdal", "koto", "RINA", "pak", "Bu", "Budi", "antre", "lama", "0812-3456-7890", "a@b.id", "[...]",
                     "198501012010011001", "loket", "2", "Rp 50.000", "\n", "!", "@akun"]), max_size=12
).map(" ".join)  # fmt: skip
TEXTS = st.one_of(WORDS, st.text(max_size=60))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pak Afdal ramah", f"Pak {MASK} ramah"),
        ("afdal koto lambat sekali", f"{MASK} lambat sekali"),
        ("Ibu Sari Dewi di loket 2 sabar", f"Ibu {MASK} di loket 2 sabar"),
        ("pak budi jutek", f"pak {MASK} jutek"),
        ("Pak polisi dan ibu saya antre", "Pak polisi dan ibu saya antre"),
        ("hubungi 0812-3456-7890 atau +62 812 3456 7890", f"hubungi {MASK} atau {MASK}"),
        ("NIK saya 1373011505900001.", f"NIK saya {MASK}."),
        ("nip 19850101 201001 1 001", f"nip {MASK}"),
        ("tulis ke warga@contoh.id ya", f"tulis ke {MASK} ya"),
        ("lihat https://contoh.id/a?b=1 dan @warga", f"lihat {MASK} dan {MASK}"),
        ("petugas bernama dedi sopan", f"petugas bernama {MASK} sopan"),
        ("Bayar Rp 50.000 tanggal 12-10-2026 pukul 09.30", "Bayar Rp 50.000 tanggal 12-10-2026 pukul 09.30"),
        ("Antre dua jam.", "Antre dua jam."),
    ],
)
def test_proposed_covers_names_and_numbers_and_little_else(text: str, shown: str) -> None:
    assert proposed(text, NAMES) == shown


@given(TEXTS)
def test_proposed_is_a_masking_and_names_nobody(text: str) -> None:
    shown = proposed(text, NAMES)
    assert is_masking_of(shown, text)
    assert not set(re.findall(r"\w+", shown.lower())) & name_words(NAMES)
    assert not re.search(r"\d{9}|\w@\w+\.\w", shown)
    assert proposed(shown, NAMES) == shown


@given(TEXTS, st.integers(0, 60), st.integers(0, 60), st.text(alphabet="abcxyz!", min_size=1, max_size=5))
def test_only_covering_is_a_masking(text: str, start: int, end: int, added: str) -> None:
    plain = normal(text)
    start, end = sorted((min(start, len(plain)), min(end, len(plain))))
    assert is_masking_of(plain[:start] + MASK + plain[end:], text)
    assert is_masking_of(plain, text)
    if added not in plain:
        assert not is_masking_of(plain[:start] + added + plain[start:], text)
        assert not is_masking_of(plain[:start] + MASK + added + plain[end:], text)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("Petugas ramah", "Petugas tidak ramah"),
        (f"ramah {MASK} Petugas", "Petugas tidak ramah"),
        (f"Petugas {MASK} ramah ramah", "Petugas tidak ramah"),
        ("", "Petugas"),
        (f"ab{MASK}ba", "aba"),
    ],
)
def test_leaving_out_moving_or_doubling_words_is_no_masking(shown: str, text: str) -> None:
    assert not is_masking_of(shown, text)


def test_masks_are_written_in_one_way() -> None:
    assert normal("a [...]  [ … ]\n b") == f"a {MASK} b"
    assert not says_something(f" {MASK} !")
    assert says_something(f"{MASK} ramah")
