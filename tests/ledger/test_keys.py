"""Where keys come from, who may read them, and what a promise is worth."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from teladan.config import checks, env
from teladan.config import settings as product
from teladan.ledger import actions, keys, queries
from teladan.ledger.models import PublicKey
from teladan.ledger.rules.notes import NoteRefused
from tests.ledger.conftest import OTHER_SEED, SEED

LEAF = bytes(range(32))


def test_worker_makes_its_own_key_once_for_its_eyes_only(settings: Settings) -> None:
    settings.LEDGER_KEY = lambda: ""
    with ThreadPoolExecutor(8) as pool:
        found = {signer.key for signers in pool.map(lambda _: keys.log_signers(), range(16)) for signer in signers}
    assert len(found) == 1
    assert os.stat(keys.own_key_path()).st_mode & 0o777 == 0o600
    assert os.stat(settings.LEDGER_DIR).st_mode & 0o777 == 0o700
    assert sorted(path.name for path in Path(settings.LEDGER_DIR).iterdir()) == ["log-key"]


@pytest.mark.parametrize("text", ["short", "AAAA", SEED[:-1], f"{SEED} AAAA", "x" * 44])
def test_key_that_is_none_is_refused_without_being_repeated(settings: Settings, text: str) -> None:
    settings.LEDGER_KEY = lambda: text
    with pytest.raises(ImproperlyConfigured, match="TELADAN_LEDGER_KEY") as refused:
        keys.log_signers()
    assert text not in str(refused.value)


def test_keys_do_not_show_themselves() -> None:
    assert "\\x01\\x01" not in repr(keys.log_signers())
    assert SEED not in repr(keys.log_signers())


def test_key_is_read_from_a_file_when_it_is_needed_and_not_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    monkeypatch.setenv("TELADAN_LEDGER_KEY_FILE", str(path))
    with pytest.raises(ImproperlyConfigured, match="TELADAN_LEDGER_KEY_FILE"):
        product.LEDGER_KEY()
    path.write_text(f"{SEED}\n", encoding="ascii")
    assert product.LEDGER_KEY() == SEED == env.text("TELADAN_LEDGER_KEY")


def test_check_warns_where_the_web_could_sign_checkpoints(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.TLS = True
    assert [one.id for one in checks.ledger_key_apart(None)] == ["teladan.W004"]  # the key is at hand
    settings.LEDGER_KEY = product.LEDGER_KEY
    assert checks.ledger_key_apart(None) == []  # neither setting nor file
    keys._own_key()
    assert [one.id for one in checks.ledger_key_apart(None)] == ["teladan.W004"]  # the worker's file lies open
    monkeypatch.setenv("TELADAN_LEDGER_KEY_FILE", str(tmp_path / "not-for-us"))
    assert checks.ledger_key_apart(None) == []  # a file of the worker's that we cannot read
    settings.TLS = False
    settings.LEDGER_KEY = lambda: SEED
    assert checks.ledger_key_apart(None) == []  # trying out at home


@pytest.mark.parametrize(("name", "sound"), [("a.test/ledger", True), ("a b", False), ("a+b", False), ("", False)])
def test_check_wants_a_log_name_of_one_word(settings: Settings, name: str, sound: bool) -> None:
    settings.LEDGER_ORIGIN = name
    assert [one.id for one in checks.ledger_name(None)] == ([] if sound else ["teladan.E004"])


@pytest.mark.django_db
def test_promise_is_the_same_each_time_and_verifies() -> None:
    promise = keys.sign_promise(LEAF)
    assert promise == keys.sign_promise(LEAF)
    assert keys.verify_promise(promise) == queries.verify_promise(promise) == LEAF
    assert keys.sign_promise(bytes(32)) != promise


@pytest.mark.django_db
def test_promise_of_an_earlier_key_still_counts(settings: Settings) -> None:
    promise = keys.sign_promise(LEAF)
    settings.PROMISE_KEY = OTHER_SEED
    assert keys.sign_promise(LEAF) != promise
    with pytest.raises(NoteRefused):
        keys.verify_promise(promise)
    assert queries.verify_promise(promise) == LEAF
    actions.ensure_started()
    actions.ensure_started()
    assert queries.promise_keys()[0].public == keys.promise_signer().key.public
    assert PublicKey.objects.filter(use="promise", text__startswith="teladan.test").count() == 2


def test_promise_key_differs_from_the_secret_key_and_by_it(settings: Settings) -> None:
    first = keys.promise_signer()
    settings.SECRET_KEY = "another-" + "x" * 50
    assert keys.promise_signer().key != first.key
    assert len(first.seed) == 32


@pytest.mark.parametrize("text", ["", "x", "teladan.test/ledger\nincluded within 24 hours\n\n\u2014 a AAAAAAA=\n"])
def test_text_that_is_no_promise_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        keys.verify_promise(text)


def test_promise_of_another_log_is_refused(settings: Settings) -> None:
    settings.PROMISE_KEY = SEED
    promise = keys.sign_promise(LEAF)
    settings.LEDGER_ORIGIN = "lain.test/ledger"
    with pytest.raises(NoteRefused):
        keys.verify_promise(promise)
