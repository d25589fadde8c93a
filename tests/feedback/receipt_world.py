"""Ratings cast and finished on a log of the test, and the rounds that let them in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from teladan.core import sealedfile
from teladan.feedback import tokens
from teladan.feedback.actions.casting import (
    cast_again,
    cast_rating,
)
from teladan.feedback.actions.receipts import Receipt, finish_rating
from teladan.feedback.leaves import Kind
from teladan.feedback.models import (
    StagedRating,
)
from teladan.ledger import actions as ledger
from teladan.ledger.models import Leaf, QueuedLeaf, Round
from tests.feedback.conftest import OCTOBER, Office, judge

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
