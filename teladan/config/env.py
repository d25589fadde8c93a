"""Typed readers of environment variables. Each `NAME` may also be given as a file: `NAME_FILE=/run/secrets/name`."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """Value of `name`, else the content of the file named by `name_FILE`, else the default."""
    if name in os.environ:
        return os.environ[name]
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {path} tidak dapat dibaca ({error.strerror}).") from error
    if default is None:
        raise ImproperlyConfigured(f"{name} belum diisi. Lihat docs/settings.md.")
    return default


def flag(name: str, default: bool) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} harus 1 atau 0, bukan {value!r}.")
    return value in {"1", "true", "yes"}


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} harus bilangan bulat, bukan {value!r}.") from error


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def data_folder() -> Path:
    """Where everything lies that the product writes: TELADAN_DATA, else `var` beside the code or in the working folder."""
    checkout = Path(__file__).resolve().parents[2]
    beside = checkout if (checkout / "pyproject.toml").exists() else Path.cwd()
    return Path(text("TELADAN_DATA", str(beside / "var"))).resolve()


def database_url() -> str:
    """Address of the database; empty means the embedded server."""
    return text("DATABASE_URL", "")
