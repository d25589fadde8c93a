"""What the database itself refuses about people, units, posts, placements, appraisers and grants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from teladan.core import clock
from teladan.people.models import AppraiserOverride, Person, Unit, UnitPeriod
from tests.make import make_grant, make_person, make_post, make_unit, make_user, place

pytestmark = pytest.mark.django_db
EARLY, LATE = date(2026, 1, 1), date(2026, 6, 1)


def refused(act: Callable[[], object], name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        act()


def test_two_definitive_posts_at_a_time() -> None:
    person, unit = make_person(), make_unit()
    first, second = make_post(unit, "A"), make_post(unit, "B")
    place(person, first, valid_from=EARLY, valid_until=LATE)
    refused(lambda: place(person, second, valid_from=date(2026, 5, 31)), "placement_one_definitive")
    place(person, second, valid_from=LATE)
    place(person, first, kind="plt", valid_from=LATE)


def test_the_same_post_twice_at_a_time() -> None:
    person, post = make_person(), make_post(make_unit())
    place(person, post, valid_from=EARLY)
    refused(lambda: place(person, post, kind="plt", valid_from=LATE), "placement_same_post_once")


def test_a_span_that_ends_before_it_begins() -> None:
    person, post = make_person(), make_post(make_unit())
    with pytest.raises(Exception, match=r"placement_positive|range lower bound"), transaction.atomic():
        place(person, post, valid_from=LATE, valid_until=EARLY)
    refused(lambda: place(person, post, valid_from=EARLY, valid_until=EARLY), "placement_positive")


def test_unknown_kinds() -> None:
    person, unit = make_person(), make_unit()
    refused(lambda: place(person, make_post(unit), kind="x"), "placement_kind_known")
    refused(lambda: make_post(unit, "Z", kind="x"), "post_kind_known")
    refused(lambda: make_unit("U9", kind="x"), "unit_kind_known")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"nip": "1.98E+17"}, "person_nip_is_18_digits"),
        ({"nip": "19900101201503100x"}, "person_nip_is_18_digits"),
        ({"sex": "X"}, "person_sex_known"),
        ({"employment": "X"}, "person_employment_known"),
    ],
)
def test_impossible_people(values: dict[str, str], name: str) -> None:
    refused(lambda: make_person(**values), name)


def test_one_nip_one_person() -> None:
    nip = make_person().nip
    refused(lambda: make_person(nip=nip), "nip")


def test_two_periods_of_one_unit_at_a_time() -> None:
    unit = make_unit(valid_from=EARLY)
    refused(
        lambda: UnitPeriod.objects.create(unit=unit, name="x", kind="opd", valid_from=LATE),
        "unit_one_period_at_a_time",
    )


def test_a_unit_below_itself() -> None:
    unit = Unit.objects.create(code="Z")
    refused(
        lambda: UnitPeriod.objects.create(unit=unit, name="x", kind="opd", parent=unit, valid_from=EARLY),
        "unit_not_own_parent",
    )


def test_two_appraisers_by_hand_at_a_time_and_oneself() -> None:
    person, boss, user = make_person(), make_person(), make_user()

    def name(appraiser: Person, valid_from: date, of: Person = person) -> AppraiserOverride:
        return AppraiserOverride.objects.create(
            person=of, appraiser=appraiser, reason="x", valid_from=valid_from, set_at=clock.now(), set_by=user
        )

    name(boss, EARLY)
    refused(lambda: name(make_person(), LATE), "appraiser_override_one")
    refused(lambda: name(boss, EARLY, of=boss), "appraiser_not_self")


def test_the_same_role_twice_also_without_a_unit() -> None:
    user, unit = make_user(), make_unit()
    make_grant(user, "operator", unit)
    refused(lambda: make_grant(user, "operator", unit, valid_from=LATE), "grant_once")
    make_grant(user, "operator")
    refused(lambda: make_grant(user, "operator", valid_from=LATE), "grant_once")
    refused(lambda: make_grant(user, "citizen"), "grant_role_known")


def test_one_account_per_person() -> None:
    person = make_person()
    make_user(person)
    refused(lambda: make_user(person), "person")


def test_names_sort_without_accents_and_capitals() -> None:
    for name in ("ébert", "Zul", "Eka", "adi"):
        make_person(name=name)
    assert list(Person.objects.order_by("sort_name", "id").values_list("name", flat=True)) == [
        "adi",
        "ébert",
        "Eka",
        "Zul",
    ]
