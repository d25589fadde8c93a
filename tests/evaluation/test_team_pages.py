"""The team screen, signing, evaluations and achievements as pages: refusals, then the ways through."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from teladan.core import clock
from teladan.evaluation.actions import rating
from teladan.evaluation.models import Closing, Evaluation, OrganisationAchievement
from teladan.people.models import AppraiserOverride
from tests.evaluation import team_world
from tests.evaluation.team_world import OCTOBER, World, at, build, picks, rate, signed
from tests.make import (
    PASSWORD,
    make_achievement,
    make_closing,
    make_officer_result,
    make_person,
    make_staff,
    make_unit,
    make_user,
)

pytestmark = pytest.mark.django_db

_november = team_world._november
world = team_world.world


# --- refusals --------------------------------------------------------------------------------------------------------


PAGES = ["team-rate", "team-sign", "evaluation-list", "achievement-list"]


@pytest.mark.parametrize("name", PAGES)
def test_team_pages_need_login(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response.url.startswith("/akun/")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["team-rate", "team-sign"])
def test_team_is_not_for_people_without_a_team(world: World, name: str) -> None:
    for user in (world.employee, world.mayor, make_user(username="admin", role="admin")):
        assert at(user).get(reverse(name)).status_code == 403


def test_team_of_a_month_that_is_not_closed_does_not_exist(world: World) -> None:
    client = at(world.user)
    for month in ("2026-11", "2026-13", "bukan-bulan", "2019-01"):
        assert client.get(reverse("team-rate"), {"bulan": month}).status_code == 404


def test_rating_hides_people_of_other_teams(world: World) -> None:
    stranger = make_staff(world.office)
    for person in (stranger, world.user.person):
        assert person
        url = reverse("team-rate-person", kwargs={"person_id": person.pk})
        assert at(world.user).post(url, {"bulan": "2026-10", **picks(person)}).status_code == 404
    assert not Evaluation.objects.exists()


def test_rating_needs_post(world: World) -> None:
    client = at(world.user)
    for name, kwargs in (("team-rate-person", {"person_id": world.staff[0].pk}), ("team-departure", {})):
        assert client.get(reverse(name, kwargs=kwargs)).status_code == 405


def test_rating_one_person_refuses_unknown_words(world: World) -> None:
    person = world.staff[0]
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    response = at(world.user).post(url, {"bulan": "2026-10", **picks(person, work="hebat")})
    assert response.status_code == 422
    assert "Pilih bawah, sesuai, atau atas." in response.content.decode()


def test_rating_one_person_refuses_after_signing(world: World) -> None:
    signed(world)
    person = world.staff[0]
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    response = at(world.user).post(url, {"bulan": "2026-10", **picks(person)}, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "sudah ditandatangani" in response.content.decode()


def test_saving_everything_shows_located_errors_and_saves_nothing(world: World) -> None:
    data = {"bulan": "2026-10", **picks(world.staff[0]), **picks(world.staff[1], note="x" * 2001)}
    response = at(world.user).post(reverse("team-rate"), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'href="#id_{world.staff[1].pk}-note"' in page
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize("password", ["", "salah sekali kata sandi"])
def test_signing_refuses_without_the_right_password(world: World, password: str) -> None:
    rate(world)
    make_achievement(world.section, OCTOBER, world.mayor)
    client = at(world.user)
    seen = client.get(reverse("team-sign")).context["seen"]
    response = client.post(reverse("team-sign"), {"bulan": "2026-10", "dilihat": seen, "password": password})
    assert response.status_code == 422
    assert not Evaluation.objects.filter(signed_at__isnull=False).exists()


def test_signing_stops_guessing(world: World) -> None:
    rate(world)
    make_achievement(world.section, OCTOBER, world.mayor)
    client = at(world.user)
    seen = client.get(reverse("team-sign")).context["seen"]
    data = {"bulan": "2026-10", "dilihat": seen}
    for _try in range(5):
        client.post(reverse("team-sign"), {**data, "password": "tebakan"})
    response = client.post(reverse("team-sign"), {**data, "password": PASSWORD})
    assert "Terlalu sering" in response.content.decode()
    assert not Evaluation.objects.filter(signed_at__isnull=False).exists()


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_signing_refuses_what_was_not_shown(world: World, seen: str) -> None:
    rate(world)
    make_achievement(world.section, OCTOBER, world.mayor)
    data = {"bulan": "2026-10", "dilihat": seen, "password": PASSWORD}
    response = at(world.user).post(reverse("team-sign"), data)
    assert response.status_code == 422
    assert "berubah sejak halaman ini dibuka" in response.content.decode()


def test_evaluation_hides_from_stranger(world: World) -> None:
    found = signed(world)
    strangers = [
        make_user(world.staff[1]),
        make_user(username="admin", role="admin"),
        make_user(username="tim", role="committee"),
        make_user(username="pyb-lain", role="pyb", unit=make_unit("LAIN")),
    ]
    for user in strangers:
        for name in ("evaluation-detail", "evaluation-document"):
            assert at(user).get(reverse(name, args=[found.pk])).status_code == 404
        assert at(user).post(reverse("evaluation-acknowledge", args=[found.pk])).status_code == 404


def test_evaluation_draft_is_hidden_from_everybody(world: World) -> None:
    rate(world, world.staff[0])
    draft = Evaluation.objects.get()
    for user in (world.employee, world.user, world.chief_user, world.mayor):
        assert at(user).get(reverse("evaluation-detail", args=[draft.pk])).status_code == 404
        assert at(user).get(reverse("evaluation-document", args=[draft.pk])).status_code == 404
    assert not at(world.employee).get(reverse("evaluation-list")).context["evaluations"]


def test_evaluation_is_acknowledged_by_nobody_else(world: World) -> None:
    found = signed(world)
    for user in (world.user, world.chief_user, world.mayor):
        assert at(user).post(reverse("evaluation-acknowledge", args=[found.pk])).status_code == 403
    assert at(world.employee).get(reverse("evaluation-acknowledge", args=[found.pk])).status_code == 405


def test_achievement_needs_permission(world: World) -> None:
    for user in (world.user, world.employee, make_user(username="b", role="bkpsdm")):
        assert at(user).get(reverse("achievement-list")).status_code == 403


def test_achievement_needs_value_and_reason_together(world: World) -> None:
    key = world.section.pk
    for data in ({f"{key}-value": "baik", f"{key}-reason": ""}, {f"{key}-value": "", f"{key}-reason": "Sebab"}):
        response = at(world.chief_user).post(reverse("achievement-list"), {"bulan": "2026-10", **data})
        assert response.status_code == 422
    assert not OrganisationAchievement.objects.exists()


def test_achievement_of_a_unit_that_is_not_below_is_ignored(world: World) -> None:
    data = {"bulan": "2026-10", f"{world.office.pk}-value": "istimewa", f"{world.office.pk}-reason": "Sendiri"}
    at(world.chief_user).post(reverse("achievement-list"), data)
    assert not OrganisationAchievement.objects.exists()


def test_departure_hides_units_of_others(world: World) -> None:
    data = {"bulan": "2026-10", "unit": "DUK", "reason": "Sebab"}
    assert at(world.user).post(reverse("team-departure"), data).status_code == 404


# --- the ways through ------------------------------------------------------------------------------------------------


def test_team_shows_people_evidence_and_what_is_missing(world: World) -> None:
    page = at(world.user).get(reverse("team-rate")).content.decode()
    assert "Anggota 00" in page
    assert "412 layanan" in page
    assert "97% tepat waktu" in page
    assert "3,41" in page
    assert "3,29–3,53" in page
    assert "belum ditetapkan" in page
    assert "Ratna Dewi" in page  # who can set the achievement
    assert "Belum punya akun" in page


def test_team_hides_the_citizens_score_below_the_threshold() -> None:
    world = build(1)
    for use in ("self_only", "hidden"):
        person = make_staff(world.section, make_person(name=f"Sedikit {use}"))
        make_officer_result(world.closing, person, world.section, use)
    page = at(world.user).get(reverse("team-rate")).content.decode()
    assert page.count("Suara warga: belum cukup data") == 2
    assert page.count("3,41") == 1


def test_team_says_so_when_nothing_is_closed(world: World) -> None:
    Closing.objects.update(is_current=False)
    page = at(world.user).get(reverse("team-rate")).content.decode()
    assert "Belum ada bulan yang ditutup" in page


def test_team_without_people_in_that_month_says_so(world: World) -> None:
    user = make_user(make_staff(world.office), role="appraiser")
    assert "Tidak ada yang Anda nilai" in at(user).get(reverse("team-rate")).content.decode()


def test_team_can_choose_an_earlier_month(world: World) -> None:
    make_closing(date(2026, 9, 1))
    response = at(world.user).get(reverse("team-rate"), {"bulan": "2026-09"})
    assert response.context["team"].month == date(2026, 9, 1)
    assert "September 2026" in response.content.decode()
    assert at(world.user).get(reverse("team-rate")).context["team"].month == OCTOBER


def test_rating_without_script_saves_the_whole_team(world: World) -> None:
    data = {"bulan": "2026-10"}
    for person in world.staff:
        data |= picks(person, note="Baik sekali.")
    response = at(world.user).post(reverse("team-rate"), data)
    assert response.status_code == 302
    assert Evaluation.objects.filter(work="meets", behaviour="above", predicate="baik").count() == 3


def test_rating_with_htmx_answers_with_the_changed_parts(world: World) -> None:
    person = world.staff[0]
    url = reverse("team-rate-person", kwargs={"person_id": person.pk})
    data = {"bulan": "2026-10", **picks(person, "above", "above")}
    response = at(world.user).post(url, data, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert response.status_code == 200
    assert "<b data-predicate>Sangat Baik</b>" in page
    assert f'data-key="{person.pk}"' in page  # placed in the quadrant
    assert page.count("hx-swap-oob") == 3
    assert "tersimpan 10.42" in page
    assert "1 dari 3 lengkap" in page


def test_signing_freezes_and_records_the_statement(world: World) -> None:
    rate(world)
    make_achievement(world.section, OCTOBER, world.mayor)
    client = at(world.user)
    page = client.get(reverse("team-sign"))
    assert "Saya, Budi Santoso, menilai 3 pegawai untuk Oktober 2026" in page.content.decode()
    data = {"bulan": "2026-10", "dilihat": page.context["seen"], "password": PASSWORD}
    response = client.post(reverse("team-sign"), data)
    assert response.status_code == 302
    statements = {one.evidence["statement"] for one in Evaluation.objects.filter(state="signed")}
    assert statements == {page.context["statement"]}


def test_departure_warns_and_keeps_the_reason(world: World) -> None:
    rate(world, work="above", behaviour="above")
    make_achievement(world.section, OCTOBER, world.mayor)
    client = at(world.user)
    page = client.get(reverse("team-rate")).content.decode()
    assert "Baik belum menjadi kelompok terbesar." in page
    assert "Belum ada yang Butuh Perbaikan atau Kurang/Misconduct." in page
    assert "SE MenPANRB 3/2023" in page
    client.post(reverse("team-departure"), {"bulan": "2026-10", "unit": "DUK-1", "reason": "Semua melampaui target."})
    assert "Semua melampaui target." in client.get(reverse("team-rate")).content.decode()


def test_evaluation_is_seen_at_once_and_acknowledged(world: World) -> None:
    found = signed(world)
    client = at(world.employee)
    assert "menunggu Anda" in client.get(reverse("evaluation-list")).content.decode()
    page = client.get(reverse("evaluation-detail", args=[found.pk])).content.decode()
    for words in ("Saya sudah menerima", "14 hari kerja", "388 dari 400", "3,41", "Ratna Dewi", found.digest[:16]):
        assert words in page
    client.post(reverse("evaluation-acknowledge", args=[found.pk]))
    page = client.get(reverse("evaluation-detail", args=[found.pk])).content.decode()
    assert "Saya sudah menerima" not in page
    assert "sudah diterima" in page


def test_evaluation_is_read_by_appraiser_superior_and_monitor(world: World) -> None:
    found = signed(world)
    for user in (world.user, world.chief_user, world.mayor, make_user(username="pyb", role="pyb")):
        response = at(user).get(reverse("evaluation-detail", args=[found.pk]))
        assert response.status_code == 200
        assert "Saya sudah menerima" not in response.content.decode()


def test_evaluation_shows_its_versions(world: World) -> None:
    found = signed(world)
    rating.revise_result(
        evaluation=found, work="above", behaviour="above", note="", reason="Bukti baru", by=world.chief_user
    )
    page = at(world.employee).get(reverse("evaluation-detail", args=[found.pk])).content.decode()
    assert "Versi ini sudah diganti" in page
    assert "Bukti baru" in page


def test_achievement_is_set_on_one_page(world: World) -> None:
    key = world.section.pk
    data = {"bulan": "2026-10", f"{key}-value": "baik", f"{key}-reason": "Target tercapai"}
    at(world.chief_user).post(reverse("achievement-list"), data)
    assert OrganisationAchievement.objects.get().value == "baik"


def test_achievement_page_of_the_mayor_begins_with_the_offices(world: World) -> None:
    client = at(world.mayor)
    names = [line.name for line, _form in client.get(reverse("achievement-list")).context["lines"]]
    assert names == ["Dinas Kependudukan dan Pencatatan Sipil"]
    deep = client.get(reverse("achievement-list"), {"tingkat": "semua"}).context["lines"]
    assert "Bidang Pendaftaran Penduduk" in [line.name for line, _form in deep]


def test_achievement_in_use_is_shown_fixed(world: World) -> None:
    signed(world)
    response = at(world.chief_user).get(reverse("achievement-list"))
    assert response.context["lines"][0][0].is_fixed
    assert "Sudah dipakai" in response.content.decode()


def test_named_appraiser_sees_the_person_with_the_units_achievement(world: World) -> None:
    delegate = make_staff(world.office, make_person(name="Dian Wakil"))
    AppraiserOverride.objects.create(
        person=world.staff[0],
        appraiser=delegate,
        reason="Didelegasikan",
        valid_from=OCTOBER,
        set_at=clock.now(),
        set_by=world.mayor,
    )
    page = at(make_user(delegate)).get(reverse("team-rate"))
    assert [row.person for row in page.context["team"].rows] == [world.staff[0]]
    assert len(at(world.user).get(reverse("team-rate")).context["team"].rows) == 2
