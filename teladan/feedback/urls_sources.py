"""Addresses of the source systems and of event files."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from teladan.feedback.views import event_files, sources

urlpatterns: list[URLPattern | URLResolver] = [
    path("sumber", sources.source_list, name="source-list"),
    path("sumber/berkas", event_files.event_import, name="events-import"),
    path("sumber/berkas/contoh.csv", event_files.event_example, name="events-import-example"),
    path("sumber/berkas/<uuid:run_id>", event_files.event_import_run, name="events-import-run"),
    path("sumber/berkas/<uuid:run_id>/pesan.csv", event_files.event_import_messages, name="events-import-messages"),
    path("sumber/sistem/<str:code>", sources.source_detail, name="source-detail"),
    path("sumber/sistem/<str:code>/token", sources.source_token, name="source-token"),
    path("sumber/sistem/<str:code>/token/cabut", sources.source_revoke, name="source-revoke"),
    path("sumber/sistem/<str:code>/berhenti", sources.source_stop, name="source-stop"),
    path("sumber/sistem/<str:code>/pakai-lagi", sources.source_resume, name="source-resume"),
]
