"""Who may moderate which comment, and who may answer one. Strangers get 404: they may not know it exists."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.feedback.models import SealedComment
from teladan.feedback.queries import comments
from teladan.people.access import Account
from teladan.people.models import Person, User


def person_of(user: Account) -> Person:
    """The civil servant behind an account; 403 for accounts of nobody."""
    if not isinstance(user, User) or user.person is None:
        raise PermissionDenied(_("Akun ini tidak terhubung dengan seorang pegawai."))
    return user.person


def own_comment_or_404(user: Account, comment_id: UUID) -> SealedComment:
    """A released comment about this account's own service."""
    person = user.person if isinstance(user, User) else None
    found = comments.own_rows(person).filter(pk=comment_id).first() if person else None
    if found is None:
        raise Http404(_("Komentar ini tidak ditemukan."))
    return found
