"""For whoever holds a receipt, and for everybody who counts: what became of a rating, what the log holds of each month."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from teladan.core import clock, ratelimit
from teladan.feedback import leaves, queries, rules, tokens
from teladan.feedback.forms import ReceiptForm
from teladan.feedback.views.doorway import citizen_page, hold_ticket, see_other

PROGRAM = Path(__file__).resolve().parent.parent / "documents" / "periksa_bulan.program"


@citizen_page
def receipt_check(request: HttpRequest) -> HttpResponse:
    """Paste a code or a receipt, or choose its file. The code travels in the body only, and is stored nowhere."""
    if request.method != "POST":
        return render(request, "feedback/receipt_check.html", {"form": ReceiptForm()})
    if not ratelimit.allow("feedback.check", rules.CHECKS_PER_MINUTE, 60):
        return render(request, "feedback/receipt_busy.html", status=429)
    form = ReceiptForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "feedback/receipt_check.html", {"form": form}, status=422)
    try:
        found = queries.look_up(form.beginning())
    except queries.AmbiguousCode:
        form.add_error("text", _("Ada dua tanda terima dengan kode ini. Tempelkan seluruh tanda terima Anda."))
        return render(request, "feedback/receipt_check.html", {"form": form}, status=422)
    if found is None:
        return render(request, "feedback/receipt_missing.html", status=404)
    return render(request, "feedback/receipt_result.html", {"found": found})


@citizen_page
def receipt_again(request: HttpRequest) -> HttpResponse:
    """Take the receipt into the hand instead of a ticket. Every receipt of a month that still collects gets the form."""
    if request.method != "POST":
        return see_other("receipt-check")
    if not ratelimit.allow("feedback.check", rules.CHECKS_PER_MINUTE, 60):
        return render(request, "feedback/receipt_busy.html", status=429)
    try:
        found = queries.look_up(leaves.read_receipt(request.POST.get("text", "")))
    except (leaves.MalformedReceipt, queries.AmbiguousCode):
        found = None
    if found is None:
        return render(request, "feedback/receipt_missing.html", status=404)
    if not found.is_open:
        return render(request, "feedback/receipt_result.html", {"found": found, "too_late": True}, status=410)
    response = see_other("rating-form")
    hold_ticket(request, response, found.c, tokens.order_of(found.c), again=found.month)
    return response


# --- for everybody ---------------------------------------------------------------------------------------------------


@citizen_page
def leaf_months(request: HttpRequest) -> HttpResponse:
    """Per sealed month the leaves by what became of them, how to check that, and what an administrator could learn."""
    return render(request, "feedback/leaf_months.html", {"months": queries.leaf_counts()})


@citizen_page
def leaf_list(request: HttpRequest, month: str) -> HttpResponse:
    """The leaves of a sealed month with their status, one a line."""
    found = queries.status_list(_month_or_404(month))
    if found is None:
        raise Http404(_("Daftar ini terbit setelah bulan ditutup."))
    return _text("".join(f"{c} {status}\n" for c, status in found))


def _month_or_404(text: str) -> date:
    try:
        return clock.parse_month(text)
    except ValueError as error:
        raise Http404(_("Bulan ditulis seperti 2026-10.")) from error


@citizen_page
def leaf_log(request: HttpRequest) -> HttpResponse:
    """The whole log as text. Costly, so not too often for all together."""
    if not ratelimit.allow("feedback.log", rules.LOGS_PER_MINUTE, 60):
        return render(request, "feedback/receipt_busy.html", status=429)
    response = StreamingHttpResponse(queries.published_log(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="log.txt"'
    return response  # type: ignore[return-value]


@citizen_page
def check_program(request: HttpRequest) -> HttpResponse:
    """The program that redoes the count on any computer."""
    response = _text(PROGRAM.read_text(encoding="utf-8"))
    response["Content-Disposition"] = 'attachment; filename="periksa_bulan.py"'
    return response


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
