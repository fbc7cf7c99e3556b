"""What generated images buy: real only, with augmentation, with seed diffusion, at 1, 5 and 20 photos a class.

    python -m benchmarks.loop PHOTOS [--draws 5] [--count 64]

PHOTOS holds class folders; ``cat`` is one label and all other folders are the other. Each draw
takes n photos of each label for training and measures on every photo that is left, through the
same jobs as the window and the command line. All arms of a draw share their training photos and
their test photos.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from catstudio.core.changes import SetState
from catstudio.core.types import State
from catstudio.studio import Studio

LABELS = ("cat", "not-cat")
ARMS = ("real only", "augment", "seed")


def photos(root: Path) -> dict[str, list[Path]]:
    """Photos by label; several other classes are interleaved, so a draw has some of each."""
    folders = {p.name: sorted(p.glob("*.jpg")) for p in sorted(root.iterdir()) if p.is_dir()}
    others = [path for name, paths in folders.items() if name != "cat" for path in paths]
    return {"cat": folders["cat"], "not-cat": others}


def draw(
    root: Path, everything: dict[str, list[Path]], n: int, seed: int, count: int, cache: Path
) -> dict[str, dict[str, Any]]:
    """Metrics of each arm for one draw of ``n`` photos a label."""
    rng = random.Random(f"{n}:{seed}")
    chosen = {label: rng.sample(paths, n) for label, paths in everything.items()}
    held_out = root / "held-out"
    for label, paths in everything.items():
        (held_out / label).mkdir(parents=True)
        for path in paths:
            if path not in chosen[label]:
                shutil.copy(path, held_out / label / f"{path.parent.name}-{path.name}")
    found = {}
    with Studio.create(root / "Loop.catstudio", LABELS) as studio:
        if cache.exists():
            shutil.copy(cache, studio.root / "cache" / cache.name)
        for label, paths in chosen.items():
            studio.run(studio.import_request(paths, label=label, split="train"))
        for arm in ARMS:
            made: tuple[str, ...] = ()
            if arm != "real only":
                for label in LABELS:
                    request = studio.generate_request(arm, label, count, seed=seed, accept=True)
                    made += tuple(studio.run(request).result["ids"])
            studio.run(studio.train_request())
            found[arm] = studio.run(studio.evaluate_request(held_out)).result["metrics"]
            if made:
                studio.apply(SetState(made, State.REJECTED))
        root_cache = studio.root / "cache" / cache.name
    shutil.copy(root_cache, cache)
    shutil.rmtree(held_out)
    return found


def summary(metrics: list[dict[str, Any]], key: str) -> str:
    """Mean and standard deviation over the draws, and the mean ends of the 95 % intervals."""
    values = [m[key]["value"] for m in metrics]
    low = statistics.mean(m[key]["low"] for m in metrics)
    high = statistics.mean(m[key]["high"] for m in metrics)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {spread:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Print one row a number of photos and arm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 5, 20])
    options = parser.parse_args()
    everything = photos(options.photos)
    print("| photos a label | training data | balanced accuracy | AUC | test photos |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "embeddings.sqlite"
        for n in options.sizes:
            results: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
            for seed in range(options.draws):
                root = Path(folder) / f"{n}-{seed}"
                for arm, metrics in draw(root, everything, n, seed, options.count, cache).items():
                    results[arm].append(metrics)
                shutil.rmtree(root)
            for arm in ARMS:
                rows = results[arm]
                accuracy, auc = summary(rows, "balanced_accuracy"), summary(rows, "auc")
                print(f"| {n} | {arm} | {accuracy} | {auc} | {rows[0]['n']} |", flush=True)


if __name__ == "__main__":
    main()
