"""Service events from files in the browser: upload, messages and preview, then all or nothing."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from teladan.core import kept
from teladan.core.uploads import capped_upload
from teladan.feedback import access
from teladan.feedback.forms_sources import EventUploadForm
from teladan.feedback.imports_events import EXAMPLE, FILES, KIND, EventImporter
from teladan.people import queries as people
from teladan.people.access import everywhere, requires
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.ui import uploads


def _trail() -> list[tuple[str, str]]:
    return [(_("Sumber data"), reverse("source-list")), (_("Berkas layanan"), reverse("events-import"))]


PAGES = uploads.Pages("events-import", "events-import-run", "events-import-messages", _trail)


@capped_upload
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.EVENTS_IMPORT)
def event_import(request: HttpRequest) -> HttpResponse:
    """Upload a file of events; it is checked and kept until it is committed or expires."""
    form = EventUploadForm(request.POST, request.FILES) if request.method == "POST" else EventUploadForm()

    def importer(*_: object) -> EventImporter:
        code = form.cleaned_data["source"]
        return EventImporter(services.active_source(code) if code else None)

    if run := uploads.received(request, form, "file", importer, FILES):
        return redirect("events-import-run", run.pk)
    names = {key: source.name for key, source in services.active_sources().items()}
    mine = None if everywhere(request.user, Permission.EVENTS_IMPORT) else request.user
    rows = [
        (one, _source_name(one.kind, names), reverse("events-import-run", args=[one.pk]))
        for one in kept.recent([KIND], by=mine)
    ]
    context = {"form": form, "runs": rows, "trail": [*_trail()[:-1], (_("Berkas layanan"), "")]}
    return render(request, "feedback/event_import.html", context, status=422 if form.errors else 200)


def _source_name(kind: str, names: dict[int, str]) -> str:
    key = kind.removeprefix(KIND).removeprefix(":")
    return names.get(int(key), _("sumber yang berhenti")) if key else _("menurut kolom SUMBER")


@require_http_methods(["GET", "HEAD", "POST"])
def event_import_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What the file would do; POST does it."""
    run = access.event_run_or_404(request.user, run_id)
    uploader = people.name_of_actor(run.uploaded_by)
    return uploads.run_page(request, run, files=FILES, pages=PAGES, uploader=uploader)


@require_safe
def event_import_messages(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """All messages as a file."""
    return uploads.messages_file(access.event_run_or_404(request.user, run_id))


@require_safe
@requires(Permission.EVENTS_IMPORT)
def event_example(request: HttpRequest) -> HttpResponse:
    """A small file with the right headers."""
    headers, row = zip(*EXAMPLE, strict=True)
    return uploads.csv_file(headers, [row], "contoh-layanan.csv")
