"""Comments: the moderator's page, and an officer's own comments with the one reply."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from teladan.feedback import access
from teladan.feedback.actions import comments as actions
from teladan.feedback.actions.comments import ReplyRefused
from teladan.feedback.forms_comments import ReplyForm, decision_forms
from teladan.feedback.models import CommentReply, SealedComment
from teladan.feedback.queries import comments as queries
from teladan.people.access import requires
from teladan.people.models import User
from teladan.people.permissions import Permission


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.COMMENT_MODERATE)
@never_cache
def moderation_queue(request: HttpRequest) -> HttpResponse:
    """Comments that wait, a page at a time; one button sends the whole page."""
    return _queue(request, "moderation-queue", replies=False)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.COMMENT_MODERATE)
@never_cache
def moderation_replies(request: HttpRequest) -> HttpResponse:
    """Officers' replies that wait."""
    return _queue(request, "moderation-replies", replies=True)


def _queue(request: HttpRequest, name: str, *, replies: bool) -> HttpResponse:
    units = queries.units_to_moderate(_user(request))
    waiting = queries.waiting_replies(units) if replies else queries.waiting_comments(units)
    sent = request.method == "POST"
    page = Paginator(waiting, queries.PAGE).get_page(1 if sent else request.GET.get("page"))
    shown = waiting.filter(pk__in=_sent_keys(request.POST)) if sent else page.object_list
    rows = cast("Iterable[SealedComment | CommentReply]", shown)
    forms = decision_forms(queries.with_proposals(rows), request.POST if sent else None)
    wrong = [form for form in forms if not form.is_valid()]  # each says what is wrong with it
    if sent and not wrong:
        decisions = [decision for form in forms if (decision := form.decision())]
        done = actions.decide(decisions=decisions, by=_user(request))
        _say(request, done.done, len(_sent_keys(request.POST)) - len(forms) + done.late)
        return redirect(name)
    others = queries.waiting_comments(units) if replies else queries.waiting_replies(units)
    context = {
        "forms": forms,
        "page": page,
        "is_reply": replies,
        "own": name,
        "others": others.count(),
        "progress": queries.progress(units),
        "is_stranger": not units,
        "mask": "[…]",
    }
    return render(request, "feedback/moderation_queue.html", context, status=422 if sent else 200)


def _sent_keys(data: QueryDict) -> list[UUID]:
    """Which texts stood on the page that was sent; at most a page of them, whatever was sent."""
    found = []
    for name in data.getlist("row")[: queries.PAGE]:
        try:
            found.append(UUID(hex=name))
        except ValueError:
            continue
    return found


def _say(request: HttpRequest, done: int, late: int) -> None:
    messages.success(request, ngettext("Satu keputusan tersimpan.", "%(n)d keputusan tersimpan.", done) % {"n": done})
    if late:
        words = ngettext("Satu sudah diputuskan orang lain.", "%(n)d sudah diputuskan orang lain.", late)
        messages.info(request, words % {"n": late})


# --- the officer -----------------------------------------------------------------------------------------------------


@require_safe
@never_cache
def comment_own(request: HttpRequest) -> HttpResponse:
    """What citizens wrote about one's own service, where enough of it came out together."""
    person = access.person_of(request.user)
    context = {"batches": queries.own_comments(person), "form": ReplyForm()}
    return render(request, "feedback/comment_own.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def comment_reply(request: HttpRequest, comment_id: UUID) -> HttpResponse:
    """Answer once."""
    comment: SealedComment = access.own_comment_or_404(request.user, comment_id)
    form = ReplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.reply(comment=comment, text=form.cleaned_data["text"], by=_user(request))
        except ReplyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Jawaban terkirim. Pemeriksa membacanya dulu, lalu tampil di bawah komentar."))
            return redirect("comment-own")
    context = {"comment": comment, "form": form}
    return render(request, "feedback/comment_reply.html", context, status=422 if form.errors else 200)
