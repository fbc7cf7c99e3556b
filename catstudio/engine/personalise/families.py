"""How each family of models is asked: its text, its latents, one prediction of its denoiser.

A conditioning is a dict of tensors that :meth:`Family.predict` takes back; latents are float32
[1, channels, h, w], scaled as the denoiser wants them.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch

from catstudio.core.errors import NotPossibleError

Conditioning = dict[str, torch.Tensor]

PROJECTIONS = (
    "to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out",
)  # fmt: skip
"""The attention projections of every family, by diffusers' names (Hu et al. 2021 adapt these)."""


class Family(Protocol):
    """One family: a loaded pipeline and how to use its parts outside of its own loop."""

    pipe: Any
    part: str
    """The denoiser's name in the pipeline, and the prefix of its weights in a LoRA file."""

    def encode(self, prompt: str) -> Conditioning:
        """The text as the denoiser takes it; gradients flow where they are wanted."""
        ...

    def predict(
        self, noisy: torch.Tensor, timestep: torch.Tensor, text: Conditioning
    ) -> torch.Tensor:
        """The denoiser's answer, [1, channels, h, w]; ``timestep`` is float [1] in [0, 1000)."""
        ...

    def sampling(self, text: Conditioning, empty: Conditioning) -> dict[str, Any]:
        """The arguments that hand both texts to a call of the pipeline."""
        ...


class _StableDiffusion:
    part = "unet"
    guidance_scale = 5.0

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def encode(self, prompt: str) -> Conditioning:
        device = next(self.pipe.text_encoder.parameters()).device
        embeds, _ = self.pipe.encode_prompt(prompt, device, 1, do_classifier_free_guidance=False)
        return {"prompt": embeds}

    def predict(
        self, noisy: torch.Tensor, timestep: torch.Tensor, text: Conditioning
    ) -> torch.Tensor:
        unet = self.pipe.unet
        answer: torch.Tensor = unet(
            noisy.to(unet.dtype), timestep, text["prompt"].to(unet.dtype), return_dict=False
        )[0]
        return answer

    def sampling(self, text: Conditioning, empty: Conditioning) -> dict[str, Any]:
        return {
            "prompt_embeds": text["prompt"],
            "negative_prompt_embeds": empty["prompt"],
            "guidance_scale": self.guidance_scale,
        }


class _StableDiffusionXL(_StableDiffusion):
    def encode(self, prompt: str) -> Conditioning:
        device = next(self.pipe.text_encoder_2.parameters()).device
        embeds, _, pooled, _ = self.pipe.encode_prompt(
            prompt, device=device, do_classifier_free_guidance=False
        )
        return {"prompt": embeds, "pooled": pooled}

    def predict(
        self, noisy: torch.Tensor, timestep: torch.Tensor, text: Conditioning
    ) -> torch.Tensor:
        unet = self.pipe.unet
        height, width = (side * self.pipe.vae_scale_factor for side in noisy.shape[2:])
        # Original size, crop corner, target size: each photo is trained as it lies there.
        sizes = torch.tensor([[height, width, 0, 0, height, width]], device=noisy.device)
        answer: torch.Tensor = unet(
            noisy.to(unet.dtype),
            timestep,
            text["prompt"].to(unet.dtype),
            added_cond_kwargs={
                "text_embeds": text["pooled"].to(unet.dtype),
                "time_ids": sizes.to(unet.dtype),
            },
            return_dict=False,
        )[0]
        return answer

    def sampling(self, text: Conditioning, empty: Conditioning) -> dict[str, Any]:
        return {
            **super().sampling(text, empty),
            "pooled_prompt_embeds": text["pooled"],
            "negative_pooled_prompt_embeds": empty["pooled"],
        }


class _StableDiffusion3:
    part = "transformer"

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def encode(self, prompt: str) -> Conditioning:
        device = next(self.pipe.text_encoder.parameters()).device
        embeds, _, pooled, _ = self.pipe.encode_prompt(
            prompt, None, None, device=device, do_classifier_free_guidance=False
        )
        return {"prompt": embeds, "pooled": pooled}

    def predict(
        self, noisy: torch.Tensor, timestep: torch.Tensor, text: Conditioning
    ) -> torch.Tensor:
        transformer = self.pipe.transformer
        answer: torch.Tensor = transformer(
            hidden_states=noisy.to(transformer.dtype),
            timestep=timestep,
            encoder_hidden_states=text["prompt"].to(transformer.dtype),
            pooled_projections=text["pooled"].to(transformer.dtype),
            return_dict=False,
        )[0]
        return answer

    def sampling(self, text: Conditioning, empty: Conditioning) -> dict[str, Any]:
        return {
            "prompt_embeds": text["prompt"],
            "negative_prompt_embeds": empty["prompt"],
            "pooled_prompt_embeds": text["pooled"],
            "negative_pooled_prompt_embeds": empty["pooled"],
            "guidance_scale": 5.0,
        }


class _Flux:
    part = "transformer"

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe

    def encode(self, prompt: str) -> Conditioning:
        device = next(self.pipe.text_encoder.parameters()).device
        embeds, pooled, ids = self.pipe.encode_prompt(prompt, None, device=device)
        return {"prompt": embeds, "pooled": pooled, "ids": ids}

    def predict(
        self, noisy: torch.Tensor, timestep: torch.Tensor, text: Conditioning
    ) -> torch.Tensor:
        transformer, pipe = self.pipe.transformer, self.pipe
        factor = pipe.vae_scale_factor
        count, channels, height, width = noisy.shape
        packed = pipe._pack_latents(noisy, count, channels, height, width)
        places = pipe._prepare_latent_image_ids(
            count, height // 2, width // 2, noisy.device, transformer.dtype
        )
        # A guidance-distilled model is told 1: the photos are shown as they are, not sharpened.
        is_guided = transformer.config.guidance_embeds
        answer = transformer(
            hidden_states=packed.to(transformer.dtype),
            timestep=timestep / 1000,
            guidance=torch.ones(1, device=noisy.device) if is_guided else None,
            pooled_projections=text["pooled"].to(transformer.dtype),
            encoder_hidden_states=text["prompt"].to(transformer.dtype),
            txt_ids=text["ids"],
            img_ids=places,
            return_dict=False,
        )[0]
        whole: torch.Tensor = pipe._unpack_latents(answer, height * factor, width * factor, factor)
        return whole

    def sampling(self, text: Conditioning, _empty: Conditioning) -> dict[str, Any]:
        return {
            "prompt_embeds": text["prompt"],
            "pooled_prompt_embeds": text["pooled"],
            "guidance_scale": 3.5,
        }


_FAMILIES = {
    "StableDiffusionPipeline": _StableDiffusion,
    "StableDiffusionXLPipeline": _StableDiffusionXL,
    "StableDiffusion3Pipeline": _StableDiffusion3,
    "FluxPipeline": _Flux,
}


def family_of(pipe: Any, model: str) -> Any:
    """The family of a loaded pipeline. Raises :class:`NotPossibleError` for one not known here."""
    name = type(pipe).__name__
    if name not in _FAMILIES:
        raise NotPossibleError(
            f"{model} is of a kind that cannot be personalised here ({name}).",
            "Choose a Stable Diffusion 1.5, SDXL, Stable Diffusion 3 or Flux model.",
        )
    return _FAMILIES[name](pipe)


def text_encoders(pipe: Any) -> list[str]:
    """The names of a pipeline's text encoders, those that it has."""
    names = ("text_encoder", "text_encoder_2", "text_encoder_3")
    return [name for name in names if getattr(pipe, name, None) is not None]
