"""Files for everybody: what stands in them, how they may be kept, and plain words where there is nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from teladan.ledger import actions, keys, queries
from teladan.ledger.rules import notes, tree
from teladan.ledger.rules.notes import ConsistencyFile, ProofFile, VerifierKey
from tests.ledger import outsider
from tests.ledger.conftest import grow, log_key

pytestmark = pytest.mark.django_db

ZERO = "00" * 32


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/ledger/checkpoint", "belum mempunyai titik periksa"),
        (f"/ledger/proof/{ZERO}.tlog-proof", "tidak ada di log"),
        (f"/ledger/proof/{ZERO[1:]}.tlog-proof", "64 angka"),
        (f"/ledger/proof/{ZERO[1:]}A.tlog-proof", "64 angka"),
        ("/ledger/proof/%00.tlog-proof", "64 angka"),
        ("/ledger/consistency/0/1", "Tidak ada titik periksa"),
        ("/ledger/consistency/2/1", "Tidak ada titik periksa"),
        (f"/ledger/consistency/1/{10**30}", "Tidak ada titik periksa"),
        ("/ledger/tile/0/000", "Petak"),
        ("/ledger/tile/0/x", "Petak"),
        ("/ledger/tile/9/000", "Petak"),
        ("/ledger/tile/0/" + "x999/" * 30 + "999", "Petak"),
    ],
)
def test_what_is_not_there_is_said_in_plain_words(client: Client, path: str, word: str) -> None:
    response = client.get(path, headers={"accept-language": "id"})
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert word in response.content.decode()


def paths() -> list[str]:
    leaf = tree.leaf_hash(grow(300, 7)[5]).hex()
    return ["/ledger/checkpoint", "/ledger/keys", f"/ledger/proof/{leaf}.tlog-proof", "/ledger/consistency/300/307",
            "/ledger/tile/0/000", "/ledger/tile/0/001.p/51"]  # fmt: skip


def test_files_are_open_to_all_and_run_nothing(client: Client) -> None:
    for path in paths():
        response = client.get(path)
        assert response.status_code == 200, path
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert not response.cookies
        kind = "application/octet-stream" if "/tile/" in path else "text/plain; charset=utf-8"
        assert response["Content-Type"] == kind
        assert ("immutable" in response["Cache-Control"]) == ("/tile/" in path)
        assert client.head(path).content == b""
        assert client.post(path).status_code == 405


def test_outsider_checks_with_nothing_but_the_files(client: Client) -> None:
    leaf = tree.leaf_hash(grow(300, 7)[5])
    texts = {
        name: client.get(f"/ledger/{name}").content.decode()
        for name in ("keys", "checkpoint", "consistency/300/307", f"proof/{leaf.hex()}.tlog-proof")
    }
    key = texts["keys"].split("\n")[0]
    assert key == log_key()
    outsider.check_inclusion(texts[f"proof/{leaf.hex()}.tlog-proof"], leaf, key)
    old = client.get("/ledger/consistency/0/300").content.decode().partition("\n\n")[2]
    outsider.check_consistency(old, texts["consistency/300/307"], key)
    assert texts["checkpoint"] == texts["consistency/300/307"].partition("\n\n")[2]
    assert ProofFile.parse(texts[f"proof/{leaf.hex()}.tlog-proof"]).check(leaf, queries.log_keys()).size == 307
    assert ConsistencyFile.parse(texts["consistency/300/307"]).old == 300


def test_tiles_give_the_whole_tree(client: Client) -> None:
    grow(256, 300)

    def tile(path: str) -> list[bytes]:
        data = client.get(f"/ledger/tile/{path}").content
        return [data[i : i + 32] for i in range(0, len(data), 32)]

    leaves = [*tile("0/000"), *tile("0/001"), *tile("0/002.p/44")]
    assert len(leaves) == 556
    root = tree.root_of(leaves)
    assert client.get("/ledger/checkpoint").content.decode().split("\n")[1:3] == ["556", notes.encode(root)]
    assert tile("1/000.p/2") == [tree.root_of(leaves[:256]), tree.root_of(leaves[256:512])]
    assert tile("0/001.p/5") == leaves[256:261]
    for beyond in ("0/002", "0/002.p/45", "1/000.p/3", "1/000", "2/000.p/1"):
        assert client.get(f"/ledger/tile/{beyond}").status_code == 404


def test_leaf_that_waits_answers_like_one_that_never_was(client: Client) -> None:
    grow(3)
    actions.append(b"waiting")
    answers = {
        client.get(f"/ledger/proof/{leaf.hex()}.tlog-proof").content for leaf in (tree.leaf_hash(b"waiting"), bytes(32))
    }
    assert len(answers) == 1


def test_keys_are_those_of_checkpoints_then_of_promises(client: Client) -> None:
    grow(1)
    found = [VerifierKey.parse(line) for line in client.get("/ledger/keys").content.decode().splitlines()]
    assert [(key.name, key.kind) for key in found[:3]] == [
        ("teladan.test/ledger", 1), ("teladan.test/ledger", 4), ("teladan.test/ledger/promise", 1),
    ]  # fmt: skip
    assert notes.open_promise(keys.sign_promise(bytes(32)), found[2:]) == bytes(32)


def test_pages_never_ask_for_the_log_key(client: Client, settings: Settings) -> None:
    found = paths()

    def refuse() -> str:
        raise AssertionError("a page asked for the log key")

    settings.LEDGER_KEY = refuse
    assert {client.get(path).status_code for path in found} == {200}
    assert keys.sign_promise(bytes(32))
