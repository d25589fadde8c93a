"""What a browser sends with a request, to its announced end."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.exceptions import BadRequest


class Stream(Protocol):
    """What a WSGI server gives as `wsgi.input`, as far as Django reads it."""

    def read(self, size: int = -1, /) -> bytes: ...
    def readline(self, size: int = -1, /) -> bytes: ...


class Whole:
    """A body that is refused (400) where it ends before its announced length.

    A connection that breaks in the middle of a form leaves one that looks complete, with answers missing; taken for the
    citizen's, it would stand against the whole form that comes next.
    """

    def __init__(self, stream: Stream, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        return self._counted(data, is_end=size < 0 or len(data) < size)

    def readline(self, size: int = -1, /) -> bytes:
        data = self._stream.readline(size)
        return self._counted(data, is_end=not data)

    def _counted(self, data: bytes, *, is_end: bool) -> bytes:
        self._left -= len(data)
        if is_end and self._left > 0:
            raise BadRequest("Kiriman terputus sebelum selesai.")
        return data


def refuse_broken(environ: dict[str, Any]) -> None:
    """Let a WSGI request's body be read to its end or not at all."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        environ["wsgi.input"] = Whole(environ["wsgi.input"], int(length))
