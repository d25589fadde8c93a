"""PDF documents by typst, made in a short subprocess: the process that asks never imports typst.

A document is a `.typ` file that reads its values with `json(bytes(sys.inputs.data))`. Output is tagged PDF/UA-1, uses
only the fonts inside typst, and is the same byte for byte for the same data, template and instant.
This file is also the program of the subprocess, so its imports stay in the standard library.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

SECONDS = 30
NICENESS = 10  # citizens and pages come first
_turn = BoundedSemaphore(2)
"""Documents are made two at a time, so that a rush of readers does not fill the memory."""


class DocumentFailed(RuntimeError):
    """The document could not be made; the message holds what typst said."""


def render(source: Path, data: Mapping[str, Any], *, at: datetime | None = None) -> bytes:
    """The PDF of a template and its values. `at` is the creation instant written into the file."""
    order = {"source": str(source), "data": _text(data), "at": int(at.timestamp()) if at else 0}
    with _turn:
        try:
            done = subprocess.run(  # noqa: S603 - our own program, no shell
                [sys.executable, "-I", __file__],
                input=json.dumps(order).encode(),
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DocumentFailed(f"{source.name}: tidak selesai dalam {SECONDS} detik.") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise DocumentFailed(f"{source.name}: {done.stderr.decode(errors='replace').strip()[-2000:]}")
    return done.stdout


def fingerprint(source: Path, data: Mapping[str, Any]) -> str:
    """Names what `render` would make, without making it: for `ETag`."""
    return hashlib.sha256(source.read_bytes() + _text(data).encode()).hexdigest()[:32]


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_UNDRAWABLE = re.compile(r'the text `"((?:\\.|[^"\\])*)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_ROUNDS = 20


def _compile(order: dict[str, Any]) -> bytes:
    """The document; letters that no font of ours can draw (emoji, rare scripts) become � instead of stopping it."""
    import typst

    source, data = Path(order["source"]), order["data"]
    for _round in range(_ROUNDS):
        try:
            document: bytes = typst.compile(
                source,
                root=source.parent,
                sys_inputs={"data": data},
                ignore_system_fonts=True,
                pdf_standards="ua-1",
                timestamp=order["at"],
                format="pdf",
            )
        except typst.TypstError as error:
            found = undrawable(error.diagnostic)
            if not found:
                raise
            data = json.dumps(_without(json.loads(data), found), ensure_ascii=False)
        else:
            return document
    raise ValueError("terlalu banyak huruf yang tidak dapat dicetak")


def undrawable(diagnostic: str) -> set[str]:
    """The letters that typst says it cannot draw."""
    texts = _UNDRAWABLE.findall(diagnostic)
    return {letter for text in texts for letter in _ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), text)}


def _without(value: Any, letters: set[str]) -> Any:
    if isinstance(value, str):
        return "".join("\N{REPLACEMENT CHARACTER}" if letter in letters else letter for letter in value)
    if isinstance(value, list):
        return [_without(one, letters) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, letters) for key, one in value.items()}
    return value


def _main() -> None:
    os.nice(NICENESS)
    sys.stdout.buffer.write(_compile(json.load(sys.stdin)))


if __name__ == "__main__":
    _main()
