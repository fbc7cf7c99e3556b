"""How much faster one-step generation on a CPU becomes with a tiny decoder and OpenVINO.

    python -m benchmarks.acceleration [--side 512] [--repeats 3]

A pipeline of SD-Turbo's shape with random weights (866 million parameters in the denoiser) makes
one image in one step without guidance: plain diffusers with its full decoder, the same with a
decoder of TAESD's shape, and both with the denoiser and decoder run by OpenVINO. Ratios are to
plain diffusers in the same run; the least of the repeats counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)

from catstudio.engine.acceleration import Accelerator, Engine


def main() -> None:
    """Print a table of seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    torch.manual_seed(0)
    pipe, full, tiny = _pipeline()
    print(f"SD-Turbo's shape, one step at {args.side} px, {torch.get_num_threads()} threads")
    rows: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        accelerator = Accelerator(Path(folder))
        for name, vae, engine in (
            ("diffusers", full, Engine.TORCH),
            ("diffusers, tiny decoder", tiny, Engine.TORCH),
            ("OpenVINO", full, Engine.OPENVINO),
            ("OpenVINO, tiny decoder", tiny, Engine.OPENVINO),
        ):
            pipe.vae = vae
            with accelerator.running(pipe, engine, args.repeats, lambda _: None) as used:
                # The first prepares: libraries load, memory is claimed, parts are compiled.
                first = _seconds(lambda: _image(pipe, args.side))
                rows[name] = min(
                    _seconds(lambda: _image(pipe, args.side)) for _ in range(args.repeats)
                )
            ratio = rows["diffusers"] / rows[name]
            print(f"{name:<26}{rows[name]:8.2f} s  {ratio:6.2f} x  (first {first:.1f} s, {used()})")


def _pipeline() -> tuple[StableDiffusionPipeline, AutoencoderKL, AutoencoderTiny]:
    unet = UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(320, 640, 1280, 1280),
        cross_attention_dim=1024,
        attention_head_dim=[5, 10, 20, 20],
        use_linear_projection=True,
    ).eval()
    full = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=512,
    ).eval()
    for part in (unet, full):
        part.to(memory_format=torch.channels_last)
    pipe = StableDiffusionPipeline(
        vae=full,
        text_encoder=None,
        tokenizer=None,
        unet=unet,
        scheduler=EulerDiscreteScheduler(timestep_spacing="trailing"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe, full, AutoencoderTiny().eval()


def _image(pipe: Any, side: int) -> None:
    # The text encoder is left out: it is the same small part of every row.
    with torch.inference_mode():
        pipe(
            prompt_embeds=torch.zeros(1, 77, 1024),
            height=side,
            width=side,
            num_inference_steps=1,
            guidance_scale=0.0,
            generator=torch.Generator().manual_seed(0),
            output_type="np",
        )


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
