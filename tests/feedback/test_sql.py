"""The statements of the citizen's way are planned once a connection, and nothing else is because of them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import DataError, ProgrammingError
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from pytest_django import DjangoAssertNumQueries

from teladan.core import clock
from teladan.feedback import tokens
from teladan.feedback.actions.casting import Submission, amend_rating, cast_again, cast_many, cast_rating
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.models import ELEMENTS, LatencyBucket, StagedRating
from teladan.feedback.sql import direct, named_row, one_row, plain, planned_cursor, statement
from tests.feedback.conftest import Office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]
PLANNED_ONCE = ("cast", "cast_again", "amend", "finish", "staged_rating", "ticket_page", "wait_profile")


@pytest.fixture
def _nothing_prepared() -> None:
    connection.ensure_connection()
    connection.connection._prepared.clear()
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


def prepared() -> list[str]:
    """The texts planned for keeps on this connection, each with as many lines as plans."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT left(statement, 20) FROM pg_prepared_statements WHERE NOT from_sql ORDER BY 1")
        return [text for (text,) in cursor.fetchall()]


@pytest.mark.usefixtures("_nothing_prepared")
def test_answers_left_open_make_no_other_plan(office: Office) -> None:
    device = UUID(int=1)
    for count, token in enumerate(office.tokens(len(ELEMENTS) + 1)):
        answers = {"overall": 4, **dict.fromkeys(ELEMENTS[:count], 3)}
        cast_rating(token_hash=tokens.token_hash(token), answers=answers, device=device if count % 2 else None)
    assert StagedRating.objects.count() == len(ELEMENTS) + 1
    assert prepared() == [statement("cast")[:20]]


@pytest.mark.usefixtures("_nothing_prepared")
def test_each_step_of_the_way_is_planned_once(office: Office) -> None:
    for count, token in enumerate(office.tokens(4)):
        key = cast_rating(
            token_hash=tokens.token_hash(token), answers={"overall": 4, **dict.fromkeys(ELEMENTS[:count], 1)}
        ).edit_key
        amend_rating(edit_key=key, answers=dict.fromkeys(ELEMENTS[count:], 2), comment="" if count % 2 else "lama")
        receipt = finish_rating(edit_key=key)
        cast_again(leaf=receipt.c, month=receipt.month, answers=dict.fromkeys(ELEMENTS[:count], 2))
    names = ("cast", "amend", "staged_rating", "finish", "cast_again")
    assert prepared() == sorted(statement(name)[:20] for name in names)


@pytest.mark.usefixtures("_nothing_prepared")
def test_many_casts_and_single_ones_share_a_plan(office: Office) -> None:
    one, other = office.tokens(2)
    cast_many([Submission(tokens.token_hash(one), {"overall": 4, "waktu": 1}, clock.now())])
    cast_rating(token_hash=tokens.token_hash(other), answers={"overall": 1})
    assert prepared() == [statement("cast")[:20]]


@pytest.mark.usefixtures("_nothing_prepared")
def test_other_statements_of_the_connection_are_not_kept(office: Office) -> None:
    cast_rating(token_hash=tokens.token_hash(office.token()), answers={"overall": 4})
    kept = len(prepared())
    for count in range(3):
        assert not LatencyBucket.objects.filter(count=1000 + count).exists()
    assert len(prepared()) == kept


@pytest.mark.parametrize("name", PLANNED_ONCE)
def test_texts_are_short_enough_to_be_remembered(name: str) -> None:
    text = statement(name)
    assert len(text) <= MAX_CACHED_STATEMENT_LENGTH
    assert "--" not in text


VALUES = {
    "blob": b"\x00\\'\xff",
    "list": (2, 5),
    "day": date(2026, 10, 12),
    "id": UUID(int=7),
    "word": "a 'b' \\ %s {c} é",
    "none": None,
    "now": clock.local(date(2026, 10, 12), 9),
}
ECHO = (
    "SELECT %(blob)s::bytea AS blob, %(list)s::int[] AS list, %(day)s::date AS day, %(id)s::uuid AS id, %(word)s::text AS word,"
    " %(none)s::smallint AS none, %(now)s::timestamptz AS now, %(day)s::date = '2026-10-12' AS same, 7 %% 4 AS rest"
)


def test_plain_values_arrive_as_what_they_were() -> None:
    cursor = planned_cursor()
    cursor.execute(ECHO, plain(VALUES))
    blob, numbers, *rest = cursor.fetchone()
    assert (bytes(blob), numbers) == (b"\x00\\'\xff", [2, 5])
    assert rest == [date(2026, 10, 12), UUID(int=7), "a 'b' \\ %s {c} é", None, VALUES["now"], True, 3]


# --- sent directly: outside a transaction, as when a citizen rates ------------------------------------------------------


@pytest.fixture
def _echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teladan.feedback.sql.statement", lambda name: name)


@pytest.fixture
def by_cursor(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were not sent directly."""
    found: list[str] = []
    usual = planned_cursor

    def noted() -> object:
        found.append("cursor")
        return usual()

    monkeypatch.setattr("teladan.feedback.sql.planned_cursor", noted)
    return found


@pytest.mark.usefixtures("_echo")
@pytest.mark.django_db(transaction=True)
def test_direct_and_by_cursor_give_the_same(by_cursor: list[str]) -> None:
    connection.ensure_connection()
    straight = named_row(ECHO, VALUES)
    assert not by_cursor
    with transaction.atomic():
        assert named_row(ECHO, VALUES) == straight
        assert one_row(ECHO, VALUES) == tuple(straight.values()) if straight else False
    assert len(by_cursor) == 2
    assert one_row(ECHO, VALUES) == tuple(straight.values()) if straight else False
    assert len(by_cursor) == 2


@pytest.mark.usefixtures("_echo")
@pytest.mark.django_db(transaction=True)
def test_no_row_is_none_both_ways() -> None:
    connection.ensure_connection()
    assert one_row("SELECT 1 AS one WHERE %(never)s::bool", {"never": False}) is None
    assert named_row("SELECT 1 AS one WHERE %(never)s::bool", {"never": False}) is None
    with transaction.atomic():
        assert named_row("SELECT 1 AS one WHERE %(never)s::bool", {"never": False}) is None


@pytest.mark.usefixtures("_echo")
@pytest.mark.django_db(transaction=True)
def test_what_is_refused_directly_is_said_in_django_s_words() -> None:
    connection.ensure_connection()
    with pytest.raises(ProgrammingError, match="no_such_table"):
        one_row("SELECT * FROM no_such_table", {})
    with pytest.raises(DataError, match="invalid input syntax"):
        one_row("SELECT %(n)s::int", {"n": "satu"})
    with pytest.raises(DataError, match="NUL"):
        one_row("SELECT %(n)s::text", {"n": "cut\0short"})
    assert one_row("SELECT %(n)s::int", {"n": 1}) == (1,)


@pytest.mark.usefixtures("_echo")
@pytest.mark.django_db(transaction=True)
def test_a_plan_that_a_change_of_the_table_broke_is_made_again(by_cursor: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE changing (a int)")
        cursor.execute("INSERT INTO changing VALUES (1)")
    assert one_row("SELECT * FROM changing", {}) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ADD b text DEFAULT 'dua'")
    assert one_row("SELECT * FROM changing", {}) == (1, "dua")
    by_cursor.clear()
    assert one_row("SELECT * FROM changing", {}) == (1, "dua")
    assert not by_cursor
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE changing")


@pytest.mark.usefixtures("_echo")
@pytest.mark.django_db(transaction=True)
def test_watched_statements_go_by_cursor(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    connection.ensure_connection()
    with django_assert_num_queries(1):
        one_row(ECHO, VALUES)
    seen: list[str] = []
    with connection.execute_wrapper(lambda run, text, *rest: (seen.append(text), run(text, *rest))[1]):
        one_row(ECHO, VALUES)
    assert seen == [ECHO]


def test_a_name_used_twice_is_one_number() -> None:
    assert direct.numbered("SELECT %(b)s, %(a)s, %(b)s, 5 %% 2") == (b"SELECT $1, $2, $1, 5 % 2", ("b", "a"))
