"""The parts of the diffusion engine that need no whole model: previews, sizes, arguments."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import FluxPipeline, PixArtAlphaPipeline
from PIL import Image
from torch.nn import functional

from catstudio.core.errors import BadInputError
from catstudio.engine.diffusion import call, preview
from catstudio.engine.diffusion.call import Images
from catstudio.engine.diffusion.loading import first_line
from catstudio.engine.diffusion.settings import Settings

SETTINGS = Settings(
    negative_prompt="dog", size=64, num_inference_steps=4, guidance_scale=3.0, strength=0.5
)


class LinearVae(torch.nn.Module):
    """An autoencoder whose latents are a known linear function of the colours beneath them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.mix = torch.nn.Parameter(torch.randn(channels, 3, generator=generator))
        self.config = SimpleNamespace(scaling_factor=0.7, shift_factor=0.1)

    def encode(self, pixels: torch.Tensor):
        latents = torch.einsum("kc,bchw->bkhw", self.mix, functional.avg_pool2d(pixels, 8))
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))


def photo() -> torch.Tensor:
    """A picture [1, 3, 64, 128] in [0, 1]: red on the left, blue on the right, brighter below."""
    down = torch.linspace(0.2, 1, 64)[:, None].expand(64, 128)
    across = torch.linspace(0, 1, 128)[None].expand(64, 128)
    return torch.stack([down * (1 - across), down * 0.2, down * across])[None]


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)), dtype=float) / 255


def test_a_fitted_preview_shows_the_colours_of_the_image():
    vae = LinearVae(16)
    with torch.inference_mode():
        encoded = vae.encode(photo() * 2 - 1).latent_dist.mode()
    latents = (encoded - 0.1) * 0.7
    projection = preview.projection_for(SimpleNamespace(vae=vae), latents[0])
    shown = pixels(projection.jpeg(latents[0]))
    assert shown.shape == (64, 128, 3)
    expected = photo()[0].permute(1, 2, 0).numpy()
    assert np.abs(shown - expected).mean() < 0.06


@pytest.mark.parametrize("scaling", [0.18215, 0.13025])
def test_known_latent_spaces_use_the_published_factors(scaling):
    pipe = SimpleNamespace(vae=SimpleNamespace(config=SimpleNamespace(scaling_factor=scaling)))
    matrix = preview.projection_for(pipe, torch.zeros(4, 2, 2)).matrix
    assert matrix.shape == (5, 3)
    assert torch.allclose(matrix[0] * 2, torch.tensor(preview._KNOWN[scaling][0]))


@pytest.mark.parametrize("channels", [2, 4, 16])
def test_an_unknown_latent_space_shows_its_principal_components(channels):
    latents = torch.randn(channels, 8, 12, generator=torch.Generator().manual_seed(0))
    projection = preview.projection_for(SimpleNamespace(), latents)
    shown = pixels(projection.jpeg(latents))
    assert shown.shape == (85, 128, 3)
    assert shown.std() > 0.1
    assert pixels(projection.jpeg(torch.full_like(latents, float("nan")))).shape == shown.shape


@pytest.mark.parametrize(("width", "height"), [(64, 64), (96, 64), (64, 160)])
def test_packed_latents_are_unpacked_as_flux_packs_them(width, height):
    plain = torch.arange(16 * (height // 8) * (width // 8), dtype=torch.float32)
    plain = plain.reshape(1, 16, height // 8, width // 8)
    packed = FluxPipeline._pack_latents(plain, 1, 16, height // 8, width // 8)
    assert torch.equal(preview.unpacked(packed, width, height), plain[0])
    assert torch.equal(preview.unpacked(plain, width, height), plain[0])


def test_latents_of_other_kinds():
    assert preview.unpacked(torch.zeros(1, 16, 1, 4, 6), 48, 32).shape == (16, 4, 6)
    assert preview.unpacked(torch.zeros(1, 7, 64), 64, 64) is None
    assert preview.unpacked(torch.zeros(1, 64), 64, 64) is None


def flow_pipe(patch: int = 2, reach: int = 8):
    config = SimpleNamespace(patch_size=patch, pos_embed_max_size=reach)
    return SimpleNamespace(vae_scale_factor=8, transformer=SimpleNamespace(config=config))


def test_sizes_follow_the_seed_and_the_model():
    pipe = SimpleNamespace(vae_scale_factor=8)
    assert call.size_for(pipe, 512, None, "m") == (512, 512)
    assert call.size_for(pipe, 100, None, "m") == (96, 96)
    assert call.size_for(pipe, 64, Image.new("RGB", (300, 200)), "m") == (96, 64)
    assert call.size_for(pipe, 64, Image.new("RGB", (200, 300)), "m") == (64, 96)
    assert call.size_for(pipe, 64, Image.new("RGB", (1000, 100)), "m") == (128, 64)
    assert call.size_for(flow_pipe(), 100, None, "m") == (96, 96)
    with pytest.raises(BadInputError, match="m cannot make images of 256 pixels"):
        call.size_for(flow_pipe(), 128, Image.new("RGB", (1000, 100)), "m")


def test_a_seed_of_another_shape_is_cropped_in_the_middle():
    seed = Image.new("RGB", (100, 20), "red")
    seed.paste("blue", (30, 0, 70, 20))
    assert call.start_image(seed, 16, 16).getcolors() == [(256, (0, 0, 255))]


def test_only_what_a_call_accepts_is_passed():
    class Plain:
        def __call__(self, prompt, num_inference_steps, generator): ...

    given = call.arguments(Plain(), SETTINGS, "a cat", (64, 64), 5, Images(), lambda *_: None)
    assert set(given) == {"prompt", "num_inference_steps", "generator"}
    assert given["generator"].initial_seed() == 5
    assert not call.accepts_negative(Plain())


def test_the_older_callback_is_used_where_there_is_no_newer():
    pipe = PixArtAlphaPipeline.__new__(PixArtAlphaPipeline)
    seen = []
    given = call.arguments(
        pipe, SETTINGS, "a cat", (64, 64), 5, Images(), lambda *args: seen.append(args[1:])
    )
    given["callback"](3, None, "latents")
    assert seen == [(3, "latents")]
    assert (given["callback_steps"], given["negative_prompt"]) == (1, "dog")


def test_errors_are_told_in_one_line():
    assert first_line(ValueError("\n  first.  \nsecond")) == "first"
    assert first_line(KeyError()) == "KeyError"
