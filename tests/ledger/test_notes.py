"""Signed texts: known examples of others, our own read by the outsider, and nothing that differs in one byte."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.ledger.rules import notes, tree
from teladan.ledger.rules.notes import COSIGNATURE, ConsistencyFile, Head, NoteRefused, ProofFile, Signer, VerifierKey
from tests.house.rooms import ROOT
from tests.ledger import outsider
from tests.ledger.test_tree import STANDARD

SIGNER = Signer("teladan.test/ledger", bytes(range(32)))
NEXT = Signer("teladan.test/ledger", bytes(range(1, 33)))
BOTH = [SIGNER.key, SIGNER.key.with_kind(COSIGNATURE)]
LEAVES = [b"%d" % i for i in range(13)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]
NOW = 1_790_000_000

# Examples published with the Go implementation of signed notes.
KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KNOWN_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def head(size: int) -> Head:
    return Head("teladan.test/ledger", size, tree.root_of(HASHES[:size]))


def signed(size: int, *signers: Signer) -> str:
    return notes.sign_checkpoint(head(size), signers or [SIGNER], NOW)


def inclusion(index: int, size: int) -> ProofFile:
    spans = tree.inclusion_spans(index, size)
    return ProofFile(index, tuple(tree.root_of(HASHES[a:b]) for a, b in spans), signed(size))


def consistency(old: int, new: int) -> ConsistencyFile:
    spans = tree.consistency_spans(old, new)
    return ConsistencyFile(old, tuple(tree.root_of(HASHES[a:b]) for a, b in spans), signed(new))


def test_note_of_another_program_is_accepted_and_a_changed_one_is_not() -> None:
    key = VerifierKey.parse(KNOWN_KEY)
    assert notes.open_note(KNOWN_NOTE, [key])[0].startswith("If you think")
    with pytest.raises(NoteRefused, match="tidak cocok"):
        notes.open_note(KNOWN_NOTE.replace("answer", "Answer"), [key])
    with pytest.raises(NoteRefused, match="dikenal"):
        notes.open_note(KNOWN_NOTE, [SIGNER.key])


def test_key_of_another_log_is_read_as_written() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert VerifierKey.parse(text).as_text() == text


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+AAAA", KNOWN_KEY.replace("c74f20a3", "c74f20a4"), KNOWN_KEY.replace("ARpc", "BRpc"),
     KNOWN_KEY.replace("Peter", "Peter ")],
)  # fmt: skip
def test_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        VerifierKey.parse(text)


def test_checkpoint_is_written_as_the_standard_says() -> None:
    lines = signed(13).split("\n")
    assert lines[:2] == ["teladan.test/ledger", "13"]
    assert notes.decode(lines[2]) == outsider.root(LEAVES)
    assert lines[3] == lines[6] == ""
    assert [line.split(" ")[:2] for line in lines[4:6]] == [["\u2014", "teladan.test/ledger"]] * 2


def test_examples_of_the_page_are_what_the_program_writes() -> None:
    page = (ROOT / "docs" / "rules" / "ledger.md").read_text(encoding="utf-8")
    name = "teladan.example.go.id/ledger"
    signer, promiser = Signer(name, bytes(range(32))), Signer(f"{name}/promise", bytes(range(32)))
    head = Head(name, 8, tree.root_of([tree.leaf_hash(leaf) for leaf in STANDARD]))
    checkpoint = notes.sign_checkpoint(head, [signer], NOW)
    assert f"```\n{checkpoint}```" in page
    assert f"`{signer.key.as_text()}`" in page
    assert outsider.opened(checkpoint, signer.key.as_text())[2] == notes.encode(outsider.root(STANDARD))
    assert f"```\n{notes.sign_promise(name, tree.leaf_hash(STANDARD[3]), promiser)}```" in page


def test_checkpoint_is_opened_by_the_outsider() -> None:
    assert outsider.opened(signed(13), SIGNER.key.as_text())[1] == "13"
    with pytest.raises(outsider.REFUSED):
        outsider.opened(signed(13), NEXT.key.as_text())


def test_cosignature_states_the_time_over_the_standard_message() -> None:
    _, good = notes.open_note(signed(5), BOTH)
    assert [(one.key.kind, one.time) for one in good] == [(1, 0), (4, NOW)]
    line = signed(5).split("\n")[5]
    blob = notes.decode(line.split(" ")[2])
    assert blob[:4] == hashlib.sha256(b"teladan.test/ledger\n\x04" + SIGNER.key.public).digest()[:4]
    message = f"cosignature/v1\ntime {NOW}\n{head(5).as_text()}".encode()
    SIGNER._private.public_key().verify(blob[12:], message)


def test_during_rotation_either_key_is_enough() -> None:
    text = signed(5, SIGNER, NEXT)
    for signer in (SIGNER, NEXT):
        assert notes.open_checkpoint(text, [signer.key]) == head(5)
        outsider.opened(text, signer.key.as_text())


def test_checkpoint_of_another_log_or_only_cosigned_is_refused() -> None:
    with pytest.raises(NoteRefused, match="log lain"):
        notes.open_checkpoint(signed(5), BOTH, origin="lain.test/ledger")
    with pytest.raises(NoteRefused, match="kunci log"):
        notes.open_checkpoint(signed(5), BOTH[1:])


@pytest.mark.parametrize(
    "body",
    ["a\n05\n{root}\n", "a\n-1\n{root}\n", "a\n5\n{root}=\n", "a\n5\n\n", "a\n5\n{root}\nextra\n", "\n5\n{root}\n",
     "a\n\u0665\n{root}\n", "a b\n5\n{root}\n"],
)  # fmt: skip
def test_signed_text_that_is_no_checkpoint_is_refused(body: str) -> None:
    body = body.format(root=notes.encode(bytes(32)))
    with pytest.raises(NoteRefused):
        notes.open_checkpoint(notes.note(body, [SIGNER.sign(body)]), BOTH)


@given(st.integers(1, 13), st.data())
def test_proof_files_survive_writing_and_satisfy_the_outsider(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    proof, link = inclusion(index, size), consistency(old, size)
    assert ProofFile.parse(proof.as_text()) == proof
    assert ConsistencyFile.parse(link.as_text()) == link
    assert proof.check(HASHES[index], BOTH) == link.check(head(old).root, BOTH) == head(size)
    outsider.check_inclusion(proof.as_text(), HASHES[index], SIGNER.key.as_text())
    outsider.check_consistency(signed(old), link.as_text(), SIGNER.key.as_text())


def test_opaque_extra_data_is_allowed() -> None:
    proof = inclusion(4, 13)
    text = proof.as_text().replace("\nindex", "\nextra AAAA\nindex")
    assert ProofFile.parse(text) == proof


def log_part(text: str) -> bytes:
    """The file up to the plain signature: what follows are lines of others, which a reader must skip if unknown."""
    return text.encode()[: text.encode().rindex("\n\u2014".encode())]


def test_log02_every_changed_byte_of_a_proof_file_is_refused() -> None:
    """LOG-02: three changes of each byte, by us and by the outsider."""
    files = [(inclusion(5, 13).as_text(), _includes), (consistency(6, 13).as_text(), _extends)]
    for text, accepts in files:
        whole, key = text.encode(), log_part(text)
        assert accepts(whole)
        for at in range(len(key)):
            for change in (0x01, 0x20, 0x80):
                changed = whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]
                assert not accepts(changed), (at, change, changed[max(at - 20, 0) : at + 20])


def _includes(data: bytes) -> bool:
    return _agree(
        lambda text: ProofFile.parse(text).check(HASHES[5], BOTH, origin="teladan.test/ledger"),
        lambda text: outsider.check_inclusion(text, HASHES[5], SIGNER.key.as_text()),
        data,
    )


def _extends(data: bytes) -> bool:
    return _agree(
        lambda text: ConsistencyFile.parse(text).check(head(6).root, BOTH, origin="teladan.test/ledger"),
        lambda text: outsider.check_consistency(signed(6), text, SIGNER.key.as_text()),
        data,
    )


def _agree(ours, theirs, data: bytes) -> bool:  # type: ignore[no-untyped-def]
    """Whether the file is accepted; the two programs must say the same."""
    verdicts = []
    for check in (ours, theirs):
        try:
            check(data.decode())
        except outsider.REFUSED:
            verdicts.append(False)
        else:
            verdicts.append(True)
    assert len(set(verdicts)) == 1, data
    return verdicts[0]


def test_base64_has_one_spelling() -> None:
    assert notes.decode("AQ==") == b"\x01"
    for text in ("AR==", "AQ=", "AQ", "A Q=", "AQ==\n", "AQ__"):
        with pytest.raises(NoteRefused):
            notes.decode(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (ProofFile.parse, ConsistencyFile.parse, VerifierKey.parse, notes.split_note):
        try:
            read(text)
        except NoteRefused:
            continue


def test_promise_is_the_same_each_time_and_says_which_leaf() -> None:
    signer = Signer("teladan.test/ledger/promise", bytes(32))
    text = notes.sign_promise("teladan.test/ledger", HASHES[3], signer)
    assert text == notes.sign_promise("teladan.test/ledger", HASHES[3], signer)
    assert notes.open_promise(text, [signer.key], origin="teladan.test/ledger") == HASHES[3]
    assert outsider.opened(text, signer.key.as_text())[1:] == ["included within 24 hours", notes.encode(HASHES[3])]


def test_checkpoint_is_no_promise_and_promise_no_checkpoint() -> None:
    with pytest.raises(NoteRefused, match="Bukan janji"):
        notes.open_promise(signed(5), [SIGNER.key])
    with pytest.raises(NoteRefused):
        notes.open_checkpoint(notes.sign_promise("teladan.test/ledger", HASHES[3], SIGNER), BOTH)


def test_every_changed_byte_of_a_promise_is_refused() -> None:
    signer = Signer("teladan.test/ledger/promise", bytes(32))
    whole = notes.sign_promise("teladan.test/ledger", HASHES[3], signer).encode()
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(ValueError):  # noqa: PT011
            notes.open_promise(changed.decode(), [signer.key])
