"""Who may: one question (`can`), the units where somebody may, and the loaders that views must use.

Scope follows the tree of today: a grant for a unit reaches everything below it; a grant without a unit, everything.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from teladan.core import clock
from teladan.people import queries
from teladan.people.models import Grant, Person, Unit, User
from teladan.people.permissions import ROLES, Permission, Role

Account = User | AnonymousUser
P = ParamSpec("P")


def roles_of(user: Account) -> list[Grant]:
    """The grants in force today, remembered on the account object for the rest of the request."""
    if not isinstance(user, User) or not user.is_active:
        return []
    day = clock.today()
    kept = user.__dict__.get("_grants")
    if kept is None or kept[0] != day:
        rows = Grant.objects.filter(queries.valid_on(day), user=user).select_related("unit").order_by("role", "id")
        kept = user.__dict__["_grants"] = (day, list(rows), {})
    return list(kept[1])


def forget_roles(user: User) -> None:
    """After a grant changed: read anew."""
    user.__dict__.pop("_grants", None)


def has_role(user: Account, role: Role) -> bool:
    """Holds this role today, anywhere."""
    return any(grant.role == role for grant in roles_of(user))


def _grants_with(user: Account, permission: Permission) -> list[Grant]:
    return [grant for grant in roles_of(user) if permission in ROLES[Role(grant.role)].permissions]


def _unit_ids(user: User, permission: Permission) -> frozenset[int]:
    """Ids of the units below the grants, one query per permission and request."""
    scopes: dict[Permission, frozenset[int]] = user.__dict__["_grants"][2]
    if permission not in scopes:
        roots = [grant.unit_id for grant in _grants_with(user, permission) if grant.unit_id]
        found = queries.subtree(roots, clock.today()).values_list("id", flat=True) if roots else []
        scopes[permission] = frozenset(found)
    return scopes[permission]


def everywhere(user: Account, permission: Permission) -> bool:
    """May do it in the whole government."""
    return any(grant.unit_id is None for grant in _grants_with(user, permission))


def can(user: Account, permission: Permission, unit: Unit | None = None) -> bool:
    """May this account do it, for this unit (or, without a unit, anywhere at all)?"""
    grants = _grants_with(user, permission)
    if not grants or not isinstance(user, User):
        return False
    return unit is None or everywhere(user, permission) or unit.pk in _unit_ids(user, permission)


def require(user: Account, permission: Permission, unit: Unit | None = None) -> None:
    """PermissionDenied (403) unless `can`."""
    if not can(user, permission, unit):
        raise PermissionDenied(_("Akun ini belum diberi wewenang untuk halaman itu."))


def units_where(user: Account, permission: Permission) -> QuerySet[Unit]:
    """All units for which the account has the permission today."""
    if everywhere(user, permission):
        return Unit.objects.all()
    roots = [grant.unit_id for grant in _grants_with(user, permission) if grant.unit_id]
    return queries.subtree(roots, clock.today()) if roots else Unit.objects.none()


def requires(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """View decorator: 403 unless the account has the permission somewhere."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            require(request.user, permission)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def may_see_person(user: Account, person: Person) -> bool:
    """Oneself, whoever may view people where the person works, and the person's appraiser."""
    if not isinstance(user, User):
        return False
    if user.person_id == person.pk or everywhere(user, Permission.PEOPLE_VIEW):
        return True
    unit = queries.unit_of(person, clock.today())
    if unit and can(user, Permission.PEOPLE_VIEW, unit):
        return True
    if user.person_id is None:
        return False
    appraiser = queries.appraiser_of(person, clock.today())
    return appraiser is not None and appraiser.person.pk == user.person_id


def person_or_404(user: Account, person_id: UUID | str) -> Person:
    """The person, for those who may know; 404 for everybody else."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None or not may_see_person(user, person):
        raise Http404(_("Pegawai ini tidak ditemukan."))
    return person
