"""Where the database is: DATABASE_URL, or the embedded server's socket below the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from teladan.config import env
from teladan.core import postgres


def settings_from_url(url: str) -> dict[str, Any]:
    """Django's settings for a `postgres://user:password@host:port/name?option=value` address."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL harus diawali postgres:// atau postgresql://.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "NAME": unquote(parts.path.lstrip("/")) or postgres.DATABASE,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def database_settings(data: Path) -> dict[str, Any]:
    """Settings of the one database. Persistent connections with health checks did best on two cores."""
    url = env.database_url()
    if url:
        found = settings_from_url(url)
    else:
        found = {
            "NAME": postgres.DATABASE,
            "USER": postgres.SUPERUSER,
            "HOST": str(postgres.run_folder(data)),
            "OPTIONS": {},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        **found,
    }
