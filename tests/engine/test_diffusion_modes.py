"""Every way to make an image, with every family: inpaint, outpaint, ControlNet, enlarging, schedulers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    ModelFileError,
    NotPossibleError,
    OutOfMemoryError,
)
from catstudio.engine.diffusion import PipelineOwner, control, generate, loading
from catstudio.engine.diffusion.owner import Task
from catstudio.engine.diffusion.schedulers import is_flow
from catstudio.jobs.events import ImageMade
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.sources.schedulers import SCHEDULERS
from tests.engine import tiny_models
from tests.engine.diffusion_jobs import FAMILIES, Recorder, made, opened, png, request

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    ),
    # The library's own Flux ControlNet builds on a class that it calls deprecated.
    pytest.mark.filterwarnings("ignore:`FluxPosEmbed` is deprecated:FutureWarning"),
]

FLOW = FAMILIES[2:]
SIZE = (96, 64)
# Of module scope, so that all tests of one family run together: a model is loaded less often.
each_family = pytest.mark.parametrize("family", FAMILIES, scope="module")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def every_report(monkeypatch):
    monkeypatch.setattr("catstudio.jobs.context._REPORT_EVERY", 0.0)


@pytest.fixture(scope="module")
def owner() -> PipelineOwner:
    return PipelineOwner()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> dict[str, SeedImage]:
    """A wide ``seed`` of smooth colours and a square ``guide`` with a dark box."""
    folder = tmp_path_factory.mktemp("pictures")
    across, down = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(0, 255, SIZE[1]))
    seed = np.stack([across, down, 255 - across], axis=-1).astype(np.uint8)
    Image.fromarray(seed).save(folder / "seed.png")
    guide = Image.new("RGB", (64, 64), "white")
    guide.paste("black", (16, 16, 40, 48))
    guide.save(folder / "guide.png")
    return {n: SeedImage(n, str(folder / f"{n}.png"), "cat") for n in ("seed", "guide")}


@pytest.fixture(scope="module")
def mask() -> bytes:
    picture = Image.new("L", SIZE, 0)
    picture.paste(255, (30, 20, 62, 50))
    return png(picture)


Asked = Callable[..., GenerateRequest]


@pytest.fixture
def asked(tiny_diffusion: Path, pictures: dict[str, SeedImage], mask: bytes) -> Asked:
    """``asked(family, mode)``: a request of one mode, all with the same settings."""

    def build(family: str, mode: str, count: int = 1, **options: Any) -> GenerateRequest:
        more: dict[str, Any] = {}
        if mode.endswith("controlnet"):
            options["controlnet"] = str(tiny_diffusion / f"{family}-controlnet")
            more["guide"] = pictures["guide"]
        if not mode.startswith(("text", "enlarge")):
            more["seeds"] = (pictures["seed"],)
        if mode.startswith("inpaint"):
            more["mask"] = mask
        if mode.startswith("outpaint"):
            options.setdefault("outpaint", "right")
        if mode == "enlarge":
            options.setdefault("hires", 1.5)
        return request(tiny_diffusion / family, count, options=options, seed=5, **more)

    return build


MODES = {
    "text": ("text to image", ()),
    "image": ("image to image", ("seed",)),
    "inpaint": ("inpaint", ("seed",)),
    "outpaint": ("outpaint", ("seed",)),
    "enlarge": ("text to image", ()),
    "text controlnet": ("text to image", ("guide",)),
    "image controlnet": ("image to image", ("seed", "guide")),
    "inpaint controlnet": ("inpaint", ("seed", "guide")),
    "outpaint controlnet": ("outpaint", ("seed", "guide")),
}
MATRIX = [
    (family, mode)
    for family in FAMILIES
    for mode in MODES
    if family != "stable_diffusion_3" or mode in (*list(MODES)[:5], "text controlnet")
]


# -- what holds for all of them


@pytest.mark.parametrize(("family", "mode"), MATRIX)
def test_every_mode_makes_an_image_and_the_same_again(asked, owner, family, mode):
    method, parents = MODES[mode]
    (first,) = made(asked(family, mode), owner)
    assert first.method == method
    assert tuple(parent.id for parent in first.parents) == parents
    assert sum(parent.share for parent in first.parents) in (0, 1)
    assert opened(first.data).size == (first.params["width"], first.params["height"])
    (again,) = made(asked(family, mode), owner)
    assert again.data == first.data
    assert again.params == first.params


@each_family
def test_the_model_loaded_anew_makes_the_same_images_by_one_set_of_weights(asked, owner, family):
    modes = [mode for name, mode in MATRIX if name == family]
    asked_for = [asked(family, mode) for mode in modes]
    before = [made(one, owner)[0].data for one in asked_for]
    fresh = PipelineOwner()
    assert [made(one, fresh)[0].data for one in reversed(asked_for)] == before[::-1]
    made(asked_for[-1], fresh)
    warm = fresh._warm
    pipes = [*warm.pipes.values(), *warm.controlled.values()]
    assert len(pipes) >= 4
    for name, part in warm.base.components.items():
        if isinstance(part, torch.nn.Module):
            assert all(getattr(pipe, name) is part for pipe in pipes)
    assert len({id(pipe.controlnet) for pipe in warm.controlled.values()}) == 1
    made(asked_for[0], fresh)
    assert (warm.control, warm.network, warm.controlled) == (None, None, {})


@pytest.mark.parametrize(
    ("family", "mode"),
    [(f, m) for f, m in MATRIX if f in ("stable_diffusion", "flux") and m != "text"],
)
def test_cancel_stops_within_one_step(asked, owner, family, mode):
    at = 4 if mode == "enlarge" else 2
    recorder = Recorder(cancel_at=at)
    wish = asked(family, mode, 3, num_inference_steps=3, strength=1.0, hires_strength=1.0)
    with pytest.raises(CancelledError):
        generate(wish, recorder.context, owner)
    assert len(recorder.steps) == at
    assert not recorder.of(ImageMade)


def test_another_model_takes_the_place_of_one_with_a_controlnet(asked, owner):
    (before,) = made(asked("stable_diffusion", "text"), owner)
    made(asked("stable_diffusion", "text controlnet"), owner)
    (after,) = made(asked("stable_diffusion", "text"), owner)
    assert after.data == before.data


# -- inpaint


@each_family
def test_what_the_mask_leaves_is_the_parents_to_the_last_bit(asked, owner, pictures, mask, family):
    (image,) = made(asked(family, "inpaint", strength=1.0), owner)
    result = np.asarray(opened(image.data))
    parent = np.asarray(Image.open(pictures["seed"].path))
    changes = np.asarray(opened(mask)) > 0
    assert result.shape == parent.shape
    assert (result[~changes] == parent[~changes]).all()
    assert (result[changes] != parent[changes]).any(axis=-1).mean() > 0.9
    assert image.params["mask_share"] == round(float(changes.mean()), 4)


def test_masks_that_do_not_fit(asked, owner):
    wish = asked("stable_diffusion", "inpaint")
    for picture, words in (
        (Image.new("L", SIZE, 0), "black all over"),
        (Image.new("L", (64, 64), 255), "differ in shape"),
    ):
        bad = _replaced(wish, mask=png(picture))
        with pytest.raises(BadInputError, match=words):
            made(bad, owner)
    with pytest.raises(BadInputError, match="not a PNG"):
        made(_replaced(wish, mask=b"scribble"), owner)
    with pytest.raises(BadInputError, match="no seed image"):
        made(_replaced(wish, seeds=()), owner)
    recorder = Recorder()
    small = Image.new("L", (48, 32), 0)
    small.paste(255, (10, 10, 30, 20))
    wish = _replaced(wish, mask=png(small), seeds=(wish.seeds[0], wish.seeds[0]))
    generate(wish, recorder.context, owner)
    assert "belongs to the first seed image" in recorder.warnings[0]
    assert "it is resized" in recorder.warnings[1]


def test_a_model_for_inpainting_alone(tmp_path, pictures, mask, owner):
    tiny_models.inpainting_only().save_pretrained(tmp_path / "inpainter")
    seeds = (pictures["seed"],)
    try:
        (image,) = made(request(tmp_path / "inpainter", seeds=seeds, mask=mask), owner)
    except ModelFileError as refused:
        pytest.skip(f"the list of models does not take it yet: {refused.message}")
    assert image.method == "inpaint"
    with pytest.raises(NotPossibleError, match="redraws masked parts"):
        made(request(tmp_path / "inpainter"), owner)
    with pytest.raises(NotPossibleError, match="cannot start from a seed image"):
        made(request(tmp_path / "inpainter", seeds=seeds), owner)


# -- outpaint


@pytest.mark.parametrize("family", ["stable_diffusion_xl", "flux"])
@pytest.mark.parametrize(
    ("side", "size", "inside"),
    [
        ("left", (64, 32), (13, 0, 64, 32)),
        ("top", (40, 32), (0, 6, 40, 32)),
        ("all", (48, 32), (8, 5, 40, 27)),
    ],
)
def test_the_canvas_grows_around_the_parent(asked, owner, pictures, family, side, size, inside):
    (image,) = made(asked(family, "outpaint", outpaint=side), owner)
    result = opened(image.data)
    assert result.size == size
    parent = Image.open(pictures["seed"].path)
    fitted = parent.resize((inside[2] - inside[0], inside[3] - inside[1]), Image.Resampling.LANCZOS)
    assert result.crop(inside).tobytes() == fitted.tobytes()
    assert image.params["strength"] == 0.85
    assert (image.params["outpaint"], image.params["outpaint_amount"]) == (side, 25)


def test_what_cannot_be_extended_is_said(asked, owner, mask):
    with pytest.raises(BadInputError, match="more than twice as long"):
        made(asked("stable_diffusion", "outpaint", outpaint_amount=100), owner)
    with pytest.raises(BadInputError, match="not both"):
        made(_replaced(asked("stable_diffusion", "outpaint"), mask=mask), owner)
    with pytest.raises(BadInputError, match="no seed image"):
        made(_replaced(asked("stable_diffusion", "outpaint"), seeds=()), owner)
    recorder = Recorder()
    generate(asked("stable_diffusion", "outpaint", hires=2), recorder.context, owner)
    assert recorder.warnings == ["The image is not enlarged: what is not redrawn stays as it is."]


# -- ControlNet


@each_family
def test_the_guide_is_followed_as_strongly_as_asked(asked, owner, family):
    (plain,) = made(asked(family, "text"), owner)
    (guided,) = made(asked(family, "text controlnet"), owner)
    (ignored,) = made(asked(family, "text controlnet", controlnet_conditioning_scale=0.0), owner)
    (as_is,) = made(asked(family, "text controlnet", control="as-is"), owner)
    assert guided.data != plain.data
    assert guided.data != as_is.data
    if family != "flux":  # Its pipeline draws from the generator also to encode the guide.
        assert ignored.data == plain.data
    params = guided.params
    assert params["controlnet"] == f"{family}-controlnet"
    assert params["controlnet_revision"]
    assert (params["control"], params["guide"]) == ("canny", "guide")


def test_when_the_guide_is_followed(asked, owner):
    late = asked(
        "stable_diffusion", "text controlnet", num_inference_steps=4, control_guidance_start=0.5
    )
    whole = asked("stable_diffusion", "text controlnet", num_inference_steps=4)
    assert made(late, owner)[0].data != made(whole, owner)[0].data
    with pytest.raises(BadInputError, match=r"begin at 0\.5 of the steps and end at 0\.5"):
        made(_with(late, control_guidance_end=0.5), owner)


def test_without_a_guide_the_seed_guides_itself(asked, owner):
    wish = _replaced(asked("stable_diffusion", "image controlnet"), guide=None)
    (image,) = made(wish, owner)
    assert [parent.id for parent in image.parents] == ["seed"]
    assert "guide" not in image.params


def test_controlnets_that_do_not_fit(asked, owner, tiny_diffusion, pictures, tmp_path):
    def controlled(family: str, net: Path | str, mode: str = "text controlnet"):
        return _with(asked(family, mode), controlnet=str(net))

    for family, other in (
        ("stable_diffusion", "stable_diffusion_xl"),
        ("stable_diffusion_xl", "flux"),
        ("flux", "stable_diffusion_3"),
        ("stable_diffusion_3", "stable_diffusion"),
    ):
        with pytest.raises(BadInputError, match="another kind of model") as refused:
            made(controlled(family, tiny_diffusion / f"{other}-controlnet"), owner)
        assert f"{other}-controlnet" in refused.value.message
        assert family in refused.value.message
    for mode in ("image controlnet", "inpaint controlnet"):
        with pytest.raises(NotPossibleError, match="takes no ControlNet for"):
            made(asked("stable_diffusion_3", mode), owner)
    with pytest.raises(NotPossibleError, match="no ControlNet called 'nothing'"):
        made(controlled("flux", "nothing"), owner)
    with pytest.raises(ModelFileError, match="not a ControlNet that can be used"):
        made(controlled("flux", tiny_diffusion / "flux" / "vae"), owner)
    with pytest.raises(ModelFileError, match=r"no folder with a config|not a folder with a config"):
        made(controlled("flux", tiny_diffusion / "flux"), owner)
    with pytest.raises(BadInputError, match="needs a ControlNet"):
        made(request(tiny_diffusion / "flux", guide=pictures["guide"]), owner)
    with pytest.raises(BadInputError, match="no image to follow"):
        made(_replaced(asked("flux", "text controlnet"), guide=None), owner)


def test_a_controlnet_of_the_hub_cache_needs_no_network(asked, owner, tiny_diffusion, monkeypatch):
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory() as cache:
        monkeypatch.setenv("HF_HUB_CACHE", cache)
        repo = Path(cache) / "models--someone--net"
        shutil.copytree(tiny_diffusion / "flux-controlnet", repo / "snapshots" / "c0ffee")
        (repo / "refs").mkdir()
        (repo / "refs" / "main").write_text("c0ffee")
        found = control.find("someone/net", allow_download=False)
    assert (found.id, found.revision) == ("someone/net", "c0ffee")


# -- enlarging


@each_family
def test_an_enlarged_image_is_drawn_twice_and_the_decoder_is_left_as_it_was(asked, owner, family):
    recorder = Recorder()
    generate(asked(family, "enlarge", hires=2.0, hires_strength=0.5), recorder.context, owner)
    (image,) = recorder.of(ImageMade)
    assert opened(image.data).size == (64, 64)
    assert (image.params["hires"], image.params["hires_strength"]) == (2.0, 0.5)
    assert [step.message for step in recorder.steps] == [
        "Image 1 of 1, step 1 of 2",
        "Image 1 of 1, step 2 of 2",
        "Image 1 of 1, enlarged, step 1 of 1",
    ]
    done = [step.done for step in recorder.steps]
    assert done == sorted(done)
    assert done[-1] < 1
    vae = owner._warm.base.vae
    assert (vae.use_tiling, vae.use_slicing) == (False, False)


def test_the_enlarged_image_is_decoded_in_tiles(asked, owner, monkeypatch):
    made(asked("stable_diffusion", "text"), owner)
    vae = owner._warm.base.vae
    sizes = []
    plain = type(vae).tiled_decode

    def seen(self, latents, **more):
        sizes.append(tuple(latents.shape[-2:]))
        return plain(self, latents, **more)

    monkeypatch.setattr(type(vae), "tiled_decode", seen)
    made(asked("stable_diffusion", "enlarge", hires=2.0), owner)
    assert sizes == [(16, 16)]


# -- schedulers


@pytest.mark.parametrize("family", ["stable_diffusion", "stable_diffusion_xl"])
def test_every_scheduler_draws_and_leaves_the_models_own(asked, owner, family):
    (plain,) = made(asked(family, "text", num_inference_steps=3), owner)
    images = {plain.data}
    for choice, scheduler in SCHEDULERS.items():
        for mode in ("text", "image"):
            wish = asked(family, mode, num_inference_steps=3, scheduler=choice)
            (image,) = made(wish, owner)
            assert image.params["scheduler"] == scheduler.diffusion
            assert image.params["scheduler_choice"] == choice
            images.add(image.data)
    assert len(images) > 1.5 * len(SCHEDULERS)  # in three steps some go the same way
    assert made(asked(family, "text", num_inference_steps=3), owner)[0].data == plain.data
    assert "scheduler_choice" not in plain.params


@pytest.mark.parametrize("family", FLOW)
def test_flow_matching_models_take_flow_matching_schedulers(asked, owner, family):
    for choice, scheduler in SCHEDULERS.items():
        for mode in ("text", "image", "inpaint"):
            wish = asked(family, mode, scheduler=choice)
            if scheduler.flow:
                assert made(wish, owner)[0].params["scheduler"] == scheduler.flow
            else:
                with pytest.raises(BadInputError, match="does not fit") as refused:
                    made(wish, owner)
                assert refused.value.hint == "Choose one of: own, euler, lcm."


def test_a_flow_is_told_from_its_settings(owner):
    assert is_flow(tiny_models.FlowMatchEulerDiscreteScheduler())
    assert not is_flow(tiny_models.DDIMScheduler())


# -- seeds and prompts


def test_prompts_can_share_their_seed(asked, owner):
    wish = _replaced(asked("stable_diffusion", "text", 4, lock_seed=True), prompts=("a", "b"))
    assert [image.params["seed"] for image in made(wish, owner)] == [5, 5, 6, 6]
    counted = _with(wish, lock_seed=False)
    assert [image.params["seed"] for image in made(counted, owner)] == [5, 6, 7, 8]
    assert len({image.data for image in made(wish, owner)}) == 4


def test_lists_are_drawn_from_and_the_prompt_that_ran_is_kept(asked, owner):
    wish = asked("stable_diffusion", "text", 4, prompt="a {grey|black} cat by a __animal__")
    prompts = [image.params["prompt"] for image in made(wish, owner)]
    assert [prompt.split()[1] for prompt in prompts] == ["grey", "black"] * 2
    assert not any("__" in prompt for prompt in prompts)
    assert prompts == [image.params["prompt"] for image in made(wish, owner)]


# -- memory


def test_out_of_memory_with_a_controlnet_is_explained_and_got_over(asked):
    owner = PipelineOwner()
    wish = asked("stable_diffusion", "inpaint controlnet")
    made(wish, owner)
    for attempt in range(2):
        # A layer asks for a petabyte, for real: torch's own allocator refuses.
        layer = owner._warm.base.unet.conv_in
        layer.forward = lambda *_, **__: torch.empty(1 << 50, dtype=torch.uint8)
        recorder = Recorder()
        if attempt == 0:
            generate(wish, recorder.context, owner)
            assert "filled the memory" in recorder.warnings[0]
            assert len(recorder.of(ImageMade)) == 1
        else:
            with pytest.raises(OutOfMemoryError, match="does not fit"):
                generate(wish, recorder.context, owner)
    assert owner._warm is None


def test_the_owner_derives_a_pipeline_for_each_task(tiny_diffusion):
    owner = PipelineOwner()
    choice = loading.find(str(tiny_diffusion / "stable_diffusion"))
    warm = owner.get(choice, Task.INPAINT, "cpu", 1024, allow_download=False)
    assert set(warm.pipes) == {Task.TEXT, Task.INPAINT}
    assert warm.pipe(Task.TEXT) is warm.base


def _replaced(wish: GenerateRequest, **fields: Any) -> GenerateRequest:
    import msgspec

    return msgspec.structs.replace(wish, **fields)


def _with(wish: GenerateRequest, **options: Any) -> GenerateRequest:
    return _replaced(wish, options={**wish.options, **options})
