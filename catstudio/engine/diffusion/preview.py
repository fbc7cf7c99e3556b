"""A cheap look at the image in the making: latents → RGB by one linear map, as a small JPEG."""

from __future__ import annotations

import io
from typing import Any

import torch
from PIL import Image
from torch.nn import functional

from catstudio.engine.device import is_out_of_memory

PREVIEW_SIDE = 128
_JPEG_QUALITY = 80

# R, G, B per latent channel, onto [-1, 1]. Stable Diffusion 1.5: by keturn and torridgristle,
# https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204;
# SDXL: by StAlKeR7779, as InvokeAI (Apache-2.0) publishes them. Keyed by the autoencoder's
# scaling factor, which tells the two latent spaces apart.
_KNOWN = {
    0.18215: (
        (0.3444, 0.1385, 0.0670),
        (0.1247, 0.4027, 0.1494),
        (-0.3192, 0.2513, 0.2103),
        (-0.1307, -0.1874, -0.7445),
    ),
    0.13025: (
        (0.3816, 0.4930, 0.5320),
        (-0.3753, 0.1631, 0.1739),
        (0.1770, 0.3588, -0.2048),
        (-0.4350, -0.2644, -0.4289),
    ),
}


class Projection:
    """The linear map from one model's latents to colours.

    ``matrix`` is float32 [channels + 1, 3]; the last row is the bias; colours are in [0, 1].
    """

    def __init__(self, matrix: torch.Tensor) -> None:
        self.matrix = matrix

    def jpeg(self, latents: torch.Tensor) -> bytes:
        """A JPEG of ``latents`` [channels, h, w] whose longer side is 128 pixels."""
        channels, height, width = latents.shape
        flat = latents.float().reshape(channels, -1).T
        colours = flat @ self.matrix[:-1] + self.matrix[-1]
        pixels = (colours.nan_to_num(0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        image = Image.fromarray(pixels.reshape(height, width, 3).numpy())
        scale = PREVIEW_SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        buffer = io.BytesIO()
        image.resize(size, Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=_JPEG_QUALITY)
        return buffer.getvalue()


def unpacked(latents: torch.Tensor, width: int, height: int) -> torch.Tensor | None:
    """The first image's latents as float32 [channels, h, w] on the CPU, or None if unknown.

    Flux and its relatives pack 2 × 2 latent pixels into one token: [batch, h/2 · w/2, 4 · c].
    ``width`` and ``height`` of the image in pixels give the shape back.
    """
    first: torch.Tensor = latents[0].detach().float().cpu()
    if first.ndim == 4 and 1 in first.shape[:2]:  # one frame of a video autoencoder
        first = first.squeeze(1) if first.shape[1] == 1 else first.squeeze(0)
    if first.ndim == 3:
        return first
    if first.ndim != 2 or first.shape[1] % 4:
        return None
    tokens, packed = first.shape
    columns = round((tokens * width / height) ** 0.5)
    if not columns or tokens % columns:
        return None
    grid = first.reshape(tokens // columns, columns, packed // 4, 2, 2)
    whole: torch.Tensor = grid.permute(2, 0, 3, 1, 4).reshape(packed // 4, -1, columns * 2)
    return whole


def projection_for(pipe: Any, latents: torch.Tensor) -> Projection:
    """The map for ``pipe``'s latent space: published, else fitted, else principal components."""
    channels = latents.shape[0]
    config = getattr(getattr(pipe, "vae", None), "config", None)
    known = _KNOWN.get(round(float(getattr(config, "scaling_factor", 0.0) or 0.0), 5))
    if known and channels == len(known):
        half = torch.tensor(known) / 2
        return Projection(torch.cat([half, torch.full((1, 3), 0.5)]))
    fitted = _fitted(pipe, channels)
    return Projection(_principal(latents) if fitted is None else fitted)


@torch.inference_mode()
def _fitted(pipe: Any, channels: int) -> torch.Tensor | None:
    """Least squares from the autoencoder's own latents of smooth random pictures to their colours.

    None when the autoencoder cannot be asked (another interface, or its weights are offloaded).
    """
    vae: Any = getattr(pipe, "vae", None)
    if vae is None or hasattr(vae, "_hf_hook"):
        return None
    pictures = _smooth_pictures(count=4, side=PREVIEW_SIDE)
    try:
        weight = next(vae.parameters())
        encoded = vae.encode(pictures.to(weight.device, weight.dtype) * 2 - 1)
        latents = encoded.latent_dist.mode().float().cpu()
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        latents = (latents - shift) * vae.config.scaling_factor
    except (RuntimeError, ValueError, AttributeError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        return None
    if latents.ndim != 4 or latents.shape[1] != channels or not latents.isfinite().all():
        return None
    small = functional.adaptive_avg_pool2d(pictures, latents.shape[-2:])
    inputs = latents.permute(0, 2, 3, 1).reshape(-1, channels)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    colours = small.permute(0, 2, 3, 1).reshape(-1, 3)
    # A little ridge: a channel that carries no colour must not get a huge factor.
    gram = inputs.T @ inputs + 1e-3 * len(inputs) * torch.eye(channels + 1)
    solved: torch.Tensor = torch.linalg.solve(gram, inputs.T @ colours)
    return solved


def _smooth_pictures(count: int, side: int) -> torch.Tensor:
    """Random pictures [count, 3, side, side] in [0, 1] with as much in large shapes as in small.

    Like photographs in what matters here: neighbours are alike, and the channels mostly are.
    """
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros(count, 3, side, side)
    for cells in (2, 4, 8, 16):
        grey = torch.randn(count, 1, cells, cells, generator=generator)
        colour = torch.randn(count, 3, cells, cells, generator=generator)
        grid = grey + 0.5 * colour
        total += functional.interpolate(grid, size=(side, side), mode="bilinear")
    return torch.sigmoid(total)


def _principal(latents: torch.Tensor) -> torch.Tensor:
    """Three principal components of ``latents`` [channels, h, w] as colours; ±2 deviations fill [0, 1]."""
    channels = latents.shape[0]
    flat = latents.nan_to_num().reshape(channels, -1).T
    mean = flat.mean(0)
    values, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    count = min(3, channels)
    axes = torch.zeros(channels, 3)
    deviations = values[-count:].clamp_min(1e-8).sqrt()
    axes[:, :count] = (vectors[:, -count:] / (4 * deviations)).flip(1)
    return torch.cat([axes, (0.5 - mean @ axes)[None]])
