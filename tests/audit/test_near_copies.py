"""Near-copies: bytes, lineage, hash, mirror and embedding, each told for what it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catstudio.audit import AuditData
from catstudio.audit.near_copies import CERTAIN, hashes, mirrored, twins_across, within
from catstudio.core.lineage import NEAR_COPY_BITS
from tests.audit.conftest import Batch, audit_data

PHOTOS = (Batch("cat", 40), Batch("dog", 40), Batch("cat", 10, split="test"))


def with_items(data: AuditData, changed: dict[int, dict[str, Any]]) -> AuditData:
    items = [replace(item, **changed.get(i, {})) for i, item in enumerate(data.items)]  # type: ignore[type-var]
    return replace(data, items=items)


def test_photos_of_their_own_have_no_twin() -> None:
    for seed in range(10):
        data = audit_data(*PHOTOS, seed=seed)
        assert twins_across(data, data.test, data.train) == []


@pytest.mark.parametrize("seen", ["bytes", "lineage", "hash", "mirrored"])
def test_each_certain_copy_is_told_for_what_it_is(seen: str) -> None:
    data = audit_data(*PHOTOS)
    original = data.items[7]
    words, _ = hashes([original])
    high, low = mirrored(words)[0]
    change = {
        "bytes": {"sha256": original.sha256},
        "lineage": {"lineages": original.lineages},
        "hash": {"dhash": f"{int(original.dhash, 16) ^ 0b1011:032x}"},
        "mirrored": {"dhash": f"{int(high):016x}{int(low):016x}"},
    }[seen]
    found = twins_across(with_items(data, {82: change}), data.test, data.train)
    assert [(twin.copy, twin.original, twin.seen) for twin in found] == [(82, 7, seen)]
    assert seen in CERTAIN
    if seen == "hash":
        assert found[0].bits == 3


def test_the_surest_sign_is_given_once() -> None:
    data = audit_data(*PHOTOS)
    original = data.items[7]
    both = {"sha256": original.sha256, "dhash": original.dhash, "lineages": original.lineages}
    found = twins_across(with_items(data, {82: both}), data.test, data.train)
    assert [twin.seen for twin in found] == ["bytes"]


def test_an_embedding_alone_is_a_copy_only_where_nothing_else_comes_near() -> None:
    data = audit_data(*PHOTOS)
    x = data.x.copy()
    x[82] = x[7]
    alone = twins_across(replace(data, x=x), data.test, data.train)
    assert [(twin.original, twin.seen) for twin in alone] == [(7, "alone")]
    assert alone[0].cosine == pytest.approx(1.0, abs=1e-5)
    # Cells in a dish all look alike, without one being another's copy.
    generator = np.random.default_rng(0)
    alike = generator.normal(size=x.shape) * 0.03 + x[7]
    alike = (alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32)
    found = twins_across(replace(data, x=alike), data.test, data.train)
    assert found and {twin.seen for twin in found} == {"embedding"}


def test_a_copy_of_one_of_a_burst_is_still_alone() -> None:
    data = audit_data(*PHOTOS)
    x = data.x.copy()
    x[82] = x[8] = x[7]
    found = twins_across(replace(data, x=x), data.test, data.train)
    assert [twin.seen for twin in found] == ["alone"]


def test_with_one_photo_to_compare_with_likeness_proves_nothing() -> None:
    data = audit_data(*PHOTOS)
    x = data.x.copy()
    x[82] = x[7]
    found = twins_across(replace(data, x=x), data.test, np.array([7]))
    assert [twin.seen for twin in found] == ["embedding"]


def test_nothing_against_nothing() -> None:
    data = audit_data(*PHOTOS)
    nothing = np.array([], np.intp)
    assert twins_across(data, nothing, data.train) == []
    assert twins_across(data, data.test, nothing) == []


def test_pairs_within_few_bits_are_those_of_a_plain_search() -> None:
    generator = np.random.default_rng(3)
    words = generator.integers(0, 2**63, (700, 2), dtype=np.uint64)
    for i in range(60):
        # Copies at 0 to 17 bits, on both sides of the limit.
        flips = generator.choice(64, i % 18, replace=False)
        words[600 + i] = words[i]
        words[600 + i, i % 2] ^= np.bitwise_or.reduce(
            np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0)
        )
    numbers = [int(a) << 64 | int(b) for a, b in words]
    expected = {
        (i, j, (numbers[i] ^ numbers[j]).bit_count())
        for i in range(700)
        for j in range(i + 1, 700)
        if (numbers[i] ^ numbers[j]).bit_count() <= NEAR_COPY_BITS
    }
    assert set(within(words, words, is_same=True)) == expected and len(expected) >= 40
    across = set(within(words[:600], words[600:]))
    assert across == {(i, j - 600, bits) for i, j, bits in expected if i < 600 <= j}


def test_a_hash_mirrored_twice_is_itself_and_unknown_ones_are_left_out() -> None:
    data = audit_data(*PHOTOS)
    words, known = hashes(list(with_items(data, {3: {"dhash": ""}}).items))
    np.testing.assert_array_equal(mirrored(mirrored(words)), words)
    assert 3 not in known and len(known) == len(data.items) - 1 == len(words)


def test_the_hash_of_a_mirrored_picture_is_the_mirrored_hash() -> None:
    image = pytest.importorskip("PIL.Image")
    pixels = pytest.importorskip("catstudio.core.pixels")
    # As many pixels as steps fit in, so that no step is torn by how it is made small.
    array = np.random.default_rng(0).integers(0, 256, (72, 72), dtype=np.uint8)
    array = array[::8, ::8].repeat(8, axis=0).repeat(8, axis=1)
    straight = pixels.difference_hash(image.fromarray(array))
    turned = pixels.difference_hash(image.fromarray(array[:, ::-1].copy()))
    words = np.array([[straight >> 64, straight & (2**64 - 1)]], np.uint64)
    high, low = mirrored(words)[0]
    assert ((int(high) << 64 | int(low)) ^ turned).bit_count() <= 5
