"""The near-copy index finds exactly what comparing with every hash finds."""

from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.lineage import NEAR_COPY_BITS, NearCopies

hashes = st.integers(min_value=0, max_value=2**128 - 1)
flips = st.sets(st.integers(0, 127), max_size=2 * NEAR_COPY_BITS)


@given(st.lists(hashes, max_size=20), hashes, flips)
def test_agrees_with_brute_force(others: list[int], target: int, bits: set[int]) -> None:
    near = target
    for bit in bits:
        near ^= 1 << bit
    index = NearCopies()
    stored = {h: str(i) for i, h in enumerate([*others, near])}
    for dhash, key in stored.items():
        index.add(dhash, key)
    expected = {k for h, k in stored.items() if (h ^ target).bit_count() <= NEAR_COPY_BITS}
    assert index.within(target) == expected
