"""generate with a diffusion model: every flag reaches the worker, and comes back in the provenance."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from catstudio.studio import Studio

pytestmark = pytest.mark.needs_engine


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, with ``controlnet/`` and a LoRA beside it."""
    from tests.engine import tiny_models

    folder = tmp_path_factory.mktemp("model")
    pipe = tiny_models.stable_diffusion()
    pipe.save_pretrained(folder / "tiny")
    tiny_models.controlnet(pipe).save_pretrained(folder / "controlnet")
    tiny_models.lora(pipe, folder).rename(folder / "fluffy.safetensors")
    return folder


def test_every_flag_at_once_and_then_more_like_it(cli, filled, model, tmp_path):
    with Studio.open(filled) as studio:
        cat, guide = (
            next(image for image in studio.images() if image.label == label)
            for label in ("cat", "not-cat")
        )
        mask = Image.new("L", (cat.width, cat.height), 0)
    mask.paste(255, (100, 100, 180, 160))
    mask.save(tmp_path / "mask.png")
    flags = {
        "--model": model / "tiny", "--prompt": "a {grey|black} cat", "--negative-prompt": "dog",
        "--size": 64, "--steps": 2, "--guidance-scale": 3, "--strength": 0.9, "--seed": 11,
        "--scheduler": "dpmpp-2m-karras", "--loras": f"{model / 'fluffy.safetensors'}:0.8",
        "--seeds": cat.id, "--mask": tmp_path / "mask.png", "--guide": guide.id,
        "--controlnet": model / "controlnet", "--control": "scribble",
        "--controlnet-conditioning-scale": 0.5, "--control-guidance-start": 0,
        "--control-guidance-end": 0.9, "--label": "cat", "--count": 2, "--method": "diffusers",
    }  # fmt: skip
    words = [str(word) for pair in flags.items() for word in pair]
    ran = cli("generate", filled, *words, "--lock-seed", "--accept", "--json")
    assert ran.status == 0, ran.err
    with Studio.open(filled) as studio:
        made = studio.images_by_id(ran.json["ids"])
        assert {image.provenance.method for image in made} == {"inpaint"}
        assert [image.provenance.params["prompt"] for image in made] == [
            "a grey cat",
            "a black cat",
        ]
        assert [image.provenance.params["seed"] for image in made] == [11, 11]
        params = made[0].provenance.params
        assert {p.id for p in made[0].provenance.parents} == {cat.id, guide.id}
        assert set(made[0].lineages) >= set(cat.lineages) | set(guide.lineages)
        assert made[0].split is None
    expected = {
        "negative_prompt": "dog", "num_inference_steps": 2, "guidance_scale": 3.0, "strength": 0.9,
        "scheduler_choice": "dpmpp-2m-karras", "loras": "fluffy.safetensors:0.8",
        "control": "scribble", "controlnet": "controlnet", "controlnet_conditioning_scale": 0.5,
        "control_guidance_end": 0.9, "width": cat.width, "height": cat.height,
    }  # fmt: skip
    assert {name: params[name] for name in expected} == expected
    like = cli(
        "generate", filled, "--like", made[0].id, "--count", 1, "--model", model / "tiny",
        "--loras", "", "--json",
    )  # fmt: skip
    assert like.status == 0, like.err
    with Studio.open(filled) as studio:
        (variation,) = studio.images_by_id(like.json["ids"])
    assert variation.provenance.method == "image to image"
    assert variation.provenance.params["prompt"] == "a grey cat"
    assert variation.provenance.params["num_inference_steps"] == 2
    assert set(variation.lineages) == set(made[0].lineages)


def test_wrong_flags_are_named_before_a_worker_starts(cli, filled, model):
    def refused(*more: object) -> str:
        ran = cli(
            "generate", filled, "--method", "diffusers", "--label", "cat", "--count", 1,
            "--model", model / "tiny", *more,
        )  # fmt: skip
        assert ran.status == 3
        return str(ran.err)

    assert "Choose one of: own, euler" in refused("--scheduler", "magic")
    assert "no list called __nonsense__" in refused("--prompt", "a __nonsense__")
    assert "weight" in refused("--prompt", "a cat", "--loras", "fluffy:99")
