"""The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs, and how to check them.

A proof is a list of hashes of spans `[start, stop)` of leaves; `inclusion_spans` and `consistency_spans` say which spans,
`parts` cuts a span into complete subtrees, and `fold` puts their hashes together again. Whoever knows the hashes of complete
subtrees can thus prove anything with O(log n) of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

Span = tuple[int, int]
Node = tuple[int, int]
"""Level and index of a complete subtree: node (l, i) covers the leaves `[i * 2**l, (i + 1) * 2**l)`."""

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 | data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes. Pairing level by level, an odd last one moving up, is RFC 6962's recursion."""
    sha256, row = hashlib.sha256, hashes
    while len(row) > 1:
        above = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        row = above if len(row) % 2 == 0 else [*above, row[-1]]
    return row[0] if row else EMPTY_ROOT


def split(size: int) -> int:
    """The largest power of two smaller than `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Spans whose hashes prove that leaf `index` is in the tree of `size`, the leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, stop = 0, size
    spans: list[Span] = []
    while stop - start > 1:
        middle = start + split(stop - start)
        if index < middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Spans whose hashes prove that the tree of `new` leaves begins with the tree of `old`. Nothing extends to anything."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    if old == 0:
        return []
    start, stop = 0, new
    spans: list[Span] = []
    while old != stop:
        middle = start + split(stop - start)
        if old <= middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return ([(start, stop)] if start else []) + spans[::-1]


def parts(span: Span) -> Iterator[Node]:
    """The complete subtrees that a span consists of, from left to right."""
    start, stop = span
    while start < stop:
        level = (stop - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash of a span from the hashes of its parts."""
    found = hashes[-1] if hashes else EMPTY_ROOT
    for left in reversed(hashes[:-1]):
        found = node_hash(left, found)
    return found


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf's hash to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or any(len(one) != HASH_BYTES for one in (leaf, *proof)):
        return False
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162 §2.1.4.2)."""
    if not 0 <= old <= new or any(len(one) != HASH_BYTES for one in proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(one, before), node_hash(one, after)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, one)
        here, last = here >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
