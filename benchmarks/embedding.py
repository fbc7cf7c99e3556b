"""How near embedding a folder of JPEGs comes to the bare speed of the forward pass.

``python -m benchmarks.embedding [FOLDER] [--backbone ID] [--images N]``. Without a folder it
makes JPEGs of 384 pixels from the free photos in ``resources/examples``. Prints images per
second of the forward pass alone, of embedding from files, and their ratio (aim: 0.80 or more on
two cores), taken round by round because other work on the machine slows both. The ratio of
processor time is what the wall-clock ratio comes to when nothing else runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from catstudio.core.pixels import EXTENSIONS
from catstudio.engine.backbones import (
    BACKBONES,
    LoadedBackbone,
    cpu_threads,
    load_backbone,
)
from catstudio.engine.embedding import BATCH, embed_files
from catstudio.jobs.requests import DEFAULT_BACKBONE

EXAMPLES = Path(__file__).resolve().parent.parent / "resources" / "examples"


@dataclass(frozen=True)
class Speed:
    """Images per second, and seconds of processor time an image over all threads."""

    per_second: float
    cpu: float


def measured(work: Callable[[], int]) -> Speed:
    """The speed of ``work``, which returns how many images it did."""
    started, cpu = time.perf_counter(), time.process_time()
    n = work()
    return Speed(n / (time.perf_counter() - started), (time.process_time() - cpu) / n)


def forward_only(loaded: LoadedBackbone, n: int) -> int:
    """The forward pass alone, all views of about ``n`` images."""
    entry = loaded.backbone
    shape = (BATCH * len(entry.views), entry.input_size, entry.input_size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for _ in range(n // BATCH):
        loaded.forward(pixels)
    return n // BATCH * BATCH


def from_files(loaded: LoadedBackbone, paths: list[Path]) -> int:
    """From files to rows."""
    return sum(len(batch.index) for batch in embed_files(paths, loaded))


def example_jpegs(folder: Path, n: int) -> list[Path]:
    """``n`` JPEGs of at most 384 pixels a side, cut from the examples."""
    sources = sorted(p for p in EXAMPLES.rglob("*.jpg"))
    paths = []
    for number, source in enumerate(islice(cycle(sources), n)):
        with Image.open(source) as image:
            image.thumbnail((384 + number % 7, 384))
            paths.append(folder / f"{number:04}.jpg")
            image.convert("RGB").save(paths[-1], quality=90)
    return paths


def main() -> None:
    """Print both speeds and their ratio for each backbone asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--backbone", choices=BACKBONES, action="append")
    parser.add_argument("--images", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        if args.folder:
            found = (p for p in sorted(args.folder.rglob("*")) if p.suffix.lower() in EXTENSIONS)
            paths = list(islice(found, args.images))
        else:
            paths = example_jpegs(Path(temporary), args.images)
        for name in args.backbone or [DEFAULT_BACKBONE]:
            loaded = load_backbone(name)
            rounds = [
                (
                    measured(lambda: forward_only(loaded, args.images)),  # noqa: B023
                    measured(lambda: from_files(loaded, paths)),  # noqa: B023
                )
                for _ in range(args.rounds)
            ]
            forward, files = (max(r[k].per_second for r in rounds) for k in (0, 1))
            ratio = median(f.per_second / raw.per_second for raw, f in rounds)
            cpu = median(raw.cpu / f.cpu for raw, f in rounds)
            print(
                f"{loaded.backbone.title}, {loaded.runtime}, {cpu_threads()} threads, "
                f"{len(paths)} images: forward {forward:.0f}/s, from files {files:.0f}/s (best), "
                f"ratio {ratio:.2f}, of processor time {cpu:.2f} (median of {args.rounds})"
            )


if __name__ == "__main__":
    main()
