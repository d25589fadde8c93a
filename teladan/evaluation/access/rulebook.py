"""Guards of the rules: who reads them, and who changes them for the whole government."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.evaluation.models import PolicyProposal
from teladan.evaluation.queries import rulebook as queries
from teladan.evaluation.queries.rulebook import Rule
from teladan.people.access import Account, everywhere, require
from teladan.people.models import User
from teladan.people.permissions import Permission


def may_change(user: Account) -> bool:
    """One policy holds for all units, so it is changed by those alone whose grant reaches all of them."""
    return everywhere(user, Permission.POLICY_CHANGE)


def changer(user: Account) -> User:
    """The account that changes rules; 403 for everybody else."""
    if not isinstance(user, User) or not may_change(user):
        raise PermissionDenied(_("Aturan berlaku untuk seluruh kota dan diubah oleh BKPSDM tingkat kota."))
    return user


def rule_or_404(user: Account, key: str) -> Rule:
    """A rule, for those who may read the rules."""
    require(user, Permission.POLICY_VIEW)
    found = queries.rule(key)
    if found is None:
        raise Http404(_("Aturan ini tidak ditemukan."))
    return found


def proposal_or_404(user: Account, proposal_id: int) -> PolicyProposal:
    """A proposal, for those who may read the rules."""
    require(user, Permission.POLICY_VIEW)
    found = queries.proposal(proposal_id)
    if found is None:
        raise Http404(_("Usulan ini tidak ditemukan."))
    return found
