"""The citizen's path: open the ticket, answer, add more, done. Every ticket that could be one walks it alike.

Each page can be the last. The first one casts; the others add to the rating for half an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from uuid import UUID

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from teladan.core import clock
from teladan.feedback import access, readers, tokens
from teladan.feedback.actions.casting import (
    Cast,
    DifferentAnswers,
    EditClosed,
    EditKey,
    amend_rating,
    cast_again,
    cast_rating,
    read_edit_key,
)
from teladan.feedback.actions.holding import hold_own_unit
from teladan.feedback.actions.profiles import add_profile
from teladan.feedback.actions.receipts import finish_rating, receipt_for
from teladan.feedback.actions.tickets import TooManyTries, redeem_typed
from teladan.feedback.forms import CommentForm, OfficialForm, QuestionsForm, TypedForm, given_answers
from teladan.feedback.models import ELEMENTS
from teladan.feedback.queries import collection_rules, first_page_month, plan_for, ticket_page
from teladan.feedback.queries.deliveries import ticket_behind
from teladan.feedback.questionnaire import Questionnaire, version_named
from teladan.feedback.rules import Reading
from teladan.feedback.views.doorway import (
    Hand,
    citizen_page,
    device_in_hand,
    edit_key_in_hand,
    hold_edit_key,
    hold_ticket,
    mark_device,
    see_other,
    ticket_in_hand,
)
from teladan.feedback.views.drawn import still

Table = tuple[Reading, ...]


def _who_reads() -> Table:
    return readers.table_from(collection_rules(clock.month_of(clock.today())))


@citizen_page
def ticket_open(request: HttpRequest, token: str) -> HttpResponse:
    """Take the ticket into the hand. Spends nothing, however often it is fetched; only a link that was sent is looked up."""
    if link := tokens.decode_link(token):
        response = see_other("rating-form")
        hold_ticket(request, response, ticket_behind(tokens.link_hash(link)), tokens.order_of(link))
        return response
    try:
        found = tokens.decode(token)
    except tokens.MalformedToken:
        return render(request, "feedback/ticket_malformed.html", status=404)
    response = see_other("rating-form")
    hold_ticket(request, response, tokens.token_hash(found), tokens.order_of(found))
    return response


# --- the first page --------------------------------------------------------------------------------------------------


@citizen_page
def rating_form(request: HttpRequest) -> HttpResponse:
    """The question that counts, and two about staff. Its POST casts and always leads to the same answer."""
    hand = ticket_in_hand(request)
    if hand is None:
        return see_other("rating-typed")
    questionnaire = plan_for(hand.again or first_page_month(hand.token_hash)).questionnaire
    if request.method != "POST":
        return _marked(request, still(request, _first_blank, _who_reads(), questionnaire.version))
    answers = given_answers(request.POST, questionnaire.first_page)
    if answers is None:
        form = _questions(request.POST, questionnaire, questionnaire.first_page)
        return HttpResponse(_first_page(form, _who_reads()), status=422)
    try:
        cast = _cast(request, hand, answers)
    except DifferentAnswers:
        return render(request, "feedback/rating_different.html", status=409)
    response = see_other("rating-more")
    hold_edit_key(response, cast.edit_key)
    return response


def _marked(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    mark_device(request, response)
    return response


def _cast(request: HttpRequest, hand: Hand, answers: Mapping[str, int | None]) -> Cast:
    """Cast, and hold what a signed-in employee gives to their own office; the page after it is the same for everybody."""
    held_for = access.own_units(request)
    with transaction.atomic() if held_for else nullcontext():
        cast = _cast_in_hand(hand, answers, device_in_hand(request))
        if held_for:
            hold_own_unit(rating=read_edit_key(cast.edit_key).rating, units=held_for)
    return cast


def _cast_in_hand(hand: Hand, answers: Mapping[str, int | None], device: UUID | None) -> Cast:
    """With the ticket in hand, or once more with the receipt."""
    if hand.again:
        return cast_again(leaf=hand.token_hash, month=hand.again, answers=answers, nonce=hand.nonce, order=hand.order)
    return cast_rating(token_hash=hand.token_hash, answers=answers, nonce=hand.nonce, order=hand.order, device=device)


def _questions(data: object, questionnaire: Questionnaire, names: tuple[str, ...]) -> QuestionsForm:
    return QuestionsForm(data, questionnaire=questionnaire, names=names, language=get_language() or "")


def _first_blank(language: str, table: Table, version: str) -> str:
    questionnaire = version_named(version)
    return _first_page(_questions(None, questionnaire, questionnaire.first_page), table)


def _first_page(form: forms.Form, table: Table) -> str:
    return render_to_string("feedback/rating_form.html", {"form": form, "readers": readers.sentence(table)})


# --- more, for half an hour ------------------------------------------------------------------------------------------


def _key_in_hand(request: HttpRequest) -> EditKey | None:
    try:
        return read_edit_key(edit_key_in_hand(request))
    except EditClosed:
        return None


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "feedback/rating_closed.html", status=410 if request.method == "POST" else 200)


@citizen_page
def rating_more(request: HttpRequest) -> HttpResponse:
    """Thanks, and the other elements for those who have more to say."""
    key = _key_in_hand(request)
    if key is None:
        return _closed(request)
    version = plan_for(key.month).questionnaire.version
    if request.method != "POST":
        return still(request, _second_blank, version, key.second_page)
    answers = given_answers(request.POST, key.second_page)
    if answers is None:
        form = _questions(request.POST, version_named(version), key.second_page)
        return HttpResponse(_second_page(form), status=422)
    try:
        amend_rating(edit_key=edit_key_in_hand(request), answers=answers)
    except EditClosed:
        return _closed(request)
    return see_other("rating-comment")


def _second_blank(language: str, version: str, names: tuple[str, ...]) -> str:
    return _second_page(_questions(None, version_named(version), names))


def _second_page(form: forms.Form) -> str:
    return render_to_string("feedback/rating_more.html", {"form": form})


@citizen_page
def rating_comment(request: HttpRequest) -> HttpResponse:
    """The citizen's own words."""
    if _key_in_hand(request) is None:
        return _closed(request)
    if request.method != "POST":
        return still(request, _comment_blank, _who_reads())
    form = CommentForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_comment_page(form, _who_reads()), status=422)
    try:
        with suppress(EditClosed):  # sent twice: the receipt is there already
            amend_rating(edit_key=edit_key_in_hand(request), answers={}, comment=form.cleaned_data["comment"])
        finish_rating(edit_key=edit_key_in_hand(request))
    except EditClosed:
        return _closed(request)
    return see_other("rating-done")


def _comment_blank(language: str, table: Table) -> str:
    return _comment_page(CommentForm(), table)


def _comment_page(form: forms.Form, table: Table) -> str:
    return render_to_string("feedback/rating_comment.html", {"form": form, "readers": readers.comment_sentence(table)})


# --- the official form, one tap away ---------------------------------------------------------------------------------


@citizen_page
def rating_official(request: HttpRequest) -> HttpResponse:
    """Everything the month asks and the respondent's profile on one page. Its POST casts, adds, and ends like the others."""
    hand = ticket_in_hand(request)
    if hand is None:
        return see_other("rating-typed")
    if hand.again:  # whoever rates again said before who they are
        return see_other("rating-form")
    month, asks_cost = ticket_page(hand.token_hash)
    plan = plan_for(month)
    asked = {"kompetensi", "perilaku", *plan.second_page(order=hand.order, asks_cost=asks_cost)}
    names = ("overall", *(name for name in ELEMENTS if name in asked))
    if request.method != "POST":
        return _marked(request, still(request, _official_blank, _who_reads(), plan.questionnaire.version, names))
    form = OfficialForm(request.POST, questionnaire=plan.questionnaire, names=names, language=get_language() or "")
    if not form.is_valid():
        return HttpResponse(_official_page(form, _who_reads()), status=422)
    first = {name: form.answers()[name] for name in plan.questionnaire.first_page}
    try:
        edit_key = _official(request, hand, first, form)
    except DifferentAnswers:
        return render(request, "feedback/rating_different.html", status=409)
    except EditClosed:
        return _closed(request)
    response = see_other("rating-done")
    hold_edit_key(response, edit_key)
    return response


def _official(request: HttpRequest, hand: Hand, first: Mapping[str, int | None], form: OfficialForm) -> str:
    """Cast, add, finish; the key. After the short form its first answer stands, and this one adds the rest."""
    try:
        key = _cast(request, hand, first).edit_key
    except DifferentAnswers as earlier:
        key = earlier.cast.edit_key
    try:
        amend_rating(edit_key=key, answers=form.answers(), comment=form.cleaned_data["comment"])
        add_profile(edit_key=key, profile=form.profile())
    except EditClosed:  # finished before: the same form again is answered alike, another one is not
        said = finish_rating(edit_key=key).answers()
        if any(value is not None and said.get(name) != value for name, value in form.answers().items()):
            raise DifferentAnswers(Cast(key)) from None
    finish_rating(edit_key=key)
    return key


def _official_blank(language: str, table: Table, version: str, names: tuple[str, ...]) -> str:
    form = OfficialForm(questionnaire=version_named(version), names=names, language=language)
    return _official_page(form, table)


def _official_page(form: OfficialForm, table: Table) -> str:
    return render_to_string(
        "feedback/rating_official.html",
        {"form": form, "readers": readers.sentence(table), "comment_readers": readers.comment_sentence(table)},
    )


# --- around it -------------------------------------------------------------------------------------------------------


@citizen_page
def rating_done(request: HttpRequest) -> HttpResponse:
    """The last page. Its button finishes; from then on it shows the receipt, as long as the later pages would be open."""
    if request.method == "POST":
        try:
            finish_rating(edit_key=edit_key_in_hand(request))
        except EditClosed:
            return _closed(request)
        return see_other("rating-done")
    try:
        receipt = receipt_for(edit_key=edit_key_in_hand(request))
    except EditClosed:
        return still(request, _done, False)
    if receipt is None:
        return still(request, _done, True)
    return render(request, "feedback/rating_receipt.html", {"receipt": receipt})


def _done(language: str, may_finish: bool) -> str:
    return render_to_string("feedback/rating_done.html", {"may_finish": may_finish})


@citizen_page
def rating_receipt(request: HttpRequest) -> HttpResponse:
    """The receipt as a text file."""
    try:
        receipt = receipt_for(edit_key=edit_key_in_hand(request))
    except EditClosed:
        receipt = None
    if receipt is None:
        return see_other("rating-done")
    context = {"receipt": receipt, "address": settings.PUBLIC_ADDRESS + reverse("receipt-check")}
    text = render_to_string("feedback/receipt.txt", context)
    headers = {"Content-Disposition": 'attachment; filename="tanda-terima-teladan.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


@citizen_page
def rating_readers(request: HttpRequest) -> HttpResponse:
    """Who reads what, the whole table."""
    return still(request, _readers, _who_reads())


def _readers(language: str, table: Table) -> str:
    context = {"lines": readers.lines(table), "sentence": readers.sentence(table)}
    return render_to_string("feedback/rating_readers.html", context)


@citizen_page
def rating_typed(request: HttpRequest) -> HttpResponse:
    """The way in for those who type number and code instead of scanning."""
    if request.method != "POST":
        return still(request, _typed_blank)
    form = TypedForm(request.POST)
    if not form.is_valid():
        return HttpResponse(_typed_page(form), status=422)
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    try:
        token_hash = redeem_typed(number=number, code=code)
    except TooManyTries:
        return render(request, "feedback/rating_locked.html", status=429)
    if token_hash is None:
        form.refuse()
        return HttpResponse(_typed_page(form), status=422)
    response = see_other("rating-form")
    hold_ticket(request, response, token_hash, tokens.order_of(f"{number}{code}".encode()))
    return response


def _typed_blank(language: str) -> str:
    return _typed_page(TypedForm())


def _typed_page(form: forms.Form) -> str:
    return render_to_string("feedback/rating_typed.html", {"form": form})
