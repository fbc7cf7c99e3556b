"""How long the answer takes: training the first time, and again from cached embeddings.

    python -m benchmarks.training [--images 1000] [--runs 5]

Prints the seconds of the job from the click to its end (worker already running), and of its
parts, for the first training and the median of the later ones, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.pictures import crops
from catstudio.studio import Studio


def train(studio: Studio) -> tuple[float, dict[str, Any]]:
    """Seconds from the request to the kept run, and the seconds that the report gives."""
    started = time.perf_counter()
    result = studio.run(studio.train_request()).result
    return time.perf_counter() - started, result["seconds"]


def main() -> None:
    """Print one line a training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Studio.create(Path(folder) / "Speed.catstudio") as studio,
    ):
        half = options.images // 2
        for label, kind in (("cat", "cat"), ("not-cat", "not-cat")):
            paths = crops(Path(folder) / label, half, kind=kind)
            # Made from examples, so not photographs of their own: trained on, never tested on.
            studio.run(studio.import_request(paths, label=label, source="other-tool"))
        studio.run(studio.generate_request("augment", "cat", 1, seeds=[studio.images()[0].id]))
        first, parts = train(studio)
        print(f"first training of {options.images:,} images: {first:.2f} s {parts}")
        again = [train(studio) for _ in range(options.runs)]
        seconds = statistics.median(t for t, _ in again)
        print(
            f"from cached embeddings: {seconds:.2f} s {again[-1][1]}, {seconds / first:.3f} of it"
        )


if __name__ == "__main__":
    main()
