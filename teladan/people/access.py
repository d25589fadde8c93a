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

from teladan.core import clock, kept
from teladan.core.models import ImportRun
from teladan.people import queries
from teladan.people.models import AppraiserOverride, Grant, Person, Placement, Unit, User
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


def person_to_appoint_or_404(user: Account, person_id: UUID | str) -> Person:
    """The person for whoever may name an appraiser there: 404 to strangers, 403 to readers."""
    person = person_or_404(user, person_id)
    require(user, Permission.APPRAISER_SET, queries.unit_of(person, clock.today()))
    return person


def unit_or_404(user: Account, code: str) -> Unit:
    """The unit, for those who may view people there."""
    unit = Unit.objects.filter(code=code).first()
    if unit is None or not can(user, Permission.PEOPLE_VIEW, unit):
        raise Http404(_("Unit ini tidak ditemukan."))
    return unit


def unit_to_appoint_or_404(user: Account, code: str) -> Unit:
    """The unit for whoever may name its acting head and its people's appraisers."""
    unit = unit_or_404(user, code)
    require(user, Permission.APPRAISER_SET, unit)
    return unit


def visible_units(user: Account) -> list[int] | None:
    """Ids of the units whose people the account may list; None is the whole government."""
    if everywhere(user, Permission.PEOPLE_VIEW):
        return None
    return list(units_where(user, Permission.PEOPLE_VIEW).values_list("id", flat=True))


def kept_file_or_404(user: Account, run_id: UUID | str, permission: Permission, *kinds: str) -> ImportRun:
    """A kept file of these kinds, for whoever brought it and for those who may import such files everywhere."""
    require(user, permission)
    run = kept.of_kinds(kinds).filter(pk=run_id).first()
    own = run is not None and run.uploaded_by == f"user:{user.pk}"
    if run is None or not (own or everywhere(user, permission)):
        raise Http404(_("Impor ini tidak ditemukan atau sudah dihapus."))
    return run


def import_run_or_404(user: Account, run_id: UUID | str) -> ImportRun:
    """A kept file of people or units."""
    return kept_file_or_404(user, run_id, Permission.PEOPLE_IMPORT, "employees", "units")


def account_or_404(user: Account, account_id: int) -> User:
    """An account, for those who give roles."""
    require(user, Permission.ROLE_GRANT)
    account = User.objects.select_related("person").filter(pk=account_id).first()
    if account is None:
        raise Http404(_("Akun ini tidak ditemukan."))
    return account


def grant_to_end_or_404(user: Account, grant_id: int) -> Grant:
    """A grant that this account may revoke."""
    require(user, Permission.ROLE_GRANT)
    grant = Grant.objects.select_related("unit", "user").filter(pk=grant_id).first()
    if grant is None or not may_give(user, Role(grant.role), grant.unit):
        raise Http404(_("Peran ini tidak ditemukan."))
    return grant


def may_give(user: Account, role: Role, unit: Unit | None) -> bool:
    """Roles are given within one's own scope; the administrator's role only by an administrator."""
    if role is Role.ADMIN and not has_role(user, Role.ADMIN):
        return False
    return everywhere(user, Permission.ROLE_GRANT) if unit is None else can(user, Permission.ROLE_GRANT, unit)


def roles_to_give(user: Account) -> list[Role]:
    """Roles that this account may give somewhere."""
    return [role for role in Role if role is not Role.CITIZEN and (role is not Role.ADMIN or has_role(user, role))]


def acting_or_404(user: Account, placement_id: int) -> Placement:
    """An acting placement that this account may end."""
    rows = Placement.objects.exclude(kind=Placement.Kind.DEFINITIVE).select_related("post__unit", "person")
    row = rows.filter(pk=placement_id).first()
    if row is None or not can(user, Permission.PEOPLE_VIEW, row.post.unit):
        raise Http404(_("Penugasan ini tidak ditemukan."))
    require(user, Permission.APPRAISER_SET, row.post.unit)
    return row


def override_or_404(user: Account, override_id: int) -> AppraiserOverride:
    """An appraiser named by hand, for whoever may name another."""
    row = AppraiserOverride.objects.select_related("person", "appraiser").filter(pk=override_id).first()
    if row is None:
        raise Http404(_("Penetapan ini tidak ditemukan."))
    person_to_appoint_or_404(user, row.person_id)
    return row
