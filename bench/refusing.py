"""A server that only refuses: what asking without a pause costs, whatever the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
    return [b""]
