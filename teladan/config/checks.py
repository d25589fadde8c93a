"""Settings that contradict each other, said before the first request. Ids `teladan.E…` stop, `teladan.W…` warn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host

from teladan.config import env
from teladan.ledger import keys
from teladan.ledger.rules.notes import is_name


@register(Tags.security)
def address_and_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The address that slips and letters carry must be one that this server answers."""
    parts = urlsplit(settings.PUBLIC_ADDRESS)
    found: list[CheckMessage] = []
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        found.append(
            Error(
                f"TELADAN_ADDRESS bukan alamat situs: {settings.PUBLIC_ADDRESS!r}.",
                hint="Tulis misalnya https://teladan.sawahlunto.go.id, tanpa garis miring di belakang.",
                id="teladan.E001",
            )
        )
    elif not _answers(parts.hostname):
        found.append(
            Error(
                f"TELADAN_HOSTS tidak memuat {parts.hostname}, padahal itu alamat di TELADAN_ADDRESS.",
                hint=f"Tambahkan {parts.hostname} ke TELADAN_HOSTS; tanpa itu kode QR pada slip ditolak.",
                id="teladan.E002",
            )
        )
    return found


def _answers(host: str) -> bool:

    return validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS)


@register(Tags.security)
def proxy_needs_tls(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Trusting a proxy's header only makes sense where the public address is https."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not settings.TLS:
        return [
            Error(
                "TELADAN_BEHIND_PROXY=1 tetapi TELADAN_ADDRESS bukan https.",
                hint="Isi TELADAN_ADDRESS dengan alamat https situs, atau hapus TELADAN_BEHIND_PROXY.",
                id="teladan.E003",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def debug_in_public(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The gallery and debug pages show the inside of the house."""
    if settings.GALLERY and settings.TLS:
        return [
            Warning(
                "TELADAN_GALLERY=1 di situs umum.",
                hint="Galeri komponen hanya untuk pengembang; hapus TELADAN_GALLERY.",
                id="teladan.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def plain_http(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without TLS the ticket in a citizen's link can be read on the way."""
    if not settings.TLS:
        return [
            Warning(
                "Situs tidak memakai https.",
                hint="Isi TELADAN_ADDRESS dengan alamat https; tanpa itu tiket warga dapat dibaca di jalan.",
                id="teladan.W002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def embedded_in_public(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The embedded server is for trying out: it has no backups."""
    if settings.TLS and not env.database_url():
        return [
            Warning(
                "Situs umum memakai basis data tanam.",
                hint="Isi DATABASE_URL dengan PostgreSQL yang dicadangkan setiap hari.",
                id="teladan.W003",
            )
        ]
    return []


@register(Tags.security)
def ledger_name(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The log's name stands in every checkpoint and must be one word."""
    if is_name(settings.LEDGER_ORIGIN):
        return []
    return [
        Error(
            f"TELADAN_LEDGER_ORIGIN bukan nama log: {settings.LEDGER_ORIGIN!r}.",
            hint="Tulis misalnya teladan.sawahlunto.go.id/ledger, tanpa spasi dan tanpa tanda tambah.",
            id="teladan.E004",
        )
    ]


@register(Tags.security)
def delivery_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A gateway without a place for the address would send every ticket to the same mailbox."""
    return [
        Error(
            f"TELADAN_DELIVERY_{channel.upper()} tidak memuat {{address}}.",
            hint="Tulis alamat Apprise dengan {address} di tempat alamat warga, misalnya mailtos://…?to={address}.",
            id="teladan.E005",
        )
        for channel, template in settings.DELIVERY.items()
        if template and ("{address}" not in template or "://" not in template)
    ]


@register(Tags.security, deploy=True)
def ledger_key_apart(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Who can read the log key can sign another log; the web process, which everybody talks to, must not."""
    if settings.TLS and keys.log_key_is_readable():
        return [
            Warning(
                "Kunci log dapat dibaca oleh proses yang menjalankan pemeriksaan ini.",
                hint=(
                    "Jalankan pemeriksaan ini sebagai pengguna situs. Beri TELADAN_LEDGER_KEY_FILE hanya kepada pekerja "
                    "(`teladan worker` sebagai pengguna lain); lihat docs/settings.md."
                ),
                id="teladan.W004",
            )
        ]
    return []
