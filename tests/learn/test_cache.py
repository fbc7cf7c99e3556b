"""The embedding cache: keeps rows, survives deletion and damage, never blocks a reader."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catstudio.learn.cache import EmbeddingCache, cache_key


def _rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 7)).astype(np.float32)


def test_rows_come_back_bit_for_bit(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "deep" / "cache.sqlite")
    keys = [cache_key(f"{i:064x}", "lite", "1") for i in range(1234)]
    rows = _rows(1234)
    cache.put_many(keys, rows)
    found = EmbeddingCache(tmp_path / "deep" / "cache.sqlite", read_only=True).get_many(
        [*keys, "unknown"]
    )
    assert set(found) == set(keys)
    assert (np.stack([found[k] for k in keys]) == rows).all()


def test_a_newer_row_replaces_an_older(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "c")
    cache.put_many(["a"], _rows(1))
    cache.put_many(["a"], _rows(1, seed=1))
    assert (cache.get_many(["a"])["a"] == _rows(1, seed=1)[0]).all()


def test_missing_file_is_empty_and_a_reader_does_not_make_it(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    assert EmbeddingCache(path, read_only=True).get_many(["a"]) == {}
    assert EmbeddingCache(path).get_many(["a"]) == {}
    assert not path.exists()


def test_it_may_be_deleted_between_calls(tmp_path: Path) -> None:
    path = tmp_path / "c"
    cache = EmbeddingCache(path)
    cache.put_many(["a"], _rows(1))
    path.unlink()
    assert cache.get_many(["a"]) == {}
    cache.put_many(["b"], _rows(1))
    assert set(cache.get_many(["a", "b"])) == {"b"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000), st.integers(0, 12_000))
def test_a_damaged_file_is_begun_again(tmp_path: Path, junk: bytes, at: int) -> None:
    path = tmp_path / "c"
    path.unlink(missing_ok=True)
    EmbeddingCache(path).put_many([f"k{i}" for i in range(40)], _rows(40))
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    damaged = path.read_bytes()
    EmbeddingCache(path, read_only=True).get_many(["k1"])
    assert path.read_bytes() == damaged
    cache = EmbeddingCache(path)
    cache.get_many([f"k{i}" for i in range(40)])
    cache.put_many(["new"], _rows(1))
    assert (cache.get_many(["new"])["new"] == _rows(1)[0]).all()


def test_another_programs_database_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "c"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE embeddings (something TEXT)")
    database.commit()
    database.close()
    cache = EmbeddingCache(path)
    assert cache.get_many(["a"]) == {}
    cache.put_many(["a"], _rows(1))
    assert "a" in cache.get_many(["a"])


def test_a_reader_does_not_write(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        EmbeddingCache(tmp_path / "c", read_only=True).put_many(["a"], _rows(1))
