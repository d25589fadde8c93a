"""The citizens' suggestion on the team's page, and how many queries the pages cost."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from teladan.core import clock
from teladan.evaluation.actions import rating
from teladan.evaluation.models import Evaluation
from teladan.evaluation.queries import team
from tests.evaluation import team_world
from tests.evaluation.team_world import OCTOBER, SUGGESTED, World, at, build, picks, rate, signed
from tests.make import (
    make_achievement,
    make_closing,
    make_head,
    make_unit,
)

pytestmark = pytest.mark.django_db

_november = team_world._november
world = team_world.world


# --- queries ---------------------------------------------------------------------------------------------------------


TEAM_QUERIES = 27


LIST_QUERIES = 4


ACHIEVEMENT_QUERIES = 12


@pytest.mark.parametrize("size", [1, 3, 40])
def test_team_queries_do_not_grow(size: int, django_assert_num_queries: Any) -> None:
    world = build(size)
    make_achievement(world.section, OCTOBER, world.mayor)
    rate(world)
    client = at(world.user)
    client.get(reverse("team-rate"))
    with django_assert_num_queries(TEAM_QUERIES):
        client.get(reverse("team-rate"))


@pytest.mark.parametrize("size", [1, 3])
def test_evaluation_list_queries_do_not_grow(size: int, django_assert_num_queries: Any) -> None:
    world = build(1)
    signed(world)
    for index in range(1, size):
        month = clock.add_months(OCTOBER, -index)
        make_closing(month)
        make_achievement(world.section, month, world.mayor)
        rating.rate_person(person=world.staff[0], month=month, work="meets", behaviour="meets", by=world.user)
        rating.sign_team(month=month, by=world.user, statement="Saya")
    client = at(world.employee)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(reverse("evaluation-list"))


@pytest.mark.parametrize("size", [1, 3])
def test_achievement_queries_do_not_grow(size: int, django_assert_num_queries: Any) -> None:
    world = build(1)
    for index in range(2, size + 1):
        make_head(make_unit(f"DUK-{index}", parent=world.office, kind="bidang"), post_kind="administrator")
    client = at(world.chief_user)
    with django_assert_num_queries(ACHIEVEMENT_QUERIES):
        client.get(reverse("achievement-list"))


# --- the citizens' suggestion ------------------------------------------------------------------------------------------


@pytest.fixture
def suggested() -> World:
    """The first of the team has a suggestion, with both intervals."""
    return build(first=SUGGESTED)


def test_departing_from_the_suggestion_refuses_to_sign_without_a_reason(suggested: World) -> None:
    world, person = suggested, suggested.staff[0]
    rate(world, person, behaviour="meets")
    make_achievement(world.section, OCTOBER, world.mayor)
    with pytest.raises(rating.RatingRefused, match="alasan"):
        rating.sign_team(month=OCTOBER, by=world.user, statement="Saya menyatakan.")
    found = team.team(world.user.person, OCTOBER)  # type: ignore[arg-type]
    assert person.pk in {row.person.pk for row in found.incomplete}
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    answer = at(world.user).post(
        url, {"bulan": "2026-10", **picks(person, behaviour="below")}, headers={"HX-Request": "true"}
    )
    assert "tulis alasannya" in answer.content.decode()


def test_a_reason_lets_sign_and_the_employee_reads_it(suggested: World) -> None:
    world, person = suggested, suggested.staff[0]
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    data = {"bulan": "2026-10", **picks(person, behaviour="meets"), f"{person.pk}-reason": "  Baru\n pindah tugas. "}
    at(world.user).post(url, data)
    make_achievement(world.section, OCTOBER, world.mayor)
    (evaluation,) = rating.sign_team(month=OCTOBER, by=world.user, statement="Saya menyatakan.")
    assert evaluation.suggestion_reason == "Baru pindah tugas."
    assert evaluation.evidence["citizens"]["suggestion"] == "above"
    text = at(world.employee).get(reverse("evaluation-detail", args=[evaluation.pk])).content.decode()
    assert "Saran untuk perilaku" in text
    assert "Baru pindah tugas." in text
    assert rating.signed_values(evaluation)["suggestion_reason"] == "Baru pindah tugas."


def test_following_the_suggestion_needs_no_reason_and_drops_an_old_one(suggested: World) -> None:
    world, person = suggested, suggested.staff[0]
    rating.rate_person(
        person=person, month=OCTOBER, work="meets", behaviour="meets", reason="Semula ragu.", by=world.user
    )
    rating.rate_person(
        person=person, month=OCTOBER, work="meets", behaviour="above", reason="Semula ragu.", by=world.user
    )
    make_achievement(world.section, OCTOBER, world.mayor)
    (evaluation,) = rating.sign_team(month=OCTOBER, by=world.user, statement="Saya menyatakan.")
    assert evaluation.suggestion_reason == ""


def test_suggestion_is_shown_with_both_intervals_and_its_limits(suggested: World) -> None:
    world = suggested
    text = at(world.user).get(reverse("team-rate")).content.decode()
    assert "Saran warga:" in text
    assert text.count("data-suggestion=") == 1  # nobody else has one
    for part in ("3,62–3,88", "3,6–4,0", "3,00 sampai 3,60"):
        assert part in text


def test_reason_that_is_too_long_keeps_everything_and_says_so(suggested: World) -> None:
    world, person = suggested, suggested.staff[0]
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    data = {"bulan": "2026-10", **picks(person), f"{person.pk}-reason": "a" * 301}
    answer = at(world.user).post(url, data, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "300" in answer.content.decode()
    assert not Evaluation.objects.exists()
