"""Every layout of data sets is recognised, and gives labels, splits, captions and what is missing."""

from __future__ import annotations

import json
import sys

import pytest

from catstudio.core.errors import BadInputError
from catstudio.sources.datasets import is_dataset, open_dataset, suggested
from tests.sources.data_sets import coco, picture, tarred, two_classes, write, zipped

CAT, DOG = picture(1), picture(2)


def read(path, format="auto"):  # noqa: A002
    """(format, {name: (label, split)}, refused sentences, notes), the bytes of each read once."""
    with open_dataset(path, format) as dataset:
        for item in dataset.items:
            assert dataset.read(item) in (CAT, DOG) or dataset.read(item)[:2] == b"\xff\xd8"
        found = {item.name: (item.label, item.split) for item in dataset.items}
        return dataset.format.id, found, [one.message for one in dataset.refused], dataset.notes


# -- class folders


def test_class_folders(tmp_path):
    write(tmp_path, {"cat/a.jpg": CAT, "dog/deep/b.jpg": DOG, "notes.md": "hello"})
    assert read(tmp_path)[:2] == (
        "folders",
        {"cat/a.jpg": ("cat", None), "dog/deep/b.jpg": ("dog", None)},
    )


def test_split_folders_on_top_are_proposals(tmp_path):
    write(tmp_path, {"train/cat/a.jpg": CAT, "valid/cat/b.jpg": DOG, "Test/dog/c.jpg": DOG})
    found = read(tmp_path)[1]
    assert found["train/cat/a.jpg"] == ("cat", "train")
    assert found["valid/cat/b.jpg"] == ("cat", "val")
    assert found["Test/dog/c.jpg"] == ("dog", "test")


def test_a_folder_that_holds_everything_is_no_label(tmp_path):
    files = {f"pets/images/{name}": data for name, data in two_classes(1).items()}
    assert set(read(zipped(tmp_path / "a.zip", files))[1].values()) == {
        ("cat", None),
        ("dog", None),
    }
    # ... but the only class of a data set is.
    write(tmp_path / "one", {"cat/a.jpg": CAT, "cat/b.jpg": DOG})
    assert {label for label, _ in read(tmp_path / "one")[1].values()} == {"cat"}


def test_a_heap_without_folders_has_no_labels(tmp_path):
    write(tmp_path / "heap", {"a.jpg": CAT, "b.jpg": DOG})
    assert read(tmp_path / "heap")[1] == {"a.jpg": (None, None), "b.jpg": (None, None)}
    assert not is_dataset(tmp_path / "heap")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_of_every_compression(tmp_path, mode):
    path = tarred(tmp_path / "set.tar", two_classes(), mode)
    format_, found, refused, _ = read(path)
    assert (format_, len(found), refused) == ("folders", 4, [])
    with open_dataset(path) as dataset:  # in any order, even where it means to start again
        backwards = [dataset.read(item) for item in reversed(dataset.items)]
    assert backwards == list(reversed(two_classes().values()))


# -- Hugging Face


def test_metadata_jsonl_gives_labels_and_captions(tmp_path):
    rows = [
        {"file_name": "a.jpg", "label": "cat", "text": "a cat", "objects": {"x": 1}},
        {"file_name": "b.jpg", "label": 7},
        {"file_name": "gone.jpg", "label": "cat"},
    ]
    lines = "\n".join(map(json.dumps, rows))
    write(tmp_path, {"a.jpg": CAT, "b.jpg": DOG, "metadata.jsonl": lines})
    format_, found, refused, _ = read(tmp_path)
    assert (format_, refused) == ("hf", ["gone.jpg is not there."])
    assert found == {"a.jpg": ("cat", None), "b.jpg": ("7", None)}
    with open_dataset(tmp_path) as dataset:
        assert dataset.items[0].params == {"caption": "a cat"}


def test_metadata_csv_in_split_and_class_folders(tmp_path):
    write(
        tmp_path,
        {
            "train/cat/a.jpg": CAT,
            "train/metadata.csv": "file_name,text\ncat/a.jpg,sleeping\n",
            "test/dog/b.jpg": DOG,
        },
    )
    format_, found, _, notes = read(tmp_path)
    assert format_ == "hf"
    assert found == {"train/cat/a.jpg": ("cat", "train"), "test/dog/b.jpg": ("dog", "test")}
    assert "1 images are in no row" in notes[0]


def test_metadata_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    write(tmp_path, {"images/a.jpg": CAT})
    table = pa.table({"file_name": ["images/a.jpg"], "label": ["cat"]})
    pq.write_table(table, tmp_path / "metadata.parquet")
    assert read(tmp_path)[:2] == ("hf", {"images/a.jpg": ("cat", None)})
    assert read(tmp_path / "metadata.parquet")[:2] == ("hf", {"images/a.jpg": ("cat", None)})


def test_parquet_that_is_none(tmp_path):
    write(tmp_path, {"metadata.parquet": b"PAR1 is not all there is to it", "a.jpg": CAT})
    with pytest.raises(BadInputError, match=r"metadata\.parquet"):
        open_dataset(tmp_path)


def test_parquet_without_its_library_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    write(tmp_path, {"metadata.parquet": b"PAR1", "a.jpg": CAT})
    with pytest.raises(BadInputError, match=r"needs pyarrow.*pip install pyarrow"):
        open_dataset(tmp_path)


# -- COCO


def test_coco_takes_the_category_that_covers_most(tmp_path):
    seen = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]},
        {"image_id": 1, "category_id": 2, "area": 50},
        {"image_id": 2, "category_id": 1},
    ]
    names = ["a.jpg", "b.jpg", "bare.jpg", "gone.jpg", "../../out.jpg"]
    text = coco(names, {1: "dog", 2: "cat"}, seen)
    images = {"val2017/a.jpg": CAT, "val2017/b.jpg": DOG, "val2017/bare.jpg": DOG}
    write(tmp_path, {**images, "annotations/instances_val2017.json": text})
    for path in (tmp_path, tmp_path / "annotations" / "instances_val2017.json"):
        format_, found, refused, notes = read(path)
        assert format_ == "coco"
        assert set(found.values()) == {(None, "val"), ("cat", "val"), ("dog", "val")}
        assert refused == ["gone.jpg is not there.", "out.jpg leads out of the data set."]
        assert any("several categories" in note for note in notes)
        assert any("no annotation" in note for note in notes)


@pytest.mark.parametrize(
    "text",
    ["{nope", "[]", "{}", '{"images": 3}', "[" * 100_000, "\ud800".encode(errors="surrogatepass")],
)
def test_coco_that_is_none_is_named(tmp_path, text):
    write(tmp_path, {"set.json": text})
    with pytest.raises(BadInputError, match=r"set\.json"):
        open_dataset(tmp_path / "set.json")


def test_coco_of_odd_values_is_read_as_far_as_it_goes(tmp_path):
    data = {
        "images": [{"id": [1], "file_name": 5}, "x", {"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"image_id": {}, "category_id": 1}, {"image_id": 1, "category_id": 9}],
        "categories": None,
    }
    write(tmp_path, {"a.jpg": CAT, "set.json": json.dumps(data)})
    _, found, refused, _ = read(tmp_path / "set.json")
    assert found == {"a.jpg": ("9", None)}
    assert len(refused) == 1


# -- tables


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_every_encoding_and_delimiter(tmp_path, encoding, delimiter):
    write(tmp_path, {"bilder/käthe.jpg": CAT, "bilder/b.jpg": DOG})
    rows = [("Datei", "Tier"), ("bilder/käthe.jpg", "Kätzchen"), ("bilder/b.jpg", "Hund")]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    write(tmp_path, {"labels.csv": text.encode(encoding)})
    for path in (tmp_path, tmp_path / "labels.csv"):
        format_, found, refused, notes = read(path)
        assert (format_, refused) == ("csv", [])
        assert {name: label for name, (label, _) in found.items()} == {
            "bilder/käthe.jpg": "Kätzchen",
            "bilder/b.jpg": "Hund",
        }
        assert bool(notes) == (encoding == "latin-1")


def test_a_table_without_header_with_splits_and_missing_files(tmp_path):
    write(tmp_path, {"a.jpg": CAT, "b.jpg": DOG})
    write(tmp_path, {"l.csv": "0.5,a.jpg,cat\n0.7,b.jpg,cat\n0.1,gone.jpg,dog\n0.3,more.jpg,cat\n"})
    _, found, refused, _ = read(tmp_path / "l.csv")
    assert found == {"a.jpg": ("cat", None), "b.jpg": ("cat", None)}
    assert refused == ["gone.jpg is not there.", "more.jpg is not there."]
    write(tmp_path, {"l.csv": "filename,class,split\na.jpg,cat,train\nb.jpg,,test\n"})
    assert read(tmp_path / "l.csv")[1] == {"a.jpg": ("cat", "train"), "b.jpg": (None, "test")}


def test_a_table_may_name_images_elsewhere_but_not_from_inside_an_archive(tmp_path):
    outside = tmp_path / "elsewhere.jpg"
    outside.write_bytes(CAT)
    text = f"path,label\n{outside},cat\n../elsewhere.jpg,cat\nin.jpg,dog\n"
    write(tmp_path / "lists", {"l.csv": text, "in.jpg": DOG})
    assert len(read(tmp_path / "lists" / "l.csv")[1]) == 3
    packed = zipped(tmp_path / "set.zip", {"l.csv": text.encode(), "in.jpg": DOG})
    _, found, refused, _ = read(packed)
    assert found == {"in.jpg": ("dog", None)}
    assert refused == ["elsewhere.jpg leads out of the data set."] * 2


def test_a_table_without_paths_is_named(tmp_path):
    write(tmp_path, {"l.csv": "x,y\n1,2\n"})
    with pytest.raises(BadInputError, match="no column of image paths"):
        open_dataset(tmp_path / "l.csv")
    # In a folder it may be about anything: the folders speak.
    write(tmp_path, {"cat/a.jpg": CAT})
    assert read(tmp_path)[0] == "folders"


# -- WebDataset


def test_shards_with_classes_json_and_captions(tmp_path):
    members = {
        "0.jpg": CAT, "0.cls": b"3", "0.txt": b"a sleeping cat",
        "1.jpg": DOG, "1.json": b'{"label": "dog", "prompt": "a dog"}', "1.txt": b"a dog",
        "2.jpg": DOG, "2.json": b"{broken", "2.txt": b"another",
    }  # fmt: skip
    path = tarred(tmp_path / "train-000.tar", members)
    format_, found, refused, _ = read(path)
    assert format_ == "webdataset"
    assert [label for label, _ in found.values()] == ["3", "dog", None]
    assert len(refused) == 1 and "2.json is not valid JSON" in refused[0]
    with open_dataset(path) as dataset:
        assert dataset.items[1].params == {"prompt": "a dog", "caption": "a dog"}


def test_a_folder_of_shards_is_one_data_set(tmp_path):
    texts = [b"cat", b"dog", b"cat", b"dog"]
    for shard in range(2):
        members = {}
        for i in range(2):
            members |= {f"{i}.jpg": picture(10 * shard + i), f"{i}.txt": texts[2 * shard + i]}
        tarred(tmp_path / f"{shard}.tar", members)
    (tmp_path / "2.tar").write_bytes(b"no tar")
    format_, found, refused, _ = read(tmp_path)
    assert format_ == "webdataset"
    assert [label for label, _ in found.values()] == ["cat", "dog", "cat", "dog"]
    assert len(refused) == 1 and refused[0].startswith("2.tar")


# -- what it all is for


def test_labels_find_their_like_in_the_project(tmp_path):
    write(tmp_path, {"Cat/a.jpg": CAT, "not cat/b.jpg": DOG, "bird/c.jpg": DOG})
    with open_dataset(tmp_path) as dataset:
        meaning = suggested(dataset.raw_labels(), ("cat", "not-cat"))
        assert meaning == {"Cat": "cat", "not cat": "not-cat"}


def test_what_is_no_data_set_is_said(tmp_path, cat_photo):
    (tmp_path / "empty").mkdir()
    for path, words in (
        (tmp_path / "empty", "no images"),
        (tmp_path / "gone.zip", "not there"),
        (cat_photo, "no data set"),
    ):
        with pytest.raises(BadInputError, match=words):
            open_dataset(path)
    with pytest.raises(BadInputError, match="no data set format"):
        open_dataset(tmp_path, "xml")
    for format_ in ("hf", "coco", "csv"):
        with pytest.raises(BadInputError):
            open_dataset(write(tmp_path / "set", {"cat/a.jpg": CAT}), format_)
