"""Roles and permissions on one page; accounts, and the roles given to them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teladan.core import clock
from teladan.people import access, actions, queries
from teladan.people.access import requires
from teladan.people.actions import Refused
from teladan.people.forms import AccountForm, GrantForm, ReasonForm
from teladan.people.models import Unit, User
from teladan.people.permissions import LABELS, OF_EMPLOYEES, ROLES, Permission, Role

WHOLE = "*"


@require_safe
def role_list(request: HttpRequest) -> HttpResponse:
    """What each role may do: open to everybody who has signed in."""
    today = clock.today()
    mine = access.roles_of(request.user)
    names = queries.names_of({grant.unit_id for grant in mine if grant.unit_id}, today)
    context = {
        "roles": [
            (role, info, [LABELS[one] for one in Permission if one in info.permissions]) for role, info in ROLES.items()
        ],
        "permissions": [
            (LABELS[one], [info.label for info in ROLES.values() if one in info.permissions]) for one in Permission
        ],
        "mine": [(ROLES[Role(grant.role)], names.get(grant.unit_id or 0, ""), grant) for grant in mine],
        "may_grant": access.can(request.user, Permission.ROLE_GRANT),
    }
    return render(request, "people/role_list.html", context)


@require_safe
@requires(Permission.ROLE_GRANT)
def account_list(request: HttpRequest) -> HttpResponse:
    """Accounts and their roles of today."""
    search = request.GET.get("cari", "").strip()[:100]
    page = Paginator(queries.accounts(search), 50).get_page(request.GET.get("page"))
    given = queries.roles_by_account([user.pk for user in page], clock.today())
    rows = [(user, given.get(user.pk, [])) for user in page]
    return render(request, "people/account_list.html", {"page": page, "rows": rows, "search": search})


@require_http_methods(["GET", "HEAD", "POST"])
def account_detail(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account: its roles, giving another."""
    account = access.account_or_404(request.user, account_id)
    form = _grant_form(request, account, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _grant(request, form, account):
        return redirect("people-account", account.pk)
    return _account_page(request, account, form, status=422 if form.errors else 200)


def _account_page(request: HttpRequest, account: User, form: GrantForm, status: int, **rest: Any) -> HttpResponse:
    today = clock.today()
    grants = queries.grants_of(account)
    names = queries.names_of({grant.unit_id for grant in grants if grant.unit_id}, today)
    context = {
        "account": account,
        "form": form,
        "grants": [
            (grant, ROLES[Role(grant.role)].label, names.get(grant.unit_id or 0, ""), queries.state_of(grant, today))
            for grant in grants
        ],
        "is_self": account == request.user,
        "events": queries.events_of(f"user:{account.pk}"),
        **rest,
    }
    return render(request, "people/account_detail.html", context, status=status)


def _grant_form(request: HttpRequest, account: User, data: QueryDict | None = None) -> GrantForm:
    whole = access.everywhere(request.user, Permission.ROLE_GRANT)
    names = queries.unit_names(clock.today())
    units = [
        (unit.code, f"{names[unit.pk]} ({unit.code})")
        for unit in access.units_where(request.user, Permission.ROLE_GRANT)
        if unit.pk in names
    ]
    units.sort(key=lambda pair: pair[1])
    everywhere = [(WHOLE, _("Seluruh pemerintah daerah"))] if whole else []
    roles = [role for role in access.roles_to_give(request.user) if account.person_id or role not in OF_EMPLOYEES]
    return GrantForm(data, roles=roles, units=[("", _("Pilih unit")), *everywhere, *units])


def _grant(request: HttpRequest, form: GrantForm, account: User) -> bool:
    data = form.cleaned_data
    if not data["unit"]:
        form.add_error("unit", _("Pilih unit, atau seluruh pemerintah daerah."))
        return False
    unit: Unit | None = None if data["unit"] == WHOLE else access.unit_or_404(request.user, data["unit"])
    try:
        actions.grant_role(
            user=account,
            role=data["role"],
            unit=unit,
            by=request.user,
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )
    except Refused as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Peran diberikan."))
    return True


@require_POST
def grant_end(request: HttpRequest, grant_id: int) -> HttpResponse:
    """Take a role back."""
    grant = access.grant_to_end_or_404(request.user, grant_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Tuliskan alasannya."))
        return redirect("people-account", grant.user_id)
    try:
        actions.revoke_role(grant=grant, by=request.user, reason=form.cleaned_data["alasan"])
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Peran dicabut."))
    return redirect("people-account", grant.user_id)


@never_cache
@require_POST
@requires(Permission.ROLE_GRANT)
def account_for_person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """An account for an employee. The first password is shown once, on the answer itself."""
    person = access.person_or_404(request.user, person_id)
    return _create(request, person=person, username=person.nip) or redirect("people-detail", person.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ROLE_GRANT)
def account_new(request: HttpRequest) -> HttpResponse:
    """An account for somebody who is no employee (mayor, system administrator)."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _create(request, person=None, **form.cleaned_data)
        if made:
            return made
    return render(request, "people/account_new.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_variables("password")
def _create(request: HttpRequest, **who: Any) -> HttpResponse | None:
    password = secrets.token_urlsafe(15)
    try:
        account = actions.create_account(**who, password=password, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return None
    return _account_page(request, account, _grant_form(request, account), status=201, password=password, is_new=True)


@never_cache
@require_POST
@sensitive_variables("password")
def account_password(request: HttpRequest, account_id: int) -> HttpResponse:
    """Another password for somebody who forgot theirs, shown once, on the answer itself."""
    account = access.account_or_404(request.user, account_id)
    if account.person:
        access.person_or_404(request.user, account.person.pk)
    password = secrets.token_urlsafe(15)
    try:
        actions.renew_password(user=account, password=password, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
        return redirect("people-account", account.pk)
    return _account_page(request, account, _grant_form(request, account), status=200, password=password)


@require_POST
def account_close(request: HttpRequest, account_id: int) -> HttpResponse:
    """Nobody signs in with this account any more."""
    return _switch(request, account_id, actions.close_account, _("Akun ditutup."))


@require_POST
def account_open(request: HttpRequest, account_id: int) -> HttpResponse:
    """A closed account, open again."""
    return _switch(request, account_id, actions.open_account, _("Akun dibuka kembali."))


def _switch(request: HttpRequest, account_id: int, act: Callable[..., None], done: str) -> HttpResponse:
    account = access.account_or_404(request.user, account_id)
    if account.person:
        access.person_or_404(request.user, account.person.pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Tuliskan alasannya."))
        return redirect("people-account", account.pk)
    try:
        act(user=account, reason=form.cleaned_data["alasan"], by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("people-account", account.pk)
