"""Durations and sizes read as people say them."""

from __future__ import annotations

import pytest

from catstudio.core.wording import duration, size_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-3, "0 s"), (8.4, "8 s"), (89, "89 s"), (180, "3 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (5 * 10**6, "5.0 MB"), (7 * 10**9, "7.0 GB")],
)
def test_sizes(size: int, text: str):
    assert size_text(size) == text
