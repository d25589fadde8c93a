"""Pages of BKPSDM: the months, what is missing before one can be closed, the button, the result of a closing."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from teladan.core import progress
from teladan.evaluation.actions import closing as actions
from teladan.evaluation.actions.closing import CloseRefused, ReopenRefused
from teladan.evaluation.forms.closing import ReopenForm
from teladan.evaluation.queries import closing as queries
from teladan.people.access import can, requires
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.ui import formats


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@require_GET
@requires(Permission.MONTH_CLOSE)
def closing_list(request: HttpRequest) -> HttpResponse:
    """Every month and where it stands."""
    return render(request, "evaluation/closing_list.html", {"lines": queries.month_lines()})


@require_GET
@requires(Permission.MONTH_CLOSE)
def closing_detail(request: HttpRequest, month: date) -> HttpResponse:
    """One month. While a closing is under way the page asks again every two seconds; at the end it loads anew."""
    _known(month)
    work = queries.progress_of(month)
    working = progress.is_working(work)
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "evaluation/closing_detail.html#progress", {"month": month, "work": work})
        if not working:
            response.headers["HX-Refresh"] = "true"
        return response
    return _detail(request, month, ReopenForm())


@require_POST
@requires(Permission.MONTH_CLOSE)
def closing_start(request: HttpRequest, month: date) -> HttpResponse:
    """Queue the closing; whatever stops it is listed on the same page."""
    _known(month)
    try:
        actions.request_closing(month=month, by=_user(request))
    except CloseRefused:
        return _detail(request, month, ReopenForm(), status=422)
    return redirect("closing-detail", month)


@require_POST
@requires(Permission.MONTH_REOPEN)
def closing_reopen(request: HttpRequest, month: date) -> HttpResponse:
    """Open a closed month for another version."""
    _known(month)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return _detail(request, month, form, status=422)
    try:
        months = actions.reopen_month(month=month, by=_user(request), reason=form.cleaned_data["reason"])
    except ReopenRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("closing-detail", month)
    names = ", ".join(formats.month(one) for one in months)
    messages.success(request, _("Dibuka kembali. Tutup lagi berurutan: %(months)s.") % {"months": names})
    return redirect("closing-detail", month)


def _known(month: date) -> None:
    if month not in queries.months_with_events() and not queries.versions(month):
        raise Http404(_("Tidak ada layanan tercatat pada bulan ini."))


def _detail(request: HttpRequest, month: date, form: ReopenForm, status: int = 200) -> HttpResponse:
    work = queries.progress_of(month)
    versions = queries.versions(month)
    in_force = next((one for one in versions if one.is_current), None)
    context = {
        "trail": [(_("Bulan"), reverse("closing-list")), (formats.month(month), "")],
        "month": month,
        "readiness": queries.readiness(month),
        "versions": versions,
        "in_force": in_force,
        "is_closed": in_force is not None and in_force.reopened_at is None,
        "work": work,
        "working": progress.is_working(work),
        "form": form,
        "may_reopen": can(request.user, Permission.MONTH_REOPEN),
    }
    return render(request, "evaluation/closing_detail.html", context, status=status)
