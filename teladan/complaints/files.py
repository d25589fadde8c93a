"""What may be attached: PDF, JPEG and PNG by their own bytes, small, whole, and no picture that explodes when opened.

Pure: looks at bytes, never unpacks them. Names given by the sender are only ever shown, never used as a path.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum

MAX_FILES = 3
MAX_BYTES = 5_000_000
MAX_TOTAL = MAX_FILES * MAX_BYTES + 1_000_000
MAX_PIXELS = 60_000_000
PNG_HEAD, JPEG_HEAD, PDF_HEAD = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-"
_STANDALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b")


class Kind(StrEnum):
    """Media types, by what the bytes are."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


ENDINGS = {Kind.PDF: "pdf", Kind.JPEG: "jpg", Kind.PNG: "png"}


class Trouble(StrEnum):
    """Why a file is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN = "unknown"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too_many_pixels"
    ACTIVE = "active"


@dataclass(frozen=True)
class Looked:
    """What a file is, or why it is not taken."""

    kind: Kind | None
    trouble: Trouble | None = None


def look(content: bytes) -> Looked:
    """What these bytes are. The name and the type that the sender claims play no part."""
    if not content:
        return Looked(None, Trouble.EMPTY)
    if len(content) > MAX_BYTES:
        return Looked(None, Trouble.TOO_LARGE)
    if content.startswith(PNG_HEAD):
        return _picture(Kind.PNG, png_size(content))
    if content.startswith(JPEG_HEAD):
        return _picture(Kind.JPEG, jpeg_size(content))
    if content.startswith(PDF_HEAD):
        return _document(content)
    return Looked(None, Trouble.UNKNOWN)


def _picture(kind: Kind, size: tuple[int, int] | None) -> Looked:
    if size is None or 0 in size:
        return Looked(None, Trouble.BROKEN)
    return Looked(None, Trouble.TOO_MANY_PIXELS) if size[0] * size[1] > MAX_PIXELS else Looked(kind)


def _document(content: bytes) -> Looked:
    if b"%%EOF" not in content[-1024:]:
        return Looked(None, Trouble.BROKEN)
    return Looked(None, Trouble.ACTIVE) if _ACTIVE.search(content) else Looked(Kind.PDF)


def png_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the first chunk; None when the file does not end where it says."""
    if len(content) < 45 or content[12:16] != b"IHDR" or content[-8:-4] != b"IEND":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header, found by walking the segments; None when there is none."""
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            if marker in _FRAMES:
                height, width = struct.unpack(">HH", content[at + 5 : at + 9])
                return width, height
            length = struct.unpack(">H", content[at + 2 : at + 4])[0]
            at += 2 + max(length, 2)
    return None


def shown_name(name: str, kind: Kind) -> str:
    """The sender's file name as it may be shown and saved: no path, no control characters, the ending of its kind."""
    base = re.split(r"[/\\]", name)[-1].rpartition(".")[0] or "lampiran"
    clean = re.sub(r"[^\w\- ().]", "_", base).strip(" .")[:80] or "lampiran"
    return f"{clean}.{ENDINGS[kind]}"
