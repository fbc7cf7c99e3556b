"""Does the audit find flaws that were planted, and leave clean data alone? And do intervals hold?

    python -m benchmarks.truth PHOTOS --cache FOLDER [--draws 8] [--half report] [--rows FILE]

PHOTOS holds a folder for each of the labels cat, dog and other, or those that ``--tasks`` names
("rose,tulip daisy,rose,tulip"). Flaws of several sizes are
planted into files of real photos (``planting``), data sets are drawn from them with their clean
twins (``flaws``), each is trained and audited as the engine does it, and the real accuracy of
both is measured on all photos left over. Thresholds were chosen on one half of the photos, by
hash; the other half is reported on. ``--rows`` keeps every answer. See docs/truth.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import truth_tables
from benchmarks.flaws import TASKS, Draw, Flaw, Task, every_flaw
from benchmarks.photo_sets import HALVES
from benchmarks.planting import AS_IT_IS, Keeper, Library, library
from catstudio.audit import CHECKS, AuditData, Strangers, turkey_test
from catstudio.engine.auditing import audit_data
from catstudio.engine.backbones import BACKBONES, LoadedBackbone, load_backbone
from catstudio.engine.embedding import ItemRows, embed_items
from catstudio.engine.run_files import HEAD_FILE
from catstudio.engine.training import train
from catstudio.jobs.requests import AuditItem, AuditRequest, TrainRequest
from catstudio.learn.head import Head
from catstudio.learn.metrics import balanced_accuracy

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Bench:
    """What every data set is measured with; ``keep`` holds the embeddings."""

    photos: Library
    loaded: LoadedBackbone
    keep: Keeper
    tasks: tuple[Task, ...] = TASKS

    def rows(self, items: list[AuditItem]) -> ItemRows[AuditItem]:
        return embed_items(items, str(self.keep.path), self.loaded, self.keep.context)

    def audited(self, items: list[AuditItem], draw: Draw, seed: int) -> Json:
        """Train on ``items``, ask every check, and measure the truth on the photos left over."""
        cache = str(self.keep.path)
        trained = TrainRequest(
            job_id="t",
            items=tuple(items),
            labels=draw.labels,
            embedding_cache=cache,
            backbone=self.loaded.backbone.id,
        )
        report, files = train(trained, self.keep.context)
        head = Head.load(files[HEAD_FILE], HEAD_FILE)
        request = AuditRequest(
            job_id="a", items=tuple(items), run_folder="", embedding_cache=cache, seed=seed
        )
        found = self.rows(items)
        data = audit_data(request, found, head, self.loaded, self.keep.context)
        asked, others = self._strangers(draw, head)
        data = dataclasses.replace(data, strangers=asked)
        answers, seconds = _asked(data)
        held = self.rows(draw.held)
        truth = np.array([head.labels.index(item.label) for item in held.items])
        p = head.probabilities(head.space(held.rows))
        is_right = p.argmax(axis=1) == truth
        return {
            "real": balanced_accuracy(truth, p.argmax(axis=1)),
            "n_held": len(truth),
            # What is true of the model, of photos that no check has seen.
            "overconfident": float(p.max(axis=1).mean() - is_right.mean()),
            "fooled": turkey_test.run(dataclasses.replace(data, strangers=others)).value,
            "reported": report["metrics"]["balanced_accuracy"]["value"],
            "checks": answers,
            "seconds": seconds,
        }

    def _strangers(self, draw: Draw, head: Head) -> tuple[Strangers, Strangers]:
        """Photos of a label that is not the task's, as photos of neither class; and others."""
        items = [
            self.photos.items[number, AS_IT_IS]
            for number, photo in enumerate(self.photos.photos)
            if photo.label not in draw.labels
        ]
        order = np.random.default_rng(0).permutation(len(items))
        halves = [order[: len(order) // 2], order[len(order) // 2 :]]
        found = [self.rows([items[i] for i in half]) for half in halves]
        asked, others = (
            Strangers(
                tuple(item.name for item in one.items),
                head.space(one.rows.reshape(-1, head.space.row_length)),
            )
            for one in found
        )
        return asked, others


def _asked(data: AuditData) -> tuple[Json, Json]:
    answers, seconds = {}, {}
    for check in CHECKS:
        started = time.perf_counter()
        finding = check.run(data)
        seconds[check.id] = round(time.perf_counter() - started, 3)
        answers[check.id] = {
            "verdict": str(finding.verdict),
            "value": finding.value,
            "low": finding.low,
            "high": finding.high,
            "n": finding.n,
            "text": finding.text,
        }
    return answers, seconds


def measured(bench: Bench, flaw: Flaw, half: str, seed: int) -> Json:
    """One pair: the flawed data set, its clean twin, and what the flaw cost.

    The cost is in points of balanced accuracy: the twin's truth less the flawed one's; for a leak
    how much more the flawed one reports than is true, less how much more the twin does.
    """
    draw = Draw(bench.photos, half, seed, bench.tasks)
    pair = flaw.plant(draw)
    flawed = bench.audited(pair.flawed, draw, seed)
    clean = bench.audited(pair.clean, draw, seed)
    cost = clean["real"] - flawed["real"]
    if flaw.kind == "leaked test photos":
        cost = (flawed["reported"] - flawed["real"]) - (clean["reported"] - clean["real"])
    return {
        "kind": flaw.kind,
        "size": flaw.size,
        "expected": flaw.expected,
        "seed": seed,
        "half": half,
        "labels": draw.labels,
        "cost": 100 * cost,
        "flawed": flawed,
        "clean": clean,
    }


def _bench(options: argparse.Namespace) -> Bench:
    loaded = load_backbone(options.backbone)
    photos = library(options.photos, options.cache, loaded)
    tasks = tuple(tuple(labels.split(",")) for labels in options.tasks) or TASKS
    return Bench(photos, loaded, Keeper(photos.cache), tasks)


def _part(options: argparse.Namespace, number: int) -> list[Json]:
    """Every so many-th pair, for the process with this number."""
    bench = _bench(options)
    flaws = [f for f in every_flaw() if not options.kinds or f.kind in options.kinds]
    jobs = [
        (flaw, 1000 * place + draw)
        for draw in range(options.draws)
        for place, flaw in enumerate(flaws)
    ]
    chosen = jobs[number :: options.processes]
    return [measured(bench, flaw, options.half, seed) for flaw, seed in chosen]


def run(options: argparse.Namespace) -> Iterator[Json]:
    """Every pair, from as many processes as asked for."""
    _bench(options)  # So that no two processes embed the same.
    with ProcessPoolExecutor(options.processes) as pool:
        parts = [pool.submit(_part, options, number) for number in range(options.processes)]
        for part in parts:
            yield from part.result()


def main() -> None:
    """Plant, ask, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="folder for embeddings")
    parser.add_argument("--backbone", choices=BACKBONES, default="efficientnet-lite0")
    parser.add_argument("--half", choices=(*HALVES, "all"), default="report")
    parser.add_argument("--tasks", nargs="+", default=[], help="labels of each task, by commas")
    parser.add_argument("--draws", type=int, default=8, help="data sets of each flaw and size")
    parser.add_argument("--kinds", nargs="+")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rows", type=Path, help="file that keeps every answer, as JSON lines")
    options = parser.parse_args()
    rows = list(run(options))
    if options.rows:
        options.rows.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(truth_tables.tables(rows))


if __name__ == "__main__":
    main()
