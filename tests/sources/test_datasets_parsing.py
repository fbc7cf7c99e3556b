"""Parsers of what others wrote: any bytes give a data set or a typed error, and tables come back whole."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catstudio.core.errors import BadInputError, ImageRefusedError
from catstudio.core.generated import read_claim
from catstudio.sources.datasets import open_dataset
from catstudio.sources.datasets.files import is_inside
from catstudio.sources.datasets.tables import csv_grid
from tests.sources.data_sets import picture, tarred, two_classes, zipped

# As in the program itself (core.pixels): what is wrong with a photo's metadata is no news.
pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")

_cells = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)
_JPEG, _PNG = picture(1), picture(1, "PNG")


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _tries_to_read(path: Path) -> None:
    try:
        with open_dataset(path) as dataset:
            for item in dataset.items:
                dataset.read(item)
    except (BadInputError, ImageRefusedError) as error:
        assert error.message and "\n" not in error.message


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["x.csv", "x.tsv", "x.json", "x.jsonl", "x.parquet", "x.zip", "x.tar", "x.gz"]),
    st.binary(max_size=300),
)
def test_any_bytes_end_in_a_data_set_or_a_sentence(folder, name, data):
    (folder / name).write_bytes(data)
    _tries_to_read(folder / name)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["zip", "tar", "tgz"]), st.integers(0, 10**6), st.binary(min_size=1, max_size=8)
)
def test_archives_changed_anywhere_end_in_a_data_set_or_a_sentence(folder, kind, at, change):
    path = folder / f"changed.{kind}"
    whole = folder / f"whole.{kind}"
    if not whole.exists():
        make = zipped if kind == "zip" else tarred
        make(whole, two_classes(1), *(("w:gz",) if kind == "tgz" else ()))
    data = bytearray(whole.read_bytes())
    at %= len(data)
    data[at : at + len(change)] = change
    path.write_bytes(bytes(data))
    _tries_to_read(path)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_cells, _cells, _cells), min_size=2, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_table_comes_back_as_it_was_written(rows, delimiter, encoding):
    # One that no other delimiter splits as evenly.
    rows = [
        tuple("".join(c for c in cell if c not in ",;|") or "x" for cell in row) for row in rows
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    grid, notes = csv_grid(text.getvalue().encode(encoding), "a.csv")
    assert [tuple(row) for row in grid] == [r for r in rows if any(c.strip() for c in r)]
    assert notes == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["..", ".", "", "a", "C:", "b.jpg", "/"]), max_size=5))
def test_no_name_that_is_called_inside_leads_outside(parts):
    name = "/".join(parts)
    if is_inside(name):
        root = Path("/root/of/the/set")
        assert (root / name).resolve().is_relative_to(root)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, of a broken EXIF block
@settings(max_examples=80, deadline=None)
@given(st.sampled_from([_JPEG, _PNG]), st.integers(0, 10**6), st.binary(max_size=20))
def test_metadata_of_any_bytes_is_none_or_a_claim(whole, at, change):
    at %= len(whole)
    read_claim(whole[:at] + change + whole[at:])
    read_claim(change)
