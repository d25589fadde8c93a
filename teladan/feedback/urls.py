"""Addresses of the citizen's pages and of outside ratings; the counter keeps its own list."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("teladan.feedback.urls_counter")),
]
