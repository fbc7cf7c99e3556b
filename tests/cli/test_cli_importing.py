"""import of data sets at the command line: labels, mapping, --check, --skip, what is refused and named."""

from __future__ import annotations

import shutil
import tarfile

import pytest

from catstudio.core.types import State
from catstudio.sources.datasets import is_dataset
from catstudio.studio import Studio
from tests.sources.data_sets import (
    add_member,
    coco,
    picture,
    tarred,
    two_classes,
    write,
    zipped,
)


@pytest.fixture
def pets(cli, tmp_path):
    path = tmp_path / "Pets.catstudio"
    assert cli("new", path, "--labels", "cat,not-cat").status == 0
    return path


def labels(project):
    with Studio.open(project) as studio:
        return sorted(str(image.label) for image in studio.images())


def test_a_folder_of_class_folders_brings_its_labels(cli, pets, tmp_path):
    folder = write(tmp_path / "set", two_classes())
    ran = cli("import", pets, folder, "--map", "dog=not-cat", "--json")
    assert (ran.status, ran.json["added"], ran.json["unmapped"]) == (0, 4, {})
    assert labels(pets) == ["cat", "cat", "not-cat", "not-cat"]
    with Studio.open(pets) as studio:
        assert {image.source for image in studio.images()} == {"vendor"}
        assert studio.undo_name() == "add 4 images"


def test_a_label_that_maps_nowhere_is_named_and_the_rest_comes_in(cli, pets, tmp_path):
    archive = zipped(tmp_path / "set.zip", two_classes(3))
    ran = cli("import", pets, archive, "--json")
    assert (ran.status, ran.json["added"], ran.json["unmapped"]) == (3, 3, {"dog": 3})
    assert "dog" in ran.err
    said = cli("import", pets, archive)
    assert said.status == 3
    assert "dog 3" in said.out and "--map" in said.out and "licence" not in said.out
    left_out = cli("import", pets, archive, "--map", "dog=", "--json")
    assert (left_out.status, left_out.json["left_out"]) == (0, 3)
    later = cli("import", pets, archive, "--map", "dog=?", "--json")
    assert (later.status, later.json["added"]) == (0, 3)
    with Studio.open(pets) as studio:
        assert sum(image.state is State.PENDING for image in studio.images()) == 3


def test_a_label_makes_it_flat_and_format_flat_waits_for_review(cli, pets, tmp_path):
    folder = write(tmp_path / "set", two_classes())
    assert cli("import", pets, folder, "--format", "flat", "--json").json["added"] == 4
    assert labels(pets) == ["None"] * 4
    other = write(tmp_path / "other", {"dog/a.jpg": picture(7), "b.jpg": picture(8)})
    ran = cli("import", pets, other, "--label", "cat", "--json")
    assert (ran.status, ran.json["added"]) == (0, 2)
    archive = zipped(tmp_path / "set.zip", {"dog/a.jpg": picture(9), "b.jpg": picture(10)})
    ran = cli("import", pets, archive, "--label", "cat", "--json")
    assert (ran.status, ran.json["added"], ran.json["unmapped"]) == (0, 2, {})
    assert labels(pets) == ["None"] * 4 + ["cat"] * 4


def test_photos_and_data_sets_together(cli, pets, tmp_path, cat_photo):
    heap = write(tmp_path / "heap", {"a.jpg": picture(20)})
    assert not is_dataset(heap) and not is_dataset(cat_photo)
    archive = zipped(tmp_path / "set.zip", {"cat/a.jpg": picture(9)})
    gone = tmp_path / "gone.zip"
    ran = cli("import", pets, cat_photo, heap, archive, gone, "--json")
    assert (ran.status, ran.json["added"]) == (3, 3)
    (refused,) = ran.json["refused"]
    assert refused["path"] == str(gone) and "not there" in refused["reason"]


def test_check_says_everything_and_lets_nothing_in(cli, pets, tmp_path):
    files = two_classes(10) | {"cat/same.jpg": two_classes(1)["cat/0.jpg"], "bird/1.jpg": b"no"}
    archive = zipped(tmp_path / "set.zip", files)
    ran = cli("import", pets, archive, "--check", "--map", "dog=not-cat", "--json")
    assert ran.status == 3  # a label that maps nowhere
    (report,) = ran.json["reports"]
    assert (report["n"], report["n_sound"]) == (22, 21)
    assert [one["name"] for one in report["groups"]["duplicates"]] == ["cat/same.jpg"]
    assert labels(pets) == []
    said = cli("import", pets, archive, "--check", "--map", "dog=not-cat,bird=")
    assert said.status == 0
    for words in ("dog (10) → not-cat", "bird (1) → left out", "File format", "duplicates 1"):
        assert words in said.out
    assert cli("import", pets, tmp_path / "none", archive, "--check").status == 3


def test_skip_leaves_groups_out(cli, pets, tmp_path):
    test_photo = write(tmp_path / "own", {"t.jpg": picture(1)}) / "t.jpg"
    assert cli("import", pets, test_photo, "--label", "cat", "--split", "test").status == 0
    files = {
        "cat/t.png": picture(1, "PNG"),
        "cat/new.jpg": picture(2),
        "cat/same.jpg": picture(2),
        "cat/tiny.jpg": picture(3, size=(30, 30)),
    }
    archive = zipped(tmp_path / "set.zip", files)
    ran = cli("import", pets, archive, "--skip", "duplicates,near-test,odd", "--json")
    assert (ran.status, ran.json["added"], ran.json["left_out"]) == (0, 1, 3)
    assert cli("import", pets, archive, "--skip", "everything").status == 3
    assert cli("import", pets, archive, "--map", "dog").status == 3


# -- what bad input gets


def test_every_sort_of_bad_data_set_is_named_and_the_rest_comes_in(cli, pets, tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", {"cat/b.png": bytes(2**23), "cat/a.jpg": picture(1)})
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        add_member(archive, "../evil.jpg", picture(2))
        add_member(archive, "cat/link.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add_member(archive, "cat/a.jpg", picture(3))
    write(
        tmp_path / "coco",
        {
            "a.jpg": picture(4),
            "set.json": coco(
                ["a.jpg", "gone.jpg"], {1: "cat"}, [{"image_id": 1, "category_id": 1}]
            ),
        },
    )
    table = "Pfad;Klasse\nbär.jpg;cat\nweg.jpg;cat\n".encode("latin-1")
    write(tmp_path / "latin", {"bär.jpg": picture(5), "l.csv": table})
    (tmp_path / "cut.zip").write_bytes(bomb.read_bytes()[:200])
    (tmp_path / "no.parquet").write_bytes(b"no parquet")
    (tmp_path / "empty").mkdir()
    paths = (
        bomb,
        tmp_path / "evil.tar",
        tmp_path / "coco" / "set.json",
        tmp_path / "latin" / "l.csv",
    )
    broken = (tmp_path / "cut.zip", tmp_path / "no.parquet", tmp_path / "empty")
    ran = cli("import", pets, *paths, *broken, "--json")
    assert (ran.status, ran.json["added"]) == (3, 4)
    reasons = " ".join(one["reason"] for one in ran.json["refused"])
    for word in (
        "b.png unpacks to", "evil.jpg leads out", "link.jpg is a link", "gone.jpg is not there",
        "weg.jpg is not there", "cut.zip cannot be read", "no.parquet ",
        "empty has no images",
    ):  # fmt: skip
        assert word in reasons
        assert word in ran.err
    assert not (tmp_path.parent / "evil.jpg").exists()
    assert cli("verify", pets).status == 0


def test_parents_go_with_single_images(cli, pets, tmp_path):
    archive = tarred(tmp_path / "set.tar", two_classes())
    assert cli("import", pets, archive, "--parents", "abcd").status == 3


def test_a_whole_folder_of_shared_layouts_by_format(cli, pets, tmp_path):
    folder = write(tmp_path / "set", {"train/cat/a.jpg": picture(1), "test/cat/b.jpg": picture(2)})
    assert cli("import", pets, folder, "--json").json["added"] == 2
    with Studio.open(pets) as studio:
        assert {str(image.split) for image in studio.images()} == {"train", "test"}
    again = tmp_path / "Again.catstudio"
    shutil.rmtree(pets)
    assert cli("new", again).status == 0
    assert cli("import", again, folder, "--no-splits", "--format", "folders").status == 0
    with Studio.open(again) as studio:
        assert {image.split for image in studio.images()} == {None}
    assert cli("import", again, folder, "--format", "xml").status == 2
