"""The counter: choose a counter, serve in two clicks, finish files, print a slip again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.core import clock
from teladan.feedback.actions import serving
from teladan.feedback.actions.delivering import LinkRefused, request_link
from teladan.feedback.actions.sealing import MonthSealed
from teladan.feedback.actions.serving import AlreadyServed, NumberTaken, Served
from teladan.feedback.actions.tickets import IssuedTicket, TicketRefused
from teladan.feedback.forms_counter import ServeForm
from teladan.feedback.rules import REPRINT_MINUTES
from teladan.feedback.slips import slip_of
from teladan.people import queries as people
from teladan.people.access import requires
from teladan.people.models import User
from teladan.people.permissions import Permission
from teladan.services import access, queries, rules
from teladan.services.actions import EventRefused, finish_event
from teladan.services.models import Counter, ServiceEvent

_REMEMBERED = "counter"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_safe
@requires(Permission.COUNTER_SERVE)
def counter_serve(request: HttpRequest) -> HttpResponse:
    """The counter used last, the only one, or the choice between them."""
    found = list(access.counters_for(_user(request)))
    last = [counter for counter in found if counter.code == request.session.get(_REMEMBERED)]
    here = last or (found if len(found) == 1 else [])
    if here and "pilih" not in request.GET:
        return redirect("counter-screen", here[0].code)
    counters = queries.owner_names(found, people.unit_names(clock.today()))
    return render(request, "feedback/counter_choice.html", {"counters": list(counters)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.COUNTER_SERVE)
@never_cache
def counter_screen(request: HttpRequest, code: str) -> HttpResponse:
    counter = access.counter_or_404(request.user, code)
    officer = serving.officer_of(_user(request))
    offered = queries.services_at(counter, officer, clock.today())
    if request.method == "POST":
        form = ServeForm(request.POST, services=offered.all)
        return _serve(request, counter, offered, form)
    if request.session.get(_REMEMBERED) != counter.code:
        request.session[_REMEMBERED] = counter.code
    return _screen(request, counter, offered, _fresh(counter, offered))


def _fresh(counter: Counter, offered: queries.CounterServices, **kept: Any) -> ServeForm:
    """An empty form with the next number; `kept` are the person's earlier choices."""
    used = queries.queue_numbers_of_day(counter, clock.today())
    number = rules.next_queue_number(counter.queue_prefix, used)
    initial = {"number": number, "day": clock.today(), "channel": "loket", **kept}
    return ServeForm(initial=initial, services=offered.all)


def _screen(
    request: HttpRequest, counter: Counter, offered: queries.CounterServices, form: ServeForm, **more: Any
) -> HttpResponse:
    day = clock.today()
    served, chosen = queries.served_on(counter, day), form["service"].value()
    context = {
        "counter": counter,
        "owner": people.unit_name(counter.unit_id or 0, day),
        "form": form,
        "offered": offered,
        "chosen": chosen,
        "chosen_is_hidden": chosen in {service.code for service in offered.hidden},
        "served": served,
        "open_now": sum(line.is_open for line in served),
        "waiting": queries.open_before(counter, day),
        "officer": serving.officer_of(_user(request)),
        **more,
    }
    return render(request, "feedback/counter.html", context, status=422 if form.is_bound or more else 200)


def _serve(request: HttpRequest, counter: Counter, offered: queries.CounterServices, form: ServeForm) -> HttpResponse:
    kept = {name: form.data.get(name, "") for name in ("service", "channel", "send_to")}
    if form.has_error("day"):  # the page was left open overnight
        return _screen(request, counter, offered, _fresh(counter, offered, **kept), stale=True)
    if not form.is_valid():
        return _screen(request, counter, offered, form)
    clean = {name: form.cleaned_data[name] for name in ("service", "number", "outcome", "channel")}
    try:
        served = serving.serve(user=_user(request), counter=counter, **clean)
    except AlreadyServed as error:
        context = {"counter": counter, "event": error.event, "number": clean["number"], "minutes": REPRINT_MINUTES}
        return render(request, "feedback/counter_printed.html", context, status=409)
    except NumberTaken as error:
        fresh = _fresh(counter, offered, **kept)
        return _screen(request, counter, offered, fresh, taken=error.event, taken_number=clean["number"])
    except (MonthSealed, TicketRefused, EventRefused) as error:
        form.add_error(None, str(error))
        return _screen(request, counter, offered, form)
    said = _send(request, served, form.cleaned_data.get("send_to", ""))
    return _ticket(request, served.ticket, served.event, link=said)


def _send(request: HttpRequest, served: Served, address: str) -> tuple[str, str]:
    """(kind, words) about the link. The slip is printed whatever comes of it, so nobody waits."""
    if not address:
        return "", ""
    try:
        delivery = request_link(ticket=served.ticket.ticket, event=served.event, address=address, by=_user(request))
    except LinkRefused as refusal:
        return "warn", str(refusal)
    said = _("Tautannya dikirim lewat %(channel)s. Tiket ini tetap berlaku; yang dipakai lebih dulu yang dihitung.")
    return "info", said % {"channel": delivery.get_channel_display()}


def _ticket(
    request: HttpRequest, ticket: IssuedTicket, event: ServiceEvent, link: tuple[str, str] = ("", "")
) -> HttpResponse:
    """The slip is part of this very answer: its secrets exist nowhere else."""
    context = {
        "slip": slip_of(ticket),
        "event": event,
        "counter": event.counter,
        "number": rules.queue_number_of(event.number),
        "minutes": REPRINT_MINUTES,
        "link_kind": link[0],
        "link_said": link[1],
    }
    return render(request, "feedback/counter_ticket.html", context)


@require_POST
@requires(Permission.COUNTER_SERVE)
def counter_finish(request: HttpRequest, code: str, event_id: UUID) -> HttpResponse:
    event = access.counter_event_or_404(request.user, code, event_id)
    number = rules.queue_number_of(event.number)
    try:
        if event.finished_at is None:  # two officers, one file: the first said when
            finish_event(event=event, finished_at=clock.now(), by=request.user)
        messages.success(request, _("%(number)s selesai.") % {"number": number})
    except EventRefused as error:
        messages.error(request, f"{number}: {error}")
    return redirect("counter-screen", code)


@require_POST
@requires(Permission.COUNTER_SERVE)
@never_cache
def counter_reprint(request: HttpRequest, code: str, event_id: UUID) -> HttpResponse:
    event = access.counter_event_or_404(request.user, code, event_id)
    try:
        ticket = serving.reprint(user=_user(request), event=event)
    except (TicketRefused, MonthSealed) as error:
        messages.error(request, str(error))
        return redirect("counter-screen", code)
    return _ticket(request, ticket, event)
