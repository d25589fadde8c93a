"""Decorators for kinds of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse

View = Callable[..., HttpResponse]

NO_SCRIPT = {"script-src": ["'none'"], "connect-src": ["'none'"]}


def public(view: View) -> View:
    """A page for everybody: no sign-in, and a policy under which no script can run."""
    replaced: Any = csp_replace(NO_SCRIPT)(view)
    return login_not_required(replaced)  # type: ignore[no-any-return]
