"""Pages of the committee and of certificates: refusals, then the ways through."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from teladan.awards import actions
from teladan.awards.models import Award, ConflictStatement, Round
from teladan.core import clock
from teladan.people.models import User
from tests.awards.hall import OCTOBER, P_TOP, Hall, make_hall, ranks
from tests.make import PASSWORD, make_closing, make_officer_result, make_user

pytestmark = pytest.mark.django_db

CITATION = "Sabar menjelaskan dan selalu tepat waktu."


@pytest.fixture(autouse=True)
def _november(settings: Any) -> Any:
    settings.NAVIGATION = ""  # the way around is the desk's; it is neither asked nor counted here
    with clock.at(clock.local(date(2026, 11, 9), 10, 42)):
        yield


@pytest.fixture
def hall() -> Hall:
    return make_hall()


@pytest.fixture
def opened(hall: Hall) -> Round:
    return actions.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm)


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def state(round: Round, by: User) -> None:
    for candidate in round.candidates.all():
        actions.state_conflict(candidate=candidate, by=by, has_conflict=False)


def decide(hall: Hall, round: Round) -> Award:
    state(round, hall.member)
    winner = round.candidates.order_by("-p_top")[0]
    (award,) = actions.decide(round=round, winners={winner.pk: CITATION}, reason="Bukti jelas.", by=hall.member)
    return award


def ballot(round: Round, *, winners: int = 1, password: str = PASSWORD, reason: str = "Bukti jelas.") -> dict[str, str]:
    data = {"reason": reason, "password": password}
    for candidate in round.candidates.order_by("-p_top")[:winners]:
        data |= {f"win_{candidate.pk}": "on", f"citation_{candidate.pk}": CITATION}
    return data


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args"), [("award-list", []), ("award-round", [1]), ("award-decide", [1]), ("award-own", [])]
)
def test_award_pages_need_login(client: Client, name: str, args: list[int]) -> None:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 302
    assert response.url.startswith("/akun/")  # type: ignore[attr-defined]


def test_award_list_needs_permission(hall: Hall) -> None:
    for user in (make_user(hall.officers[0], role="officer"), make_user(username="a", role="admin")):
        assert at(user).get(reverse("award-list")).status_code == 403


def test_round_hides_candidates_from_everybody_else(hall: Hall, opened: Round) -> None:
    strangers = [make_user(hall.officers[0], role="officer"), make_user(username="pyb", role="pyb")]
    for user in strangers:
        for name in ("award-round", "award-decide"):
            assert at(user).get(reverse(name, args=[opened.pk])).status_code == 404
        assert at(user).post(reverse("award-conflict", args=[opened.pk])).status_code == 404


def test_round_that_does_not_exist(hall: Hall) -> None:
    assert at(hall.member).get(reverse("award-round", args=[987654])).status_code == 404


def test_only_the_committee_states_and_decides(hall: Hall, opened: Round) -> None:
    for user in (hall.bkpsdm, hall.mayor):
        client = at(user)
        page = client.get(reverse("award-round", args=[opened.pk]))
        assert page.status_code == 200
        assert "Pernyataan kepentingan Anda" not in page.content.decode()
        assert client.get(reverse("award-decide", args=[opened.pk])).status_code == 403
        assert client.post(reverse("award-conflict", args=[opened.pk])).status_code == 403


def test_opening_needs_permission_post_and_a_closed_month(hall: Hall) -> None:
    assert at(hall.mayor).post(reverse("award-open"), {"bulan": "2026-10"}).status_code == 403
    assert at(hall.bkpsdm).get(reverse("award-open")).status_code == 405
    for month in ("", "2026-99", "2026-11"):
        assert at(hall.bkpsdm).post(reverse("award-open"), {"bulan": month}).status_code == 302
    assert not Round.objects.exists()


def test_statement_needs_an_answer_about_everybody(hall: Hall, opened: Round) -> None:
    one = opened.candidates.all()[0]
    data = {f"c{one.pk}-answer": "ada", f"c{one.pk}-explanation": ""}
    response = at(hall.member).post(reverse("award-conflict", args=[opened.pk]), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count("Pilih ada atau tidak ada kepentingan.") >= 2
    assert "Jelaskan kepentingan itu" in page
    assert not ConflictStatement.objects.exists()


def test_statement_of_a_tied_member_offers_no_denial(hall: Hall, opened: Round) -> None:
    user = make_user(hall.head, role="committee")
    url = reverse("award-round", args=[opened.pk])
    page = at(user).get(url).content.decode()
    assert page.count("Anda penilai calon ini.") >= 3
    assert 'value="tidak"' not in page
    data = {f"c{one.pk}-answer": "tidak" for one in opened.candidates.all()}
    assert at(user).post(reverse("award-conflict", args=[opened.pk]), data).status_code == 422


def test_decision_page_is_closed_before_the_statements(hall: Hall, opened: Round) -> None:
    page = at(hall.member).get(reverse("award-decide", args=[opened.pk])).content.decode()
    assert "Pernyataan Anda: 0 dari 3 calon" in page
    assert 'name="password"' not in page


def test_decision_page_is_closed_to_the_conflicted(hall: Hall, opened: Round) -> None:
    state(opened, hall.member)
    one = opened.candidates.all()[0]
    actions.state_conflict(candidate=one, by=hall.member, has_conflict=True, explanation="Sepupu")
    url = reverse("award-decide", args=[opened.pk])
    client = at(hall.member)
    assert "Anda tidak memutuskan putaran ini" in client.get(url).content.decode()
    assert client.post(url, ballot(opened)).status_code == 422
    assert not Award.objects.exists()


@pytest.mark.parametrize("change", [{"password": "salah"}, {"reason": ""}, {"winners": 2}])
def test_decision_refuses(hall: Hall, opened: Round, change: dict[str, Any]) -> None:
    state(opened, hall.member)
    response = at(hall.member).post(reverse("award-decide", args=[opened.pk]), ballot(opened, **change))
    assert response.status_code == 422
    assert not Award.objects.exists()


def test_decision_needs_a_citation_for_the_winner(hall: Hall, opened: Round) -> None:
    state(opened, hall.member)
    data = ballot(opened)
    data |= {name: " " for name in data if name.startswith("citation_")}
    response = at(hall.member).post(reverse("award-decide", args=[opened.pk]), data)
    assert response.status_code == 422
    assert "Tulis alasan untuk umum" in response.content.decode()


def test_certificate_hides_from_stranger(hall: Hall, opened: Round) -> None:
    award = decide(hall, opened)
    url = reverse("award-certificate", args=[award.pk])
    assert Client().get(url).status_code == 302
    for user in (make_user(hall.officers[1]), make_user(username="pyb", role="pyb")):
        assert at(user).get(url).status_code == 404


@pytest.mark.parametrize("code", ["0000000000000000", "bukan-kode", "x" * 300, "-"])
def test_verification_of_an_unknown_code(code: str) -> None:
    response = Client().get(reverse("award-verify", args=[code]))
    assert response.status_code == 404
    assert "Kode ini tidak dikenal" in response.content.decode()


# --- the ways through ------------------------------------------------------------------------------------------------


def test_list_opens_a_round(hall: Hall) -> None:
    client = at(hall.bkpsdm)
    assert 'Buka putaran<span class="vh"> Oktober 2026</span>' in client.get(reverse("award-list")).content.decode()
    response = client.post(reverse("award-open"), {"bulan": "2026-10"})
    assert response.url == reverse("award-round", args=[Round.objects.get().pk])  # type: ignore[attr-defined]
    assert "3 calon" in client.get(reverse("award-list")).content.decode()


def test_round_shows_evidence_and_the_rule(hall: Hall, opened: Round) -> None:
    page = at(hall.member).get(reverse("award-round", args=[opened.pk])).content.decode()
    for words in (
        "Petugas A",
        "3,41",
        "3,29–3,53",
        "paling sedikit 60 penilaian, keandalan 0,84",
        "97% peluang termasuk 3 teratas dari 10 petugas",
        "388 dari 400 tepat waktu",
        "belum ditandatangani",
        "paling banyak 20%",
    ):
        assert words in page
    assert "Petugas D" not in page


def test_round_without_candidates_says_that_this_is_good() -> None:
    hall = make_hall((0.5,) * 10)
    found = actions.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm)
    client = at(hall.member)
    page = client.get(reverse("award-round", args=[found.pk])).content.decode()
    assert "Tidak ada calon bulan ini" in page
    assert "perbedaan belum cukup jelas" in page
    response = client.post(
        reverse("award-decide", args=[found.pk]), {"reason": "Perbedaan belum pasti.", "password": PASSWORD}
    )
    assert response.status_code == 302
    assert "Tidak ada penerima" in client.get(reverse("award-round", args=[found.pk])).content.decode()


def test_committee_states_decides_and_everybody_may_verify(hall: Hall, opened: Round) -> None:
    client = at(hall.member)
    data = {f"c{one.pk}-answer": "tidak" for one in opened.candidates.all()}
    client.post(reverse("award-conflict", args=[opened.pk]), data)
    assert client.post(reverse("award-decide", args=[opened.pk]), ballot(opened)).status_code == 302
    award = Award.objects.get()
    page = client.get(reverse("award-round", args=[opened.pk])).content.decode()
    assert award.number in page
    public = Client().get(reverse("award-check"), {"kode": award.code.lower()}, follow=True)
    assert public.status_code == 200
    text = public.content.decode()
    assert "Piagam ini asli" in text
    assert "Petugas A" in text
    assert CITATION in text
    assert "3,41" not in text
    assert "<script" not in text


def test_certificate_for_its_holder(hall: Hall, opened: Round) -> None:
    client = at(make_user(hall.officers[0]))
    link = f'href="{reverse("award-own")}"'
    assert link not in client.get(reverse("desk-home")).content.decode()
    award = decide(hall, opened)
    assert link in client.get(reverse("desk-home")).content.decode()
    assert award.number in client.get(reverse("award-own")).content.decode()
    response = client.get(reverse("award-certificate", args=[award.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")
    again = client.get(reverse("award-certificate", args=[award.pk]), headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


# --- queries ---------------------------------------------------------------------------------------------------------

LIST_QUERIES = 9
ROUND_QUERIES = 19


@pytest.mark.parametrize("months", [1, 3])
def test_list_queries_do_not_grow(hall: Hall, months: int, django_assert_num_queries: Any) -> None:
    for index in range(months):
        month = clock.add_months(OCTOBER, -index)
        if index:
            closing = make_closing(month)
            for person, p in zip(hall.officers, P_TOP, strict=True):
                make_officer_result(closing, person, hall.section, "award", ranks=ranks(p))
        decide(hall, actions.open_round(programme=hall.programme, month=month, by=hall.bkpsdm))
    client = at(hall.member)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(reverse("award-list"))


@pytest.mark.parametrize("p_top", [(0.97, *([0.1] * 9)), P_TOP])
def test_round_queries_do_not_grow(p_top: tuple[float, ...], django_assert_num_queries: Any) -> None:
    hall = make_hall(p_top)
    found = actions.open_round(programme=hall.programme, month=OCTOBER, by=hall.bkpsdm)
    client = at(hall.member)
    with django_assert_num_queries(ROUND_QUERIES):
        client.get(reverse("award-round", args=[found.pk]))
