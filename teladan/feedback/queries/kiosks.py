"""Kiosks as their keepers see them."""

from __future__ import annotations

import hmac

from django.db.models import QuerySet

from teladan.feedback.models import Kiosk
from teladan.people.models import Unit


def kiosks_in(units: QuerySet[Unit]) -> QuerySet[Kiosk]:
    """The kiosks of these units, those in use first."""
    return Kiosk.objects.filter(unit__in=units).select_related("unit").order_by("revoked_at", "name")


def kiosk_named(code: str) -> Kiosk | None:
    """A kiosk that has not been revoked."""
    return Kiosk.objects.filter(code=code, revoked_at__isnull=True).first()


def is_device(kiosk: Kiosk, hashed: bytes) -> bool:
    """Whether this is the hash of the enrolled tablet's secret; constant work."""
    return kiosk.device_hash is not None and hmac.compare_digest(bytes(kiosk.device_hash), hashed)
