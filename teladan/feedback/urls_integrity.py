"""Addresses of the Inspektorat's desk. The frozen reports beside it belong to evaluation."""

from __future__ import annotations

from django.urls import URLPattern, path

from teladan.feedback.views import integrity

urlpatterns: list[URLPattern] = [
    path("integritas/meja", integrity.integrity_desk, name="integrity-desk"),
    path("integritas/ditahan", integrity.held_list, name="held-list"),
    path("integritas/ditahan/<uuid:case_id>", integrity.held_detail, name="held-detail"),
    path("integritas/ditahan/<uuid:case_id>/putuskan", integrity.held_judge, name="held-judge"),
    path("integritas/telepon", integrity.call_months, name="call-months"),
    path("integritas/telepon/nomor/<int:call_id>", integrity.call_record, name="call-record"),
    path("integritas/telepon/<str:month>", integrity.call_list, name="call-list"),
    path("integritas/telepon/<str:month>/populasi.txt", integrity.call_population, name="call-population"),
]
