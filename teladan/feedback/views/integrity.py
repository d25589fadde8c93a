"""The Inspektorat's desk: signs of the month, held ratings and their decisions, the call-back sample.

A sign is a question. No page shows an answer, a citizen, or a time finer than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan import scoring
from teladan.core import clock
from teladan.feedback import access, rules
from teladan.feedback.actions import calling, holding
from teladan.feedback.actions.calling import CallRefused
from teladan.feedback.actions.holding import JudgeRefused
from teladan.feedback.forms_integrity import REACHED, CallForm, JudgeForm
from teladan.feedback.models import HeldCase
from teladan.feedback.queries import integrity as queries
from teladan.people import queries as people
from teladan.people.access import can, requires
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.services import queries as services
from teladan.ui import formats
from teladan.ui.charts import Bar, bars

PAGE, OFFICERS = 50, 20
ACTS = {
    "lepas": holding.release_case,
    "usul": holding.propose_voiding,
    "tolak": holding.decline_voiding,
    "batalkan": holding.void_case,
}
TONES = {"held": "now", "proposed": "now", "released": "done", "voided": "done", "unresolved": "late"}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _trail(*steps: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("Integritas"), reverse("integrity-list")), *steps]


def _month_or_404(text: str) -> date:
    try:
        return clock.parse_month(text)
    except ValueError:
        raise Http404(_("Bulan ini tidak ada.")) from None


# --- the desk --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A share as the desk shows it; hidden where too few stand behind it."""

    events: int
    n: int
    share: float | None
    low: float
    high: float
    usual: float | None
    is_flagged: bool


@dataclass(frozen=True)
class Line:
    """One officer."""

    name: str
    unit: str
    coverage: scoring.Coverage
    quick: Figure | None
    straight: Figure | None
    signs: list[str]


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def integrity_desk(request: HttpRequest) -> HttpResponse:
    """The signs of one month per officer, the time until tickets are used, bursts, and typed codes that were locked."""
    months = queries.watched_months()
    wanted = request.GET.get("bulan")
    month = _month_or_404(wanted) if wanted else (months[0] if months else clock.month_of(clock.today()))
    if months and month not in months:
        raise Http404(_("Bulan ini belum dikumpulkan."))
    found = queries.desk_of(month) if months else None
    names = people.unit_names(clock.today())
    context: dict[str, Any] = {
        "months": months,
        "month": month,
        "found": found,
        "trail": _trail((_("Meja pemeriksaan"), "")),
    }
    if found is not None:
        lines = [_line(one, names, found.minimum) for one in found.lines]
        context |= {
            "page_obj": Paginator(lines, OFFICERS).get_page(request.GET.get("page")),
            "flagged": sum(bool(one.signs) for one in lines),
            "latency": _latency(found.latency),
            "bursts": [(one, names.get(one.unit_id or 0, ""), _places(one)) for one in found.bursts],
            "lockouts": sorted((names.get(unit, ""), n) for unit, n in found.lockouts.items()),
            "waiting": queries.cases().count(),
        }
    return render(request, "feedback/integrity_desk.html", context)


def _line(one: queries.OfficerLine, names: dict[int, str], minimum: int) -> Line:
    words = {
        scoring.Sign.COVERAGE: _("cakupan"),
        scoring.Sign.QUICK: _("cepat dipakai"),
        scoring.Sign.STRAIGHT: _("jawaban seragam"),
    }
    return Line(
        one.name,
        names.get(one.unit_id or 0, ""),
        one.found.coverage,
        _figure(one.found.quick, minimum),
        _figure(one.found.straight, minimum),
        [words[sign] for sign in one.found.signs],
    )


def _figure(one: scoring.ShareStanding, minimum: int) -> Figure | None:
    if not rules.may_publish(one.n, minimum=minimum):
        return None
    return Figure(one.events, one.n, one.share, one.low, one.high, one.usual, one.is_flagged)


def _latency(counts: dict[int, int]) -> Any:
    total = sum(counts.values())
    labels = [
        *(_("sampai %(n)d menit") % {"n": bound} for bound in rules.LATENCY_BOUNDS[:4]),
        _("sampai 6 jam"),
        _("sampai 1 hari"),
        _("lebih lama"),
    ]
    keys = (*rules.LATENCY_BOUNDS, rules.LATENCY_LATER)
    rows = [
        Bar(label, 100 * counts.get(key, 0) / total, _("%(n)s tiket") % {"n": formats.number(counts.get(key, 0))})
        for label, key in zip(labels, keys, strict=True)
    ] if total else []  # fmt: skip
    return bars(_("Waktu dari tiket diserahkan sampai dipakai"), rows, digits=1, unit="%")


def _places(one: queries.BurstLine) -> str:
    words = [
        _("%(channel)s, %(counter)s: %(n)d") % {"channel": channel, "counter": counter, "n": n}
        for channel, counter, n in one.places
    ]
    return "; ".join(words) or _("tidak ada layanan pada hari itu")


# --- held ratings ----------------------------------------------------------------------------------------------------


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def held_list(request: HttpRequest) -> HttpResponse:
    """Groups of held ratings: those that wait, or all."""
    only_open = request.GET.get("semua") is None
    page = Paginator(queries.cases(only_open=only_open), PAGE).get_page(request.GET.get("page"))
    names = people.unit_names(clock.today())
    context = {
        "page_obj": page,
        "rows": [(case, names.get(case.unit_id, case.unit.code), TONES[case.state]) for case in page],
        "only_open": only_open,
        "trail": _trail((_("Penilaian ditahan"), "")),
    }
    return render(request, "feedback/held_list.html", context)


@require_safe
def held_detail(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One group: why it is held and how large it is, and what can be decided."""
    case = access.case_or_404(request.user, case_id)
    return render(request, "feedback/held_detail.html", _case_context(request, case, JudgeForm(user=_user(request))))


def _case_context(request: HttpRequest, case: HeldCase, form: JudgeForm) -> dict[str, Any]:
    user = _user(request)
    may_judge = access.may_judge(user, case)
    own = case.proposed_by_id == user.pk
    acts = {
        "held": [("usul", _("Usulkan pembatalan"), "danger"), ("lepas", _("Lepas, biarkan dihitung"), "primary")],
        "proposed": [("tolak", _("Tarik usulan") if own else _("Tolak usulan"), "quiet")]
        + ([] if own else [("batalkan", _("Setujui dan batalkan"), "danger")]),
    }.get(case.state, [])
    return {
        "case": case,
        "unit": people.unit_name(case.unit, clock.today()),
        "tone": TONES[case.state],
        "form": form,
        "acts": acts if may_judge else [],
        "is_own": own,
        "is_insider": can(user, Permission.RATINGS_JUDGE) and not may_judge,
        "trail": _trail((_("Penilaian ditahan"), reverse("held-list")), (case.officer.name, "")),
    }


@require_POST
def held_judge(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One decision with its reason and the password."""
    case = access.case_to_judge_or_404(request.user, case_id)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Http404(_("Keputusan ini tidak dikenal."))
    form = JudgeForm(request.POST, user=_user(request))
    if form.is_valid():
        try:
            act(case=case, reason=form.cleaned_data["reason"], by=_user(request))
        except JudgeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Tercatat."))
            return redirect("held-detail", case_id=case.pk)
    case = access.case_or_404(request.user, case_id)
    return render(request, "feedback/held_detail.html", _case_context(request, case, form), status=422)


# --- the call-back sample --------------------------------------------------------------------------------------------


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def call_months(request: HttpRequest) -> HttpResponse:
    """The samples of all months."""
    context = {"draws": queries.draws(), "trail": _trail((_("Sampel telepon"), ""))}
    return render(request, "feedback/call_months.html", context)


def _called_or_404(month: str) -> queries.Called:
    found = queries.called(_month_or_404(month))
    if found is None:
        raise Http404(_("Sampel bulan ini belum ditarik."))
    return found


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def call_list(request: HttpRequest, month: str) -> HttpResponse:
    """One month's sample: how it was drawn, what it can find, what it has shown, and each event."""
    found = _called_or_404(month)
    name = formats.month(found.draw.month)
    page = Paginator(queries.calls_of(found.draw), 100).get_page(request.GET.get("page"))
    context = {
        "found": found,
        "page_obj": page,
        "root": bytes(found.draw.root).hex(),
        "powers": [(share, found.power_planned(share), found.power(share)) for share in (0.05, 0.10, 0.20)],
        "may_record": can(request.user, Permission.RATINGS_JUDGE),
        "trail": _trail((_("Sampel telepon"), reverse("call-months")), (name, "")),
    }
    return render(request, "feedback/call_list.html", context)


@require_safe
@requires(Permission.INTEGRITY_VIEW)
def call_population(request: HttpRequest, month: str) -> HttpResponse:
    """The events the sample was drawn from, one `source|number` a line, sorted: whoever has it can draw again."""
    found = _called_or_404(month)
    lines = sorted(f"{source}|{number}" for source, number, _unit in services.event_numbers(found.draw.month))
    headers = {"Content-Disposition": f'attachment; filename="populasi-{month}.txt"', "Cache-Control": "no-store"}
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def call_record(request: HttpRequest, call_id: int) -> HttpResponse:
    """What one citizen said; who it is stands in the source system alone."""
    call = access.call_or_404(request.user, call_id)
    month = f"{call.draw.month:%Y-%m}"
    form = CallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            calling.record_call(
                call=call,
                is_reached=said["reached"] == REACHED,
                was_handed=said["was_handed"],
                has_rated=said["has_rated"],
                by=_user(request),
            )
        except CallRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Jawaban nomor %(number)s tercatat.") % {"number": call.number})
            return redirect("call-list", month=month)
    trail = _trail(
        (_("Sampel telepon"), reverse("call-months")),
        (formats.month(call.draw.month), reverse("call-list", args=[month])),
        (call.number, ""),
    )
    context = {"call": call, "form": form, "trail": trail}
    return render(request, "feedback/call_record.html", context, status=422 if form.errors else 200)
