"""Addresses of the satisfaction survey's reports."""

from __future__ import annotations

from django.urls import path, register_converter

from teladan.evaluation.rules.skm import Period, parse_period
from teladan.evaluation.views import skm, skm_imports


class PeriodKey:
    """`2026`, `2026-S1`, `2026-T3`, `2026-07` in an address; a period that cannot exist is no address."""

    regex = r"[0-9]{4}(?:-(?:T[1-4]|S[12]|[0-9]{2}))?"

    def to_python(self, value: str) -> Period:
        return parse_period(value)

    def to_url(self, value: Period | str) -> str:
        return value if isinstance(value, str) else value.key


register_converter(PeriodKey, "period")

urlpatterns = [
    path("skm", skm.skm_list, name="skm-list"),
    path("skm-lama", skm_imports.skm_import, name="skm-import"),
    path("skm-lama/<uuid:run_id>", skm_imports.skm_import_run, name="skm-import-run"),
    path("skm-lama/<uuid:run_id>/pesan.csv", skm_imports.skm_import_messages, name="skm-import-messages"),
    path("skm/<str:code>", skm.skm_unit, name="skm-unit"),
    path("skm/<str:code>/<period:period>", skm.skm_detail, name="skm-report"),
    path("skm/<str:code>/<period:period>/konsep.pdf", skm.skm_pdf, name="skm-pdf"),
    path("skm/<str:code>/<period:period>/laporan.xlsx", skm.skm_xlsx, name="skm-xlsx"),
    path("skm/<str:code>/<period:period>/jawaban.csv", skm.skm_csv, name="skm-csv"),
    path("skm/<str:code>/<period:period>/v<int:version>.pdf", skm.skm_version, name="skm-version"),
    path("skm/<str:code>/<period:period>/rencana", skm.skm_plan_add, name="skm-plan"),
    path("skm/<str:code>/<period:period>/rencana/<int:row_id>", skm.skm_plan_change, name="skm-plan-change"),
    path("skm/<str:code>/<period:period>/terbit", skm.skm_publish, name="skm-publish"),
]
