"""LoRAs and learned words: put on for one job, weighed, and taken off without a trace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from catstudio.core.errors import (
    BadInputError,
    CancelledError,
    ModelFileError,
    NotPossibleError,
)
from catstudio.engine.diffusion import PipelineOwner, generate
from catstudio.models import ModelRegistry
from catstudio.models.adapters import AdapterCard, metadata_of
from tests.engine.diffusion_jobs import FAMILIES, Recorder, made, request

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

# Of module scope, so that all tests of one family run together: a model is loaded less often.
each_family = pytest.mark.parametrize("family", FAMILIES, scope="module")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def owner() -> PipelineOwner:
    return PipelineOwner()


@pytest.fixture
def draw(tiny_diffusion: Path, owner: PipelineOwner):
    """``draw(family, loras=...)``: one image's (bytes, params)."""

    def run(family: str, **options: Any) -> tuple[bytes, dict[str, Any]]:
        (image,) = made(request(tiny_diffusion / family, options=options), owner)
        return image.data, image.params

    return run


def lora(folder: Path, family: str, number: int) -> Path:
    (found,) = (folder / f"{family}-loras").glob(f"*-{number}.safetensors")
    return found


# -- LoRAs


@each_family
def test_several_loras_with_weights(draw, tiny_diffusion, owner, family):
    one, two = (lora(tiny_diffusion, family, number) for number in (0, 1))
    plain, params = draw(family)
    assert "loras" not in params
    first, params = draw(family, loras=f"{one}:0.8")
    assert params["loras"] == f"{one.name}:0.8"
    assert set(params["lora_revisions"]) == {one.name}
    weaker, _ = draw(family, loras=f"{one}:0.3")
    both, params = draw(family, loras=f"{one}:0.8, {two}:0.5")
    assert params["loras"] == f"{one.name}:0.8, {two.name}:0.5"
    nothing, _ = draw(family, loras=f"{one}:0, {two}:0")
    assert len({plain, first, weaker, both}) == 4
    assert nothing == plain
    assert draw(family, loras=f"{one}:0.8, {two}:0.5")[0] == both
    assert draw(family)[0] == plain
    for part in owner._warm.base.components.values():
        if isinstance(part, torch.nn.Module):
            assert not hasattr(part, "peft_config")
            assert not any("lora" in name for name, _ in part.named_parameters())


def test_a_lora_is_the_same_on_a_model_loaded_anew(draw, tiny_diffusion):
    path = lora(tiny_diffusion, "stable_diffusion", 1)
    wish = request(tiny_diffusion / "stable_diffusion", options={"loras": str(path)})
    assert made(wish, PipelineOwner())[0].data == draw("stable_diffusion", loras=str(path))[0]


def test_a_lora_in_every_shape_of_a_model(tiny_diffusion, owner, tmp_path):
    """Image to image and enlarging run through other pipelines, which share the weights."""
    path = lora(tiny_diffusion, "stable_diffusion_xl", 0)
    for options in ({"hires": 1.5}, {"outpaint": "left"}):
        seeds = ()
        if "outpaint" in options:
            from PIL import Image

            from catstudio.jobs.requests import SeedImage

            Image.new("RGB", (64, 64), "teal").save(tmp_path / "seed.png")
            seeds = (SeedImage("seed", str(tmp_path / "seed.png")),)
        wish = request(tiny_diffusion / "stable_diffusion_xl", options=options, seeds=seeds)
        plain = made(wish, owner)[0].data
        with_lora = request(
            tiny_diffusion / "stable_diffusion_xl",
            options={**options, "loras": str(path)},
            seeds=seeds,
        )
        assert made(with_lora, owner)[0].data != plain
        assert made(wish, owner)[0].data == plain


@pytest.mark.parametrize(
    ("family", "other"),
    [
        ("stable_diffusion", "stable_diffusion_xl"),
        ("stable_diffusion_xl", "stable_diffusion"),
        ("stable_diffusion_3", "flux"),
        ("flux", "stable_diffusion_3"),
        ("stable_diffusion", "flux"),
        ("flux", "stable_diffusion"),
    ],
)
def test_a_lora_of_another_family_is_refused_and_both_are_named(
    draw, tiny_diffusion, family, other
):
    plain, _ = draw(family)
    own, wrong = lora(tiny_diffusion, family, 0), lora(tiny_diffusion, other, 0)
    with pytest.raises(BadInputError, match="does not fit") as refused:
        draw(family, loras=f"{own}, {wrong}")
    assert wrong.name in refused.value.message
    assert family in refused.value.message
    assert draw(family)[0] == plain


def test_loras_that_are_not_there(draw, tiny_diffusion, tmp_path):
    with pytest.raises(NotPossibleError, match="no LoRA called 'fluffy'"):
        draw("flux", loras="fluffy:0.5")
    torch.save({}, tmp_path / "old.pt")
    with pytest.raises(ModelFileError, match="pickled"):
        draw("flux", loras=str(tmp_path / "old.pt"))
    (tmp_path / "cut.safetensors").write_bytes(lora(tiny_diffusion, "flux", 0).read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="cut short"):
        draw("flux", loras=str(tmp_path / "cut.safetensors"))
    with pytest.raises(ModelFileError, match=r"holds 2 \.safetensors files"):
        draw("flux", loras=str(tiny_diffusion / "flux-loras"))
    with pytest.raises(BadInputError, match="weight"):
        draw("flux", loras="fluffy:90")


def test_a_lora_by_its_name_in_the_list_of_models(draw, tiny_diffusion, tmp_path):
    path = Path(shutil.copy(lora(tiny_diffusion, "flux", 0), tmp_path / "fluffy.safetensors"))
    registry = ModelRegistry()
    card = _card("lora", "sks")
    tensors = load_file(path)
    save_file(tensors, path, metadata=metadata_of(card, "Fluffy"))
    entry = registry.add_adapter(path, "Fluffy")
    try:
        data, params = draw("flux", loras=f"{entry.id}:0.8")
    finally:
        registry.remove(entry.id)
    assert params["loras"] == f"{entry.id}:0.8"
    assert data == draw("flux", loras=f"{path}:0.8")[0]


def test_a_cancelled_job_leaves_no_lora(draw, tiny_diffusion, owner, monkeypatch):
    monkeypatch.setattr("catstudio.jobs.context._REPORT_EVERY", 0.0)
    plain, _ = draw("stable_diffusion")
    path = lora(tiny_diffusion, "stable_diffusion", 0)
    recorder = Recorder(cancel_at=1)
    with pytest.raises(CancelledError):
        generate(
            request(tiny_diffusion / "stable_diffusion", options={"loras": str(path)}),
            recorder.context,
            owner,
        )
    assert draw("stable_diffusion")[0] == plain


# -- learned words


def embedding(path: Path, widths: dict[str, int], vectors: int = 2, word: str = "") -> Path:
    torch.manual_seed(3)
    tensors = {name: torch.randn(vectors, width) for name, width in widths.items()}
    metadata = metadata_of(_card("embedding", word), path.stem) if word else {"format": "pt"}
    save_file(tensors, path, metadata=metadata)
    return path


def _card(kind: str, word: str) -> AdapterCard:
    return AdapterCard(
        kind=kind,
        label="cat",
        trigger_word=word,
        model="tiny",
        revision="1",
        family="stable-diffusion",
        steps=1,
        photos=(),
        settings={},
    )


@pytest.mark.parametrize(
    ("family", "widths"),
    [
        ("stable_diffusion", {"emb_params": 16}),
        ("stable_diffusion_xl", {"clip_l": 16, "clip_g": 16}),
    ],
)
def test_a_word_is_known_for_one_job(draw, owner, tmp_path, family, widths):
    path = embedding(tmp_path / "fluffything.safetensors", widths)
    prompt = "a fluffything cat"
    plain, _ = draw(family, prompt=prompt)
    sizes = _vocabulary(owner)
    taught, params = draw(family, prompt=prompt, embeddings=str(path))
    assert taught != plain
    assert params["embeddings"] == "fluffything.safetensors"
    assert params["embedding_words"] == {"fluffything.safetensors": "fluffything"}
    assert draw(family, prompt=prompt, embeddings=str(path))[0] == taught
    assert draw(family, prompt=prompt)[0] == plain
    assert _vocabulary(owner) == sizes


def _vocabulary(owner: PipelineOwner) -> list[tuple[int, int]]:
    pipe = owner._warm.base
    pairs = ((pipe.tokenizer, pipe.text_encoder),)
    if hasattr(pipe, "tokenizer_2"):
        pairs += ((pipe.tokenizer_2, pipe.text_encoder_2),)
    return [(len(t), e.get_input_embeddings().weight.shape[0]) for t, e in pairs]


def test_two_words_at_once_and_the_word_of_the_description(draw, owner, tmp_path):
    one = embedding(tmp_path / "one.safetensors", {"<x>": 16}, 1, word="<my-cat>")
    two = embedding(tmp_path / "twothing.safetensors", {"<y>": 16}, 3)
    prompt = "a <my-cat> and a twothing"
    plain, _ = draw("stable_diffusion", prompt=prompt)
    both, params = draw("stable_diffusion", prompt=prompt, embeddings=f"{one}, {two}")
    only, _ = draw("stable_diffusion", prompt=prompt, embeddings=str(one))
    assert len({plain, both, only}) == 3
    assert params["embedding_words"]["one.safetensors"] == "<my-cat>"
    assert draw("stable_diffusion", prompt=prompt)[0] == plain


def test_words_that_do_not_fit(draw, tmp_path):
    wide = embedding(tmp_path / "wide.safetensors", {"emb_params": 24})
    with pytest.raises(BadInputError, match=r"wide\.safetensors does not fit stable_diffusion"):
        draw("stable_diffusion", embeddings=str(wide))
    with pytest.raises(NotPossibleError, match="takes no embeddings"):
        draw("stable_diffusion_3", embeddings=str(wide))
    many = embedding(tmp_path / "many.safetensors", {"a": 16, "b": 16})
    with pytest.raises(BadInputError, match="holds 2 tensors"):
        draw("stable_diffusion", embeddings=str(many))
    twin = embedding(tmp_path / "a.safetensors", {"emb_params": 16})
    with pytest.raises(BadInputError, match="knows already"):
        draw("stable_diffusion", embeddings=str(twin))
