"""Opening, stating, deciding: what is refused, then what happens."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from teladan.awards import actions, queries
from teladan.awards.actions import AwardRefused, NotYours, Statement
from teladan.awards.models import Award, Candidate, ConflictStatement, Programme, Round
from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.evaluation.models import Closing, OfficerResult
from teladan.people.models import User
from tests.awards.hall import OCTOBER, Hall, make_hall, ranks
from tests.make import make_closing, make_officer_result, make_staff, make_unit, make_user

pytestmark = pytest.mark.django_db

CITATION = "Sabar menjelaskan dan selalu tepat waktu."


@pytest.fixture(autouse=True)
def _november() -> Any:
    with clock.at(clock.local(date(2026, 11, 9), 10, 42)):
        yield


@pytest.fixture
def hall() -> Hall:
    return make_hall()


def opened(hall: Hall) -> Round:
    return actions.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm)


def state(round: Round, by: User, **conflicts: str) -> None:
    """No conflict with anybody, except those named by person (`{"Petugas A": "sepupu"}`)."""
    statements = {
        one.pk: Statement(one.person.name in conflicts, conflicts.get(one.person.name, ""))
        for one in round.candidates.all()
    }
    actions.state_conflicts(round=round, statements=statements, by=by)


def first(round: Round) -> Candidate:
    return round.candidates.order_by("-p_top")[0]


def decided(hall: Hall) -> Award:
    found = opened(hall)
    state(found, hall.member)
    (award,) = actions.decide(
        round=found, winners={first(found).pk: CITATION}, reason="Bukti paling jelas.", by=hall.member
    )
    return award


# --- refusals --------------------------------------------------------------------------------------------------------


def test_opening_refuses_everybody_without_the_permission(hall: Hall) -> None:
    for user in (hall.mayor, make_user(hall.officers[0]), make_user(username="pyb", role="pyb")):
        with pytest.raises(NotYours):
            actions.open_round(programme=hall.programme, month=OCTOBER, by=user)


def test_opening_refuses_open_and_reopened_months(hall: Hall) -> None:
    with pytest.raises(AwardRefused, match="belum ditutup"):
        actions.open_round(programme=hall.programme, month=date(2026, 11, 1), by=hall.bkpsdm)
    reopen(hall.closing)
    with pytest.raises(AwardRefused, match="belum ditutup"):
        opened(hall)


def test_opening_refuses_a_programme_that_was_not_in_force(hall: Hall) -> None:
    Programme.objects.filter(pk=hall.programme.pk).update(valid_until=OCTOBER)
    with pytest.raises(AwardRefused, match="tidak berlaku"):
        opened(hall)
    assert actions.open_rounds(month=OCTOBER, by=hall.bkpsdm) == []


def test_statement_refuses_people_outside_the_committee(hall: Hall) -> None:
    found = opened(hall)
    for user in (hall.bkpsdm, hall.mayor, make_user(hall.officers[0])):
        with pytest.raises(NotYours):
            state(found, user)


def test_statement_refuses_an_unexplained_conflict_and_strangers(hall: Hall) -> None:
    found = opened(hall)
    with pytest.raises(AwardRefused, match="Jelaskan"):
        actions.state_conflict(candidate=first(found), by=hall.member, has_conflict=True, explanation=" ")
    with pytest.raises(AwardRefused, match="bukan calon"):
        actions.state_conflicts(round=found, statements={999999: Statement(False)}, by=hall.member)
    assert not ConflictStatement.objects.exists()


@pytest.mark.parametrize("who", ["self", "appraiser", "office"])
def test_statement_cannot_deny_a_known_tie(hall: Hall, who: str) -> None:
    person = {
        "self": hall.officers[0],
        "appraiser": hall.head,
        "office": make_staff(make_unit("DUK-9", parent=hall.office, kind="bidang")),
    }[who]
    user = make_user(person, role="committee")
    found = opened(hall)
    with pytest.raises(AwardRefused, match="tidak dapat disangkal"):
        state(found, user)


def test_decision_refuses_people_outside_the_committee(hall: Hall) -> None:
    found = opened(hall)
    for user in (hall.bkpsdm, hall.mayor):
        with pytest.raises(NotYours):
            actions.decide(round=found, winners={}, reason="Tidak ada", by=user)


def test_decision_refuses_before_everybody_is_stated_about(hall: Hall) -> None:
    found = opened(hall)
    actions.state_conflict(candidate=first(found), by=hall.member, has_conflict=False)
    with pytest.raises(AwardRefused, match="setiap calon"):
        actions.decide(round=found, winners={first(found).pk: CITATION}, reason="Bukti", by=hall.member)


def test_decision_refuses_a_conflicted_voice_even_about_another_candidate(hall: Hall) -> None:
    found = opened(hall)
    state(found, hall.member, **{"Petugas B": "Sepupu saya."})
    with pytest.raises(AwardRefused, match="Anggota lain"):
        actions.decide(round=found, winners={first(found).pk: CITATION}, reason="Bukti", by=hall.member)


def test_decision_refuses_a_tie_that_arose_after_the_statement(hall: Hall) -> None:
    found = opened(hall)
    user = make_user(role="committee", username="tanpa-jabatan")
    state(found, user)
    user.person = hall.head
    user.save()
    with pytest.raises(AwardRefused, match="Anggota lain"):
        actions.decide(round=found, winners={}, reason="Bukti", by=user)


@pytest.mark.parametrize(
    ("winners", "reason", "words"),
    [
        ([0], "  ", "pertimbangan"),
        ([0, 1], "Bukti", "paling banyak 1"),
        ([999999], "Bukti", "bukan calon"),
    ],
)
def test_decision_refuses_what_is_incomplete(hall: Hall, winners: list[int], reason: str, words: str) -> None:
    found = opened(hall)
    state(found, hall.member)
    keys = [one.pk for one in found.candidates.order_by("-p_top")]
    chosen = {keys[index] if index < len(keys) else index: CITATION for index in winners}
    with pytest.raises(AwardRefused, match=words):
        actions.decide(round=found, winners=chosen, reason=reason, by=hall.member)
    assert not Award.objects.exists()


def test_decision_refuses_a_winner_without_citation(hall: Hall) -> None:
    found = opened(hall)
    state(found, hall.member)
    with pytest.raises(AwardRefused, match="alasan untuk umum"):
        actions.decide(round=found, winners={first(found).pk: " "}, reason="Bukti", by=hall.member)


def test_decision_refuses_twice(hall: Hall) -> None:
    award = decided(hall)
    with pytest.raises(AwardRefused, match="sudah diputuskan"):
        actions.decide(round=award.candidate.round, winners={}, reason="Lagi", by=hall.member)
    with pytest.raises(AwardRefused, match="sudah diputuskan"):
        state(award.candidate.round, hall.member)


def reopen(closing: Closing) -> None:
    Closing.objects.filter(pk=closing.pk).update(
        is_current=False, reopened_at=clock.now(), reopened_by="uji", reopen_reason="uji"
    )


def test_decision_refuses_evidence_of_a_reopened_month(hall: Hall) -> None:
    found = opened(hall)
    state(found, hall.member)
    reopen(hall.closing)
    with pytest.raises(AwardRefused, match="dibuka kembali"):
        actions.decide(round=found, winners={}, reason="Bukti", by=hall.member)


def test_nobody_is_awarded_twice_for_a_month_that_was_closed_again(hall: Hall) -> None:
    award = decided(hall)
    reopen(hall.closing)
    again = make_closing(OCTOBER, version=2)
    for person, row in zip(hall.officers, hall.results, strict=True):
        make_officer_result(again, person, hall.section, "award", ranks=row.ranks)
    assert actions.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm) == award.candidate.round
    assert Award.objects.count() == 1


@pytest.mark.parametrize("model", [Award, Candidate, Round])
def test_decided_rows_are_frozen_by_the_database(hall: Hall, model: Any) -> None:
    decided(hall)
    field = {Award: {"citation": "lain"}, Candidate: {"p_top": 0.5}, Round: {"reason": "lain"}}[model]
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        model.objects.update(**field)


def test_statements_are_frozen_after_the_decision(hall: Hall) -> None:
    decided(hall)
    with pytest.raises(DatabaseError, match="sesudah putusan"), transaction.atomic():
        ConflictStatement.objects.update(has_conflict=True, explanation="x")


# --- what happens ----------------------------------------------------------------------------------------------------


def test_programmes_are_added_once() -> None:
    actions.ensure_programme()
    Programme.objects.update(winners=2)
    assert actions.ensure_programme() == 0
    assert Programme.objects.get().winners == 2


def test_opening_takes_the_largest_set_within_q(hall: Hall) -> None:
    """0.03, then (0.03+0.07)/2, then (0.03+0.07+0.28)/3 = 0.127, then 0.245 > 0.2: three candidates."""
    found = opened(hall)
    assert [one.person.name for one in found.candidates.order_by("-p_top")] == ["Petugas A", "Petugas B", "Petugas C"]
    (group,) = found.parameters["groups"]
    assert (group["J"], group["k"], group["selected"], group["candidates"]) == (10, 3, 3, 3)
    assert group["expected_error"] == pytest.approx(0.38 / 3)
    evidence = first(found).evidence
    assert (evidence["score"], evidence["n"], evidence["on_time"]) == (3.41, 60, 388)
    assert "raw_mean" not in evidence
    assert AuditEvent.objects.get(event="awards.round_opened").after["candidates"] == 3  # type: ignore[index]


def test_opening_again_gives_the_same_round(hall: Hall) -> None:
    assert actions.open_rounds(month=OCTOBER, by=hall.bkpsdm) == actions.open_rounds(month=OCTOBER, by=hall.member)
    assert Candidate.objects.count() == 3


def test_opening_filters_after_the_rule(hall: Hall) -> None:
    """Ranks are over all officers shown; the filters only take away, nobody moves up."""
    first_result, second, third = hall.results[:3]
    rewrite(first_result, use="evaluation")
    rewrite(second, on_time=300)
    rewrite(third, with_standard=0, on_time=0)
    found = opened(hall)
    assert [one.person.name for one in found.candidates.all()] == ["Petugas C"]
    (group,) = found.parameters["groups"]
    assert group["obstacles"] == {"punctuality": 1, "use": 1}


def rewrite(result: OfficerResult, **values: Any) -> None:
    """Frozen rows are not updated: put another closing's row in its place."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        OfficerResult.objects.filter(pk=result.pk).update(**values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_opening_flags_the_unstable(hall: Hall) -> None:
    rewrite(hall.results[1], ranks=ranks(0.93, stable_share=0.6))
    found = opened(hall)
    assert {one.person.name: one.is_stable for one in found.candidates.all()} == {
        "Petugas A": True,
        "Petugas B": False,
        "Petugas C": True,
    }


@pytest.mark.parametrize(
    ("p_top", "reason"),
    [((0.5,) * 10, "no_clear_difference"), ((0.97, 0.9, 0.9, 0.1, 0.1, 0.03, 0.0), "small_group")],
)
def test_empty_shortlist_is_a_decision_with_a_reason(p_top: tuple[float, ...], reason: str) -> None:
    hall = make_hall(p_top)
    found = opened(hall)
    assert not found.candidates.exists()
    assert found.parameters["groups"][0]["empty"] == reason
    assert actions.decide(round=found, winners={}, reason="Perbedaan belum pasti.", by=hall.member) == []
    found.refresh_from_db()
    assert (found.state, found.reason) == ("decided", "Perbedaan belum pasti.")


def test_opening_names_units_that_are_too_small_to_compare() -> None:
    hall = make_hall()
    small = make_unit("KEC", parent=hall.city)
    make_officer_result(hall.closing, make_staff(small), small, "evaluation")
    assert opened(hall).parameters["too_small"] == ["KEC"]


def test_somebody_who_served_at_two_units_comes_once(hall: Hall) -> None:
    other = make_unit("DUK-2", parent=hall.office, kind="bidang")
    for index, p in enumerate((0.99, *([0.2] * 9))):
        person = hall.officers[0] if index == 0 else make_staff(other)
        make_officer_result(hall.closing, person, other, "award", ranks=ranks(p))
    found = opened(hall)
    row = found.candidates.get(person=hall.officers[0])
    assert (row.unit, row.p_top) == (other, 0.99)


def test_decision_grants_numbers_and_audits(hall: Hall) -> None:
    award = decided(hall)
    assert award.number == "001/PETUGAS-TELADAN/X/2026"
    assert len(award.code) == 16
    assert (award.candidate.person, award.granted_by) == (hall.officers[0], hall.member)
    event = AuditEvent.objects.get(event="awards.decided")
    assert (event.after, event.reason) == ({"winners": [award.number], "candidates": 3}, "Bukti paling jelas.")


def test_statement_may_change_until_the_decision(hall: Hall) -> None:
    found = opened(hall)
    actions.state_conflict(candidate=first(found), by=hall.member, has_conflict=True, explanation="Tetangga")
    row = actions.state_conflict(candidate=first(found), by=hall.member, has_conflict=False)
    assert (row.has_conflict, row.explanation) == (False, "")
    assert AuditEvent.objects.filter(event="awards.conflict_stated").count() == 2


def test_public_sees_name_unit_and_citation_only(hall: Hall) -> None:
    award = decided(hall)
    (winner,) = queries.public_winners([OCTOBER])
    assert (winner.name, winner.citation, winner.number) == ("Petugas A", CITATION, award.number)
    assert winner.unit_name == "Bidang Pelayanan Pendaftaran Penduduk"
    assert not {"score", "p_top", "n"} & set(vars(winner))
    assert queries.public_winners([date(2026, 9, 1)]) == []


def test_worklist_follows_the_round(hall: Hall) -> None:
    assert "belum dibuka" in queries.worklist(hall.bkpsdm)[0].what
    assert queries.worklist(hall.member) == []
    opened(hall)
    assert queries.worklist(hall.bkpsdm) == []
    (todo,) = queries.worklist(hall.member)
    assert todo.note == "3 calon"
    assert queries.worklist(hall.mayor) == []
