"""What the denoiser is asked while it learns: noise for a photo, and how wrong its answer is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.nn import functional

from catstudio.core.errors import NotPossibleError

Predict = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(noisy latents [1, c, h, w], timestep [1]) to the denoiser's answer [1, c, h, w]."""


class Objective(Protocol):
    """One training task for a photo's latents."""

    def loss(
        self, latents: torch.Tensor, predict: Predict, generator: torch.Generator
    ) -> torch.Tensor:
        """The weighted mean squared error, a scalar. ``generator`` is the CPU's, and decides
        noise and noise level alone, so that one number makes one loss on every device."""
        ...


@dataclass(frozen=True)
class Diffusion:
    """Predicts the noise, the velocity or the photo itself, as the model's scheduler says.

    ``alphas`` is the cumulative product of 1 - beta, [1000], on the CPU. ``gamma`` > 0 weighs
    the noise levels by min-SNR (Hang et al. 2023, arXiv 2303.09556, their equation 6 and
    appendix): min(SNR, gamma), divided by SNR for the noise, by SNR + 1 for the velocity.
    """

    alphas: torch.Tensor
    prediction: str
    gamma: float

    def loss(
        self, latents: torch.Tensor, predict: Predict, generator: torch.Generator
    ) -> torch.Tensor:
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        step = int(torch.randint(len(self.alphas), (1,), generator=generator))
        alpha = float(self.alphas[step])
        signal, spread = math.sqrt(alpha), math.sqrt(1 - alpha)
        noisy = signal * latents + spread * noise
        if self.prediction == "epsilon":
            target = noise
        elif self.prediction == "v_prediction":
            target = signal * noise - spread * latents
        else:
            target = latents
        answer = predict(noisy, torch.tensor([float(step)], device=latents.device))
        return self.weight(alpha) * functional.mse_loss(answer.float(), target.float())

    def weight(self, alpha: float) -> float:
        """How much a noise level counts; ``alpha`` in [0, 1] is the share of signal's power."""
        if self.gamma <= 0 or alpha >= 1:
            return 1.0
        snr = alpha / (1 - alpha)
        if self.prediction == "epsilon":
            return min(snr, self.gamma) / snr if snr > 0 else 1.0
        if self.prediction == "v_prediction":
            return min(snr, self.gamma) / (snr + 1)
        return min(snr, self.gamma)


@dataclass(frozen=True)
class FlowMatching:
    """Predicts the straight way from the photo to noise.

    The noise level is logit-normal (Esser et al. 2024, arXiv 2403.03206, section 3.1), then
    shifted as the model's scheduler shifts it: sigma' = shift * sigma / (1 + (shift - 1) * sigma).
    """

    shift: float

    def loss(
        self, latents: torch.Tensor, predict: Predict, generator: torch.Generator
    ) -> torch.Tensor:
        noise = torch.randn(latents.shape, generator=generator).to(latents)
        sigma = float(torch.sigmoid(torch.randn(1, generator=generator)))
        sigma = self.shift * sigma / (1 + (self.shift - 1) * sigma)
        noisy = (1 - sigma) * latents + sigma * noise
        answer = predict(noisy, torch.tensor([sigma * 1000], device=latents.device))
        return functional.mse_loss(answer.float(), (noise - latents).float())


def objective_of(scheduler: Any, gamma: float, model: str) -> Objective:
    """The task that a pipeline's own scheduler implies.

    Raises :class:`NotPossibleError` for one whose noise is of another kind (EDM, LCM's and
    rectified variants of others), which would be trained into the wrong direction.
    """
    config = scheduler.config
    if type(scheduler).__name__.startswith("FlowMatch"):
        # A model that shifts by image size was trained on levels that were not shifted.
        return FlowMatching(1.0 if config.get("use_dynamic_shifting") else float(config.shift))
    prediction = str(config.get("prediction_type", ""))
    known = ("epsilon", "v_prediction", "sample")
    if prediction not in known or "beta_schedule" not in config or "sigma_data" in config:
        raise NotPossibleError(
            f"{model} learns from noise in a way that is not known here "
            f"({type(scheduler).__name__}, {prediction or 'no prediction type'}).",
            "Choose a model whose scheduler predicts noise, velocity or flow.",
        )
    from diffusers import DDPMScheduler

    make: Any = DDPMScheduler.from_config
    return Diffusion(make(config).alphas_cumprod.float(), prediction, gamma)
