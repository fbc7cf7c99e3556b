"""Learned words (textual inversion): embeddings added to a model's text encoders for one job."""

from __future__ import annotations

from typing import Any

import torch
from safetensors.torch import load_file

from catstudio.core.errors import BadInputError, NotPossibleError
from catstudio.engine.diffusion.parts import Part
from catstudio.models.adapters import read_card

_PLACES = {"clip_l": ("tokenizer", "text_encoder"), "clip_g": ("tokenizer_2", "text_encoder_2")}
"""Where the two tensors of an embedding for SDXL belong."""


class Words:
    """The embeddings of one job, each with the word that stands for it in a prompt."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = [(part, _word(part)) for part in parts]
        self._undo: list[tuple[Any, Any, list[str]]] = []

    def described(self) -> dict[str, Any]:
        """For the provenance."""
        if not self._parts:
            return {}
        return {
            "embeddings": ", ".join(part.id for part, _ in self._parts),
            "embedding_revisions": {part.id: part.revision for part, _ in self._parts},
            "embedding_words": {part.id: word for part, word in self._parts},
        }

    def put_on(self, pipe: Any, model: str) -> None:
        """Teach the words to ``pipe``. Raises :class:`BadInputError` naming what does not fit."""
        if self._parts and not hasattr(pipe, "load_textual_inversion"):
            raise NotPossibleError(
                f"{model} is of a kind that takes no embeddings.",
                "Leave them out, or choose another model.",
            )
        for part, word in self._parts:
            for place, vectors in _vectors(part).items():
                self._teach(pipe, part, word, place, vectors, model)

    def take_off(self) -> None:
        """Make the models forget the words."""
        while self._undo:
            pipe, (tokenizer, encoder), tokens = self._undo.pop()
            pipe.unload_textual_inversion(tokens, tokenizer, encoder)

    def _teach(
        self, pipe: Any, part: Part, word: str, place: str, vectors: torch.Tensor, model: str
    ) -> None:
        names = _PLACES[place]
        tokenizer, encoder = (getattr(pipe, name, None) for name in names)
        width = encoder.get_input_embeddings().embedding_dim if encoder is not None else 0
        if tokenizer is None or vectors.shape[-1] != width:
            raise BadInputError(
                f"The embedding {part.id} does not fit {model}: it was made for another kind of "
                "model.",
                "Choose an embedding for this model's family.",
            )
        count = vectors.shape[0] if vectors.ndim == 2 else 1
        tokens = [word, *(f"{word}_{n}" for n in range(1, count))]
        if any(token in tokenizer.get_vocab() for token in tokens):
            raise BadInputError(
                f"The word {word!r} of the embedding {part.id} is one that {model} knows already.",
                "Rename the embedding's file to a word of its own.",
            )
        pipe.load_textual_inversion(vectors, token=word, tokenizer=tokenizer, text_encoder=encoder)
        self._undo.append((pipe, (tokenizer, encoder), tokens))


def _word(part: Part) -> str:
    """What stands for it in a prompt: the word of its own description, else the file's name."""
    card = read_card(part.path)
    return card.trigger_word if card is not None and card.trigger_word else part.path.stem


def _vectors(part: Part) -> dict[str, torch.Tensor]:
    """The embedding's tensors [vectors, width] by their place; a file with one belongs to the first."""
    tensors = load_file(part.path)
    if tensors.keys() <= _PLACES.keys():
        return {place: tensor.float() for place, tensor in tensors.items()}
    if len(tensors) == 1:
        return {"clip_l": next(iter(tensors.values())).float()}
    raise BadInputError(
        f"The embedding {part.path} holds {len(tensors)} tensors, of no kind that is known.",
        "Choose an embedding with one tensor, or with clip_l and clip_g.",
    )
