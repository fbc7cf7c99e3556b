"""A tiny decoder and the faster engine in the diffusion job: worn for the job, and in the provenance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image

from catstudio.core.errors import BadInputError, ModelFileError
from catstudio.engine.acceleration import Accelerator
from catstudio.engine.diffusion import PipelineOwner, generate
from catstudio.jobs.requests import SeedImage
from tests.engine.diffusion_jobs import Recorder, made, opened, request

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


@pytest.fixture(scope="module")
def owner() -> PipelineOwner:
    return PipelineOwner()


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for four latent channels, one for sixteen, and something that is none."""
    folder = tmp_path_factory.mktemp("decoders")
    torch.manual_seed(0)
    for channels in (4, 16):
        tiny = AutoencoderTiny(
            encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
            num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1), latent_channels=channels,
            upsampling_scaling_factor=2,
        )  # fmt: skip
        tiny.save_pretrained(folder / str(channels))
    AutoencoderKL(block_out_channels=(8,), norm_num_groups=2).save_pretrained(folder / "other")
    return folder


def test_a_tiny_decoder_is_worn_for_the_job(
    tiny_diffusion: Path, decoders: Path, owner: PipelineOwner
) -> None:
    model = tiny_diffusion / "stable_diffusion"
    (own,) = made(request(model), owner)
    with_tiny = request(model, options={"decoder": str(decoders / "4")})
    (first,), (again,) = made(with_tiny, owner), made(with_tiny, owner)
    assert first.data == again.data != own.data
    assert first.params["decoder"] == "4" and first.params["decoder_revision"]
    (after,) = made(request(model), owner)
    assert after.data == own.data and "decoder" not in after.params


def test_it_also_reads_the_seed_image(
    tiny_diffusion: Path, decoders: Path, owner: PipelineOwner, tmp_path: Path
) -> None:
    Image.new("RGB", (32, 32), (200, 40, 40)).save(tmp_path / "seed.png")
    seeds = (SeedImage("s", str(tmp_path / "seed.png"), "cat"),)
    options = {"decoder": str(decoders / "16"), "strength": 0.5}
    model = tiny_diffusion / "stable_diffusion_3"
    (image,) = made(request(model, seeds=seeds, options=options), owner)
    assert opened(image.data).size == (32, 32)


def test_a_decoder_that_does_not_fit_is_named(
    tiny_diffusion: Path, decoders: Path, owner: PipelineOwner
) -> None:
    model = tiny_diffusion / "stable_diffusion"
    with pytest.raises(BadInputError, match="tiny decoder 16 was made for another kind"):
        made(request(model, options={"decoder": str(decoders / "16")}), owner)
    with pytest.raises(ModelFileError, match="is not a tiny decoder"):
        made(request(model, options={"decoder": str(decoders / "other")}), owner)


@pytest.mark.skipif(not Accelerator.is_available(), reason="openvino is not installed")
def test_the_other_engine_makes_nearly_the_same_image(
    tiny_diffusion: Path, owner: PipelineOwner
) -> None:
    model = tiny_diffusion / "stable_diffusion_xl"
    (plain,) = made(request(model, options={"engine": "torch"}), owner)
    assert plain.params["engine"] == "torch"
    recorder = Recorder()
    generate(request(model, options={"engine": "openvino"}), recorder.context, owner)
    (image,) = recorder.of(type(plain))
    assert image.params["engine"] == "openvino"
    assert any("faster engine" in warning for warning in recorder.warnings)
    far = np.abs(np.asarray(opened(plain.data), int) - np.asarray(opened(image.data), int))
    assert far.max() <= 2
    (torchs,) = made(request(model, options={"engine": "torch"}), owner)
    assert torchs.data == plain.data
