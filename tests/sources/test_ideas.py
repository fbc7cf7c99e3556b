"""Ideas fill gaps; recipes bring an image's own settings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.errors import BadInputError
from catstudio.core.types import ImageRecord, Parent, Provenance, State
from catstudio.sources import recipes, source
from catstudio.sources.ideas import read_ideas, subject_of, suggest, written
from catstudio.sources.prompts import expand


def image(origin: str, label: str | None = "cat", **fields: Any) -> ImageRecord:
    state = fields.pop("state", State.ACCEPTED)
    tags = fields.pop("tags", ())
    return ImageRecord(
        id="i", sha256="", label=label, state=state, split=None, source=origin, is_real=False,
        width=8, height=8, format="PNG", name="i.png", weight=1, lineages=(), author="",
        created="", provenance=Provenance(source=origin, **fields), tags=tags,
    )  # fmt: skip


def test_the_bundled_list_is_sound() -> None:
    ideas = read_ideas()
    assert len(ideas.axes) >= 6
    phrases = [phrase for axis in ideas.axes.values() for phrase in axis.phrases]
    assert len(phrases) == len(set(phrases)) >= 40


@given(st.integers(0, 100), st.integers(1, 80))
def test_ideas_are_distinct_and_stand_for_themselves(seed: int, count: int) -> None:
    found = suggest("cat", (), count, seed)
    assert found == suggest("cat", (), count, seed)
    assert len({idea.prompt for idea in found}) == len(found) <= count
    axes = len(read_ideas().axes)
    assert len({idea.axis for idea in found[:axes]}) == min(axes, len(found))
    assert all(len(expand(idea.prompt, lists={})) == 1 for idea in found)


def test_what_was_asked_for_comes_last() -> None:
    asked = ["a cat at night", "a cat in fog", "cat in bright sunlight", "a cat backlit"]
    found = suggest("cat", asked, 100)
    order = [idea.axis for idea in found]
    assert order.index("light") == len(read_ideas().axes) - 1
    light = [idea for idea in found if idea.axis == "light"]
    assert light[0].phrase not in ("at night", "in fog", "in bright sunlight", "against the light")
    assert "not asked for yet" in light[0].why
    assert "once only" in light[-1].why
    assert "No prompt says anything of" in found[0].why


def test_what_is_written_about_an_image() -> None:
    made = image("diffusers", params={"prompt": "a cat"}, tags=("night",))
    assert written(made, "cat") == ("a cat", "night")
    assert written(made, "dog") == ()
    assert written(image("diffusers", params={"prompt": "x"}, state=State.REJECTED), "cat") == ()


@pytest.mark.parametrize("text", ["axes = 3", "template = 'x'\n[axes.a]\ntitle='a'\nphrases=['b']"])
def test_an_own_list_that_is_wrong_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prompt_ideas.toml"
    path.write_text(text)
    with pytest.raises(BadInputError, match=r"prompt_ideas\.toml"):
        read_ideas(path)


MADE = image(
    "diffusers",
    method="image to image",
    parents=(Parent("p"), Parent("g", 0.1)),
    params={
        "model": "m", "revision": "r", "prompt": "a {cat}", "negative_prompt": "text", "seed": 7,
        "scheduler": "EulerDiscreteScheduler", "scheduler_choice": "euler", "guide": "g",
        "num_inference_steps": 9, "strength": 0.4, "width": 64, "height": 64, "hires": 1.5,
        "controlnet": "c",
    },
)  # fmt: skip


def test_settings_come_back() -> None:
    found = recipes.read_back(MADE)
    assert found is not None
    assert (found.method, found.seed, found.seeds, found.guide) == ("diffusers", 7, ("p",), "g")
    assert expand(found.template, lists={}) == ["a {cat}"]
    source("diffusers").options(found.options)  # every option is one, and in range
    assert found.options["scheduler"] == "euler"
    assert found.options["num_inference_steps"] == 9


def test_more_like_it_and_fix_it() -> None:
    more = recipes.more_like(MADE, has_model=True)
    assert (more.method, more.seeds, more.seed) == ("diffusers", ("i",), None)
    assert more.options["strength"] == recipes.MORE_STRENGTH and more.options["model"] == "m"
    assert not {"hires", "controlnet"} & set(more.options)
    photo = image("photo")
    assert recipes.more_like(photo, has_model=False).method == "seed"
    described = recipes.more_like(photo, has_model=True)
    assert described.template == "a photo of a cat"
    assert recipes.fix(MADE, has_mask=True).options["strength"] == recipes.FIX_STRENGTH
    assert recipes.fix(photo, has_mask=False).options["strength"] == recipes.TOUCH_UP_STRENGTH


def test_another_tools_settings_are_read() -> None:
    theirs = image(
        "other-tool",
        params={
            "prompt": "a cat", "negative_prompt": "dog",
            "parameters": "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, "
            "Seed: 12, Size: 512x768, Model: x, Denoising strength: 3",
        },
    )  # fmt: skip
    found = recipes.read_back(theirs)
    assert found is not None and found.seed == 12
    assert found.options == {
        "negative_prompt": "dog", "num_inference_steps": 20, "guidance_scale": 7.5, "size": 512,
        "scheduler": "dpmpp-2m-karras",
    }  # fmt: skip
    assert recipes.read_back(image("photo")) is None


@pytest.mark.parametrize("text", ["Sampler: euler_a", "Steps: many, Seed: -1", "Size: 9x9", ""])
def test_what_another_tool_wrote_otherwise_is_passed_over(text: str) -> None:
    params = {"prompt": "a cat", "parameters": text}
    found = recipes.read_back(image("vendor", params=params))
    assert found is not None
    assert (found.options, found.seed) == ({}, None)


def test_only_what_was_drawn_over_starts_it_again() -> None:
    taught = (Parent("p", 0.8), Parent("g", 0.2), Parent("l", 0.05))
    params = {"prompt": "a cat", "loras": "fluffy:0.8", "guide": "g", "num_inference_steps": 999}
    redrawn = recipes.read_back(image("diffusers", method="inpaint", parents=taught, params=params))
    assert redrawn is not None
    assert (redrawn.seeds, redrawn.guide, redrawn.needs_mask) == (("p",), "g", True)
    assert redrawn.options == {"loras": "fluffy:0.8"}
    text = recipes.read_back(
        image("diffusers", method="text to image", parents=taught[1:], params=params)
    )
    assert text is not None
    assert (text.seeds, text.guide, text.needs_mask) == ((), "g", False)
    blended = recipes.read_back(image("blend", parents=taught[:2], params={"balance": 0.3}))
    assert blended is not None
    assert blended.seeds == ("p", "g")


def test_more_of_seed_diffusion_keeps_its_settings() -> None:
    made = image("seed", params={"variety": 0.9, "size": 64, "score": 1.0}, parents=(Parent("p"),))
    more = recipes.more_like(made, has_model=False)
    assert (more.method, more.seeds) == ("seed", ("i",))
    assert more.options == {"variety": 0.9, "size": 64}


def test_a_label_that_names_nothing() -> None:
    assert subject_of("tabby_cat") == "tabby cat"
    assert [subject_of(label) for label in ("not-cat", "no dog", "Other", "non_defect")] == [
        None
    ] * 4
    found = suggest("not-dog", (), 60)
    assert not any("not-dog" in idea.prompt or " dog " in idea.prompt for idea in found[:30])
    assert len({idea.prompt.split()[4] for idea in found}) > 5
    assert recipes.more_like(image("photo", "not-cat"), has_model=True).template == ""


def test_what_the_images_show_already_waits() -> None:
    axes = list(read_ideas().axes)
    order = [
        idea.axis for idea in suggest("cat", (), len(axes), coverage={"light": 0.9, "pose": 0.4})
    ]
    assert order[-2:] == ["pose", "light"]
    assert order[:-2] != sorted(order[:-2])


def test_words_are_found_whole() -> None:
    light = {idea.phrase: idea for idea in suggest("cat", ["a clamp, a bold cat"], 100)}
    assert light["in lamp light, indoors"].why == "No prompt says anything of light yet."
    assert "anything of age" in light["that is old"].why
