"""Who evaluates whom: each rule by its article (PermenPANRB 6/2022)."""

from __future__ import annotations

from datetime import date
from random import Random
from types import SimpleNamespace

import pytest
from pytest_django import DjangoAssertNumQueries

from teladan.core import clock
from teladan.people import queries
from teladan.people.models import AppraiserOverride, Person, UnitPeriod
from teladan.people.queries import Reason, Via
from teladan.people.rules import Step
from tests.make import make_head, make_head_post, make_person, make_post, make_staff, make_unit, make_user, place

pytestmark = pytest.mark.django_db
ON = date(2026, 10, 15)


@pytest.fixture
def office() -> SimpleNamespace:
    """City > office (JPT) > division (administrator) > section (pengawas) with one clerk."""
    city = make_unit("KOTA", kind="kota")
    dinas = make_unit("D", parent=city)
    bidang = make_unit("B", parent=dinas, kind="bidang")
    seksi = make_unit("S", parent=bidang, kind="seksi")
    return SimpleNamespace(
        city=city,
        dinas=dinas,
        bidang=bidang,
        seksi=seksi,
        kadis=make_head(dinas, post_kind="jpt"),
        kabid=make_head(bidang, post_kind="administrator"),
        kasi=make_head(seksi, post_kind="pengawas"),
        clerk=make_staff(seksi),
    )


def appraiser(person: Person, on: date = ON) -> Person | None:
    found = queries.appraiser_of(person, on)
    return found.person if found else None


def name_by_hand(person: Person, chosen: Person, **span: date) -> AppraiserOverride:
    return AppraiserOverride.objects.create(
        person=person,
        appraiser=chosen,
        reason="Penugasan di pos layanan",
        set_at=clock.now(),
        set_by=make_user(),
        valid_from=span.get("valid_from", date(2026, 10, 1)),
        valid_until=span.get("valid_until"),
    )


def test_art_1_9_the_direct_superior_evaluates(office: SimpleNamespace) -> None:
    assert appraiser(office.clerk) == office.kasi
    assert appraiser(office.kasi) == office.kabid
    assert appraiser(office.kabid) == office.kadis


def test_art_1_9_a_head_below_pengawas_is_passed_over(office: SimpleNamespace) -> None:
    team = make_unit("T", parent=office.seksi, kind="lain")
    leader = make_head(team, post_kind="pelaksana")
    member = make_staff(team)
    assert appraiser(member) == office.kasi
    assert appraiser(leader) == office.kasi
    assert queries.appraiser_path(member, ON).steps == ((team.pk, Step.TOO_LOW), (office.seksi.pk, Step.FOUND))


def test_annex_iv_a_2_when_the_superior_is_gone_for_good_the_next_one_evaluates(office: SimpleNamespace) -> None:
    Person.objects.filter(pk=office.kasi.pk).update(is_active=False)
    assert appraiser(office.clerk) == office.kabid


def test_annex_iv_a_2_a_vacant_post_is_passed_over_stepwise(office: SimpleNamespace) -> None:
    office.kasi.placements.all().delete()
    office.kabid.placements.all().delete()
    assert appraiser(office.clerk) == office.kadis


def test_annex_iv_a_3_an_acting_head_evaluates(office: SimpleNamespace) -> None:
    office.kasi.placements.all().delete()
    acting = make_staff(office.bidang)
    make_head(office.seksi, acting, kind="plt")
    found = queries.appraiser_of(office.clerk, ON)
    assert found is not None
    assert (found.person, found.unit, found.via) == (acting, office.seksi, Via.ACTING)


def test_annex_iv_a_3_the_definitive_head_comes_before_an_acting_one(office: SimpleNamespace) -> None:
    make_head(office.seksi, make_staff(office.bidang), kind="plh")
    assert appraiser(office.clerk) == office.kasi


def test_annex_iv_a_5_a_plt_is_evaluated_where_he_reports_as_plt(office: SimpleNamespace) -> None:
    other = make_unit("B2", parent=office.dinas, kind="bidang")
    make_head(other, office.kasi, post_kind="administrator", kind="plt")
    assert appraiser(office.kasi) == office.kadis
    assert queries.appraiser_path(office.kasi, ON).as_acting


def test_annex_iv_a_5_a_plh_stays_with_his_own_superior(office: SimpleNamespace) -> None:
    other = make_unit("B2", parent=office.dinas, kind="bidang")
    make_head(other, office.kasi, post_kind="administrator", kind="plh")
    assert appraiser(office.kasi) == office.kabid


def test_annex_iv_a_6_when_the_plt_ends_the_definitive_superior_returns(office: SimpleNamespace) -> None:
    other = make_unit("B2", parent=office.dinas, kind="bidang")
    make_head(other, office.kasi, post_kind="administrator", kind="plt", valid_until=date(2026, 10, 1))
    assert appraiser(office.kasi, date(2026, 9, 30)) == office.kadis
    assert appraiser(office.kasi, date(2026, 10, 1)) == office.kabid


def test_annex_iv_a_7_a_functional_head_evaluates_only_with_a_delegation(office: SimpleNamespace) -> None:
    school = make_unit("SD1", parent=office.dinas, kind="sekolah")
    principal = make_head(school, post_kind="fungsional")
    teacher = make_staff(school, title="Guru", kind="fungsional")
    assert appraiser(teacher) == office.kadis
    UnitPeriod.objects.filter(unit=school).update(head_delegated=True)
    assert appraiser(teacher) == principal
    assert appraiser(principal) == office.kadis


def test_annex_ii_c_a_named_appraiser_wins_while_it_lasts(office: SimpleNamespace) -> None:
    name_by_hand(office.clerk, office.kadis, valid_until=date(2026, 11, 1))
    assert appraiser(office.clerk) == office.kadis
    assert appraiser(office.clerk, date(2026, 9, 30)) == office.kasi
    assert appraiser(office.clerk, date(2026, 11, 1)) == office.kasi
    found = queries.appraiser_of(office.clerk, ON)
    assert found is not None
    assert (found.via, found.unit) == (Via.OVERRIDE, office.dinas)


def test_pp_30_2019_city_jpt_and_heads_of_units_are_evaluated_by_the_mayor(office: SimpleNamespace) -> None:
    district = make_unit("KEC", parent=office.city, kind="kecamatan")
    camat = make_head(district, post_kind="administrator")
    expert = make_staff(office.city, title="Staf Ahli", kind="jpt")
    for person in (office.kadis, camat, expert):
        path = queries.appraiser_path(person, ON)
        assert (path.appraiser, path.reason) == (None, Reason.MAYOR)
    assert {member.person for member in queries.evaluated_by_mayor(ON)} == {office.kadis, camat, expert}
    assert queries.without_appraiser(ON) == []


def test_a_missing_superior_is_named_never_hidden(office: SimpleNamespace) -> None:
    lonely = make_unit("L", parent=office.city)
    clerk = make_staff(lonely, title="Arsiparis")
    path = queries.appraiser_path(clerk, ON)
    assert (path.appraiser, path.reason) == (None, Reason.NOBODY)
    assert path.steps == ((lonely.pk, Step.VACANT), (office.city.pk, Step.VACANT))
    [missing] = queries.without_appraiser(ON)
    assert (missing.person, missing.unit, missing.post_title) == (clerk, lonely, "Arsiparis")


def test_somebody_without_a_placement_has_no_appraiser() -> None:
    path = queries.appraiser_path(make_person(), ON)
    assert (path.appraiser, path.reason, path.steps) == (None, Reason.NO_PLACEMENT, ())


def test_the_tree_of_the_day_decides(office: SimpleNamespace) -> None:
    """The section moves to another division in the middle of the month."""
    other = make_unit("B2", parent=office.dinas, kind="bidang")
    kabid2 = make_head(other, post_kind="administrator")
    period = UnitPeriod.objects.get(unit=office.seksi)
    UnitPeriod.objects.filter(pk=period.pk).update(valid_until=date(2026, 10, 10))
    UnitPeriod.objects.create(
        unit=office.seksi,
        name="S",
        parent=other,
        kind="seksi",
        valid_from=date(2026, 10, 10),
        head_post=period.head_post,
    )
    assert appraiser(office.kasi, date(2026, 10, 9)) == office.kabid
    assert appraiser(office.kasi, date(2026, 10, 10)) == kabid2


def test_team_is_whoever_has_this_appraiser(office: SimpleNamespace) -> None:
    second = make_staff(office.seksi)
    own = make_staff(office.bidang)
    office.kadis.placements.all().delete()
    make_head(office.dinas, office.kabid, post_kind="jpt", kind="plt")
    named = make_staff(office.dinas)
    name_by_hand(named, office.kasi)
    assert {member.person for member in queries.team_of(office.kasi, ON)} == {office.clerk, second, named}
    assert {member.person for member in queries.team_of(office.kabid, ON)} == {office.kasi, own}
    assert [member.person.name for member in queries.team_of(office.kasi, ON)] == sorted(
        [office.clerk.name, second.name, named.name]
    )


def test_team_agrees_with_appraiser_of_for_everybody(office: SimpleNamespace) -> None:
    name_by_hand(make_staff(office.dinas), office.kasi)
    name_by_hand(make_staff(office.seksi), office.kadis)
    acting = make_staff(office.bidang)
    make_head(make_unit("B3", parent=office.dinas, kind="bidang"), acting, post_kind="administrator", kind="plt")
    people = list(Person.objects.all())
    found = queries.appraisers_of([person.pk for person in people], ON)
    for boss in people:
        expected = {key for key, value in found.items() if value.person == boss}
        assert {member.person.pk for member in queries.team_of(boss, ON)} == expected


def test_plt_stands_in_the_title(office: SimpleNamespace) -> None:
    other = make_unit("B2", parent=office.dinas, kind="bidang")
    make_head(other, office.kasi, post_kind="administrator", kind="plt")
    [member] = [one for one in queries.team_of(office.kadis, ON) if one.person == office.kasi]
    assert (member.post_title, member.unit) == ("Plt. Kepala B2", other)


@pytest.mark.parametrize("staff", [1, 30])
def test_team_costs_the_same_for_one_and_for_thirty(
    office: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries, staff: int
) -> None:
    for _ in range(staff - 1):
        make_staff(office.seksi)
    with django_assert_num_queries(7):
        assert len(queries.team_of(office.kasi, ON)) == staff


def test_head_of_prefers_the_definitive_holder(office: SimpleNamespace) -> None:
    assert queries.head_of(office.seksi, ON) == office.kasi
    assert queries.head_of(office.city, ON) is None
    place(make_person(), make_head_post(office.seksi), kind="plh")
    assert queries.head_of(office.seksi, ON) == office.kasi


def test_tree_queries(office: SimpleNamespace) -> None:
    assert queries.ancestors(office.seksi, ON) == [office.bidang, office.dinas, office.city]
    assert set(queries.descendants(office.dinas, ON)) == {office.dinas, office.bidang, office.seksi}
    assert queries.unit_name(office.seksi, ON) == "Unit S"
    assert queries.unit_names(ON)[office.seksi.pk] == "Unit S"
    assert queries.unit_of(office.clerk, ON) == office.seksi
    assert queries.unit_of(make_person(), ON) is None
    assert make_post(office.seksi) == make_post(office.seksi)


@pytest.mark.parametrize("seed", range(6))
def test_lists_agree_with_the_answer_for_each_person(seed: int) -> None:
    """Random trees with vacant, acting, low and delegated heads: every list says what each person's page says."""
    dice = Random(seed)
    units = [make_unit("KOTA", kind="kota")]
    people: list[Person] = []
    for number in range(12):
        unit = make_unit(f"U{number}", parent=dice.choice(units), head_delegated=dice.random() < 0.2)
        units.append(unit)
        people += [make_staff(unit) for _ in range(dice.randrange(3))]
        if dice.random() < 0.5:
            kind = dice.choice(["jpt", "administrator", "pengawas", "pelaksana", "fungsional"])
            people.append(make_head(unit, post_kind=kind))
        elif people and dice.random() < 0.7:
            make_head(
                unit, dice.choice(people), post_kind="pengawas", kind=dice.choice(["plt", "plh", "pj", "tambahan"])
            )
    for person in dice.sample(people, 2):
        name_by_hand(person, dice.choice([one for one in people if one != person]))
    found = queries.appraisers_of([person.pk for person in people], ON)
    paths = {person: queries.appraiser_path(person, ON) for person in people}
    assert {person.pk for person, path in paths.items() if path.appraiser} == set(found)
    assert {member.person for member in queries.without_appraiser(ON)} == {
        person for person, path in paths.items() if path.reason is Reason.NOBODY
    }
    assert {member.person for member in queries.evaluated_by_mayor(ON)} == {
        person for person, path in paths.items() if path.reason is Reason.MAYOR
    }
    for boss in people:
        expected = {person for person, path in paths.items() if path.appraiser and path.appraiser.person == boss}
        assert {member.person for member in queries.team_of(boss, ON)} == expected
    known = queries.appraisals(ON)
    whole = {key: found for key, found in known.apart.items() if found}
    whole |= {row.person_id: known.by_unit[row.post.unit_id] for row in known.ordinary.select_related("post")}
    assert whole == {person: appraiser.person.pk for person, appraiser in found.items()}
    assert not set(known.apart) & {row.person_id for row in known.ordinary}
