"""A body that ends before its announced length is refused, in whatever steps it is read."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from teladan.core.bodies import refuse_broken

PARTS = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + b"c" * 70_000 + b"\r\n--x--\r\n"


def asked(body: bytes, length: str | None, kind: str = "application/x-www-form-urlencoded") -> WSGIRequest:
    environ: dict[str, Any] = RequestFactory().post("/").environ
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": length, "CONTENT_TYPE": kind}
    refuse_broken(environ)
    return WSGIRequest(environ)


@pytest.mark.parametrize("missing", [1, 3, 100])
def test_a_form_that_breaks_off_is_refused(missing: int) -> None:
    with pytest.raises(BadRequest):
        asked(b"a=1&b=2", str(7 + missing)).POST  # noqa: B018


@pytest.mark.parametrize("kept", [10, 40, 30_000, len(PARTS) - 5])
def test_a_file_that_breaks_off_is_refused(kept: int) -> None:
    with pytest.raises(BadRequest):
        asked(PARTS[:kept], str(len(PARTS)), "multipart/form-data; boundary=x").FILES  # noqa: B018


def test_a_line_that_never_comes_is_refused() -> None:
    request = asked(b"a\nb", "5")
    assert request.readline() == b"a\n"
    assert request.readline() == b"b"
    with pytest.raises(BadRequest):
        request.readline()


def test_what_is_whole_is_read_as_before() -> None:
    assert asked(b"a=1&b=2", "7").POST.dict() == {"a": "1", "b": "2"}
    assert asked(b"a=1&b=2 and the next request", "7").POST.dict() == {"a": "1", "b": "2"}
    assert asked(PARTS, str(len(PARTS)), "multipart/form-data; boundary=x").FILES["a"].size == 70_000
    assert asked(b"", "0").POST.dict() == {}


@pytest.mark.parametrize("length", [None, "", "-1"])
def test_without_a_length_nothing_is_read(length: str | None) -> None:
    assert asked(b"a=1", length).POST.dict() == {}
