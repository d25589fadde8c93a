"""The pages of this room: who is turned away and how, what they show, what they cost."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from teladan.core import clock
from teladan.people import queries
from teladan.people.models import AppraiserOverride, Grant, Person, Placement, User
from tests.make import make_grant, make_head, make_head_post, make_person, make_staff, make_unit, make_user, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree() -> SimpleNamespace:
    """City > office D with a vacant head > section S with two clerks, without a superior."""
    city = make_unit("KOTA", kind="kota")
    office = make_unit("D", "Dinas Contoh", parent=city)
    section = make_unit("S", "Seksi Contoh", parent=office, kind="seksi")
    make_head_post(section)
    return SimpleNamespace(
        city=city,
        office=office,
        section=section,
        clerk=make_staff(section, make_person(name="Rina <b>Gusnita</b>")),
        other=make_staff(section),
        elsewhere=make_staff(make_unit("D2", parent=city)),
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bkpsdm() -> Client:
    return signed_in(make_user(role="bkpsdm"))


PAGES = [
    ("people-list", ()),
    ("people-gaps", ()),
    ("people-import", ()),
    ("units-list", ()),
    ("roles-page", ()),
    ("people-accounts", ()),
    ("people-account-new", ()),
    ("units-detail", ("S",)),
    ("units-acting", ("S",)),
    ("people-gap", ("S",)),
    ("people-import-example", ("employees",)),
    ("people-detail", (uuid4(),)),
    ("people-appraiser", (uuid4(),)),
    ("people-import-run", (uuid4(),)),
    ("people-import-messages", (uuid4(),)),
]


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_page_needs_login(client: Client, name: str, args: tuple[object, ...]) -> None:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 302
    assert response["Location"].startswith("/akun/login/")


@pytest.mark.parametrize(("name", "args"), [page for page in PAGES if page[0] != "roles-page"])
def test_page_hides_from_an_ordinary_employee(tree: SimpleNamespace, name: str, args: tuple[object, ...]) -> None:
    response = signed_in(make_user(make_person(), role="employee")).get(reverse(name, args=args))
    assert response.status_code in {403, 404}


POSTS = ["people-appraiser-end", "units-acting-end", "people-grant-end"]


@pytest.mark.parametrize("name", POSTS)
def test_acts_refuse_other_methods_and_unknown_ids(bkpsdm: Client, name: str) -> None:
    assert bkpsdm.get(reverse(name, args=[1])).status_code == 405
    assert bkpsdm.post(reverse(name, args=[999_999])).status_code == 404


@pytest.mark.parametrize(
    ("name", "args"), [("people-list", ()), ("roles-page", ()), ("people-gaps", ()), ("units-list", ())]
)
def test_reading_pages_refuse_post(bkpsdm: Client, name: str, args: tuple[object, ...]) -> None:
    assert bkpsdm.post(reverse(name, args=args)).status_code == 405


def test_acts_need_the_token_of_the_form(tree: SimpleNamespace) -> None:
    user = make_user(role="bkpsdm")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(reverse("people-appraiser", args=[tree.clerk.pk])).status_code == 403
    assert client.post(reverse("people-import"), {"jenis": "employees"}).status_code == 403


# --- the list ------------------------------------------------------------------------------------------------------------


def names(response: object) -> list[str]:
    return [row.person.name for row in response.context["listing"].rows]  # type: ignore[attr-defined]


def test_list_shows_an_operator_only_the_own_unit(tree: SimpleNamespace) -> None:
    client = signed_in(make_user(role="operator", unit=tree.office))
    response = client.get(reverse("people-list"))
    assert set(names(response)) == {tree.clerk.name, tree.other.name}
    assert client.get(reverse("people-list"), {"unit": "D2"}).status_code == 404


def test_list_escapes_names(bkpsdm: Client, tree: SimpleNamespace) -> None:
    page = bkpsdm.get(reverse("people-list")).content.decode()
    assert "Rina &lt;b&gt;Gusnita" in page
    assert "<b>Gusnita" not in page


def test_list_searches_words_accents_and_nip(bkpsdm: Client) -> None:
    ebert = make_person(name="Rafi Ébert Tanjung")
    make_person(name="Budi Santoso")
    for search in ("ebert", "TANJ raf", "É", ebert.nip[:12], "  rafi   tanjung "):
        found = names(bkpsdm.get(reverse("people-list"), {"cari": search}))
        assert ebert.name in found
    assert names(bkpsdm.get(reverse("people-list"), {"cari": "budi rafi"})) == []
    for odd in ("%", "_", "\\", "'; DROP TABLE", "x" * 200, "\x00"):
        assert bkpsdm.get(reverse("people-list"), {"cari": odd}).status_code == 200


def test_list_pages_forth_and_back_without_losing_anybody(bkpsdm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from teladan.people.queries import listing

    monkeypatch.setattr(listing, "PAGE", 4)
    for number in range(11):
        make_person(name="Sama" if number < 6 else f"Nama {number}")
    url, seen, cursor = reverse("people-list"), [], {}
    pages = []
    while cursor is not None:
        response = bkpsdm.get(url, cursor)
        rows = response.context["listing"]
        pages.append([row.person.pk for row in rows.rows])
        seen += pages[-1]
        cursor = {"sesudah": rows.after} if rows.after else None
    assert len(seen) == len(set(seen)) == 11
    back = bkpsdm.get(url, {"sebelum": pages[-1][0]}).context["listing"]
    assert [row.person.pk for row in back.rows] == pages[-2]


def test_list_jumps_to_a_letter_and_hides_who_left(bkpsdm: Client) -> None:
    for name in ("Ani", "Nora", "Zul"):
        make_person(name=name)
    make_person(name="Pergi", is_active=False)
    assert names(bkpsdm.get(reverse("people-list"), {"huruf": "N"})) == ["Nora", "Zul"]
    assert names(bkpsdm.get(reverse("people-list"), {"status": "tidak-aktif"})) == ["Pergi"]
    assert len(names(bkpsdm.get(reverse("people-list"), {"status": "semua"}))) == 4


def test_list_survives_wrong_parameters(bkpsdm: Client) -> None:
    for odd in ({"sesudah": "x"}, {"sebelum": uuid4()}, {"status": "x"}, {"huruf": "xyz"}):
        assert bkpsdm.get(reverse("people-list"), odd).status_code == 200


@pytest.mark.parametrize("people", [1, 3])
def test_list_costs_the_same_for_one_and_for_three(
    bkpsdm: Client, django_assert_num_queries: DjangoAssertNumQueries, people: int
) -> None:
    unit = make_unit()
    for _ in range(people):
        make_staff(unit)
    with django_assert_num_queries(7):
        response = bkpsdm.get(reverse("people-list"))
    assert len(names(response)) == people


# --- one employee --------------------------------------------------------------------------------------------------------


def test_detail_says_why_this_appraiser(bkpsdm: Client, tree: SimpleNamespace) -> None:
    page = bkpsdm.get(reverse("people-detail", args=[tree.clerk.pk])).content.decode()
    assert "Belum ada penilai" in page
    head = make_head(tree.office, make_person(name="Kadis Contoh"), post_kind="jpt")
    page = bkpsdm.get(reverse("people-detail", args=[tree.clerk.pk])).content.decode()
    assert "Kadis Contoh memimpin unit ini dan boleh menilai" in page
    assert "lampiran IV.A.2" in page
    assert "Dinilai wali kota" in bkpsdm.get(reverse("people-detail", args=[head.pk])).content.decode()


def test_detail_shows_the_employee_the_own_page_without_acts(tree: SimpleNamespace) -> None:
    response = signed_in(make_user(tree.clerk, role="employee")).get(reverse("people-detail", args=[tree.clerk.pk]))
    page = response.content.decode()
    assert response.status_code == 200
    assert "Tetapkan penilai" not in page
    assert "Buat akun" not in page


def test_appraiser_is_named_with_reason(bkpsdm: Client, tree: SimpleNamespace) -> None:
    boss = make_head(make_unit("B", parent=tree.office, kind="bidang"), post_kind="administrator")
    url = reverse("people-appraiser", args=[tree.clerk.pk])
    form = {"penilai": str(boss.pk), "mulai": "2026-10-01", "alasan": ""}
    response = bkpsdm.post(url, form)
    assert response.status_code == 422
    assert not AppraiserOverride.objects.exists()
    assert bkpsdm.post(url, {**form, "penilai": str(uuid4()), "alasan": "x"}).status_code == 422
    assert bkpsdm.post(url, {**form, "alasan": "SK 5/2026"}).status_code == 302
    row = AppraiserOverride.objects.get()
    assert (row.person, row.appraiser, row.reason) == (tree.clerk, boss, "SK 5/2026")
    ended = reverse("people-appraiser-end", args=[row.pk])
    bkpsdm.post(ended, {"alasan": ""})
    assert AppraiserOverride.objects.get().valid_until is None
    bkpsdm.post(ended, {"alasan": "Selesai"})
    assert queries.appraiser_path(tree.clerk, clock.day_of(row.set_at)).override is None


def test_appraiser_may_be_searched_anywhere(bkpsdm: Client, tree: SimpleNamespace) -> None:
    far = make_person(name="Jauh Sekali")
    url = reverse("people-appraiser", args=[tree.clerk.pk])
    assert "Jauh Sekali" in bkpsdm.get(url, {"cari": "jauh"}).content.decode()
    form = {"penilai": str(far.pk), "mulai": "2026-10-01", "alasan": "SK"}
    assert bkpsdm.post(f"{url}?cari=jauh", form).status_code == 302


# --- missing superiors ---------------------------------------------------------------------------------------------------


def test_gaps_name_the_unit_and_close(bkpsdm: Client, tree: SimpleNamespace) -> None:
    page = bkpsdm.get(reverse("people-gaps")).content.decode()
    assert "3 pegawai belum punya atasan" in page
    assert "Seksi Contoh" in page
    far = make_person(name="Penilai Sementara")
    form = {"penilai": str(far.pk), "mulai": "2026-01-01", "alasan": "SK"}
    assert bkpsdm.post(f"{reverse('people-gap', args=['S'])}?cari=sementara", form).status_code == 302
    assert {member.person for member in queries.team_of(far, _today())} == {tree.clerk, tree.other}
    assert bkpsdm.get(reverse("people-gap", args=["S"])).status_code == 302


def _today() -> object:
    from teladan.core import clock

    return clock.today()


@pytest.mark.parametrize("people", [1, 3])
def test_gaps_cost_the_same_for_one_and_for_three(
    bkpsdm: Client, django_assert_num_queries: DjangoAssertNumQueries, people: int
) -> None:
    unit = make_unit()
    for _ in range(people):
        make_staff(unit)
    with django_assert_num_queries(9):
        bkpsdm.get(reverse("people-gaps"))


def test_acting_head_from_the_unit_page(bkpsdm: Client, tree: SimpleNamespace) -> None:
    url = reverse("units-acting", args=["S"])
    assert bkpsdm.post(url, {"kind": "plt"}).status_code == 422
    form = {"kind": "plt", "person": str(tree.clerk.pk), "valid_from": "2026-01-01"}
    assert bkpsdm.post(url, form).status_code == 302
    row = Placement.objects.get(kind="plt")
    assert row.person == tree.clerk
    assert "Plt." in bkpsdm.get(reverse("units-detail", args=["S"])).content.decode()
    bkpsdm.post(reverse("units-acting-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.valid_until is not None


def test_unit_without_head_post_sends_back_with_a_word(bkpsdm: Client, tree: SimpleNamespace) -> None:
    response = bkpsdm.get(reverse("units-acting", args=["D2"]), follow=True)
    assert "tidak punya jabatan kepala" in response.content.decode()


# --- the tree ------------------------------------------------------------------------------------------------------------


def test_tree_shows_an_operator_only_the_own_branch(tree: SimpleNamespace) -> None:
    page = signed_in(make_user(role="operator", unit=tree.office)).get(reverse("units-list")).content.decode()
    assert "Seksi Contoh" in page
    assert "Unit D2" not in page
    assert "Unit KOTA" not in page


@pytest.mark.parametrize("units", [1, 3])
def test_tree_costs_the_same_for_one_and_for_three(
    bkpsdm: Client, django_assert_num_queries: DjangoAssertNumQueries, units: int
) -> None:
    for number in range(units):
        make_head(make_unit(f"U{number}"))
    with django_assert_num_queries(8):
        bkpsdm.get(reverse("units-list"))


# --- roles and accounts --------------------------------------------------------------------------------------------------


def test_roles_page_is_open_to_whoever_signed_in(tree: SimpleNamespace) -> None:
    page = signed_in(make_user(role="operator", unit=tree.office)).get(reverse("roles-page")).content.decode()
    assert "untuk Dinas Contoh dan semua di bawahnya" in page
    assert "Menutup bulan" in page
    assert "Akun dan peran" not in page


def test_role_is_given_and_taken_back(bkpsdm: Client, tree: SimpleNamespace) -> None:
    account = make_user(tree.clerk)
    url = reverse("people-account", args=[account.pk])
    form = {"role": "officer", "unit": "S", "valid_from": "2026-01-01"}
    assert bkpsdm.post(url, {**form, "unit": ""}).status_code == 422
    assert bkpsdm.post(url, {**form, "unit": "TIDAK"}).status_code == 422
    assert bkpsdm.post(url, {**form, "role": "admin", "unit": "*"}).status_code == 422
    assert bkpsdm.post(url, form).status_code == 302
    grant = Grant.objects.get(user=account)
    assert (grant.role, grant.unit) == ("officer", tree.section)
    end = reverse("people-grant-end", args=[grant.pk])
    bkpsdm.post(end, {"alasan": ""})
    assert Grant.objects.get(pk=grant.pk).valid_until is None
    bkpsdm.post(end, {"alasan": "Pindah"})
    assert Grant.objects.get(pk=grant.pk).valid_until is not None


def test_an_administrators_grant_is_hidden_from_bkpsdm(bkpsdm: Client) -> None:
    grant = make_grant(make_user(), "admin")
    assert bkpsdm.post(reverse("people-grant-end", args=[grant.pk]), {"alasan": "x"}).status_code == 404


def test_new_account_shows_its_password_once_and_never_caches(bkpsdm: Client, tree: SimpleNamespace) -> None:
    response = bkpsdm.post(reverse("people-account-make", args=[tree.clerk.pk]))
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    password = response.context["password"]
    account = User.objects.get(person=tree.clerk)
    assert account.check_password(password)
    assert len(password) >= 15
    page = bkpsdm.get(reverse("people-account", args=[account.pk])).content.decode()
    assert password not in page
    assert bkpsdm.post(reverse("people-account-make", args=[tree.clerk.pk])).status_code == 302


def test_a_forgotten_password_is_renewed_once_and_shown_once(bkpsdm: Client, tree: SimpleNamespace) -> None:
    account = make_user(tree.clerk, role="officer", unit=tree.section, password="kata sandi yang lama")
    inside = signed_in(account)
    assert inside.get(reverse("desk-home")).status_code == 200
    response = bkpsdm.post(reverse("people-account-password", args=[account.pk]))
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    account.refresh_from_db()
    assert account.check_password(response.context["password"])
    assert "Kata sandi baru dibuat" in response.content.decode()
    assert inside.get(reverse("desk-home")).status_code == 302


def test_a_password_is_renewed_only_where_the_person_may_be_seen(tree: SimpleNamespace) -> None:
    outside = make_user(make_staff(make_unit("LAIN")))
    inside = signed_in(make_user(role="bkpsdm", unit=tree.office))
    assert inside.post(reverse("people-account-password", args=[outside.pk])).status_code == 404
    administrator = make_user(role="admin")
    refused = inside.post(reverse("people-account-password", args=[administrator.pk]), follow=True)
    assert "Mintalah kepada administrator" in refused.content.decode()


def test_a_closed_account_is_out_at_once_and_comes_back_in(bkpsdm: Client, tree: SimpleNamespace) -> None:
    account = make_user(tree.clerk, role="officer", unit=tree.section, password="kata sandi yang lama")
    inside = signed_in(account)
    url = reverse("people-account-close", args=[account.pk])
    assert "Tuliskan alasannya" in bkpsdm.post(url, {"alasan": " "}, follow=True).content.decode()
    assert inside.get(reverse("desk-home")).status_code == 200
    page = bkpsdm.post(url, {"alasan": "pensiun"}, follow=True).content.decode()
    assert "Akun ini ditutup" in page
    assert reverse("people-account-password", args=[account.pk]) not in page
    assert inside.get(reverse("desk-home")).status_code == 302
    form = {"login": account.username, "password": "kata sandi yang lama"}
    assert "Akun ini ditutup" in Client().post(reverse("account_login"), form, follow=True).content.decode()
    wrong = Client().post(reverse("account_login"), form | {"password": "terka"}, follow=True).content.decode()
    assert "salah" in wrong
    assert "ditutup" not in wrong
    assert "ditutup" in bkpsdm.get(reverse("people-accounts"), {"cari": account.username}).content.decode()

    bkpsdm.post(reverse("people-account-open", args=[account.pk]), {"alasan": "keliru"})
    assert Client().post(reverse("account_login"), form).status_code == 302


def test_whoever_has_left_is_offered_no_account(bkpsdm: Client, tree: SimpleNamespace) -> None:
    page, make = reverse("people-detail", args=[tree.clerk.pk]), reverse("people-account-make", args=[tree.clerk.pk])
    assert make in bkpsdm.get(page).content.decode()
    Person.objects.filter(pk=tree.clerk.pk).update(is_active=False)
    assert make not in bkpsdm.get(page).content.decode()
    assert "tidak mendapat akun" in bkpsdm.post(make, follow=True).content.decode()
    assert not User.objects.filter(person=tree.clerk).exists()


def test_an_account_is_closed_only_where_the_person_may_be_seen(tree: SimpleNamespace) -> None:
    outside = make_user(make_staff(make_unit("LAIN")))
    inside = signed_in(make_user(role="bkpsdm", unit=tree.office))
    for name in ("people-account-close", "people-account-open"):
        assert inside.post(reverse(name, args=[outside.pk]), {"alasan": "x"}).status_code == 404
    assert signed_in(make_user(role="officer", unit=tree.section)).post(
        reverse("people-account-close", args=[outside.pk]), {"alasan": "x"}
    ).status_code in {403, 404}
    outside.refresh_from_db()
    assert outside.is_active


def test_account_without_person(bkpsdm: Client) -> None:
    url = reverse("people-account-new")
    assert bkpsdm.post(url, {"username": "walikota"}).status_code == 422
    assert bkpsdm.post(url, {"username": "walikota", "display_name": "Wali Kota"}).status_code == 201
    assert bkpsdm.post(url, {"username": "walikota", "display_name": "Lain"}).status_code == 200
    assert User.objects.filter(username="walikota").count() == 1


@pytest.mark.parametrize("accounts", [1, 3])
def test_accounts_cost_the_same_for_one_and_for_three(
    bkpsdm: Client, django_assert_num_queries: DjangoAssertNumQueries, accounts: int
) -> None:
    unit = make_unit()
    for _ in range(accounts):
        make_user(make_person(), role="officer", unit=unit)
    with django_assert_num_queries(7):
        bkpsdm.get(reverse("people-accounts"))


def test_sign_in_with_username_and_nobody_signs_up(client: Client) -> None:
    make_user(username="rina", password="kata sandi yang panjang")
    client.post("/akun/signup/", {"username": "baru", "password1": "x" * 20, "password2": "x" * 20})
    assert not User.objects.filter(username="baru").exists()
    wrong = client.post("/akun/login/", {"login": "rina", "password": "salah sekali pokoknya"})
    assert wrong.status_code == 200
    right = client.post("/akun/login/", {"login": "rina", "password": "kata sandi yang panjang"})
    assert right.status_code == 302


def test_an_employee_with_two_posts_stands_once_in_the_list(bkpsdm: Client, tree: SimpleNamespace) -> None:
    make_head_post(tree.office)
    post = tree.office.periods.get().head_post
    assert post is not None
    place(tree.clerk, post, kind="plt")
    found = names(bkpsdm.get(reverse("people-list"), {"unit": "D"}))
    assert sorted(found) == sorted([tree.clerk.name, tree.other.name])
    assert Person.objects.count() == 3
