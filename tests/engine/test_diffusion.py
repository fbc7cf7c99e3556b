"""The diffusion engine end to end, on tiny pipelines of every family that the tests build here."""

from __future__ import annotations

import io
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    CatStudioError,
    ModelFileError,
    NotPossibleError,
    OutOfMemoryError,
)
from catstudio.engine import device as devices
from catstudio.engine import diffusion
from catstudio.engine.diffusion import PipelineOwner, generate, loading, reporting
from catstudio.engine.diffusion.owner import Task
from catstudio.jobs.events import ImageMade, Progress, Warned
from catstudio.jobs.requests import SeedImage
from catstudio.models import ModelRegistry
from tests.engine import tiny_models
from tests.engine.diffusion_jobs import FAMILIES, Recorder, made, opened, request

# diffusers' Euler scheduler still converts tensors the way numpy 2 deprecates.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Tensors this small only wait for each other on more threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def every_report(monkeypatch):
    """A person is told ten times a second; these tests count the steps."""
    monkeypatch.setattr("catstudio.jobs.context._REPORT_EVERY", 0.0)


@pytest.fixture(scope="session")
def models(tiny_diffusion) -> Path:
    """The tiny models, with ``one.safetensors`` beside its config."""
    if not (tiny_diffusion / "one.safetensors").exists():
        tiny_models.single_file(
            tiny_diffusion / "stable_diffusion", tiny_diffusion / "one.safetensors"
        )
    return tiny_diffusion


@pytest.fixture(scope="session")
def owner() -> PipelineOwner:
    return PipelineOwner()


@pytest.fixture
def seeds(tmp_path) -> tuple[SeedImage, ...]:
    """Two seed images: one wide, one upright."""
    pictures = {"wide": (96, 64), "upright": (64, 96)}
    for name, size in pictures.items():
        Image.effect_noise(size, 60).convert("RGB").save(tmp_path / f"{name}.png")
    return tuple(SeedImage(id=n, path=str(tmp_path / f"{n}.png"), label="cat") for n in pictures)


# -- making images


@pytest.mark.parametrize("family", FAMILIES)
def test_text_to_image(models, owner, family):
    recorder = Recorder()
    prompts = ("a grey cat", "a black cat")
    result = generate(request(models / family, 3, prompts=prompts, seed=7), recorder.context, owner)
    assert (result["made"], result["device"], result["dtype"]) == (3, "cpu", "float32")
    images = recorder.of(ImageMade)
    assert [event.params["prompt"] for event in images] == [
        "a grey cat",
        "a black cat",
        "a grey cat",
    ]
    assert [event.params["seed"] for event in images] == [7, 8, 9]
    assert len({event.data for event in images}) == 3
    first = images[0]
    assert (first.method, first.parents, first.name) == ("text to image", (), "cat-7.png")
    assert opened(first.data).size == (32, 32)
    assert first.params["model"] == family
    assert first.params["revision"] == result["revision"]
    assert first.params["num_inference_steps"] == 2
    assert first.params["guidance_scale"] == 6.0
    assert (first.params["width"], first.params["height"]) == (32, 32)
    assert first.params["scheduler"].endswith("Scheduler")
    assert "strength" not in first.params


@pytest.mark.parametrize("family", FAMILIES)
def test_image_to_image_keeps_shape_and_names_the_parent(models, owner, seeds, family):
    images = made(request(models / family, 3, seeds=seeds, options={"strength": 0.5}), owner)
    assert [event.method for event in images] == ["image to image"] * 3
    assert [event.parents[0].id for event in images] == ["wide", "upright", "wide"]
    assert [opened(event.data).size for event in images] == [(48, 32), (32, 48), (48, 32)]
    assert {event.params["strength"] for event in images} == {0.5}


@pytest.mark.parametrize("family", ["stable_diffusion", "flux"])
def test_progress_rises_and_previews_decode(models, owner, monkeypatch, family):
    monkeypatch.setattr(reporting, "PREVIEW_SECONDS", 0.0)
    recorder = Recorder()
    generate(
        request(models / family, 2, options={"num_inference_steps": 3}), recorder.context, owner
    )
    done = [event.done for event in recorder.of(Progress)]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 2)
    assert {event.total for event in recorder.of(Progress)} == {2}
    assert len(recorder.steps) == 6
    assert all(0 < event.done % 1 < 1 for event in recorder.steps)
    assert recorder.steps[0].message == "Image 1 of 2, step 1 of 3"
    for event in recorder.steps:
        assert opened(event.preview).format == "JPEG"
        assert opened(event.preview).size == (128, 128)


def test_previews_come_at_most_four_times_a_second(models, owner):
    recorder = Recorder()
    start = time.monotonic()
    generate(
        request(models / "stable_diffusion", options={"num_inference_steps": 20}),
        recorder.context,
        owner,
    )
    allowed = 1 + (time.monotonic() - start) / reporting.PREVIEW_SECONDS
    assert len(recorder.steps) == 20
    assert recorder.steps[0].preview
    assert sum(event.preview is not None for event in recorder.steps) <= allowed


@pytest.mark.parametrize("family", ["stable_diffusion", "stable_diffusion_3"])
def test_cancel_stops_within_one_step_and_the_next_job_runs(models, owner, family):
    recorder = Recorder(cancel_at=4)
    with pytest.raises(CancelledError):
        generate(
            request(models / family, 9, options={"num_inference_steps": 3}), recorder.context, owner
        )
    assert len(recorder.steps) == 4
    assert len(recorder.of(ImageMade)) == 1
    assert len(made(request(models / family), owner)) == 1


def test_one_seed_is_one_image(models, owner, seeds):
    for family in ("stable_diffusion", "stable_diffusion_3"):
        together = made(request(models / family, 2, seed=3), owner)
        alone = made(request(models / family, 1, seed=4), PipelineOwner())
        assert together[1].data == alone[0].data
        assert together[0].data != alone[0].data
    again = [made(request(models / "flux", seeds=seeds), owner)[0].data for _ in range(2)]
    assert again[0] == again[1]


def test_a_single_file_gives_the_same_image_as_its_folder(models, owner):
    from_folder = made(request(models / "stable_diffusion"), owner)
    from_file = made(request(models / "one.safetensors"), owner)
    assert from_file[0].data == from_folder[0].data
    assert from_file[0].params["model"] == "one.safetensors"


def test_a_registered_name_and_the_negative_prompt(models, owner):
    registry = ModelRegistry()
    entry = registry.add(models / "stable_diffusion")
    try:
        (plain,) = made(request(entry.id), owner)
        (avoided,) = made(request(entry.id, options={"negative_prompt": "dog"}), owner)
    finally:
        registry.remove(entry.id)
    assert plain.params["model"] == entry.id
    assert avoided.params["negative_prompt"] == "dog"
    assert avoided.data != plain.data
    recorder = Recorder()
    generate(request(models / "flux", options={"negative_prompt": "dog"}), recorder.context, owner)
    assert "negative_prompt" not in recorder.of(ImageMade)[0].params
    assert "does not use a negative prompt" in recorder.of(Warned)[0].message


def test_a_template_is_expanded(models, owner):
    options = {"prompt": "a {grey|black} cat"}
    images = made(request(models / "stable_diffusion", 3, options=options), owner)
    prompts = [event.params["prompt"] for event in images]
    assert prompts == ["a grey cat", "a black cat", "a grey cat"]


def test_the_worker_entry_runs(models):
    recorder = Recorder()
    assert diffusion.run(request(models / "stable_diffusion"), recorder.context)["made"] == 1


# -- what is asked does not fit


def test_sizes_are_rounded_with_a_note(models, owner):
    recorder = Recorder()
    generate(request(models / "stable_diffusion", 2, options={"size": 37}), recorder.context, owner)
    assert [opened(event.data).size for event in recorder.of(ImageMade)] == [(40, 40)] * 2
    assert [event.message for event in recorder.of(Warned)] == [
        "stable_diffusion cannot make 37 pixels; 40 is the nearest that it can."
    ]


def test_a_size_far_below_the_model_is_made_with_a_warning(models, owner):
    for size, warnings in ((64, 0), (32, 1)):
        recorder = Recorder()
        req = request(models / "stable_diffusion_3", 2, options={"size": size})
        generate(req, recorder.context, owner)
        assert {event.params["width"] for event in recorder.of(ImageMade)} == {size}
        assert len(recorder.of(Warned)) == warnings
    assert "was made for 128 pixels" in recorder.of(Warned)[0].message


def test_a_size_beyond_the_positions_of_the_model_is_refused(models, owner):
    with pytest.raises(BadInputError, match="at most 64 pixels"):
        made(request(models / "stable_diffusion_3", options={"size": 128}), owner)


def test_too_few_steps_for_the_strength_are_raised(models, owner, seeds):
    options = {"strength": 0.1, "num_inference_steps": 2}
    (image,) = made(request(models / "stable_diffusion", seeds=seeds[:1], options=options), owner)
    assert image.params["num_inference_steps"] == 10


def test_an_empty_prompt_needs_a_seed(models, owner, seeds):
    empty = {"prompt": " "}
    with pytest.raises(BadInputError, match="prompt is empty"):
        made(request(models / "stable_diffusion", options=empty), owner)
    assert made(request(models / "stable_diffusion", seeds=seeds, options=empty), owner)


def test_a_seed_that_is_no_image_is_left_out(models, owner, seeds, tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    bad = SeedImage(id="bad", path=str(tmp_path / "text.png"))
    recorder = Recorder()
    generate(request(models / "stable_diffusion", 4, seeds=(bad, *seeds)), recorder.context, owner)
    assert [event.parents[0].id for event in recorder.of(ImageMade)] == ["wide", "upright"]
    assert [event.path for event in recorder.of(Warned)] == [bad.path] * 2
    with pytest.raises(CatStudioError, match="no usable image"):
        made(request(models / "stable_diffusion", seeds=(bad,)), owner)


# -- models that cannot be used


def test_models_that_are_not_there(owner):
    with pytest.raises(NotPossibleError, match="No diffusion model is chosen"):
        made(request(""), owner)
    with pytest.raises(NotPossibleError, match="no model called 'nonsense'"):
        made(request("nonsense"), owner)
    with pytest.raises(NotPossibleError, match="not in the Hugging Face cache") as missing:
        made(request("someone/some-model"), owner)
    assert "catstudio models add" in missing.value.hint
    with pytest.raises(NotPossibleError, match="cannot be downloaded") as offline:
        made(request("someone/some-model", options={"allow_download": True}), owner)
    assert "HF_HUB_OFFLINE is set." in offline.value.message


def test_model_files_that_cannot_be_used(models, owner, tmp_path):
    broken = shutil.copytree(models / "stable_diffusion", tmp_path / "broken")
    weights = broken / "unet" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelFileError, match="cut short"):
        made(request(broken), owner)
    weights.unlink()
    torch.save({}, broken / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelFileError, match="pickled"):
        made(request(broken), owner)
    (broken / "model_index.json").unlink()
    with pytest.raises(ModelFileError, match=r"model_index\.json"):
        made(request(broken), owner)
    checkpoint = tmp_path / "model.ckpt"
    torch.save({}, checkpoint)
    with pytest.raises(ModelFileError, match="pickled"):
        made(request(checkpoint), owner)


def test_a_bare_single_file_says_what_it_needs(models, owner, tmp_path):
    bare = Path(shutil.copy(models / "one.safetensors", tmp_path / "bare.safetensors"))
    with pytest.raises(NotPossibleError, match="not its configuration") as refused:
        made(request(bare), owner)
    assert str(tmp_path / "bare") in refused.value.hint
    with pytest.raises(NotPossibleError, match="cannot be downloaded"):
        made(request(bare, options={"allow_download": True}), owner)


def test_weights_of_other_shapes_are_refused_by_name(models, owner, tmp_path):
    other = shutil.copytree(models / "stable_diffusion", tmp_path / "other")
    shutil.copy(
        models / "stable_diffusion_xl" / "unet" / "config.json", other / "unet" / "config.json"
    )
    with pytest.raises(ModelFileError, match="cannot be loaded") as refused:
        made(request(other), owner)
    assert str(other) in refused.value.message


def test_code_that_a_model_names_is_not_imported(models, owner, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "planted.py").write_text("raise SystemExit('the planted code ran')")
    model = shutil.copytree(models / "stable_diffusion", tmp_path / "model")
    index = json.loads((model / "model_index.json").read_text())
    index["unet"] = ["planted", "UNet"]
    (model / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ModelFileError, match=r"asks for planted\.UNet"):
        made(request(model), owner)


def test_a_model_from_the_hub_cache_is_loaded_without_the_network(
    models, owner, tmp_path, monkeypatch
):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    repo = tmp_path / "models--someone--tiny"
    shutil.copytree(models / "stable_diffusion", repo / "snapshots" / "c0ffee")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("c0ffee")
    (image,) = made(request("someone/tiny"), owner)
    assert (image.params["model"], image.params["revision"]) == ("someone/tiny", "c0ffee")


# -- the owner of the pipeline


def test_the_pipeline_is_kept_and_its_weights_are_shared(models, seeds):
    owner = PipelineOwner()
    choice = loading.find(str(models / "stable_diffusion"))
    text = owner.get(choice, Task.TEXT, "cpu", 1024, allow_download=False)
    image = owner.get(choice, Task.IMAGE, "cpu", 1024, allow_download=False)
    assert text is image
    assert text.pipes[Task.TEXT].unet is text.pipes[Task.IMAGE].unet
    other = owner.get(
        loading.find(str(models / "flux")), Task.TEXT, "cpu", 1024, allow_download=False
    )
    assert other is not text
    owner.drop()
    owner.drop()
    assert owner.get(choice, Task.TEXT, "cpu", 1024, allow_download=False) is not text


def broken_owner(models: Path, tmp_path: Path, dtype: torch.dtype, value: float):
    """An owner that would run in ``dtype``, and a model whose U-Net ends in ``value``."""
    model = shutil.copytree(models / "stable_diffusion", tmp_path / "broken")
    file = model / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    tensors["conv_out.weight"] = torch.full_like(tensors["conv_out.weight"], value)
    save_file(tensors, file)
    return PipelineOwner(lambda kind: replace(devices.choose("cpu"), dtype=dtype)), model


def test_an_overflow_is_done_again_in_float32(models, tmp_path):
    owner, model = broken_owner(models, tmp_path, torch.float16, 6e4)
    recorder = Recorder()
    result = generate(request(model, 2), recorder.context, owner)
    assert (result["made"], result["dtype"]) == (2, "float32")
    assert [event.message for event in recorder.of(Warned)] == [
        "broken gave no valid image in float16."
    ]
    assert {event.params["dtype"] for event in recorder.of(ImageMade)} == {"float32"}


def test_not_a_number_is_said_and_not_handed_over(models, tmp_path):
    owner, model = broken_owner(models, tmp_path, torch.float32, float("nan"))
    recorder = Recorder()
    with pytest.raises(CatStudioError, match="no usable image"):
        generate(request(model), recorder.context, owner)
    assert "no valid image for image 1" in recorder.of(Warned)[0].message
    assert not recorder.of(ImageMade)


def test_out_of_memory_is_tried_once_more_and_then_explained(models):
    """The unet asks for a petabyte, for real: torch's own allocator refuses."""
    owner = PipelineOwner()
    choice = loading.find(str(models / "stable_diffusion"))

    def hungry(*args, **kwargs):
        return torch.empty(1 << 50, dtype=torch.uint8)

    warm = owner.get(choice, Task.TEXT, "auto", 1024, allow_download=False)
    warm.pipes[Task.TEXT].unet.forward = hungry
    recorder = Recorder()
    assert generate(request(models / "stable_diffusion"), recorder.context, owner)["made"] == 1
    assert "filled the memory" in recorder.of(Warned)[0].message
    again = owner.get(choice, Task.TEXT, "auto", 1024, allow_download=False)
    assert again is not warm
    again.pipes[Task.TEXT].unet.forward = hungry
    with pytest.raises(OutOfMemoryError, match="does not fit") as full:
        generate(request(models / "stable_diffusion"), Recorder().context, owner)
    assert "smaller" in full.value.hint or "should fit" in full.value.hint
    assert made(request(models / "stable_diffusion"), owner)


def test_a_prompt_that_is_too_long_is_said_once(models, owner):
    recorder = Recorder()
    prompt = "a cat " * 60 + "with a very particular hat"
    asked = request(models / "stable_diffusion", count=2, options={"prompt": prompt})
    generate(asked, recorder.context, owner)
    warned = [w.message for w in recorder.of(Warned) if "not read" in w.message]
    assert len(warned) == 1
    assert "77 tokens" in warned[0]
    short = Recorder()
    asked = request(models / "stable_diffusion", options={"prompt": "ein Kätzchen, кошка, 猫 🐈"})
    generate(asked, short.context, owner)
    assert not [w for w in short.of(Warned) if "not read" in w.message]


def test_a_panorama_is_cropped_and_prompts_are_cycled(models, owner, tmp_path):
    Image.effect_noise((2000, 40), 60).convert("RGB").save(tmp_path / "pano.png")
    recorder = Recorder()
    asked = request(
        models / "stable_diffusion",
        count=3,
        prompts=("a cat", "a dog"),
        seeds=(SeedImage(id="pano", path=str(tmp_path / "pano.png"), label="cat"),),
        options={"size": 35},
    )
    generate(asked, recorder.context, owner)
    made = recorder.of(ImageMade)
    assert [m.params["prompt"] for m in made] == ["a cat", "a dog", "a cat"]
    for one in made:
        width, height = Image.open(io.BytesIO(one.data)).size
        assert width % 8 == height % 8 == 0
        assert width <= 2.3 * height
