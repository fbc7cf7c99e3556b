"""Closing while work runs: asked once, inline; finish, stop after this image, or stop now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from catstudio.jobs.events import TERMINAL, AnyEvent, ImageAdded
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import M, S
from catstudio.ui.widgets import button, label


class ClosingBar(QFrame):
    """The question. ``finish``, ``after_image``, ``now`` and ``stay`` are its answers."""

    finish = Signal()
    after_image = Signal()
    now = Signal()
    stay = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._words = label("", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(M, S, M, S)
        row.setSpacing(S)
        row.addWidget(self._words, 1)
        self._choices = []
        for text, role, tooltip, signal in (
            ("Finish, then close", "primary", "Close when all that is queued is done", self.finish),
            ("Stop after this image", "", "Keep the image in the making", self.after_image),
            ("Stop now", "danger", "Everything finished so far is kept", self.now),
            ("Keep working", "quiet", "Do not close", self.stay),
        ):
            choice = button(text, role, tooltip=tooltip)
            choice.clicked.connect(signal)
            row.addWidget(choice)
            self._choices.append(choice)
        self.hide()

    def ask(self, running: int) -> None:
        """Ask about ``running`` jobs."""
        jobs = "A job is" if running == 1 else f"{running} jobs are"
        self._words.setText(f"{jobs} still running. Everything finished so far is kept.")
        for choice in self._choices:
            choice.show()
        self.show()
        self._choices[0].setFocus()

    def wait(self, words: str) -> None:
        """The answer was to wait: say for what; stopping now stays possible."""
        self._words.setText(words)
        for choice in self._choices[:2]:
            choice.hide()


class StopAfterImage(QObject):
    """Cancels each running job once its next image has landed, and waiting jobs at once.

    A job that makes no images (training, an import of files) ends within its next step.
    """

    def __init__(
        self,
        bridge: StudioBridge,
        running: Iterable[str],
        makes_images: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._left: set[str] = set()
        for at, job_id in enumerate(running):
            # One worker, one job at a time: only the oldest has an image in the making.
            if at == 0 and makes_images(job_id):
                self._left.add(job_id)
            else:
                bridge.studio.cancel(job_id)
        bridge.job_event.connect(self._job_event)

    def _job_event(self, event: AnyEvent) -> None:
        if event.job_id not in self._left:
            return
        if isinstance(event, ImageAdded):
            self._bridge.studio.cancel(event.job_id)
        if isinstance(event, ImageAdded | TERMINAL):
            self._left.discard(event.job_id)
