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
    stored = {str(i): h for i, h in enumerate([*others, near])}
    for key, dhash in stored.items():
        index.add(dhash, key)
    within = {k for k, h in stored.items() if (h ^ target).bit_count() <= NEAR_COPY_BITS}
    found = index.nearest(target)
    if not within:
        assert found is None
    else:
        best = min((stored[k] ^ target).bit_count() for k in within)
        assert (stored[found] ^ target).bit_count() == best
