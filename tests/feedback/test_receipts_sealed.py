"""Receipts after the seal: what auditors can open, recompute and find out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from teladan.core import sealedfile
from teladan.feedback import queries
from teladan.feedback.actions.openings import openings_path
from teladan.feedback.actions.sealing import seal_month
from teladan.feedback.models import (
    MonthKey,
    RefusedRating,
    SealedRating,
    SealSalt,
    StagedRating,
)
from teladan.feedback.queries.auditors import lost_openings
from tests.feedback import receipt_world
from tests.feedback.conftest import OCTOBER, Office
from tests.feedback.receipt_world import SEAL_DAY, Travel, a_month_of_everything, let_in, published, rated, redone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("october")]

_own_log = receipt_world._own_log
auditor = receipt_world.auditor


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
