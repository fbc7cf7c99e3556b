"""Nothing is lost: kill the program at random instants, and count what is missing afterwards.

    python -m benchmarks.kills [--times 100] [--seed 0]

Each round starts a real command (import, generate, train) or the window's own jobs in a process
of their own, sends SIGKILL to it or to its worker after a random time, opens the project again
and verifies it. A loss is an image or a run that was reported as finished before the kill and is
not there afterwards, or a project that does not open or verify.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.pictures import crops
from catstudio.resources import resource
from catstudio.studio import Studio

# Run in a process of its own; prints the id of each image and run as soon as it is finished.
_PRELUDE = """
import json, sys
from catstudio.jobs.events import ImageAdded, Done
from catstudio.studio import Studio

root, action, photos = sys.argv[1:4]

def say(event):
    if isinstance(event, ImageAdded):
        print(json.dumps({"image": event.image_id}), flush=True)
    elif isinstance(event, Done) and "run" in event.result:
        print(json.dumps({"run": event.result["run"]}), flush=True)

def begin(studio):
    print(json.dumps({"open": True}), flush=True)
    if action == "import":
        return studio.import_request([photos], label="not-cat")
    if action == "generate":
        return studio.generate_request("seed", "cat", 8, seed=len(studio.images()), accept=True)
    return studio.train_request()
"""
ACTOR = f"""{_PRELUDE}
with Studio.open(root) as studio:
    studio.run(begin(studio), say)
"""
WINDOW = f"""{_PRELUDE}
from catstudio.ui import app

def opened(studio):
    studio.subscribe(say)
    studio.submit(begin(studio))

qt = app.build_application()
held = app.Window(qt, root)
held.window.project_opened.connect(opened)
qt.exec()
"""
SECONDS = {"import": 1.5, "generate": 9.0, "train": 8.0}
"""How long each action takes, about: kills are spread over this time."""


def round_(
    root: Path, action: str, victim: str, delay: float, photos: Path
) -> tuple[list[str], int]:
    """One kill; returns what was lost, and how many things had been reported as finished."""
    code = WINDOW if victim == "window" else ACTOR
    actor = subprocess.Popen(
        [sys.executable, "-c", code, str(root), action, str(photos)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []
    is_open = threading.Event()

    def read() -> None:
        for line in actor.stdout or ():
            lines.append(line)
            is_open.set()

    reader = threading.Thread(target=read)
    reader.start()
    is_open.wait(60)
    time.sleep(delay)
    target = psutil.Process(actor.pid)
    children = target.children(recursive=True)
    if victim == "worker" and children:
        children[0].send_signal(signal.SIGKILL)
        try:
            actor.wait(60)
        except subprocess.TimeoutExpired:
            actor.kill()
    else:
        actor.send_signal(signal.SIGKILL)
    actor.wait()
    reader.join()
    # A line cut by the kill was not reported; the one before it was.
    reported = [json.loads(line) for line in lines if line.endswith("\n")]
    gone = [child for child in children if child.is_running()]
    psutil.wait_procs(gone, timeout=10)
    return _losses(root, reported), sum("open" not in one for one in reported)


def _losses(root: Path, reported: list[dict[str, object]]) -> list[str]:
    try:
        with Studio.open(root) as studio:
            verdict = studio.verify()
            images = {record.id for record in studio.images()}
            runs = {run.number for run in studio.runs()}
    except Exception as error:  # noqa: BLE001 - whatever it is, it counts as a loss.
        return [f"does not open: {error}"]
    lost = [
        f"image {one['image']}" for one in reported if one.get("image", None) not in images | {None}
    ]
    lost += [f"run {one['run']}" for one in reported if one.get("run", None) not in runs | {None}]
    return lost + list(verdict.problems)


def main() -> None:
    """Print one line a kind of kill, and the total."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--victims", nargs="+", default=["command", "worker", "window"])
    options = parser.parse_args()
    rng = random.Random(options.seed)
    counts: dict[tuple[str, str], list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "Kills.catstudio"
        with Studio.create(root) as studio:
            cats = Path(str(resource("examples/cat")))
            studio.run(studio.import_request([cats], label="cat", split="train"))
        for number in range(options.times):
            action = ("import", "generate", "train")[number % 3]
            victim = options.victims[number // 3 % len(options.victims)]
            photos = Path(folder) / f"photos-{number}"
            crops(photos, 150, seed=rng.randrange(10**6))
            delay = rng.uniform(0, SECONDS[action])
            lost, finished = round_(root, action, victim, delay, photos)
            tally = counts[action, victim]
            tally[0] += 1
            tally[1] += finished
            tally[2] += len(lost)
            for one in lost:
                print(f"round {number} ({action}, {victim}, {delay:.2f} s): {one}", flush=True)
    print("| during | killed | kills | finished before the kill | lost |")
    print("|---|---|---|---|---|")
    for (action, victim), (kills, finished, lost_count) in sorted(counts.items()):
        print(f"| {action} | {victim} | {kills} | {finished} | {lost_count} |")
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    print(f"| all | | {total[0]} | {total[1]} | {total[2]} |")


if __name__ == "__main__":
    main()
