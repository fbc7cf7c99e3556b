"""Closing while work runs: asked once, inline; finish, stop after this image, or stop now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from catstudio.jobs.events import TERMINAL, AnyEvent, ImageAdded
from catstudio.ui.theme import M, S
from catstudio.ui.widgets import button, label

if TYPE_CHECKING:
    from catstudio.ui.bridge import StudioBridge
    from catstudio.ui.workspace import Workspace


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


class Leaving(QObject):
    """Lets go of a project once its work allows it: ``ask`` with what to do then."""

    def __init__(self, bar: ClosingBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._go: Callable[[], None] | None = None
        self._workspace: Workspace | None = None
        self._waits = False
        bar.finish.connect(self._finish)
        bar.after_image.connect(self._after_image)
        bar.now.connect(self._leave)
        bar.stay.connect(self.forget)

    @property
    def is_asking(self) -> bool:
        return self._go is not None

    def may_go(self, workspace: Workspace) -> bool:
        """True when nothing runs, or when the question has been put and is met with a shrug."""
        return self.is_asking or not workspace.queue.running

    def ask(self, workspace: Workspace, go: Callable[[], None]) -> None:
        """Call ``go`` now when nothing runs or the question is asked again, else ask first."""
        if self.may_go(workspace):
            self.forget()
            go()
            return
        self._go, self._workspace = go, workspace
        workspace.queue.finished.connect(self._look)
        self._bar.ask(len(workspace.queue.running))

    def forget(self) -> None:
        """Keep working: nothing is closed."""
        if self._workspace is not None:
            self._workspace.queue.finished.disconnect(self._look)
        self._go, self._workspace, self._waits = None, None, False
        self._bar.hide()

    def _finish(self) -> None:
        self._waits = True
        self._bar.wait("Closes when everything in the queue is done.")
        self._look()

    def _after_image(self) -> None:
        self._waits = True
        self._bar.wait("Closes after this image.")
        if self._workspace is not None:
            space = self._workspace
            makes_images = space.asking.generating.__contains__
            StopAfterImage(space.bridge, space.queue.running, makes_images, space)
        self._look()

    def _look(self, _: object = None) -> None:
        if self._workspace is None or self._workspace.queue.running:
            return
        # All is done: whoever did not answer yet need not any more, and nothing is closed.
        if self._waits:
            self._leave()
        else:
            self.forget()

    def _leave(self) -> None:
        go = self._go
        self.forget()
        if go is not None:
            go()


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
        if isinstance(event, (ImageAdded, *TERMINAL)):
            self._left.discard(event.job_id)
