"""How near embedding a folder of JPEGs comes to the bare speed of the forward pass.

``python -m benchmarks.embedding [FOLDER] [--backbone ID] [--images N]``. Without a folder it
makes JPEGs of 384 pixels from the free photos in ``resources/examples``. Prints images per
second of the forward pass alone, of embedding from files, and their ratio (aim: 0.80 or more on
two cores). Other work on the machine slows both, so each is the best of several rounds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from catstudio.core.pixels import EXTENSIONS
from catstudio.engine.backbones import (
    BACKBONES,
    DEFAULT,
    LoadedBackbone,
    cpu_threads,
    load_backbone,
)
from catstudio.engine.embedding import BATCH, embed_files

EXAMPLES = Path(__file__).resolve().parent.parent / "resources" / "examples"


def forward_speed(loaded: LoadedBackbone, n: int) -> float:
    """Images per second of the forward pass alone, all views of each."""
    entry = loaded.backbone
    shape = (BATCH * len(entry.views), entry.input_size, entry.input_size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    started = time.perf_counter()
    for _ in range(n // BATCH):
        loaded.forward(pixels)
    return n // BATCH * BATCH / (time.perf_counter() - started)


def embedding_speed(loaded: LoadedBackbone, paths: list[Path]) -> float:
    """Images per second from files to rows."""
    started = time.perf_counter()
    done = sum(len(batch.index) for batch in embed_files(paths, loaded))
    return done / (time.perf_counter() - started)


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
        for name in args.backbone or [DEFAULT]:
            loaded = load_backbone(name)
            rounds = [
                (forward_speed(loaded, args.images), embedding_speed(loaded, paths))
                for _ in range(args.rounds)
            ]
            raw, embedded = max(r[0] for r in rounds), max(r[1] for r in rounds)
            print(
                f"{loaded.backbone.title}, {loaded.runtime}, {cpu_threads()} threads, "
                f"{len(paths)} images: forward {raw:.0f}/s, embedding {embedded:.0f}/s, "
                f"ratio {embedded / raw:.2f}"
            )


if __name__ == "__main__":
    main()
