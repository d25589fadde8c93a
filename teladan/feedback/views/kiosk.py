"""The kiosk on a tablet: enrolment, its one page, its outbox. And the pages of those who keep the kiosks.

Only here do citizens meet a script: the tablet must go on without a connection. The tablet's secret is a cookie that no
script can read; nothing here tells whether a ticket could be used, except number and code typed while online, which are
limited as everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.core import clock
from teladan.feedback import kiosk_box, readers, rules, tokens
from teladan.feedback.actions import kiosks as actions
from teladan.feedback.actions.kiosks import KioskRefused, WrongCode
from teladan.feedback.actions.tickets import TooManyTries, redeem_typed
from teladan.feedback.forms import CommentForm, QuestionsForm, TypedForm
from teladan.feedback.forms_kiosk import EnrolForm, KioskForm, RevokeForm
from teladan.feedback.models import Kiosk
from teladan.feedback.queries import collection_rules, kiosks, plan_for
from teladan.feedback.views.doorway import LANGUAGES, language_of
from teladan.people import queries as people
from teladan.people.access import requires, units_where
from teladan.people.models import Unit, User
from teladan.people.permissions import Permission

_COOKIE_SECONDS = 2 * 365 * 24 * 60 * 60
_MAX_BODY = 400_000

View = Callable[..., HttpResponse]


# --- on the tablet ---------------------------------------------------------------------------------------------------


def kiosk_page(view: View) -> View:
    """Open to the tablet without an account, in the citizen's language. Requests of other sites are refused."""

    @login_not_required
    @csrf_exempt
    @never_cache
    @wraps(view)
    def page(request: HttpRequest, code: str, **kw: Any) -> HttpResponse:
        kiosk = kiosks.kiosk_named(code)
        if kiosk is None:
            raise Http404(_("Kios ini tidak ada atau sudah dicabut."))
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            return HttpResponse(status=403)
        with translation.override(language_of(request)):
            response = view(request, kiosk, **kw)
        response.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return page


def _cookie() -> str:
    return "__Secure-kios" if settings.TLS else "kios"


def _is_ours(request: HttpRequest, kiosk: Kiosk) -> bool:
    secret = request.COOKIES.get(_cookie(), "")
    return bool(secret) and kiosks.is_device(kiosk, actions.device_hash(secret))


@kiosk_page
def kiosk_screen(request: HttpRequest, kiosk: Kiosk) -> HttpResponse:
    """The kiosk's one page; for a tablet that is not enrolled, the field for the code."""
    if request.method == "POST":
        return _enrol(request, kiosk)
    if not _is_ours(request, kiosk):
        return render(request, "feedback/kiosk_enrol.html", {"form": EnrolForm(), "kiosk": kiosk}, status=401)
    plan = plan_for(clock.month_of(clock.today()))
    language = get_language() or ""
    # Months that draw some elements per ticket ask them where the ticket is known at once; a tablet without a connection
    # cannot tell its month, and would let volunteers answer.
    others = plan.second_page(order=0, asks_cost=False) if plan.share == 1 else ()
    table = readers.table_from(collection_rules(clock.month_of(clock.today())))
    context = {
        "kiosk": kiosk,
        "typed": TypedForm(),
        "first": QuestionsForm(
            questionnaire=plan.questionnaire, names=plan.questionnaire.first_page, language=language
        ),
        "more": QuestionsForm(questionnaire=plan.questionnaire, names=others, language=language),
        "words": CommentForm(),
        "readers": readers.sentence(table),
        "comment_readers": readers.comment_sentence(table),
        "languages": LANGUAGES,
        "box_key": kiosk_box.box_key(),
        "ack_key": kiosk_box.ack_key(),
        "rules": rules,
    }
    return render(request, "feedback/kiosk_screen.html", context)


def _enrol(request: HttpRequest, kiosk: Kiosk) -> HttpResponse:
    form = EnrolForm(request.POST)
    if form.is_valid():
        try:
            secret = actions.enrol(kiosk=kiosk, code=form.cleaned_data["code"])
        except WrongCode as refusal:
            form.add_error("code", str(refusal))
        else:
            response = redirect("kiosk-screen", kiosk.code)
            response.set_cookie(
                _cookie(), secret, max_age=_COOKIE_SECONDS, path=reverse("kiosk-screen", args=[kiosk.code]),
                secure=settings.TLS, httponly=True, samesite="Strict",
            )  # fmt: skip
            return response
    return render(request, "feedback/kiosk_enrol.html", {"form": form, "kiosk": kiosk}, status=422)


@require_safe
@kiosk_page
def kiosk_worker(request: HttpRequest, kiosk: Kiosk) -> HttpResponse:
    """The service worker, which keeps the page for times without a connection."""
    page = reverse("kiosk-screen", args=[kiosk.code])
    kept = [*(f"{page}?bahasa={language}" for language in LANGUAGES)]
    kept += [static(f"ui/{name}") for name in ("citizen.css", "rooms/kiosk.css", "rooms/kiosk.js", "songket.svg")]
    body = f"const PAGE = {json.dumps(page)};\nconst KEPT = {json.dumps(kept)};\nimportScripts({json.dumps(static('ui/rooms/kiosk-worker.js'))});\n"
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers={"Service-Worker-Allowed": page})


def _json(request: HttpRequest) -> Any:
    """The body as JSON; None when it is none or too long."""
    if request.content_type != "application/json" or len(request.body) > _MAX_BODY:
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


@require_POST
@kiosk_page
def kiosk_outbox(request: HttpRequest, kiosk: Kiosk) -> HttpResponse:
    """Take in some letters. What is not named in the answer stays on the tablet."""
    if not _is_ours(request, kiosk):
        return JsonResponse({"error": "not enrolled"}, status=401)
    body = _json(request)
    letters = body.get("letters") if isinstance(body, dict) else None
    waiting = body.get("waiting") if isinstance(body, dict) else None
    if not isinstance(letters, list) or type(waiting) is not int or not 0 <= waiting <= rules.KIOSK_CAP:
        return JsonResponse({"error": "need letters and waiting"}, status=400)
    answers = actions.receive(kiosk=kiosk, letters=letters[: rules.KIOSK_BATCH], waiting=waiting)
    found = [{"id": one.id, "fate": one.fate, "signature": one.signature, "code": one.code} for one in answers]
    return JsonResponse({"answers": found})


@require_POST
@kiosk_page
def kiosk_typed(request: HttpRequest, kiosk: Kiosk) -> HttpResponse:
    """Whether number and code belong together, while the citizen can still correct them."""
    if not _is_ours(request, kiosk):
        return JsonResponse({"error": "not enrolled"}, status=401)
    body = _json(request)
    form = TypedForm(body if isinstance(body, dict) else {})
    if not form.is_valid():
        return JsonResponse({"fits": False})
    try:
        found = redeem_typed(number=form.cleaned_data["number"], code=form.cleaned_data["code"])
    except TooManyTries:
        return JsonResponse({"fits": False, "locked": True}, status=429)
    return JsonResponse({"fits": found is not None})


# --- those who keep kiosks -------------------------------------------------------------------------------------------


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _kiosk_or_404(request: HttpRequest, code: str) -> Kiosk:
    found = kiosks.kiosks_in(units_where(_user(request), Permission.KIOSK_MANAGE)).filter(code=code).first()
    if found is None:
        raise Http404(_("Kios ini tidak ditemukan."))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.KIOSK_MANAGE)
def kiosk_list(request: HttpRequest) -> HttpResponse:
    """All kiosks of one's units, and the form for another."""
    units = units_where(_user(request), Permission.KIOSK_MANAGE)
    names = people.unit_names(clock.today())
    form = KioskForm(request.POST or None, units=units, names=dict(names))
    if request.method == "POST" and form.is_valid():
        try:
            kiosk = actions.create_kiosk(**form.cleaned_data, by=_user(request))
        except KioskRefused as refusal:
            form.add_error("code", str(refusal))
        else:
            return redirect("kiosk-detail", kiosk.code)
    rows = [(kiosk, names.get(kiosk.unit_id, kiosk.unit.code)) for kiosk in kiosks.kiosks_in(units)]
    context = {"rows": rows, "form": form, "cap": rules.KIOSK_CAP}
    return render(request, "feedback/kiosk_list.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.KIOSK_MANAGE)
def kiosk_detail(request: HttpRequest, code: str) -> HttpResponse:
    kiosk = _kiosk_or_404(request, code)
    return render(request, "feedback/kiosk_detail.html", _detail(request, kiosk))


def _detail(request: HttpRequest, kiosk: Kiosk, **more: Any) -> dict[str, Any]:
    return {
        "kiosk": kiosk,
        "unit_name": _unit_name(kiosk.unit),
        "address": settings.PUBLIC_ADDRESS + reverse("kiosk-screen", args=[kiosk.code]),
        "form": RevokeForm(),
        "minutes": rules.KIOSK_CODE_MINUTES,
        **more,
    }


def _unit_name(unit: Unit) -> str:
    return people.unit_name(unit, clock.today())


@require_POST
@requires(Permission.KIOSK_MANAGE)
@never_cache
def kiosk_code(request: HttpRequest, code: str) -> HttpResponse:
    """A fresh code, shown on this answer only."""
    kiosk = _kiosk_or_404(request, code)
    try:
        fresh = actions.make_code(kiosk=kiosk, by=_user(request))
    except KioskRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("kiosk-detail", code)
    kiosk.refresh_from_db()
    return render(request, "feedback/kiosk_detail.html", _detail(request, kiosk, fresh=tokens.grouped(fresh)))


@require_POST
@requires(Permission.KIOSK_MANAGE)
def kiosk_revoke(request: HttpRequest, code: str) -> HttpResponse:
    kiosk = _kiosk_or_404(request, code)
    form = RevokeForm(request.POST)
    if not form.is_valid():
        return render(request, "feedback/kiosk_detail.html", _detail(request, kiosk, form=form), status=422)
    actions.revoke_kiosk(kiosk=kiosk, reason=form.cleaned_data["reason"], by=_user(request))
    messages.success(request, _("%(name)s sudah dicabut.") % {"name": kiosk.name})
    return redirect("kiosk-list")
