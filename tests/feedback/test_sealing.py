"""The seal: when it refuses, what it moves, counts and forgets, and what nobody can find out afterwards."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from teladan.core import clock
from teladan.core.models import AuditEvent
from teladan.feedback import queries, tokens
from teladan.feedback.actions import openings
from teladan.feedback.actions.casting import Submission, amend_rating, cast_many, cast_rating
from teladan.feedback.actions.sealing import SealRefused, forget_tickets, open_month, seal_month
from teladan.feedback.models import (
    ELEMENTS,
    CollectionMonth,
    IssueDay,
    IssueDayCount,
    SealedComment,
    SealedRating,
    SealSalt,
    StagedComment,
    StagedRating,
    Ticket,
    TicketCount,
)
from tests import make
from tests.feedback.conftest import OCTOBER, Office, judge, make_office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

SEAL_DAY = date(2026, 11, 8)
Travel = Callable[[date], Any]


def cast(token: bytes, **answers: int) -> str:
    return cast_rating(token_hash=tokens.token_hash(token), answers=answers or {"overall": 4}).edit_key


# --- refusals --------------------------------------------------------------------------------------------------------


def test_seal_refuses_while_a_ticket_can_be_used(travel: Travel) -> None:
    with travel(date(2026, 11, 7)), pytest.raises(SealRefused, match="08-11-2026"):
        seal_month(month=OCTOBER, by="test")
    assert CollectionMonth.objects.filter(state="sealed").count() == 0


def test_seal_refuses_before_an_earlier_month(travel: Travel) -> None:
    open_month(date(2026, 9, 1))
    with travel(SEAL_DAY), pytest.raises(SealRefused, match="2026-09"):
        seal_month(month=OCTOBER, by="test")


def test_forgetting_refuses_an_open_month() -> None:
    open_month(OCTOBER)
    with pytest.raises(SealRefused, match="belum disegel"):
        forget_tickets(month=OCTOBER)


def test_sealed_ratings_cannot_be_changed_or_deleted(office: Office, travel: Travel) -> None:
    cast(office.token())
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        SealedRating.objects.update(overall=1)
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        SealedRating.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_forgetting_refuses_the_transaction_of_the_seal(travel: Travel) -> None:
    make_office()
    with travel(SEAL_DAY), transaction.atomic():
        seal_month(month=OCTOBER, by="test")
        with pytest.raises(RuntimeError, match="durable"):
            forget_tickets(month=OCTOBER)


# --- what it does ----------------------------------------------------------------------------------------------------


def test_seal_moves_ratings_and_comments_apart_and_counts(office: Office, travel: Travel) -> None:
    first, second, third = office.tokens(3)
    later = office.token(clock.local(date(2026, 10, 20), 9), service=office.paid)
    amend_rating(edit_key=cast(first, overall=1, perilaku=2), answers={"waktu": 3}, comment="Terlalu lama")
    cast(second)
    with travel(date(2026, 10, 21)):
        cast(later)
    with travel(SEAL_DAY):
        summary = seal_month(month=OCTOBER, by="test")
    assert (summary.ratings, summary.comments) == (3, 1)
    assert StagedRating.objects.count() + StagedComment.objects.count() + IssueDay.objects.count() == 0
    assert SealedRating.objects.filter(overall=1, perilaku=2, waktu=3, officer=office.officer).count() == 1
    assert SealedComment.objects.get().text == "Terlalu lama"
    counts = {(row.service_id, row.issued, row.spent) for row in queries.ticket_counts(OCTOBER)}
    assert counts == {(office.service.pk, 3, 2), (office.paid.pk, 1, 1)}
    assert queries.issue_days([OCTOBER]) == {office.officer.pk: 2}
    assert third


@pytest.mark.parametrize("status", ["held", "voided", "superseded"])
def test_words_of_a_rating_that_does_not_count_are_dropped(office: Office, travel: Travel, status: str) -> None:
    amend_rating(edit_key=cast(office.token()), answers={}, comment="halo")
    judge(StagedRating.objects.all(), status)
    with travel(SEAL_DAY):
        assert seal_month(month=OCTOBER, by="test").comments == 0
    assert StagedComment.objects.count() + SealedComment.objects.count() == 0


def test_sealed_rows_have_ids_of_their_own(office: Office, travel: Travel) -> None:
    """The citizen's browser may still hold the key of the staged row."""
    amend_rating(edit_key=cast(office.token()), answers={}, comment="halo")
    staged = set(StagedRating.objects.values_list("pk", flat=True))
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    sealed = set(SealedRating.objects.values_list("pk", flat=True)) | set(
        SealedComment.objects.values_list("pk", flat=True)
    )
    assert len(sealed) == 2
    assert sealed.isdisjoint(staged)


def test_comment_keeps_no_way_to_its_rating() -> None:
    names = {field.name for field in SealedComment._meta.get_fields()}
    decided = {"state", "shown", "reason", "decided_at", "decided_by", "batch", "for_officer", "reply"}
    assert names == {"id", "month", "unit", "service", "officer", "text"} | decided


def test_seal_leaves_other_months_alone(office: Office, travel: Travel) -> None:
    with travel(date(2026, 11, 3)):
        cast(office.token())
    cast(office.token())
    with travel(SEAL_DAY):
        assert seal_month(month=OCTOBER, by="test").ratings == 1
    assert StagedRating.objects.get().month == date(2026, 11, 1)
    assert IssueDay.objects.get().month == date(2026, 11, 1)


def test_seal_twice_is_one_seal(office: Office, travel: Travel) -> None:
    cast(office.token())
    with travel(SEAL_DAY):
        first = seal_month(month=OCTOBER, by="test")
    with travel(date(2026, 12, 1)):
        assert seal_month(month=OCTOBER, by="other") == first
    collection = CollectionMonth.objects.get()
    assert (collection.sealed_by, collection.seal_digest) == ("test", first.digest)
    assert AuditEvent.objects.filter(event="feedback.month_sealed").count() == 1


def test_empty_month_can_be_sealed(travel: Travel) -> None:
    with travel(SEAL_DAY):
        summary = seal_month(month=OCTOBER, by="test")
    assert (summary.ratings, summary.comments, summary.digest) == (0, 0, salted_digest([]))


def test_digest_is_that_of_the_sorted_rows(office: Office, travel: Travel) -> None:
    for token, score in zip(office.tokens(4), (4, 1, 3, 1), strict=True):
        cast(token, overall=score, perilaku=score)
    with travel(SEAL_DAY):
        summary = seal_month(month=OCTOBER, by="test")
    head = f"2026-10|DUKCAPIL|KK-BARU|{office.officer.pk}|loket"
    lines = sorted(f"{head}|{s}|-|-|-|-|-|-|{s}|-|-\n" for s in (4, 1, 3, 1))
    assert summary.digest == salted_digest(lines)


def salted_digest(lines: list[str]) -> str:
    salt = SealSalt.objects.get(month=OCTOBER).salt
    assert salt is not None
    return hashlib.sha256(b"teladan-seal-v2" + bytes(salt) + "".join(lines).encode()).hexdigest()


def test_equal_months_have_seals_that_differ(office: Office, travel: Travel) -> None:
    with travel(SEAL_DAY):
        first = seal_month(month=OCTOBER, by="test")
    with travel(date(2026, 12, 8)):
        second = seal_month(month=date(2026, 11, 1), by="test")
    assert first.digest != second.digest
    assert len({bytes(one.salt or b"") for one in SealSalt.objects.all()}) == 2


def test_staged_ratings_are_read_some_at_a_time_in_another_order(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for token in office.tokens(20):
        cast(token)
    monkeypatch.setattr(openings, "_AT_ONCE", 7)
    with transaction.atomic():
        parts = list(openings.staged_month(OCTOBER))
        again = [one.id for part in openings.staged_month(OCTOBER) for one, _ in part]
    found = [one.id for part in parts for one, _ in part]
    assert [len(part) for part in parts] == [7, 7, 6]
    assert sorted(found) == sorted(again) == sorted(StagedRating.objects.values_list("id", flat=True))
    assert found != again  # once in 20! they are alike


def test_nobody_counts_before_the_seal(office: Office) -> None:
    cast(office.token())
    assert queries.ticket_counts(OCTOBER) == []
    assert queries.rating_counts([OCTOBER]) == []
    assert queries.issue_days([OCTOBER]) == {}
    assert queries.latency(OCTOBER) == {}
    assert queries.cells(months=[OCTOBER]) == []
    assert queries.unit_moments(OCTOBER) == []


def test_forgotten_tickets_all_look_alike(office: Office, travel: Travel) -> None:
    from teladan.feedback.actions.tickets import issue_ticket

    used, _ = office.tokens(2)
    issue_ticket(event=office.event(), by="test", printed=True)
    cast(used)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        before = set(Ticket.objects.values_list("pk", flat=True))
        forget_tickets(month=OCTOBER)
        forget_tickets(month=OCTOBER)
    kept = {"token_hash", "event_key", "id"}
    names = [f.attname for f in Ticket._meta.fields if f.attname not in kept]
    assert len(set(Ticket.objects.values_list(*names))) == 1
    ticket = Ticket.objects.first()
    assert ticket is not None
    assert (ticket.issued_at, ticket.spent_on, ticket.typed_number) == (None, None, None)
    assert ticket.expires_on == date(2026, 11, 7)
    assert not before & set(Ticket.objects.values_list("pk", flat=True))
    assert queries.month_states()[OCTOBER].forgotten_at is not None


def test_tickets_and_officers_go_after_their_time(office: Office, travel: Travel) -> None:
    for months_back, token in ((0, office.token()), (3, office.token(clock.local(date(2026, 7, 6), 9)))):
        with travel(date(2026, 10 - months_back, 12)):
            cast(token)
    old = office.token(clock.local(date(2026, 6, 1), 9))
    assert old
    SealedRating.objects.create(
        month=date(2024, 9, 1), unit=office.unit, service=office.service, officer=office.officer, channel="loket"
    )
    SealSalt.objects.create(month=date(2024, 8, 1), salt=bytes(32), blind=bytes(32))
    with travel(SEAL_DAY):
        for month in (6, 7, 10):
            seal_month(month=date(2026, month, 1), by="test")
        forget_tickets(month=OCTOBER)
    assert set(Ticket.objects.values_list("month", flat=True)) == {OCTOBER, date(2026, 7, 1)}
    assert SealedRating.objects.get(month__year=2024).officer is None
    assert SealSalt.objects.get(month=date(2024, 8, 1)).salt is None
    assert SealedRating.objects.filter(officer__isnull=False).count() == 2


# --- LOG-08: what nobody can find out --------------------------------------------------------------------------------


def ranks(values: list[Any]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for position in order[start:end]:
            found[position] = (start + end - 1) / 2
        start = end
    return found


def spearman(left: list[Any], right: list[Any]) -> float:
    """Rank correlation with ties averaged."""
    a, b = ranks(left), ranks(right)
    mean = (len(a) - 1) / 2
    cov = sum((x - mean) * (y - mean) for x, y in zip(a, b, strict=True))
    spread = [sum((x - mean) ** 2 for x in side) for side in (a, b)]
    return cov / (spread[0] * spread[1]) ** 0.5 if all(spread) else 0.0


def test_spearman_of_known_orders() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826817)  # textbook example with a tie


def system_columns(table: str, month: date = OCTOBER) -> list[tuple[int, int, str]]:
    """Row id, xmin and place in the file, in the order of the file."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT xmin::text::bigint, ctid, id::text FROM {table} WHERE month = %s ORDER BY ctid", [month]
        )
        return cursor.fetchall()


COUNT = 10_000


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_system_column_or_order_leads_from_ticket_to_sealed_rating(travel: Travel) -> None:
    """10,000 citizens are served and most answer one after another, the same officer and service. Each answer is the citizen's number in
    base 4 over seven elements, so that every sealed row can be recognised here, and its order compared with the casting's."""
    office = make_office()
    met_at = clock.local(date(2026, 10, 5), 8)
    fresh = [random.Random(i).randbytes(16) for i in range(COUNT)]
    from teladan.feedback.actions.tickets import register_tickets
    from teladan.services.models import ServiceEvent

    events = [make_event_row(office, met_at + timedelta(minutes=i // 20), i) for i in range(COUNT)]
    ServiceEvent.objects.bulk_create(events)
    register_tickets((e, tokens.token_hash(t)) for e, t in zip(events, fresh, strict=True))
    cast_order = list(range(COUNT))
    random.Random(8).shuffle(cast_order)
    cast_order = cast_order[:8000]
    with travel(date(2026, 10, 16)):
        for start in range(0, len(cast_order), 1000):
            cast_many(
                Submission(tokens.token_hash(fresh[i]), answers_of(i), clock.now())
                for i in cast_order[start : start + 1000]
            )
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        forget_tickets(month=OCTOBER)
    sealed = system_columns("feedback_sealedrating")
    tickets = system_columns("feedback_ticket")
    assert len(sealed) == len(cast_order)
    assert len(tickets) == COUNT
    assert {row[0] for row in sealed}.isdisjoint({row[0] for row in tickets})
    assert len({row[0] for row in sealed}) == 1
    assert len({row[0] for row in tickets}) == 1
    number = {str(r.pk): number_of(r) for r in SealedRating.objects.filter(month=OCTOBER)}
    assert sorted(number.values()) == sorted(cast_order)
    file_order = [number[row[2]] for row in sealed]
    id_order = [number[key] for key in sorted(number)]
    issue_rank = {i: i for i in range(COUNT)}
    cast_rank = {i: rank for rank, i in enumerate(cast_order)}
    for order in (file_order, id_order):
        for truth in (issue_rank, cast_rank):
            assert abs(spearman(list(range(len(order))), [truth[i] for i in order])) < 0.05
    hash_to_number = {tokens.token_hash(token): i for i, token in enumerate(fresh)}
    rows = {str(t.pk): hash_to_number[bytes(t.token_hash)] for t in Ticket.objects.all()}
    ticket_order = [rows[row[2]] for row in tickets]
    used = set(cast_order)
    places = list(range(COUNT))
    assert abs(spearman(places, ticket_order)) < 0.05
    assert abs(spearman(places, [i in used for i in ticket_order])) < 0.05


def make_event_row(office: Office, met_at: Any, i: int) -> Any:
    from teladan.services.models import ServiceEvent

    return ServiceEvent(
        source=office.source, number=f"R-{i}", service=office.service, officer=office.officer, counter=office.counter,
        unit=office.unit, month=OCTOBER, met_at=met_at, complete_at=met_at,
    )  # fmt: skip


CODED = ("persyaratan", "prosedur", "waktu", "produk", "kompetensi", "pengaduan", "sarana")


def answers_of(i: int) -> dict[str, int]:
    return {"overall": 4, **{name: (i >> 2 * place & 3) + 1 for place, name in enumerate(CODED)}}


def number_of(rating: SealedRating) -> int:
    return sum((getattr(rating, name) - 1) << 2 * place for place, name in enumerate(CODED))


def test_code_of_the_test_above_is_reversible() -> None:
    assert {number_of(SealedRating(**answers_of(i))) for i in range(4**7)} == set(range(4**7))
    assert set(CODED) <= set(ELEMENTS)


@pytest.mark.django_db(transaction=True)
def test_nothing_in_the_tables_says_when_someone_rated(travel: Travel) -> None:
    """After the seal only days and months remain: no column of feedback rows holds a time within October."""
    office = make_office()
    make.make_person()
    for token in office.tokens(3):
        cast(token)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        forget_tickets(month=OCTOBER)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'feedback_%%'"
            " AND data_type LIKE 'timestamp%%'"
        )
        columns = cursor.fetchall()
        held = {}
        for table, column in columns:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")
            held[f"{table}.{column}"] = cursor.fetchone()[0]
    assert {name for name, count in held.items() if count} == {
        "feedback_collectionmonth.opened_at",
        "feedback_collectionmonth.sealed_at",
        "feedback_collectionmonth.forgotten_at",
    }
    assert IssueDayCount.objects.count() == TicketCount.objects.count() == 1
