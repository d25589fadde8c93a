"""Who may see rounds, open them, decide, and hold a certificate."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.awards import queries
from teladan.awards.models import Award, Round
from teladan.people.access import Account, can
from teladan.people.models import User
from teladan.people.permissions import Permission


def may_open(user: Account) -> bool:
    """Whoever closes months opens the round over the closing; so may the committee."""
    return can(user, Permission.MONTH_CLOSE) or can(user, Permission.AWARD_DECIDE)


def round_or_404(user: Account, round_id: int) -> Round:
    """A round with everything on its page; 404 for those who may not know candidates."""
    found = queries.rounds_with(pk=round_id).first() if can(user, Permission.AWARD_VIEW) else None
    if found is None:
        raise Http404(_("Putaran penghargaan ini tidak ditemukan."))
    return found


def round_to_decide(user: Account, round_id: int) -> Round:
    """For the committee alone; 403 for others who may see it."""
    found = round_or_404(user, round_id)
    if not can(user, Permission.AWARD_DECIDE):
        raise PermissionDenied(_("Hanya tim penghargaan yang memutuskan."))
    return found


def award_or_404(user: Account, award_id: UUID) -> Award:
    """The certificate for its holder and for those who see rounds."""
    rows = Award.objects.select_related(
        "candidate__person", "candidate__unit", "candidate__round__programme", "candidate__round__closing"
    )
    found = rows.filter(pk=award_id).first()
    own = found and isinstance(user, User) and user.person_id == found.candidate.person_id
    if found is None or not (own or can(user, Permission.AWARD_VIEW)):
        raise Http404(_("Piagam ini tidak ditemukan."))
    return found
