"""Data sets from elsewhere meet a project: what the check finds, what the import takes in and refuses."""

from __future__ import annotations

import io

import pytest
from PIL import Image, PngImagePlugin

from catstudio.core.errors import BadInputError, CancelledError
from catstudio.core.types import Split, State
from catstudio.jobs.events import ImageAdded, Progress, Warned
from catstudio.learn.splits import trainable
from catstudio.sources.datasets import Group, Verdict, report_of
from catstudio.studio import Studio
from tests.sources.data_sets import picture, tarred, two_classes, write, zipped


@pytest.fixture
def studio(tmp_path):
    with Studio.create(tmp_path / "Pets.catstudio", ("cat", "dog")) as opened:
        yield opened


def check(studio, path, **fields):
    return report_of(studio.run(studio.check_dataset_request(path, **fields)).result)


def take_in(studio, path, on_event=None, **fields):
    return studio.run(studio.import_dataset_request(path, **fields), on_event).result


def finding(report, id_):
    return next(one for one in report.findings if one.id == id_)


def cancelled_at(studio, request, kind: type) -> CancelledError:
    """Cancel at the first event of ``kind``, on the job's own thread: always at the same image."""

    def stop(event):
        if isinstance(event, kind):
            studio.cancel(request.job_id)

    unsubscribe = studio.subscribe(stop)
    try:
        with pytest.raises(CancelledError) as error:
            studio.run(request)
    finally:
        unsubscribe()
    return error.value


def nearly(seed: int) -> bytes:
    """The picture of ``seed``, saved once more and smaller."""
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(seed))).resize((72, 72)).save(out, "JPEG", quality=60)
    return out.getvalue()


def generated(seed: int) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat\nSteps: 20, Sampler: Euler, Seed: 1, Model: m")
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(seed))).save(out, "PNG", pnginfo=info)
    return out.getvalue()


# -- the check


def test_nothing_enters_by_a_check(studio, tmp_path):
    report = check(studio, zipped(tmp_path / "a.zip", two_classes()))
    assert (report.n, report.n_checked, report.n_sound, report.is_complete) == (4, 4, 4, True)
    assert studio.images() == []
    assert {one.label: one.n for one in report.classes} == {"cat": 2, "dog": 2}


def test_copies_are_found_inside_with_the_project_and_its_test_set(studio, tmp_path):
    write(tmp_path / "own", {"t.jpg": picture(1), "p.jpg": picture(2)})
    studio.run(studio.import_request([tmp_path / "own" / "t.jpg"], label="cat", split="test"))
    studio.run(studio.import_request([tmp_path / "own" / "p.jpg"], label="cat"))
    write(
        tmp_path / "set",
        {
            "cat/near-test.jpg": nearly(1),
            "cat/of-project.jpg": picture(2),
            "cat/near-project.jpg": nearly(2),
            "cat/new.jpg": picture(3),
            "cat/same.jpg": picture(3),
            "dog/wrong.jpg": nearly(3),
        },
    )
    report = check(studio, tmp_path / "set")
    assert report.names(Group.NEAR_TEST) == ("cat/near-test.jpg",)
    assert report.names(Group.NEAR_PROJECT) == ("cat/near-project.jpg",)
    assert set(report.names(Group.DUPLICATES)) == {"cat/of-project.jpg", "cat/same.jpg"}
    assert "dog/wrong.jpg" in report.names(Group.NEAR)
    assert {"dog/wrong.jpg", "cat/new.jpg"} <= set(report.names(Group.SUSPECT))
    assert finding(report, "test_leak").verdict is Verdict.PROBLEM


@pytest.mark.parametrize("tied", ["codec", "size"])
def test_a_label_that_is_tied_to_the_file_is_a_problem(studio, tmp_path, tied):
    files = {}
    for i in range(12):
        files[f"cat/{i}.img.png"] = picture(i, "PNG" if tied == "codec" else "JPEG")
        size = (120, 90) if tied == "size" else (80, 80)
        files[f"dog/{i}.img.png"] = picture(100 + i, "JPEG", size)
    report = check(studio, zipped(tmp_path / "a.zip", files))
    assert finding(report, tied).verdict is Verdict.PROBLEM
    assert "100 of 100" in finding(report, tied).text
    other = "size" if tied == "codec" else "codec"
    assert finding(report, other).verdict is Verdict.OK


def test_odd_broken_and_generated_images_are_named(studio, tmp_path):
    gif = io.BytesIO()
    frames = [Image.open(io.BytesIO(picture(i))) for i in range(2)]
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:])
    blank, cmyk = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (90, 90), "white").save(blank, "PNG")
    Image.open(io.BytesIO(picture(7))).convert("CMYK").save(cmyk, "JPEG")
    write(
        tmp_path / "set",
        {
            "cat/tiny.jpg": picture(1, size=(40, 40)),
            "cat/strip.jpg": picture(2, size=(600, 90)),
            "cat/blank.png": blank.getvalue(),
            "cat/moving.gif": gif.getvalue(),
            "cat/print.jpg": cmyk.getvalue(),
            "cat/cut.jpg": picture(3)[:700],
            "cat/made.png": generated(4),
            "cat/good.jpg": picture(5),
        },
    )
    report = check(studio, tmp_path / "set")
    odd = {one.name: one.reason for one in report.groups["odd"]}
    for name, word in (
        ("tiny.jpg", "tiny"), ("strip.jpg", "strip"), ("blank.png", "blank"),
        ("moving.gif", "animated"), ("print.jpg", "CMYK"),
    ):  # fmt: skip
        assert word in odd[f"cat/{name}"]
    assert len(odd) == 5
    assert report.names("broken") == ("cat/cut.jpg",)
    assert report.names("generated") == ("cat/made.png",)
    assert "Stable Diffusion" in finding(report, "generated").text


def test_look_alikes_doubt_a_label_only_where_they_can_tell(studio, tmp_path):
    def tinted(seed: int, color: str) -> bytes:
        noise = Image.open(io.BytesIO(picture(seed)))
        out = io.BytesIO()
        Image.blend(noise, Image.new("RGB", noise.size, color), 0.6).save(out, "JPEG")
        return out.getvalue()

    files = {}
    for i in range(15):
        files[f"cat/{i}.jpg"] = tinted(i, "orange")
        files[f"dog/{i}.jpg"] = tinted(100 + i, "navy")
    files["cat/wrong.jpg"] = tinted(200, "navy")
    report = check(studio, zipped(tmp_path / "a.zip", files))
    assert report.names("suspect") == ("cat/wrong.jpg",)
    noise = {f"{k}/{i}.jpg": picture(100 * n + i) for n, k in enumerate(("cat", "dog"))
             for i in range(15)}  # fmt: skip
    report = check(studio, zipped(tmp_path / "b.zip", noise))
    assert report.names("suspect") == ()
    assert "Only copies were compared" in finding(report, "suspect").text


def test_a_check_that_is_cancelled_reports_what_it_saw(studio, tmp_path):
    request = studio.check_dataset_request(zipped(tmp_path / "a.zip", two_classes(20)))

    report = report_of(cancelled_at(studio, request, Progress).result)
    assert not report.is_complete
    assert report.n_checked == 1


# -- the import


def test_labels_come_by_the_mapping_and_what_maps_nowhere_is_named(studio, tmp_path):
    files = two_classes() | {"bird/1.jpg": picture(50), "fox/1.jpg": picture(51)}
    warned = []
    result = take_in(
        studio,
        zipped(tmp_path / "a.zip", files),
        lambda event: warned.append(event) if isinstance(event, Warned) else None,
        mapping={"dog": "", "fox": None},
        license="CC0-1.0",
    )
    assert (result["added"], result["unmapped"], result["left_out"]) == (3, {"bird": 1}, 2)
    assert result["has_licence"] and result["refused"] == []
    assert any("'bird'" in event.message for event in warned)
    assert sorted(str(image.label) for image in studio.images()) == ["None", "cat", "cat"]
    cat = next(image for image in studio.images() if image.label == "cat")
    assert (cat.source, cat.is_real, cat.state) == ("vendor", True, State.ACCEPTED)
    assert (cat.provenance.license, cat.provenance.origin) == ("CC0-1.0", "a.zip")
    assert studio.undo_name() == "add 3 images"
    studio.undo()
    assert all(image.state is State.TRASHED for image in studio.images())


def test_unknown_labels_splits_and_sources_are_refused_before_anything_is_read(studio, tmp_path):
    path = zipped(tmp_path / "a.zip", two_classes())
    for fields in (
        {"mapping": {"cat": "dragon"}},
        {"unlabelled": "dragon"},
        {"split": "exam"},
        {"source": "seed"},
        {"source": "drawing", "split": "test"},
    ):
        with pytest.raises(BadInputError):
            studio.import_dataset_request(path, **fields)


def test_captions_and_prompts_are_kept_and_generated_images_are_no_photos(studio, tmp_path):
    table = "file_name,label,text\na.jpg,cat,asleep\nmade.png,cat,\n"
    files = {"a.jpg": picture(1), "made.png": generated(2), "metadata.csv": table.encode()}
    warned = []
    take_in(
        studio,
        tarred(tmp_path / "a.tgz", files, "w:gz"),
        lambda event: warned.append(event) if isinstance(event, Warned) else None,
        split="test",
    )
    photo, made = studio.images()
    assert photo.provenance.params["caption"] == "asleep"
    assert (photo.is_real, photo.split) == (True, Split.TEST)
    assert (made.source, made.is_real, made.split) == ("other-tool", False, None)
    assert made.provenance.params["prompt"] == "a cat"
    assert any("made.png" in event.message and "other-tool" in event.message for event in warned)


def test_a_plain_photo_that_says_it_was_generated_is_no_photo(studio, tmp_path):
    write(tmp_path, {"made.png": generated(2)})
    warned = []
    request = studio.import_request([tmp_path / "made.png"], label="cat", split="test")
    studio.run(request, lambda event: warned.append(event) if isinstance(event, Warned) else None)
    (made,) = studio.images()
    assert (made.source, made.is_real, made.split) == ("other-tool", False, None)
    assert len(warned) == 1 and "not as a real photo" in warned[0].message


def test_splits_are_kept_but_no_near_copy_crosses_them(studio, tmp_path):
    files = {
        "test/cat/1.jpg": picture(1),
        "train/cat/near.jpg": nearly(1),
        "train/cat/2.jpg": picture(2),
        "train/dog/3.jpg": picture(3),
        "val/dog/4.jpg": picture(4),
    }
    warned = []
    take_in(
        studio,
        zipped(tmp_path / "a.zip", files),
        lambda event: warned.append(event) if isinstance(event, Warned) else None,
    )
    images = {image.name: image for image in studio.images()}
    assert images["test/cat/1.jpg"].split is Split.TEST
    assert images["train/cat/near.jpg"].split is None
    assert images["train/cat/near.jpg"].lineages == images["test/cat/1.jpg"].lineages
    assert images["train/cat/2.jpg"].split is Split.TRAIN
    assert images["val/dog/4.jpg"].split is Split.VAL
    assert any("near.jpg" in event.message for event in warned)
    assert studio.verify().ok
    # ... nor are they trained on: what shares a lineage with a test photo stays out.
    kept = {record.name for record in trainable(studio.images())[0]}
    assert "train/cat/near.jpg" not in kept


def test_drawings_keep_no_test_splits(studio, tmp_path):
    path = zipped(tmp_path / "a.zip", {"test/cat/1.jpg": picture(1), "train/cat/2.jpg": picture(2)})
    take_in(studio, path, source="drawing")
    assert {image.split for image in studio.images()} == {None, Split.TRAIN}


def test_a_cancelled_import_keeps_what_is_in_as_one_step(studio, tmp_path):
    request = studio.import_dataset_request(zipped(tmp_path / "a.zip", two_classes(20)))
    error = cancelled_at(studio, request, ImageAdded)
    added = error.result["added"]
    assert added == 1
    assert len(studio.images()) == added
    studio.undo()
    assert all(image.state is State.TRASHED for image in studio.images())


def test_every_group_of_a_report_can_be_left_out(studio, tmp_path):
    files = two_classes() | {"cat/same.jpg": two_classes()["cat/0.jpg"], "cat/m.png": generated(9)}
    path = zipped(tmp_path / "a.zip", files)
    names = check(studio, path).names("duplicates", "generated")
    assert set(names) == {"cat/same.jpg", "cat/m.png"}
    result = take_in(studio, path, leave_out=names)
    assert (result["added"], result["left_out"], result["duplicates"]) == (4, 2, 0)
