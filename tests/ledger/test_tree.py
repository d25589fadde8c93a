"""RFC 6962: known roots, every proof of every small tree, and no other proof. Judged by the outsider's program."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teladan.ledger.rules import tiles, tree
from tests.ledger import outsider

STANDARD = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = ["e3b0c442", "6e340b9c", "fac54203", "aeb6bcfe", "d37ee418", "4e3bbb1f", "76e67dad", "ddb89be4", "5dc9da79"]
LEAVES = [hashlib.sha256(b"%d" % i).digest() for i in range(200)]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]


def proof(spans: list[tree.Span], hashes: list[bytes] = HASHES) -> list[bytes]:
    return [tree.root_of(hashes[start:stop]) for start, stop in spans]


@pytest.mark.parametrize("size", range(9))
def test_log01_roots_of_the_standard_leaves(size: int) -> None:
    """LOG-01."""
    hashes = [tree.leaf_hash(leaf) for leaf in STANDARD[:size]]
    growth = tiles.Growth()
    growth.add(hashes)
    for root in (tree.root_of(hashes), growth.root(), outsider.root(STANDARD[:size])):
        assert root.hex()[:8] == ROOTS[size]


def test_empty_tree_and_hash_prefixes() -> None:
    assert tree.EMPTY_ROOT == tree.root_of([]) == tree.fold([])
    assert tree.leaf_hash(b"ab") == hashlib.sha256(b"\x00ab").digest() != hashlib.sha256(b"ab").digest()
    assert tree.node_hash(b"a", b"b") == hashlib.sha256(b"\x01ab").digest()


def test_every_root_up_to_200_is_that_of_the_recursion() -> None:
    growth = tiles.Growth()
    for size in range(201):
        expected = outsider.root(LEAVES[:size])
        assert tree.root_of(HASHES[:size]) == growth.root() == expected
        parts = list(tree.parts((0, size)))
        assert tree.fold([tree.root_of(HASHES[i << level : (i + 1) << level]) for level, i in parts]) == expected
        growth.add(HASHES[size : size + 1])


@given(st.data(), st.integers(1, 200))
def test_inclusion_is_proved_and_only_where_the_leaf_is(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = tree.root_of(HASHES[:size])
    good = proof(tree.inclusion_spans(index, size), HASHES[:size])
    assert outsider.climb(HASHES[index], index, size, good) == root
    assert tree.verify_inclusion(HASHES[index], index, size, good, root)
    other = data.draw(st.integers(0, size + 3).filter(lambda i: i != index))
    assert not tree.verify_inclusion(HASHES[index], other, size, good, root)
    assert not tree.verify_inclusion(HASHES[(index + 1) % 200], index, size, good, root)
    assert not tree.verify_inclusion(HASHES[index], index, size, [*good, root], root)
    assert not good or not tree.verify_inclusion(HASHES[index], index, size, good[:-1], root)


def test_all_inclusion_proofs_of_all_sizes_up_to_70() -> None:
    for size in range(1, 71):
        root = tree.root_of(HASHES[:size])
        for index in range(size):
            good = proof(tree.inclusion_spans(index, size), HASHES[:size])
            assert tree.verify_inclusion(HASHES[index], index, size, good, root)
            assert len(good) <= (size - 1).bit_length()


@given(st.data(), st.integers(1, 200))
def test_consistency_is_proved_and_only_between_these_two(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    roots = tree.root_of(HASHES[:old]), tree.root_of(HASHES[:new])
    good = proof(tree.consistency_spans(old, new), HASHES[:new])
    assert outsider.extend(old, new, roots[0], good) == roots
    assert tree.verify_consistency(old, roots[0], new, roots[1], good)
    assert not tree.verify_consistency(old, roots[0], new, roots[1], [*good, roots[0]])
    assert not tree.verify_consistency(old, roots[0], new, HASHES[0] if new > 1 else HASHES[1], good)
    rewritten = [HASHES[199], *HASHES[1:new]] if new < 200 else HASHES[1:] + HASHES[:1]
    assert not tree.verify_consistency(
        old, roots[0], new, tree.root_of(rewritten), proof(tree.consistency_spans(old, new), rewritten)
    )


def test_all_consistency_proofs_up_to_40() -> None:
    for new in range(1, 41):
        for old in range(1, new + 1):
            good = proof(tree.consistency_spans(old, new), HASHES[:new])
            assert tree.verify_consistency(old, tree.root_of(HASHES[:old]), new, tree.root_of(HASHES[:new]), good)


def test_everything_extends_nothing_and_only_truly_nothing() -> None:
    root = tree.root_of(HASHES[:5])
    assert tree.verify_consistency(0, tree.EMPTY_ROOT, 5, root, [])
    assert not tree.verify_consistency(0, HASHES[0], 5, root, [])
    assert not tree.verify_consistency(0, tree.EMPTY_ROOT, 5, root, [root])
    assert not tree.verify_consistency(5, root, 3, tree.root_of(HASHES[:3]), [])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_proof_of_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        tree.inclusion_spans(index, size)


def test_log02_every_changed_byte_of_a_proof_is_refused() -> None:
    """LOG-02, on the bare hashes; on the files in test_notes.py."""
    index, size = 77, 200
    root, old_root = tree.root_of(HASHES), tree.root_of(HASHES[:131])
    inclusion = b"".join(proof(tree.inclusion_spans(index, size)))
    consistency = b"".join(proof(tree.consistency_spans(131, size)))
    assert len(inclusion) == 8 * 32
    assert len(consistency) >= 6 * 32
    for at in range(len(inclusion)):
        changed = tiles.cut(inclusion[:at] + bytes([inclusion[at] ^ 1 << at % 8]) + inclusion[at + 1 :])
        assert not tree.verify_inclusion(HASHES[index], index, size, changed, root)
    for at in range(len(consistency)):
        changed = tiles.cut(consistency[:at] + bytes([consistency[at] ^ 1 << at % 8]) + consistency[at + 1 :])
        assert not tree.verify_consistency(131, old_root, size, root, changed)


@given(st.lists(st.integers(0, 900), max_size=5))
def test_growing_in_any_batches_gives_the_same_tree_and_tiles(batches: list[int]) -> None:
    hashes = [i.to_bytes(32, "big") for i in range(sum(batches))]
    growth = tiles.Growth()
    for start, stop in pairwise([0, *(sum(batches[: i + 1]) for i in range(len(batches)))]):
        growth.add(hashes[start:stop])
    assert growth.root() == tree.root_of(hashes)
    assert [(one.level, one.number) for one in growth.full] == [(0, n) for n in range(len(hashes) >> 8)]
    assert b"".join(one.hashes for one in growth.full) == b"".join(hashes[: len(hashes) >> 8 << 8])
    assert [len(tail) for tail in growth.tails] == [width for _, _, width in tiles.edges(len(hashes))] or not hashes


def test_upper_tiles_hold_the_roots_of_lower_ones() -> None:
    hashes = [i.to_bytes(32, "big") for i in range(256 * 256 + 300)]
    growth = tiles.Growth()
    growth.add(hashes)
    top = [one for one in growth.full if one.level == 1]
    assert [(one.number, one.root) for one in top] == [(0, tree.root_of(hashes[: 256 * 256]))]
    assert tiles.cut(top[0].hashes)[7] == tree.root_of(hashes[7 * 256 : 8 * 256])
    assert growth.root() == tree.root_of(hashes)


@given(st.integers(0, 2**40), st.integers(0, 40))
def test_a_subtree_lies_within_one_tile(index: int, level: int) -> None:
    place = tiles.place_of((level, index))
    assert place.width <= tiles.WIDTH
    first = (place.number * tiles.WIDTH + place.first) << tiles.HEIGHT * place.level
    assert first == index << level
    assert place.count << tiles.HEIGHT * place.level == 1 << level
