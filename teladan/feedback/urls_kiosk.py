"""Addresses of the kiosks and of those who keep them."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from teladan.feedback.views import kiosk

urlpatterns: list[URLPattern | URLResolver] = [
    path("kiosk/<slug:code>", kiosk.kiosk_screen, name="kiosk-screen"),
    path("kiosk/<slug:code>/kotak", kiosk.kiosk_outbox, name="kiosk-outbox"),
    path("kiosk/<slug:code>/ketik", kiosk.kiosk_typed, name="kiosk-typed"),
    path("kiosk/<slug:code>/pekerja.js", kiosk.kiosk_worker, name="kiosk-worker"),
    path("kios", kiosk.kiosk_list, name="kiosk-list"),
    path("kios/<slug:code>", kiosk.kiosk_detail, name="kiosk-detail"),
    path("kios/<slug:code>/kode", kiosk.kiosk_code, name="kiosk-code"),
    path("kios/<slug:code>/cabut", kiosk.kiosk_revoke, name="kiosk-revoke"),
]
