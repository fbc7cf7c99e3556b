"""The training loop: one step after another, each fixed by its number alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from catstudio.core.errors import CatStudioError
from catstudio.engine.personalise import checkpoints
from catstudio.engine.personalise.families import Conditioning
from catstudio.engine.personalise.learners import Learner
from catstudio.engine.personalise.objective import Objective
from catstudio.engine.personalise.photos import Encoded
from catstudio.jobs.requests import AdapterSettings

_CLIP = 1.0
_SMOOTHING = 0.05
"""The part of a step's loss in the one shown: the level of noise, drawn anew, moves it far more
than what was learned."""


@dataclass
class Training:
    """Everything that a step needs, and where it stands.

    ``step`` counts finished steps. Step k draws photos, noise and noise levels from the numbers
    (seed, k) alone, so one that goes on later does exactly what it would have done.
    """

    family: Any
    learner: Learner
    objective: Objective
    photos: list[Encoded]
    settings: AdapterSettings
    check_cancelled: Callable[[], None]
    device: torch.device
    step: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parameters = self.learner.parameters()
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(), lr=self.settings.learning_rate, weight_decay=1e-2
        )
        self._texts: dict[str, Conditioning] = {}

    @property
    def loss(self) -> float:
        """The smoothed loss of the steps so far; not a number before the first."""
        return self.losses[-1][1] if self.losses else math.nan

    def read_texts(self) -> None:
        """Encode every caption once, so that the text encoders can go."""
        for photo in self.photos:
            self.check_cancelled()
            self.text(photo.photo.caption)

    def run_step(self) -> float:
        """Do one step and return its smoothed loss.

        Raises :class:`CatStudioError` when the numbers got out of hand; the step is not done.
        """
        self.optimizer.zero_grad(set_to_none=True)
        size = self.settings.batch_size
        total = 0.0
        for place in range(size):
            self.check_cancelled()
            loss = self._loss(self.step * size + place) / size
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        if not math.isfinite(total):
            raise CatStudioError(
                f"The training came apart at step {self.step + 1}: its loss is no number.",
                "Choose a lower learning rate, and start over.",
            )
        # Between losses and step the person may have cancelled: the step is not half done.
        self.check_cancelled()
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), _CLIP)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate * self._warmth()
        self.optimizer.step()
        self.step += 1
        before = self.losses[-1][1] if self.losses else total
        share = max(_SMOOTHING, 1 / self.step)  # From the first step on it is their mean.
        self.losses.append((self.step, (1 - share) * before + share * total))
        return self.loss

    def save(self, folder: Path, basis: dict[str, Any]) -> None:
        """Write a checkpoint of the finished steps."""
        checkpoints.write(
            folder, self.parameters, self.optimizer, self.step, tuple(self.losses), basis
        )

    def restore(self, state: checkpoints.State, tensors: dict[str, torch.Tensor]) -> None:
        """Go on from a checkpoint."""
        checkpoints.restore(tensors, self.parameters, self.optimizer)
        self.step, self.losses = state.step, list(state.losses)

    def text(self, prompt: str) -> Conditioning:
        """A prompt's conditioning, without gradients, on the device."""
        with torch.no_grad():
            return self._text(prompt)

    def _loss(self, draw: int) -> torch.Tensor:
        photo = self.photos[order(self.settings.seed, len(self.photos), draw)]
        generator = torch.Generator().manual_seed(number_for(self.settings.seed, draw))
        latents = photo.draw(generator).to(self.device)
        text = self._text(photo.photo.caption)
        return self.objective.loss(
            latents,
            lambda noisy, timestep: self.family.predict(noisy, timestep, text),
            generator,
        )

    def _text(self, prompt: str) -> Conditioning:
        if self.learner.learns_text:  # It reads differently after every step.
            return dict(self.family.encode(prompt))
        if prompt not in self._texts:
            encoded = self.family.encode(prompt)
            self._texts[prompt] = {name: part.cpu() for name, part in encoded.items()}
        return {name: part.to(self.device) for name, part in self._texts[prompt].items()}

    def _warmth(self) -> float:
        """The schedule: a linear warm-up, then constant, so more steps can be added later."""
        return min(1.0, (self.step + 1) / max(1, self.settings.warmup_steps))


def order(seed: int, count: int, draw: int) -> int:
    """Which of ``count`` photos the ``draw``-th draw takes: every photo once a round, shuffled."""
    round_, place = divmod(draw, count)
    generator = torch.Generator().manual_seed(number_for(seed, -1 - round_))
    return int(torch.randperm(count, generator=generator)[place])


def number_for(seed: int, index: int) -> int:
    """A generator's number for a draw: spread by splitmix64's multipliers, for neighbours of the
    plain sum would share theirs with the next seed's (Steele et al. 2014)."""
    mask = 2**64 - 1
    mixed = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03) & mask
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & mask
    return (mixed ^ mixed >> 31) >> 1
