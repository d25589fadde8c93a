"""Importing in the browser: upload, messages and preview, then all or nothing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from teladan.core import imports as core
from teladan.core.imports import Importer, Report
from teladan.core.models import ImportRun
from teladan.core.spreadsheet import FileRefused, too_large, write_csv
from teladan.core.uploads import capped_upload, is_too_large
from teladan.people import access, queries
from teladan.people.access import requires
from teladan.people.forms import UploadForm
from teladan.people.imports import EXAMPLES, EmployeeImporter, UnitImporter
from teladan.people.permissions import Permission

SHOWN = 100
IMPORTERS: dict[str, type[EmployeeImporter] | type[UnitImporter]] = {
    "employees": EmployeeImporter,
    "units": UnitImporter,
}


def _importer(kind: str) -> Importer:
    return IMPORTERS[kind]()


@capped_upload
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE_IMPORT)
def import_start(request: HttpRequest) -> HttpResponse:
    """Upload a file; it is checked at once and kept, reduced, until it is committed or expires."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if is_too_large(request):
        form.errors.clear()
        form.add_error("berkas", too_large(int(request.META.get("CONTENT_LENGTH") or 0)))
    elif request.method == "POST" and form.is_valid():
        file = form.cleaned_data["berkas"]
        try:
            run = core.preview(_importer(form.cleaned_data["jenis"]), file.read(), file.name, by=request.user)
            return redirect("people-import-run", run.pk)
        except FileRefused as error:
            form.add_error("berkas", str(error))
    whole = access.everywhere(request.user, Permission.PEOPLE_IMPORT)
    context = {"form": form, "runs": queries.recent_runs(None if whole else f"user:{request.user.pk}"), "whole": whole}
    return render(request, "people/import_start.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
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
        "uploader": queries.name_of_actor(run.uploaded_by),
        "groups": [
            (_("Lihat yang baru"), report.examples.get("new")),
            (_("Lihat yang berubah"), report.examples.get("changed")),
            (_("Lihat yang tidak ada di berkas (tetap tersimpan)"), report.examples.get("missing")),
        ],
    }
    return render(request, "people/import_run.html", context)


def _commit(request: HttpRequest, run: ImportRun) -> HttpResponse:
    already = run.state == ImportRun.State.COMMITTED
    try:
        report = core.commit_run(run, _importer(run.kind), by=request.user)
    except FileRefused as error:
        messages.error(request, str(error))
    else:
        if already:
            messages.info(request, _("Berkas ini sudah disimpan sebelumnya. Tidak ada yang berubah."))
        elif report.ok:
            messages.success(request, _("Semua baris disimpan."))
        else:
            messages.error(request, _("Tidak ada yang disimpan: data sudah berubah sejak diperiksa. Baca pesannya."))
    return redirect("people-import-run", run.pk)


@require_safe
def import_messages(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """All messages as a file, to work through beside the sheet."""
    report = Report.from_json(access.import_run_or_404(request.user, run_id).report)
    headers = ["TINGKAT", "LEMBAR", "BARIS", "KOLOM", "APA", "YANG PERLU DILAKUKAN"]
    rows = [
        ("kesalahan" if one.level == "error" else "peringatan", one.sheet, one.row, one.column, one.what, one.todo)
        for one in report.messages
    ]
    return _file(write_csv(headers, rows), "pesan-impor.csv")


@require_safe
@requires(Permission.PEOPLE_IMPORT)
def import_example(request: HttpRequest, kind: str) -> HttpResponse:
    """A small file with the right headers."""
    if kind not in EXAMPLES:
        raise Http404
    headers, rows = EXAMPLES[kind]
    return _file(write_csv(headers, rows), f"contoh-{'pegawai' if kind == 'employees' else 'unit'}.csv")


def _file(content: bytes, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})
