"""The few-photo head: fitted on embeddings in milliseconds, saved as safetensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from catstudio.core.errors import ModelFileError
from catstudio.learn.features import FeatureSpace, softmax
from catstudio.learn.open_set import nearest_match

Floats = NDArray[np.floating]

FORMAT = 1


@dataclass(frozen=True)
class Prediction:
    """``probabilities`` [n, labels]; ``open_set_score`` [n], the largest cosine to any training
    photo; ``abstains`` [n], true where that is too small to answer."""

    probabilities: Floats
    open_set_score: Floats
    abstains: NDArray[np.bool_]


@dataclass(frozen=True)
class Head:
    """A fitted classifier on top of one backbone.

    Attributes
    ----------
    labels : what the columns of the probabilities are called.
    space : how embedding rows become unit vectors.
    weights, bias : [labels, dim] and [labels], the ridge.
    offset, scale : [labels]; scores are ``(x @ weights.T + bias - offset) * scale``, with
        the expected means of a label's new photos and of the others 2 apart (on average over
        the labels, if these are more than two).
    temperature : divides the scores before the softmax.
    exemplars : [m, dim] float16, training photos that new ones are matched against.
    abstain_below : the largest cosine under which the head does not answer.
    info : plain JSON about how it was fitted.
    """

    labels: tuple[str, ...]
    space: FeatureSpace
    weights: Floats
    bias: Floats
    offset: Floats
    scale: Floats
    temperature: float
    exemplars: Floats
    abstain_below: float
    info: dict[str, Any] = field(default_factory=dict)

    def scores(self, x: Floats) -> Floats:
        """Scores [n, labels] of unit vectors ``x`` [n, dim]."""
        outputs = x @ self.weights.T.astype(x.dtype) + self.bias
        scores: Floats = (outputs - self.offset) * self.scale
        return scores

    def probabilities(self, x: Floats) -> Floats:
        """Calibrated probabilities [n, labels] of unit vectors ``x`` [n, dim]."""
        return softmax(self.scores(x) / self.temperature)

    def predict(self, rows: Floats) -> Prediction:
        """Answers for embedding ``rows`` [n, row_length] as the backbone gave them."""
        x = self.space(rows)
        match = nearest_match(x, self.exemplars)
        return Prediction(self.probabilities(x), match, match < self.abstain_below)

    def save(self) -> bytes:
        """The head as safetensors: tensors, and JSON in its metadata. Nothing can execute."""
        tensors: dict[str, NDArray[Any]] = {
            "weights": self.weights.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "offset": self.offset.astype(np.float32),
            "scale": self.scale.astype(np.float32),
            "exemplars": self.exemplars.astype(np.float16),
            "center": self.space.center.astype(np.float32),
            "kin": self.space.kin.astype(np.float32),
        }
        meta = {
            "format": FORMAT,
            "labels": self.labels,
            "n_views": self.space.n_views,
            "temperature": self.temperature,
            "abstain_below": self.abstain_below,
            "info": self.info,
        }
        blob: bytes = save_tensors(tensors, metadata={"catstudio": json.dumps(meta)})
        return blob

    @classmethod
    def load(cls, data: bytes, name: str = "head.safetensors") -> Head:
        """Read what :meth:`save` wrote; :class:`ModelFileError` naming ``name`` otherwise."""
        try:
            tensors = load_tensors(data)
            meta = _metadata(data)
            return _restore(cls, tensors, meta)
        except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
            raise _unusable(name, str(error)) from error
        except Exception as error:
            # safetensors raises its own class, which derives from Exception alone.
            if type(error).__name__ != "SafetensorError":
                raise
            raise _unusable(name, str(error)) from error


def _restore(cls: type[Head], tensors: dict[str, Any], meta: dict[str, Any]) -> Head:
    if meta["format"] != FORMAT:
        raise ValueError(f"its format is {meta['format']}, this version reads {FORMAT}")
    if tensors["center"].ndim != 1 or tensors["kin"].ndim != 2:
        raise ValueError("its tensors do not fit together")
    space = FeatureSpace(tensors["center"], tensors["kin"], int(meta["n_views"]))
    labels: Sequence[str] = meta["labels"]
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError("its labels are not a list of names")
    head = cls(
        labels=tuple(labels),
        space=space,
        weights=tensors["weights"],
        bias=tensors["bias"],
        offset=tensors["offset"],
        scale=tensors["scale"],
        temperature=float(meta["temperature"]),
        exemplars=tensors["exemplars"],
        abstain_below=float(meta["abstain_below"]),
        info=dict(meta["info"]),
    )
    n = len(head.labels)
    shapes = (head.weights.shape, head.bias.shape, head.offset.shape, head.scale.shape)
    fits = shapes == ((n, space.dim), (n,), (n,), (n,)) and space.n_views >= 1
    if n < 2 or not fits or head.exemplars.ndim != 2 or head.exemplars.shape[1] != space.dim:
        raise ValueError("its tensors do not fit together")
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("it holds values that are not numbers")
    if not (len(head.exemplars) and 0 < head.temperature < np.inf):
        raise ValueError("its temperature or its training photos are missing")
    return head


def _metadata(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    meta: dict[str, Any] = json.loads(header["__metadata__"]["catstudio"])
    return meta


def _unusable(name: str, reason: str) -> ModelFileError:
    return ModelFileError(
        f"{name} is not a usable CatStudio model: {reason}.", "Train again to make a new one."
    )
