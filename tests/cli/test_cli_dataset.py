"""new, import, review, split, verify: their JSON, their statuses, and what bad input gets."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.bad_files import REASONS, as_nobody, bad_images, damage, make_newer


def test_new_begins_a_project(cli, tmp_path):
    path = tmp_path / "Birds.catstudio"
    ran = cli("new", path, "--labels", "robin, wren,other", "--json")
    assert ran.status == 0
    assert ran.json == {"project": str(path), "labels": ["robin", "wren", "other"]}
    assert (path / "project.sqlite").is_file()


def test_new_leaves_what_is_there_alone(cli, project):
    ran = cli("new", project)
    assert ran.status == 3
    assert "already exists" in ran.err
    assert str(project) in ran.err


@pytest.mark.parametrize("labels", ["cat,cat", "cat,,dog", " "])
def test_new_refuses_labels_that_are_none(cli, tmp_path, labels):
    assert cli("new", tmp_path / "x.catstudio", "--labels", labels).status == 3
    assert not (tmp_path / "x.catstudio" / "project.sqlite").exists()


def test_import_counts_added_and_duplicates(cli, project, cat_photo):
    first = cli("import", project, cat_photo, "--label", "cat", "--json")
    assert (first.status, first.json["added"], first.json["duplicates"]) == (0, 1, 0)
    again = cli("import", project, cat_photo, "--label", "cat", "--json")
    assert (again.status, again.json["added"], again.json["duplicates"]) == (0, 0, 1)
    assert again.json["refused"] == []


def test_import_without_label_waits_for_review(cli, project, cat_photo):
    assert cli("import", project, cat_photo).status == 0
    assert cli("review", project, "--accept", "state:pending", "--label", "cat").status == 0
    assert cli("split", project, "--json").json["cat"] == {"train": 1, "val": 0, "test": 0}


def test_import_remembers_where_photos_come_from(cli, project, cat_photo):
    from catstudio.studio import Studio

    options = ("--source", "vendor", "--origin", "a shop", "--license", "CC0-1.0", "--author", "S.")
    assert cli("import", project, cat_photo, "--label", "cat", *options).status == 0
    with Studio.open(project) as studio:
        provenance = studio.images()[0].provenance
    assert (provenance.source, provenance.origin) == ("vendor", "a shop")
    assert (provenance.license, provenance.author) == ("CC0-1.0", "S.")


def test_a_drawing_cannot_be_tested_on(cli, project, cat_photo):
    options = ("--label", "cat", "--source", "drawing", "--split", "test")
    ran = cli("import", project, cat_photo, *options)
    assert ran.status == 3
    assert "test" in ran.err


# -- what bad input gets: one sentence naming the file, and the rest goes on


def test_bad_files_are_refused_one_by_one_and_the_rest_goes_on(cli, project, cat_photo, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    bad_images(folder, cat_photo)
    shutil.copy(cat_photo, folder / "good.jpg")

    ran = cli("import", project, folder, "--label", "cat", "--json")

    assert ran.status == 3
    assert ran.json["added"] == 1
    refused = {Path(one["path"]).name: one["reason"] for one in ran.json["refused"]}
    assert set(refused) == set(REASONS)
    for name, reason in refused.items():
        assert reason.startswith(f"{name} ") and REASONS[name] in reason
        assert reason.count(". ") == 1 and reason.endswith("."), "a reason, and what to do"
        assert reason in ran.err
    assert cli("verify", project).status == 0


def test_a_folder_without_images_is_named(cli, project, tmp_path):
    (tmp_path / "nothing").mkdir()
    ran = cli("import", project, tmp_path / "nothing", "--label", "cat", "--json")
    assert ran.status == 3
    assert ran.json["refused"][0]["path"] == str(tmp_path / "nothing")
    assert "no images" in ran.err


def test_a_project_is_no_folder_of_photos(cli, project, tmp_path):
    other = tmp_path / "Birds.catstudio"
    assert cli("new", other).status == 0
    ran = cli("import", project, other, "--label", "cat")
    assert ran.status == 3
    assert "Birds.catstudio is a CatStudio project" in ran.err


def test_a_locked_folder_is_named_once_and_the_rest_goes_on(cli, cat_photo):
    with tempfile.TemporaryDirectory() as name:  # not in tmp_path: nobody must get there
        outer = Path(name)
        path, locked, free = outer / "Cats.catstudio", outer / "locked", outer / "free"
        for folder in (locked, free):
            folder.mkdir()
            shutil.copy(cat_photo, folder)
        assert cli("new", path).status == 0
        for place in (outer, free, path, *path.rglob("*")):
            place.chmod(0o777)
        locked.chmod(0o000)
        with as_nobody():
            ran = cli("import", path, locked, free, "--label", "cat", "--json")
            measured = cli("evaluate", path, locked)
        locked.chmod(0o755)
    assert (ran.status, ran.json["added"]) == (3, 1)
    (refused,) = ran.json["refused"]
    assert refused["reason"].startswith("locked cannot be read: permission denied.")
    assert measured.status in (3, 4)


def test_a_path_that_is_not_there_is_named(cli, project, cat_photo, tmp_path):
    ran = cli("import", project, tmp_path / "gone.jpg", cat_photo, "--label", "cat", "--json")
    assert (ran.status, ran.json["added"]) == (3, 1)
    assert "gone.jpg" in ran.err


def test_an_unknown_label_is_named_with_the_known_ones(cli, project, cat_photo):
    for command in (
        ("import", project, cat_photo, "--label", "dragon"),
        ("generate", project, "--method", "seed", "--label", "dragon", "--count", "1"),
        ("generate", project, "--method", "copy", "--label", "dragon", "--count", "9"),
        ("review", project, "--accept", "all", "--label", "dragon"),
    ):
        ran = cli(*command)
        assert ran.status == 3, command
        assert "dragon" in ran.err
        assert "not-cat" in ran.err


def test_a_read_only_folder_is_named(cli, cat_photo):
    # Not in tmp_path: nobody must be able to reach it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "Cats.catstudio"
        assert cli("new", path).status == 0  # also: whatever is imported late is loaded now
        for place in (folder, path, *path.rglob("*")):
            place.chmod(0o555 if place.is_dir() else 0o444)
        with as_nobody():
            begun = cli("new", folder / "Other.catstudio")
            opened = cli("import", path, cat_photo, "--label", "cat")
        folder.chmod(0o755)
        for place in (path, *path.rglob("*")):
            if place.is_dir():
                place.chmod(0o755)
    assert begun.status == 3
    assert "Other.catstudio" in begun.err
    assert opened.status in (3, 4)
    assert "Cats" in opened.err


def test_a_project_of_a_newer_version_is_left_alone(cli, project):
    make_newer(project)
    before = (project / "project.sqlite").read_bytes()
    ran = cli("verify", project)
    assert ran.status == 3
    assert "newer" in ran.err
    assert (project / "project.sqlite").read_bytes() == before


def test_a_damaged_database_is_said_and_repaired_when_asked(cli, filled):
    damage(filled)
    ran = cli("verify", filled, "--json")
    assert ran.status == 3
    assert ran.json["ok"] is False
    assert ran.json["problems"]
    assert "damaged" in ran.err

    repaired = cli("verify", filled, "--repair", "--json")
    assert (repaired.status, repaired.json["ok"]) == (0, True)
    assert repaired.json["images"] == 14
    assert cli("verify", filled, "--json").json == {
        "ok": True,
        "images": 14,
        "problems": [],
        "repaired": [],
    }


def test_no_project_is_named(cli, tmp_path):
    for path in (tmp_path / "none.catstudio", tmp_path):
        ran = cli("split", path)
        assert ran.status == 3
        assert str(path) in ran.err


def test_an_open_project_is_not_opened_twice(cli, project):
    from catstudio.studio import Studio

    with Studio.open(project):
        ran = cli("verify", project)
    assert ran.status == 4
    assert "open" in ran.err


# -- review, split, verify


def test_review_changes_what_is_chosen(cli, filled):
    ran = cli("review", filled, "--reject", "label:not-cat", "is:real", "--json")
    assert ran.status == 0
    assert (ran.json["chosen"], ran.json["changed"]) == (13, 13)
    again = cli("review", filled, "--reject", "label:not-cat is:real", "--json")
    assert (again.json["chosen"], again.json["changed"]) == (13, 0)
    one = ran.json["ids"][0]
    assert cli("review", filled, "--accept", one[:8], "--json").json["ids"] == [one]
    assert cli("review", filled, "--accept", "state:pending", "--json").json["chosen"] == 0


def test_review_names_a_selection_that_cannot_be(cli, filled):
    for term in ("colour:grey", "state:eaten", "ffffffffff"):
        ran = cli("review", filled, "--accept", term)
        assert ran.status == 3
        assert term.partition(":")[2] in ran.err


def test_trashed_images_come_back_by_name_only(cli, filled):
    assert cli("review", filled, "--trash", "label:cat").status == 0
    assert cli("review", filled, "--accept", "all", "--json").json["chosen"] == 13
    back = cli("review", filled, "--accept", "state:trashed", "--json").json
    assert (back["chosen"], back["changed"]) == (1, 1)


def test_split_draws_for_each_label(cli, filled):
    drawn = cli("split", filled, "--test-per-label", "4", "--seed", "1", "--json").json
    assert drawn["not-cat"]["test"] == 4
    assert sum(drawn["not-cat"].values()) == 13
    assert drawn["cat"] == {"train": 1, "val": 0, "test": 0}
    assert cli("split", filled, "--test-per-label", "-1").status == 3


def test_verify_finds_a_lost_and_a_changed_file(cli, filled):
    files = sorted((filled / "images").glob("*/*"))
    files[0].unlink()
    files[1].write_bytes(b"not what it was")
    ran = cli("verify", filled, "--json")
    assert ran.status == 3
    assert ran.json["ok"] is False
    assert ran.json["images"] == 14
    assert len(ran.json["problems"]) == 2
    assert any(files[1].name in problem for problem in ran.json["problems"])
