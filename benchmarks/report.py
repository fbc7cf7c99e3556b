"""How long the report takes once images are embedded: the head, what sources bought, each check.

    python -m benchmarks.report [--images 10000] [--sources 6] [--tests 1000] [--labels 2]

Made-up embeddings of a usual length (1,280 features and 128 coordinates of kinship) from a
mixture of labels, styles and sources; photos, photos of a vendor, and images derived from them
or generated. Without ``--images`` 100, 1,000 and 10,000 are measured. Printed for each part: the
seconds, and their ratio to the one-click answer (fitting and evaluating) of the same images.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catstudio.audit import CHECKS, AuditData, Strangers
from catstudio.audit.next_steps import next_steps
from catstudio.learn.features import LOOK_SHARE, FeatureSpace, unit
from catstudio.learn.fitting import TrainingSet, fit_head
from catstudio.learn.head import Head
from catstudio.learn.lineages import family_numbers
from catstudio.learn.metrics import evaluate
from catstudio.learn.pixel_statistics import NAMES
from catstudio.learn.worth import TestPhotos, value_sources

Floats = NDArray[np.float32]
FEATURES, KIN, STYLES = 1280, 128, 40
SIZES = (100, 1_000, 10_000)
REAL = ("photo", "vendor")
DERIVED = ("augment", "blend")
GENERATED = ("diffusers", "seed", "other-tool", "drawing")


@dataclass(frozen=True)
class World:
    """Means that images scatter around: of labels, of styles, and of sources."""

    labels: Floats
    styles: Floats
    sources: dict[str, Floats]

    @classmethod
    def draw(cls, n_labels: int, sources: list[str], generator: np.random.Generator) -> World:
        def means(n: int, length: float) -> Floats:
            normal = generator.normal(size=(n, FEATURES + KIN)).astype(np.float32)
            return np.float32(length) * unit(normal)

        of_source = dict(zip(sources, means(len(sources), 0.5), strict=True))
        return cls(means(n_labels, 0.07), means(STYLES, 0.6), of_source)

    def images(self, y: NDArray[np.intp], source: str, generator: np.random.Generator) -> Floats:
        """Vectors [n, dim] as :class:`FeatureSpace` would make them."""
        noise = generator.normal(size=(len(y), FEATURES + KIN)).astype(np.float32)
        rows = self.labels[y] + self.styles[generator.integers(0, STYLES, len(y))]
        rows += noise / np.sqrt(FEATURES + KIN)
        if source not in REAL:
            rows += self.sources[source]
        look, kin = unit(rows[:, :FEATURES]), unit(rows[:, FEATURES:])
        return np.concatenate([np.sqrt(LOOK_SHARE) * look, np.sqrt(1 - LOOK_SHARE) * kin], axis=1)


@dataclass(frozen=True)
class Case:
    """One project: what is trained on, of which source, and what is tested on."""

    training: TrainingSet
    sources: list[str]
    test: TestPhotos
    labels: tuple[str, ...]
    space: FeatureSpace

    @classmethod
    def draw(cls, n: int, n_sources: int, n_test: int, n_labels: int) -> Case:
        generator = np.random.default_rng(0)
        names = list((*REAL, *DERIVED, *GENERATED)[:n_sources])
        world = World.draw(n_labels, names, generator)
        sources = sorted((names[k % len(names)] for k in range(n)), key=names.index)
        y = generator.permutation(np.arange(n) % n_labels)
        x = [
            world.images(y[np.array([s == name for s in sources])], name, generator)
            for name in names
        ]
        photos = [f"p{i}" for i, source in enumerate(sources) if source in REAL]
        training = TrainingSet(
            x=np.concatenate(x).astype(np.float32),
            y=y,
            lineages=[lineages(i, source, photos, generator) for i, source in enumerate(sources)],
            is_real=np.array([source in REAL for source in sources]),
            copies=np.ones(n),
        )
        truth = np.arange(n_test) % n_labels
        seen = world.images(truth, "photo", generator).astype(np.float32)
        test = TestPhotos(seen, truth, family_numbers([(f"t{i}",) for i in range(n_test)]))
        space = FeatureSpace(np.zeros(FEATURES, np.float32), np.zeros((1000, KIN), np.float32))
        return cls(training, sources, test, tuple(f"label {c}" for c in range(n_labels)), space)


def lineages(
    i: int, source: str, photos: list[str], generator: np.random.Generator
) -> tuple[str, ...]:
    """A photo is its own; a derived image has one parent or two; a generated one has none."""
    if source == "augment":
        return (str(generator.choice(photos)),)
    if source == "blend":
        return tuple(str(name) for name in generator.choice(photos, 2, replace=False))
    return (f"p{i}",)


@dataclass(frozen=True)
class Image:
    """What the checks ask of an image besides its numbers."""

    id: str
    label: str
    source: str
    is_real: bool
    lineages: tuple[str, ...]
    split: str
    sha256: str
    dhash: str
    weight: int = 1
    width: int = 640
    height: int = 480
    format: str = "JPEG"

    @property
    def name(self) -> str:
        return self.id


def audit_data(case: Case, head: Head) -> AuditData:
    """``case`` as the checks are given it, with made-up pixel statistics and hashes."""
    generator = np.random.default_rng(1)
    training, test = case.training, case.test
    n, m = len(training.y), test.n
    hashes = generator.bytes(16 * (n + m)).hex()
    tested = [("photo", True, (f"t{i}",), "test") for i in range(m)]
    trained = [
        (source, bool(is_real), tuple(lineages), "train")
        for source, is_real, lineages in zip(
            case.sources, training.is_real, training.lineages, strict=True
        )
    ]
    y = np.concatenate([training.y, test.y]).astype(np.intp)
    items = [
        Image(
            id=f"{i:06d}",
            label=case.labels[y[i]],
            source=source,
            is_real=is_real,
            lineages=lineages,
            split=split,
            sha256=f"{i:064x}",
            dhash=hashes[32 * i : 32 * i + 32],
        )
        for i, (source, is_real, lineages, split) in enumerate([*trained, *tested])
    ]
    x = np.concatenate([training.x, test.x])
    strangers = generator.normal(size=(50, x.shape[1])).astype(np.float32)
    return AuditData(
        items=items,
        labels=case.labels,
        y=y,
        x=x,
        pooled=np.abs(x[:, :FEATURES]),
        pixels=generator.normal(size=(n + m, len(NAMES))).astype(np.float32),
        train=np.arange(n),
        val=np.arange(0),
        test=np.arange(n, n + m),
        training=training,
        head=head,
        strangers=Strangers(tuple(f"stranger {i}" for i in range(50)), unit(strangers)),
    )


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` returns, and the seconds it took."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def measure(case: Case) -> Iterator[tuple[str, float]]:
    """Each part with its seconds, as it ends."""
    head, fit = timed(lambda: fit_head(case.training, case.labels, case.space))
    test = case.test
    _, evaluated = timed(
        lambda: evaluate(head.probabilities(test.x), test.y, case.labels, test.groups)
    )
    yield "answer", fit + evaluated
    worth, sources = timed(
        lambda: value_sources(
            case.training,
            case.sources,
            test,
            case.labels,
            case.space,
            head.info["strength"],
            temperature=head.temperature,
        )
    )
    if "sources" in worth["why_not"]:
        raise SystemExit(worth["why_not"]["sources"])
    yield "sources", sources
    data = audit_data(case, head)
    findings = []
    for check in CHECKS:
        finding, taken = timed(partial(check.run, data))
        findings.append(finding)
        yield check.id, taken
    _, taken = timed(lambda: next_steps(data, findings, worth))
    yield "next steps", taken


def main() -> None:
    """Print one line a part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=SIZES)
    parser.add_argument("--sources", type=int, default=6)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--labels", type=int, default=2)
    options = parser.parse_args()
    for n in options.images:
        case = Case.draw(n, options.sources, options.tests, options.labels)
        print(f"{n:,} images, {options.sources} sources, {options.tests:,} test photos")
        total, answer = 0.0, 0.0
        for part, taken in measure(case):
            answer = answer or taken
            total += taken
            print(f"  {part:<26} {taken:8.2f} s {taken / answer:8.1f} × the answer", flush=True)
        print(f"  {'everything':<26} {total:8.2f} s {total / answer:8.1f} × the answer")


if __name__ == "__main__":
    main()
