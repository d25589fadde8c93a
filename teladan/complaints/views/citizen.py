"""The complainant's way: what a complaint is, the form, the receipt, and the case opened with number and code."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.complaints import files, queries
from teladan.complaints.actions import filing
from teladan.complaints.actions.filing import Filed, TooManyTries
from teladan.complaints.actions.steps import ComplaintRefused
from teladan.complaints.forms import MEGABYTES, AddForm, CodeForm, ComplaintForm
from teladan.complaints.models import Complaint
from teladan.complaints.views.hand import case_in_hand, complainant_page, hold_case, let_go
from teladan.core import clock, codes
from teladan.core.uploads import capped_at, is_too_large


@complainant_page
@require_safe
def complaint_start(request: HttpRequest) -> HttpResponse:
    """How a complaint differs from a rating, and the two ways on."""
    return render(request, "complaints/complaint_start.html", {"clocks": queries.clocks_on(clock.today())})


def _too_large() -> str:
    return _("Lampiran terlalu besar: paling banyak %(n)d berkas, masing-masing %(mb)d MB. Pilih lagi.") % {
        "n": files.MAX_FILES,
        "mb": MEGABYTES,
    }


@complainant_page
@capped_at(files.MAX_TOTAL)
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_form(request: HttpRequest) -> HttpResponse:
    """The form; its answer is the receipt itself, since the code exists nowhere else."""
    if request.method != "POST":
        return render(request, "complaints/complaint_form.html", {"form": ComplaintForm()})
    form = ComplaintForm(request.POST, request.FILES)
    if form.is_valid() and not is_too_large(request):
        try:
            filed = filing.file_complaint(sent=form.sent(), key=form.cleaned_data["kunci"])
        except TooManyTries:
            form.add_error(None, _("Terlalu banyak pengaduan masuk pada jam ini. Kirim lagi sebentar lagi."))
        else:
            return _receipt(request, filed)
    if is_too_large(request):
        form.add_error("attachments", _too_large())
    context = {"form": form, "files_again": bool(request.FILES)}
    return render(request, "complaints/complaint_form.html", context, status=422)


def _receipt_context(request: HttpRequest, complaint: Complaint, code: str) -> dict[str, Any]:
    return {
        "check_at": request.get_host() + reverse("complaint-check"),
        "complaint": complaint,
        "status": queries.status_of(complaint),
        "code": codes.grouped(code),
        "clocks": queries.clocks_on(clock.day_of(complaint.received_at)),
    }


def _receipt(request: HttpRequest, filed: Filed) -> HttpResponse:
    context = {**_receipt_context(request, filed.complaint, filed.code), "is_changed": filed.is_changed}
    return render(request, "complaints/complaint_receipt.html", context)


def _refused_tries(request: HttpRequest) -> HttpResponse:
    return render(request, "complaints/complaint_locked.html", status=429)


@complainant_page
@require_POST
def complaint_receipt(request: HttpRequest) -> HttpResponse:
    """The receipt as a text file, for whoever shows number and code."""
    form = CodeForm(request.POST)
    try:
        found = filing.open_with_code(**form.cleaned_data) if form.is_valid() else None
    except TooManyTries:
        return _refused_tries(request)
    if found is None:
        return redirect("complaint-check")
    context = _receipt_context(request, found, form.cleaned_data["code"])
    text = render_to_string("complaints/complaint_receipt.txt", context)
    name = f'attachment; filename="pengaduan-{found.shown_number}.txt"'
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Content-Disposition": name})


@complainant_page
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_check(request: HttpRequest) -> HttpResponse:
    """Number and code, typed; they open the case in this browser for half an hour."""
    form = CodeForm(request.POST) if request.method == "POST" else CodeForm()
    if request.method == "POST" and form.is_valid():
        try:
            found = filing.open_with_code(**form.cleaned_data)
        except TooManyTries:
            return _refused_tries(request)
        if found is not None:
            response = redirect("complaint-status")
            hold_case(response, found)
            return response
        form.refuse()
    return render(request, "complaints/complaint_check.html", {"form": form}, status=422 if form.errors else 200)


def _status(request: HttpRequest, case: Complaint, form: AddForm) -> HttpResponse:
    status = queries.status_of(case)
    context = {"case": case, "status": status, "form": form}
    return render(request, "complaints/complaint_status.html", context, status=422 if form.errors else 200)


@complainant_page
@capped_at(files.MAX_TOTAL)
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_status(request: HttpRequest) -> HttpResponse:
    """Where the case stands; POST adds what was asked for."""
    case = case_in_hand(request)
    if case is None:
        return redirect("complaint-check")
    if request.method != "POST":
        return _status(request, case, AddForm())
    form = AddForm(request.POST, request.FILES)
    if is_too_large(request):
        form.is_valid()
        form.add_error("attachments", _too_large())
    elif form.is_valid():
        try:
            filing.add_to_case(complaint=case, text=form.cleaned_data["text"], sent=form.cleaned_data["attachments"])
        except ComplaintRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Tambahan Anda sudah kami terima."))
            return redirect("complaint-status")
    return _status(request, case, form)


@complainant_page
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_withdraw(request: HttpRequest) -> HttpResponse:
    """Asks once more, then takes the complaint back."""
    case = case_in_hand(request)
    if case is None:
        return redirect("complaint-check")
    if request.method != "POST":
        return render(request, "complaints/complaint_withdraw.html", {"case": case})
    try:
        filing.withdraw(complaint=case)
    except ComplaintRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Pengaduan Anda dicabut."))
    return redirect("complaint-status")


@complainant_page
@require_POST
def complaint_leave(request: HttpRequest) -> HttpResponse:
    """Close the case in this browser, for shared telephones."""
    response = redirect("complaint-start")
    let_go(response)
    return response
