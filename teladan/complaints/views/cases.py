"""The office's pages: the handler's cases and acts, the complained-of's statement, overdue cases, readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.complaints import access, queries
from teladan.complaints.actions import handling
from teladan.complaints.actions.steps import ComplaintRefused
from teladan.complaints.forms import (
    CompleteForm,
    DecisionForm,
    DeliveryForm,
    EscalationForm,
    ForwardForm,
    HeardForm,
    MissingForm,
    QuestionForm,
    ReasonForm,
    StatementForm,
)
from teladan.complaints.models import Complaint
from teladan.complaints.rules import State
from teladan.people.access import can, requires
from teladan.people.models import User
from teladan.people.permissions import Permission

PAGE = 50
SEALED = "default-src 'none'; sandbox"


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


# --- the handler's acts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """One thing a handler may do in some states: its words, its form, and the action behind it."""

    label: Promise
    lead: Promise
    form: type[forms.Form]
    action: Callable[..., object]
    states: frozenset[State]
    done: Promise
    danger: bool = False


RUNNING = frozenset({State.RECEIVED, State.INCOMPLETE, State.EXAMINED})
EXAMINED = frozenset({State.EXAMINED})
ACTS: dict[str, Act] = {
    "lengkap": Act(
        gettext_lazy("Nyatakan lengkap"),
        gettext_lazy("Mulai sekarang berjalan waktu untuk memutuskan. Pengadu melihatnya di halaman statusnya."),
        CompleteForm,
        handling.declare_complete,
        frozenset({State.RECEIVED, State.INCOMPLETE}),
        gettext_lazy("Berkas dinyatakan lengkap."),
    ),
    "kurang": Act(
        gettext_lazy("Minta kelengkapan"),
        gettext_lazy("Hanya satu kali. Bila pengadu tidak melengkapi pada waktunya, pengaduan dianggap dicabut."),
        MissingForm,
        handling.ask_missing,
        frozenset({State.RECEIVED}),
        gettext_lazy("Permintaan kelengkapan tampil di halaman pengadu. Beri tahu juga lewat kontaknya."),
    ),
    "dengar": Act(
        gettext_lazy("Catat keterangan pengadu"),
        gettext_lazy("Dengar pengadu tanpa teradu. Setelah disimpan, catatan ini tidak dapat diubah."),
        HeardForm,
        handling.hear_complainant,
        EXAMINED,
        gettext_lazy("Keterangan pengadu tercatat."),
    ),
    "tanya": Act(
        gettext_lazy("Tanya teradu"),
        gettext_lazy("Teradu membaca pertanyaan ini saja, bukan berkasnya. Ia menjawab dari mejanya sendiri."),
        QuestionForm,
        handling.question_complained_of,
        EXAMINED,
        gettext_lazy("Pertanyaan sudah sampai di meja teradu."),
    ),
    "putus": Act(
        gettext_lazy("Putuskan"),
        gettext_lazy("Putusan dan pertimbangan tidak dapat diubah lagi. Pengadu membacanya setelah disampaikan."),
        DecisionForm,
        handling.decide,
        EXAMINED,
        gettext_lazy("Putusan tercatat. Sekarang sampaikan kepada pengadu."),
    ),
    "sampaikan": Act(
        gettext_lazy("Sampaikan putusan"),
        gettext_lazy("Putusan tampil di halaman pengadu. Beri tahu juga lewat kontaknya."),
        DeliveryForm,
        handling.deliver,
        frozenset({State.DECIDED}),
        gettext_lazy("Putusan disampaikan. Kasus selesai."),
    ),
    "teruskan": Act(
        gettext_lazy("Teruskan ke Inspektorat atau Ombudsman"),
        gettext_lazy("Kasus berakhir di sini. Inspektorat dapat membaca berkasnya; Ombudsman menerima dari Anda."),
        EscalationForm,
        handling.escalate,
        RUNNING,
        gettext_lazy("Kasus diteruskan."),
        danger=True,
    ),
    "lapor": Act(
        gettext_lazy("Serahkan ke SP4N-LAPOR"),
        gettext_lazy("Buat dulu laporannya di lapor.go.id, lalu simpan nomornya di sini. Kasus berakhir di sini."),
        ForwardForm,
        handling.forward,
        RUNNING,
        gettext_lazy("Kasus diserahkan, nomornya tersimpan."),
        danger=True,
    ),
}


def _acts_for(case: Complaint, user: User) -> list[tuple[str, Act]]:
    if case.handler_id != user.pk:
        return []
    allowed = [(name, act) for name, act in ACTS.items() if State(case.state) in act.states]
    return [(name, act) for name, act in allowed if not (name == "kurang" and case.asked_missing)]


# --- the handler -----------------------------------------------------------------------------------------------------


@require_safe
@never_cache
def complaint_list(request: HttpRequest) -> HttpResponse:
    """One's own cases and those that wait for a handler; overdue ones first."""
    user = _user(request)
    access.require_board(user)
    context = {"board": queries.board_of(user), "steps_in": not can(user, Permission.COMPLAINT_HANDLE)}
    return render(request, "complaints/complaint_list.html", context)


@require_safe
@never_cache
def complaint_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The file, with what can be done now."""
    user = _user(request)
    case = handling.open_file(case_id=case_id, by=user)
    acts = _acts_for(case, user)
    handing_on = [(name, act) for name, act in acts if act.danger]
    context = {"file": queries.file_of(case), "case": case, "acts": acts, "handing_on": handing_on}
    return render(request, "complaints/complaint_case.html", context)


@require_POST
def complaint_take(request: HttpRequest, case_id: UUID) -> HttpResponse:
    user = _user(request)
    case = access.case_to_take_or_404(user, case_id)
    try:
        handling.take_case(complaint=case, by=user)
    except ComplaintRefused as error:
        messages.error(request, str(error))
        return redirect("complaint-list")
    return redirect("complaint-case", case_id=case_id)


@require_http_methods(["GET", "HEAD", "POST"])
def complaint_release(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Give a case back with a reason; those who monitor may do so for somebody who cannot go on."""
    user = _user(request)
    case = access.case_to_release_or_404(user, case_id)
    form = ReasonForm(request.POST or None)
    back = "complaint-list" if case.handler_id == user.pk else "complaint-overdue"
    if request.method == "POST" and form.is_valid():
        try:
            handling.release_case(complaint=case, reason=form.cleaned_data["reason"], by=user)
        except ComplaintRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Kasus dilepas. Penangan lain dapat mengambilnya."))
        return redirect(back)
    context = {"form": form, "case": case, "back": back}
    return render(request, "complaints/complaint_release.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def complaint_act(request: HttpRequest, case_id: UUID, act: str) -> HttpResponse:
    """One act of the handler: its form, with the file beside it."""
    user = _user(request)
    access.case_to_handle(user, case_id)
    case, chosen = handling.open_file(case_id=case_id, by=user), dict(ACTS).get(act)
    if chosen is None:
        raise Http404
    if act not in dict(_acts_for(case, user)):
        messages.error(request, _("Langkah ini tidak mungkin lagi: kasus sudah berstatus lain."))
        return redirect("complaint-case", case_id=case_id)
    form = _form_of(chosen, case, request)
    if request.method == "POST" and form.is_valid():
        try:
            chosen.action(complaint=case, by=user, **_values(form))
        except ComplaintRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, str(chosen.done))
            return redirect("complaint-case", case_id=case_id)
    context = {"form": form, "case": case, "act": chosen, "file": queries.file_of(case)}
    return render(request, "complaints/complaint_act.html", context, status=422 if form.errors else 200)


def _form_of(act: Act, case: Complaint, request: HttpRequest) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    if act.form is QuestionForm:
        return QuestionForm(data, people=queries.people_to_question(case))
    return act.form(data)


def _values(form: forms.Form) -> dict[str, Any]:
    values = dict(form.cleaned_data)
    if "person" in values:
        values["person"] = queries.person(values["person"])
    return values


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def complaint_record(request: HttpRequest, case_id: UUID, hearing_id: int) -> HttpResponse:
    """Write down what the complained-of said to the handler."""
    user = _user(request)
    access.case_to_handle(user, case_id)
    case = handling.open_file(case_id=case_id, by=user)
    hearing = queries.hearing_of(case, hearing_id)
    if hearing is None:
        raise Http404
    form = StatementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            handling.record_statement(hearing=hearing, statement=form.cleaned_data["statement"], by=user)
        except ComplaintRefused as error:
            messages.error(request, str(error))
        return redirect("complaint-case", case_id=case_id)
    context = {"form": form, "case": case, "hearing": hearing}
    return render(request, "complaints/complaint_record.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def complaint_attachment(request: HttpRequest, case_id: UUID, attachment_id: UUID) -> HttpResponseBase:
    """An attachment as a download that no browser runs."""
    found = handling.open_attachment(case_id=case_id, attachment_id=attachment_id, by=_user(request))
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store, private"}
    response = FileResponse(
        default_storage.open(found.path), as_attachment=True, filename=found.name, content_type=found.media_type,
        headers=headers,
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = SEALED
    return response


# --- the complained-of -----------------------------------------------------------------------------------------------


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def complaint_statement(request: HttpRequest, hearing_id: int) -> HttpResponse:
    """The question put to somebody, and their own answer."""
    user = _user(request)
    hearing = access.hearing_or_404(user, hearing_id)
    form = StatementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            handling.give_statement(hearing=hearing, statement=form.cleaned_data["statement"], by=user)
        except ComplaintRefused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Keterangan Anda tersimpan."))
            return redirect("complaint-statement", hearing_id=hearing_id)
    context = {"form": form, "hearing": hearing, "is_open": queries.is_open(hearing)}
    return render(request, "complaints/complaint_statement.html", context, status=422 if form.errors else 200)


# --- those who watch -------------------------------------------------------------------------------------------------


@require_safe
@never_cache
def complaint_overdue(request: HttpRequest) -> HttpResponse:
    """Who is late with what, without the files."""
    user = _user(request)
    if not access.may_watch(user):
        raise PermissionDenied(_("Akun ini belum diberi wewenang untuk halaman itu."))
    context = {
        "cases": queries.overdue(user),
        "alone": queries.without_handler(user) if can(user, Permission.COMPLAINT_MONITOR) else [],
        "escalated": queries.escalated_to_inspectorate(user),
        "may_release": can(user, Permission.COMPLAINT_MONITOR),
    }
    return render(request, "complaints/complaint_overdue.html", context)


@requires(Permission.COMPLAINT_READINGS_VIEW)
@require_safe
def complaint_readings(request: HttpRequest) -> HttpResponse:
    """Who opened which file, when."""
    page = Paginator(queries.readings(), PAGE).get_page(request.GET.get("page"))
    return render(request, "complaints/complaint_readings.html", {"page_obj": page})
