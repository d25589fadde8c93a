"""Changing people: accounts, roles, appraisers by hand. Each act and its audit event in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from teladan.core import audit, clock
from teladan.core.audit import Event
from teladan.people import access, queries
from teladan.people.models import AppraiserOverride, Grant, Person, Placement, Post, Unit, User
from teladan.people.permissions import OF_EMPLOYEES, Role


class Refused(Exception):
    """The act goes against a rule; the message (Indonesian) says which and what to do."""


def _account(by: object) -> User | None:
    return by if isinstance(by, User) else None


@transaction.atomic
def create_account(
    *,
    person: Person | None,
    username: str,
    display_name: str = "",
    password: str | None = None,
    by: object,
) -> User:
    """An account for a person, or for somebody who is no employee (`display_name`). Without a password nobody can sign in."""
    if person is None and not display_name:
        raise Refused(_("Akun tanpa pegawai memerlukan nama tampilan."))
    if person and not person.is_active:
        raise Refused(_("Pegawai ini tidak aktif, jadi tidak mendapat akun."))
    if User.objects.filter(Q(username__iexact=username) | Q(person=person, person__isnull=False)).exists():
        raise Refused(_("Akun %(name)s atau akun untuk pegawai ini sudah ada.") % {"name": username})
    user = User(username=username, person=person, display_name="" if person else display_name)
    if password is None:
        user.set_unusable_password()
    else:
        _set_password(user, password)
    user.save()
    audit.record(event=Event.ACCOUNT_CREATED, actor=by, subject=f"user:{user.pk}", after={"username": username})
    return user


@transaction.atomic
def renew_password(*, user: User, password: str, by: object) -> None:
    """Another password for somebody who forgot theirs; whoever is signed in with the old one is signed out.

    Nobody gets into an account that may do what they may not give.
    """
    if by == user:
        raise Refused(_("Kata sandi sendiri diganti lewat halaman akun."))
    _check_within_reach(user, by)
    _set_password(user, password)
    user.save(update_fields=["password"])
    audit.record(event=Event.PASSWORD_RENEWED, actor=by, subject=f"user:{user.pk}")


def _check_within_reach(user: User, by: object) -> None:
    if isinstance(by, User):
        grants = Grant.objects.exclude(valid_until__lte=clock.today()).filter(user=user).select_related("unit")
        if not all(access.may_give(by, Role(grant.role), grant.unit) for grant in grants):
            raise Refused(_("Akun ini memegang peran yang tidak boleh Anda berikan. Mintalah kepada administrator."))


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    user.set_password(password)


@transaction.atomic
def close_account(*, user: User, reason: str, by: object) -> None:
    """Nobody signs in with it any more, and whoever is signed in is out at the next request. Roles stay, and rest."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if by == user:
        raise Refused(_("Akun sendiri ditutup oleh orang lain."))
    if not user.is_active:
        raise Refused(_("Akun ini sudah ditutup."))
    _check_within_reach(user, by)
    _close([user], reason, by)


def close_accounts_of(*, people: Collection[Person], by: object) -> None:
    """The open accounts of people who have left, by what their employment says."""
    users = User.objects.select_for_update().filter(person__in=people, is_active=True)
    _close(list(users), "pegawai tidak aktif menurut data kepegawaian", by)


def _close(users: Collection[User], reason: str, by: object) -> None:
    User.objects.filter(pk__in=[user.pk for user in users]).update(is_active=False)
    changes = [(f"user:{user.pk}", {"open": True}, {"open": False, "reason": reason}) for user in users]
    audit.record_many(event=Event.ACCOUNT_CLOSED, actor=by, changes=changes)


@transaction.atomic
def open_account(*, user: User, reason: str, by: object) -> None:
    """Open a closed account again, with the roles and the password it had."""
    user = User.objects.select_for_update(of=("self",)).select_related("person").get(pk=user.pk)
    if user.is_active:
        raise Refused(_("Akun ini tidak ditutup."))
    if user.person and not user.person.is_active:
        raise Refused(
            _(
                "Pemilik akun tidak aktif menurut data kepegawaian. Perbaiki datanya lewat impor pegawai, lalu coba lagi."
            )
        )
    _check_within_reach(user, by)
    User.objects.filter(pk=user.pk).update(is_active=True)
    audit.record(
        event=Event.ACCOUNT_OPENED,
        actor=by,
        subject=f"user:{user.pk}",
        before={"open": False},
        after={"open": True, "reason": reason},
    )


def _grant_values(grant: Grant) -> dict[str, str | None]:
    return {
        "role": grant.role,
        "unit": grant.unit.code if grant.unit else None,
        "valid_from": str(grant.valid_from),
        "valid_until": str(grant.valid_until) if grant.valid_until else None,
    }


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: Role | str,
    unit: Unit | None,
    by: object,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Grant:
    """Give a role to an account, for a unit and everything below it or (`unit=None`) everywhere."""
    role = Role(role)
    if role is Role.CITIZEN:
        raise Refused(_("Warga tidak memakai akun, jadi peran ini tidak dapat diberikan."))
    if by == user:
        raise Refused(_("Peran untuk akun sendiri harus diberikan oleh orang lain."))
    if isinstance(by, User) and not access.may_give(by, role, unit):
        raise Refused(_("Anda tidak berwenang memberi peran ini di unit itu."))
    if role in OF_EMPLOYEES and user.person_id is None:
        raise Refused(_("Peran ini hanya untuk akun pegawai; akun ini bukan akun pegawai."))
    grant = Grant(
        user=user,
        role=role,
        unit=unit,
        valid_from=valid_from or clock.today(),
        valid_until=valid_until,
        granted_at=clock.now(),
        granted_by=_account(by),
    )
    if grant.valid_until and grant.valid_until <= grant.valid_from:
        raise Refused(_("Tanggal berakhir harus sesudah tanggal mulai."))
    try:
        with transaction.atomic():
            grant.save()
    except IntegrityError as error:
        raise Refused(_("Peran ini sudah diberikan untuk unit dan waktu yang sama.")) from error
    access.forget_roles(user)
    audit.record(event=Event.ROLE_GRANTED, actor=by, subject=f"user:{user.pk}", after=_grant_values(grant))
    return grant


@transaction.atomic
def revoke_role(*, grant: Grant, by: object, reason: str) -> None:
    """End a grant today; one that has not begun yet, or began today, disappears. The audit keeps both."""
    grant = Grant.objects.select_for_update(of=("self",)).select_related("unit", "user").get(pk=grant.pk)
    today = clock.today()
    if grant.valid_until and grant.valid_until <= today:
        raise Refused(_("Peran ini sudah berakhir."))
    if by == grant.user:
        raise Refused(_("Peran akun sendiri harus dicabut oleh orang lain."))
    before = _grant_values(grant)
    if grant.valid_from >= today:
        grant.delete()
        after = None
    else:
        grant.valid_until = today
        grant.save(update_fields=["valid_until"])
        after = _grant_values(grant)
    access.forget_roles(grant.user)
    audit.record(
        event=Event.ROLE_REVOKED,
        actor=by,
        subject=f"user:{grant.user_id}",
        before=before,
        after=after,
        reason=reason,
    )


@transaction.atomic
def set_appraiser(
    *,
    person: Person,
    appraiser: Person,
    reason: str,
    by: User,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> AppraiserOverride:
    """Name the appraiser by hand (delegation, annex II.C); an override in force ends the day this one begins."""
    start = valid_from or clock.today()
    _check_appraiser(person, appraiser, reason, start, valid_until)
    rows = AppraiserOverride.objects.select_for_update().filter(person=person)
    before = [str(row.appraiser_id) for row in rows.filter(queries.valid_on(start))]
    rows.filter(valid_from__gte=start, valid_from__lt=valid_until or date.max).delete()
    rows.filter(queries.valid_on(start)).update(valid_until=start)
    row = AppraiserOverride.objects.create(
        person=person,
        appraiser=appraiser,
        reason=reason.strip(),
        valid_from=start,
        valid_until=valid_until,
        set_at=clock.now(),
        set_by=by,
    )
    audit.record(
        event=Event.APPRAISER_SET,
        actor=by,
        subject=f"person:{person.pk}",
        before={"appraisers": before},
        after={"appraiser": str(appraiser.pk), "valid_from": str(start), "valid_until": str(valid_until or "")},
        reason=reason.strip(),
    )
    return row


def _check_appraiser(person: Person, appraiser: Person, reason: str, start: date, until: date | None) -> None:
    if person == appraiser:
        raise Refused(_("Seseorang tidak dapat menilai dirinya sendiri."))
    if not reason.strip():
        raise Refused(_("Tuliskan alasannya, misalnya nomor surat pendelegasian."))
    if not appraiser.is_active:
        raise Refused(_("%(name)s tidak aktif dan tidak dapat menilai.") % {"name": appraiser})
    if until and until <= start:
        raise Refused(_("Tanggal berakhir harus sesudah tanggal mulai."))
    back = AppraiserOverride.objects.filter(queries.valid_on(start), person=appraiser, appraiser=person)
    if back.exists():
        raise Refused(
            _("%(one)s sudah ditetapkan menilai %(other)s; keduanya tidak dapat saling menilai.")
            % {"one": person, "other": appraiser}
        )


def _end_on(row: AppraiserOverride | Placement, day: date) -> None:
    """End what is valid on a day; what has not begun before it disappears."""
    if row.valid_from >= day:
        row.delete()
    else:
        row.valid_until = day
        row.save(update_fields=["valid_until"])


@transaction.atomic
def end_override(*, override: AppraiserOverride, by: User, reason: str) -> None:
    """Return to the appraiser that the tree gives, from today."""
    today = clock.today()
    row = AppraiserOverride.objects.select_for_update().get(pk=override.pk)
    if row.valid_until and row.valid_until <= today:
        raise Refused(_("Penetapan ini sudah berakhir."))
    _end_on(row, today)
    audit.record(
        event=Event.APPRAISER_SET,
        actor=by,
        subject=f"person:{row.person_id}",
        before={"appraiser": str(row.appraiser_id)},
        after={"appraiser": None},
        reason=reason,
    )


@transaction.atomic
def place_acting(
    *,
    person: Person,
    post: Post,
    kind: Placement.Kind | str,
    by: object,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Placement:
    """Let somebody act on a post (Plt., Plh., Pj.) beside the definitive one; exports of SIASN do not say this."""
    if Placement.Kind(kind) is Placement.Kind.DEFINITIVE:
        raise Refused(_("Jabatan definitif datang dari berkas kepegawaian, bukan dari sini."))
    start = valid_from or clock.today()
    if valid_until and valid_until <= start:
        raise Refused(_("Tanggal berakhir harus sesudah tanggal mulai."))
    try:
        with transaction.atomic():
            row = Placement.objects.create(
                person=person, post=post, kind=kind, valid_from=start, valid_until=valid_until
            )
    except IntegrityError as error:
        raise Refused(_("%(name)s sudah memegang jabatan itu pada waktu yang sama.") % {"name": person}) from error
    audit.record(
        event=Event.PLACEMENT_CHANGED,
        actor=by,
        subject=f"person:{person.pk}",
        after={"post": post.title, "kind": str(kind), "valid_from": str(start)},
    )
    return row


@transaction.atomic
def end_acting(*, placement: Placement, by: object) -> None:
    """End an acting post today; one that has not begun, or began today, disappears. The audit keeps both."""
    row = Placement.objects.select_for_update(of=("self",)).select_related("post").get(pk=placement.pk)
    if row.kind == Placement.Kind.DEFINITIVE:
        raise Refused(_("Jabatan definitif berakhir lewat berkas kepegawaian, bukan dari sini."))
    today = clock.today()
    if row.valid_until and row.valid_until <= today:
        raise Refused(_("Penugasan ini sudah berakhir."))
    before = {"post": row.post.title, "kind": row.kind, "valid_from": str(row.valid_from)}
    _end_on(row, today)
    audit.record(
        event=Event.PLACEMENT_CHANGED,
        actor=by,
        subject=f"person:{row.person_id}",
        before=before,
        after={"ended_on": str(today)},
    )


@transaction.atomic
def set_appraiser_for(
    *,
    people: Iterable[Person],
    appraiser: Person,
    reason: str,
    by: User,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> int:
    """Name one appraiser for several people, all or nobody; the number of people. The appraiser is left out."""
    chosen = [person for person in people if person != appraiser]
    for person in chosen:
        set_appraiser(
            person=person, appraiser=appraiser, reason=reason, by=by, valid_from=valid_from, valid_until=valid_until
        )
    return len(chosen)


def place_acting_head(
    *,
    unit: Unit,
    person: Person,
    kind: Placement.Kind | str,
    by: object,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Placement:
    """Let somebody act as head of a unit, on the head post of the first day."""
    start = valid_from or clock.today()
    period = unit.periods.filter(queries.valid_on(start)).select_related("head_post").first()
    if period is None or period.head_post is None:
        raise Refused(_("Unit ini tidak punya jabatan kepala pada hari itu."))
    if not person.is_active:
        raise Refused(_("%(name)s tidak aktif dan tidak dapat ditunjuk.") % {"name": person})
    return place_acting(
        person=person, post=period.head_post, kind=kind, by=by, valid_from=start, valid_until=valid_until
    )
