"""Photographs by the hundred for benchmarks: random crops of the free examples."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image

from catstudio.resources import resource


def crops(folder: Path, count: int, seed: int = 0, kind: str = "not-cat") -> list[Path]:
    """Write ``count`` different JPEGs, half as wide and high as the example they come from."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    originals = sorted(Path(str(resource(f"examples/{kind}"))).glob("*.jpg"))
    for number in range(count):
        with Image.open(rng.choice(originals)) as image:
            left, top = rng.randrange(image.width // 3), rng.randrange(image.height // 3)
            box = (left, top, left + image.width // 2, top + image.height // 2)
            image.crop(box).save(folder / f"{number:05}.jpg", quality=rng.randrange(70, 95))
    return sorted(folder.glob("*.jpg"))
