"""The pages of a file on its way in, the same in every room: the form's refusals, the run with its messages, saving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from teladan.core import kept, progress
from teladan.core.imports import Importer, Report
from teladan.core.kept import Files
from teladan.core.models import ImportRun, Progress
from teladan.core.spreadsheet import FileRefused, too_large, write_csv
from teladan.core.uploads import is_too_large

SHOWN = 100
State = ImportRun.State


@dataclass(frozen=True)
class Pages:
    """Where a room's files are brought and read: names of the URLs, and the way there."""

    start: str
    run: str
    messages: str
    trail: Callable[[], list[tuple[str, str]]]


def received(
    request: HttpRequest, form: forms.Form, field: str, importer: Callable[[bytes, str], Importer], files: Files
) -> ImportRun | None:
    """The kept file of an upload; None where the form now says what is wrong (or nothing was sent)."""
    if is_too_large(request):
        form.errors.clear()
        form.add_error(field, too_large(int(request.META.get("CONTENT_LENGTH") or 0)))
    elif request.method == "POST" and form.is_valid():
        file = form.cleaned_data[field]
        content = file.read()
        try:
            return kept.receive(files, importer(content, file.name), content, file.name, by=request.user)
        except FileRefused as error:
            form.add_error(field, str(error))
    return None


def run_page(request: HttpRequest, run: ImportRun, *, files: Files, pages: Pages, uploader: str) -> HttpResponse:
    """What the file would do, or did; POST does it. While the worker has it, the page asks again."""
    if request.method == "POST":
        return _save(request, run, files, pages)
    work = kept.progress_of(run)
    working = run.state in (State.RECEIVED, State.ACCEPTED) and progress.is_working(work)
    context: dict[str, Any] = {"run": run, "work": work, "working": working, "here": reverse(pages.run, args=[run.pk])}
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "ui/import_run.html#progress", context)
        if not working:
            response.headers["HX-Refresh"] = "true"
        return response
    report = Report.from_json(run.report)
    context |= {
        "report": report,
        "shown": report.messages[:SHOWN],
        "more": report.errors + report.warnings - min(SHOWN, len(report.messages)),
        "failed": work.message if work and not working and work.state != Progress.State.DONE else "",
        "uploader": uploader,
        "trail": [*pages.trail(), (run.filename, "")],
        "start_url": reverse(pages.start),
        "messages_url": reverse(pages.messages, args=[run.pk]),
        "groups": [
            (_("Lihat yang baru"), report.examples.get("new")),
            (_("Lihat yang berubah"), report.examples.get("changed")),
            (_("Lihat yang tidak ada di berkas (tetap tersimpan)"), report.examples.get("missing")),
        ],
    }
    return render(request, "ui/import_run.html", context)


def _save(request: HttpRequest, run: ImportRun, files: Files, pages: Pages) -> HttpResponse:
    already = run.state == State.COMMITTED
    try:
        report = kept.save(run, files, by=request.user)
    except FileRefused as error:
        messages.error(request, str(error))
    else:
        if already:
            messages.info(request, _("Berkas ini sudah disimpan sebelumnya. Tidak ada yang berubah."))
        elif report and report.ok:
            messages.success(request, _("Semua baris disimpan."))
        elif report:
            messages.error(request, _("Tidak ada yang disimpan: data sudah berubah sejak diperiksa. Baca pesannya."))
    return redirect(pages.run, run.pk)


def messages_file(run: ImportRun) -> HttpResponse:
    """All messages of a file, to work through beside the sheet."""
    report = Report.from_json(run.report)
    headers = ["TINGKAT", "LEMBAR", "BARIS", "KOLOM", "APA", "YANG PERLU DILAKUKAN"]
    rows = [
        ("kesalahan" if one.level == "error" else "peringatan", one.sheet, one.row, one.column, one.what, one.todo)
        for one in report.messages
    ]
    return csv_file(headers, rows, "pesan-impor.csv")


def csv_file(headers: Sequence[str], rows: Sequence[Sequence[Any]], name: str) -> HttpResponse:
    """A small table to download."""
    disposition = f'attachment; filename="{name}"'
    content = write_csv(headers, rows)
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})
