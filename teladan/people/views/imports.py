"""Importing people and units in the browser: upload, messages and preview, then all or nothing."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from teladan.core.uploads import capped_upload
from teladan.people import access, queries
from teladan.people.access import requires
from teladan.people.forms import UploadForm
from teladan.people.imports import EXAMPLES, FILES
from teladan.people.permissions import Permission
from teladan.ui import uploads


def _trail() -> list[tuple[str, str]]:
    return [(_("Pegawai"), reverse("people-list")), (_("Impor"), reverse("people-import"))]


PAGES = uploads.Pages("people-import", "people-import-run", "people-import-messages", _trail)


@capped_upload
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PEOPLE_IMPORT)
def import_start(request: HttpRequest) -> HttpResponse:
    """Upload a file; it is checked and kept, reduced, until it is committed or expires."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    run = uploads.received(request, form, "berkas", lambda *_: FILES.importer(form.cleaned_data["jenis"]), FILES)
    if run:
        return redirect("people-import-run", run.pk)
    whole = access.everywhere(request.user, Permission.PEOPLE_IMPORT)
    words = {"units": _("unit"), "employees": _("pegawai")}
    rows = [
        (one, words[one.kind], reverse("people-import-run", args=[one.pk]))
        for one in queries.recent_runs(None if whole else request.user)
    ]
    context = {"form": form, "runs": rows, "whole": whole, "trail": [*_trail()[:-1], (_("Impor"), "")]}
    return render(request, "people/import_start.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What the file would do; POST does it."""
    run = access.import_run_or_404(request.user, run_id)
    uploader = queries.name_of_actor(run.uploaded_by)
    return uploads.run_page(request, run, files=FILES, pages=PAGES, uploader=uploader)


@require_safe
def import_messages(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """All messages as a file."""
    return uploads.messages_file(access.import_run_or_404(request.user, run_id))


@require_safe
@requires(Permission.PEOPLE_IMPORT)
def import_example(request: HttpRequest, kind: str) -> HttpResponse:
    """A small file with the right headers."""
    if kind not in EXAMPLES:
        raise Http404
    headers, rows = EXAMPLES[kind]
    return uploads.csv_file(headers, rows, f"contoh-{'pegawai' if kind == 'employees' else 'unit'}.csv")
