"""Masking what could name somebody in a citizen's words: proposals made here, corrected by the moderator.

Pure. A moderator may cover words and nothing else: `is_masking_of` holds what is shown against what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "[…]"

_MASKS = re.compile(r"\[\s*(?:…|\.\.\.)\s*\]")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[\s./()-]{0,2}\d){8,}(?!\w)")
"""Nine digits and more, however grouped: telephones, NIK (16), NIP (18). Amounts and dates are shorter."""
_HANDLE = re.compile(r"(?<![\w@])@[A-Za-z_]\w+")
_TITLES = (
    "bapak|bpk|pak|ibu|bu|mbak|mba|mas|kak|kakak|abang|bang|uda|uni|ajo|saudara|saudari|sdr|sdri|tuan|nona|dr|drs|dra|ir|"
    "haji|hj"
)
_AFTER_TITLE = re.compile(rf"\b(?:{_TITLES})\b\.?\s+([\w'’-]+(?:\s+(?-i:[A-Z][\w'’-]+))*)", re.IGNORECASE)
_NO_NAME = frozenset(
    [
        "ada",
        "adalah",
        "agak",
        "atau",
        "baik",
        "bagian",
        "bagus",
        "belum",
        "berbaju",
        "bisa",
        "dan",
        "dari",
        "dengan",
        "depan",
        "di",
        "diam",
        "galak",
        "guru",
        "hanya",
        "harus",
        "ini",
        "itu",
        "jangan",
        "juga",
        "jutek",
        "kami",
        "karena",
        "kasar",
        "ke",
        "kepala",
        "kurang",
        "lama",
        "lebih",
        "loket",
        "lurah",
        "mau",
        "memang",
        "mereka",
        "paling",
        "para",
        "pegawai",
        "petugas",
        "polisi",
        "pun",
        "ramah",
        "sabar",
        "saja",
        "sampai",
        "sangat",
        "satpam",
        "saya",
        "sedang",
        "security",
        "selalu",
        "semua",
        "senyum",
        "sudah",
        "tadi",
        "tapi",
        "tetapi",
        "tidak",
        "tolong",
        "tua",
        "udah",
        "untuk",
        "walikota",
        "yang",
    ]
)
"""Words that follow a form of address without being a name."""
_NAMED = re.compile(r"\b(?:bernama|namanya|atas nama|a\.?n\.)\s+([\w'’-]+(?:\s+(?-i:[A-Z][\w'’-]+))*)", re.IGNORECASE)
_WORD = re.compile(r"\w+", re.UNICODE)
_COMMON = frozenset({"muhammad", "mohammad", "abdul", "binti", "bin"})
MIN_NAME = 3


def name_words(names: Iterable[str]) -> frozenset[str]:
    """The words of these names by which somebody can be meant, in lower case."""
    return frozenset(
        word.lower()
        for name in names
        for word in _WORD.findall(name)
        if len(word) >= MIN_NAME and not word.isdigit() and word.lower() not in _COMMON
    )


def proposed(text: str, names: Iterable[str] = ()) -> str:
    """The text with names, numbers and addresses masked."""
    text = normal(text)
    text = _NUMBER.sub(MASK, _ADDRESS.sub(MASK, _EMAIL.sub(MASK, text)))
    text = _HANDLE.sub(MASK, text)
    for pattern in (_AFTER_TITLE, _NAMED):
        text = pattern.sub(_cover_last, text)
    known = name_words(names)
    if known:
        text = _WORD.sub(lambda found: MASK if found[0].lower() in known else found[0], text)
    return normal(text)


def _cover_last(found: re.Match[str]) -> str:
    if found[1].lower() in _NO_NAME:
        return found[0]
    return found[0][: found.start(1) - found.start()] + MASK


def normal(text: str) -> str:
    """One way of writing masks, line ends and spaces; neighbouring masks are one."""
    text = _MASKS.sub(MASK, " ".join(text.split()))
    return re.sub(rf"{re.escape(MASK)}(?:\s*{re.escape(MASK)})+", MASK, text)


def is_masking_of(shown: str, text: str) -> bool:
    """Whether what is shown is what was written with some stretches covered, and nothing added, moved or left out."""
    first, *rest = normal(shown).split(MASK)
    left = normal(text)
    if not rest:
        return first == left
    if not left.startswith(first):
        return False
    place = len(first)
    for part in rest[:-1]:
        found = left.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return len(left) - len(rest[-1]) >= place and left.endswith(rest[-1])


def says_something(shown: str) -> bool:
    """Whether anything is left beside the masks."""
    return bool(_WORD.search(normal(shown).replace(MASK, "")))
