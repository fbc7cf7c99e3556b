"""Is the map of 50,000 images smooth, and how long does it take to lay out?

    python -m benchmarks.map [--points 50000] [--ratio 1 1.5 2] [--window] [--lay-out]

Frames: pan and zoom of the real canvas, each painted to the end, at several scales of the screen;
what a lasso, a click and a change of colours cost the window's thread; and, on a reading thread,
what working out the groups costs. ``--window`` shows the same in the whole window, the gallery and
the inspector beside it: the longest gap of a heartbeat on its thread while the tab is shown for the
first time, the colours change, and images are selected. ``--lay-out`` also times the worker's part on made-up vectors:
principal components, neighbours, t-SNE.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.window import Heartbeat, wait

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from catstudio.core.types import ImageRecord
    from catstudio.ui.map.canvas import MapCanvas

SIZE = (760, 600)
FRAME_MS = 16.7
_GROUPS = 6


def crowd(n: int, d: int, groups: int = 40) -> NDArray[np.float32]:
    """``n`` points in ``groups`` clouds of ``d`` dimensions."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(groups, d)) * 10 / d**0.5
    return (middles[rng.integers(0, groups, n)] + rng.normal(size=(n, d)) / d**0.5).astype("f4")


def timed(do: Callable[[], object], repeats: int = 15) -> tuple[float, float]:
    """Median and worst milliseconds of ``do``."""
    do()
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        do()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent), max(spent)


def say(words: str, spent: tuple[float, float]) -> None:
    """One line of the result."""
    median, worst = spent
    print(f"  {words:<46} {median:7.1f} ms (worst {worst:.1f}), {median / FRAME_MS:.2f} frames")


def record(number: int) -> ImageRecord:
    """An image of a made-up project."""
    from catstudio.core.types import ImageRecord, Provenance, State

    return ImageRecord(
        id=f"{number:032x}",
        sha256=f"{number:064x}",
        label=("cat", "not-cat", None)[number % 3],
        state=State.ACCEPTED,
        split=None,
        source=("photo", "seed", "augment")[number % 3],
        is_real=number % 3 == 0,
        width=640,
        height=480,
        format="JPEG",
        name=f"{number}.jpg",
        weight=1,
        lineages=(f"{number}",),
        provenance=Provenance(source="photo"),
        author="",
        created="2026-01-01T00:00:00+00:00",
    )


def frames(canvas: MapCanvas, n: int) -> None:
    """Pan, zoom, lasso, click and colours of ``n`` points."""
    from PySide6.QtCore import QPointF

    from catstudio.ui.map.points import Places

    groups = np.arange(n) % _GROUPS
    roles = [f"source:{name}" for name in ("photo", "seed", "augment", "blend", "vendor", "copy")]
    ids = [f"{i:032x}" for i in range(n)]
    rows = {id_: row for row, id_ in enumerate(ids)}
    nowhere, places = Places.of(crowd(0, 2)), Places.of(crowd(n, 2))

    def first() -> None:
        canvas.set_points([], nowhere, {})
        canvas.set_points(ids, places, rows)
        canvas.set_groups(groups, roles, [False] * _GROUPS, np.ones(n, bool))
        canvas.repaint()

    say("first showing", timed(first, 5))

    def colours() -> None:
        canvas.set_groups(groups, roles, [False] * _GROUPS, np.ones(n, bool))
        canvas.repaint()

    say("other colours", timed(colours, 5))
    canvas.fit()
    for words, factor in (("all in sight", 1.0), ("a tenth in sight", 3.0)):
        canvas.zoom(factor)
        step = iter([1, -1] * 40)

        def pan(step: object = step) -> None:
            canvas._move(canvas.view.moved(9 * next(step), 0))  # type: ignore[call-overload]
            canvas.repaint()

        say(f"pan, {words}", timed(pan))
        factors = iter([1.07, 1 / 1.07] * 40)

        def zoom(factors: object = factors) -> None:
            canvas.zoom(next(factors))  # type: ignore[call-overload]
            canvas.repaint()

        say(f"zoom, {words}", timed(zoom))
    canvas.fit()
    turn = np.linspace(0, 6.2, 120)
    loop = [QPointF(380 + 300 * np.cos(a), 300 + 250 * np.sin(a)) for a in turn]
    say("which points a lasso holds", timed(lambda: canvas._inside(loop)))
    say("which point is under the mouse", timed(lambda: canvas._point_at(QPointF(300, 300))))
    half = ids[::2]
    flips = iter([half, []] * 10)

    def select() -> None:
        canvas.set_selected(next(flips))
        canvas.repaint()

    say("half of all selected", timed(select, 8))
    assert canvas._buffer is not None, "nothing was painted"


def preparing(n: int) -> None:
    """What a reading thread does for the window."""
    from catstudio.ui.map.colouring import ColourBy
    from catstudio.ui.map.feed import Layout
    from catstudio.ui.map.shown import prepare

    records = [record(i) for i in range(n)]
    layout = Layout(tuple(r.sha256 for r in records), crowd(n, 2), "t-sne")
    visible = frozenset(r.id for r in records)

    def work() -> None:
        prepare(layout, records, visible, frozenset(), ColourBy.LABEL, ("cat", "not-cat"), None)

    say("groups and filters, on a reading thread", timed(work, 5))


def stalls(n: int, qt: QApplication) -> None:
    """The whole window with a made-up project of ``n`` images."""
    from catstudio.learn.image_map import ImageMap, Likeness
    from catstudio.ui import app
    from catstudio.ui.map.canvas import Pick
    from catstudio.ui.map.colouring import ColourBy
    from catstudio.ui.tabs import MAP

    held = app.Window(qt, name=f"benchmark-map-{os.getpid()}")
    window, heart = held.window, Heartbeat()
    records = [record(i) for i in range(n)]
    ids, hashes = [r.id for r in records], tuple(r.sha256 for r in records)
    some = np.random.default_rng(0).permutation(n)
    kept = ImageMap(hashes, crowd(n, 2), "t-sne", "", Likeness.of(np.ones((1, 2), np.float32)))

    def settle() -> None:
        until = time.monotonic() + 0.5
        wait(lambda: time.monotonic() > until)

    def measure(words: str, do: Callable[[], object], is_done: Callable[[], bool]) -> None:
        settle()
        heart.start()
        do()
        wait(is_done)
        settle()
        longest, second, _ = heart.stop()
        print(f"  {words:<46} longest stall {longest:5.0f} ms, then {second:.0f} ms")

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        window.welcome.set_folder(Path(folder))
        window.welcome.begin.click()
        wait(lambda: window.workspace is not None and window.workspace.gallery.model.is_loaded)
        space = window.workspace
        assert space is not None
        space.studio.image_map = lambda _: kept  # type: ignore[method-assign]
        space.gallery.model.set_images(records, ("cat", "not-cat"))
        tab, view = space.map, space.gallery.view
        measure(
            "the tab is shown for the first time",
            lambda: space.tabs.setCurrentIndex(MAP),
            lambda: tab.canvas is not None and tab.canvas._buffer is not None,
        )
        before = tab._shown
        measure(
            "other colours", tab.tools.chips[ColourBy.LABEL].click, lambda: tab._shown != before
        )
        for count in (500, n // 2, 500):
            space.gallery.clear_filters()
            chosen = [ids[i] for i in some[:count]]
            measure(
                f"{count:,} scattered images are selected",
                lambda chosen=chosen: tab.picking.pick(chosen, Pick.REPLACE, ""),
                lambda count=count: view.selected_count() == count,
            )
        window.projects.close()
        wait(lambda: window.projects.studio is None)
    held.close()
    window.close()


def laying_out(n: int) -> None:
    """The worker's part, and a search in the kept map."""
    from catstudio.engine import neighbourhoods
    from catstudio.engine.backbones import cpu_threads
    from catstudio.learn.features import unit
    from catstudio.learn.image_map import Likeness
    from catstudio.learn.projection import principal

    x = unit(crowd(n, 1408))
    began = time.perf_counter()
    plane = principal(x, 50).scores
    print(f"  principal components {time.perf_counter() - began:8.1f} s")
    packed = Likeness.of(x)
    say("search by image in the kept map", timed(lambda: packed.ranked(x[0]), 3))
    stages: dict[str, float] = {}

    def on_step(stage: str, *_: object) -> None:
        stages[stage] = time.perf_counter()

    began = time.perf_counter()
    neighbourhoods.arrange(plane, plane[:, :2], n_jobs=cpu_threads(), on_step=on_step)
    print(f"  neighbours           {stages['neighbours'] - began:8.1f} s")
    print(f"  t-SNE                {stages['t-sne'] - stages['neighbours']:8.1f} s")


def main() -> None:
    """See the module."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=50_000)
    parser.add_argument("--ratio", type=float, nargs="*", default=[1.0, 1.5, 2.0])
    parser.add_argument("--window", action="store_true")
    parser.add_argument("--lay-out", action="store_true")
    args = parser.parse_args()
    from PySide6.QtWidgets import QApplication

    from catstudio.ui.app import build_application
    from catstudio.ui.map.canvas import MapCanvas
    from catstudio.ui.theme import apply_theme

    class Scaled(MapCanvas):
        """On a screen of another scale."""

        ratio = 1.0

        def devicePixelRatioF(self) -> float:  # noqa: N802 - Qt's name.
            return self.ratio

    qt = build_application()
    apply_theme(qt, "light")
    for ratio in args.ratio:
        print(f"{args.points:,} points on {SIZE[0]} x {SIZE[1]} at {ratio:g} x")
        canvas = Scaled()
        canvas.ratio = ratio
        canvas.resize(*SIZE)
        canvas.show()
        # Until a window is exposed nothing is painted.
        while not canvas.windowHandle().isExposed():
            QApplication.processEvents()
        frames(canvas, args.points)
        canvas.close()
    preparing(args.points)
    if args.window:
        with tempfile.TemporaryDirectory() as home:
            os.environ["CATSTUDIO_HOME"] = home
            stalls(args.points, qt)
    if args.lay_out:
        laying_out(args.points)


if __name__ == "__main__":
    main()
