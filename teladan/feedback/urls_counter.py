"""Addresses of the counter and of the intake API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from teladan.feedback import api
from teladan.feedback.views import counter

urlpatterns: list[URLPattern | URLResolver] = [
    path("loket", counter.counter_serve, name="counter-serve"),
    path("loket/<slug:code>", counter.counter_screen, name="counter-screen"),
    path("loket/<slug:code>/selesai/<uuid:event_id>", counter.counter_finish, name="counter-finish"),
    path("loket/<slug:code>/cetak-ulang/<uuid:event_id>", counter.counter_reprint, name="counter-reprint"),
    path("api/v1/", include((api.paths, "intake"), namespace="intake")),
]
