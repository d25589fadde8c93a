"""The respondents' profile: counted once, only for ratings that count, beside no rating, and published without small groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from teladan.core import clock
from teladan.feedback import queries, rules, tokens
from teladan.feedback.actions import profiles
from teladan.feedback.actions.casting import EditClosed, cast_rating, read_edit_key
from teladan.feedback.actions.profiles import add_profile, mix_profiles
from teladan.feedback.actions.sealing import forget_tickets, seal_month
from teladan.feedback.models import PROFILE, ProfileCount, SealedRating, StagedRating, WaitingProfile
from teladan.feedback.questionnaire import versions
from tests.feedback.conftest import OCTOBER, Office, judge, make_office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]
SEAL_DAY = date(2026, 11, 8)
Travel = Callable[[date], Any]


def cast(token: bytes, nonce: bytes = b"n") -> str:
    return cast_rating(token_hash=tokens.token_hash(token), answers={"overall": 3, "waktu": 2}, nonce=nonce).edit_key


def seal(travel: Travel) -> None:
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")


def counts() -> dict[tuple[str, str], int]:
    return {(row.attribute, row.value): row.count for row in ProfileCount.objects.all()}


# --- refusals --------------------------------------------------------------------------------------------------------


def test_profile_refuses_foreign_and_old_keys() -> None:
    with pytest.raises(EditClosed):
        add_profile(edit_key="x", profile={"sex": "P"})


def test_profile_of_ticket_that_does_not_count_is_not_counted(office: Office) -> None:
    token = office.token()
    cast(token)
    for key in (cast(token, b"again"), cast(bytes(16))):
        add_profile(edit_key=key, profile={"sex": "P"})
    assert WaitingProfile.objects.count() == 0


@pytest.mark.parametrize(("status", "counted"), [("counted", 2), ("held", 1), ("voided", 1)])
def test_profile_of_a_rating_that_does_not_count_at_the_seal_is_not_counted(
    office: Office, travel: Travel, status: str, counted: int
) -> None:
    """Else a table could tell of more respondents than there are ratings."""
    keys = [cast(token) for token in office.tokens(2)]
    for key in keys:
        add_profile(edit_key=key, profile={"sex": "P"})
    judge(StagedRating.objects.filter(pk=read_edit_key(keys[0]).rating), status)
    seal(travel)
    assert counts() == {("sex", "P"): counted}
    assert SealedRating.objects.count() == counted


def test_profile_after_the_seal_is_not_counted(office: Office, travel: Travel) -> None:
    with clock.at(clock.local(date(2026, 10, 31), 9)):
        token = office.token()
    with clock.at(clock.local(date(2026, 11, 7), 23, 50)):
        key = cast(token)
    with clock.at(clock.local(date(2026, 11, 8), 0, 5)):
        seal_month(month=OCTOBER, by="test")
        add_profile(edit_key=key, profile={"sex": "P"})
    assert WaitingProfile.objects.count() == ProfileCount.objects.count() == 0


@pytest.mark.parametrize("data", [{"sex": "X"}, {"age": "35"}, {"job": "asn' OR 1=1"}, {"education": "\0"}])
def test_form_refuses_what_is_no_answer(client: Client, office: Office, data: dict[str, str]) -> None:
    client.get(f"/n/{tokens.encode(office.token())}")
    response = client.post("/n/lengkap", {"overall": "4", **data})
    assert response.status_code == 422
    assert f'href="#id_{next(iter(data))}"' in response.content.decode()
    assert StagedRating.objects.count() == WaitingProfile.objects.count() == 0


def test_nobody_sees_profiles_before_the_seal(office: Office) -> None:
    for token in office.tokens(12):
        add_profile(edit_key=cast(token), profile={"sex": "P"})
    tables = queries.profile_counts(office.unit, [OCTOBER])
    assert {table.total for table in tables} == {None}
    assert {cell.n for table in tables for cell in table.cells} == {None}


# --- counting --------------------------------------------------------------------------------------------------------


def test_profile_holds_no_time_and_leads_to_no_rating(office: Office) -> None:
    assert {field.name for field in WaitingProfile._meta.get_fields()} == {"id", "month", "unit", *PROFILE}
    add_profile(edit_key=cast(office.token()), profile={"age": "25-34"})
    assert WaitingProfile.objects.get().pk != StagedRating.objects.get().pk
    assert not set(PROFILE) & {field.name for field in StagedRating._meta.get_fields()}


def test_saying_nothing_leaves_no_trace(office: Office) -> None:
    add_profile(edit_key=cast(office.token()), profile={"age": ""})
    assert WaitingProfile.objects.count() == 0


def test_sending_again_replaces_and_is_counted_once(office: Office, travel: Travel) -> None:
    key = cast(office.token())
    add_profile(edit_key=key, profile={"sex": "L", "job": "asn"})
    mix_profiles()
    add_profile(edit_key=key, profile={"sex": "P", "age": "25-34"})
    seal(travel)
    assert counts() == {("sex", "P"): 1, ("age", "25-34"): 1}


def test_seal_counts_each_attribute_for_itself(office: Office, travel: Travel) -> None:
    said = [{"sex": "P", "age": "25-34"}, {"sex": "P"}, {"sex": "L", "job": "swasta"}]
    for token, profile in zip(office.tokens(3), said, strict=True):
        add_profile(edit_key=cast(token), profile=profile)
    seal(travel)
    assert WaitingProfile.objects.count() == 0
    assert counts() == {("sex", "P"): 2, ("sex", "L"): 1, ("age", "25-34"): 1, ("job", "swasta"): 1}
    assert {field.name for field in ProfileCount._meta.get_fields()} == {
        "id", "month", "unit", "attribute", "value", "count",
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_no_transaction_leads_from_rating_to_profile_once_mixed_or_sealed(travel: Travel) -> None:
    """Before the night each profile stands one transaction after its rating; mixed they all share one, and after the
    seal only counts are left, all of one transaction."""
    office = make_office()

    def transactions(table: str) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT xmin::text::bigint FROM {table}")
            return [row[0] for row in cursor.fetchall()]

    for token in office.tokens(12):
        add_profile(edit_key=cast(token), profile={"sex": "P"})
    before = set(transactions("feedback_waitingprofile"))
    assert len(before) == 12
    mix_profiles()
    (mixed,) = set(transactions("feedback_waitingprofile"))
    assert mixed not in before
    assert mixed not in transactions("feedback_stagedrating")
    seal(travel)
    with travel(SEAL_DAY):
        forget_tickets(month=OCTOBER)
    assert len(set(transactions("feedback_profilecount"))) == 1
    assert transactions("feedback_waitingprofile") == []


@pytest.mark.django_db(transaction=True)
def test_too_few_to_hide_among_stay_where_they_are() -> None:
    office = make_office()
    for token in office.tokens(9):
        add_profile(edit_key=cast(token), profile={"sex": "P"})
    before = set(WaitingProfile.objects.values_list("pk", flat=True))
    mix_profiles()
    assert set(WaitingProfile.objects.values_list("pk", flat=True)) == before


def test_mixing_runs_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    from teladan.feedback import tasks

    ran: list[bool] = []
    monkeypatch.setattr(tasks, "mix_profiles", lambda: ran.append(True))
    tasks.mix_waiting_profiles(0)
    assert ran == [True]
    assert profiles.mix_profiles is mix_profiles


# --- publishing ------------------------------------------------------------------------------------------------------

COUNTS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 60), min_size=2, max_size=7)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({"L": 40, "P": 60, "": 100}, {"L": 40, "P": 60, "": 100}),
        ({"L": 9, "P": 60, "": 100}, {"L": None, "P": None, "": 100}),  # else 169 - 160 tells of nine
        ({"L": 3, "P": 8, "": 100}, {"L": None, "P": None, "": 100}),  # eleven together
        ({"L": 3, "P": 5, "": 100}, {"L": None, "P": None, "": None}),
        ({"L": 0, "P": 12, "": 30}, {"L": None, "P": 12, "": 30}),
        ({"L": 10, "P": 10, "": 9}, {"L": None, "P": 10, "": None}),
        ({"L": 1, "P": 1, "": 1}, {"L": None, "P": None, "": None}),
    ],
)
def test_small_cells_and_their_complements_are_hidden(cells: dict[str, int], shown: dict[str, int | None]) -> None:
    assert rules.suppressed(cells, minimum=10) == shown


@given(COUNTS, st.integers(1, 30))
def test_no_sum_of_what_is_shown_tells_of_a_small_group(cells: dict[str, int], minimum: int) -> None:
    shown = rules.suppressed(cells, minimum=minimum)
    hidden = sum(count for name, count in cells.items() if shown[name] is None)
    assert all(shown[name] in (None, count) for name, count in cells.items())
    assert all(n >= minimum for n in shown.values() if n is not None)
    known = [n for n in shown.values() if n is not None]
    total = sum(cells.values())
    if total >= minimum:
        rests = {total - sum(some) for size in range(len(known) + 1) for some in combinations(known, size)}
        assert all(rest == 0 or rest >= minimum for rest in rests)
        assert hidden == 0 or hidden >= minimum


@given(COUNTS)
def test_nothing_is_hidden_without_need(cells: dict[str, int]) -> None:
    if all(count >= 10 for count in cells.values()):
        assert rules.suppressed(cells, minimum=10) == cells


def sealed_month(office: Office, month: date, ratings: int, **said: int) -> None:
    from teladan.feedback.models import CollectionMonth

    CollectionMonth.objects.create(
        month=month, state="sealed", policy=queries.policy_on(month), policy_version="x",
        opened_at="2026-01-01T00:00Z", sealed_at="2026-02-08T00:00Z", sealed_by="test", seal_digest="x",
    )  # fmt: skip
    SealedRating.objects.bulk_create(
        SealedRating(month=month, unit=office.unit, service=office.service, channel="loket", overall=4)
        for _ in range(ratings)
    )
    for name, count in said.items():
        ProfileCount.objects.create(month=month, unit=office.unit, attribute="sex", value=name, count=count)


def test_profile_counts_add_months_and_hide(office: Office, django_assert_num_queries: Any) -> None:
    first, second = date(2026, 1, 1), date(2026, 2, 1)
    sealed_month(office, first, 30, L=6, P=8)
    sealed_month(office, second, 40, L=7, P=9)
    with django_assert_num_queries(3):
        tables = queries.profile_counts(office.unit, [first, second])
    assert [table.attribute for table in tables] == list(PROFILE)
    sex, age = tables[:2]
    assert (sex.label, sex.total, sex.unsaid) == ("Jenis kelamin", 70, 40)
    assert [(cell.value, cell.label, cell.n) for cell in sex.cells] == [
        ("L", "Laki-laki", 13),
        ("P", "Perempuan", 17),
    ]
    assert (age.unsaid, {cell.n for cell in age.cells}) == (70, {None})
    alone = queries.profile_counts(office.unit.pk, [first])[0]
    assert ([cell.n for cell in alone.cells], alone.unsaid, alone.total) == ([None, None], 16, 30)


def test_profile_with_more_who_said_than_ratings_count_hides_the_small_group_too(office: Office) -> None:
    """Some ratings are held: those who gave them have said who they are all the same."""
    sealed_month(office, date(2026, 1, 1), 14, L=3, P=12)
    sex = queries.profile_counts(office.unit, [date(2026, 1, 1)])[0]
    assert ([cell.n for cell in sex.cells], sex.unsaid, sex.total) == ([None, None], None, 14)


def test_codes_of_the_profile_fit_their_columns_and_are_told_apart() -> None:
    for version in versions():
        assert tuple(one.attribute for one in version.profile) == PROFILE
        for question in version.profile:
            codes = list(question.options)
            assert len(codes) == len(set(codes))
            assert all(0 < len(code) <= 10 for code in codes)
            for words in (question.texts, *question.options.values()):
                assert set(words) == {"id", "en", "min"}
