"""Segmentation models that cut out: tiny ones with random weights, made, saved and loaded here."""

from __future__ import annotations

import io
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    SamConfig,
    SamImageProcessor,
    SamModel,
    SamProcessor,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from catstudio.core.errors import ModelFileError, NotPossibleError
from catstudio.engine import blend
from catstudio.engine.blend.segmenter import chosen_model, load_segmenter
from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade
from catstudio.jobs.requests import GenerateRequest, SeedImage
from catstudio.models.hub import hub_cache
from catstudio.models.registry import ModelRegistry
from catstudio.resources import resource

EXAMPLES = Path(str(resource("examples")))
CAT, COFFEE = EXAMPLES / "cat" / "chelsea.jpg", EXAMPLES / "not-cat" / "coffee.jpg"


@pytest.fixture(scope="module")
def semantic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SegFormer that takes everything for wall, then for cat."""
    folder = tmp_path_factory.mktemp("models") / "tiny-segformer"
    torch.manual_seed(0)
    config = SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[4, 2], hidden_sizes=[8, 16],
        patch_sizes=[7, 3], strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2],
        decoder_hidden_size=16, id2label={0: "wall", 1: "cat, tabby", 2: "dog"},
        label2id={"wall": 0, "cat, tabby": 1, "dog": 2},
    )  # fmt: skip
    model = SegformerForSemanticSegmentation(config).eval()
    with torch.no_grad():
        model.decode_head.classifier.bias.copy_(torch.tensor([6.0, 3.0, 0.0]))
    model.save_pretrained(folder)
    SegformerImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Segment Anything of a few thousand weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny-sam"
    torch.manual_seed(0)
    config = SamConfig(
        vision_config={
            "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 64,
            "patch_size": 16, "output_channels": 8, "window_size": 2, "global_attn_indexes": [0],
            "num_pos_feats": 4, "mlp_dim": 16,
        },
        prompt_encoder_config={
            "hidden_size": 8, "image_size": 64, "patch_size": 16, "mask_input_channels": 4,
        },
        mask_decoder_config={
            "hidden_size": 8, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "iou_head_hidden_dim": 8,
        },
    )  # fmt: skip
    SamModel(config).save_pretrained(folder)
    images = SamImageProcessor(
        size={"longest_edge": 64}, pad_size={"height": 64, "width": 64},
        mask_size={"longest_edge": 16}, mask_pad_size={"height": 16, "width": 16},
    )  # fmt: skip
    SamProcessor(images).save_pretrained(folder)
    return folder


def photo(path: Path = CAT) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB").resize((90, 60)))


def made(segmenter: str, mode: str = "foreground") -> list[ImageMade]:
    found: list[AnyEvent] = []
    seeds = tuple(SeedImage(path.stem, str(path), "cat") for path in (CAT, COFFEE))
    asked = GenerateRequest(
        job_id="j", method="blend", label="cat", count=2, seeds=seeds,
        options={"mode": mode, "size": 64, "segmenter": segmenter},
    )  # fmt: skip
    blend.run(asked, JobContext("j", found.append, threading.Event()))
    return [event for event in found if isinstance(event, ImageMade)]


def test_the_class_of_the_label_is_the_subject(semantic: Path) -> None:
    model = chosen_model(str(semantic))
    assert model is not None
    segmenter = load_segmenter(model)
    cat, tabby, dog, unknown = (
        segmenter.subject(photo(), word) for word in ("Cat", "tabby", "dog", "not-cat")
    )
    assert cat.shape == (60, 90) and cat.dtype == np.float32
    assert 0 <= cat.min() <= cat.max() <= 1
    assert np.array_equal(cat, tabby)
    assert cat.mean() > 2 * dog.mean()
    # A wall is never what a photo was taken of: the class that prevails besides it is.
    assert np.array_equal(unknown, cat)


def test_segment_anything_is_asked_for_the_box(prompted: Path) -> None:
    model = chosen_model(str(prompted))
    assert model is not None
    segmenter = load_segmenter(model)
    found = segmenter.subject(photo(), "cat")
    assert found.shape == (60, 90) and found.dtype == np.float32
    assert 0 <= found.min() <= found.max() <= 1
    assert np.array_equal(found, load_segmenter(model).subject(photo(), "cat"))
    assert not np.array_equal(found, segmenter.subject(photo(COFFEE), "cat"))


@pytest.mark.parametrize("kind", ["semantic", "prompted"])
def test_a_job_cuts_out_by_the_model(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(kind)
    first, again = made(str(folder)), made(str(folder))
    assert [one.data for one in first] == [one.data for one in again]
    for image in first:
        assert image.params["mask_source"] == folder.name
        assert 0 <= image.params["mask_confidence"] <= 1
        assert image.params["segmenter"] == str(folder)


def in_hub(folder: Path, hub_id: str) -> Path:
    """``folder`` as the hub's cache lays it out."""
    repo = hub_cache() / f"models--{hub_id.replace('/', '--')}"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text("0" * 40)
    shutil.copytree(folder, repo / "snapshots" / ("0" * 40))
    return repo


def test_auto_takes_what_is_installed_and_grabcut_otherwise(
    semantic: Path, prompted: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CATSTUDIO_HOME", str(tmp_path / "home"))
    assert chosen_model("auto") is None
    assert made("auto")[0].params["mask_source"] == "grabcut"
    in_hub(prompted, "someone/tiny-sam")
    found = chosen_model("auto")
    assert found is not None and found.id == "someone/tiny-sam"
    assert chosen_model("grabcut") is None
    in_hub(semantic, "anyone/tiny-segformer")
    assert made("auto")[0].params["mask_source"] == "anyone/tiny-segformer"
    entry = ModelRegistry().add(prompted)
    found = chosen_model(entry.id)
    assert found is not None and found.id == entry.id
    assert chosen_model("auto") == found


def test_what_cannot_cut_out_is_refused_with_the_reason(semantic: Path, tmp_path: Path) -> None:
    for name in ("no-such-model", "someone/not-here", str(tmp_path / "gone")):
        with pytest.raises(NotPossibleError, match="not on this computer"):
            chosen_model(name)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFileError, match="no config"):
        chosen_model(str(tmp_path / "empty"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(ModelFileError, match="neither"):
        chosen_model(str(other))
    pickled = tmp_path / "pickled"
    shutil.copytree(semantic, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelFileError, match="it has no"):
        chosen_model(str(pickled))


def test_a_model_cut_short_is_named(semantic: Path, tmp_path: Path) -> None:
    short = tmp_path / "short"
    shutil.copytree(semantic, short)
    weights = short / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="short cannot be loaded"):
        made(str(short))


def test_modes_that_cut_nothing_out_need_no_model() -> None:
    with pytest.raises(NotPossibleError):
        made("someone/not-here", "morph")
    (image, _) = made("someone/not-here", "mixup")
    assert "segmenter" not in image.params
    assert Image.open(io.BytesIO(image.data)).size == (64, 64)
