"""Guards of the team screen, of evaluations and of achievements.

An appraiser is somebody by the tree of units, not by a grant; a grant alone opens an empty screen.
404: you may not know it exists. 403: you may not do it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.evaluation.models import Evaluation
from teladan.people import queries as people
from teladan.people.access import Account, can, everywhere, roles_of, units_where
from teladan.people.models import Grant, Person, Unit, User
from teladan.people.permissions import ROLES, Permission, Role


def month_or_404(text: str, months: Iterable[date]) -> date | None:
    """The month asked for, the latest without a wish, none while nothing is closed; 404 for any other month."""
    known = list(months)
    if not text:
        return known[0] if known else None
    try:
        month = clock.parse_month(text)
    except ValueError as error:
        raise Http404(str(error)) from error
    if month not in known:
        raise Http404(_("Bulan ini belum ditutup."))
    return month


def rating_person(user: Account, month: date | None) -> Person:
    """The person who rates: a member of staff with a team on the month's last day, or with the permission."""
    if not isinstance(user, User) or user.person is None:
        raise PermissionDenied(_("Akun ini bukan akun pegawai, jadi tidak punya tim."))
    day = clock.month_end(month) if month else clock.today()
    if not can(user, Permission.TEAM_RATE) and not people.team_of(user.person, day):
        raise PermissionDenied(_("Anda tidak menilai siapa pun."))
    return user.person


def evaluation_or_404(user: Account, evaluation_id: UUID) -> Evaluation:
    """A signed evaluation for those whom it concerns (PermenPANRB 6/2022): employee, appraiser, superior, PyB."""
    rows = Evaluation.objects.select_related("person", "appraiser", "unit", "signed_by__person")
    found = rows.filter(pk=evaluation_id, signed_at__isnull=False).first()
    if found is None or not may_read(user, found):
        raise Http404(_("Evaluasi ini tidak ditemukan."))
    return found


def may_read(user: Account, evaluation: Evaluation) -> bool:
    """Employee, appraiser, the appraiser's superior, and whoever monitors evaluations of the unit."""
    if not isinstance(user, User):
        return False
    if user.person_id and user.person_id in (evaluation.person_id, evaluation.appraiser_id):
        return True
    if can(user, Permission.EVALUATION_MONITOR, evaluation.unit):
        return True
    if user.person_id is None:
        return False
    superior = people.appraiser_of(evaluation.appraiser, clock.month_end(evaluation.month))
    return superior is not None and superior.person.pk == user.person_id


def own_evaluation_or_404(user: Account, evaluation_id: UUID) -> Evaluation:
    """For acknowledging: the employee's own; 403 for others who may read it."""
    found = evaluation_or_404(user, evaluation_id)
    if not isinstance(user, User) or user.person_id != found.person_id:
        raise PermissionDenied(_("Hanya pegawai yang dinilai yang dapat menyatakan sudah menerima."))
    return found


def levels_above(user: Account, *, deep: bool = False) -> set[int | None]:
    """Units for whose next level down the account sets achievements; `deep` adds every level below. 403 without.

    None stands for the place above the top: units without a parent are the mayor's.
    """
    if not isinstance(user, User) or not can(user, Permission.ACHIEVEMENT_SET):
        raise PermissionDenied(_("Capaian unit ditetapkan oleh atasan unit itu."))
    found: set[int | None] = {grant.unit_id for grant in roles_of(user) if _sets_achievements(grant)}
    if None in found:
        found |= {unit for unit, node in people.tree(clock.today()).nodes.items() if node.parent is None}
    if deep:
        found |= set(units_where(user, Permission.ACHIEVEMENT_SET).values_list("pk", flat=True))
    return found


def _sets_achievements(grant: Grant) -> bool:
    return Permission.ACHIEVEMENT_SET in ROLES[Role(grant.role)].permissions


def may_set_achievement(user: User, unit: Unit, on: date) -> bool:
    """The level above: permission for the parent, and not one's own unit. The mayor stands above everything."""
    if user.person and (head := people.head_of(unit, on)) and head.pk == user.person.pk:
        return False
    above = people.ancestors(unit, on)
    if not above:
        return everywhere(user, Permission.ACHIEVEMENT_SET)
    return can(user, Permission.ACHIEVEMENT_SET, above[0])


def may_revise(user: User, evaluation: Evaluation) -> bool:
    """A result is changed by the appraiser's superior, the mayor where nobody else stands above (annex V.B)."""
    if user.person_id == evaluation.person_id:
        return False
    path = people.appraiser_path(evaluation.appraiser, clock.month_end(evaluation.month))
    if path.appraiser is None:
        return everywhere(user, Permission.ACHIEVEMENT_SET)
    return user.person_id == path.appraiser.person.pk
