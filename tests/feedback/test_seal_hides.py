"""The public leaf of a seal says nothing to whoever tries out answers, and binds whoever has the salt; months sealed before stay true."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from teladan.core import clock, sealedfile
from teladan.core.models import AuditEvent
from teladan.feedback import queries, tokens
from teladan.feedback.actions import sealing
from teladan.feedback.actions.casting import cast_rating
from teladan.feedback.actions.openings import openings_path
from teladan.feedback.actions.receipts import finish_rating
from teladan.feedback.actions.sealing import seal_month, warn_changed
from teladan.feedback.models import ELEMENTS, CollectionMonth, SealSalt
from teladan.ledger import actions as ledger
from teladan.ledger.models import Leaf
from tests.feedback.conftest import OCTOBER, Office
from tests.feedback.receipt_world import published, redone
from tests.ledger.conftest import superuser

pytestmark = pytest.mark.django_db

SEAL_DAY = clock.local(date(2026, 11, 8), 9)
GIVEN = {"overall": 2, "kompetensi": 1, "perilaku": 3, "waktu": 4}
FEW = ("kompetensi", "perilaku", "waktu", "persyaratan", "sarana")


@pytest.fixture
def auditor(october: datetime, settings: Any, tmp_path: Path) -> Path:
    """An auditor's private key; the log and the openings are the test's own."""
    private = sealedfile.new_private_key()
    settings.AUDITOR_KEYS = [sealedfile.public_key(private)]
    settings.OPENINGS_DIR, settings.LEDGER_DIR = tmp_path / "openings", tmp_path / "ledger"
    settings.LEDGER_TRUSTED_KEYS = []
    path = tmp_path / "auditor"
    path.write_text(private, encoding="ascii")
    ledger.ensure_started()
    return path


def one_rating_sealed(office: Office) -> str:
    """A month of a single rating; its seal's leaf."""
    key = cast_rating(token_hash=tokens.token_hash(office.token()), answers=GIVEN).edit_key
    finish_rating(edit_key=key)
    with clock.at(SEAL_DAY):
        seal_month(month=OCTOBER, by="test")
        for _ in range(2):
            ledger.sequence(share=1)
    (leaf,) = [text for text in map(_text, Leaf.objects.values_list("data", flat=True)) if " seal " in text]
    return leaf


def _text(data: Any) -> str:
    return bytes(data).decode()


def guesses(office: Office, asked: Sequence[str]) -> Iterator[tuple[dict[str, int], bytes]]:
    """Every way to answer these questions, as the row that whoever knows counter and officer would write."""
    head = f"2026-10|DUKCAPIL|KK-BARU|{office.officer.pk}|loket"
    for overall in range(1, 5):
        for rest in product((0, 1, 2, 3, 4), repeat=len(asked)):
            said = {"overall": overall, **dict(zip(asked, rest, strict=True))}
            row = "|".join([head, *(str(said.get(name) or "-") for name in ("overall", *ELEMENTS))])
            yield said, f"{row}\n".encode()


def found_by(office: Office, asked: Sequence[str], leaf: str, beginnings: Sequence[bytes]) -> list[dict[str, int]]:
    """The answers whose digest, with one of these before it, stands in the leaf."""
    wanted = {bytes.fromhex(word) for word in leaf.split(" ") if len(word) == 64}
    begun = [hashlib.sha256(one) for one in beginnings]
    found = []
    for said, row in guesses(office, asked):
        for one in begun:
            tried = one.copy()
            tried.update(row)
            if tried.digest() in wanted:
                found.append({name: value for name, value in said.items() if value})
    return found


def beginnings(tmp_path: Path) -> list[bytes]:
    """Nothing, the tag, and the tag with everything of 32 bytes that the city has published."""
    log_file, listed = published(tmp_path)
    text = f"{log_file.read_text()} {listed.read_text()}".replace("#", " ").split()
    known = {bytes.fromhex(word) for word in text if len(word) == 64 and set(word) <= set("0123456789abcdef")}
    assert len(known) >= 4
    tag = b"teladan-seal-v2"
    return [b"", tag, tag + bytes(32), *(tag + one for one in known)]


def salt_of(auditor: Path) -> bytes:
    """As the auditor reads it."""
    to = auditor.with_name("2026-10.jsonl")
    call_command("open_openings", str(openings_path(OCTOBER)), key=str(auditor), to=str(to))
    return bytes.fromhex(json.loads(to.read_text().splitlines()[0])["salt"])


def test_trying_out_all_answers_of_the_only_rating_finds_nothing_without_the_salt(
    office: Office, auditor: Path, tmp_path: Path
) -> None:
    leaf = one_rating_sealed(office)
    assert leaf.startswith("teladan/v2 seal 2026-10 ")
    assert found_by(office, FEW, leaf, beginnings(tmp_path)) == []
    assert found_by(office, FEW, leaf, [b"teladan-seal-v2" + salt_of(auditor)]) == [GIVEN]


@pytest.mark.crash
def test_trying_out_all_ten_answers_finds_nothing_without_the_salt(office: Office, auditor: Path) -> None:
    leaf = one_rating_sealed(office)
    tag = b"teladan-seal-v2"
    assert found_by(office, ELEMENTS, leaf, [b"", tag, tag + salt_of(auditor)]) == [GIVEN]


def test_salt_is_shown_to_nobody(
    office: Office, auditor: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    one_rating_sealed(office)
    row = SealSalt.objects.get()
    assert warn_changed() == []
    client = Client()
    pages = [
        client.get(path).content for path in ("/cek", "/cek/bulan", "/cek/bulan/2026-10.txt", "/ledger/checkpoint")
    ]
    pages += [path.read_bytes() for path in published(tmp_path)]
    pages += [path.read_bytes() for path in openings_path(OCTOBER).parent.iterdir()]
    events = [json.dumps([one.before, one.after, one.subject, one.reason]) for one in AuditEvent.objects.all()]
    assert any("digest" in one for one in events)
    said = [
        *events,
        caplog.text,
        *capsys.readouterr(),
        str(row),
        repr(row),
        repr(queries.month_states()),
        *map(str, pages),
    ]
    for secret in (row.salt, row.blind):
        assert secret is not None
        for form in (bytes(secret).hex(), repr(bytes(secret))[2:-1], sealedfile._text(bytes(secret))):
            assert not [one for one in said if form in one]
        assert not [page for page in pages if bytes(secret) in page]


# --- months sealed before salts existed ------------------------------------------------------------------------------


@pytest.fixture
def before_salts() -> Iterator[pytest.MonkeyPatch]:
    """Seals are made as they were before, until `undo`: no salt, no line of it, no row."""
    now = sealing._seal_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing, "_seal_of", lambda month, _: now(month, None))
        patch.setattr(sealing, "salt_line", lambda *_: "")
        patch.setattr(SealSalt.objects, "create", lambda **_: None)
        yield patch


def test_month_sealed_before_verifies_as_before_and_could_be_guessed(
    office: Office, auditor: Path, tmp_path: Path, before_salts: pytest.MonkeyPatch
) -> None:
    leaf = one_rating_sealed(office)
    assert leaf.startswith("teladan/v1 seal 2026-10 ")
    assert not SealSalt.objects.exists()
    before_salts.undo()
    assert found_by(office, FEW, leaf, [b""]) == [GIVEN]  # why there are salts
    assert warn_changed() == []
    log_file, listed = published(tmp_path)
    assert leaf in log_file.read_text()
    opened = tmp_path / "opened.jsonl"
    call_command("open_openings", str(openings_path(OCTOBER)), key=str(auditor), to=str(opened))
    done = redone(log_file, listed, "--openings", opened)
    assert done.returncode == 0, done.stdout + done.stderr
    opened.write_text('{"month": "2026-10", "salt": "' + "00" * 32 + '"}\n' + opened.read_text())
    assert redone(log_file, listed, "--openings", opened).returncode != 0
    with superuser() as cursor:
        cursor.execute("UPDATE feedback_sealedrating SET overall = 5 - overall")
    assert warn_changed() == [OCTOBER]


def test_month_whose_salt_is_gone_is_no_longer_compared(office: Office, auditor: Path) -> None:
    one_rating_sealed(office)
    SealSalt.objects.update(salt=None)
    assert warn_changed() == []
    SealSalt.objects.all().delete()  # but nobody passes a salted month off as one sealed before
    assert warn_changed() == [OCTOBER]
    assert CollectionMonth.objects.get().state == "sealed"
