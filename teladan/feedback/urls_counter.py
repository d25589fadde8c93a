"""Addresses of the counter and of the intake API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from teladan.feedback import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include((api.paths, "intake"), namespace="intake")),
]
