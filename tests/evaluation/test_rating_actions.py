"""Rating, signing, acknowledging and revising: what is refused, then what happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.evaluation.actions import rating
from teladan.evaluation.actions.rating import NotYours, Picks, RatingRefused
from teladan.evaluation.models import Closing, Evaluation
from teladan.evaluation.queries import team as queries
from teladan.evaluation.rules import document as document_rules
from teladan.people.models import AppraiserOverride, Person, Placement, Unit, User
from tests.make import (
    make_achievement,
    make_closing,
    make_head,
    make_officer_result,
    make_person,
    make_post,
    make_staff,
    make_unit,
    make_user,
    place,
)

pytestmark = pytest.mark.django_db

OCTOBER = date(2026, 10, 1)
SPREAD_REASON = "Tim kecil, semua memenuhi target."


@dataclass
class Office:
    """An office with one section: its head, two staff, and the mayor above."""

    city: Unit
    office: Unit
    section: Unit
    chief: Person
    head: Person
    staff: list[Person]
    user: User
    chief_user: User
    mayor: User
    closing: Closing


@pytest.fixture
def office() -> Office:
    city = make_unit("KOTA", "Kota Sawahlunto", kind="kota")
    above = make_unit("DUK", "Dinas Kependudukan dan Pencatatan Sipil", city)
    section = make_unit("DUK-1", "Bidang Pendaftaran Penduduk", above, kind="bidang")
    chief = make_head(above, make_person(name="Ratna Dewi"), post_kind="jpt")
    head = make_head(section, make_person(name="Budi Santoso"), post_kind="administrator")
    staff = [make_staff(section, make_person(name=name)) for name in ("Afdal Koto", "Mega Piliang")]
    return Office(
        city,
        above,
        section,
        chief,
        head,
        staff,
        user=make_user(head, "budi"),
        chief_user=make_user(chief, "ratna", "superior", above),
        mayor=make_user(username="walikota", role="mayor"),
        closing=make_closing(OCTOBER),
    )


@pytest.fixture(autouse=True)
def _november() -> Any:
    with clock.at(clock.local(date(2026, 11, 9), 10, 42)):
        yield


def rate(office: Office, person: Person | None = None, work: str = "meets", behaviour: str = "meets") -> Evaluation:
    return rating.rate_person(
        person=person or office.staff[0], month=OCTOBER, work=work, behaviour=behaviour, by=office.user
    )


def sign(office: Office) -> list[Evaluation]:
    return rating.sign_team(month=OCTOBER, by=office.user, statement="Saya menyatakan.")


def signed(office: Office, **picks: str) -> Evaluation:
    if not office.section.achievements.exists():
        make_achievement(office.section, OCTOBER, office.mayor)
    rate(office, **picks)
    (found,) = sign(office)
    return found


# --- refusals --------------------------------------------------------------------------------------------------------


def test_rating_refuses_open_month(office: Office) -> None:
    with pytest.raises(RatingRefused, match="belum ditutup"):
        rating.rate_person(
            person=office.staff[0], month=date(2026, 11, 1), work="meets", behaviour="meets", by=office.user
        )


def test_rating_refuses_reopened_month(office: Office) -> None:
    Closing.objects.filter(pk=office.closing.pk).update(
        is_current=False, reopened_at=clock.now(), reopened_by="uji", reopen_reason="uji"
    )
    with pytest.raises(RatingRefused, match="belum ditutup"):
        rate(office)


def test_rating_refuses_oneself(office: Office) -> None:
    with pytest.raises(NotYours):
        rate(office, office.head)
    with pytest.raises(IntegrityError, match="evaluation_not_self"), transaction.atomic():
        Evaluation.objects.create(
            person=office.head, appraiser=office.head, unit=office.section, month=OCTOBER, updated_at=clock.now()
        )


def test_rating_refuses_the_appraisers_superior_and_colleagues(office: Office) -> None:
    for user in (office.chief_user, make_user(office.staff[1]), make_user(make_staff(office.office))):
        with pytest.raises(NotYours):
            rating.rate_person(person=office.staff[0], month=OCTOBER, work="meets", behaviour="meets", by=user)


def test_rating_refuses_account_without_person(office: Office) -> None:
    with pytest.raises(NotYours):
        rating.rate_person(person=office.staff[0], month=OCTOBER, work="meets", behaviour="meets", by=office.mayor)


def test_rating_refuses_unknown_word(office: Office) -> None:
    with pytest.raises(ValueError, match="hebat"):
        rate(office, work="hebat")
    assert not Evaluation.objects.exists()


def test_rating_a_team_is_all_or_nothing(office: Office) -> None:
    stranger = make_staff(office.office)
    picks = {office.staff[0].pk: Picks("meets", "meets"), stranger.pk: Picks("meets", "meets")}
    with pytest.raises(NotYours):
        rating.rate_team(month=OCTOBER, picks=picks, by=office.user)
    assert not Evaluation.objects.exists()


def test_rating_refuses_after_signing(office: Office) -> None:
    signed(office)
    with pytest.raises(RatingRefused, match="sudah ditandatangani"):
        rate(office, work="above")


def test_signing_refuses_without_achievement_and_names_the_unit(office: Office) -> None:
    rate(office)
    with pytest.raises(RatingRefused, match="Bidang Pendaftaran Penduduk"):
        sign(office)
    assert not Evaluation.objects.filter(signed_at__isnull=False).exists()


def test_signing_refuses_nothing_to_sign(office: Office) -> None:
    make_achievement(office.section, OCTOBER, office.mayor)
    rating.rate_person(person=office.staff[0], month=OCTOBER, work="meets", behaviour="", by=office.user)
    with pytest.raises(RatingRefused, match="Belum ada"):
        sign(office)


def test_signing_refuses_what_changed_since_it_was_shown(office: Office) -> None:
    make_achievement(office.section, OCTOBER, office.mayor)
    rate(office)
    seen = rating.seen_digest(queries.team(office.head, OCTOBER).signable)
    rate(office, behaviour="above")
    with pytest.raises(RatingRefused, match="berubah"):
        rating.sign_team(month=OCTOBER, by=office.user, statement="Saya", seen=seen)


def test_signing_refuses_a_draft_that_moved_to_another_appraiser(office: Office) -> None:
    make_achievement(office.section, OCTOBER, office.mayor)
    rate(office)
    AppraiserOverride.objects.create(
        person=office.staff[0],
        appraiser=office.chief,
        reason="Uji",
        valid_from=OCTOBER,
        set_at=clock.now(),
        set_by=office.mayor,
    )
    with pytest.raises(RatingRefused, match="Belum ada"):
        sign(office)


@pytest.mark.parametrize(
    "change", [{"work": "above"}, {"note": "lain"}, {"signed_at": None}, {"evidence": {}}, {"version": 9}]
)
def test_signed_evaluation_is_frozen_by_the_database(office: Office, change: dict[str, Any]) -> None:
    found = signed(office)
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        Evaluation.objects.filter(pk=found.pk).update(**change)
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        Evaluation.objects.filter(pk=found.pk).delete()


@pytest.mark.parametrize("state", ["draft", "acknowledged"])
def test_signed_evaluation_never_moves_back_or_on_by_itself(office: Office, state: str) -> None:
    found = signed(office)
    with pytest.raises(DatabaseError), transaction.atomic():
        Evaluation.objects.filter(pk=found.pk).update(state=state)


def test_acknowledgement_refuses_everybody_else(office: Office) -> None:
    found = signed(office)
    for user in (office.user, office.chief_user, office.mayor, make_user(office.staff[1])):
        with pytest.raises(NotYours):
            rating.acknowledge(evaluation=found, by=user)


def test_acknowledgement_is_not_taken_back(office: Office) -> None:
    found = rating.acknowledge(evaluation=signed(office), by=make_user(office.staff[0]))
    with pytest.raises(DatabaseError), transaction.atomic():
        Evaluation.objects.filter(pk=found.pk).update(state="signed", acknowledged_at=None, acknowledged_by=None)


def test_achievement_refuses_own_head_colleagues_and_empty_reasons(office: Office) -> None:
    head_with_grant = make_user(make_head(make_unit("DUK-2", parent=office.office), make_person()), role="superior")
    cases = [
        (office.section, office.user, "baik", "alasan", NotYours),
        (office.office, office.chief_user, "baik", "alasan", NotYours),  # the office's own head
        (office.city, office.chief_user, "baik", "alasan", NotYours),
        (Unit.objects.get(code="DUK-2"), head_with_grant, "baik", "alasan", NotYours),
        (office.section, office.mayor, "baik", "  ", RatingRefused),
        (office.section, office.mayor, "hebat", "alasan", RatingRefused),
    ]
    for unit, user, value, reason, refusal in cases:
        with pytest.raises(refusal):
            rating.set_achievement(unit=unit, month=OCTOBER, value=value, reason=reason, by=user)


def test_achievement_refuses_after_the_head_signed_with_it(office: Office) -> None:
    signed(office)
    with pytest.raises(RatingRefused, match="sudah menandatangani"):
        rating.set_achievement(
            unit=office.section, month=OCTOBER, value="istimewa", reason="Terlambat", by=office.chief_user
        )


def test_departure_refuses_other_units_and_empty_reasons(office: Office) -> None:
    with pytest.raises(NotYours):
        rating.explain_departure(unit=office.office, month=OCTOBER, reason="Sebab", by=office.user)
    with pytest.raises(RatingRefused, match="alasannya"):
        rating.explain_departure(unit=office.section, month=OCTOBER, reason=" ", by=office.user)


def test_revision_refuses_appraiser_employee_drafts_and_missing_reasons(office: Office) -> None:
    found = signed(office)
    words = {"evaluation": found, "work": "above", "behaviour": "above", "note": "", "reason": "Keberatan dikabulkan"}
    for user in (office.user, office.mayor, make_user(office.staff[0])):
        with pytest.raises(NotYours):
            rating.revise_result(**words, by=user)
    with pytest.raises(RatingRefused, match="alasan"):
        rating.revise_result(**{**words, "reason": " "}, by=office.chief_user)
    draft = rate(office, office.staff[1])
    with pytest.raises(RatingRefused, match="ditandatangani"):
        rating.revise_result(**{**words, "evaluation": draft}, by=office.chief_user)


# --- what happens ----------------------------------------------------------------------------------------------------


def test_rating_saves_a_half_draft_and_its_audit_event(office: Office) -> None:
    draft = rating.rate_person(
        person=office.staff[0], month=OCTOBER, work="above", behaviour="", note=" Rajin.\r\nTeliti. ", by=office.user
    )
    draft.refresh_from_db()
    assert (draft.work, draft.behaviour, draft.predicate, draft.note) == ("above", "", "", "Rajin.\nTeliti.")
    assert (draft.state, draft.appraiser, draft.unit, draft.version) == ("draft", office.head, office.section, 1)
    event = AuditEvent.objects.get(event="evaluation.rated")
    assert event.subject == f"evaluation:{draft.pk}"
    assert event.after == {"work": "above", "behaviour": ""}


def test_rating_twice_changes_the_same_draft_and_repeating_changes_nothing(office: Office) -> None:
    first = rate(office)
    second = rate(office, behaviour="above")
    rate(office, behaviour="above")
    assert first.pk == second.pk
    assert Evaluation.objects.get().behaviour == "above"
    assert AuditEvent.objects.filter(event="evaluation.rated").count() == 2


def test_rating_nothing_leaves_nothing(office: Office) -> None:
    rating.rate_team(month=OCTOBER, picks={person.pk: Picks() for person in office.staff}, by=office.user)
    assert not Evaluation.objects.exists()
    assert not AuditEvent.objects.filter(event="evaluation.rated").exists()


def test_move_within_the_month_is_rated_by_the_appraiser_of_the_last_day(office: Office) -> None:
    """Annex IV: the periodic evaluation of somebody who moved is the new appraiser's."""
    other = make_unit("DUK-2", "Bidang Pencatatan Sipil", office.office, kind="bidang")
    new_head = make_head(other, make_person(name="Sari Rahma"), post_kind="administrator")
    mover = office.staff[0]
    Placement.objects.filter(person=mover).update(valid_until=date(2026, 10, 16))
    place(mover, make_post(other, "Pengelola Akta"), valid_from=date(2026, 10, 16))
    with pytest.raises(NotYours):
        rate(office, mover)
    saved = rating.rate_person(
        person=mover, month=OCTOBER, work="meets", behaviour="meets", by=make_user(new_head, "sari")
    )
    assert saved.unit == other


def test_move_after_the_month_leaves_the_rating_with_the_old_appraiser(office: Office) -> None:
    """An appraiser who moves inside the evaluation window still evaluates the old unit."""
    Placement.objects.filter(person=office.head).update(valid_until=date(2026, 11, 3))
    place(office.head, make_post(office.office, "Sekretaris", "administrator"), valid_from=date(2026, 11, 3))
    assert rate(office).appraiser == office.head


def test_acting_head_rates_without_any_grant(office: Office) -> None:
    Placement.objects.filter(person=office.head).update(valid_until=date(2026, 10, 1))
    acting = make_person(name="Dedi Plt")
    place(acting, make_post(office.office, "Analis"))
    post = make_post(office.section, f"Kepala {office.section.code}", "administrator")
    place(acting, post, kind="plt", valid_from=date(2026, 10, 1))
    saved = rating.rate_person(
        person=office.staff[0], month=OCTOBER, work="meets", behaviour="meets", by=make_user(acting)
    )
    assert saved.appraiser == acting


def test_signing_freezes_evidence_parties_achievement_and_digest(office: Office) -> None:
    officer = office.staff[0]
    make_officer_result(office.closing, officer, office.section)
    make_achievement(office.section, OCTOBER, office.mayor, "istimewa")
    rate(office, officer, "above", "above")
    rate(office, office.staff[1], "meets", "below")
    found = {one.person_id: one for one in sign(office)}
    one = Evaluation.objects.get(pk=found[officer.pk].pk)
    assert (one.state, one.predicate, one.achievement) == ("signed", "sangat_baik", "istimewa")
    assert (one.signed_at, one.signed_by) == (clock.now(), office.user)
    assert one.evidence["service"] == {"events": 412, "with_standard": 400, "on_time": 388}
    assert one.evidence["citizens"]["score"] == 3.41
    assert one.evidence["statement"] == "Saya menyatakan."
    assert one.evidence["distribution"]["counts"] == {"sangat_baik": 1, "kurang": 1}
    parties = one.evidence["document"]
    assert parties["employee"]["rank"] == "Penata Muda (III/a)"
    assert parties["appraiser"]["post"] == "Kepala DUK-1"
    assert parties["superior"]["name"] == "Ratna Dewi"
    assert parties["office"] == "Dinas Kependudukan dan Pencatatan Sipil"
    assert found[office.staff[1].pk].predicate == "kurang"
    assert found[office.staff[1].pk].evidence["citizens"] is None
    assert one.digest == document_rules.digest(rating.signed_values(one))
    assert AuditEvent.objects.filter(event="evaluation.signed").count() == 2


def test_signing_digest_notices_any_change(office: Office) -> None:
    found = signed(office)
    found.refresh_from_db()
    digests = {found.digest}
    for name, value in (("work", "above"), ("note", "x"), ("achievement", "kurang"), ("signed_by_id", 999999)):
        kept = getattr(found, name)
        setattr(found, name, value)
        digests.add(document_rules.digest(rating.signed_values(found)))
        setattr(found, name, kept)
    assert len(digests) == 5


def test_signing_leaves_incomplete_people_for_later(office: Office) -> None:
    make_achievement(office.section, OCTOBER, office.mayor)
    rate(office)
    rating.rate_person(person=office.staff[1], month=OCTOBER, work="meets", behaviour="", by=office.user)
    assert len(sign(office)) == 1
    rate(office, office.staff[1])
    (second,) = sign(office)
    assert second.person == office.staff[1]


def test_signing_hides_scores_that_may_not_be_used(office: Office) -> None:
    for person, use in zip(office.staff, ("self_only", "hidden"), strict=True):
        make_officer_result(office.closing, person, office.section, use)
        rate(office, person)
    make_achievement(office.section, OCTOBER, office.mayor)
    assert [one.evidence["citizens"] for one in sign(office)] == [None, None]


def test_departure_is_a_warning_that_signing_keeps_with_its_reason(office: Office) -> None:
    third = make_staff(office.section, make_person(name="Nur Jambak"))
    for person in (*office.staff, third):
        rate(office, person, "above", "above")
    make_achievement(office.section, OCTOBER, office.mayor)
    rating.explain_departure(unit=office.section, month=OCTOBER, reason=SPREAD_REASON, by=office.user)
    kinds = [departure[0] for departure in sign(office)[0].evidence["distribution"]["departures"]]
    assert kinds == ["most", "some"]
    assert Evaluation.objects.filter(predicate="sangat_baik").count() == 3
    assert Evaluation.objects.first().evidence["distribution"]["reason"] == SPREAD_REASON  # type: ignore[union-attr]


def test_departure_reason_can_be_rewritten(office: Office) -> None:
    rating.explain_departure(unit=office.section, month=OCTOBER, reason="Satu", by=office.user)
    row = rating.explain_departure(unit=office.section, month=OCTOBER, reason="Dua", by=office.user)
    assert row.reason == "Dua"
    assert AuditEvent.objects.filter(event="evaluation.departure_explained").count() == 2


def test_achievement_is_set_by_the_level_above(office: Office) -> None:
    row = rating.set_achievement(
        unit=office.section, month=OCTOBER, value="baik", reason="Target 9 dari 10", by=office.chief_user
    )
    assert (row.value, row.set_by) == ("baik", office.chief_user)
    rating.set_achievement(unit=office.office, month=OCTOBER, value="istimewa", reason="IKM naik", by=office.mayor)
    again = rating.set_achievement(
        unit=office.section, month=OCTOBER, value="kurang", reason="Koreksi data", by=office.chief_user
    )
    assert again.pk == row.pk
    assert AuditEvent.objects.filter(event="evaluation.achievement_set").count() == 3


def test_acknowledgement_is_recorded_once(office: Office) -> None:
    found, employee = signed(office), make_user(office.staff[0])
    rating.acknowledge(evaluation=found, by=employee)
    with clock.at(datetime(2026, 12, 1, tzinfo=clock.now().tzinfo)):
        row = rating.acknowledge(evaluation=found, by=employee)
    assert row.acknowledged_at == clock.now()
    assert AuditEvent.objects.filter(event="evaluation.acknowledged").count() == 1


def test_revision_is_a_new_signed_version_and_keeps_the_old(office: Office) -> None:
    old = signed(office)
    new = rating.revise_result(
        evaluation=old, work="above", behaviour="above", note="", reason="Keberatan dikabulkan", by=office.chief_user
    )
    old.refresh_from_db()
    assert (old.state, old.predicate, old.version) == ("superseded", "baik", 1)
    assert (new.state, new.predicate, new.version) == ("signed", "sangat_baik", 2)
    assert new.evidence["revision"] == {"of": str(old.pk), "reason": "Keberatan dikabulkan"}
    assert new.digest != old.digest
    assert list(queries.evaluations_of(office.staff[0])) == [new]
