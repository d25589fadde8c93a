"""Reports of the satisfaction survey: units, periods, one report with its plan, its publication and its files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from teladan.core import clock, pdf
from teladan.core.spreadsheet import stream_csv
from teladan.evaluation.access import skm as access
from teladan.evaluation.actions import skm as actions
from teladan.evaluation.actions.skm import SkmRefused
from teladan.evaluation.forms.skm import FollowUpChangeForm, FollowUpForm, PublishForm
from teladan.evaluation.queries import skm as queries
from teladan.evaluation.queries import skm_answers
from teladan.evaluation.queries import skm_document as document
from teladan.evaluation.queries.skm import PeriodLine
from teladan.evaluation.queries.skm_report import content_digest, report, report_payload
from teladan.evaluation.rules import skm as rules
from teladan.evaluation.rules.skm import QUARTER, SPANS, Period
from teladan.evaluation.views import skm_shapes as shapes
from teladan.evaluation.words import ELEMENTS, FOLLOW_UP_STATES
from teladan.evaluation.words import SPANS as SPAN_NAMES
from teladan.people import queries as people
from teladan.people.access import can
from teladan.people.models import Unit, User
from teladan.people.permissions import Permission

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


# --- lists -----------------------------------------------------------------------------------------------------------


@require_GET
def skm_list(request: HttpRequest) -> HttpResponse:
    """The units whose reports this account may read, each with its latest publication."""
    units = queries.units_with_results(access.readable_units(request.user))
    latest = queries.latest_published(unit.pk for unit in units)
    names = people.unit_names(clock.today())
    rows = sorted(
        ((names.get(unit.pk, unit.code), unit, latest.get(unit.pk)) for unit in units), key=lambda row: row[0]
    )
    context = {
        "rows": [(name, unit, shapes.page(found.payload) if found else None) for name, unit, found in rows],
        "may_import": can(request.user, Permission.SKM_IMPORT),
    }
    return render(request, "evaluation/skm_list.html", context)


@require_GET
def skm_unit(request: HttpRequest, code: str) -> HttpResponse:
    """A unit's periods of one length and where each stands."""
    unit = access.unit_or_404(request.user, code)
    asked = request.GET.get("jenis", "")
    span = int(asked) if asked.isdigit() and int(asked) in SPANS else QUARTER
    today = rules.period_of(clock.month_of(clock.today()), rules.MONTH)
    context = {
        "unit": unit,
        "name": _name(unit),
        "span": span,
        "spans": [(value, SPAN_NAMES[value]) for value in SPANS],
        "rows": shapes.period_rows(queries.period_lines(unit, span)),
        "past": shapes.past_lines(queries.past_indices(unit, today)),
        "trail": [(_("Laporan SKM"), reverse("skm-list")), (_name(unit), "")],
    }
    return render(request, "evaluation/skm_unit.html", context)


def _name(unit: Unit) -> str:
    return people.unit_name(unit, clock.today())


# --- one report ------------------------------------------------------------------------------------------------------


@require_GET
def skm_detail(request: HttpRequest, code: str, period: Period) -> HttpResponse:
    """One report: figures, strengths and weaknesses, plan, trend; for those who may, the plan form and publication."""
    unit, line = access.period_or_404(request.user, code, period)
    return _report(request, unit, line)


def _report(
    request: HttpRequest,
    unit: Unit,
    line: PeriodLine,
    *,
    plan_form: FollowUpForm | None = None,
    publish_form: PublishForm | None = None,
) -> HttpResponse:
    user = _user(request)
    period = line.period
    trail = [
        (_("Laporan SKM"), reverse("skm-list")),
        (_name(unit), f"{reverse('skm-unit', args=[unit.code])}?jenis={period.span}"),
        (document.period_name(period), ""),
    ]
    context: dict[str, Any] = {"unit": unit, "line": line, "key": period.key, "trail": trail}
    context["row"] = shapes.period_rows([line])[0]
    if not line.may_publish:
        context["name"] = document.period_name(period)
        return render(request, "evaluation/skm_waiting.html", context)
    made = report(unit, period)
    payload = made.payload
    found = queries.report_of(unit, period)
    digest = content_digest(payload)
    published = line.publication
    same = published is not None and content_digest(published.payload) == digest
    may_publish = can(user, Permission.SKM_PUBLISH, unit) and payload["ikm"] is not None and not same
    planned = [row["element"] for row in payload["plan"]]
    context |= {
        "report": shapes.page(payload),
        "no_answers": shapes.why_withheld(skm_answers.withheld(unit, made), payload["k"]),
        "plan": [(ELEMENTS[row.element], FOLLOW_UP_STATES[row.state], row) for row in found.follow_up.all()]
        if found
        else [],
        "versions": list(found.publications.all()) if found else [],
        "published": published,
        "differs": published is not None and not same,
        "unanswered": [str(ELEMENTS[name]) for name in rules.without_action(payload["weaknesses"], planned)],
        "may_plan": can(user, Permission.SKM_PLAN, unit),
        "plan_form": plan_form or FollowUpForm(initial={"element": _first_weakness(payload)}),
        "publish_form": (publish_form or PublishForm(user=user, initial={"seen": digest})) if may_publish else None,
        "forms": [form for form in (plan_form, publish_form) if form],
    }
    status = 422 if plan_form or publish_form else 200
    return render(request, "evaluation/skm_report.html", context, status=status)


def _first_weakness(payload: dict[str, Any]) -> str:
    bare = rules.without_action(payload["weaknesses"], (row["element"] for row in payload["plan"]))
    return bare[0] if bare else ""


# --- the plan --------------------------------------------------------------------------------------------------------


@require_POST
def skm_plan_add(request: HttpRequest, code: str, period: Period) -> HttpResponse:
    """Add a line to the follow-up plan."""
    unit = access.unit_to_plan_or_404(request.user, code)
    _unit, line = access.period_or_404(request.user, code, period)
    form = FollowUpForm(request.POST)
    if form.is_valid():
        try:
            actions.write_follow_up(unit=unit, period=period, by=_user(request), **form.cleaned_data)
        except SkmRefused as refusal:
            form.add_error("due_on" if line.may_publish else None, str(refusal))
        else:
            messages.success(request, _("Baris rencana tersimpan."))
            return redirect(f"{reverse('skm-report', args=[code, period])}#rencana")
    return _report(request, unit, line, plan_form=form)


@require_http_methods(["GET", "POST"])
def skm_plan_change(request: HttpRequest, code: str, period: Period, row_id: int) -> HttpResponse:
    """Change one line of the plan: its words, its day, how far it is."""
    row = access.follow_up_or_404(request.user, code, period, row_id)
    initial = {name: getattr(row, name) for name in ("element", "action", "responsible", "due_on", "state")}
    form = FollowUpChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_follow_up(row=row, by=_user(request), **form.cleaned_data)
        except SkmRefused as refusal:
            form.add_error("due_on", str(refusal))
        else:
            messages.success(request, _("Baris rencana tersimpan."))
            return redirect(f"{reverse('skm-report', args=[code, period])}#rencana")
    name = document.period_name(period)
    context = {
        "form": form,
        "name": name,
        "unit_name": _name(row.report.unit),
        "back": reverse("skm-report", args=[code, period]),
        "trail": [(_("Laporan SKM"), reverse("skm-list")), (name, reverse("skm-report", args=[code, period])),
                  (_("Ubah rencana"), "")],
    }  # fmt: skip
    return render(request, "evaluation/skm_plan_change.html", context, status=422 if form.errors else 200)


# --- publication -----------------------------------------------------------------------------------------------------


@require_POST
def skm_publish(request: HttpRequest, code: str, period: Period) -> HttpResponse:
    """Freeze the report as it was read and show it to the public; asks for the password."""
    unit = access.unit_to_publish_or_404(request.user, code)
    _unit, line = access.period_or_404(request.user, code, period)
    form = PublishForm(request.POST, user=_user(request))
    if form.is_valid():
        try:
            row = actions.publish_report(
                unit=unit,
                period=period,
                by=_user(request),
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data["reason"],
            )
        except SkmRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Laporan terbit, versi %(n)d.") % {"n": row.version})
            return redirect("skm-report", code, period)
    return _report(request, unit, line, publish_form=form)


# --- files -----------------------------------------------------------------------------------------------------------


@require_GET
def skm_pdf(request: HttpRequest, code: str, period: Period) -> HttpResponse:
    """The report as it stands now, as a draft. An unchanged document is not made twice for the same browser."""
    unit, line = access.period_or_404(request.user, code, period)
    if not line.may_publish:
        return redirect("skm-report", code, period)
    values = document.document_values(report_payload(unit, period))
    tag = f'"{pdf.fingerprint(document.SOURCE, values)}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    content = pdf.render(document.SOURCE, values, at=clock.local(period.first))
    return _file(content, "application/pdf", f"SKM-{code}-{period.key}-konsep.pdf", tag=tag)


@require_GET
def skm_version(request: HttpRequest, code: str, period: Period, version: int) -> HttpResponse:
    """A published version, byte for byte as it was published."""
    row = access.version_or_404(request.user, code, period, version)
    name = f"SKM-{code}-{period.key}-v{row.version}.pdf"
    return _file(bytes(row.document), "application/pdf", name, tag=f'"{row.document_digest[:32]}"')


@require_GET
def skm_xlsx(request: HttpRequest, code: str, period: Period) -> HttpResponse:
    """The report as it stands now, as a workbook."""
    unit, line = access.period_or_404(request.user, code, period)
    if not line.may_publish:
        return redirect("skm-report", code, period)
    with translation.override("id"):
        content = shapes.workbook(report_payload(unit, period))
    return _file(content, XLSX, f"SKM-{code}-{period.key}.xlsx", shown="attachment")


@require_GET
def skm_csv(request: HttpRequest, code: str, period: Period) -> HttpResponseBase:
    """The report's answers, one line a rating, in the form that tells of nobody; where there is none, the page says why."""
    unit, line = access.period_or_404(request.user, code, period)
    made = report(unit, period) if line.may_publish else None
    if made is None or skm_answers.withheld(unit, made):
        return redirect("skm-report", code, period)
    blocks = stream_csv(skm_answers.headers(), skm_answers.lines(unit, made))
    name = f"SKM-{code}-{period.key}-jawaban.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}
    return StreamingHttpResponse(blocks, content_type="text/csv; charset=utf-8", headers=headers)


def _file(content: bytes, kind: str, name: str, *, tag: str = "", shown: str = "inline") -> HttpResponse:
    headers = {"Content-Disposition": f'{shown}; filename="{name}"', "Cache-Control": "private, no-cache"}
    if tag:
        headers["ETag"] = tag
    return HttpResponse(content, content_type=kind, headers=headers)
