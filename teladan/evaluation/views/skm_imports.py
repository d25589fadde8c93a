"""Importing older reports in the browser: upload, messages and preview, then all or nothing."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from teladan.core import clock
from teladan.core.spreadsheet import read_table
from teladan.core.uploads import capped_upload
from teladan.evaluation.access import skm as access
from teladan.evaluation.forms.skm import PastUploadForm
from teladan.evaluation.imports_skm import FILES, PastImporter
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.views import skm_shapes as shapes
from teladan.people import queries as people
from teladan.people.access import requires
from teladan.people.permissions import Permission
from teladan.ui import uploads


def _trail() -> list[tuple[str, str]]:
    return [(_("Laporan SKM"), reverse("skm-list")), (_("Laporan lama"), reverse("skm-import"))]


PAGES = uploads.Pages("skm-import", "skm-import-run", "skm-import-messages", _trail)


@capped_upload
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SKM_IMPORT)
def skm_import(request: HttpRequest) -> HttpResponse:
    """Upload a file of older reports; it is checked and kept until it is committed or expires."""
    form = PastUploadForm(request.POST, request.FILES) if request.method == "POST" else PastUploadForm()

    def importer(content: bytes, name: str) -> PastImporter:
        return PastImporter(headers=read_table(content, name).headers, **form.options())

    if run := uploads.received(request, form, "file", importer, FILES):
        return redirect("skm-import-run", run.pk)
    rows = queries.past_list()
    names = people.unit_names(clock.today())
    context = {
        "form": form,
        "rows": [(names.get(row.unit_id, row.unit.code), line) for row, line in zip(rows, shapes.past_lines(rows), strict=True)],
        "trail": [*_trail()[:-1], (_("Laporan lama"), "")],
    }  # fmt: skip
    return render(request, "evaluation/skm_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def skm_import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What the file would do; POST does it."""
    run = access.import_run_or_404(request.user, run_id)
    uploader = people.name_of_actor(run.uploaded_by)
    return uploads.run_page(request, run, files=FILES, pages=PAGES, uploader=uploader)


@require_safe
def skm_import_messages(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """All messages as a file."""
    return uploads.messages_file(access.import_run_or_404(request.user, run_id))
