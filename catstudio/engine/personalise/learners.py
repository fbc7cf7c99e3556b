"""What is trained while everything else stays frozen: a LoRA, or the embeddings of a new word."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import nn

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.engine.personalise.families import PROJECTIONS, text_encoders
from catstudio.jobs.requests import AdapterSettings

ADAPTER = "personal"
"""The name under which the LoRA is attached while it is trained."""
Tensors = dict[str, torch.Tensor]


class Learner(Protocol):
    """Something trainable attached to a pipeline."""

    learns_text: bool
    """True when the text encoders must stay, because gradients go through them."""

    def parameters(self) -> dict[str, nn.Parameter]:
        """What is trained, float32, by name; the order never changes."""
        ...

    def exported(self) -> Tensors:
        """The result, under the names that diffusers loads, on the CPU."""
        ...


class Lora:
    """Low-rank changes of the attention projections (Hu et al. 2021, arXiv 2106.09685)."""

    learns_text = False

    def __init__(self, family: Any, settings: AdapterSettings) -> None:
        from peft import LoraConfig

        self._part: str = family.part
        self._denoiser: Any = getattr(family.pipe, family.part)
        self._scale = settings.alpha / settings.rank
        config = LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            init_lora_weights="gaussian",
            target_modules=list(PROJECTIONS),
        )
        with _seeded(settings.seed):
            self._denoiser.add_adapter(config, adapter_name=ADAPTER)
        for parameter in self.parameters().values():
            # Small steps vanish in 16 bits; the frozen weights may stay there.
            parameter.data = parameter.data.float()

    def parameters(self) -> dict[str, nn.Parameter]:
        return {n: p for n, p in self._denoiser.named_parameters() if p.requires_grad}

    def exported(self) -> Tensors:
        """The scale alpha / rank is multiplied in, so every program reads it alike."""
        from peft import get_peft_model_state_dict

        found = get_peft_model_state_dict(self._denoiser, adapter_name=ADAPTER)
        return {
            f"{self._part}.{name}": _plain(tensor * self._scale if ".lora_B." in name else tensor)
            for name, tensor in found.items()
        }


class TextualInversion:
    """New words whose embeddings alone are trained (Gal et al. 2022, arXiv 2208.01618)."""

    learns_text = True
    _KEYS = ("clip_l", "clip_g")

    def __init__(self, family: Any, settings: AdapterSettings, start: str) -> None:
        pipe = family.pipe
        if family.part != "unet":
            raise NotPossibleError(
                "Textual inversion is possible for Stable Diffusion 1.5 and SDXL models only.",
                "Train a LoRA for this model instead.",
            )
        self._word = settings.trigger_word
        self._parameters: dict[str, nn.Parameter] = {}
        # The pipelines themselves read the first word as all of them, by these names.
        words = [self._word, *(f"{self._word}_{n}" for n in range(1, settings.vectors))]
        generator = torch.Generator().manual_seed(settings.seed)
        for encoder_name in text_encoders(pipe):
            suffix = encoder_name.removeprefix("text_encoder")
            tokenizer, encoder = getattr(pipe, f"tokenizer{suffix}"), getattr(pipe, encoder_name)
            beginning = _embedding_of(tokenizer, encoder, start)
            known = tokenizer.get_vocab()
            if any(f"{word}{end}" in known for word in words for end in ("", "</w>")):
                raise BadInputError(
                    f"The model knows the word {self._word!r} already.",
                    "Choose a trigger word that is no word, such as <my-cat>.",
                )
            tokenizer.add_tokens(words)
            encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
            first = int(tokenizer.convert_tokens_to_ids(self._word))
            # The words differ from the start, or they would stay equal for ever.
            noise = torch.randn(len(words), len(beginning), generator=generator)
            noise[0] = 0
            rows = beginning[None] + 0.1 * float(beginning.std()) * noise
            parameter = nn.Parameter(rows.to(encoder.device))
            encoder.get_input_embeddings().register_forward_hook(_Replace(first, parameter))
            self._parameters[encoder_name] = parameter

    def parameters(self) -> dict[str, nn.Parameter]:
        return self._parameters

    def exported(self) -> Tensors:
        """One encoder's rows under the word; SDXL's two under the names that its readers know."""
        rows = [_plain(parameter) for parameter in self._parameters.values()]
        if len(rows) == 1:
            return {self._word: rows[0]}
        return dict(zip(self._KEYS, rows, strict=True))


class _Replace:
    """Puts the trained rows where the new words' ids stand, so that only they get gradients."""

    def __init__(self, first: int, rows: nn.Parameter) -> None:
        self._first, self._rows = first, rows

    def __call__(self, _: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> Any:
        ids = inputs[0]
        is_new = (ids >= self._first) & (ids < self._first + len(self._rows))
        if not bool(is_new.any()):
            return output
        rows = self._rows[(ids - self._first).clamp(0, len(self._rows) - 1)]
        return torch.where(is_new[..., None], rows.to(output.dtype), output)


def _embedding_of(tokenizer: Any, encoder: Any, text: str) -> torch.Tensor:
    """The mean embedding of ``text``'s tokens, float32 [width]: where a new word begins."""
    ids = tokenizer(text, add_special_tokens=False).input_ids or [tokenizer.unk_token_id or 0]
    table = encoder.get_input_embeddings().weight.detach()
    mean: torch.Tensor = table[torch.tensor(ids, device=table.device)].float().mean(0)
    return mean.cpu()


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().float().cpu().contiguous().clone()


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """peft draws its first weights from the global generator: leave that as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
