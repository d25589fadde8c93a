"""The citizen's path: open the ticket, answer, add more, done. Every ticket that could be one walks it alike."""

from __future__ import annotations

import secrets
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from teladan.core import clock
from teladan.feedback import readers, tokens
from teladan.feedback.actions.casting import EditClosed, amend_rating, cast_rating, read_edit_key
from teladan.feedback.actions.tickets import TooManyTries, redeem_typed
from teladan.feedback.forms import MoreForm, RatingForm, TypedForm
from teladan.feedback.queries import collection_rules
from teladan.feedback.rules import Reading
from teladan.feedback.views.doorway import (
    citizen_page,
    edit_key_in_hand,
    hold_edit_key,
    hold_ticket,
    see_other,
    ticket_in_hand,
)

Table = tuple[Reading, ...]
_NONCE = "kunci-formulir"


def _who_reads() -> Table:
    return readers.table_from(collection_rules(clock.month_of(clock.today())))


@citizen_page
def ticket_open(request: HttpRequest, token: str) -> HttpResponse:
    """Take the ticket into the hand. Spends and looks up nothing, however often it is fetched."""
    try:
        found = tokens.decode(token)
    except tokens.MalformedToken:
        return render(request, "feedback/ticket_malformed.html", status=404)
    response = see_other("rating-form")
    hold_ticket(response, tokens.token_hash(found))
    return response


@citizen_page
def rating_form(request: HttpRequest) -> HttpResponse:
    """The first page. Its POST casts and always leads to the same answer."""
    token_hash = ticket_in_hand(request)
    if token_hash is None:
        return see_other("rating-typed")
    if request.method != "POST":
        return HttpResponse(_blank("form").replace(_NONCE, secrets.token_hex(16)))
    form = RatingForm(request.POST, language=get_language())
    if not form.is_valid():
        return HttpResponse(_first_page(form, _who_reads()), status=422)
    cast = cast_rating(token_hash=token_hash, answers=form.answers(), nonce=form.cleaned_data["kunci"].encode())
    response = see_other("rating-more")
    hold_edit_key(response, cast.edit_key)
    return response


def _first_page(form: RatingForm, table: Table) -> str:
    return render_to_string("feedback/rating_form.html", {"form": form, "readers": readers.sentence(table)})


def _blank(kind: str) -> str:
    draw = _draw_blank.__wrapped__ if settings.DEBUG else _draw_blank
    return draw(kind, get_language(), clock.today(), _who_reads())


@citizen_page
def rating_more(request: HttpRequest) -> HttpResponse:
    """Thanks, and a second page for those who have more to say within half an hour."""
    try:
        key = read_edit_key(edit_key_in_hand(request))
    except EditClosed:
        return render(request, "feedback/rating_closed.html", status=410 if request.method == "POST" else 200)
    if request.method != "POST":
        return HttpResponse(_blank("paid" if key.asks_cost else "free"))
    form = MoreForm(request.POST, language=get_language(), asks_cost=key.asks_cost)
    if not form.is_valid():
        return HttpResponse(_second_page(form, _who_reads()), status=422)
    amend_rating(edit_key=edit_key_in_hand(request), answers=form.answers(), comment=form.cleaned_data["comment"])
    return see_other("rating-done")


def _second_page(form: MoreForm, table: Table) -> str:
    return render_to_string("feedback/rating_more.html", {"form": form, "readers": readers.comment_sentence(table)})


@lru_cache(maxsize=32)
def _draw_blank(kind: str, language: str, day: date, table: Table) -> str:
    """A page nobody has filled in yet: the same for everyone, so it is drawn once a day. No ticket comes near it."""
    if kind == "form":
        return _first_page(RatingForm(language=language, initial={"kunci": _NONCE}), table)
    return _second_page(MoreForm(language=language, asks_cost=kind == "paid"), table)


@citizen_page
def rating_done(request: HttpRequest) -> HttpResponse:
    """The last page; says the same to everyone."""
    return render(request, "feedback/rating_done.html")


@citizen_page
def rating_readers(request: HttpRequest) -> HttpResponse:
    """Who reads what, the whole table."""
    table = _who_reads()
    context = {"lines": readers.lines(table), "sentence": readers.sentence(table)}
    return render(request, "feedback/rating_readers.html", context)


@citizen_page
def rating_typed(request: HttpRequest) -> HttpResponse:
    """The way in for those who type number and code instead of scanning."""
    if request.method != "POST":
        return render(request, "feedback/rating_typed.html", {"form": TypedForm()})
    form = TypedForm(request.POST)
    if not form.is_valid():
        return render(request, "feedback/rating_typed.html", {"form": form}, status=422)
    try:
        token_hash = redeem_typed(number=form.cleaned_data["number"], code=form.cleaned_data["code"])
    except TooManyTries:
        return render(request, "feedback/rating_locked.html", status=429)
    if token_hash is None:
        form.refuse()
        return render(request, "feedback/rating_typed.html", {"form": form}, status=422)
    response = see_other("rating-form")
    hold_ticket(response, token_hash)
    return response
