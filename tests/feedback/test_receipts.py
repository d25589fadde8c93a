"""Receipts: what a citizen takes home, what the log holds of it, and what nobody learns from either."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from teladan.core import clock
from teladan.evaluation.rules.closing import digest
from teladan.feedback import leaves, queries, tokens
from teladan.feedback.actions import receipts
from teladan.feedback.actions.casting import (
    DifferentAnswers,
    EditClosed,
    amend_rating,
    cast_again,
)
from teladan.feedback.actions.openings import KeyGone, month_key
from teladan.feedback.actions.receipts import finish_rating, receipt_for, settle_unfinished
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.actions.tickets import issue_ticket, reprint_ticket
from teladan.feedback.leaves import Kind, MalformedReceipt, Place
from teladan.feedback.models import (
    RatingLeaf,
    RefusedRating,
    SealedComment,
    SealedRating,
    StagedComment,
    StagedRating,
)
from teladan.ledger import actions as ledger
from teladan.ledger import queries as log
from teladan.ledger.models import Leaf, QueuedLeaf
from tests.feedback import receipt_world
from tests.feedback.conftest import OCTOBER, Office, judge
from tests.feedback.receipt_world import ROOT, SEAL_DAY, Travel, again, cast, let_in, lines, rated

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

_own_log = receipt_world._own_log
auditor = receipt_world.auditor


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_number_of_a_rating_computed_by_hand() -> None:
    """The worked example of docs/rules/tickets-and-ratings.md, with nothing but the standard library."""
    key, rating = bytes(range(32)), bytes(range(16))
    r = hmac.new(key, b"receipt/v1" + rating, "sha256").digest()
    blind = hmac.new(key, b"place/v1" + rating, "sha256").digest()
    place = hmac.new(blind, b"DUKCAPIL|KK-BARU|7|loket", "sha256").hexdigest()
    payload = '{"answers":{"overall":4,"waktu":3},"month":"2026-10","place":"' + place + '"}'
    c = hashlib.sha256(b"teladan-rating-v1" + r + payload.encode()).hexdigest()
    opened = leaves.opening(
        key, rating, OCTOBER, {"waktu": 3, "overall": 4, "biaya": None}, Place("DUKCAPIL", "KK-BARU", "7", "loket")
    )
    assert (opened.r, opened.blind, opened.payload.decode(), opened.c.hex()) == (r, blind, payload, c)
    text = (ROOT / "docs" / "rules" / "tickets-and-ratings.md").read_text(encoding="utf-8")
    assert c in text
    assert leaves.code_of(opened.c) in text
    assert leaves.leaf_hash(leaves.line(Kind.RATING, OCTOBER, opened.c)).hex() in text


def test_worked_example_of_a_seal() -> None:
    """The other one there, and that of docs/rules/closing.md."""
    salt = bytes(range(32))
    row = b"2026-10|DUKCAPIL|KK-BARU|7|loket|4|-|-|3|-|-|-|-|-|-\n"
    listed = b"062df4ae47958f4460d20f1ade6537eca363c86e45cf74f93aa55978bf17ae8c counted\n"
    rows = hashlib.sha256(b"teladan-seal-v2" + salt + row).hexdigest()
    begun = leaves.rows_hash(salt)
    begun.update(row)
    assert begun.hexdigest() == rows
    seal = leaves.Seal(OCTOBER, rows, hashlib.sha256(listed).hexdigest(), {"counted": 1})
    text = (ROOT / "docs" / "rules" / "tickets-and-ratings.md").read_text(encoding="utf-8")
    for number in (rows, seal.statuses, leaves.leaf_hash(seal.line()).hex()):
        assert number in text
    assert f"{rows} {seal.statuses} counted=1 superseded=0 held=0 voided=0" in seal.line().decode()
    blind = leaves.figures_blind(salt).hex()
    text = (ROOT / "docs" / "rules" / "closing.md").read_text(encoding="utf-8")
    for number in (blind, digest({"month": "2026-10"}, blind=blind), digest({"month": "2026-10"})):
        assert number in text


def test_code_leads_back_to_the_beginning_of_its_number() -> None:
    for seed in range(200):
        c = hashlib.sha256(bytes([seed])).digest()
        code = leaves.code_of(c)
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}", code)
        for typed in (code, code.lower(), code.replace("-", " "), f"  {code}\n", c.hex()):
            assert c.startswith(leaves.read_receipt(typed))


@pytest.mark.parametrize(
    "text", ["", "x", "1234", "U" * 20, "0" * 19 + "1", "{}", "c: 12", "\x00" * 30, "0" * 63, "0" * 21]
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(MalformedReceipt):
        leaves.read_receipt(text)


# --- refusals first: nothing is learned ------------------------------------------------------------------------------


def test_form_sent_again_gives_the_same_receipt_and_with_other_answers_an_error(office: Office) -> None:
    token = office.token()
    first = rated(token, overall=2)
    for _ in range(100):
        assert rated(token, overall=2) == first
    with pytest.raises(DifferentAnswers) as refused:
        cast(token, overall=3)
    assert finish_rating(edit_key=refused.value.cast.edit_key) == first
    assert StagedRating.objects.count() == 1
    assert lines(Kind.RATING) == [first.c]


@pytest.mark.parametrize(
    "other",
    [
        {"overall": 3, "kompetensi": 2},
        {"overall": 2, "kompetensi": 3},
        {"overall": 2},
        {"overall": 2, "kompetensi": 2, "perilaku": 4},
    ],
)
def test_any_other_answer_of_the_first_page_is_an_error(office: Office, other: dict[str, int]) -> None:
    """For a fresh ticket, a used one, and a rating given again: not only the answer that was required."""
    token = office.token()
    for nonce in (b"n" * 16, b"u" * 16):
        first = rated(token, nonce, overall=2, kompetensi=2)
        with pytest.raises(DifferentAnswers):
            cast(token, nonce, **other)
        assert rated(token, nonce, overall=2, kompetensi=2) == first
    kept = StagedRating.objects.get()
    assert (kept.overall, kept.kompetensi, kept.perilaku) == (2, 2, None)
    receipt = rated(office.token())
    once_more = again(receipt, overall=2, kompetensi=2)
    with pytest.raises(DifferentAnswers):
        again(receipt, **other)
    assert again(receipt, overall=2, kompetensi=2) == once_more


def test_rating_changed_behind_our_back_gets_no_receipt_for_another_leaf(office: Office) -> None:
    key = cast(office.token(), overall=1)
    finish_rating(edit_key=key)
    StagedRating.objects.update(overall=4)
    for ask in (receipt_for, finish_rating):
        with pytest.raises(EditClosed):
            ask(edit_key=key)


def test_unusable_tickets_get_receipt_and_promise_and_the_same_errors(office: Office) -> None:
    used, old = office.token(), office.token(clock.now() - timedelta(days=20))
    rated(used)
    for token in (used, old, bytes(16)):
        key = cast(token, b"x" * 16, overall=2)
        amend_rating(edit_key=key, answers={"waktu": 3})
        receipt = finish_rating(edit_key=key)
        assert receipt.answers() == {"overall": 2, "waktu": 3}
        assert finish_rating(edit_key=key) == receipt_for(edit_key=key) == receipt
        assert rated(token, b"x" * 16, overall=2) == receipt
        assert log.verify_promise(receipt.promise) == leaves.leaf_hash(
            leaves.line(Kind.RATING, receipt.month, receipt.c)
        )
        with pytest.raises(DifferentAnswers):
            cast(token, b"x" * 16, overall=1)
        with pytest.raises(EditClosed):
            amend_rating(edit_key=key, answers={"produk": 1})
    assert StagedRating.objects.count() == 1
    assert len(lines(Kind.REFUSED)) == 3
    assert len(lines(Kind.RATING)) == 1


def test_receipt_does_not_let_one_try_out_places(office: Office) -> None:
    """With the receipt's own number a guessed place does not lead to the commitment, for a good ticket and a used one alike."""
    token = office.token()
    for receipt in (rated(token), rated(token, b"m" * 16)):
        text = f"DUKCAPIL|KK-BARU|{office.officer.pk}|loket".encode()
        shown = json.loads(receipt.payload)["place"]
        assert shown not in (hmac.new(receipt.r, text, "sha256").hexdigest(), hashlib.sha256(text).hexdigest())


def test_same_answers_twice_have_different_numbers(office: Office) -> None:
    """LOG-07."""
    first, second = (rated(token, overall=1) for token in office.tokens(2))
    assert first.answers() == second.answers()
    assert first.c != second.c
    assert first.r != second.r


@pytest.mark.parametrize("counts", [True, False], ids=["counted", "refused"])
def test_what_is_added_while_it_is_finished_is_in_the_leaf(
    office: Office, monkeypatch: pytest.MonkeyPatch, counts: bool
) -> None:
    """From another page of the same browser, after the answers were read and before the leaf is given."""
    token = office.token()
    key = cast(token, overall=2)
    if not counts:
        key = cast(token, b"m" * 16, overall=2)
    usual, added = receipts.one_row, []

    def late(name: str, values: dict[str, Any]) -> Any:
        if not added:
            with transaction.atomic():  # a version of its own
                amend_rating(edit_key=key, answers={"waktu": 3})
            added.append(name)
        return usual(name, values)

    monkeypatch.setattr(receipts, "one_row", late)
    receipt = finish_rating(edit_key=key)
    assert added == ["finish"]
    assert receipt.answers() == {"overall": 2, "waktu": 3}
    kind = StagedRating if counts else RefusedRating
    assert bytes(kind.objects.get(leaf__isnull=False).leaf or b"") == receipt.c
    assert len(lines(Kind.RATING if counts else Kind.REFUSED)) == 1


def test_finishing_closes_the_later_pages(office: Office) -> None:
    key = cast(office.token())
    assert receipt_for(edit_key=key) is None
    finish_rating(edit_key=key)
    with pytest.raises(EditClosed):
        amend_rating(edit_key=key, answers={"waktu": 1}, comment="lagi")
    assert StagedRating.objects.get().waktu is None
    assert StagedComment.objects.count() == 0


def test_nothing_is_finished_after_the_seal_used_or_not(office: Office) -> None:
    token = office.token(clock.local(date(2026, 10, 31), 9))
    with clock.at(clock.local(date(2026, 11, 7), 23, 50)):
        keys = [cast(token), cast(token, b"m" * 16)]
    with clock.at(clock.local(SEAL_DAY, 0, 5)):
        seal_month(month=OCTOBER, by="test")
        for key in keys:
            with pytest.raises(EditClosed):
                finish_rating(edit_key=key)
        with pytest.raises(KeyGone):
            month_key(OCTOBER)
    assert RefusedRating.objects.count() == 0


def test_ticket_of_a_sealed_month_is_answered_under_the_running_one(office: Office, travel: Travel) -> None:
    token = office.token()
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        assert rated(token).month == date(2026, 11, 1)
    assert lines(Kind.REFUSED)


def test_list_of_leaves_cannot_be_changed(office: Office) -> None:
    rated(bytes(16))
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        RatingLeaf.objects.update(status="counted")
    with pytest.raises(DatabaseError, match="tidak boleh diubah"), transaction.atomic():
        RatingLeaf.objects.all().delete()


# --- tickets ---------------------------------------------------------------------------------------------------------


def test_every_ticket_leaves_its_leaf_however_it_is_made(office: Office) -> None:
    known = [tokens.token_hash(token) for token in office.tokens(2)]
    issued = issue_ticket(event=office.event(), by="test", printed=True)
    known.append(tokens.token_hash(tokens.decode(issued.token)))
    assert set(lines(Kind.TICKET)) == {hashlib.sha256(b"teladan-ticket-leaf-v1" + one).digest() for one in known}
    assert set(QueuedLeaf.objects.values_list("after_size", flat=True)) == {0}


def test_slip_printed_again_is_no_second_ticket(office: Office) -> None:
    event = office.event()
    issue_ticket(event=event, by="test", printed=True)
    reprint_ticket(event=event, by="test")
    assert (len(lines(Kind.TICKET)), len(lines(Kind.REPRINT))) == (1, 1)


def test_rating_enters_only_after_a_checkpoint_over_its_ticket(office: Office) -> None:
    receipt = rated(office.token())
    ledger.sequence(share=1)
    assert [bytes(row).split(b" ")[1] for row in Leaf.objects.values_list("data", flat=True)] == [b"ticket"]
    ledger.sequence(share=1)
    found = queries.look_up(receipt.c)
    assert found is not None
    assert found.proof is not None
    assert found.status == "counted"


# --- those who do not finish -----------------------------------------------------------------------------------------


def test_unfinished_rating_is_settled_by_the_second_round_after_its_time(office: Office) -> None:
    token, key = office.token(), ""
    start = clock.now()
    with clock.at(start - timedelta(minutes=40)):
        settle_unfinished()
    key = cast(token, overall=3)
    cast(token, b"m" * 16)  # refused, and not finished
    for minutes, settled, waits in ((20, 0, 1), (25, 0, 1), (49, 0, 1), (81, 1, 0)):
        with clock.at(start + timedelta(minutes=minutes)):
            assert settle_unfinished() == settled
        assert StagedRating.objects.filter(leaf__isnull=True).count() == waits
    assert RefusedRating.objects.count() == 0
    assert RatingLeaf.objects.count() == 0
    assert len(lines(Kind.RATING)) == 1
    with pytest.raises(EditClosed), clock.at(start + timedelta(minutes=82)):
        finish_rating(edit_key=key)


def test_round_never_cuts_the_half_hour_short_also_when_the_clock_jumps(office: Office) -> None:
    start = clock.now()
    with clock.at(start + timedelta(days=2)):
        settle_unfinished()  # the clock was wrong
    key = cast(office.token())
    for minutes in (1, 5, 29):
        with clock.at(start + timedelta(minutes=minutes)):
            settle_unfinished()
            amend_rating(edit_key=key, answers={"waktu": 2})
    with clock.at(start + timedelta(minutes=61)):
        settle_unfinished()
    assert StagedRating.objects.get().leaf is not None


def test_what_a_round_of_the_wrong_day_has_seen_is_seen_anew(office: Office) -> None:
    start = clock.now()
    key = cast(office.token())
    with clock.at(start + timedelta(days=2)):
        settle_unfinished()  # the clock was wrong
    with clock.at(start + timedelta(minutes=1)):
        assert settle_unfinished() == 0
        amend_rating(edit_key=key, answers={"waktu": 2})


def test_round_that_finishes_some_leaves_those_who_came_later(office: Office) -> None:
    early, late = office.tokens(2)
    start = clock.now()
    with clock.at(start + timedelta(minutes=5)):
        cast(early)
        settle_unfinished()
    with clock.at(start + timedelta(minutes=40)):
        key, refused = cast(late, overall=1), cast(late, b"m" * 16, overall=1)
        assert settle_unfinished() == 1
        for one in (key, refused):
            amend_rating(edit_key=one, answers={"waktu": 2})
            assert finish_rating(edit_key=one).answers() == {"overall": 1, "waktu": 2}


# --- rating again ----------------------------------------------------------------------------------------------------


def test_last_rating_with_the_receipt_counts(office: Office, travel: Travel) -> None:
    key = cast(office.token(), overall=4)
    amend_rating(edit_key=key, answers={"waktu": 4}, comment="bagus")
    first = finish_rating(edit_key=key)
    second = again(first, overall=1)
    third = again(second, overall=2)
    let_in()
    statuses = [queries.look_up(one.c) for one in (first, second, third)]
    assert [one.status for one in statuses if one] == ["superseded", "superseded", "counted"]
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    sealed = SealedRating.objects.get()
    assert (sealed.overall, sealed.waktu, sealed.officer_id) == (2, None, office.officer.pk)
    assert SealedComment.objects.count() == 0


def test_replaced_voided_refused_and_invented_receipts_end_alike(office: Office) -> None:
    first, other = (rated(token, overall=4) for token in office.tokens(2))
    again(first, overall=3)
    judge(StagedRating.objects.filter(leaf=other.c), "voided")
    refused = rated(bytes(16))
    before = StagedRating.objects.count()
    for receipt in (first, other, refused):
        assert again(receipt, b"z" * 16).answers() == {"overall": 1}
    invented = cast_again(leaf=b"?" * 32, month=OCTOBER, answers={"overall": 1}, nonce=b"z" * 16)
    assert finish_rating(edit_key=invented.edit_key).month == OCTOBER
    assert StagedRating.objects.count() == before
    with pytest.raises(DifferentAnswers):
        again(first, b"z" * 16, overall=2)


def test_held_rating_stays_held_when_it_is_given_again(office: Office) -> None:
    first = rated(office.token())
    StagedRating.objects.update(status="held", reason="perangkat yang sama")
    again(first)
    assert set(StagedRating.objects.values_list("status", "reason")) == {
        ("superseded", ""),
        ("held", "perangkat yang sama"),
    }


# --- LOG-06 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(0), timedelta(hours=-30), timedelta(hours=30)])
def test_every_promise_is_kept_within_a_day_whatever_the_clock_does(office: Office, jump: timedelta) -> None:
    start = clock.now()
    receipts = [rated(token) for token in office.tokens(8)]
    receipts += [rated(office.token(), b"m" * 16) for _ in range(2)]
    receipts.append(rated(bytes(16)))
    for hour in range(24):
        with clock.at(start + timedelta(hours=hour) + (jump if 6 <= hour < 12 else timedelta(0))):
            ledger.keep_promises()
    with clock.at(start + timedelta(hours=24)):
        found = [queries.look_up(one.c) for one in receipts]
        assert all(one and one.status and one.proof for one in found)
        assert log.overdue() is None


@pytest.mark.parametrize("channel", ["loket", "keliling", "daring"])
@pytest.mark.parametrize("score", [1, 2, 3, 4])
def test_every_score_on_every_channel_is_logged_and_counted(
    office: Office, travel: Travel, score: int, channel: str
) -> None:
    """LOG-00, to the end."""
    receipt = rated(office.token(channel=channel), overall=score, kompetensi=score, perilaku=score)
    let_in()
    found = queries.look_up(receipt.c)
    assert found is not None
    assert found.status == "counted"
    with travel(SEAL_DAY):
        assert seal_month(month=OCTOBER, by="test").ratings == 1
    sealed = SealedRating.objects.get()
    assert (sealed.overall, sealed.kompetensi, sealed.perilaku, sealed.channel) == (score, score, score, channel)
