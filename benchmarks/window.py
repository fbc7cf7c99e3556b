"""Is the window quick to come, and does it ever wait?

    python -m benchmarks.window [--runs 5] [--images 24] [--photos 300]

Prints the time from the start of the process to the first painted frame (and the same for an
empty Qt window, as a yardstick), and the longest gaps of a 5 ms heartbeat on the GUI thread
while the window imports, generates and trains on a project of its own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.pictures import crops

if TYPE_CHECKING:
    from catstudio.jobs.requests import AnyRequest

LAUNCH = """
import sys, time
started = float(sys.argv[1])
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWindow():
            print(time.time() - started, "torch" in sys.modules, flush=True)
            QTimer.singleShot(0, QApplication.quit)
            watched.removeEventFilter(self)
        return False

painted = Painted()
if sys.argv[2] == "empty":
    qt = QApplication([])
    window = QWidget()
else:
    from catstudio.ui import app
    qt = app.build_application()
    held = app.Window(qt)
    window = held.window
window.installEventFilter(painted)
window.update()
window.show()
qt.exec()
if sys.argv[2] != "empty":
    held.close()
    window.close()
"""
HEARTBEAT_MS = 5


def launch(kind: str) -> tuple[float, bool]:
    """Seconds until the first frame is painted, and whether torch had been imported."""
    command = [sys.executable, "-c", LAUNCH, str(time.time()), kind]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(output[0]), output[1] == "True"


class Heartbeat:
    """Gaps between the beats of a timer on the GUI thread, in milliseconds beyond its interval."""

    def __init__(self) -> None:
        from PySide6.QtCore import QTimer

        self.gaps: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setInterval(HEARTBEAT_MS)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.gaps.clear()
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> tuple[float, float, float]:
        """Longest, second longest and 99.9 % gap since the start."""
        self._timer.stop()
        ordered = sorted(self.gaps)
        return ordered[-1], ordered[-2], ordered[int(len(ordered) * 0.999) - 1]

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000 - HEARTBEAT_MS)
        self._last = now


def wait(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Let the window live until ``condition`` holds."""
    from PySide6.QtWidgets import QApplication

    until = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents()
        time.sleep(0.0005)
        if time.monotonic() > until:
            raise TimeoutError


def stalls(images: int, photos: int) -> dict[str, tuple[float, float, float]]:
    """The heartbeat's gaps during each kind of work."""
    from catstudio.jobs.events import TERMINAL, Failed
    from catstudio.ui import app

    held = app.Window(app.build_application(), name=f"benchmark-{os.getpid()}")
    window = held.window
    heart = Heartbeat()
    ends: list[object] = []
    found: dict[str, tuple[float, float, float]] = {}

    def measure(name: str, request: AnyRequest) -> None:
        ends.clear()
        heart.start()
        studio.submit(request)
        wait(lambda: bool(ends) and len(heart.gaps) > 20)
        found[name] = heart.stop()
        assert not isinstance(ends[0], Failed), ends[0]

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        window.welcome.set_folder(Path(folder))
        window.welcome.begin.click()
        wait(lambda: window.workspace is not None)
        assert window.workspace is not None
        studio = window.workspace.studio
        studio.subscribe(lambda e: ends.append(e) if isinstance(e, TERMINAL) else None)
        studio.warm_up()
        others = crops(Path(folder) / "photos", photos)
        cat = crops(Path(folder) / "cat", 1, kind="cat")
        measure("import", studio.import_request(others, label="not-cat"))
        studio.run(studio.import_request(cat, label="cat", split="train"))
        measure("generate", studio.generate_request("seed", "cat", images, accept=True))
        measure("train", studio.train_request())
        window.projects.close()
        wait(lambda: window.projects.studio is None)
    held.close()
    window.close()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--photos", type=int, default=300)
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        os.environ["CATSTUDIO_HOME"] = home
        launch("window"), launch("empty")  # warm the disk cache
        ours = [launch("window") for _ in range(options.runs)]
        empty = [launch("empty")[0] for _ in range(options.runs)]
        seconds = statistics.median(t for t, _ in ours)
        yardstick = statistics.median(empty)
        print(f"first frame: {seconds:.2f} s, {seconds / yardstick:.1f} times an empty Qt window")
        print(f"torch imported by then: {'yes' if any(has for _, has in ours) else 'no'}")
        for name, (longest, second, high) in stalls(options.images, options.photos).items():
            print(
                f"longest stall while it does {name}: {longest:.0f} ms "
                f"(second {second:.0f} ms, 99.9 % below {high:.0f} ms)"
            )
        print(f"torch in the window's process: {'yes' if 'torch' in sys.modules else 'no'}")


if __name__ == "__main__":
    main()
