"""Seed diffusion's figures: seconds an image kept, the bank's build and its memory.

``python -m benchmarks.seed_diffusion [--photos FOLDER] [--count N]``. The worse of each pair
that is made is dropped; its time is counted. Each row runs in a process of its own. Wall time
means little on a busy machine: the processor time beside it does not depend on the others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
from PIL import Image

from catstudio.jobs.context import JobContext
from catstudio.jobs.events import AnyEvent, ImageMade
from catstudio.jobs.requests import GenerateRequest, SeedImage

EXAMPLES = Path(__file__).parent.parent / "resources" / "examples"
TARGETS = {128: 0.6, 256: 1.5}
MOST_BUILD_S, MOST_BUILD_MIB = 3.0, 300.0


@dataclass(frozen=True)
class Row:
    """What was measured with ``seeds`` photos at ``size`` pixels; times in s, memory in MiB."""

    size: int
    seeds: int
    build_s: float
    build_cpu_s: float
    build_mib: float
    first_s: float
    wall_s: float
    cpu_s: float
    peak_mib: float
    score: float


def main() -> None:
    """Print one line a configuration, with the target beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of photos; default: the examples")
    parser.add_argument("--count", type=int, default=12, help="images kept in each row")
    arguments = parser.parse_args()
    print(
        f"{'size':>4} {'seeds':>5} | {'bank s':>6} {'cpu s':>6} {'MiB':>5} | {'first s':>7} "
        f"{'s/image':>7} {'cpu s':>6} {'target':>6} | {'peak MiB':>8} {'score':>5}"
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = _twenty(arguments.photos, Path(folder))
        for size, target in TARGETS.items():
            for seeds in (1, 5, 20):
                row = _in_fresh_process(size, paths[:seeds], arguments.count)
                print(
                    f"{row.size:>4} {row.seeds:>5} | {row.build_s:>6.2f} {row.build_cpu_s:>6.2f} {row.build_mib:>5.0f} | "
                    f"{row.first_s:>7.2f} {row.wall_s:>7.2f} {row.cpu_s:>6.2f} "
                    f"{target:>6.1f} | {row.peak_mib:>8.0f} {row.score:>5.2f}"
                )
    print(f"targets of the bank at 20 seeds: {MOST_BUILD_S:.0f} s, {MOST_BUILD_MIB:.0f} MiB")


def _twenty(photos: Path | None, folder: Path) -> list[Path]:
    """Twenty photos: those of ``photos``, or the examples and crops of them."""
    if photos is not None:
        return sorted(path for path in photos.iterdir() if path.is_file())[:20]
    paths = sorted(EXAMPLES.rglob("*.jpg"))
    for path in paths[: 20 - len(paths)]:
        image = Image.open(path)
        crop = folder / f"crop-{path.name}"
        image.crop((0, 0, image.width * 3 // 4, image.height * 3 // 4)).save(crop, quality=95)
        paths.append(crop)
    return paths


def _in_fresh_process(size: int, paths: list[Path], count: int) -> Row:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (size, paths, count))


def _measure(size: int, paths: list[Path], count: int) -> Row:
    from catstudio.engine import seed_diffusion
    from catstudio.engine.seed_diffusion.photos import load_photos

    seeds = tuple(SeedImage(path.stem, str(path)) for path in paths)
    made: list[tuple[float, ImageMade]] = []

    def emit(event: AnyEvent) -> None:
        if isinstance(event, ImageMade):
            made.append((time.perf_counter(), event))

    context = JobContext("benchmark", emit, threading.Event())
    _run(context, seeds[:1], size, 1)  # Libraries load and caches warm up once a process.
    with _Memory() as memory, seed_diffusion.one_torch_thread():
        start, cpu = time.perf_counter(), time.process_time()
        bank = seed_diffusion.SeedBank.fit(load_photos(seeds, size, context), size, 0.6)
        build, build_cpu = time.perf_counter() - start, time.process_time() - cpu
    build_mib = memory.peak_mib
    del bank
    made.clear()
    with _Memory() as memory:
        start, cpu = time.perf_counter(), time.process_time()
        _run(context, seeds, size, count)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return Row(
        size=size,
        seeds=len(seeds),
        build_s=build,
        build_cpu_s=build_cpu,
        build_mib=build_mib,
        first_s=made[0][0] - start,
        wall_s=wall / count,
        cpu_s=cpu / count,
        peak_mib=memory.peak_mib,
        score=sum(event.score or 0.0 for _, event in made) / count,
    )


def _run(context: JobContext, seeds: tuple[SeedImage, ...], size: int, count: int) -> None:
    from catstudio.engine import seed_diffusion

    request = GenerateRequest(
        job_id="benchmark",
        method="seed",
        label="cat",
        count=count,
        seeds=seeds,
        options={"size": size},
    )
    seed_diffusion.run(request, context)


class _Memory:
    """The most memory, above what was there at the start, that the process held inside it."""

    def __enter__(self) -> Self:
        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peak_mib(self) -> float:
        return float(self._most - self._before) / 2**20

    def _watch(self) -> None:
        while not self._stop.wait(0.005):
            self._most = max(self._most, self._process.memory_info().rss)


if __name__ == "__main__":
    main()
