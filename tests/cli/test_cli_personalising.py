"""The command personalise, what it refuses, and whose children its images are."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catstudio.core.changes import SetSplit
from catstudio.core.errors import BadInputError, ModelFileError
from catstudio.core.types import Split, State
from catstudio.jobs.events import ImageMade
from catstudio.jobs.requests import PersonaliseRequest
from catstudio.learn.splits import draw_splits, trainable
from catstudio.models import ModelRegistry
from catstudio.models.adapters import (
    CHECKPOINT_FILE,
    CHECKPOINT_KEY,
    KEY,
    AdapterCard,
    TrainedPhoto,
    metadata_of,
    trained_on,
)
from catstudio.studio import Studio
from catstudio.studio.personalising import MAX_PHOTOS, choose
from tests.cli.conftest import Cli
from tests.core.making import png


@pytest.fixture(autouse=True)
def empty_list():
    """Each test has a list of models of its own."""
    ModelRegistry().file.unlink(missing_ok=True)
    yield
    ModelRegistry().file.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    pytest.importorskip("torch")
    from tests.engine import tiny_models

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny_models.stable_diffusion().save_pretrained(folder)
    return folder


def adapter(path: Path, photos, name: str = "my cat", **more) -> str:
    """A file with a card and no tensors, on the list of models; returns its name there."""
    card = AdapterCard(
        kind="lora",
        label="cat",
        trigger_word="sks",
        model="tiny",
        revision="0",
        family="stable-diffusion",
        steps=1,
        photos=tuple(TrainedPhoto(one.id, one.sha256) for one in photos),
        settings={},
        **more,
    )
    header = msgspec.json.encode({"__metadata__": metadata_of(card, name)})
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return ModelRegistry().add_adapter(path, name).id


@pytest.mark.needs_engine
def test_it_trains_a_lora_that_the_project_can_use(cli: Cli, filled: Path, model: Path):
    told = cli(
        "personalise", filled, "--label", "not-cat", "--model", model, "--steps", 2,
        "--resolution", 64, "--samples", 1, "--no-random-flip", "--rank", 2, "--name", "Shop floor",
        "--json", "--quiet",
    )  # fmt: skip
    assert told.status == 0, told.err
    result = told.json
    assert (result["adapter"], result["steps"], result["kind"]) == ("shop-floor", 2, "lora")
    path = Path(result["path"])
    assert path.is_file() and path.with_suffix(".jpg").is_file()
    entry = ModelRegistry().show("shop-floor")
    assert (entry.kind, entry.path, entry.family) == ("lora", str(path), "stable-diffusion")
    assert entry.provenance["settings"]["rank"] == 2
    with Studio.open(filled) as studio:
        held = {one.id for one in studio.images() if one.split in (Split.VAL, Split.TEST)}
        learned = set(trained_on(path))
        assert held and learned and not held & learned
        assert result["photos"] == len(learned)
        assert sum(one["count"] for one in result["left_out"]) == len(held)


def test_without_photos_it_is_not_possible(cli: Cli, project: Path, model: Path):
    told = cli("personalise", project, "--label", "cat", "--model", model)
    assert told.status == 4 and "no photo of cat" in told.err


def test_what_cannot_be_done_is_said_without_a_worker(cli: Cli, filled: Path, model: Path):
    def asked(*more: object):
        return cli("personalise", filled, "--label", "cat", "--model", model, *more)

    missing = cli("personalise", filled, "--label", "cat", "--model", "nowhere", "--estimate")
    assert missing.status == 4 and "no model called 'nowhere'" in missing.err
    for more, words in (
        (("--rank", 0), "Rank is 0"),
        (("--steps", "many"), "not a number"),
        (("--trigger-word", "two words"), "not one plain word"),
        (("--caption", "a photo of a cat"), "does not say {trigger}"),
        (("--seed", -1), "seed is -1"),
    ):
        told = asked(*more)
        assert told.status == 3 and words in told.err
    assert cli("personalise", filled, "--label", "dog", "--model", model).status == 3
    assert asked("--method", "magic").status == 2


def test_captions_hold_the_word_the_label_and_the_tags(filled: Path, model: Path):
    with Studio.open(filled) as studio:
        plain = studio.personalise_request("cat", str(model))
        assert plain.images[0].caption == plain.sample_prompt == "a photo of sks cat"
        assert plain.settings.alpha == plain.settings.rank == 8
        assert plain.settings.learning_rate == 1e-4
        word = studio.personalise_request("not-cat", str(model), {"method": "textual-inversion"})
        assert word.settings.trigger_word == "<not-cat-word>"
        assert word.sample_prompt == "a photo of <not-cat-word>"
        own = studio.personalise_request(
            "cat", str(model), {"caption": "{trigger}, the {label}", "trigger_word": "zwx"}
        )
        assert own.sample_prompt == "zwx, the cat"
        assert own.folder == plain.folder and own.folder != word.folder


def test_which_photos_are_left_out_and_why(filled: Path):
    with Studio.open(filled) as studio:
        images = studio.images()
        before = choose(images, "not-cat")
        # An estimate foresees the draw that the training will make.
        studio.draw_splits()
        after = choose(studio.images(), "not-cat")
        assert [one.id for one in before.photos] == [one.id for one in after.photos]
        assert before.left_out == after.left_out
        (held, why), *rest = after.left_out
        assert held + len(after.photos) == sum(one.label == "not-cat" for one in images)
        assert "testing" in why and not rest
        many = [
            msgspec.structs.replace(after.photos[0], id=str(n), lineages=(str(n),), split=None)
            for n in range(2 * MAX_PHOTOS)
        ]
        assert len(choose(many, "not-cat").photos) == MAX_PHOTOS


def test_a_stopped_training_goes_on_with_its_own_settings(filled: Path, model: Path):
    with Studio.open(filled) as studio:
        own = {"rank": 16, "trigger_word": "zwx", "caption": "{trigger} at work"}
        first = studio.personalise_request("cat", str(model), own, seed=7)
        save_checkpoint(first, 40)
        again = studio.personalise_request("cat", str(model), {"steps": 90}, resume=True)
        assert again.settings == first.settings and again.settings.seed == 7
        assert (again.images, again.sample_prompt) == (first.images, "zwx at work")
        assert (again.steps, again.folder) == (90, first.folder)
        # What is said is what is done, or refused by the worker.
        other = studio.personalise_request("cat", str(model), {"rank": 4}, seed=1, resume=True)
        assert (other.settings.rank, other.settings.seed) == (4, 1)
        fresh = studio.personalise_request("cat", str(model))
        assert fresh.settings.rank == 8 and not fresh.resume


def save_checkpoint(request: PersonaliseRequest, step: int) -> None:
    """The part of a checkpoint that the window and the command line read."""
    basis = {
        **msgspec.to_builtins(request.settings),
        "caption": request.sample_prompt,
        "captions": [one.caption for one in request.images],
    }
    state = msgspec.json.encode({"step": step, "basis": basis}).decode()
    header = msgspec.json.encode({"__metadata__": {CHECKPOINT_KEY: state}})
    path = Path(request.folder) / CHECKPOINT_FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header)


# -- lineage


def made_with(studio: Studio, name: str, number: int):
    """The record of an image as if a diffusion model with the adapter ``name`` had made it."""
    request = studio.generate_request(
        "diffusers", "cat", 1, prompts=("a photo of sks cat",), options={"loras": name},
        seeds=(), accept=True,
    )  # fmt: skip
    event = ImageMade(job_id=request.job_id, data=png(number, 64), name=f"{number}.png")
    added = studio._keeper.keep(request, event)
    return studio.image(added.image_id)


def test_images_made_with_an_adapter_descend_from_its_photos(filled: Path, tmp_path: Path):
    with Studio.open(filled) as studio:
        photos = choose(studio.images(), "not-cat").photos
        name = adapter(tmp_path / "a.safetensors", photos)
        made = made_with(studio, f"{name}:0.7", 1)
        assert {parent.id for parent in made.provenance.parents} == {one.id for one in photos}
        assert sum(parent.share for parent in made.provenance.parents) == pytest.approx(0.1)
        assert set(made.lineages) == {line for one in photos for line in one.lineages}
        # Who has descendants is never drawn for the test, whoever draws and whenever.
        for seed in range(5):
            drawn = draw_splits(studio.images(), per_label=5, seed=seed)
            assert all(drawn.get(one.id, Split.TRAIN) is Split.TRAIN for one in photos)


def test_an_adapter_that_knows_a_test_photo_is_refused(filled: Path, tmp_path: Path):
    with Studio.open(filled) as studio:
        photo = choose(studio.images(), "not-cat").photos[0]
        name = adapter(tmp_path / "a.safetensors", [photo])
        earlier = made_with(studio, name, 1)
        studio.apply(SetSplit((photo.id,), Split.TEST))
        with pytest.raises(BadInputError, match="learned from 1 image that this project tests on"):
            made_with(studio, name, 2)
        # What was made before the photo went into the test is not trained on any more.
        used, excluded = trainable(studio.images())
        assert earlier.id in excluded and earlier not in used


def test_an_adapter_of_another_project_is_known_by_the_photos_bytes(
    cli: Cli, filled: Path, tmp_path: Path, example_photos: Path
):
    other = tmp_path / "Other.catstudio"
    assert cli("new", other).status == 0
    assert cli("import", other, example_photos / "cat", "--label", "cat").status == 0
    with Studio.open(filled) as studio:
        own = [one for one in studio.images() if one.label == "cat"]
        name = adapter(tmp_path / "a.safetensors", own)
    with Studio.open(other) as studio:
        made = made_with(studio, name, 1)
        assert [parent.id for parent in made.provenance.parents] == [studio.images()[0].id]
        stranger = adapter(tmp_path / "b.safetensors", [], name="stranger")
        assert made_with(studio, stranger, 2).provenance.parents == ()


def test_an_adapter_that_was_taken_off_the_list_can_come_back(
    cli: Cli, filled: Path, tmp_path: Path
):
    name = adapter(tmp_path / "whiskers.safetensors", [])
    assert cli("models", "remove", name).status == 0
    assert cli("models", "add", tmp_path / "whiskers.safetensors").status == 0
    assert ModelRegistry().show("whiskers").kind == "lora"
    told = cli("personalise", filled, "--label", "cat", "--model", "whiskers")
    assert told.status == 3 and "not a whole image model" in told.err


def test_a_damaged_or_newer_card_is_refused(filled: Path, tmp_path: Path):
    path = tmp_path / "a.safetensors"
    name = adapter(path, [])
    header = msgspec.json.encode({"__metadata__": {KEY: '{"kind": "lora"}'}})
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with Studio.open(filled) as studio, pytest.raises(ModelFileError, match="damaged"):
        made_with(studio, name, 1)
    with pytest.raises(ModelFileError, match="newer"):
        adapter(path, [], version=2)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_order_of_events_trains_on_a_child_of_a_test_photo(filled: Path, tmp_path: Path, data):
    """Adapters are trained, images made and splits drawn in any order: the test stays clean."""
    with Studio.open(filled) as studio:
        adapters: list[str] = []
        every = st.sampled_from(("train", "make", "make", "draw"))
        rest = data.draw(st.lists(every, min_size=3, max_size=8))
        for number, action in enumerate(("train", *rest)):
            if action == "train":
                label = data.draw(st.sampled_from(studio.labels()))
                photos = choose(studio.images(), label).photos
                if photos:
                    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors"
                    adapters.append(adapter(path, photos, name=f"a{number}"))
            elif action == "draw":
                studio.draw_splits(per_label=data.draw(st.integers(1, 6)))
            elif adapters:
                name = data.draw(st.sampled_from(adapters))
                made = data.draw(st.integers(0, 10**6))
                try:
                    made_with(studio, name, made)
                except BadInputError as error:
                    assert "tests on" in error.message
        images = studio.images()
        tested = {
            line for one in images if one.split in (Split.TEST, Split.VAL) for line in one.lineages
        }
        used, _ = trainable([one for one in images if one.state is State.ACCEPTED])
        assert not any(tested.intersection(one.lineages) for one in used)
        assert not any(one.split is Split.TEST and one.is_synthetic for one in images)
