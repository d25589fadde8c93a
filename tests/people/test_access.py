"""Who may: scope by unit and day, and the loaders that tell strangers nothing."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from pytest_django import DjangoAssertNumQueries

from teladan.core import clock
from teladan.people import access
from teladan.people.access import can, everywhere, has_role, units_where
from teladan.people.models import User
from teladan.people.permissions import LABELS, ROLES, Permission, Role
from tests.make import make_grant, make_head, make_person, make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree() -> SimpleNamespace:
    city = make_unit("KOTA", kind="kota")
    office = make_unit("D", parent=city)
    section = make_unit("S", parent=office, kind="seksi")
    return SimpleNamespace(city=city, office=office, section=section, other=make_unit("D2", parent=city))


def test_can_refuses_strangers_and_closed_accounts(tree: SimpleNamespace) -> None:
    assert not can(AnonymousUser(), Permission.PEOPLE_VIEW)
    assert not can(make_user(), Permission.PEOPLE_VIEW)
    closed = make_user(role="bkpsdm")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    assert not can(User.objects.get(pk=closed.pk), Permission.PEOPLE_VIEW)


def test_superuser_flag_of_django_gives_nothing() -> None:
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    assert not can(User.objects.get(pk=user.pk), Permission.MONTH_CLOSE)


def test_can_stays_below_the_granted_unit(tree: SimpleNamespace) -> None:
    user = make_user(role="operator", unit=tree.office)
    assert can(user, Permission.PEOPLE_IMPORT)
    assert can(user, Permission.PEOPLE_IMPORT, tree.office)
    assert can(user, Permission.PEOPLE_IMPORT, tree.section)
    assert not can(user, Permission.PEOPLE_IMPORT, tree.other)
    assert not can(user, Permission.PEOPLE_IMPORT, tree.city)
    assert not can(user, Permission.MONTH_CLOSE)
    assert not everywhere(user, Permission.PEOPLE_IMPORT)
    assert {unit.code for unit in units_where(user, Permission.PEOPLE_IMPORT)} == {"D", "S"}
    assert not units_where(user, Permission.MONTH_CLOSE).exists()


def test_a_grant_without_unit_reaches_everything(tree: SimpleNamespace) -> None:
    user = make_user(role="bkpsdm")
    assert everywhere(user, Permission.PEOPLE_IMPORT)
    assert can(user, Permission.PEOPLE_IMPORT, tree.other)
    assert units_where(user, Permission.PEOPLE_IMPORT).count() == 4


def test_a_grant_holds_from_its_first_day_until_before_its_last(tree: SimpleNamespace) -> None:
    user = make_user()
    make_grant(user, "operator", tree.office, valid_from=date(2026, 10, 1), valid_until=date(2026, 11, 1))
    for day, expected in ((date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2026, 11, 1), False)):
        with clock.at(clock.local(day, 12)):
            assert can(user, Permission.PEOPLE_IMPORT, tree.section) is expected
            assert has_role(user, Role.OPERATOR) is expected


def test_scope_follows_the_tree_of_today(tree: SimpleNamespace) -> None:
    user = make_user(role="operator", unit=tree.office)
    period = tree.section.periods.get()
    period.parent = tree.other
    period.save()
    assert not can(user, Permission.PEOPLE_IMPORT, tree.section)


def test_asking_often_costs_two_queries(
    tree: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = make_user(role="operator", unit=tree.office)
    with django_assert_num_queries(2):
        for _ in range(5):
            assert can(user, Permission.PEOPLE_IMPORT, tree.section)
            assert not can(user, Permission.PEOPLE_IMPORT, tree.other)


def test_require_and_decorator_refuse_with_403(tree: SimpleNamespace) -> None:
    user = make_user(role="operator", unit=tree.office)
    with pytest.raises(PermissionDenied):
        access.require(user, Permission.PEOPLE_IMPORT, tree.other)
    request = HttpRequest()
    request.user = user
    view = access.requires(Permission.MONTH_CLOSE)(lambda _: HttpResponse("x"))
    with pytest.raises(PermissionDenied):
        view(request)
    assert access.requires(Permission.PEOPLE_IMPORT)(lambda _: HttpResponse("x"))(request).content == b"x"


# --- loaders -------------------------------------------------------------------------------------------------------------


def test_person_is_hidden_from_strangers(tree: SimpleNamespace) -> None:
    person = make_staff(tree.section)
    boss = make_head(tree.section)
    for allowed in (
        make_user(person),
        make_user(boss),
        make_user(role="operator", unit=tree.office),
        make_user(role="admin"),
    ):
        assert access.person_or_404(allowed, person.pk) == person
    for stranger in (
        AnonymousUser(),
        make_user(),
        make_user(make_staff(tree.section)),
        make_user(make_head(tree.other)),
        make_user(role="operator", unit=tree.other),
        make_user(role="employee"),
    ):
        with pytest.raises(Http404):
            access.person_or_404(stranger, person.pk)
    with pytest.raises(Http404):
        access.person_or_404(make_user(role="bkpsdm"), uuid4())


def test_person_without_a_place_is_seen_only_city_wide(tree: SimpleNamespace) -> None:
    person = make_person()
    assert access.person_or_404(make_user(role="bkpsdm"), person.pk) == person
    with pytest.raises(Http404):
        access.person_or_404(make_user(role="operator", unit=tree.city), person.pk)


def test_naming_an_appraiser_is_404_to_strangers_and_403_to_readers(tree: SimpleNamespace) -> None:
    person = make_staff(tree.section)
    with pytest.raises(Http404):
        access.person_to_appoint_or_404(make_user(), person.pk)
    with pytest.raises(PermissionDenied):
        access.person_to_appoint_or_404(make_user(role="operator", unit=tree.office), person.pk)
    assert access.person_to_appoint_or_404(make_user(role="bkpsdm"), person.pk) == person


# --- the page of roles ---------------------------------------------------------------------------------------------------


def test_every_role_and_permission_is_explained() -> None:
    assert set(ROLES) == set(Role)
    assert set(LABELS) == set(Permission)
    held = {permission for info in ROLES.values() for permission in info.permissions}
    assert held == set(Permission)
    assert not ROLES[Role.CITIZEN].permissions


def test_the_administrator_reads_no_results() -> None:
    forbidden = {
        Permission.UNIT_RESULT_VIEW,
        Permission.TEAM_RATE,
        Permission.EVALUATION_MONITOR,
        Permission.AWARD_VIEW,
    }
    assert not ROLES[Role.ADMIN].permissions & forbidden


def test_a_grant_of_yesterday_is_over(tree: SimpleNamespace) -> None:
    user = make_user()
    make_grant(user, "bkpsdm", valid_until=clock.today() - timedelta(days=1))
    assert access.roles_of(user) == []
