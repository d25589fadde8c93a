"""Importing older reports in the browser: upload, messages and preview, then all or nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from teladan.core import clock
from teladan.core import imports as core
from teladan.core.imports import Report
from teladan.core.models import ImportRun
from teladan.core.spreadsheet import FileRefused, read_table, too_large
from teladan.core.uploads import capped_upload, is_too_large
from teladan.evaluation.access import skm as access
from teladan.evaluation.forms.skm import PastUploadForm
from teladan.evaluation.imports_skm import PastImporter
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.views import skm_shapes as shapes
from teladan.people import queries as people
from teladan.people.access import requires
from teladan.people.permissions import Permission

SHOWN = 100


def _trail(last: str = "") -> list[tuple[str, str]]:
    start = [(_("Laporan SKM"), reverse("skm-list"))]
    return [*start, (_("Laporan lama"), reverse("skm-import") if last else ""), *([(last, "")] if last else [])]


@capped_upload
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SKM_IMPORT)
def skm_import(request: HttpRequest) -> HttpResponse:
    """Upload a file of older reports; it is checked at once and kept until it is committed or expires."""
    form = PastUploadForm(request.POST, request.FILES) if request.method == "POST" else PastUploadForm()
    if is_too_large(request):
        form.errors.clear()
        form.add_error("file", too_large(int(request.META.get("CONTENT_LENGTH") or 0)))
    elif request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            importer = PastImporter(headers=read_table(content, file.name).headers, **form.options())
            run = core.preview(importer, content, file.name, by=request.user)
            return redirect("skm-import-run", run.pk)
        except FileRefused as error:
            form.add_error("file", str(error))
    rows = queries.past_list()
    names = people.unit_names(clock.today())
    context = {
        "form": form,
        "rows": [(names.get(row.unit_id, row.unit.code), line) for row, line in zip(rows, shapes.past_lines(rows), strict=True)],
        "trail": _trail(),
    }  # fmt: skip
    return render(request, "evaluation/skm_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def skm_import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What the file would do; POST does it."""
    run = access.import_run_or_404(request.user, run_id)
    if request.method == "POST":
        return _commit(request, run)
    report = Report.from_json(run.report)
    context = {
        "run": run,
        "report": report,
        "shown": report.messages[:SHOWN],
        "more": report.errors + report.warnings - min(SHOWN, len(report.messages)),
        "committed": run.state == ImportRun.State.COMMITTED,
        "examples": [*report.examples.get("new", []), *report.examples.get("changed", [])],
        "trail": _trail(run.filename),
    }
    return render(request, "evaluation/skm_import_run.html", context)


def _commit(request: HttpRequest, run: ImportRun) -> HttpResponse:
    already = run.state == ImportRun.State.COMMITTED
    try:
        report = core.commit_run(run, PastImporter.of_kind(run.kind), by=request.user)
    except FileRefused as error:
        messages.error(request, str(error))
    else:
        if already:
            messages.info(request, _("Berkas ini sudah disimpan sebelumnya. Tidak ada yang berubah."))
        elif report.ok:
            messages.success(request, _("Semua baris disimpan."))
        else:
            messages.error(request, _("Tidak ada yang disimpan: data sudah berubah sejak diperiksa. Baca pesannya."))
    return redirect("skm-import-run", run.pk)
