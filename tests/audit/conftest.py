"""Made-up data sets for the checks: what is in them is said batch by batch, the rest is drawn.

``from tests.audit.conftest import Batch, audit_data``; needs numpy alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from catstudio.audit.base import AuditData, Strangers
from catstudio.learn.features import FeatureSpace, unit
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.pixel_statistics import NAMES

DIM = 48
SPREAD = 1.5
"""Length of what makes a photo itself, beside its class's mean of length 1."""
_CENTER = 4.0
# Mean and deviation of each column over some hundred real photos.
_PIXEL_MEANS = [3.3, 1.8, 1.2, 0.8, 0.4, 0.2, -0.1, -0.3, -0.4, -0.6, -0.8, -0.9, -1.0, -1.1, -1.2]
_PIXEL_MEANS += [-1.3, 3.2, 2.4, 0.14, 0.07, 0.46, 0.21, 0.48, 0.45, 0.4, 0.13, 2.6, 120.0, 7.3]
_PIXEL_MEANS += [0.0, 0.0, 0.0, 0.0, 0.01, 0.0]
_PIXEL_SPREADS = [0.6, 0.4, 0.3, 0.2, 0.17, 0.14, 0.13, 0.15, 0.16, 0.17, 0.18, 0.19, 0.2, 0.21]
_PIXEL_SPREADS += [0.22, 0.22, 2.0, 0.7, 0.19, 0.06, 0.11, 0.05, 0.12, 0.12, 0.12, 0.09, 0.5, 20.0]
_PIXEL_SPREADS += [0.4, 0.01, 0.02, 0.06, 0.07, 0.03, 0.04]


@dataclass(frozen=True)
class Made:
    """An item with all that a check may ask of it."""

    id: str
    name: str
    label: str
    source: str
    is_real: bool
    lineages: tuple[str, ...]
    split: str | None
    sha256: str
    weight: int
    width: int
    height: int
    format: str
    dhash: str


@dataclass(frozen=True)
class Batch:
    """``n`` images of one label from one source.

    Attributes
    ----------
    source : "photo" and "other-tool" are real unless ``is_real`` says otherwise.
    split : "train", "val" or "test".
    near : cosine of what makes an image itself with that of its parent, a real training photo of
        its label in turn; None for images that derive from none. With it they share lineages.
    is_declared : False keeps the parent out of the lineages (an undeclared copy).
    parents : only the first so many photos of the label serve as parents; 0 is all.
    spread : length of what makes an image itself, beside its class's mean of length 1.
    shift : axis of the embedding -> how far all images of the batch are moved along it.
    pixels : column of the pixel statistics -> how many deviations it is moved by.
    format, size, weight : one value for all, or a sequence or function of the image's number.
    family : images in each lineage, for photos that come in bursts.
    """

    label: str
    n: int
    source: str = "photo"
    split: str = "train"
    is_real: bool | None = None
    near: float | None = None
    is_declared: bool = True
    parents: int = 0
    spread: float = SPREAD
    shift: Mapping[int, float] = field(default_factory=dict)
    pixels: Mapping[str, float] = field(default_factory=dict)
    format: Any = "JPEG"
    size: Any = (400, 300)
    weight: Any = 1
    family: int = 1


def audit_data(
    *batches: Batch,
    seed: int = 0,
    labels: Sequence[str] = (),
    strangers: int = 0,
    dim: int = DIM,
    check_cancelled: Callable[[], None] = lambda: None,
) -> AuditData:
    """The data of ``batches``, in their order, with a head truly fitted on the training part.

    Class c lies along axis c of the embedding [``dim``]; the last axes are free for shifts.
    ``labels`` are the batches' in order of appearance by default. Of a label without training
    images no head can be fitted. ``strangers`` photos lie along an axis of their own.
    """
    labels = tuple(labels or dict.fromkeys(batch.label for batch in batches))
    # Of its own, so that another column changes nothing but itself.
    of_pixels, generator = np.random.default_rng((seed, 1)), np.random.default_rng(seed)
    items: list[Made] = []
    raw: list[np.ndarray] = []
    pixels: list[np.ndarray] = []
    own: dict[str, list[tuple[np.ndarray, tuple[str, ...]]]] = {label: [] for label in labels}
    for number, batch in enumerate(batches):
        is_real = _is_real(batch)
        for i in range(batch.n):
            fresh = generator.normal(size=dim) / np.sqrt(dim)
            lineages: tuple[str, ...] = (f"{number}-{i // batch.family}",)
            if batch.near is not None:
                parents = own[batch.label][: batch.parents or None]
                of_parent, inherited = parents[i % len(parents)]
                fresh = batch.near * of_parent + np.sqrt(1.0 - batch.near**2) * fresh
                lineages = inherited if batch.is_declared else lineages
            if is_real and batch.split == "train":
                own[batch.label].append((fresh, lineages))
            row = batch.spread * fresh
            row[labels.index(batch.label)] += 1.0
            for axis, by in batch.shift.items():
                row[axis] += by
            raw.append(row)
            pixels.append(_pixels(batch, of_pixels))
            items.append(_item(batch, number, i, lineages, is_real))
    return _assembled(
        items, labels, np.array(raw), np.array(pixels), strangers, seed, check_cancelled
    )


def _is_real(batch: Batch) -> bool:
    return batch.source in ("photo", "other-tool") if batch.is_real is None else batch.is_real


def _pixels(batch: Batch, generator: np.random.Generator) -> np.ndarray:
    row = generator.normal(size=len(NAMES))
    # Neighbouring rings of a spectrum vary together.
    row[:16] = 0.6 * row[0] + 0.8 * row[:16]
    for name, by in batch.pixels.items():
        row[NAMES.index(name)] += by
    return np.array(_PIXEL_MEANS) + row * np.array(_PIXEL_SPREADS)


def _item(batch: Batch, number: int, i: int, lineages: tuple[str, ...], is_real: bool) -> Made:
    id_ = f"{number:02d}-{i:05d}"
    digest = hashlib.sha256(id_.encode()).hexdigest()
    width, height = _of(batch.size, i) if callable(batch.size) else _size(batch.size, i)
    return Made(
        id=id_,
        name=f"{batch.label}-{id_}",
        label=batch.label,
        source=batch.source,
        is_real=is_real,
        lineages=lineages,
        split=batch.split,
        sha256=digest,
        weight=int(_of(batch.weight, i)),
        width=width,
        height=height,
        format=_of(batch.format, i),
        dhash=digest[:32],
    )


def _of(given: Any, i: int) -> Any:
    if callable(given):
        return given(i)
    return given[i % len(given)] if isinstance(given, (list, tuple)) else given


def _size(given: Any, i: int) -> tuple[int, int]:
    width, height = given if isinstance(given[0], int) else given[i % len(given)]
    return width, height


def _assembled(
    items: Sequence[Made],
    labels: tuple[str, ...],
    raw: np.ndarray,
    pixels: np.ndarray,
    n_strangers: int,
    seed: int,
    check_cancelled: Callable[[], None],
) -> AuditData:
    dim = raw.shape[1]
    space = FeatureSpace(np.full(dim, _CENTER, np.float32), np.zeros((0, 0), np.float32))
    pooled = (raw + _CENTER).astype(np.float32)
    x = space(pooled)
    y = np.array([labels.index(item.label) for item in items], np.intp)
    of_split = {
        name: np.array([i for i, item in enumerate(items) if item.split == name], np.intp)
        for name in ("train", "val", "test")
    }
    train = of_split["train"]
    training = TrainingSet(
        x=x[train],
        y=y[train],
        lineages=[items[int(i)].lineages for i in train],
        is_real=np.array([items[int(i)].is_real for i in train], bool),
        copies=np.array([items[int(i)].weight for i in train], float),
    )
    others = np.random.default_rng(seed + 1).normal(size=(n_strangers, dim)) * SPREAD
    others = others / np.sqrt(dim)
    others[:, -1] += 1.0
    # A fixed strength: choosing one costs seconds at thousands of images, and no check asks it.
    head = fit_head(training, labels, space, strength=10.0)
    return AuditData(
        items=items,
        labels=labels,
        y=y,
        x=x,
        pooled=pooled,
        pixels=pixels.astype(np.float32),
        **of_split,
        training=training,
        head=head,
        strangers=Strangers(
            tuple(f"stranger {i}" for i in range(n_strangers)), unit(others.astype(np.float32))
        ),
        seed=seed,
        check_cancelled=check_cancelled,
    )
