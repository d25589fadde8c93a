"""Receipts: what a citizen takes home, what the log holds of it, and what nobody learns from either."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from teladan.core import clock, sealedfile
from teladan.evaluation.rules.closing import digest
from teladan.feedback import leaves, queries, tokens
from teladan.feedback.actions.casting import (
    DifferentAnswers,
    EditClosed,
    amend_rating,
    cast_again,
    cast_rating,
)
from teladan.feedback.actions.holding import REASONS
from teladan.feedback.actions.openings import KeyGone, month_key, openings_path
from teladan.feedback.actions.receipts import Receipt, finish_rating, receipt_for, settle_unfinished
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.actions.tickets import issue_ticket, reprint_ticket
from teladan.feedback.leaves import Kind, MalformedReceipt, Place
from teladan.feedback.models import (
    HeldCase,
    MonthKey,
    RatingLeaf,
    RefusedRating,
    SealedComment,
    SealedRating,
    SealSalt,
    StagedComment,
    StagedRating,
    Ticket,
)
from teladan.feedback.queries.auditors import lost_openings
from teladan.ledger import actions as ledger
from teladan.ledger import queries as log
from teladan.ledger.models import Leaf, QueuedLeaf, Round
from tests.feedback.conftest import OCTOBER, Office, judge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

SEAL_DAY = date(2026, 11, 8)
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "teladan" / "feedback" / "documents" / "periksa_bulan.program"
Travel = Callable[[date], Any]


@pytest.fixture(autouse=True)
def _own_log(db: None, settings: Any, tmp_path: Path, october: datetime) -> None:
    """A log that begins on that Monday, with its own key."""
    settings.LEDGER_DIR = tmp_path / "ledger"
    settings.OPENINGS_DIR = tmp_path / "no-auditor"
    settings.LEDGER_TRUSTED_KEYS = []
    Round.objects.all().delete()
    ledger.ensure_started()


def cast(token: bytes, nonce: bytes = b"n" * 16, **answers: int) -> str:
    return cast_rating(token_hash=tokens.token_hash(token), answers=answers or {"overall": 4}, nonce=nonce).edit_key


def rated(token: bytes, nonce: bytes = b"n" * 16, **answers: int) -> Receipt:
    return finish_rating(edit_key=cast(token, nonce, **answers))


def again(receipt: Receipt, nonce: bytes = b"a" * 16, **answers: int) -> Receipt:
    key = cast_again(leaf=receipt.c, month=OCTOBER, answers=answers or {"overall": 1}, nonce=nonce).edit_key
    return finish_rating(edit_key=key)


def let_in() -> None:
    """What the worker does in the hours that follow."""
    ledger.sequence()
    ledger.sequence(share=1)


def lines(kind: Kind) -> list[bytes]:
    """The numbers of one kind, in the queue or in the log."""
    rows = [*QueuedLeaf.objects.values_list("data", flat=True), *Leaf.objects.values_list("data", flat=True)]
    return [
        bytes.fromhex(row.decode().split(" ")[3]) for row in map(bytes, rows) if row.split(b" ")[1] == kind.encode()
    ]


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


# --- the seal --------------------------------------------------------------------------------------------------------


@pytest.fixture
def auditor(settings: Any, tmp_path: Path) -> Path:
    """An auditor's private key, whose public half is set."""
    private = sealedfile.new_private_key()
    settings.AUDITOR_KEYS = [sealedfile.public_key(sealedfile.new_private_key()), sealedfile.public_key(private)]
    settings.OPENINGS_DIR = tmp_path / "openings"
    path = tmp_path / "auditor"
    path.write_text(private, encoding="ascii")
    return path


def a_month_of_everything(office: Office) -> dict[str, int]:
    """One of every fate; the counts that must come out."""
    fresh = office.tokens(9)
    replaced = rated(fresh[0], overall=4)
    again(replaced, overall=1)
    for token, status in ((fresh[1], "held"), (fresh[2], "voided")):
        judge(StagedRating.objects.filter(leaf=rated(token).c), status, "ujian")
    for score, token in enumerate(fresh[3:7], 1):
        cast(token, overall=score, kompetensi=score)  # nobody finishes
    rated(fresh[7], overall=2)
    rated(fresh[7], b"m" * 16, overall=4)  # refused
    return {"counted": 6, "superseded": 1, "held": 1, "voided": 1, "refused": 1}


def published(tmp_path: Path) -> tuple[Path, Path]:
    """The files that everybody can fetch."""
    log_file, listed = tmp_path / "log.txt", tmp_path / "2026-10.txt"
    client = Client()
    log_file.write_bytes(b"".join(client.get("/cek/log.txt").streaming_content))  # type: ignore[attr-defined]
    listed.write_bytes(client.get("/cek/bulan/2026-10.txt").content)
    return log_file, listed


def redone(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def test_sealed_month_is_redone_by_an_outsider_and_every_change_is_found(
    office: Office, travel: Travel, auditor: Path, tmp_path: Path
) -> None:
    counts = a_month_of_everything(office)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        let_in()
    (line,) = queries.leaf_counts()
    assert line.by_status == counts
    assert (line.tickets, line.leaves, line.in_ledger) == (9, 9, True)
    assert SealedRating.objects.count() == 6
    assert MonthKey.objects.count() == StagedRating.objects.count() == RefusedRating.objects.count() == 0
    opened = tmp_path / "2026-10.jsonl"
    call_command("open_openings", str(openings_path(OCTOBER)), key=str(auditor), to=str(opened))
    log_file, listed = published(tmp_path)
    key = Client().get("/ledger/keys").content.decode().splitlines()[0]
    done = redone(log_file, listed, "--events", 9, "--openings", opened, "--key", key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "9 leaves of ratings = 6 counted + 1 superseded + 1 held + 1 voided; 1 refused; 9 tickets; 9 services"
        in done.stdout
    )
    assert done.stdout.endswith("good\n")
    _every_change_is_found(log_file, listed, opened)


def _every_change_is_found(log_file: Path, listed: Path, opened: Path) -> None:
    def fails(*, events: int = 9) -> bool:
        return redone(log_file, listed, "--events", events, "--openings", opened).returncode != 0

    assert not fails()
    assert fails(events=8)
    for path, old, new in (
        (listed, " held\n", " counted\n"),
        (listed, " refused\n", " voided\n"),
        (log_file, "seal 2026-10 ", "seal 2026-09 "),
        (log_file, "counted=6", "counted=7"),
        (opened, r"\"overall\":1", r"\"overall\":4"),
        (opened, "DUKCAPIL|", "KECAMATAN|"),
        (opened, '"status": "voided"', '"status": "counted"'),
        (opened, '"salt": "', '"salt": "00'),
        (opened, '"salt"', '"salz"'),
        (log_file, "teladan/v2 seal", "teladan/v1 seal"),
    ):
        whole = path.read_text(encoding="utf-8")
        assert old in whole, old
        path.write_text(whole.replace(old, new, 1), encoding="utf-8")
        assert fails(), (path.name, old)
        path.write_text(whole, encoding="utf-8")
    for path in (listed, log_file, opened):
        whole = path.read_text(encoding="utf-8")
        path.write_text("".join(whole.splitlines(keepends=True)[:-1]), encoding="utf-8")
        assert fails(), path.name
        path.write_text(whole, encoding="utf-8")


def opened_by(auditor: Path) -> list[dict[str, str]]:
    path = auditor.with_name("opened")
    call_command("open_openings", str(openings_path(OCTOBER)), key=str(auditor), to=str(path))
    assert path.stat().st_mode & 0o077 == 0
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_broken_openings_are_told_and_leave_nothing(office: Office, travel: Travel, auditor: Path) -> None:
    rated(office.token())
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    path = openings_path(OCTOBER)
    path.write_bytes(path.read_bytes()[:-1])
    assert lost_openings() == [OCTOBER]
    with pytest.raises(CommandError, match="rusak atau diubah"):
        opened_by(auditor)
    assert [one.name for one in auditor.parent.glob("opened*")] == []


def test_openings_are_for_the_auditors_alone(office: Office, travel: Travel, auditor: Path) -> None:
    rated(office.token(), overall=1)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    sealed = openings_path(OCTOBER).read_bytes()
    assert b"overall" not in sealed
    assert openings_path(OCTOBER).stat().st_mode & 0o077 == 0
    stranger = auditor.with_name("stranger")
    stranger.write_text(sealedfile.new_private_key(), encoding="ascii")
    with pytest.raises(CommandError, match="tidak disegel untuk kunci"):
        call_command("open_openings", str(openings_path(OCTOBER)), key=str(stranger))
    head, one = opened_by(auditor)
    salt = SealSalt.objects.get().salt
    assert head == {"month": "2026-10", "salt": bytes(salt or b"").hex()}
    assert one["place"] == f"DUKCAPIL|KK-BARU|{office.officer.pk}|loket"
    assert queries.leaf_counts()[0].openings_digest == hashlib.sha256(sealed).hexdigest()


def test_without_auditor_the_seal_says_so_and_writes_nothing(
    office: Office, travel: Travel, settings: Any, tmp_path: Path
) -> None:
    settings.OPENINGS_DIR = tmp_path
    rated(office.token())
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    assert not list(tmp_path.glob("*.openings"))
    assert queries.leaf_counts()[0].openings_digest == ""
    assert not queries.has_auditor()


def test_answers_changed_behind_our_back_are_told_at_the_seal(
    office: Office, travel: Travel, caplog: pytest.LogCaptureFixture
) -> None:
    rated(office.token(), overall=1)
    StagedRating.objects.update(overall=4)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
    assert "1 penilaian 2026-10 tidak lagi sama dengan daunnya di log." in caplog.text


# --- /cek ------------------------------------------------------------------------------------------------------------


def check(text: str, **more: Any) -> Any:
    return Client().post("/cek", {"text": text, **more})


def test_check_says_nothing_before_the_log_does(office: Office) -> None:
    token = office.token()
    seen = set()
    for receipt in (rated(token), rated(token, b"m" * 16)):
        html = check(receipt.code).content.decode()
        assert "Sudah diterima, sedang dicatat" in html
        seen.add(html.replace(receipt.code, "").replace(receipt.c.hex(), ""))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("counted", "Penilaian Anda dihitung"),
        ("superseded", "Diganti dengan penilaian yang lebih baru"),
        ("held", "Ditahan untuk diperiksa"),
        ("voided", "Dibatalkan"),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_check_says_what_became_of_a_rating(
    office: Office, travel: Travel, status: str, heading: str, sealed: bool
) -> None:
    receipt = rated(office.token())
    judge(StagedRating.objects.all(), status, "Tiket dipakai petugas" if status == "voided" else "")
    if sealed:
        with travel(SEAL_DAY):
            seal_month(month=OCTOBER, by="test")
    let_in()
    for text in (receipt.code, receipt.c.hex()):
        html = check(text).content.decode()
        assert re.search(rf"<h1>\s*{heading}\s*</h1>", html)
        assert "c2sp.org/tlog-proof@v1" in html
        assert ("Nilai lagi" in html) is not sealed
        assert ("Tiket dipakai petugas" in html) is (status == "voided")


@pytest.mark.parametrize("reason", list(HeldCase.Reason))
def test_check_names_the_reason_of_a_hold_and_no_other(office: Office, reason: HeldCase.Reason) -> None:
    receipt = rated(office.token())
    judge(StagedRating.objects.all(), "held", REASONS[reason])
    let_in()
    html = check(receipt.code).content.decode()
    assert [one for one, said in REASONS.items() if said in html] == [reason]
    assert ("perangkat" in html) is (reason == HeldCase.Reason.SAME_DEVICE)


def test_check_says_that_a_ticket_was_used_also_after_the_seal(office: Office, travel: Travel) -> None:
    token = office.token()
    rated(token)
    receipt = rated(token, b"m" * 16)
    let_in()
    with travel(SEAL_DAY):
        assert "Tiket ini sudah dipakai" in check(receipt.code).content.decode()
        seal_month(month=OCTOBER, by="test")
        assert "Tiket ini sudah dipakai" in check(receipt.code).content.decode()


def test_check_takes_the_file_and_finds_changed_ones(client: Client, office: Office) -> None:
    client.get(reverse("ticket-open", args=[tokens.encode(office.token())]))
    client.post("/n", {"overall": "2"})
    client.post("/n/selesai")
    page, file = client.get("/n/selesai").content.decode(), client.get("/n/tanda-terima.txt").content
    receipt = re.search(r"c: ([0-9a-f]{64})", page)
    assert receipt
    assert receipt[1] in file.decode()
    for text, upload in ((file.decode(), None), ("", SimpleUploadedFile("r.txt", file))):
        found = check(text, **({"file": upload} if upload else {}))
        assert "Sudah diterima" in found.content.decode()
    changed = check(file.decode().replace('"overall":2', '"overall":4'))
    assert changed.status_code == 422
    assert "Isi tanda terima ini berubah" in changed.content.decode()


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", 422, "Tulis kode tanda terima"),
        ("bukan kode", 422, "Ini bukan kode atau tanda terima"),
        ("0" * 20, 404, "Tanda terima tidak ditemukan"),
        ("0" * 64, 404, "Tanda terima tidak ditemukan"),
        ("x" * 9000, 422, "Terlalu panjang"),
    ],
)
def test_check_refuses_clearly(text: str, status: int, says: str) -> None:
    response = check(text)
    assert response.status_code == status
    assert says in response.content.decode()
    assert response["Content-Security-Policy"].startswith("default-src 'none'")


def test_check_is_limited_for_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("teladan.feedback.rules.CHECKS_PER_MINUTE", 2)
    assert [check("0" * 20).status_code for _ in range(3)] == [404, 404, 429]
    assert Client().post("/cek/ulang", {"text": "0" * 20}).status_code == 429


def test_two_leaves_that_begin_alike_ask_for_the_whole_receipt() -> None:
    for end in (b"\x00", b"\x01"):
        RatingLeaf.objects.create(leaf=b"\x07" * 31 + end, month=OCTOBER, status="refused")
    code = leaves.code_of(b"\x07" * 32)
    assert "Ada dua tanda terima" in check(code).content.decode()
    assert check((b"\x07" * 31 + b"\x01").hex()).status_code == 200


def test_citizen_rates_again_with_the_receipt(client: Client, office: Office, travel: Travel) -> None:
    receipt = rated(office.token(), overall=4)
    taken = client.post("/cek/ulang", {"text": receipt.c.hex()})
    assert (taken.status_code, taken["Location"]) == (303, "/n")
    assert client.get("/n/lengkap")["Location"] == "/n"
    assert client.post("/n", {"overall": "1"})["Location"] == "/n/lanjut"
    client.post("/n/selesai")
    assert "c: " in client.get("/n/selesai").content.decode()
    assert set(StagedRating.objects.values_list("overall", "status")) == {(4, "superseded"), (1, "counted")}
    assert client.post("/n", {"overall": "3"}).status_code == 409
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        late = client.post("/cek/ulang", {"text": receipt.c.hex()})
    assert late.status_code == 410
    assert "Bulan ini sudah ditutup" in late.content.decode()


def test_month_page_counts_everything_and_says_what_an_administrator_could_learn(
    client: Client, office: Office, travel: Travel
) -> None:
    assert "Belum ada bulan yang ditutup" in client.get("/cek/bulan").content.decode()
    assert client.get("/cek/bulan/2026-10.txt").status_code == 404
    assert client.get("/cek/bulan/oktober.txt").status_code == 404
    a_month_of_everything(office)
    with travel(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        html = client.get("/cek/bulan").content.decode()
    assert "Apa yang dapat diketahui administrator basis data?" in html
    counted = re.findall(r"<dd>(\d+)</dd>", html)
    assert counted == ["9", "6", "1", "1", "1", "1", "9"]
    assert client.get("/cek/bulan/2026-10.txt").content.count(b"\n") == 10


# --- LOG-10, LOG-11 --------------------------------------------------------------------------------------------------


def test_fetching_a_link_a_thousand_times_spends_nothing(client: Client, office: Office) -> None:
    """LOG-11: previews, prefetch, HEAD."""
    address = reverse("ticket-open", args=[tokens.encode(office.token())])
    for i in range(1000):
        (client.get if i % 2 else client.head)(address, headers={"purpose": "prefetch"} if i % 3 else {})
    client.get("/n")
    assert Ticket.objects.get().spent_on is None
    assert StagedRating.objects.count() == RefusedRating.objects.count() == 0


def test_token_stands_in_no_log_no_page_and_no_referrer(
    client: Client, office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-10: a canary through every page, an error among them."""
    from teladan.core.redact import TokenFilter
    from teladan.feedback.views import citizen

    token = office.token()
    canary = tokens.encode(token)
    caplog.handler.addFilter(TokenFilter())
    caplog.set_level("DEBUG")
    pages = [client.get(f"/n/{canary}"), client.get("/n"), client.post("/n", {"overall": "1"}), client.get("/n/lanjut")]
    pages += [client.post("/n/selesai"), client.get("/n/selesai"), client.get("/n/tanda-terima.txt")]
    pages += [client.get(f"/n/{canary[:-1]}"), client.get(f"/n/{canary}x")]
    monkeypatch.setattr(citizen, "hold_ticket", lambda *_: 1 / 0)
    quiet = Client(raise_request_exception=False)
    pages.append(quiet.get(f"/n/{canary}"))
    assert pages[-1].status_code == 500
    for page in pages:
        assert canary not in page.content.decode()
        assert page["Referrer-Policy"] == "no-referrer" or page.status_code == 500
        assert not any(canary in str(value) for value in page.headers.values())
        assert not any(canary in morsel.value for morsel in page.cookies.values())
    assert canary not in caplog.text
    assert "ZeroDivisionError" in caplog.text


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
