"""Accounts, roles, appraisers by hand, acting heads: refusals, then rows and their audit events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.people import actions, queries
from teladan.people.access import can, has_role, roles_of
from teladan.people.actions import Refused
from teladan.people.models import AppraiserOverride, Grant, Placement, User
from teladan.people.permissions import Permission, Role
from tests.make import make_grant, make_head, make_head_post, make_person, make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 9)
PASSWORD = "empat belas ayam jantan"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.at(clock.local(TODAY, 9)):
        yield


def events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(event=kind).order_by("id"))


# --- accounts ------------------------------------------------------------------------------------------------------------


def test_create_account_refuses() -> None:
    person = make_person()
    make_user(person, username="ada")
    for refused in (
        {"person": None, "username": "x"},
        {"person": person, "username": "lain"},
        {"person": None, "username": "ADA", "display_name": "x"},
        {"person": make_person(), "username": "y", "password": "pendek"},
    ):
        with pytest.raises(Refused):
            actions.create_account(**refused, by="cli")  # type: ignore[arg-type]
    assert User.objects.count() == 1


def test_create_account_keeps_only_a_hash() -> None:
    user = actions.create_account(person=make_person(), username="rina", password=PASSWORD, by="cli")
    assert user.password.startswith("argon2")
    assert user.check_password(PASSWORD)
    assert not actions.create_account(person=make_person(), username="adi", by="cli").has_usable_password()
    assert [event.after for event in events("people.account_created")] == [{"username": "rina"}, {"username": "adi"}]


def test_a_password_is_not_renewed_for_oneself_nor_for_more_than_one_may_give() -> None:
    agency, administrator = make_user(role="bkpsdm"), make_user(role="admin")
    starts_later = make_user()
    make_grant(starts_later, "admin", valid_from=TODAY + timedelta(days=3))
    unit = make_unit("DALAM")
    for giver, account in (
        (agency, agency),
        (agency, administrator),
        (agency, starts_later),
        (make_user(role="bkpsdm", unit=unit), make_user(role="officer", unit=make_unit("LUAR"))),
    ):
        with pytest.raises(Refused):
            actions.renew_password(user=account, password=PASSWORD, by=giver)
    with pytest.raises(Refused):
        actions.renew_password(user=make_user(), password="pendek", by=agency)
    assert events("people.password_renewed") == []


def test_a_renewed_password_is_the_only_one() -> None:
    user = make_user(role="officer", unit=make_unit(), password="kata sandi yang lama")
    before = user.get_session_auth_hash()
    actions.renew_password(user=user, password=PASSWORD, by=make_user(role="bkpsdm"))
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.get_session_auth_hash() != before  # by which every session of the old one ends
    (event,) = events("people.password_renewed")
    assert (event.subject, event.after) == (f"user:{user.pk}", None)


# --- closing an account ------------------------------------------------------------------------------------------------


def closed(user: User) -> User:
    User.objects.filter(pk=user.pk).update(is_active=False)
    return user


def test_an_account_is_not_closed_by_itself_nor_by_who_may_give_less() -> None:
    agency, administrator = make_user(role="bkpsdm"), make_user(role="admin")
    for giver, account in ((agency, agency), (agency, administrator), (agency, closed(make_user()))):
        with pytest.raises(Refused):
            actions.close_account(user=account, reason="pensiun", by=giver)
    assert events("people.account_closed") == []
    assert User.objects.filter(is_active=True).count() == 2


def test_an_open_account_is_not_opened_nor_that_of_somebody_who_has_left() -> None:
    agency, administrator = make_user(role="bkpsdm"), closed(make_user(role="admin"))
    gone = closed(make_user(make_person(is_active=False)))
    for account in (make_user(), gone, administrator):
        with pytest.raises(Refused):
            actions.open_account(user=account, reason="kembali", by=agency)
    with pytest.raises(Refused, match="tidak aktif"):
        actions.create_account(person=make_person(is_active=False), username="pensiun", by=agency)
    assert events("people.account_opened") == []


def test_a_closed_account_opens_again_with_its_roles() -> None:
    agency, user = make_user(role="bkpsdm"), make_user(role="officer", unit=make_unit(), password=PASSWORD)
    actions.close_account(user=user, reason="pindah", by=agency)
    user = User.objects.get(pk=user.pk)
    assert not user.is_active
    assert roles_of(user) == []
    actions.open_account(user=user, reason="kembali", by=agency)
    user = User.objects.get(pk=user.pk)
    assert user.is_active
    assert user.check_password(PASSWORD)
    assert [grant.role for grant in roles_of(user)] == ["officer"]
    (shut,), (opened,) = events("people.account_closed"), events("people.account_opened")
    assert (shut.after, opened.after) == ({"open": False, "reason": "pindah"}, {"open": True, "reason": "kembali"})


# --- the first account -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["admin"], "Sebutkan perannya"),
        (["admin", "--role", "admin"], "memerlukan nama tampilan"),
        (["admin", "--role", "admin", "--nip", "198501012010012001"], "tidak ada. Impor pegawai"),
        (["admin", "--role", "officer", "--name", "x", "--unit", "TIDAK"], "tidak ada. Impor unit"),
        (["admin", "--new-password"], "Akun admin tidak ada"),
        (["ada", "--role", "admin", "--name", "x"], "sudah ada. Lupa"),
    ],
)
def test_the_command_refuses_and_leaves_nothing(words: list[str], said: str) -> None:
    make_user(username="ada")
    with pytest.raises(CommandError, match=said):
        call_command("create_account", *words)
    assert (User.objects.count(), Grant.objects.count()) == (1, 0)


def test_the_command_makes_the_first_account_and_leads_back_in(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_account", "admin", "--name", "Administrator Kota", "--role", "admin")
    user = User.objects.get(username="admin")
    assert user.check_password(capsys.readouterr().out.strip())
    assert has_role(user, Role.ADMIN)
    call_command("create_account", "admin", "--new-password")
    user.refresh_from_db()
    assert user.check_password(capsys.readouterr().out.strip())

    person, unit = make_person(), make_unit("D")
    call_command("create_account", "rina", "--nip", person.nip, "--role", "operator", "--unit", "D")
    grant = Grant.objects.get(user__person=person)
    assert (grant.role, grant.unit) == ("operator", unit)


# --- roles ---------------------------------------------------------------------------------------------------------------


def test_grant_role_refuses_citizen_self_twice_and_backwards() -> None:
    user, giver = make_user(), make_user(role="admin")
    actions.grant_role(user=user, role="operator", unit=None, by=giver)
    with pytest.raises(Refused, match="Warga"):
        actions.grant_role(user=user, role="citizen", unit=None, by=giver)
    with pytest.raises(Refused, match="orang lain"):
        actions.grant_role(user=giver, role="bkpsdm", unit=None, by=giver)
    with pytest.raises(Refused, match="sudah diberikan"):
        actions.grant_role(user=user, role="operator", unit=None, by=giver)
    with pytest.raises(Refused, match="sesudah"):
        actions.grant_role(user=user, role="mayor", unit=None, by=giver, valid_until=TODAY)
    for role in ("officer", "appraiser"):
        with pytest.raises(Refused, match="hanya untuk akun pegawai"):
            actions.grant_role(user=user, role=role, unit=None, by=giver)
    assert Grant.objects.filter(user=user).count() == 1


def test_grant_role_refuses_beyond_the_givers_scope() -> None:
    unit = make_unit()
    for giver in (make_user(), make_user(role="operator", unit=unit), make_user(role="bkpsdm", unit=unit)):
        with pytest.raises(Refused, match="tidak berwenang"):
            actions.grant_role(user=make_user(), role="officer", unit=make_unit(f"X{giver.pk}"), by=giver)
    inside = make_user(role="bkpsdm", unit=unit)
    assert actions.grant_role(user=make_user(make_person()), role="officer", unit=unit, by=inside).unit == unit


def test_only_an_administrator_makes_an_administrator() -> None:
    with pytest.raises(Refused, match="tidak berwenang"):
        actions.grant_role(user=make_user(), role="admin", unit=None, by=make_user(role="bkpsdm"))
    user = make_user()
    actions.grant_role(user=user, role="admin", unit=None, by=make_user(role="admin"))
    assert has_role(user, Role.ADMIN)


def test_grant_and_revoke_take_effect_at_once_and_are_kept() -> None:
    user, giver = make_user(), make_user(role="admin")
    assert not can(user, Permission.PEOPLE_VIEW)
    grant = actions.grant_role(user=user, role="operator", unit=make_unit(), by=giver, valid_from=date(2026, 11, 1))
    assert can(user, Permission.PEOPLE_VIEW)
    actions.revoke_role(grant=grant, by=giver, reason="Pindah tugas")
    assert not has_role(User.objects.get(pk=user.pk), Role.OPERATOR)
    assert Grant.objects.get(pk=grant.pk).valid_until == TODAY
    [given], [taken] = events("people.role_granted"), events("people.role_revoked")
    assert (given.subject, given.actor) == (f"user:{user.pk}", f"user:{giver.pk}")
    assert (taken.reason, taken.before and taken.before["role"]) == ("Pindah tugas", "operator")


def test_revoke_role_refuses_twice_and_ones_own() -> None:
    giver = make_user(role="admin")
    over = make_grant(make_user(), "operator", valid_until=TODAY)
    with pytest.raises(Refused, match="sudah berakhir"):
        actions.revoke_role(grant=over, by=giver, reason="x")
    with pytest.raises(Refused, match="orang lain"):
        actions.revoke_role(grant=Grant.objects.get(user=giver), by=giver, reason="x")


def test_revoking_a_role_of_the_same_day_leaves_no_empty_span() -> None:
    grant = make_grant(make_user(), "operator", valid_from=TODAY)
    actions.revoke_role(grant=grant, by="cli", reason="x")
    assert not Grant.objects.filter(pk=grant.pk).exists()
    assert events("people.role_revoked")


# --- appraisers by hand --------------------------------------------------------------------------------------------------


def test_set_appraiser_refuses_self_no_reason_gone_backwards_and_each_other() -> None:
    person, boss, by = make_person(), make_person(), make_user(role="bkpsdm")
    gone = make_person(is_active=False)
    for values in (
        {"appraiser": person, "reason": "x"},
        {"appraiser": boss, "reason": "  "},
        {"appraiser": gone, "reason": "x"},
        {"appraiser": boss, "reason": "x", "valid_until": TODAY},
    ):
        with pytest.raises(Refused):
            actions.set_appraiser(person=person, by=by, **values)  # type: ignore[arg-type]
    actions.set_appraiser(person=person, appraiser=boss, reason="x", by=by)
    with pytest.raises(Refused, match="saling menilai"):
        actions.set_appraiser(person=boss, appraiser=person, reason="x", by=by)


def test_set_appraiser_ends_the_one_before() -> None:
    person, first, second, by = make_person(), make_person(), make_person(), make_user(role="bkpsdm")
    actions.set_appraiser(person=person, appraiser=first, reason="a", by=by, valid_from=date(2026, 10, 1))
    actions.set_appraiser(person=person, appraiser=second, reason="SK 12", by=by, valid_from=date(2026, 11, 1))
    spans = AppraiserOverride.objects.order_by("valid_from").values_list("appraiser", "valid_from", "valid_until")
    assert list(spans) == [
        (first.pk, date(2026, 10, 1), date(2026, 11, 1)),
        (second.pk, date(2026, 11, 1), None),
    ]
    assert [event.reason for event in events("people.appraiser_set")] == ["a", "SK 12"]
    actions.set_appraiser(person=person, appraiser=first, reason="b", by=by, valid_from=date(2026, 11, 1))
    assert AppraiserOverride.objects.get(valid_until=None).appraiser == first


def test_end_override_returns_to_the_tree() -> None:
    unit = make_unit()
    person, head, by = make_staff(unit), make_head(unit), make_user(role="bkpsdm")
    row = actions.set_appraiser(
        person=person, appraiser=make_person(), reason="x", by=by, valid_from=TODAY - timedelta(days=9)
    )
    actions.end_override(override=row, by=by, reason="Kembali")
    found = queries.appraiser_of(person, TODAY)
    assert found is not None
    assert found.person == head
    with pytest.raises(Refused, match="sudah berakhir"):
        actions.end_override(override=row, by=by, reason="x")


def test_set_appraiser_for_many_is_all_or_nobody() -> None:
    first, second, boss, by = make_person(), make_person(), make_person(), make_user(role="bkpsdm")
    actions.set_appraiser(person=boss, appraiser=second, reason="x", by=by)
    with pytest.raises(Refused):
        actions.set_appraiser_for(people=[first, second], appraiser=boss, reason="x", by=by)
    assert not AppraiserOverride.objects.filter(person=first).exists()
    assert actions.set_appraiser_for(people=[first, boss], appraiser=boss, reason="x", by=by) == 1


# --- acting heads --------------------------------------------------------------------------------------------------------


def test_place_acting_refuses_definitive_gone_backwards_and_twice() -> None:
    unit, person = make_unit(), make_person()
    with pytest.raises(Refused, match="tidak punya jabatan kepala"):
        actions.place_acting_head(unit=unit, person=person, kind="plt", by="cli")
    make_head_post(unit)
    for values in (
        {"person": person, "kind": "definitif"},
        {"person": make_person(is_active=False), "kind": "plt"},
        {"person": person, "kind": "plt", "valid_until": TODAY},
    ):
        with pytest.raises(Refused):
            actions.place_acting_head(unit=unit, by="cli", **values)  # type: ignore[arg-type]
    actions.place_acting_head(unit=unit, person=person, kind="plt", by="cli")
    with pytest.raises(Refused, match="waktu yang sama"):
        actions.place_acting_head(unit=unit, person=person, kind="plh", by="cli")
    assert Placement.objects.count() == 1


def test_an_acting_head_closes_the_gap_and_its_end_opens_it_again() -> None:
    top = make_unit("KOTA", kind="kota")
    unit = make_unit("D", parent=top)
    clerk = make_staff(unit)
    make_head_post(unit, kind="jpt")
    assert [gap.unit for gap in queries.gaps(TODAY)] == [unit]
    row = actions.place_acting_head(unit=unit, person=make_person(), kind="plt", by="cli", valid_from=date(2026, 11, 1))
    assert queries.gaps(TODAY) == []
    found = queries.appraiser_of(clerk, TODAY)
    assert found is not None
    assert found.via == "acting"
    actions.end_acting(placement=row, by="cli")
    assert queries.gaps(TODAY)[0].people[0][0] == clerk
    with pytest.raises(Refused, match="sudah berakhir"):
        actions.end_acting(placement=row, by="cli")
    assert len(events("people.placement_changed")) == 2


def test_a_definitive_post_does_not_end_here() -> None:
    unit = make_unit()
    make_head(unit)
    with pytest.raises(Refused, match="kepegawaian"):
        actions.end_acting(placement=Placement.objects.get(), by="cli")
